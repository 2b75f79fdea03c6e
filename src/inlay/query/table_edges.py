"""Edges of histogram bins as people would draw them: round numbers, whole ones for counts, hours and days for times."""

from __future__ import annotations

import math
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
_DAY = 86_400


def edges_of(low: float, high: float, bins: int, *, whole: bool = False, times: bool = False) -> list[float]:
    """At least two edges around finite values from `low` to `high`, at most `bins` bins of one width between them.

    `whole`: all values are whole numbers, so that no bin is narrower than one, and few of them have a bin each, around
    them. `times`: Unix seconds, in bins of minutes, hours or days.
    """
    if low == high:
        reach = 0.5 if whole or low == 0 else abs(low) / 20
        return [low - reach, low + reach] if low - reach < low + reach else [low, math.nextafter(low, math.inf)]
    if whole and high - low < bins:
        return [low - 0.5 + place for place in range(int(high - low) + 2)]
    narrowest = high / bins - low / bins  # their difference may be infinite
    for width in _widths(narrowest, whole=whole, times=times):
        first = math.floor(low / width)
        last = max(math.ceil(high / width), first + 1)
        if last - first <= bins:
            edges = [_clean(place * width) for place in range(first, last + 1)]
            if edges[0] <= low and edges[-1] >= high and all(map(float.__lt__, edges, edges[1:])):
                return edges
        if width > 2 * (high / 2 - low / 2):
            break
    return [low, high]  # closer together than numbers of this size can be told apart, or too large to round


def _widths(narrowest: float, *, whole: bool, times: bool) -> Iterator[float]:
    """Round widths, from the first that may be wide enough."""
    if times and narrowest <= _TIMES[-1]:
        yield from (float(one) for one in _TIMES if one >= narrowest)
    if times:
        yield from (float(days * _DAY) for days in (7, 14, 28, 91, 182, 364) if days * _DAY >= narrowest)
    exponent = math.floor(math.log10(narrowest)) if narrowest > 0 else -323
    for power in count(exponent):
        if power > 308:
            return
        for digit in (1.0, 2.0, 2.5, 5.0):
            width = float(f"{digit}e{power}")
            if width >= narrowest and (not whole or width.is_integer()):
                yield width


def _clean(value: float) -> float:
    """0.3, not 0.30000000000000004."""
    return float(f"{value:.12g}")
