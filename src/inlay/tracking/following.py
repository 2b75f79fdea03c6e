"""Following a run that another process writes: its journal is taken in and what is new is read, about once a second.

Looking may take long, on a store that is busy or large, so it has a thread of its own for all runs that are followed;
whoever draws takes what was found so far, and never waits. A store that is busy, deleted or broken is looked at again
later, without a word: it is not this process that records in it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inlay.query import attributes
from inlay.query.fresh import fresh
from inlay.query.stored_curves import points_after, stored_in
from inlay.tracking.points import Points, joined
from inlay.tracking.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.stored_curves import StoredCurves

EVERY = 1.0
"""Seconds between two looks."""
SHARE = 0.1
"""The most of the time that looking may take."""
LONGEST = 10.0
"""Seconds between two looks however dear they are."""
PATIENCE = 0.5
"""Seconds a look waits for a busy store; the next one comes soon."""
MANY = 200_000
"""New points above which the database reduces them, instead of handing them out."""


@dataclass(slots=True)
class News:
    """What was found since the last `take`."""

    everything: StoredCurves | None = None
    """All metrics from their beginning; what was known before is to be forgotten."""
    behind: tuple[int, int] | None = None
    """Of a run of this process, the place in its journal behind which its points are not in `everything`."""
    points: dict[str, Points] = field(default_factory=dict)
    """New points by metric, after `everything`."""
    changed: bool = False
    """Whether params, tags, note or status may have."""
    late: bool = False
    """Whether `also` found something."""


class FollowedRun:
    """A run under observation. `take` hands out what was found; `look` finds it, and is called by the thread."""

    def __init__(self, run: Run, limits: Sequence[int], also: Callable[[Run], bool] = lambda _: False) -> None:
        """`limits` are those of `query.stored_curves.stored`. `also` is called after each look, for what else has to be
        read now and then; it says whether it found anything.
        """
        self._attributes = run.attributes()
        self.run = Run(self._attributes, run.store)
        """The same run, with its attributes as of the last look: asking it costs nothing."""
        self.run.reread = False
        self._limits = limits
        self._also = also
        self._looking = threading.Lock()
        self._taking = threading.Lock()
        self._news = News()
        self._position: _Position | None = None
        self._ended = self.run.ended
        self.behind: tuple[int, int] | None = None
        self.cost = 0.0
        """Seconds the last look took."""

    @property
    def ended(self) -> bool:
        """Whether the last look found it ended, and all that it found can be taken."""
        return self._ended

    def take(self) -> News:
        """What was found since the last call."""
        with self._taking:
            news, self._news = self._news, News()
            return news

    def look(self, *, wait: float | None = None) -> None:
        """Take in the journal and find what is new. Raises what the store raises when it cannot be had."""
        with self._looking:
            began = time.monotonic()
            try:
                with fresh(self.run.store, wait=PATIENCE if wait is None else wait) as con:
                    self._read(con)
                    # In the same turn: opening the store again takes as long as reading it.
                    late = self._also(self.run)
                with self._taking:
                    self._news.late |= late
                self._ended = self.run.ended
            finally:
                self.cost = time.monotonic() - began

    def _read(self, con: DuckDBPyConnection) -> None:
        changed = self._read_attributes(con)
        position = _position(con, self.run.run_id)
        before, everything, points = self._position, None, None
        if before is not None and position.continues(before) and position.points - before.points <= MANY:
            points = _new_points(con, position, before)
        points = self._wanted(con, points)
        if points is None:
            everything = stored_in(con, self.run.run_id, self._limits)
        # Only now: what could not be read is read the next time.
        self._position = position
        with self._taking:
            news = self._news
            news.changed |= changed
            if everything is not None:
                news.everything, news.points, news.behind = everything, {}, self.behind
            elif points:
                news.points = joined(news.points, points)

    def _wanted(self, con: DuckDBPyConnection, points: dict[str, Points] | None) -> dict[str, Points] | None:  # noqa: ARG002
        """Those of the new points that are handed out; None where everything is to be."""
        return points

    def _read_attributes(self, con: DuckDBPyConnection) -> bool:
        found = attributes.load(con, [self.run.run_id])
        if not found or found[0] == self._attributes:
            return False
        attributes.replace(self._attributes, found[0])
        return True


def follow_foreign(run: Run, limits: Sequence[int], also: Callable[[Run], bool] = lambda _: False) -> FollowedRun:
    """Begin to follow a run that another process writes, with a first look, which waits for its turn.

    Raises `StoreBusyError` or `StoreError` when the store cannot be had.
    """
    followed = FollowedRun(run, limits, also)
    followed.look(wait=60.0)
    if not followed.ended:
        watch(followed)
    return followed


def unfollow(followed: FollowedRun) -> None:
    """Look no more."""
    with _lock:
        if _thread is not None and followed in _thread.followed:
            _thread.followed.remove(followed)


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a store was read for one run."""

    row: int
    """The last row of the table `points`"""
    compaction: tuple[Any, ...] | None
    """A compaction may move rows."""
    counts: dict[int, int]
    """Points of each of the run's series"""
    keys: dict[int, str]

    @property
    def points(self) -> int:
        return sum(self.counts.values())

    def continues(self, before: _Position) -> bool:
        """Whether everything that was there is where it was."""
        return (
            self.compaction == before.compaction
            and self.row >= before.row
            and all(self.counts.get(number, 0) >= count for number, count in before.counts.items())
        )


def _position(con: DuckDBPyConnection, run_id: str) -> _Position:
    (row,) = con.execute("SELECT coalesce(max(rowid), -1) FROM points").fetchone() or (-1,)
    compaction = con.execute("SELECT bytes, points FROM compaction").fetchone()
    series = con.execute(
        "SELECT series_id, key, count FROM series WHERE run_id = ? AND count > 0 ORDER BY series_id", [run_id]
    ).fetchall()
    return _Position(row, compaction, {one[0]: one[2] for one in series}, {one[0]: one[1] for one in series})


def _new_points(con: DuckDBPyConnection, now: _Position, before: _Position) -> dict[str, Points] | None:
    """Points since `before`, by metric; None when they are not all where they should be."""
    grown = [number for number, count in now.counts.items() if count > before.counts.get(number, 0)]
    if not grown:
        return {}
    found = {
        now.keys[number]: Points(step, time, value)
        for number, step, time, value in points_after(con, before.row, grown)
    }
    return found if sum(map(len, found.values())) == now.points - before.points else None


class _Thread(threading.Thread):
    """Looks at all followed runs in turn, until none is left or the process ends."""

    def __init__(self) -> None:
        super().__init__(name="inlay-following", daemon=True)
        self.followed: list[FollowedRun] = []
        self.over = threading.Event()

    def run(self) -> None:
        pause = EVERY
        while not self.over.wait(pause):
            with _lock:
                followed = [one for one in self.followed if not one.ended]
                self.followed[:] = followed
                if not followed:
                    _forget(self)
                    return
            for one in followed:
                if self.over.is_set():
                    return
                self._look(one)
            pause = max(EVERY, min(sum(one.cost for one in followed) / SHARE, LONGEST))

    def _look(self, followed: FollowedRun) -> None:
        with contextlib.suppress(Exception):  # busy, deleted, broken: it is tried again
            followed.look()


def watch(followed: FollowedRun) -> None:
    """Look at it about once a second from now on."""
    global _thread
    with _lock:
        if _thread is None:
            _thread = _Thread()
            _thread.followed.append(followed)
            _thread.start()
        else:
            _thread.followed.append(followed)


_lock = threading.Lock()
_thread: _Thread | None = None


def _forget(thread: _Thread) -> None:
    global _thread
    if _thread is thread:
        _thread = None


@atexit.register
def _stop() -> None:
    """A thread that is inside DuckDB when the interpreter goes away takes the process with it (SIGABRT)."""
    if (thread := _thread) is not None:
        thread.over.set()
        thread.join(timeout=5.0)


def _after_fork() -> None:
    global _lock, _thread
    _lock, _thread = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
