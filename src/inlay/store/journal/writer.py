"""The writing end of the journal: one stream per process and store.

`Writer.write` is the segment's own `write`, so a metric costs one struct packing and one copy, without a lock:
under the GIL `mmap.write` copies and advances in one step. Whatever is not an ordinary append (an event, a
full segment, a disk that refuses) goes through a lock. An OS lock on the folder says that the writer lives.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from inlay.store.identity import new_id
from inlay.store.journal.segment import (
    SEGMENT_BYTES,
    SUFFIX,
    AppendSegment,
    MappedSegment,
    MemorySegment,
    segment_type,
)
from inlay.store.journal.slots import HEADER, SLOT, Kind, chunked, pack_event
from inlay.store.permissions import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from inlay.store.locks import HeldLock

LOCK_NAME = "alive.lock"
FORMAT = 1
_RENAMES_OPEN_FILES = sys.platform != "win32"
"""Whether a file, or a folder with one in it, gets another name while it is open."""


class Writer:
    """Appends records to `folder/<writer id>/`. Thread-safe; a forked child must make its own."""

    write: Callable[[bytes], int]
    """Append records of at most 60 slots; raises `ValueError` when the segment is full (see `append`)."""

    def __init__(self, journal: Path) -> None:
        """Open a stream under `journal`.

        A disk that cannot take the folder or the first segment costs one warning, never an exception: records
        are then kept in memory until it can.
        """
        self.writer_id = new_id()
        self.folder = journal / self.writer_id
        self.pid = os.getpid()
        self.closed = False
        self._lock = threading.RLock()
        self._number = 0
        self._series: dict[str, list[tuple[int, str]]] = {}
        self._next_series = 0
        self._alive: HeldLock | None = None
        self._kind: type[MappedSegment | AppendSegment] = MappedSegment
        self._segment: MappedSegment | AppendSegment | MemorySegment
        self._refused = False
        self._free_threaded = not getattr(sys, "_is_gil_enabled", lambda: True)()
        with self._lock:
            self._use(MemorySegment())
            self._roll()
        _writers.add(self)

    # -- appending ------------------------------------------------------------------------------------------

    def append(self, records: bytes) -> None:
        """Append one write's worth of records, starting a new segment when this one is full."""
        with self._lock:
            while True:
                try:
                    self._segment.write(records)
                except ValueError:
                    self._roll()
                else:
                    return

    def append_points(self, points: bytes) -> None:
        """Append any number of packed points."""
        for piece in chunked(points):
            self.append(piece)

    def event(self, kind: Kind, body: dict[str, Any], at: float | None = None) -> None:
        """Append an event; on return it survives the process. `at` is Unix time, now by default."""
        records = pack_event(kind, body, time.time() if at is None else at)
        with self._lock:
            self._append_together(records)

    def define(self, run_id: str, keys: Iterable[str]) -> list[int]:
        """Give each metric key of a run a series id in this stream, and say so in the journal."""
        with self._lock:
            fresh = []
            for key in keys:
                self._next_series += 1
                fresh.append((self._next_series, key))
            self._series.setdefault(run_id, []).extend(fresh)
            for part in _definitions(run_id, fresh):
                self.event(Kind.SERIES, part)
            return [series_id for series_id, _ in fresh]

    def forget(self, run_id: str) -> None:
        """The run has ended: later segments need not repeat its series definitions."""
        with self._lock:
            self._series.pop(run_id, None)

    def _append_together(self, records: list[bytes]) -> None:
        """All parts of an event into one segment: a reader drops an event that is cut off."""
        while True:
            if isinstance(self._segment, MemorySegment):
                self._segment.keep(records)
                return
            try:
                for record in records:
                    self._segment.write(record)
            except ValueError:
                self._roll(room_for=sum(map(len, records)))
            else:
                return

    # -- segments -------------------------------------------------------------------------------------------

    def _roll(self, room_for: int = 0) -> None:
        """Seal the segment and go on in a new one; in memory when the disk has no room for it."""
        if self.closed:
            msg = "the journal is closed"
            raise RuntimeError(msg)
        head = self._head()
        size = max(SEGMENT_BYTES, 2 * (sum(map(len, head)) + room_for))
        old = self._segment
        old.seal()
        try:
            self._use(self._create(size, head))
        except OSError as error:
            self._warn_refused(error)
            if isinstance(old, MemorySegment):
                return
            self._use(MemorySegment())
        if isinstance(old, MemorySegment):
            self._drain(old)
        else:
            old.close()

    def _use(self, segment: MappedSegment | AppendSegment | MemorySegment) -> None:
        self._segment = segment
        one_step = isinstance(segment, MappedSegment) and not self._free_threaded
        self.write = segment.write if one_step else self._locked_write

    def _locked_write(self, records: bytes) -> int:
        # Where copy and advance are not one step. Under the lock nobody writes to a segment that was left.
        with self._lock:
            return self._segment.write(records)

    def _head(self) -> list[bytes]:
        """What makes a segment readable by itself: the writer, and the series still in use."""
        now = time.time()
        body = {"format": FORMAT, "writer": self.writer_id, "pid": self.pid}
        records = pack_event(Kind.WRITER, body, now)
        for run_id, series in self._series.items():
            for part in _definitions(run_id, series):
                records += pack_event(Kind.SERIES, part, now)
        return records

    def _create(self, size: int, head: list[bytes]) -> MappedSegment | AppendSegment:
        """A new segment, complete with its head before it gets its name."""
        self._take_folder()
        number = self._number + 1
        path = self.folder / f"{number:06d}{SUFFIX}"
        # Where an open file keeps its name, a reader may meet half a head, and reads the rest of it next time.
        temporary = path.with_suffix(".new") if _RENAMES_OPEN_FILES else path
        temporary.unlink(missing_ok=True)
        segment = self._kind(temporary, size)
        try:
            for record in head:
                segment.write(record)
            if temporary != path:
                temporary.replace(path)
        except (OSError, ValueError) as error:
            segment.close()
            temporary.unlink(missing_ok=True)
            raise OSError(str(error)) from error
        segment.path = path
        self._number = number
        return segment

    def _take_folder(self) -> None:
        """Make the folder and lock it under a hidden name, so that nobody ever sees it without its lock.

        Where a folder with an open file keeps its name, it is made under its own: readers leave one alone that has
        neither a lock nor a segment.
        """
        if self._alive is not None:
            return
        from inlay.store.locks import HeldLock

        hidden = self.folder.with_name(f".{self.writer_id}") if _RENAMES_OPEN_FILES else self.folder
        hidden.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_folder(hidden)
        self._kind = segment_type(hidden)
        alive = HeldLock(hidden / LOCK_NAME, wait=1.0)
        if hidden != self.folder:
            try:
                hidden.replace(self.folder)
            except OSError:
                alive.release()
                raise
        self._alive = alive

    def _warn_refused(self, error: OSError) -> None:
        if not self._refused:
            self._refused = True
            warnings.warn(
                f"inlay cannot write to {self.folder} ({error}). What is logged is kept in memory and "
                "written as soon as there is room; nothing is lost while this process lives.",
                RuntimeWarning,
                stacklevel=6,
            )

    def _drain(self, memory: MemorySegment) -> None:
        """Write to disk, in order, what was kept in memory; what it refuses again is kept again."""
        for records in memory.kept:
            self._append_together(records)
        self._refused = isinstance(self._segment, MemorySegment)

    # -- upkeep ---------------------------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The segment being written; None while the disk refuses."""
        return self._segment.path

    def is_deleted(self) -> bool:
        """Whether somebody deleted the file that is being written."""
        return self.path is not None and not self.path.exists()

    def position(self) -> tuple[int, int]:
        """Number of the current segment and the bytes written to it; the next one while the disk refuses."""
        if isinstance(self._segment, MemorySegment):
            return self._number + 1, 0
        return self._number, self._segment.position()

    def sync(self) -> None:
        """Put what was written on the disk itself, against power loss; retry a disk that refused."""
        if isinstance(self._segment, MemorySegment):
            with self._lock:
                if self.path is None and not self.closed:
                    self._roll()
            return
        try:
            self._segment.sync()
        except (OSError, ValueError):  # closed or rolled meanwhile, which syncs, too
            return

    def close(self) -> None:
        """Say that nothing more will come, and let go of the folder."""
        with self._lock:
            if self.closed:
                return
            if isinstance(self._segment, MemorySegment):
                self._roll()
            self.event(Kind.CLOSED, {})
            self.closed = True
            if isinstance(self._segment, MemorySegment):
                warnings.warn(
                    f"inlay could not write {self._segment.position() >> 10:,} KB to {self.folder}: they are lost.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            self.write = _refuse
            self._segment.close()
            self._release()

    def abandon(self) -> None:
        """In a forked child: drop the parent's files without a trace in them."""
        self.closed = True
        self.write = _refuse
        self._segment.abandon()
        self._lock = threading.RLock()  # whoever held it does not exist here
        if self._alive is not None:
            self._alive.leave_to_parent()
            self._alive = None

    def _release(self) -> None:
        if self._alive is not None:
            self._alive.release()
            self._alive = None


def _definitions(run_id: str, series: list[tuple[int, str]]) -> Iterable[dict[str, Any]]:
    """Series events of a size that leaves room for others in a segment."""
    for start in range(0, len(series), _SERIES_AN_EVENT):
        yield {"run": run_id, "series": [list(pair) for pair in series[start : start + _SERIES_AN_EVENT]]}


# The longest keys, in the longest spelling JSON has for them, fit one event.
_SERIES_AN_EVENT = 300


def _refuse(_: bytes) -> int:
    msg = "the journal is closed"
    raise ValueError(msg)


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _abandon_all() -> None:
    for writer in list(_writers):
        if not writer.closed:
            writer.abandon()
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)

assert HEADER.size == SLOT  # noqa: S101 - the format's one invariant, checked where both are used
