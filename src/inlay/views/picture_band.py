"""A line too noisy to be drawn as one: cut to a hundred points it would be a saw, whatever the values did.

Drawn instead, as in the live card, is the mean of each stretch in a band from its lowest to its highest value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from inlay.query.reduction import Values
    from inlay.views.curves import Line

NOISY = 2.1
"""How many times as far as its ends a stretch's lowest and highest value are apart; 2 in a random walk, 3 in noise."""


class Band(NamedTuple):
    """Stretches of a line, in order of step: columns of equal length."""

    x: Values
    low: Values
    mean: Values
    high: Values


def band_of(line: Line, limit: int) -> Band | None:
    """The line in stretches of equal width, three values each and `limit` in all; None for one that is better drawn
    point by point: of few points, with gaps, or smooth.
    """
    x, y = line.curve
    if len(x) <= limit or line.nonfinite:
        return None
    # Sums of large values may be larger than any float.
    scale = float(np.abs(y).max()) or 1.0
    y = y / scale
    mean = y if line.mean is None else line.mean / scale
    count = max(limit // 3, 1)
    stretch = np.minimum((count * (x - x[0]) / ((x[-1] - x[0]) or 1.0)).astype(np.int64), count - 1)
    starts = np.flatnonzero(np.concatenate(([True], stretch[1:] != stretch[:-1])))
    ends = np.concatenate((starts[1:], [len(x)])) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    if (high - low).sum() <= NOISY * np.abs(y[ends] - y[starts]).sum():
        return None
    middle = (x[starts] + x[ends]) / 2
    middle[0], middle[-1] = x[0], x[-1]  # from the first point to the last
    sums = np.add.reduceat(mean, starts) / (ends - starts + 1)
    return Band(middle, low * scale, np.clip(sums, low, high) * scale, high * scale)
