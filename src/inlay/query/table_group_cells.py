"""What stands in the row of a group: means of numbers, the value that all its runs share, or how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.filter_fields import ATTRIBUTES, column_key
from inlay.query.table_cells import Cell, number_cell, text_cell
from inlay.query.table_fields import Fields, checked_attribute, value_of
from inlay.query.table_scope import of_ids
from inlay.query.table_statistics import Stat, metric_statistics, text_statistics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_arrangement import Arrangement, GroupHead
    from inlay.query.table_scope import Scope

    Codes = tuple[str, ...]

ALL_AT_ONCE = 1_000
"""Up to so many groups the cells of all are worked out when the first are asked for."""


def group_cells(
    con: DuckDBPyConnection,
    arrangement: Arrangement,
    heads: Sequence[GroupHead],
    columns: Sequence[str],
    summary: Mapping[str, str] | None = None,
) -> dict[str, list[Cell]]:
    """The cells of some groups of an arrangement in these columns, each in the order of `heads`.

    Numbers are `{"mean", "std", "n"}` of their finite values (std None of one); other values are what all runs of the
    group share, else `{"distinct"}`, for which missing is a value, too; times are the latest. None where no run has a
    value.
    """
    summary = summary or {}
    if len(arrangement.groups) <= ALL_AT_ONCE:
        kept = arrangement.statistics
        missing = [column for column in columns if (column, summary.get(column)) not in kept]
        if missing:
            found = _cells(con, arrangement.scope, arrangement.groups, arrangement.by, missing, summary)
            kept.update({(column, summary.get(column)): cells for column, cells in found.items()})
        of = {column: kept[column, summary.get(column)] for column in columns}
    else:
        ids = [one for head in heads for one in arrangement.ids[head.start : head.start + head.n]]
        of = _cells(con, of_ids(ids), heads, arrangement.by, columns, summary)
    return {column: [of[column].get(head.codes) for head in heads] for column in columns}


def _cells(  # noqa: PLR0917
    con: DuckDBPyConnection,
    scope: Scope,
    heads: Sequence[GroupHead],
    by: Sequence[str],
    columns: Sequence[str],
    summary: Mapping[str, str],
) -> dict[str, dict[Codes, Cell]]:
    sizes = {head.codes: head.n for head in heads}
    cells: dict[str, dict[Codes, Cell]] = {column: {} for column in columns}
    keyed: dict[str, list[str]] = {}
    attributes = []
    for column in columns:
        entity, key = column_key(column)
        if entity == "attributes":
            attributes.append(column)
        else:
            keyed.setdefault(entity, []).append(key)
    if "metrics" in keyed:
        for codes, key, stat in metric_statistics(con, scope, by, keyed["metrics"], summary):
            cells[f"metrics.{key}"][codes] = _mean(stat)
    for entity in ("params", "tags"):
        for codes, key, said in text_statistics(con, scope, by, entity, keyed[entity]) if entity in keyed else ():
            if said.code is None:
                cells[f"{entity}.{key}"][codes] = _mean(said.numbers)
            else:
                distinct = said.distinct + (said.n < sizes.get(codes, said.n))
                cells[f"{entity}.{key}"][codes] = _shared(said.code) if distinct == 1 else {"distinct": distinct}
    if attributes:
        _of_attributes(con, scope, by, attributes, cells)
    return cells


def _mean(stat: Stat) -> Cell:
    if stat.mean is None:
        return {"mean": "NaN", "std": None, "n": 0} if stat.nonfinite else None
    return {"mean": number_cell(stat.mean), "std": number_cell(stat.std), "n": stat.n}


def _shared(code: str) -> Cell:
    value = value_of(code)
    return text_cell(value) if isinstance(value, str) else value


def _of_attributes(
    con: DuckDBPyConnection,
    scope: Scope,
    by: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[str, dict[Codes, Cell]],
) -> None:
    fields = Fields(scope)
    names = [checked_attribute(column) for column in columns]
    codes = [fields[column].code for column in by]
    asked: list[str] = []
    for column, name in zip(columns, names, strict=True):
        one = fields[column]
        if ATTRIBUTES[name].form == "time":
            asked += [f"max({one.number})", "NULL", "NULL"]
        elif ATTRIBUTES[name].form in ("number", "seconds"):
            asked += [f"avg({one.number})", f"stddev_samp({one.number})", f"count({one.number})"]
        else:
            asked += [f"min({one.code})", f"count(DISTINCT {one.code})", "NULL"]
    rest = "GROUP BY " + ", ".join(str(place + 1) for place in range(len(codes)))
    for row in con.execute(fields.statement([*codes, *asked], rest), fields.params).fetchall():
        group = row[: len(by)]
        for place, (column, name) in enumerate(zip(columns, names, strict=True)):
            start = len(by) + 3 * place
            cells[column][group] = _attribute(ATTRIBUTES[name].form, *row[start : start + 3])


def _attribute(form: str, first: Any, second: Any, third: Any) -> Cell:
    if form == "time":
        return number_cell(first)
    if form in ("number", "seconds"):
        return None if first is None else {"mean": first, "std": second, "n": third}
    return _shared(first) if second == 1 else {"distinct": second}
