"""Points that other processes log to a run of this one: read from the store, without those that it logged itself.

The card of a run has its own points from the journal at once, and what workers log about a second later. The store
says how much of this process's journal it holds; what lies between two such places is taken out of what is new, value
by value, and the rest is the others'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inlay.tracking import following
from inlay.tracking.following import FollowedRun
from inlay.tracking.points import Points, follow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.tracking.run import Run

_LENGTH_OF_ID = 36


class JoinedRun(FollowedRun):
    """A run that this process writes, and others may. `take` hands out what the others logged, or everything anew."""

    def __init__(self, run: Run, limits: Sequence[int], also: Callable[[Run], bool] = lambda _: False) -> None:
        """As of `FollowedRun`; `also` is called with a copy of the run that knows nothing of this process's memory."""
        super().__init__(run, limits, also)
        self._writing = run
        self._own = follow(run)
        self._seen_at = 0

    def look(self, *, wait: float | None = None) -> None:
        """Find what others logged; nothing is opened where nobody else writes to the store."""
        self.cost = 0.0
        written = self._written_at()
        if self._writing.live and (written != self._seen_at or self._is_somebody_else()):
            super().look(wait=wait)
            self._seen_at = self._written_at()

    def _written_at(self) -> int:
        """A worker that lived shortly may have been taken in by somebody else, and left no journal."""
        try:
            return self.run.store.database.stat().st_mtime_ns
        except FileNotFoundError:  # made when something is taken in for the first time
            return 0

    def _is_somebody_else(self) -> bool:
        mine = self._writer().name
        names = (entry.name for entry in self.run.store.journal.iterdir())
        return any(name != mine and len(name) == _LENGTH_OF_ID for name in names)

    def _writer(self) -> Path:
        assert self._writing.recorder is not None  # noqa: S101 - it is live
        return self._writing.recorder.writer.folder

    def _wanted(self, con: DuckDBPyConnection, points: dict[str, Points] | None) -> dict[str, Points] | None:
        before, self.behind = self.behind, self._taken(con)
        if points is None or before is None:
            return None
        self._own.go_to(before)
        own = self._own.until(self.behind)
        found = {key: _without(new, own[key]) if key in own else new for key, new in points.items()}
        return {key: new for key, new in found.items() if len(new)}

    def _taken(self, con: DuckDBPyConnection) -> tuple[int, int]:
        """How much of this process's journal the store has: a segment, and an offset in it."""
        query = 'SELECT segment, "offset" FROM ingest_progress WHERE writer = ?::UUID ORDER BY segment DESC LIMIT 1'
        segment, offset = con.execute(query, [self._writer().name]).fetchone() or (0, 0)
        return int(segment), int(offset)


def follow_joined(run: Run, limits: Sequence[int], also: Callable[[Run], bool] = lambda _: False) -> JoinedRun:
    """Begin to look for what other processes log to a run that this one writes; the first look is the thread's."""
    joined = JoinedRun(run, limits, also)
    following.watch(joined)
    return joined


def _without(points: Points, own: Points) -> Points:
    """The points that are not this process's own; of equal ones as many as are too many."""
    if len(own) >= len(points):
        return Points(points.step[:0], points.time[:0], points.value[:0])
    group = _groups(np.concatenate([own.step, points.step]), np.concatenate([own.value, points.value]))
    mine, new = group[: len(own)], group[len(own) :]
    taken = np.bincount(mine, minlength=int(group.max()) + 1)
    order = np.argsort(new, kind="stable")
    ordered = new[order]
    rank = np.arange(len(new)) - np.searchsorted(ordered, ordered)
    kept = np.sort(order[rank >= taken[ordered]])
    return Points(points.step[kept], points.time[kept], points.value[kept])


def _groups(step: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.intp]:
    """A number for each pair, the same for equal ones; NaN equals itself."""
    bits = np.where(np.isnan(value), np.nan, value + 0.0).view(np.int64)
    order = np.lexsort((bits, step))
    changed = (np.diff(step[order]) != 0) | (np.diff(bits[order]) != 0)
    group = np.empty(len(step), np.intp)
    group[order] = np.concatenate([[0], np.cumsum(changed)])
    return group
