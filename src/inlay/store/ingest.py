"""Ingest: whole records out of the journals, into DuckDB, exactly once.

The new rows and the journal offset they came from go into one transaction. A commit that is lost, or a
database file put back to an older copy, is simply ingested again, because its offset is gone, too. A segment
is deleted only when its writer is finished and a later open has seen its whole length taken.

Any process may ingest for any other. `ingest` is called before a query, at the end of a run, and by the
background thread when enough has gathered.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from inlay.store.database import transaction
from inlay.store.journal.reader import Records, read_segment
from inlay.store.journal.segment import SUFFIX
from inlay.store.journal.writer import LOCK_NAME
from inlay.store.locks import is_held
from inlay.store.permissions import make_folder, take_after
from inlay.store.rows import Batch, kill_runs, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

QUARANTINE = "quarantine"
# Large inserts make small files, and one for many journals takes a tenth of one for each; memory is bounded.
_POINTS_AT_ONCE = 2_000_000
_SEGMENTS_AT_ONCE = 256


@dataclass(slots=True)
class _Segment:
    """A segment file, and how much of it the database has."""

    path: Path
    number: int
    offset: int
    final: bool
    cut_off: bool
    """Whether its writer died, perhaps in the middle of a write to it."""


@dataclass(slots=True)
class _Stream:
    """The journal of one writer."""

    writer_id: str
    folder: Path
    alive: bool
    segments: list[_Segment]
    last_time: float = 0.0
    idle: bool = True
    """Whether the database had everything when we looked."""


class _Piece(NamedTuple):
    """New records of one segment."""

    stream: _Stream
    segment: _Segment
    records: Records

    def points(self) -> int:
        return sum(map(len, self.records.blocks))


def ingest(store: Store, *, wait: float = 60.0) -> int:
    """Take in everything the journals hold, and tell killed runs; returns the number of points taken.

    Raises `StoreBusyError` when the database cannot be had within `wait` seconds; nothing is lost then.
    """
    if store.read_only or not _anything_to_do(store):
        return 0
    with store.open(wait=wait) as con:
        return ingest_into(con, store)


def ingest_into(con: DuckDBPyConnection, store: Store) -> int:
    """`ingest` over a connection that is open already. Of a read-only store, opening took everything in."""
    if store.read_only:
        return 0
    streams = _streams(con, store)
    taken = _take_in(con, store, streams, quarantine=True)
    _finish(con, _gone(streams))
    _end_orphans(con, store)
    return taken


def ingest_aside(con: DuckDBPyConnection, store: Store) -> int:
    """Take the journals of a store that may not be written to into a private copy of its database: they stay."""
    streams = _streams(con, store)
    taken = _take_in(con, store, streams, quarantine=False)
    with transaction(con):
        kill_runs(con, {stream.writer_id: _end_of(stream) for stream in _gone(streams)})
    _end_orphans(con, store)
    return taken


def waits(con: DuckDBPyConnection, store: Store) -> bool:
    """Whether the journals hold what this database does not, the deaths of their writers included."""
    streams = _streams(con, store)
    if any(True for _ in _news(store, streams, quarantine=False)):
        return True
    alive = {stream.writer_id for stream in streams if stream.alive}
    return any(writer not in alive for writer in _writing(con))


def _take_in(con: DuckDBPyConnection, store: Store, streams: list[_Stream], *, quarantine: bool) -> int:
    return sum(_commit(con, pieces) for pieces in _batches(_news(store, streams, quarantine=quarantine)))


def _gone(streams: list[_Stream]) -> list[_Stream]:
    """The streams that nobody writes to any more, and that the database had the whole of when we looked."""
    return [stream for stream in streams if stream.idle and not stream.alive]


def _anything_to_do(store: Store) -> bool:
    """Whether a journal, or the first database, is waiting; a glance at the folder, no lock taken."""
    if not store.database.exists():
        return True
    return any(_is_stream(entry.name) for entry in store.journal.iterdir())


def _streams(con: DuckDBPyConnection, store: Store) -> list[_Stream]:
    """Every writer's journal, in the order the writers started."""
    folders = list(_folders(store))
    if not folders:  # mostly: asking takes longer than looking
        return []
    progress = {
        (str(writer), segment): (offset, last)
        for writer, segment, offset, last in con.execute(
            'SELECT writer, segment, "offset", last_time FROM ingest_progress'
        ).fetchall()
    }
    streams = []
    for folder in folders:
        # Asked before the segments are listed: a writer found dead here has nothing more to add to the list.
        alive = is_held(folder / LOCK_NAME, writable=not store.read_only)
        stream = _Stream(folder.name, folder, alive, [])
        paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())
        if not paths and not (folder / LOCK_NAME).exists():
            continue  # being made just now
        for path in paths:
            number = int(path.stem)
            offset, written = progress.get((stream.writer_id, number), (0, 0.0))
            last = path == paths[-1]
            stream.segments.append(
                _Segment(path, number, offset, final=not (alive and last), cut_off=last and not alive)
            )
            stream.last_time = max(stream.last_time, written or 0.0)
        streams.append(stream)
    return streams


def _folders(store: Store) -> Iterator[Path]:
    """Those of the writers. One that is not ours to look into is left, with all that it may hold."""
    if store.read_only and not store.journal.is_dir():
        return
    for folder in sorted(store.journal.iterdir()):
        if _is_stream(folder.name) and folder.is_dir():
            if os.access(folder, os.R_OK | os.X_OK):
                yield folder
            else:
                _warn(f"{folder} cannot be read: permission denied. What was logged there is not shown")


def _is_stream(name: str) -> bool:
    """Whether a folder of this name is a writer's: the quarantine is none, nor is what others may put there."""
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _news(store: Store, streams: list[_Stream], *, quarantine: bool) -> Iterator[_Piece]:
    """What the journals hold that the database does not, read when it is asked for."""
    for stream in streams:
        for segment in stream.segments:
            records = _read(segment)
            if records is None:
                continue
            if records.damage and quarantine:
                _quarantine(store, stream, segment, records.damage)
            stream.idle = False
            yield _Piece(stream, segment, records)


def _batches(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """As much as goes into one transaction."""
    batch: list[_Piece] = []
    points = 0
    for piece in pieces:
        batch.append(piece)
        points += piece.points()
        if points >= _POINTS_AT_ONCE or len(batch) >= _SEGMENTS_AT_ONCE:
            yield batch
            batch, points = [], 0
    if batch:
        yield batch


def _read(segment: _Segment) -> Records | None:
    """New records of a segment; None when there is nothing new."""
    try:
        size = segment.path.stat().st_size
        if segment.final and segment.offset >= size:
            return None
        records = read_segment(segment.path, segment.offset, final=segment.final, cut_off=segment.cut_off)
    except OSError as error:
        warnings.warn(f"inlay: {segment.path} cannot be read: {error}", RuntimeWarning, stacklevel=2)
        return None
    if segment.final:
        records.offset = size
    return records if records.offset > segment.offset else None


def _commit(con: DuckDBPyConnection, pieces: list[_Piece]) -> int:
    """New records and the offsets behind them, in one transaction."""
    progress = []
    ends: dict[str, float | None] = {}
    for stream, segment, records in pieces:
        stream.last_time = max(stream.last_time, records.last_time)
        progress.append((stream.writer_id, segment.number, records.offset, stream.last_time))
        if not stream.alive and segment is stream.segments[-1]:
            ends[stream.writer_id] = _end_of(stream)
    with transaction(con):
        batch = Batch(con)
        odd = batch.add([(stream.writer_id, event) for stream, _, records in pieces for event in records.events])
        lost = batch.write((stream.writer_id, records.points()) for stream, _, records in pieces)
        replace(con, "ingest_progress", progress, keys=2)
        kill_runs(con, ends)
    for _, segment, records in pieces:
        segment.offset = records.offset
    for writer, what in odd:
        _warn(f"a record in the journal {writer} could not be understood and was left out: {what}")
    for writer, count in lost.items():
        _warn(f"{count} points in the journal {writer} belong to no known metric and were left out")
    return sum(piece.points() for piece in pieces) - sum(lost.values())


def _warn(message: str) -> None:
    warnings.warn(f"inlay: {message}", RuntimeWarning, stacklevel=2)


def _quarantine(store: Store, stream: _Stream, segment: _Segment, damage: list[tuple[int, int]]) -> None:
    """Set damaged bytes aside, under a name that says where they were, and say so once."""
    folder = store.journal / QUARANTINE
    total = sum(end - start for start, end in damage)
    what = f"were set aside in {folder}"
    try:
        make_folder(folder)
        with segment.path.open("rb") as file:
            for start, end in damage:
                file.seek(start)
                name = f"{stream.writer_id}-{segment.number:06d}-{start}.bin"
                (folder / name).write_bytes(file.read(end - start))
                take_after(folder / name, folder)
    except OSError as error:  # a full disk must not hold up what is whole
        what = f"were left out and could not be set aside in {folder} ({error})"
    warnings.warn(
        f"inlay: {total:,} damaged bytes in {segment.path} {what}; all records before and after them were kept",
        RuntimeWarning,
        stacklevel=2,
    )


def _finish(con: DuckDBPyConnection, streams: list[_Stream]) -> None:
    """The writers are gone and this open, a later one, sees all of their journals taken: clear them away."""
    gone: dict[str, float | None] = {}
    for stream in streams:
        if any(segment.offset < segment.path.stat().st_size for segment in stream.segments):
            continue
        shutil.rmtree(stream.folder, ignore_errors=True)
        if not stream.folder.exists():  # a segment that is still there must not be taken for new
            gone[stream.writer_id] = _end_of(stream)
    if not gone:
        return
    with transaction(con):
        kill_runs(con, gone)
        for table in ("ingest_progress", "writer_series"):
            con.execute(f"DELETE FROM {table} WHERE writer IN (SELECT unnest(?::UUID[]))", [list(gone)])  # noqa: S608


def _end_of(stream: _Stream) -> float:
    """When a dead writer wrote last. Points may have times of the user's own, which may lie ahead."""
    return min(stream.last_time, time.time())


def _end_orphans(con: DuckDBPyConnection, store: Store) -> None:
    """Runs whose writer has neither a journal nor an end: its folder is gone, so is the process."""
    kill_runs(con, {writer: None for writer in _writing(con) if not (store.journal / writer).is_dir()})


def _writing(con: DuckDBPyConnection) -> list[str]:
    """The writers of runs that have not ended, as far as the database knows."""
    rows = con.execute("SELECT DISTINCT writer FROM runs WHERE status = 'running'").fetchall()
    return [str(writer) for (writer,) in rows if writer]
