"""`inlay restore`: bring deleted runs back."""

from __future__ import annotations

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import say
from inlay.cli.references import meant, named


@click.command(cls=Command)
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--filter", "filter_", metavar="FILTER", help="All deleted runs of a filter.")
def restore(runs: tuple[str, ...], filter_: str | None) -> None:
    """Bring deleted runs back, by id, the end of one, or name; `inlay runs --deleted` lists them."""
    from inlay.tracking import deletion

    store = reading_store()
    found = meant(store, runs, filter_, deleted=True)
    deletion.restore(store, found)
    for run in found:
        say(f"restored {named(run)}")
