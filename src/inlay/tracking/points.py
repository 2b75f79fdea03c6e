"""Metric points as they come: the tail of this process's journal, or what the store holds.

A live view reads the tail, so it never waits for the database, and the training never waits for the view.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.store.journal.reader import read_segment
from inlay.store.journal.segment import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inlay.tracking.recorder import Recorder
    from inlay.tracking.run import Run


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one metric, in the order they were logged: columns of equal length."""

    step: NDArray[np.int64]
    time: NDArray[np.float64]
    """Unix seconds"""
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def joined(cls, parts: Sequence[Points]) -> Points:
        """Several one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


class Follower:
    """Hands out a live run's points, those since the last `poll` each time."""

    def __init__(self, run: Run) -> None:
        assert run.recorder is not None  # noqa: S101 - `follow` sees to it
        self._run = run
        self._recorder: Recorder = run.recorder
        self._lock = threading.Lock()
        self._number, self._offset = run.recorder.began_at
        self._stored = run.recorder.resumed

    def poll(self) -> dict[str, Points]:
        """Points by metric since the last call; everything so far at the first. Thread-safe."""
        with self._lock:
            fresh = self._tail()
            if self._stored:
                self._stored = False
                return joined(stored_points(self._run, before=self._recorder.began_at_time), fresh)
            return fresh

    def go_to(self, place: tuple[int, int]) -> None:
        """Hand out next what this process logged behind a segment and offset of its journal."""
        with self._lock:
            self._number, self._offset = max(place, self._recorder.began_at)
            self._stored = False

    def until(self, place: tuple[int, int]) -> dict[str, Points]:
        """Points by metric between where it stands and a place ahead, that of the end of a whole record."""
        with self._lock:
            return self._tail(place)

    def _tail(self, until: tuple[int, int] | None = None) -> dict[str, Points]:
        """What this process has written to its journal since the last look."""
        writer = self._recorder.writer
        blocks = []
        current, end = until or (writer.position()[0], None)
        while self._number <= current:
            path = writer.folder / f"{self._number:06d}{SUFFIX}"
            final = self._number < current
            try:
                records = read_segment(path, self._offset, final=final, end=None if final else end)
            except OSError:
                break  # not there yet, or taken in and cleared away after the end
            blocks += records.blocks
            self._offset = records.offset
            if not final:
                break
            self._number, self._offset = self._number + 1, 0
        if not blocks:
            return {}
        return _by_key(np.concatenate(blocks), self._recorder.keys_by_id())


def follow(run: Run) -> Follower:
    """A follower of a run this process is writing. Raises `ValueError` for any other."""
    if run.recorder is None:
        msg = f"{run!r} is not written by this process"
        raise ValueError(msg)
    return Follower(run)


def stored_points(run: Run, before: float | None = None) -> dict[str, Points]:
    """A run's points from the store; `before` leaves out later ones."""
    from inlay.query.history import histories

    found = {}
    for key, history in histories(run.store, run.run_id).items():
        time = history.time.astype("datetime64[us]").astype(np.int64) / 1e6
        kept = slice(None) if before is None else time < before
        if len(time[kept]):
            found[key] = Points(history.step[kept], time[kept], history.value[kept])
    return found


def _by_key(slots: NDArray[Any], keys: dict[int, str]) -> dict[str, Points]:
    """Slots of several series, and of other runs in the same stream, sorted by metric."""
    ids = slots["series"]
    if len(ids) and np.all(ids == ids[0]):
        groups = [(int(ids[0]), slots)]
    else:
        order = np.argsort(ids, kind="stable")
        slots = slots[order]
        ids = slots["series"]
        cuts = np.flatnonzero(ids[1:] != ids[:-1]) + 1
        groups = [(int(part["series"][0]), part) for part in np.split(slots, cuts)]
    return {
        keys[number]: Points(
            np.ascontiguousarray(part["step"]),
            np.ascontiguousarray(part["time"]),
            np.ascontiguousarray(part["value"]),
        )
        for number, part in groups
        if number in keys
    }


def joined(earlier: dict[str, Points], later: dict[str, Points]) -> dict[str, Points]:
    """Points by metric, and those that came after them."""
    both = dict(earlier)
    for key, points in later.items():
        both[key] = Points.joined((both[key], points)) if key in both else points
    return both
