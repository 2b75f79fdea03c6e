"""A part of the rows of a table: what a browser gets for the rows that it shows.

`Page` has the shape of js/run-table/wire.ts and holds nothing that JSON has not. Only the columns that were asked for
are read, of the runs on the page. Cells of groups are worked out for all groups at once where there are not too many,
and kept with the arrangement: a row of live runs changes under it, a mean when runs are arranged anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inlay.query.table_cells import Cell, number_cell, read_cells, text_cell
from inlay.query.table_group_cells import group_cells
from inlay.query.table_scope import encodable
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_arrangement import Arrangement, GroupHead


@dataclass(frozen=True, slots=True)
class Page:
    """Rows from `start` on, each a `RunRow` or a `GroupRow` of wire.ts; `cells` has a list as long as `rows` for each
    column that was asked for.

    A run that was deleted, or is not in the store any more, is `deleted` and stays where it is. The note is whole, for
    it can be edited.
    """

    start: int
    rows: list[dict[str, Any]]
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    baseline: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """As in wire.ts but for the version, which is the view's."""
        return {"start": self.start, "rows": self.rows, "cells": self.cells, "baseline": self.baseline}


def read_page(  # noqa: PLR0917 - where, what, and which columns
    con: DuckDBPyConnection,
    arrangement: Arrangement,
    start: int,
    count: int,
    columns: Sequence[str],
    summary: Mapping[str, str] | None = None,
) -> Page:
    """At most `count` rows from `start` on, with these columns; fewer, or none, where the rows end.

    Raises `QueryError` for an attribute that there is none of.
    """
    start = max(0, start)
    rows = [arrangement.row(place) for place in range(start, min(start + max(0, count), arrangement.rows))]
    asked = [row.run for row in rows if row.run is not None]
    if arrangement.baseline is not None:
        asked.append(arrangement.baseline)
    found = _run_rows(con, asked)
    read = read_cells(con, asked, columns, summary)
    heads = [row.group for row in rows if row.group is not None]
    of_groups = group_cells(con, arrangement, heads, columns, summary) if heads else {}
    cells: dict[str, list[Cell]] = {}
    for column in columns:
        of_runs, of_heads = iter(read[column]), iter(of_groups.get(column, ()))
        cells[column] = [next(of_heads) if row.run is None else next(of_runs) for row in rows]
    told = [
        _head(row.group, row.group.key in arrangement.open)
        if row.group is not None
        else _row(found, row.run, row.level)
        for row in rows
    ]
    base = None
    if arrangement.baseline is not None:
        of_base = {column: read[column][-1] for column in columns}
        base = {"row": _row(found, arrangement.baseline, 0), "cells": of_base}
    return Page(start, told, cells, base)


def run_rows(con: DuckDBPyConnection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """What a table says of these runs beside their cells, in their order."""
    found = _run_rows(con, ids)
    return [_row(found, run_id, 0) for run_id in ids]


def value_cell(value: Any) -> Cell:
    """A value of a group as a cell."""
    if isinstance(value, str):
        return text_cell(value)
    return number_cell(value) if isinstance(value, float) else value


def _run_rows(con: DuckDBPyConnection, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    if not ids:
        return {}
    rows = con.execute(_ROWS, {"ids": [encodable(one) for one in ids]}).fetchall()
    return {run_id: tuple(rest) for run_id, *rest in rows}


_ROWS = """
SELECT run_id::VARCHAR, coalesce(name, ''), coalesce(status, ''), deleted_at IS NOT NULL, coalesce(note, '')
FROM runs WHERE run_id IN (SELECT try_cast(unnest($ids) AS UUID))
"""
_GONE = ("", "", True, "")


def _row(found: Mapping[str, tuple[Any, ...]], run_id: str | None, level: int) -> dict[str, Any]:
    run_id = run_id or ""
    name, status, deleted, note = found.get(run_id, _GONE)
    return {
        "run": run_id, "short": short_id(run_id), "name": name, "status": status, "deleted": deleted, "note": note,
        "level": level,
    }  # fmt: skip


def _head(group: GroupHead, shown: bool) -> dict[str, Any]:  # noqa: FBT001 - a field of the row
    return {"key": group.key, "values": [value_cell(one) for one in group.values], "n": group.n, "open": shown}
