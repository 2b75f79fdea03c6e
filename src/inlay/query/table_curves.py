"""Curves of several runs over each other, or of groups of runs as their mean and a band.

The buckets of all runs lie at the same places, so that the runs of a group can be averaged: at each step where they
were logged at the same ones, else over stretches at least as wide as the widest distance between two steps of a run.
Each run of a group counts once in a stretch, however many points it has there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from inlay.query.table_series import Stretches, ends_of, series_of, stretches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.query.table_series import Axis, Series

    Values = NDArray[np.float64]

Band = Literal["std", "range"]

POINTS = 400
RUNS = 100
"""The most runs of a group that are read."""
_BOUND = 1 << 62


@dataclass(frozen=True, slots=True)
class TableCurve:
    """A line of a run or of a group; `x` are steps, Unix seconds, or seconds since the run began."""

    key: str
    x: Values
    y: Values
    """The value, or the mean over a stretch; NaN is a gap"""
    low: Values
    high: Values
    """Of a run the lowest and highest value of the stretch, of a group the band"""
    total: int
    """Points behind it, in the range that was asked for"""
    nonfinite: int
    group: bool
    runs: int
    """Runs behind it: those of a group that have the metric, at most 100"""

    def as_json(self, label: str) -> dict[str, object]:
        """As in the answer to `table.curves`, beside the numbers."""
        return {
            "key": self.key, "label": label, "n": len(self.x), "total": self.total, "nonfinite": self.nonfinite,
            "group": self.group, "runs": self.runs,
        }  # fmt: skip

    def as_bytes(self) -> bytes:
        """The columns x, y, low and high, as float64 one after the other."""
        return np.concatenate((self.x, self.y, self.low, self.high)).astype("<f8").tobytes()


def curves(
    con: DuckDBPyConnection,
    lines: Sequence[str] | Mapping[str, Sequence[str]],
    metric: str,
    *,
    x: Axis = "step",
    lo: float | None = None,
    hi: float | None = None,
    points: int = POINTS,
    band: Band = "std",
) -> list[TableCurve]:
    """The metric (its key) of these runs, at most `points` of each; with a mapping, of groups: their runs by their key.

    In their order; without those that do not have the metric. `lo` and `hi` are in the units of `x`. The band of a
    group is the mean less and plus a standard deviation (of a sample; none where a single run has values), or with
    "range" the lowest and the highest value of any of its runs. Raises `ValueError` for another `x` or band, a range
    that is none, or fewer than 10 points.
    """
    _check(x, band, lo, hi, points)
    groups = {key: list(ids)[:RUNS] for key, ids in lines.items()} if isinstance(lines, dict) else None
    members = {one: [one] for one in lines} if groups is None else groups
    ids = list(dict.fromkeys(one for runs in members.values() for one in runs))
    known = series_of(con, ids, [metric])
    if x == "relative":
        known = _begun(con, known)
    series = {one.run_id: one for one in known}
    span = None if lo is None and hi is None else _span(x, lo, hi)
    ends = ends_of(con, known, x)
    width = _width(known, ends, span, points, shared=groups is not None)
    found = stretches(con, known, x, width, span)
    told = []
    for key, runs in members.items():
        own = [found.of(series[one].id) for one in runs if one in series]
        if own and groups is None:
            told.append(_of_run(key, own[0], x))
        elif own:
            told.append(_of_group(key, own, x, band))
    return told


def _begun(con: DuckDBPyConnection, series: list[Series]) -> list[Series]:
    """With the time of the first point for runs from elsewhere that do not say when they began."""
    unknown = [one for one in series if one.began is None]
    first = ends_of(con, unknown, "time")
    return [replace(one, began=first[one.id][0]) if one.began is None else one for one in series]


def _check(x: str, band: str, lo: float | None, hi: float | None, points: int) -> None:
    if x not in ("step", "time", "relative"):
        raise ValueError(f"x is 'step', 'time' or 'relative'; got {x!r}")
    if band not in ("std", "range"):
        raise ValueError(f"a band is 'std' or 'range'; got {band!r}")
    if any(one is not None and math.isnan(one) for one in (lo, hi)) or (lo is not None and hi is not None and lo > hi):
        raise ValueError(f"no points lie between {lo!r} and {hi!r}; give two numbers, the smaller one first")
    if points < 10:
        raise ValueError(f"a curve is reduced to 10 points or more; got {points!r}")


def _span(x: Axis, lo: float | None, hi: float | None) -> tuple[int, int]:
    """Steps, or microseconds; a time was rounded when it was stored."""
    scale, slack = (1.0, 0.0) if x == "step" else (1e6, 0.5)
    low = -_BOUND if lo is None else max(-_BOUND, min(lo * scale - slack, _BOUND))
    high = _BOUND if hi is None else max(-_BOUND, min(hi * scale + slack, _BOUND))
    return math.ceil(low), math.floor(high)


def _width(
    series: list[Series],
    ends: Mapping[int, tuple[int, int]],
    span: tuple[int, int] | None,
    points: int,
    *,
    shared: bool,
) -> int | dict[int, int]:
    """Of the buckets: one for all where runs are averaged, or where all are alike; else of each run its own, so that a
    short one keeps its points beside a long one.
    """
    low, high = span or (-_BOUND, _BOUND)
    lengths = {number: max(min(last, high) - max(first, low), 0) + 1 for number, (first, last) in ends.items()}
    # The first and the last bucket may be cut off.
    widths = {number: max(1, -(-length // (points - 1))) for number, length in lengths.items()}
    if not shared:
        widths |= {one.id: 1 for one in series if one.count <= points}
        return widths if len(set(widths.values())) > 1 else next(iter(widths.values()), 1)
    all_first = max(min((first for first, _ in ends.values()), default=0), low)
    all_last = min(max((last for _, last in ends.values()), default=0), high)
    width = max(1, -(-(max(all_last - all_first, 0) + 1) // (points - 1)))
    for one in series:
        first, last = ends[one.id]
        if one.count > 1:
            width = max(width, min(-(-(last - first) // (one.count - 1)), max(all_last - all_first, 1)))
    return width


def _places(x: Axis, along: Values) -> Values:
    return along if x == "step" else along / 1e6


def _of_run(key: str, own: Stretches, x: Axis) -> TableCurve:
    total, nonfinite = int(own.n.sum()), int(own.nonfinite.sum())
    return TableCurve(key, _places(x, own.x), own.mean, own.low, own.high, total, nonfinite, False, 1)  # noqa: FBT003


def _of_group(key: str, own: list[Stretches], x: Axis, band: Band) -> TableCurve:
    """The mean of the runs' means in each bucket; welford in two passes, as the values may be large."""
    bucket = np.concatenate([one.bucket for one in own])
    along, mean, low, high = (
        np.concatenate([getattr(one, name) for one in own]) for name in ("x", "mean", "low", "high")
    )
    keys, at = np.unique(bucket, return_inverse=True)
    there = np.isfinite(mean)
    runs = np.bincount(at[there], minlength=len(keys))
    centre = np.bincount(at, along, len(keys)) / np.bincount(at, minlength=len(keys))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        middle = np.where(runs > 0, np.bincount(at[there], mean[there] / runs[at[there]], len(keys)), np.nan)
        if band == "std":
            squares = np.bincount(at[there], (mean[there] - middle[at[there]]) ** 2, len(keys))
            reach = np.where(runs > 1, np.sqrt(squares / (runs - 1)), 0.0)
            ends = middle - reach, middle + reach
        else:
            below, above = np.full(len(keys), np.inf), np.full(len(keys), -np.inf)
            np.minimum.at(below, at[there], low[there])
            np.maximum.at(above, at[there], high[there])
            ends = np.where(runs > 0, below, np.nan), np.where(runs > 0, above, np.nan)
    total, nonfinite = (int(sum(getattr(one, name).sum() for one in own)) for name in ("n", "nonfinite"))
    return TableCurve(key, _places(x, centre), middle, ends[0], ends[1], total, nonfinite, True, len(own))  # noqa: FBT003
