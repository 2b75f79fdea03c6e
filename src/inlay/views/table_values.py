"""What the metrics of a live run of this process are by now: its last points, on top of what the store has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.table_cells import number_cell
from inlay.tracking.points import follow
from inlay.views.table_texts import number_of

if TYPE_CHECKING:
    from inlay.tracking.run import Run


class LiveValues:
    """Last, least and greatest value of each metric logged since a place in the journal."""

    def __init__(self, run: Run, place: tuple[int, int] | None) -> None:
        """`place` is one up to which the store has everything; what it has beyond does no harm."""
        self._follower = follow(run)
        if place is not None:
            self._follower.go_to(place)
        self._known: dict[str, list[float]] = {}

    def take(self) -> None:
        """Take in what was logged since the last call."""
        for key, points in self._follower.poll().items():
            last_step = int(points.step.max())
            last = float(points.value[np.flatnonzero(points.step == last_step)[-1]])
            low, high = _ends(points.value)
            known = self._known.get(key)
            if known is None:
                self._known[key] = [last_step, last, low, high]
                continue
            if last_step >= known[0]:
                known[:2] = [last_step, last]
            known[2:] = [min(known[2], low), max(known[3], high)]

    def cell(self, key: str, summary: str, stored: Any) -> Any:
        """The cell of a metric, `stored` being what the store says."""
        known = self._known.get(key)
        if known is None:
            return stored
        if summary == "last":
            return number_cell(known[1])
        now, before = known[2 if summary == "min" else 3], number_of(stored)
        if not math.isfinite(now):
            return stored if before is not None else number_cell(math.nan)
        if before is not None and not math.isnan(before):
            now = min(now, before) if summary == "min" else max(now, before)
        return number_cell(now)


def _ends(values: Any) -> tuple[float, float]:
    """The least and the greatest; where there is nothing but NaN, what every number is beyond."""
    kept = values[~np.isnan(values)]
    return (float(kept.min()), float(kept.max())) if len(kept) else (math.inf, -math.inf)
