"""Ingest: whole records out of the journals, into DuckDB, exactly once.

The new rows and the journal offset they came from go into one transaction. A commit that is lost, or a
database file put back to an older copy, is simply ingested again, because its offset is gone, too. A segment
is deleted only when its writer is finished and a later open has seen its whole length taken.

Any process may ingest for any other. `ingest` is called before a query, at the end of a run, and by the
background thread when enough has gathered.
"""

from __future__ import annotations

import shutil
import time
import uuid
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from inlay.store.database import transaction
from inlay.store.journal.reader import Records, read_segment
from inlay.store.journal.segment import SUFFIX
from inlay.store.journal.slots import Kind
from inlay.store.journal.writer import LOCK_NAME
from inlay.store.rows import Batch, kill_runs, replace

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

QUARANTINE = "quarantine"
_SEGMENTS_AT_ONCE = 16  # two million points: large inserts make small files, and memory is bounded


@dataclass(slots=True)
class _Segment:
    """A segment file, and how much of it the database has."""

    path: Path
    number: int
    offset: int
    final: bool


@dataclass(slots=True)
class _Stream:
    """The journal of one writer."""

    writer_id: str
    folder: Path
    alive: bool
    segments: list[_Segment]
    last_time: float = 0.0
    series: dict[int, int] = field(default_factory=dict)
    """Series ids of the stream to those of the database."""


def ingest(store: Store, *, wait: float = 60.0) -> int:
    """Take in everything the journals hold, and tell killed runs; returns the number of points taken.

    Raises `StoreBusyError` when the database cannot be had within `wait` seconds; nothing is lost then.
    """
    if not _anything_to_do(store):
        return 0
    with store.open(wait=wait) as con:
        return ingest_into(con, store)


def ingest_into(con: DuckDBPyConnection, store: Store) -> int:
    """`ingest` over a connection that is open already."""
    taken = 0
    for stream in _streams(con, store):
        taken += _ingest_stream(con, store, stream)
    _end_orphans(con, store)
    return taken


def _anything_to_do(store: Store) -> bool:
    """Whether a journal, or the first database, is waiting; a glance at the folder, no lock taken."""
    if not store.database.exists():
        return True
    return any(_is_stream(entry.name) for entry in store.journal.iterdir())


def _streams(con: DuckDBPyConnection, store: Store) -> list[_Stream]:
    """Every writer's journal, in the order the writers started."""
    progress = {
        (str(writer), segment): (offset, last)
        for writer, segment, offset, last in con.execute(
            'SELECT writer, segment, "offset", last_time FROM ingest_progress'
        ).fetchall()
    }
    streams = []
    for folder in sorted(store.journal.iterdir()):
        if not _is_stream(folder.name) or not folder.is_dir():
            continue
        # Asked before the segments are listed: a writer found dead here has nothing more to add to the list.
        alive = _is_alive(folder)
        stream = _Stream(folder.name, folder, alive, [])
        paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())
        for path in paths:
            number = int(path.stem)
            offset, last = progress.get((stream.writer_id, number), (0, 0.0))
            stream.segments.append(_Segment(path, number, offset, final=not alive or path != paths[-1]))
            stream.last_time = max(stream.last_time, last or 0.0)
        streams.append(stream)
    return streams


def _is_stream(name: str) -> bool:
    """Whether a folder of this name is a writer's: the quarantine is none, nor is what others may put there."""
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _is_alive(folder: Path) -> bool:
    """Whether the writer still holds the OS lock on its folder."""
    from filelock import FileLock, Timeout

    if not (folder / LOCK_NAME).exists():
        return False
    lock = FileLock(folder / LOCK_NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return True  # cannot tell: never declare a living run dead
    lock.release()
    return False


def _ingest_stream(con: DuckDBPyConnection, store: Store, stream: _Stream) -> int:
    """Take what is new in one writer's journal, and clear away what was taken long ago."""
    known = con.execute("SELECT local_id, series_id FROM writer_series WHERE writer = ?", [stream.writer_id])
    stream.series = dict(known.fetchall())
    taken, waiting = 0, []
    for segment in stream.segments:
        records = _read(segment)
        if records is None:
            continue
        if records.damage:
            _quarantine(store, stream, segment, records.damage)
        waiting.append((segment, records))
        if len(waiting) == _SEGMENTS_AT_ONCE:
            taken += _commit(con, stream, waiting)
            waiting = []
    if waiting:
        taken += _commit(con, stream, waiting)
    elif not stream.alive and taken == 0:
        _finish(con, stream)
    return taken


def _read(segment: _Segment) -> Records | None:
    """New records of a segment; None when there is nothing new."""
    try:
        size = segment.path.stat().st_size
        if segment.final and segment.offset >= size:
            return None
        records = read_segment(segment.path, segment.offset, final=segment.final)
    except OSError as error:
        warnings.warn(f"inlay: {segment.path} cannot be read: {error}", RuntimeWarning, stacklevel=2)
        return None
    if segment.final:
        records.offset = size
    return records if records.offset > segment.offset else None


def _commit(con: DuckDBPyConnection, stream: _Stream, waiting: list[tuple[_Segment, Records]]) -> int:
    """New records and the offsets behind them, in one transaction."""
    points = np.concatenate([records.points() for _, records in waiting])
    stream.last_time = max(stream.last_time, *(records.last_time for _, records in waiting))
    progress = [(stream.writer_id, segment.number, records.offset, stream.last_time) for segment, records in waiting]
    odd: list[str] = []
    with transaction(con):
        batch = Batch(con, stream.writer_id, stream.series)
        for _, records in waiting:
            for event in records.events:
                try:
                    batch.add(event)
                except (KeyError, TypeError, ValueError) as error:  # one bad event must not hold up the rest
                    odd.append(f"{Kind(event.kind).name} ({error!r})")
        lost = batch.write(points)
        replace(con, "ingest_progress", progress, keys=2)
        if not stream.alive and waiting[-1][0] is stream.segments[-1]:
            kill_runs(con, stream.writer_id, _end_of(stream))
    for segment, records in waiting:
        segment.offset = records.offset
    if odd:
        warnings.warn(
            f"inlay: records in {stream.folder} could not be understood and were left out: {'; '.join(odd)}",
            RuntimeWarning,
            stacklevel=2,
        )
    if lost:
        warnings.warn(
            f"inlay: {lost} points in {stream.folder} belong to no known metric and were left out",
            RuntimeWarning,
            stacklevel=2,
        )
    return len(points) - lost


def _quarantine(store: Store, stream: _Stream, segment: _Segment, damage: list[tuple[int, int]]) -> None:
    """Set damaged bytes aside, under a name that says where they were, and say so once."""
    folder = store.journal / QUARANTINE
    total = sum(end - start for start, end in damage)
    what = f"were set aside in {folder}"
    try:
        folder.mkdir(exist_ok=True)
        with segment.path.open("rb") as file:
            for start, end in damage:
                file.seek(start)
                name = f"{stream.writer_id}-{segment.number:06d}-{start}.bin"
                (folder / name).write_bytes(file.read(end - start))
    except OSError as error:  # a full disk must not hold up what is whole
        what = f"were left out and could not be set aside in {folder} ({error})"
    warnings.warn(
        f"inlay: {total:,} damaged bytes in {segment.path} {what}; all records before and after them were kept",
        RuntimeWarning,
        stacklevel=2,
    )


def _finish(con: DuckDBPyConnection, stream: _Stream) -> None:
    """The writer is gone and this open, a later one, sees all of its journal taken: clear it away."""
    whole = all(segment.offset >= segment.path.stat().st_size for segment in stream.segments)
    if not whole:
        return
    shutil.rmtree(stream.folder, ignore_errors=True)
    if stream.folder.exists():  # a segment that is still there must not be taken for new
        return
    with transaction(con):
        kill_runs(con, stream.writer_id, _end_of(stream))
        con.execute("DELETE FROM ingest_progress WHERE writer = ?", [stream.writer_id])
        con.execute("DELETE FROM writer_series WHERE writer = ?", [stream.writer_id])


def _end_of(stream: _Stream) -> float:
    """When a dead writer wrote last. Points may have times of the user's own, which may lie ahead."""
    return min(stream.last_time, time.time())


def _end_orphans(con: DuckDBPyConnection, store: Store) -> None:
    """Runs whose writer has neither a journal nor an end: its folder is gone, so is the process."""
    running = con.execute("SELECT DISTINCT writer FROM runs WHERE status = 'running'").fetchall()
    gone = [str(writer) for (writer,) in running if writer and not (store.journal / str(writer)).is_dir()]
    for writer in gone:
        with transaction(con):
            kill_runs(con, writer, None)
