"""The buckets behind `reduction`: which points of each stretch of steps are kept, and how two buckets become one.

A bucket is a column in arrays with five rows (first, lowest, highest, last, mark), so that everything here is
a handful of NumPy calls whatever the number of points. Four rows are of finite values; the mark is the first value
that is none (NaN, infinity). What a bucket lacks is told by the values themselves: its four rows are NaN when it holds
no finite value, and its mark is a finite number when it holds no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Steps = NDArray[np.int64]
    Values = NDArray[np.float64]
    Numbers = NDArray[Any]

# The rows, in the order their points are drawn in when the steps are equal.
FIRST, LOWEST, HIGHEST, LAST, MARK = range(5)
NO_MARK = 0.0
_FARTHEST = np.iinfo(np.int64).max


class Buckets(NamedTuple):
    """Buckets in ascending order of key; `x`, `t` (time) and `y` have the five rows named above."""

    key: Steps
    x: Numbers
    t: Values
    y: Values
    finite: Steps
    """How many finite values it holds"""
    mean: Values
    """Their mean; 0 where there are none. A sum would overflow where the mean of large values does not."""

    def at(self, index: Any) -> Buckets:
        """Those at some positions; a slice of them shares their memory."""
        return Buckets._make(column[..., index] for column in self)

    def halved(self) -> Buckets:
        """Buckets of twice the width: keys lose their lowest bit, and neighbours that now agree become one."""
        key = self.key >> 1
        left = np.concatenate(([True], key[1:] != key[:-1]))
        starts = np.flatnonzero(left)
        paired = np.flatnonzero(~left)
        wide = self._replace(key=key).at(starts)
        _merge(wide, np.searchsorted(starts, paired) - 1, self.at(paired))
        return wide

    def with_new(self, new: Buckets, at: NDArray[np.intp]) -> Buckets:
        """These and newer points' buckets together; `at` is where each new key belongs among these."""
        known = at < len(self.key)
        known[known] = self.key[at[known]] == new.key[known]
        if known.all():
            _merge(self, at, new)
            return self
        if known.any():
            _merge(self, at[known], new.at(known))
        fresh = new.at(~known)
        return Buckets._make(np.insert(old, at[~known], added, axis=-1) for old, added in zip(self, fresh, strict=True))


def bucketed(key: Steps, x: Numbers, t: Values, y: Values) -> Buckets:
    """Buckets of points that are in order of `x`; `key` names each point's bucket and rises with `x`."""
    finite = np.isfinite(y)
    if finite.all():
        return _finite_buckets(key, x, t, y)
    return with_marks(
        _finite_buckets(key[finite], x[finite], t[finite], y[finite]),
        *_firsts(key[~finite], x[~finite], t[~finite], y[~finite]),
    )


def with_marks(full: Buckets, key: Steps, x: Numbers, t: Values, y: Values) -> Buckets:
    """Buckets of finite values, and the marks of some of them and of others, each key once and in order."""
    keys = np.union1d(full.key, key)
    size = len(keys)
    whole = Buckets(
        keys, np.zeros((5, size), full.x.dtype), np.zeros((5, size)), np.full((5, size), np.nan),
        np.zeros(size, np.int64), np.zeros(size),
    )  # fmt: skip
    whole.y[MARK] = NO_MARK
    into = np.searchsorted(keys, full.key)
    for column, filled in zip(whole[1:], full[1:], strict=True):
        column[..., into] = filled
    into = np.searchsorted(keys, key)
    whole.x[MARK, into], whole.t[MARK, into], whole.y[MARK, into] = x, t, y
    return whole


def drawn(buckets: Buckets) -> tuple[Steps, Values, Values, Values, Steps]:
    """The kept points in drawing order, each once: x, time, value, the mean of its bucket (NaN for marks); and how
    many come from each bucket.
    """
    there = np.isfinite(buckets.y)
    there[MARK] = ~there[MARK]
    # What is not there comes last, so that it does not stand between two that are the same.
    order = np.argsort(np.where(there, buckets.x, _FARTHEST), axis=0, kind="stable").T
    of = np.arange(len(buckets.key))[:, None]
    x, t, y, keep = (rows[order, of] for rows in (*buckets[1:4], there))
    mean = np.where(order == MARK, np.nan, buckets.mean[:, None])
    keep[:, 1:] &= (x[:, 1:] != x[:, :-1]) | (y[:, 1:] != y[:, :-1])
    return x[keep], t[keep], y[keep], mean[keep], keep.sum(axis=1)


def outline(buckets: Buckets) -> tuple[Numbers, Values]:
    """The kept finite points in drawing order, each once; a bucket without any is a gap, NaN where its mark is."""
    empty = buckets.finite == 0
    x, y = np.where(empty, buckets.x[MARK], buckets.x[:MARK]).T, buckets.y[:MARK].T
    order = np.argsort(x, axis=1, kind="stable")
    x, y = np.take_along_axis(x, order, axis=1), np.take_along_axis(y, order, axis=1)
    keep = np.ones(x.shape, bool)
    keep[:, 1:] = (x[:, 1:] != x[:, :-1]) | (y[:, 1:] != y[:, :-1]) & ~np.isnan(y[:, 1:])
    return x[keep], y[keep]


def _finite_buckets(key: Steps, x: Numbers, t: Values, y: Values) -> Buckets:
    size = len(key)
    if size == 0:
        none = np.empty((5, 0))
        return Buckets(key, none.astype(x.dtype), none, none, key, none[0])
    bounds = np.concatenate(([0], np.flatnonzero(key[1:] != key[:-1]) + 1, [size]))
    starts, ends = bounds[:-1], bounds[1:] - 1
    counts = ends - starts + 1
    if len(starts) == 1:
        # What a running loop mostly logs between two looks: a few points of one bucket.
        rows = np.array(([0], [y.argmin()], [y.argmax()], [size - 1], [0]))
    elif len(starts) == size:
        rows = np.broadcast_to(starts, (5, size))
    else:
        lowest = _first_equal(y, np.minimum.reduceat(y, starts), starts, counts)
        highest = _first_equal(y, np.maximum.reduceat(y, starts), starts, counts)
        rows = np.stack((starts, lowest, highest, ends, starts))
    kept = y[rows]
    kept[MARK] = NO_MARK
    return Buckets(key[starts], x[rows], t[rows], kept, counts, _between(_means(y, starts, counts), kept))


def _firsts(key: Steps, x: Numbers, t: Values, y: Values) -> tuple[Steps, Numbers, Values, Values]:
    """The first of each key's points."""
    at = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    return key[at], x[at], t[at], y[at]


def _means(y: Values, starts: NDArray[np.intp], counts: Steps) -> Values:
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.reduceat(y, starts)
        if np.isfinite(sums).all():
            return sums / counts
        return np.add.reduceat(y / np.repeat(counts, counts), starts)


def _between(mean: Values, y: Values) -> Values:
    """Means lie between the lowest and the highest value, whatever rounding makes of them."""
    return np.where(np.isnan(y[LOWEST]), 0.0, np.minimum(np.maximum(mean, y[LOWEST]), y[HIGHEST]))


def _first_equal(y: Values, wanted: Values, starts: NDArray[np.intp], counts: Steps) -> NDArray[np.intp]:
    """Where in each stretch of `y` its wanted value stands first."""
    equal = np.flatnonzero(y == np.repeat(wanted, counts))
    return equal[np.searchsorted(equal, starts)]


def _merge(held: Buckets, into: NDArray[np.intp], new: Buckets) -> None:
    """Fold `new` into the buckets at `into`, in place; all of it came after them, or has the larger steps."""
    if len(into) == 0:
        return
    old = held.at(into)
    take = _newer(old, new)
    for column, before, after in zip(held[1:4], old[1:4], new[1:4], strict=True):
        column[:, into] = np.where(take, after, before)
    count = old.finite + new.finite
    weight = new.finite / np.maximum(count, 1)
    held.finite[into] = count
    with np.errstate(over="ignore"):
        held.mean[into] = _between(old.mean * (1 - weight) + new.mean * weight, held.y[:, into])


def _newer(old: Buckets, new: Buckets) -> NDArray[np.bool_]:
    """Where the new buckets' points replace the old ones'."""
    take = np.empty(old.x.shape, bool)
    sooner = new.x < old.x
    take[FIRST] = sooner[FIRST]
    take[LAST] = new.x[LAST] >= old.x[LAST]
    take[LOWEST] = (new.y[LOWEST] < old.y[LOWEST]) | (new.y[LOWEST] == old.y[LOWEST]) & sooner[LOWEST]
    take[HIGHEST] = (new.y[HIGHEST] > old.y[HIGHEST]) | (new.y[HIGHEST] == old.y[HIGHEST]) & sooner[HIGHEST]
    had_none, adds_none = np.isfinite(old.y[MARK]), np.isfinite(new.y[MARK])
    take[MARK] = ~adds_none & (had_none | sooner[MARK])
    if not (old.finite.all() and new.finite.all()):
        take[:MARK, old.finite == 0] = True
        take[:MARK, new.finite == 0] = False
    return take
