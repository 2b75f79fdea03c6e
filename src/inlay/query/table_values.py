"""The values of some columns over runs, for charts that draw a mark a run: scatter, parallel coordinates, bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.table_arrangement import Arrangement
from inlay.query.table_cells import Cell, read_cells
from inlay.query.table_group_cells import group_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection


def values(
    con: DuckDBPyConnection,
    chosen: Arrangement | Sequence[str],
    columns: Sequence[str],
    summary: Mapping[str, str] | None = None,
    *,
    keys: Sequence[str] | None = None,
) -> dict[str, list[Cell]]:
    """The cells of these columns: of runs by their ids, or with an arrangement of its groups, all or those of `keys`.

    In the order of the ids, the groups or the keys; a group that there is not has no values. Raises `QueryError` for an
    attribute that there is none of.
    """
    if not isinstance(chosen, Arrangement):
        return read_cells(con, chosen, columns, summary)
    if not chosen.by:
        return read_cells(con, chosen.ids if keys is None else keys, columns, summary)
    heads = chosen.groups
    if keys is None:
        return group_cells(con, chosen, heads, columns, summary)
    by_key = {head.key: head for head in heads}
    there = [key for key in keys if key in by_key]
    found = group_cells(con, chosen, [by_key[key] for key in there], columns, summary)
    placed = {key: place for place, key in enumerate(there)}
    return {column: [cells[placed[key]] if key in placed else None for key in keys] for column, cells in found.items()}
