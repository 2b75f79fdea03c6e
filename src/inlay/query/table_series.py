"""Which series are behind curves of several runs, and their points in buckets that the database fills.

All series of a question are reduced by one statement. Of each bucket it gives the mean, the lowest and the highest
finite value and how many there are: as with M4 (see `reduction`) no spike is lost, and what is drawn is a line with its
extremes around it, since fifty lines of four points a bucket would hide each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from inlay.query.table_scope import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Values = NDArray[np.float64]

Axis = Literal["step", "time", "relative"]


@dataclass(frozen=True, slots=True)
class Series:
    """A row of the table `series`, and when its run began (microseconds since 1970; None where that is not known)."""

    id: int
    run_id: str
    key: str
    count: int
    first_step: int
    last_step: int
    first: float
    last: float
    began: int | None


def series_of(con: DuckDBPyConnection, ids: Sequence[str], keys: Sequence[str]) -> list[Series]:
    """The series of these runs and metrics that have points, by run and key in the order they are asked for."""
    params = {"ids": [encodable(one) for one in ids], "keys": [encodable(one) for one in keys]}
    return [Series(*row) for row in con.execute(_SERIES, params).fetchall()]


_SERIES = """
SELECT s.series_id, s.run_id::VARCHAR, s.key, s.count, s.first_step, s.last_step, s.first, s.last,
       epoch_us(r.started_at)
FROM series s
JOIN (SELECT try_cast(unnest($ids) AS UUID) AS run_id, generate_subscripts($ids, 1) AS place) asked USING (run_id)
JOIN (SELECT unnest($keys) AS key, generate_subscripts($keys, 1) AS number) named USING (key)
LEFT JOIN runs r USING (run_id)
WHERE s.count > 0 ORDER BY asked.place, named.number
"""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Points in buckets: a column each, by series and then along the axis. Of one series, all columns are ascending in
    `bucket`.
    """

    series: Ints
    bucket: Ints
    x: Values
    """Where it is: the mean of its points', from the beginning of the axis, in steps or microseconds"""
    mean: Values
    """Of the finite values; NaN where there are none, as of `low` and `high`"""
    low: Values
    high: Values
    n: Ints
    """Points, and those of them that are not finite"""
    nonfinite: Ints

    def of(self, number: int) -> Stretches:
        """Those of one series."""
        start, end = np.searchsorted(self.series, (number, number + 1))
        return Stretches(*(getattr(self, name)[start:end] for name in self.__slots__))


def stretches(
    con: DuckDBPyConnection,
    series: Sequence[Series],
    axis: Axis,
    width: int | dict[int, int],
    span: tuple[int, int] | None = None,
) -> Stretches:
    """The points of these series in buckets of `width` (of all, or of each by its id) along the axis.

    Steps are counted from 0, times in microseconds since 1970, relative ones since the run began. `span`: only from one
    to the other, both included.
    """
    ids = [one.id for one in series]
    if not ids:
        return Stretches(*(np.empty(0, kind) for kind in (int, int, float, float, float, float, int, int)))
    along = "step" if axis == "step" else "epoch_us(time)"
    joined, bucket_width = "", str(width)
    if axis == "relative" or isinstance(width, dict):
        begins = [(one.began or 0) if axis == "relative" else 0 for one in series]
        widths = [width[one] if isinstance(width, dict) else width for one in ids]
        joined, bucket_width = _JOINED.format(ids=ids, begins=begins, widths=widths), "of.width"
        along = f"({along} - of.begin)" if axis == "relative" else along
    condition = f"series_id IN ({', '.join(map(str, ids))})"
    if span is not None:
        condition += f" AND {along} BETWEEN {span[0]} AND {span[1]}"
    signed = axis == "relative" or any(one.first_step < 0 for one in series)
    bucket = bucket_sql(along, bucket_width, signed=signed)
    sql = _STRETCHES.format(along=along, bucket=bucket, joined=joined, condition=condition)
    return _of_rows({name: np.ma.filled(column, np.nan) for name, column in con.execute(sql).fetchnumpy().items()})


# All numbers in these are our own: ids of series, steps, widths.
_JOINED = """
JOIN (SELECT unnest({ids}::INTEGER[]) AS series_id, unnest({begins}::BIGINT[]) AS begin,
             unnest({widths}::BIGINT[]) AS width) of USING (series_id)"""
# Finite values and others are groups of their own: a filter on each aggregate takes half as long again.
_STRETCHES = """
SELECT series_id::BIGINT AS series, {bucket} AS bucket, isfinite(value) AS finite,
       avg({along}) AS x, avg(value) AS mean, min(value) AS low, max(value) AS high, count(*) AS n
FROM points {joined} WHERE {condition} GROUP BY ALL ORDER BY series, bucket, finite DESC
"""


def bucket_sql(along: str, width: str, *, signed: bool) -> str:
    """The place of a bucket in SQL. The database divides towards zero, where two buckets would become one."""
    return f"({along} // {width} - ({along} % {width} < 0)::BIGINT)" if signed else f"{along} // {width}"


def _of_rows(rows: dict[str, Any]) -> Stretches:
    """One row for a bucket: where it has finite values, those; what else it holds is only counted."""
    series, bucket, finite = rows["series"], rows["bucket"].astype(np.int64), rows["finite"].astype(bool)
    first = np.ones(len(series), bool)
    first[1:] = (series[1:] != series[:-1]) | (bucket[1:] != bucket[:-1])
    counted = np.where(finite, 0, rows["n"])
    starts = np.flatnonzero(first)
    gap = ~finite[first]
    mean, low, high = (np.where(gap, np.nan, rows[name][first]) for name in ("mean", "low", "high"))
    over = ~np.isfinite(mean) & ~gap  # values that add up to infinity
    mean = np.where(over, low / 2 + high / 2, mean)
    n, nonfinite = (np.add.reduceat(column, starts) if len(starts) else column for column in (rows["n"], counted))
    return Stretches(series[first], bucket[first], rows["x"][first], mean, low, high, n, nonfinite)


def ends_of(con: DuckDBPyConnection, series: Sequence[Series], axis: Axis) -> dict[int, tuple[int, int]]:
    """The first and the last place of each series on the axis: a step, or microseconds as in `stretches`."""
    if axis == "step" or not series:
        return {one.id: (one.first_step, one.last_step) for one in series}
    sql = _ENDS.format(ids=", ".join(str(one.id) for one in series))
    began = {one.id: (one.began or 0) if axis == "relative" else 0 for one in series}
    return {number: (low - began[number], high - began[number]) for number, low, high in con.execute(sql).fetchall()}


_ENDS = """
SELECT series_id, epoch_us(min(time)), epoch_us(max(time)) FROM points WHERE series_id IN ({ids}) GROUP BY series_id
"""
