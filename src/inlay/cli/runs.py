"""`inlay runs`: the runs of a filter as a table, JSON or CSV."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import counted, csv_text, json_text, on_terminal, say, status_style, table

if TYPE_CHECKING:
    from inlay.cli.columns import Column
    from inlay.query.listing import ListedRun
    from inlay.query.run_query import RunQuery
    from inlay.store.store import Store

SHOWN = 50
_OUTPUT = "Write them to a .parquet, .csv or .json file, a row a run."
_EXAMPLES = """\b
Examples:
  inlay runs "metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')"
  inlay runs "status = 'failed' and started_at > '2026-11-01'"
  inlay runs --sort -metrics.auc -n 5 --columns name,metrics.auc,params.lr
  inlay runs -e churn --group-by params.model,params.lr
  inlay runs "max(metrics.auc) > 0.9" -o best.parquet
"""


@click.command(cls=Command, epilog=_EXAMPLES)
@click.argument("filter", default="", required=False)
@click.option("-e", "--experiment", metavar="NAME", help="Only the runs of this experiment.")
@click.option("-n", "--limit", type=click.IntRange(0), help=f"At most so many ({SHOWN} in a table; 0: all).")
@click.option("--sort", "--order-by", "sort", metavar="KEY", help='Sort by a key: "metrics.auc desc", or -metrics.auc.')
@click.option("--columns", metavar="NAMES", help="Columns: run,name,status,metrics.auc,params.lr,tags.team ...")
@click.option("--deleted", is_flag=True, help="The deleted runs instead.")
@click.option("--group-by", metavar="NAMES", help="Groups by these columns: mean ± std of each metric.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help=_OUTPUT)
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
    group_by: str | None,
    output: Path | None,
    form: str | None,
) -> None:
    """List runs, newest first: all, or those of FILTER.

    Keys are metrics.KEY (its last value), params.KEY, tags.KEY and attributes of runs (name, status, experiment,
    started_at, duration_s, git_commit ...). There are = != > >= < <=, LIKE, ILIKE, RLIKE, IN, BETWEEN, IS NULL, AND,
    OR, NOT, arithmetic, max(metrics.KEY), code CONTAINS 'text': the language of inlay.runs() in Python.
    """
    from inlay.cli.columns import chosen_columns, every_column, named_columns
    from inlay.query.filter import select_runs
    from inlay.query.listing import listed
    from inlay.query.run_query import RunQuery

    if output is not None or group_by is not None:
        _check_alone(output=output, group_by=group_by, columns=columns, form=form)
        order = _order(sort)
        query = RunQuery(filter, (order,) if order else (), limit or None, experiment, deleted)
        query.selection()
        store = reading_store()
        _write(store, query, output) if output is not None else _groups(store, query, group_by or "", columns, form)
        return
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


def _check_alone(*, output: Path | None, group_by: str | None, columns: str | None, form: str | None) -> None:
    """Raises `UsageError` for options that say two things of what comes out."""
    if output is not None and (group_by is not None or columns is not None or form is not None):
        raise click.UsageError(
            "-o writes all columns of the runs; it goes with no --group-by, --columns, --json, --csv"
        )
    if group_by is not None and not any(name.strip() for name in group_by.split(",")):
        raise click.UsageError("--group-by takes names of columns such as params.lr,params.model")


def _write(store: Store, query: RunQuery, output: Path) -> None:
    from inlay.tracking.found import Runs

    found = Runs(query, store)
    try:
        found.export(output)
    except (ValueError, OSError) as error:
        raise click.BadParameter(str(error), param_hint="-o") from None
    say(f"{counted(len(found), 'run')} written to {output}")


def _groups(store: Store, query: RunQuery, names: str, columns: str | None, form: str | None) -> None:
    """The groups as a table: `columns` are the metrics shown."""
    from inlay.tracking.found import Runs

    metrics = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
    try:
        groups = Runs(query, store).group_by(
            *(name.strip() for name in names.split(",") if name.strip()), metrics=metrics
        )
    except KeyError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="--group-by") from None
    if form == "json":
        click.echo(json_text(groups.to_dict()))
        return
    if form == "csv":
        records = groups.to_dict()
        headings = list(records[0]) if records else list(groups.columns)
        click.echo(csv_text(headings, [list(record.values()) for record in records]))
        return
    if not len(groups):
        _nothing(store, query.filter, query.experiment, deleted=bool(query.deleted))
        return
    headings, cells, left_out = groups.rows()
    table(headings, cells, styles={})
    if left_out and on_terminal():
        click.secho(left_out.replace("to_df()", "--columns chooses metrics, --json has all"), err=True, dim=True)


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
