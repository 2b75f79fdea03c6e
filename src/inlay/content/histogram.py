"""Counts of numbers between edges: from any array of values, or from counts that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.content.arrays import as_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINS = 512
"""The most bins of one histogram: as many as are drawn."""
_LARGEST = 8e307
"""Twice of it is a float, too: the width of a histogram."""


def counted(values: Any, bins: Any) -> tuple[list[float], list[float]]:
    """Edges and counts of the finite values, whatever their shape; NaN and infinities are left out.

    `bins` is a number of bins of equal width, or their edges. Without a finite value every count is 0.

    Raises `TypeError` when the values are no numbers, `ValueError` for bad bins.
    """
    import numpy as np

    array = as_array(values, "log_histogram takes an array of numbers").ravel()
    finite = np.clip(array[np.isfinite(array)].astype(np.float64), -_LARGEST, _LARGEST)
    edges = _equal(finite, _number_of(bins)) if np.ndim(bins) == 0 else _edges(bins)
    counts, _ = np.histogram(finite, edges)
    return edges.tolist(), counts.astype(np.float64).tolist()


def given(counts: Any, edges: Any) -> tuple[list[float], list[float]]:
    """Edges and counts as they are, checked: one edge more than counts, edges rising, counts not below 0.

    Raises `TypeError` and `ValueError`, naming what is wrong.
    """
    import numpy as np

    bounds = _edges(edges)
    array = as_array(counts, "counts of a histogram are an array of numbers").astype(np.float64)
    if array.shape != (len(bounds) - 1,):
        msg = f"a histogram has one edge more than counts; got {len(bounds)} edges and counts of shape {array.shape}"
        raise ValueError(msg)
    if not np.isfinite(array).all() or (array < 0).any():
        msg = f"counts of a histogram are finite and not below 0; got {array.min()} to {array.max()}"
        raise ValueError(msg)
    return bounds.tolist(), array.tolist()


def _equal(finite: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Edges of bins of equal width over all values; around a single value there is some room."""
    import numpy as np

    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    if low == high:
        room = max(0.5, abs(low) * 1e-3)
        low, high = low - room, high + room
    return np.linspace(low, high, bins + 1)


def _number_of(bins: Any) -> int:
    if not isinstance(bins, (int,)) and not hasattr(bins, "__index__"):
        msg = f"bins is a number of bins or their edges; got {bins!r}"
        raise TypeError(msg)
    number = int(bins)
    if not 1 <= number <= BINS:
        msg = f"a histogram has 1 to {BINS} bins; got {number}"
        raise ValueError(msg)
    return number


def _edges(edges: Any) -> NDArray[np.float64]:
    import numpy as np

    array: NDArray[np.float64] = as_array(edges, "edges of a histogram are an array of numbers").astype(np.float64)
    if array.ndim != 1 or not 2 <= len(array) <= BINS + 1:
        msg = f"a histogram has 2 to {BINS + 1} edges in one row; got shape {array.shape}"
        raise ValueError(msg)
    if not np.isfinite(array).all() or (array[1:] < array[:-1]).any():
        msg = "edges of a histogram are finite and rise"
        raise ValueError(msg)
    return array
