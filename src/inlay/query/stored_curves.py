"""Curves out of the store, reduced by the database: a million points become two thousand without leaving it.

The buckets are those of `reduction`, so that a `Reducer` goes on where the query (`bucketing`) ended.
`stored` asks for whole series, `detail` for a part of some, in buckets that are as much narrower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.bucketing import ALONG, bucket_query, buckets_of, order_of, parted
from inlay.query.buckets import Buckets, bucketed, drawn
from inlay.query.fresh import fresh
from inlay.query.reduction import POINTS, Curve, Reducer, most_buckets
from inlay.store.journal.slots import EARLIEST, LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.query.bucketing import Columns
    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class StoredCurves:
    """The metrics of one run as the database has them, in the order they were first logged."""

    curves: dict[str, Reducer]
    left_out: list[str]
    """Those past the last limit"""


@dataclass(frozen=True, slots=True)
class DetailCurve:
    """A part of a series, and what is known of all points in it."""

    curve: Curve
    total: int
    nonfinite: int
    last: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class _Series:
    """A row of the table `series`."""

    id: int
    key: str
    count: int
    nonfinite: int
    first_step: int
    last_step: int
    last: float
    lowest: float
    highest: float


def stored(store: Store, run_id: str, limits: Sequence[int] = (POINTS,)) -> dict[str, Reducer]:
    """The run's first metrics, one for each of `limits`, none of more points than that. Up to date."""
    with fresh(store) as con:
        return stored_in(con, run_id, limits).curves


def stored_in(con: DuckDBPyConnection, run_id: str, limits: Sequence[int]) -> StoredCurves:
    """`stored` over a connection that is open already."""
    found = _series(con, run_id)
    limit = dict(zip((one.id for one in found), limits, strict=False))
    shown = found[: len(limit)]
    curves = _reduced(con, [one for one in shown if one.count > limit[one.id]], limit)
    curves |= _whole(con, [one for one in shown if one.id not in curves], limit)
    return StoredCurves({one.key: curves[one.id] for one in shown}, [one.key for one in found[len(limit) :]])


_SERIES = """
SELECT series_id, key, count, nonfinite, first_step, last_step, last,
       coalesce(min, 'nan'::DOUBLE), coalesce(max, 'nan'::DOUBLE)
FROM series WHERE run_id = ? AND count > 0 ORDER BY series_id
"""


def _series(con: DuckDBPyConnection, run_id: str) -> list[_Series]:
    return [_Series(*row) for row in con.execute(_SERIES, [run_id]).fetchall()]


# -- whole series -------------------------------------------------------------------------------------------


def _reduced(con: DuckDBPyConnection, series: list[_Series], limit: dict[int, int]) -> dict[int, Reducer]:
    """Reducers of long series. Left out are those that the database cannot reduce: of values that add up to infinity,
    or of steps so far apart that a few looks do not tell how wide buckets have to be.
    """
    curves: dict[int, Reducer] = {}
    shifts = {one.id: _first_shift(one, most_buckets(limit[one.id])) for one in series}
    by_id = {one.id: one for one in series}
    for _ in range(_LOOKS):
        again: dict[int, int] = {}
        for number, buckets in _by_shift(con, series, shifts).items() if shifts else ():
            shift, most = shifts[number], most_buckets(limit[number])
            if len(buckets.key) <= most and shift > 0:
                # Wide stretches are empty, so finer buckets fit.
                again[number] = max(0, shift - int(math.log2(_FINER * most / len(buckets.key))))
            else:
                curves[number] = _known(Reducer.of_buckets(buckets, shift, limit[number]), by_id[number])
        shifts = again
    return curves


_LOOKS = 4
_FINER = 64
"""How many times more buckets than wanted the next look may find."""


def _first_shift(series: _Series, most: int) -> int:
    """Four times as many buckets as wanted, were the steps evenly spread: a few gaps do not ask for a second look."""
    shift = 0
    while (series.last_step >> shift) - (series.first_step >> shift) >= 4 * most:
        shift += 1
    return shift


def _known(reducer: Reducer, series: _Series) -> Reducer:
    reducer.total, reducer.nonfinite = series.count, series.nonfinite
    reducer.steps = series.first_step, series.last_step
    reducer.last, reducer.lowest, reducer.highest = series.last, series.lowest, series.highest
    return reducer


def _by_shift(con: DuckDBPyConnection, series: list[_Series], shifts: dict[int, int]) -> dict[int, Buckets]:
    """Buckets of series by `step >> shift`, without those whose values add up to infinity."""
    asked = [one for one in series if one.id in shifts]
    first, last = min(one.first_step for one in asked), max(one.last_step for one in asked)
    order = order_of(con, "step", first, last)
    widths = set(shifts.values())
    if len(widths) == 1 and len(shifts) <= _NAMED:
        columns = con.execute(bucket_query("step", f"step >> {widths.pop()}", _named(shifts), order)).fetchnumpy()
    else:
        query = bucket_query("step", "step >> shift", _OF_SHIFTS, order)
        columns = con.execute(query, [list(shifts), list(shifts.values())]).fetchnumpy()
    return {number: buckets for number, rows in parted(columns) if (buckets := buckets_of(rows)) is not None}


_OF_SHIFTS = "JOIN (SELECT unnest(?::INTEGER[]) AS series_id, unnest(?::INTEGER[]) AS shift) USING (series_id)"
_NAMED = 100


def _named(ids: Iterable[int]) -> str:
    """The points of a few series. The scan skips the others' when it is told which in so many words; a join with them
    takes a third longer.
    """
    return f"WHERE series_id IN ({', '.join(map(str, ids))})"


# With their rows, for a join may hand them out in any order.
_POINTS = """
SELECT rowid AS row, series_id, step, epoch_us(time) AS time, value FROM points
WHERE series_id IN (SELECT unnest(?::INTEGER[])) {span}
"""


def _whole(con: DuckDBPyConnection, series: list[_Series], limit: dict[int, int]) -> dict[int, Reducer]:
    """Reducers of series fed with all their points."""
    curves = {one.id: Reducer(limit[one.id]) for one in series}
    if series:
        for number, rows in parted(con.execute(_POINTS.format(span=""), [list(curves)]).fetchnumpy()):
            curves[number].append(rows["step"], rows["time"] / 1e6, rows["value"])
    return curves


def points_after(
    con: DuckDBPyConnection, row: int, ids: Sequence[int]
) -> Iterable[tuple[int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    """Step, time and value of the points of some series behind a row of the table, by series."""
    query = _POINTS.format(span=f"AND rowid > {row}")
    for number, rows in parted(con.execute(query, [list(ids)]).fetchnumpy()):
        yield number, rows["step"], rows["time"] / 1e6, rows["value"]


# -- a part of some -----------------------------------------------------------------------------------------


def detail(  # noqa: PLR0917 - the range is what it takes
    store: Store, run_id: str, keys: Sequence[str], x: str, lo: float, hi: float, limit: int = POINTS
) -> dict[str, DetailCurve]:
    """The points of some metrics with `lo <= x <= hi`, `limit` of each at most; `x` is "step", or "time" in Unix
    seconds. Up to date. Metrics that the run does not have are left out.

    Raises `ValueError` for another `x`, and for a range or a limit that is none.
    """
    span = _span(x, lo, hi, limit)
    with fresh(store) as con:
        wanted = set(keys)
        series = [one for one in _series(con, run_id) if one.key in wanted]
        span = span.within(series)
        found = _reduced_in(con, [one.id for one in series], span)
        found |= _whole_in(con, [one.id for one in series if one.id not in found], span)
    by_key = {one.key: found[one.id] for one in series}
    return {key: by_key[key] for key in keys if key in by_key}


@dataclass(frozen=True, slots=True)
class _Span:
    """What is looked at: steps, or microseconds, from `first` to `last`."""

    axis: str
    first: int
    last: int
    limit: int

    def within(self, series: list[_Series]) -> _Span:
        """No wider than the steps there are: buckets must not be spent on nothing."""
        if self.axis != "step" or not series:
            return self
        first = max(self.first, min(one.first_step for one in series))
        return replace(self, first=first, last=min(self.last, max(one.last_step for one in series)))

    @property
    def width(self) -> int:
        """Of a bucket. The first and the last of them may be cut off."""
        width = max(1, -(-(self.last - self.first + 1) // (most_buckets(self.limit) - 1)))
        return min(width, _BOUNDS["step"][1])

    @property
    def condition(self) -> str:
        """In SQL; the numbers are our own."""
        if self.axis == "step":
            return f"step BETWEEN {self.first} AND {self.last}"
        return f"time BETWEEN make_timestamp({self.first}) AND make_timestamp({self.last})"

    def curve(self, x: NDArray[Any], other: NDArray[Any], y: NDArray[Any], mean: NDArray[Any]) -> Curve:
        """Columns by the axis, and those by the other one, as step and time."""
        along = x.astype(np.float64)
        return Curve(along, other, y, mean) if self.axis == "step" else Curve(other, along / 1e6, y, mean)


_AXES = ("step", "time")
# DuckDB's integers, and the times that can be logged.
_BOUNDS = {"step": (-(1 << 63), (1 << 63) - 1), "time": (int(EARLIEST * 1e6), int(LATEST * 1e6))}


def _span(x: str, lo: float, hi: float, limit: int) -> _Span:
    if x not in _AXES:
        raise ValueError(f"points have no {x!r}; x is one of {', '.join(map(repr, _AXES))}")
    if not all(isinstance(one, (int, float)) for one in (lo, hi)) or not lo <= hi:
        raise ValueError(f"no points lie between {lo!r} and {hi!r}; give two numbers, the smaller one first")
    if limit < _FEWEST:
        raise ValueError(f"a curve is reduced to {_FEWEST} points or more; got {limit!r}")
    scale = 1 if x == "step" else 1_000_000
    lowest, highest = _BOUNDS[x]
    # A time was rounded to microseconds when it was stored, and may have been written back with less.
    first, last = (lo, hi) if x == "step" else (lo * scale - 0.5, hi * scale + 0.5)
    first, last = max(lowest, min(first, highest)), max(lowest, min(last, highest))
    return _Span(x, math.ceil(first), math.floor(last), limit)


_FEWEST = 10


def _reduced_in(con: DuckDBPyConnection, ids: list[int], span: _Span) -> dict[int, DetailCurve]:
    """The series with more points than the limit in the span, without those whose values add up to infinity."""
    if not ids:
        return {}
    of = f"{_named(ids)} AND {span.condition}"
    order = order_of(con, span.axis, span.first, span.last)
    query = bucket_query(span.axis, f"{ALONG[span.axis]} // {span.width}", of, order)
    found = {}
    for number, rows in parted(con.execute(query).fetchnumpy()):
        total = int(rows["n"].sum())
        if total <= span.limit or (buckets := buckets_of(rows)) is None:
            continue
        nonfinite = int(rows["n"][~rows["finite"]].sum())
        found[number] = _detail(buckets, span, total, nonfinite, _last_in(con, number, rows, span))
    return found


def _last_in(con: DuckDBPyConnection, number: int, rows: Columns, span: _Span) -> float:
    """The value at the end of the span, of equal ends the one that was logged last."""
    ends = np.flatnonzero(rows["dx"] == rows["dx"].max())
    if len(ends) > 1:  # a finite value and one that is none
        along = ALONG[span.axis]
        query = f"SELECT value FROM points {_named([number])} AND {along} = ? ORDER BY rowid DESC LIMIT 1"  # noqa: S608
        (value,) = con.execute(query, [int(rows["dx"][ends[0]])]).fetchone() or (np.nan,)
        return float(value)
    return float(rows["dv"][ends[0]])


def _detail(buckets: Buckets, span: _Span, total: int, nonfinite: int, last: float) -> DetailCurve:
    curve = span.curve(*drawn(buckets)[:4])
    return _known_in(curve, total, nonfinite, last)


def _whole_in(con: DuckDBPyConnection, ids: list[int], span: _Span) -> dict[int, DetailCurve]:
    """The series whose points in the span the database did not reduce."""
    query = _POINTS.format(span=f"AND {span.condition}")
    found = dict.fromkeys(ids, _known_in(Curve(*np.empty((4, 0))), 0, 0, np.nan))
    columns = con.execute(query, [ids]).fetchnumpy() if ids else {"series_id": np.empty(0, np.int32)}
    for number, rows in parted(columns):
        step, time, y = rows["step"], rows["time"], rows["value"]
        x, other = (step, time / 1e6) if span.axis == "step" else (time, step.astype(np.float64))
        order = np.argsort(x, kind="stable")
        x, other, y = x[order], other[order], y[order]
        nonfinite = len(y) - int(np.count_nonzero(np.isfinite(y)))
        if len(x) > span.limit:
            found[number] = _detail(bucketed(x // span.width, x, other, y), span, len(x), nonfinite, float(y[-1]))
        else:
            curve = span.curve(x, other, y, np.where(np.isfinite(y), y, np.nan))
            found[number] = _known_in(curve, len(x), nonfinite, float(y[-1]))
    return found


def _known_in(curve: Curve, total: int, nonfinite: int, last: float) -> DetailCurve:
    finite = curve.y[np.isfinite(curve.y)]
    lowest, highest = (float(finite.min()), float(finite.max())) if len(finite) else (np.nan, np.nan)
    return DetailCurve(curve, total, nonfinite, last, lowest, highest)
