"""The buckets behind `reduction`: which four points of each stretch of steps are kept, and how two buckets become one.

A bucket is a column in a pair of arrays with four rows (first, lowest, highest, last), so that everything here is
a handful of NumPy calls whatever the number of points. A bucket without a finite value is a gap: NaN in all rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Steps = NDArray[np.int64]
    Values = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# The rows, in the order their points are drawn in when the steps are equal.
FIRST, LOWEST, HIGHEST, LAST = range(4)


class Buckets(NamedTuple):
    """Buckets in ascending order of key; `x` and `y` have the four rows named above."""

    key: Steps
    x: Steps
    y: Values

    def from_(self, at: int) -> Buckets:
        """The buckets at position `at` and after."""
        return Buckets(self.key[at:], self.x[:, at:], self.y[:, at:])

    def halved(self) -> Buckets:
        """Buckets of twice the width: keys lose their lowest bit, and neighbours that now agree become one."""
        key = self.key >> 1
        left = np.concatenate(([True], key[1:] != key[:-1]))
        starts = np.flatnonzero(left)
        paired = np.flatnonzero(~left)
        x, y = self.x[:, starts], self.y[:, starts]
        into = np.searchsorted(starts, paired) - 1
        x[:, into], y[:, into] = _merged(x[:, into], y[:, into], self.x[:, paired], self.y[:, paired])
        return Buckets(key[starts], x, y)

    def with_new(self, new: Buckets, at: NDArray[np.intp]) -> Buckets:
        """These and newer points' buckets together; `at` is where each new key belongs among these."""
        size = len(self.key)
        known = at < size
        known[known] = self.key[at[known]] == new.key[known]
        into, fresh = at[known], ~known
        if len(into):
            x, y = _merged(self.x[:, into], self.y[:, into], new.x[:, known], new.y[:, known])
            self.x[:, into], self.y[:, into] = x, y
        if not fresh.any():
            return self
        return Buckets(
            np.insert(self.key, at[fresh], new.key[fresh]),
            np.insert(self.x, at[fresh], new.x[:, fresh], axis=1),
            np.insert(self.y, at[fresh], new.y[:, fresh], axis=1),
        )


def bucketed(key: Steps, x: Steps, y: Values) -> Buckets:
    """Buckets of points that are in order of `x`; `key` names each point's bucket and rises with `x`."""
    finite = np.isfinite(y)
    if finite.all():
        return _finite_buckets(key, x, y)
    full = _finite_buckets(key[finite], x[finite], y[finite])
    missing, first = np.unique(key[~finite], return_index=True)
    gap = ~np.isin(missing, full.key, assume_unique=True)
    gap_x = np.broadcast_to(x[~finite][first[gap]], (4, int(gap.sum())))
    keys = np.concatenate((full.key, missing[gap]))
    order = np.argsort(keys)
    return Buckets(
        keys[order],
        np.concatenate((full.x, gap_x), axis=1)[:, order],
        np.concatenate((full.y, np.full(gap_x.shape, np.nan)), axis=1)[:, order],
    )


def drawn(buckets: Buckets) -> tuple[Steps, Values, NDArray[np.int64]]:
    """The kept points in drawing order, each once, and how many come from each bucket."""
    x, y = buckets.x.T, buckets.y.T
    if len(x) == 0:
        return x.ravel(), y.ravel(), np.empty(0, np.int64)
    order = np.argsort(x, axis=1, kind="stable")
    x, y = np.take_along_axis(x, order, axis=1), np.take_along_axis(y, order, axis=1)
    again = (x[:, 1:] == x[:, :-1]) & ((y[:, 1:] == y[:, :-1]) | np.isnan(y[:, 1:]))
    keep = np.concatenate((np.ones((len(x), 1), bool), ~again), axis=1)
    return x[keep], y[keep], keep.sum(axis=1)


def _finite_buckets(key: Steps, x: Steps, y: Values) -> Buckets:
    size = len(key)
    if size == 0:
        return Buckets(key, np.empty((4, 0), np.int64), np.empty((4, 0)))
    starts = np.concatenate(([0], np.flatnonzero(key[1:] != key[:-1]) + 1))
    ends = np.concatenate((starts[1:], [size])) - 1
    if len(starts) == 1:
        # What a running loop mostly logs between two looks: a few points of one bucket.
        rows = np.array(([0], [y.argmin()], [y.argmax()], [size - 1]))
    elif len(starts) == size:
        rows = np.broadcast_to(starts, (4, size))
    else:
        counts = ends - starts + 1
        lowest = _first_equal(y, np.minimum.reduceat(y, starts), starts, counts)
        highest = _first_equal(y, np.maximum.reduceat(y, starts), starts, counts)
        rows = np.stack((starts, lowest, highest, ends))
    return Buckets(key[starts], x[rows], y[rows])


def _first_equal(y: Values, wanted: Values, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where in each stretch of `y` its wanted value stands first."""
    equal = np.flatnonzero(y == np.repeat(wanted, counts))
    return equal[np.searchsorted(equal, starts)]


def _merged(ax: Steps, ay: Values, bx: Steps, by: Values) -> tuple[Steps, Values]:
    """Pairs of buckets as one each. All of `b` came after `a`, or has the larger steps."""
    take = np.empty(ax.shape, bool)
    take[FIRST] = bx[FIRST] < ax[FIRST]
    take[LAST] = bx[LAST] >= ax[LAST]
    for row, beats in ((LOWEST, np.less), (HIGHEST, np.greater)):
        equal = (by[row] == ay[row]) & (bx[row] < ax[row])
        take[row] = beats(by[row], ay[row]) | equal
    a_gap, b_gap = np.isnan(ay[FIRST]), np.isnan(by[FIRST])
    if a_gap.any() or b_gap.any():
        take[:, a_gap & ~b_gap] = True
        take[:, ~a_gap & b_gap] = False
        take[:, a_gap & b_gap] = take[FIRST, a_gap & b_gap]
    return np.where(take, bx, ax), np.where(take, by, ay)
