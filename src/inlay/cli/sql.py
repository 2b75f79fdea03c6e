"""`inlay sql`: one SELECT over the store's tables, as a table, JSON or CSV."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import csv_text, harmless, json_text, table

_EXAMPLES = """\b
Examples:
  inlay sql "SELECT key, max(value) FROM metrics GROUP BY key"
  inlay sql - --csv < question.sql
"""


@click.command(cls=Command, epilog=_EXAMPLES)
@click.argument("query")
@click.option("--json", "form", flag_value="json", help="As JSON: a list of objects.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
def sql(query: str, form: str | None) -> None:
    """Run one SELECT over the store's tables (docs/schema.md); `-` reads it from stdin."""
    from inlay.query.sql import sql as ask

    text = sys.stdin.read() if query == "-" else query
    if not text.strip():
        msg = "the query is empty"
        raise click.UsageError(msg)
    result = ask(reading_store(), text)
    columns, rows = result.columns, result.fetchall()
    if form == "json":
        names = _distinct(columns)
        click.echo(json_text([dict(zip(names, map(_plain, row), strict=True)) for row in rows]))
    elif form == "csv":
        click.echo(csv_text(columns, [[_plain(cell) for cell in row] for row in rows]))
    else:
        table(columns, [[_cell(cell) for cell in row] for row in rows], styles={})


def _distinct(names: list[str]) -> list[str]:
    """Names of columns as keys: `a`, `a`, `b` give `a`, `a_1`, `b`."""
    found: list[str] = []
    for name in names:
        number, key = 0, name
        while key in found:
            number += 1
            key = f"{name}_{number}"
        found.append(key)
    return found


def _plain(value: Any) -> Any:
    """A value as JSON and CSV have it; times are UTC."""
    if isinstance(value, datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, dict)):
        return value
    return str(value)


def _cell(value: Any) -> str:
    return "" if value is None else harmless(value)
