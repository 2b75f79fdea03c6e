"""Runs in the order a table shows them: `arrange` asks once, and from then on a page is a slice of what it found.

What is kept are the ids, not rows of tables: a compaction, or a run that is deleted meanwhile, moves nothing on screen.
With groups on, the database says which group a run belongs to, and Python puts them together: a pass over 100,000 ids
takes 20 ms, half of what sorting them by group in the statement costs.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from inlay.query.grouping import rank
from inlay.query.table_fields import Fields, name_of, value_of
from inlay.query.table_scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.run_query import RunQuery
    from inlay.query.table_scope import Scope

Sorting: TypeAlias = "tuple[str, Literal['asc', 'desc']]"


@dataclass(frozen=True, slots=True)
class GroupHead:
    """A group of runs: those at `start` to `start + n` of `Arrangement.ids`."""

    key: str
    """Names it: its values as JSON."""
    values: tuple[Any, ...]
    codes: tuple[str, ...]
    start: int
    n: int


@dataclass(frozen=True, slots=True)
class RowOf:
    """What stands in a row: a run, or the head of a group. `level` is 1 for a run in an open group."""

    run: str | None
    group: GroupHead | None
    level: Literal[0, 1] = 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The runs that match, in order; with groups, those of a group stand together."""

    ids: list[str]
    """Without the baseline, which stands above all rows, unless runs are grouped."""
    groups: list[GroupHead]
    """Empty where runs are not grouped."""
    by: tuple[str, ...]
    open: frozenset[str]
    """Keys of the groups that show their runs."""
    baseline: str | None
    runs: int
    """How many match, the baseline among them where it does."""
    sql: str
    """The statement behind the rows, and `params` what it is run with."""
    params: dict[str, Any]
    scope: Scope
    statistics: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Cells of groups that were asked for already; see `table_group_cells`."""
    _ends: list[int] = field(default_factory=list, compare=False, repr=False)

    @property
    def rows(self) -> int:
        """How many rows there are to scroll through."""
        if not self.by:
            return len(self.ids)
        return self._ends[-1] if self._ends else 0

    def row(self, place: int) -> RowOf:
        """What stands in a row. Raises `IndexError` for one that there is not."""
        if not 0 <= place < self.rows:
            raise IndexError(place)
        if not self.by:
            return RowOf(self.ids[place], None)
        number = bisect_right(self._ends, place)
        head = self.groups[number]
        inside = place - (self._ends[number - 1] if number else 0)
        if inside == 0:
            return RowOf(None, head)
        return RowOf(self.ids[head.start + inside - 1], None, 1)

    def opened(self, keys: Collection[str]) -> Arrangement:
        """The same with other groups open; nothing is asked for that."""
        shown = frozenset(keys)
        ends = list(accumulate(1 + (head.n if head.key in shown else 0) for head in self.groups))
        return replace(self, open=shown, _ends=ends)

    def members(self, key: str) -> list[str]:
        """The runs of a group, in order; none of a group that there is not."""
        return next((self.ids[head.start : head.start + head.n] for head in self.groups if head.key == key), [])


def arrange(
    con: DuckDBPyConnection,
    query: RunQuery,
    *,
    filter: str = "",  # noqa: A002 - the word for it everywhere
    order: Sequence[Sorting] = (),
    group: Sequence[str] = (),
    open: Collection[str] = (),  # noqa: A002
    baseline: str | None = None,
    summary: Mapping[str, str] | None = None,
) -> Arrangement:
    """The runs of `query` that `filter` finds, sorted by the columns of `order`, and grouped by those of `group`.

    Without an order it is the query's own. What is not finite comes after all numbers in both directions, what is
    missing comes last. Groups are sorted by the same columns, numbers by their mean, and then by their values.
    `summary` is `min` or `max` for metrics that show that. Raises `QueryError` for a filter that cannot be read, with
    the place in it, and for an attribute that there is none of.
    """
    scope = scope_of(con, query, filter)
    fields = Fields(scope, summary)
    terms = [term for column, way in order for term in fields[column].order(way)]
    columns = ["r.run_id::VARCHAR AS run_id"]
    columns += [f"{fields[column].code} AS g{place}" for place, column in enumerate(group)]
    sorted_by = [(column, way) for column, way in order if group and column not in group]
    for place, (column, _) in enumerate(sorted_by):
        columns += [f"{fields[column].number} AS n{place}", f"{fields[column].text} AS t{place}"]
    sql = fields.statement(columns, "ORDER BY " + ", ".join([*terms, scope.where.order]))
    found = con.execute(sql, fields.params).fetchnumpy()
    ids = found["run_id"].tolist()
    runs = len(ids)
    heads: list[GroupHead] = []
    if group:
        ids, heads = _grouped(ids, found, group, order, sorted_by)
    elif baseline is not None:
        ids = [one for one in ids if one != baseline]
    arrangement = Arrangement(ids, heads, tuple(group), frozenset(), baseline, runs, sql, dict(fields.params), scope)
    return arrangement.opened(open) if group else arrangement


def _grouped(
    ids: list[str],
    found: Mapping[str, Any],
    group: Sequence[str],
    order: Sequence[Sorting],
    sorted_by: Sequence[Sorting],
) -> tuple[list[str], list[GroupHead]]:
    """The ids group by group, and the groups, in order."""
    members: dict[tuple[str, ...], list[int]] = {}
    for place, codes in enumerate(zip(*(found[f"g{number}"].tolist() for number in range(len(group))), strict=True)):
        members.setdefault(codes, []).append(place)
    values = {codes: tuple(map(value_of, codes)) for codes in members}
    groups = sorted(members, key=lambda codes: tuple(map(rank, values[codes])))
    for column, way in reversed(order):
        if column in group:
            at = group.index(column)
            ranks = {codes: rank(values[codes][at]) for codes in groups}
        else:
            at = sorted_by.index((column, way))
            ranks = _means(members, found[f"n{at}"], found[f"t{at}"])
        groups = _sorted(groups, ranks, way)
    placed: list[str] = []
    heads: list[GroupHead] = []
    for codes in groups:
        places = members[codes]
        heads.append(GroupHead(name_of(codes), values[codes], codes, len(placed), len(places)))
        placed += [ids[place] for place in places]
    return placed, heads


def _sorted(
    groups: list[tuple[str, ...]], ranks: Mapping[tuple[str, ...], tuple[int, Any]], way: str
) -> list[tuple[str, ...]]:
    """Kinds of values stay in their order, numbers first and what is missing last; only within a kind it is turned."""
    kinds = sorted({kind for kind, _ in ranks.values()})
    turned = []
    for kind in kinds:
        same = [codes for codes in groups if ranks[codes][0] == kind]
        turned += sorted(same, key=lambda codes: ranks[codes][1], reverse=way == "desc")
    return turned


def _means(members: Mapping[tuple[str, ...], list[int]], numbers: Any, texts: Any) -> dict[tuple[str, ...], Any]:
    """What each group is sorted by: the mean of the finite numbers, else the least text, else nothing."""
    import numpy as np

    values = np.ma.filled(numbers.astype(np.float64), np.nan) if np.ma.isMaskedArray(numbers) else numbers
    values = np.asarray(values, np.float64)
    # All groups in one pass: there may be as many of them as runs.
    group = np.repeat(np.arange(len(members)), [len(places) for places in members.values()])
    values = values[np.fromiter(chain.from_iterable(members.values()), np.int64, len(group))]
    finite = np.isfinite(values)
    counts = np.bincount(group[finite], minlength=len(members)).tolist()
    sums = np.bincount(group[finite], values[finite], minlength=len(members)).tolist()
    ranks: dict[tuple[str, ...], Any] = {}
    for (codes, places), count, total in zip(members.items(), counts, sums, strict=True):
        if count:
            ranks[codes] = rank(total / count)
        else:
            said = [text for text in texts[places].tolist() if isinstance(text, str)]
            ranks[codes] = rank(min(said) if said else None)
    return ranks
