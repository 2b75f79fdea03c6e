"""`inlay ingest`: what the journals hold into the database, now."""

from __future__ import annotations

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store


@click.command(cls=Command)
def ingest() -> None:
    """Move what the journals hold into the database.

    Every query does so first; by hand it is wanted before the file runs.duckdb is copied or opened by other programs.
    """
    from inlay.store.ingest import ingest as take_in

    store = reading_store()
    points = take_in(store)
    click.echo(f"{points:,} points taken into {store.database}")
