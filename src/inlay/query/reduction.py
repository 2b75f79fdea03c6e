"""Curves cut down to what a screen can show, without losing a spike or an end.

The method is M4 (Jugel, Jerzak, Hackenbroich, Markl: "M4: A Visualization-Oriented Time Series Data Aggregation",
PVLDB 7(10), 2014): of the points that share a bucket of the x-axis only the first, the smallest, the largest and the
last are kept, because no other can change a pixel. `m4` does it at once; `Reducer` does it to a series that is still
growing, in bounded memory, by doubling the width of its buckets whenever there are too many of them. To a bucket's
four points the reducer adds their mean, and a mark where a value was not finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inlay.query.buckets import Buckets, bucketed, drawn, outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Steps = NDArray[np.int64]
    Values = NDArray[np.float64]
    Numbers = NDArray[Any]

POINTS = 2_000
"""The most points of one series that are sent to a browser."""


class Curve(NamedTuple):
    """Points to send, in order of step. A value that is not finite is a mark, and where nothing was reduced also a gap;
    `mean` is that of the finite values around the point (NaN for marks).
    """

    x: Values
    t: Values
    """Unix seconds"""
    y: Values
    mean: Values


class Outline(NamedTuple):
    """Points of a line to draw, in order of step; a value of NaN is a gap."""

    x: Values
    y: Values


@dataclass(frozen=True, slots=True)
class Splice:
    """A change to a curve: keep its first `start` points and put these after them."""

    start: int
    curve: Curve


def m4(x: Numbers, y: Values, limit: int = POINTS) -> Outline:
    """Cut a series to at most `limit` points, in buckets of equal width; one that fits is returned whole.

    Points may come in any order and steps may repeat: they are sorted here, by step and then as they came. NaN and
    infinity take no part in the choice; a bucket that holds nothing else becomes a gap. `limit` is at least 4.
    """
    x, y = _sorted(np.asarray(x), np.asarray(y, np.float64))
    if len(x) <= limit:
        return _with_gaps(x, y)
    place = x.astype(np.float64)
    place = (place - place[0]) / max(place[-1] - place[0], 1e-300)
    # Where the ends of a bucket are its extremes, as on a smooth curve, it keeps two points, and more buckets fit.
    for share in (2, 3):
        cut = _cut(place, x, y, limit // share)
        if len(cut.x) <= limit:
            return cut
    return _cut(place, x, y, limit // 4)


class Reducer:
    """A growing series, held as the at most `limit` points that draw it, and what is known of all its points.

    Up to `limit` points are kept as they are. From then on a bucket is the steps that agree in all but the lowest
    `shift` bits, and `shift` is the smallest for which at most a fifth of `limit` buckets have points in them. That
    depends on the points alone: neither their order nor how they were parcelled changes what is drawn, and a late
    point goes into the bucket its step belongs to. `append` costs a pass over the new points and one over the buckets.
    `limit` is at least 10.
    """

    def __init__(self, limit: int = POINTS) -> None:
        self.total = 0
        self.nonfinite = 0
        self.steps: tuple[int, int] | None = None
        """The smallest and the largest step."""
        self.last = np.nan
        """The value at the largest step; of equal steps, the one that came last (as in `metric_summary`)."""
        self.lowest = np.nan
        self.highest = np.nan
        self._limit = limit
        self._most = most_buckets(limit)
        self._x: Steps = np.empty(0, np.int64)
        self._t: Values = np.empty(0)
        self._y: Values = np.empty(0)
        self._buckets: Buckets | None = None
        self._shift = 0
        # The first raw point or bucket that changed since the last `splice`, and the points each bucket had in it.
        self._changed: int | None = None
        self._told: NDArray[np.int64] = np.empty(0, np.int64)

    @classmethod
    def of_buckets(cls, buckets: Buckets, shift: int, limit: int = POINTS) -> Reducer:
        """Goes on from points that were put into buckets elsewhere, by `step >> shift`, where that `shift` is not more
        than the points need. The caller sets what is known of all of them.
        """
        reducer = cls(limit)
        while len(buckets.key) > reducer._most:
            buckets, shift = buckets.halved(), shift + 1
        reducer._buckets, reducer._shift = buckets, shift
        reducer._mark(0)
        return reducer

    def append(self, x: Steps, t: Values, y: Values) -> None:
        """Take in new points (step, Unix time, value), in any order of steps."""
        if len(x) == 0:
            return
        x, t, y = _sorted(x, t, y)
        self._summarise(x, y)
        if self._buckets is not None:
            self._add_to_buckets(self._buckets, x, t, y)
        elif self.total <= self._limit:
            self._add_whole(x, t, y)
        else:
            self._begin_buckets(x, t, y)

    def curve(self) -> Curve:
        """All points, as they are to be sent."""
        if self._buckets is None:
            return self._whole(0)
        x, t, y, mean, _ = drawn(self._buckets)
        return Curve(x.astype(np.float64), t, y, mean)

    def outline(self) -> Outline:
        """The line alone: a value that is not finite is a gap where it has no finite ones around it."""
        if self._buckets is None:
            return _with_gaps(self._x, self._y)
        x, y = outline(self._buckets)
        return Outline(x.astype(np.float64), y)

    def splice(self, *, always: bool = False) -> Splice | None:
        """What changed since the last call; None when nothing did, or with `always` an empty splice at the end."""
        if self._changed is None:
            size = len(self._x) if self._buckets is None else int(self._told.sum())
            return Splice(size, self._whole(len(self._x))) if always else None
        at, self._changed = self._changed, None
        if self._buckets is None:
            return Splice(at, self._whole(at))
        x, t, y, mean, sizes = drawn(self._buckets.at(slice(at, None)))
        told = self._told[:at]
        self._told = np.concatenate((told, sizes))
        return Splice(int(told.sum()), Curve(x.astype(np.float64), t, y, mean))

    def _whole(self, at: int) -> Curve:
        y = self._y[at:]
        return Curve(self._x[at:].astype(np.float64), self._t[at:], y, np.where(np.isfinite(y), y, np.nan))

    def _summarise(self, x: Steps, y: Values) -> None:
        self.total += len(x)
        self.nonfinite += len(y) - int(np.count_nonzero(np.isfinite(y)))
        self.lowest = float(np.fmin(self.lowest, np.fmin.reduce(y)))
        self.highest = float(np.fmax(self.highest, np.fmax.reduce(y)))
        first, last = self.steps or (int(x[0]), int(x[-1]))
        if x[-1] >= last:
            self.last = float(y[-1])
        self.steps = min(first, int(x[0])), max(last, int(x[-1]))

    def _add_whole(self, x: Steps, t: Values, y: Values) -> None:
        at = int(np.searchsorted(self._x, x[0], side="right"))
        late = at < len(self._x)
        columns = self._joined(x, t, y)
        self._x, self._t, self._y = _sorted(*columns) if late else columns
        self._mark(at)

    def _begin_buckets(self, x: Steps, t: Values, y: Values) -> None:
        x, t, y = _sorted(*self._joined(x, t, y))
        self._x, self._t, self._y = self._x[:0], self._t[:0], self._y[:0]
        keys = _distinct(x)
        while len(keys) > self._most:
            self._shift += 1
            keys = _distinct(keys >> 1)
        self._buckets = bucketed(x >> self._shift, x, t, y)
        self._mark(0)

    def _joined(self, x: Steps, t: Values, y: Values) -> tuple[Steps, Values, Values]:
        return np.concatenate((self._x, x)), np.concatenate((self._t, t)), np.concatenate((self._y, y))

    def _add_to_buckets(self, held: Buckets, x: Steps, t: Values, y: Values) -> None:
        keys = _distinct(x >> self._shift)
        at = np.searchsorted(held.key, keys)
        while len(held.key) + _absent(keys, held.key, at) > self._most:
            self._shift += 1
            held, keys = held.halved(), _distinct(keys >> 1)
            at = np.searchsorted(held.key, keys)
            self._mark(0)
        self._mark(int(at[0]))
        self._buckets = held.with_new(bucketed(x >> self._shift, x, t, y), at)

    def _mark(self, at: int) -> None:
        self._changed = at if self._changed is None else min(self._changed, at)


def most_buckets(limit: int) -> int:
    """How many buckets of four points and a mark fit; one would not do: steps below zero and the others never agree in
    their highest bit.
    """
    return max(limit // 5, 2)


def _cut(place: Values, x: Numbers, y: Values, buckets: int) -> Outline:
    key = np.minimum((place * buckets).astype(np.int64), buckets - 1)
    x, y = outline(bucketed(key, x, place, y))
    return Outline(x.astype(np.float64), y)


def _with_gaps(x: Numbers, y: Values) -> Outline:
    return Outline(x.astype(np.float64), np.where(np.isfinite(y), y, np.nan))


def _sorted(x: Numbers, *others: Values) -> tuple[Numbers, ...]:
    """Columns by step; equal steps keep the order they came in."""
    if bool((x[1:] >= x[:-1]).all()):
        return x, *others
    order = np.argsort(x, kind="stable")
    return x[order], *(column[order] for column in others)


def _distinct(keys: Steps) -> Steps:
    """Each of some ascending keys once."""
    return keys[np.concatenate(([True], keys[1:] != keys[:-1]))]


def _absent(keys: Steps, held: Steps, at: NDArray[np.intp]) -> int:
    """How many keys are not among those held; `at` is where each belongs there."""
    inside = at < len(held)
    return len(keys) - int(np.count_nonzero(held[at[inside]] == keys[inside]))
