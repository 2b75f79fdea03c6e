"""What stands in the cells of the run table: read for some runs and columns, and made ready for JSON.

Only what is asked for is read, by run and by key, so a page costs the same whether the store has fifty columns or five
thousand. JSON has neither NaN nor whole numbers beyond 2**53, which become texts; times are Unix seconds; texts are
cut.
"""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from inlay.query.filter_fields import ATTRIBUTES, column_key
from inlay.query.table_fields import LONGEST, SUMMARIES, checked_attribute
from inlay.query.table_scope import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

Cell: TypeAlias = "bool | float | int | str | dict[str, Any] | None"
"""As in js/run-table/wire.ts: in a row of a group also a mean or how many values there are."""

_EXACT = 2**53
_ROWS = {
    "metrics": "SELECT run_id::VARCHAR, key, last, min, max FROM series WHERE count > 0 AND {these}",
    "params": "SELECT run_id::VARCHAR, key, value, number, type FROM params WHERE {these}",
    "tags": "SELECT run_id::VARCHAR, key, value FROM tags WHERE {these}",
}
_THESE = "run_id IN (SELECT try_cast(unnest($ids) AS UUID)) AND key IN (SELECT unnest($keys))"


def read_cells(
    con: DuckDBPyConnection, ids: Sequence[str], columns: Sequence[str], summary: Mapping[str, str] | None = None
) -> dict[str, list[Cell]]:
    """The cells of these runs in these columns, each in the order of `ids`; None where a run has no value.

    `summary` says `min` or `max` for metrics that do not show their last value. Raises `QueryError` for an attribute
    that there is none of.
    """
    summary = summary or {}
    cells: dict[str, list[Cell]] = {column: [None] * len(ids) for column in columns}
    places: dict[str, list[int]] = {}
    for place, run_id in enumerate(ids):
        places.setdefault(run_id, []).append(place)
    keyed: dict[str, dict[str, list[Cell]]] = {entity: {} for entity in _ROWS}
    attributes = []
    for column in columns:
        entity, key = column_key(column)
        if entity == "attributes":
            attributes.append(column)
        else:
            keyed[entity][encodable(key)] = cells[column]
    if attributes and ids:
        _read_attributes(con, places, attributes, cells)
    readers: dict[str, Callable[..., Cell]] = {"metrics": _metric(summary), "params": _param, "tags": _tag}
    for entity, wanted in keyed.items():
        if not (wanted and ids):
            continue
        rows = con.execute(_ROWS[entity].format(these=_THESE), {"ids": _known(places), "keys": list(wanted)})
        for run_id, key, *value in rows.fetchall():
            cell = readers[entity](key, *value)
            for place in places[run_id]:
                wanted[key][place] = cell
    return cells


def number_cell(value: float | None) -> Cell:
    """A number as JSON has it; NaN and infinities as the texts that JavaScript has for them."""
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def text_cell(text: str | None) -> Cell:
    """A text of at most 300 characters."""
    if text is None:
        return None
    return encodable(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def _read_attributes(
    con: DuckDBPyConnection, places: Mapping[str, list[int]], columns: Sequence[str], cells: dict[str, list[Cell]]
) -> None:
    wanted = ", ".join(ATTRIBUTES[checked_attribute(column)].sql for column in columns)
    rows = con.execute(_ATTRIBUTES.format(columns=wanted), {"ids": _known(places)})
    for run_id, *values in rows.fetchall():
        for column, value in zip(columns, values, strict=True):
            cell = attribute_cell(value)
            for place in places[run_id]:
                cells[column][place] = cell


_ATTRIBUTES = """
SELECT r.run_id::VARCHAR, {columns} FROM runs r LEFT JOIN experiments e USING (experiment_id)
WHERE r.run_id IN (SELECT try_cast(unnest($ids) AS UUID))
"""


def _known(places: Mapping[str, Any]) -> list[str]:
    return [encodable(run_id) for run_id in places]


def attribute_cell(value: Any) -> Cell:
    """An attribute as the database has it."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=timezone.utc).timestamp()
    if isinstance(value, float):
        return number_cell(value)
    return text_cell(value) if isinstance(value, str) else value


def _metric(summary: Mapping[str, str]) -> Callable[..., Cell]:
    def cell(key: str, *values: float | None) -> Cell:
        value = values[SUMMARIES.index(summary.get(f"metrics.{key}", "last"))]
        return number_cell(math.nan if value is None else value)

    return cell


def _param(_: str, text: str | None, number: float | None, kind: str | None) -> Cell:
    if number is None:
        flag = kind == "json" and text in ("true", "false")
        return text == "true" if flag else text_cell(text)
    if not math.isfinite(number):
        return number_cell(number)
    if abs(number) > _EXACT and text is not None and text.lstrip("-").isdigit():
        return text_cell(text)  # a seed is read to its last digit
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _tag(_: str, text: str | None) -> Cell:
    return text_cell(text)
