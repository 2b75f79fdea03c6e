"""Runs in groups: which share the values of some columns, and what their metrics are on average."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from inlay.query.table_fields import Fields, value_of
from inlay.query.table_scope import scope_of
from inlay.query.table_statistics import Stat, metric_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_scope import Chosen

__all__ = ["Group", "Stat", "grouped"]


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that have the same values in the columns grouped by."""

    key: tuple[Any, ...]
    """A value for each of those columns: a number, a text, a flag, or None where the runs have none; times are Unix
    seconds, and params that are lists or dicts their JSON.
    """
    run_ids: list[str]
    n: int
    stats: dict[str, Stat] = field(default_factory=dict)
    """Of each metric that some of the runs have, by its key, in the order they were asked for."""


def grouped(
    con: DuckDBPyConnection, chosen: Chosen, by: Sequence[str], metrics: Sequence[str] | None = None
) -> list[Group]:
    """Groups of runs by any columns (`params.lr`, `tags.team`, `status`), with statistics of `metrics` (keys; None:
    all).

    Runs without a value are a group of their own. Groups are sorted by their values, numbers first, what is missing
    last; the runs in each are in the order of `chosen`. 1 and 1.0 are one value, 1 and "1" are two. Raises `QueryError`
    for an attribute that there is none of, and for a filter that cannot be read.
    """
    scope = scope_of(con, chosen)
    fields = Fields(scope)
    codes = [fields[column].code for column in by]
    columns = [f"{sql} AS c{place}" for place, sql in enumerate(["r.run_id::VARCHAR", *codes])]
    found = con.execute(fields.statement(columns, f"ORDER BY {scope.where.order}"), fields.params).fetchnumpy()
    run_ids, *values = (column.tolist() for column in found.values())
    members: dict[tuple[str, ...], list[str]] = {}
    for run_id, group in zip(run_ids, zip(*values, strict=True) if values else repeat(()), strict=False):
        members.setdefault(group, []).append(run_id)
    stats: dict[tuple[str, ...], dict[str, Stat]] = {}
    for group, key, stat in metric_statistics(con, scope, by, metrics):
        stats.setdefault(group, {})[key] = stat
    keys = {tuple(map(value_of, group)): group for group in members}
    return [
        Group(key, members[group], len(members[group]), _in_order(stats.get(group, {}), metrics))
        for key, group in sorted(keys.items(), key=lambda item: tuple(map(rank, item[0])))
    ]


def _in_order(stats: dict[str, Stat], metrics: Sequence[str] | None) -> dict[str, Stat]:
    return {key: stats[key] for key in (sorted(stats) if metrics is None else metrics) if key in stats}


def rank(value: Any) -> tuple[int, Any]:
    """Sorts values of any kind: numbers, NaN, flags, texts, and then what is missing."""
    if value is None:
        return 5, 0
    if isinstance(value, bool):
        return 3, value
    if isinstance(value, (int, float)):
        return (2, 0) if value != value else (1, value)  # noqa: PLR0124 - NaN
    return 4, value
