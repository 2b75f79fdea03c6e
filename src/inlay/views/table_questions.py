"""What a page asks of a table beside its rows: facets, completion, curves and the other numbers behind charts.

Each opens the store for one question. Keys of runs and groups come from outside: a key that is none of this table's is
passed over, as a run that was deleted a moment ago is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.completion import column_at, complete, names_of, values_of
from inlay.query.difference import difference
from inlay.query.table_boxes import boxes
from inlay.query.table_cells import read_cells
from inlay.query.table_curves import curves
from inlay.query.table_facets import facet
from inlay.query.table_group_cells import group_cells
from inlay.query.table_page import run_rows
from inlay.query.table_sparks import sparks
from inlay.views.format import encodable
from inlay.views.table_charted import head_name, run_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.table_curves import Band, TableCurve
    from inlay.query.table_scope import Chosen
    from inlay.query.table_series import Axis
    from inlay.views.table_session import TableSession


def facet_answer(session: TableSession, column: str, bins: int) -> dict[str, Any]:
    """How a column is distributed over the runs that all of the filter but its own part finds."""
    with session.opened() as con:
        state = session.state
        return facet(con, session.base, state["filter"], column, bins, state["summary"]).as_json()


def completion_answer(session: TableSession, text: str, cursor: int) -> dict[str, Any]:
    """What can be typed next in the filter."""
    with session.opened() as con:
        names = names_of(con)
        column = column_at(text, cursor)
        if column is not None:
            names = names.with_values(column, values_of(con, column))
    found = complete(text, cursor, names)
    items = [{"text": encodable(one.text), "kind": one.kind, "detail": encodable(one.detail)} for one in found.items]
    return {"start": found.start, "end": found.end, "items": items}


def sparks_answer(session: TableSession, run_ids: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    """A few points of metrics, for the cells of some runs."""
    known = session.known(run_ids)
    with session.opened() as con:
        return {"sparks": sparks(con, known, metrics)}


def curves_answer(
    session: TableSession,
    keys: Sequence[str],
    metric: str,
    *,
    x: Axis = "step",
    lo: float | None = None,
    hi: float | None = None,
    points: int = 400,
    band: Band = "std",
) -> tuple[dict[str, Any], bytes]:
    """A metric of runs and groups: heads, and float64 columns x, y, low and high of each one after the other."""
    with session.opened() as con:
        arrangement = session.arrangement(con)
        heads = {head.key: head for head in arrangement.groups}
        groups = {key: arrangement.members(key) for key in keys if key in heads}
        runs = session.known([key for key in keys if key not in groups])
        labels = {row["run"]: run_name(row) for row in run_rows(con, runs)}
        labels |= {key: head_name(heads[key], arrangement.by) for key in groups}
        found: dict[str, TableCurve] = {}
        for lines in (runs, groups):
            if lines:
                told = curves(con, lines, metric, x=x, lo=lo, hi=hi, points=points, band=band)
                found |= {one.key: one for one in told}
    drawn = [found[key] for key in keys if key in found]
    return {"series": [one.as_json(labels[one.key]) for one in drawn]}, b"".join(one.as_bytes() for one in drawn)


def values_answer(session: TableSession, columns: Sequence[str], scope: str, limit: int) -> dict[str, Any]:
    """The cells of columns for what charts show (`charted`), or for the runs that match (`view`), up to a limit."""
    with session.opened() as con:
        arrangement, state = session.arrangement(con), session.state
        if scope == "charted":
            charted = session.charted(con)
            keys, labels, total = [one["key"] for one in charted], [one["label"] for one in charted], len(charted)
            heads = [head for head in arrangement.groups if head.key in keys]  # both are in the order of the rows
            cells = (
                group_cells(con, arrangement, heads, columns, state["summary"])
                if heads
                else read_cells(con, keys, columns, state["summary"])
            )
        else:
            keys, total = arrangement.ids[:limit], arrangement.runs
            if arrangement.baseline is not None and total > len(arrangement.ids):
                keys = [arrangement.baseline, *keys][:limit]
            labels = [run_name(row) for row in run_rows(con, keys)]
            cells = read_cells(con, keys, columns, state["summary"])
    return {"keys": keys, "labels": labels, "columns": cells, "total": total}


def boxes_answer(session: TableSession, column: str, by: str, scope: str) -> dict[str, Any]:
    """How a column is distributed in each group of runs that share a value of another."""
    with session.opened() as con:
        arrangement, state = session.arrangement(con), session.state
        chosen: Chosen = arrangement.scope
        if scope == "charted" and not arrangement.by:
            chosen = [one["key"] for one in session.charted(con)]
        return {"boxes": [one.as_json() for one in boxes(con, chosen, column, by, state["summary"])]}


def diff_answer(session: TableSession, run_ids: Sequence[str]) -> dict[str, Any]:
    """What differs between runs of this table, against the first of them."""
    known = session.known(run_ids)
    with session.opened() as con:
        return difference(con, known)
