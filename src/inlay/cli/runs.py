"""`inlay runs`: the runs of a filter as a table, JSON or CSV."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import csv_text, json_text, on_terminal, status_style, table

if TYPE_CHECKING:
    from inlay.cli.columns import Column
    from inlay.query.listing import ListedRun
    from inlay.store.store import Store

SHOWN = 50
_EXAMPLES = """\b
Examples:
  inlay runs "metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')"
  inlay runs "status = 'failed' and started_at > '2026-11-01'"
  inlay runs --sort -metrics.auc -n 5 --columns name,metrics.auc,params.lr
"""


@click.command(cls=Command, epilog=_EXAMPLES)
@click.argument("filter", default="", required=False)
@click.option("-e", "--experiment", metavar="NAME", help="Only the runs of this experiment.")
@click.option("-n", "--limit", type=click.IntRange(0), help=f"At most so many ({SHOWN} in a table; 0: all).")
@click.option("--sort", metavar="KEY", help='Sort by a key: "metrics.auc desc", or -metrics.auc.')
@click.option("--columns", metavar="NAMES", help="Columns: run,name,status,metrics.auc,params.lr,tags.team ...")
@click.option("--deleted", is_flag=True, help="The deleted runs instead.")
@click.option("--json", "form", flag_value="json", help="As JSON: everything but the points.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
def runs(
    *,
    filter: str,  # noqa: A002 - what users call it
    experiment: str | None,
    limit: int | None,
    sort: str | None,
    columns: str | None,
    deleted: bool,
    form: str | None,
) -> None:
    """List runs, newest first: all, or those of FILTER.

    Keys are metrics.KEY (its last value), params.KEY, tags.KEY and attributes of runs (name, status, experiment,
    started_at, duration_s, git_commit ...). There are = != > >= < <=, LIKE, ILIKE, IN, BETWEEN, IS NULL, AND, OR, NOT.
    """
    from inlay.cli.columns import chosen_columns, every_column, named_columns
    from inlay.query.filter import select_runs
    from inlay.query.listing import listed

    shown = named_columns(columns) if columns is not None else None
    selection = select_runs(filter, order_by=_order(sort), experiment=experiment, deleted=deleted)
    store = reading_store()
    if limit is None:
        limit = 0 if form else SHOWN
    found, total = listed(store, selection, limit or None)
    if form == "json":
        click.echo(_json(found, shown))
    elif form == "csv":
        shown = every_column(found) if shown is None else shown
        click.echo(csv_text([one.heading for one in shown], [[one.value(run) for one in shown] for run in found]))
    elif found:
        _table(found, shown or chosen_columns(found, deleted=deleted), total, cut=columns is None)
    else:
        _nothing(store, filter, experiment, deleted=deleted)


def _order(sort: str | None) -> str | None:
    """`--sort`, with a minus for descending."""
    return f"{sort[1:]} DESC" if sort and sort.startswith("-") else sort


def _json(runs: list[ListedRun], columns: list[Column] | None) -> str:
    from inlay.cli.columns import as_record

    if columns is None:
        return json_text([as_record(run) for run in runs])
    return json_text([{one.heading: one.value(run) for one in columns} for run in runs])


def _table(runs: list[ListedRun], columns: list[Column], total: int, *, cut: bool) -> None:
    from inlay.cli.columns import fitting

    rows = [[column.text(run) for column in columns] for run in runs]
    room = fitting(columns, rows, shutil.get_terminal_size().columns) if cut and on_terminal() else len(columns)
    headings = [column.heading for column in columns[:room]]
    styles = {}
    for column, heading in enumerate(headings):
        if heading == "status":
            styles = {(row, column): status_style(run.attributes.status) for row, run in enumerate(runs)}
    table(headings, [row[:room] for row in rows], styles=styles)
    notes = []
    if len(runs) < total:
        notes.append(f"{len(runs):,} of {total:,} runs; -n 0 shows all")
    if room < len(columns):
        notes.append(f"{len(columns) - room} more columns; --columns chooses, --json has all")
    if notes and on_terminal():
        click.secho(" · ".join(notes), err=True, dim=True)


def _nothing(store: Store, filter: str, experiment: str | None, *, deleted: bool) -> None:  # noqa: A002
    """Say what was looked for and not found; a name that no run has is the likely cause."""
    from inlay.query.filter import strangers
    from inlay.query.fresh import fresh

    what = "no deleted runs" if deleted else "no runs"
    where = f" in the experiment {experiment!r}" if experiment is not None else ""
    if not filter.strip():
        click.echo(f"{what}{where} in {store.folder}", err=True)
        return
    with fresh(store) as con:
        hints = strangers(con, filter)
    click.echo(f"{what} match{where}" + "".join(f"; {hint}" for hint in hints), err=True)
