"""Whether a store is well: its folder, lock, journals, database and kept files, each with what to do about it.

Nothing is changed and nothing taken in; what holds the store is not waited for longer than a moment.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inlay.errors import StoreError
from inlay.store import artifacts, instances, schema
from inlay.store.database import StoreBusyError
from inlay.store.ingest import QUARANTINE
from inlay.store.journal import segment
from inlay.store.journal.writer import LOCK_NAME
from inlay.store.locks import is_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

State = Literal["ok", "note", "wrong"]

SAMPLE = 50
SAMPLE_BYTES = 500_000_000
"""Kept files that are hashed unless all are asked for, and the bytes of them together."""
LITTLE_ROOM = 1_000_000_000
_MOMENT = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do where it is not as it should be."""

    what: str
    state: State
    said: str
    remedy: str | None = None


def examine(store: Store, *, full: bool = False) -> Iterator[Finding]:
    """Everything about a store that exists. With `full`, all kept files are hashed, not a sample of them."""
    yield from _folder(store.folder)
    yield _room(store.folder)
    yield _journal_form(store)
    lock = _lock(store)
    yield lock
    if lock.state != "wrong":
        yield from _database(store, full=full)
    else:
        yield from _journals(store, {})
    yield from _quarantine(store)
    yield from _leftovers(store)


# -- the folder ---------------------------------------------------------------------------------------------


def _folder(folder: Path) -> Iterator[Finding]:
    status = folder.stat()
    if not os.access(folder, os.R_OK | os.X_OK):
        remedy = "have its owner open the folder to you (chmod)"
        yield Finding("folder", "wrong", f"{folder} cannot be read: permission denied", remedy)
        return
    if not os.access(folder, os.W_OK):
        said = f"{folder} is read-only: its runs can be read, and none recorded"
        yield Finding("folder", "note", said, "to record, choose another: --store FOLDER or INLAY_STORE")
        return
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        remedy = "use it only if you trust that user: whoever can write to a store can show things in your notebook"
        yield Finding("folder", "note", f"{folder} belongs to another user (uid {status.st_uid})", remedy)
        return
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o002:
        remedy = f"if that is not meant: chmod o-w {folder}"
        yield Finding("folder", "note", f"anybody on this machine may write to {folder}", remedy)
        return
    yield Finding("folder", "ok", str(folder))


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < LITTLE_ROOM:
        said = f"only {free / 1e6:,.0f} MB are free where the store lies"
        return Finding("disk", "wrong", said, "free some: `inlay gc` says what the store could give back")
    return Finding("disk", "ok", f"{free / 1e9:,.0f} GB free")


def _journal_form(store: Store) -> Finding:
    kind = "unknown"
    if sys.platform == "linux":
        kind = segment._file_system(store.folder) or kind  # noqa: SLF001 - what decides the form
    form = "through memory maps" if segment.segment_type(store.folder) is segment.MappedSegment else "by appending"
    return Finding("file system", "ok", f"{kind}; journals are written {form}")


def _lock(store: Store) -> Finding:
    path = store.folder / "runs.lock"
    deadline = time.monotonic() + _MOMENT
    while path.exists() and is_held(path, writable=os.access(path, os.W_OK)):
        if time.monotonic() > deadline:
            holder = _holder(path)
            said = f"{path.name} has been held for {_MOMENT:.0f} s{f' by {holder}' if holder else ''}"
            return Finding("lock", "wrong", said, "wait for that process, or end it; recording goes on meanwhile")
        time.sleep(0.05)
    return Finding("lock", "ok", "free")


def _holder(path: Path) -> str | None:
    """The process that has a file locked, where the system tells."""
    try:
        number = path.stat().st_ino
        for line in Path("/proc/locks").read_text("utf-8").splitlines():
            fields = line.split()  # 1: FLOCK ADVISORY WRITE pid device:inode start end
            if len(fields) > 5 and fields[5].rpartition(":")[2] == str(number):
                return f"process {fields[4]}{_command(fields[4])}"
    except OSError:
        return None
    return None


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    return f" ({' '.join(words[:3]).strip()})"


# -- the database -------------------------------------------------------------------------------------------


def _database(store: Store, *, full: bool) -> Iterator[Finding]:
    if not store.database.exists():
        said = "there is no database yet"
        yield Finding("database", "note", said, "the first query makes it from the journals: `inlay ingest`")
        yield from _journals(store, {})
        return
    try:
        with store.turn(wait=_MOMENT), instances.opened(store.database, read_only=True) as con:
            seen = [_schema(schema.check(con, store.database)), _size(con, store)]
            progress, blobs = _progress(con), _referred(con)
    except StoreBusyError as error:
        yield Finding("database", "wrong", str(error), "close it there; recording goes on meanwhile")
        yield from _journals(store, {})
        return
    except StoreError as error:
        remedy = "put back a copy of the file (backup, runs.v*.duckdb); what the journals still hold is taken in again"
        yield Finding("database", "wrong", str(error), remedy)
        yield from _journals(store, {})
        return
    yield from seen
    yield from _journals(store, progress)
    yield from _kept_files(store, blobs, full=full)


def _schema(found: int) -> Finding:
    if found < schema.VERSION:
        said = f"schema version {found}, of an older inlay"
        return Finding("schema", "note", said, "the next query brings it up to date and keeps a copy")
    return Finding("schema", "ok", f"version {found}")


def _size(con: DuckDBPyConnection, store: Store) -> Finding:
    counts = con.execute(
        """
        SELECT (SELECT count(*) FROM runs WHERE deleted_at IS NULL),
               (SELECT count(*) FROM runs WHERE deleted_at IS NOT NULL),
               (SELECT coalesce(sum(count), 0)::BIGINT FROM series)
        """
    ).fetchone()
    there, gone, points = counts or (0, 0, 0)
    deleted = f" and {gone:,} deleted" if gone else ""
    size = store.database.stat().st_size / 1e6
    return Finding("database", "ok", f"{_counted(there, 'run')}{deleted}, {_counted(points, 'point')}, {size:,.1f} MB")


def _progress(con: DuckDBPyConnection) -> dict[tuple[str, int], int]:
    rows = con.execute('SELECT writer::VARCHAR, segment, "offset" FROM ingest_progress').fetchall()
    return {(writer, number): offset for writer, number, offset in rows}


# -- journals -----------------------------------------------------------------------------------------------


def _journals(store: Store, progress: Mapping[tuple[str, int], int]) -> Iterator[Finding]:
    alive = dead = waiting = 0
    unreadable = []
    for folder in _writers(store):
        if not os.access(folder, os.R_OK | os.X_OK):
            unreadable.append(folder.name)
            continue
        lives = is_held(folder / LOCK_NAME, writable=os.access(folder, os.W_OK))
        alive, dead = alive + lives, dead + (not lives)
        if not lives:
            waiting += _waiting(folder, progress)
    if unreadable:
        said = f"{_counted(len(unreadable), 'journal')} cannot be read: permission denied ({unreadable[0]} ...)"
        yield Finding("journals", "wrong", said, "have their owner run `inlay ingest`, or open them to you (chmod)")
    said = f"{alive} being written, {dead} of processes that are gone"
    if waiting:
        remedy = "the next query takes it in; `inlay ingest` does it now"
        yield Finding("journals", "note", f"{said}; {waiting / 1e6:,.1f} MB of those wait to be taken in", remedy)
    else:
        yield Finding("journals", "ok", said)


def _writers(store: Store) -> list[Path]:
    try:
        folders = sorted(store.journal.iterdir())
    except OSError:
        return []
    return [folder for folder in folders if _is_id(folder.name) and folder.is_dir()]


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _waiting(folder: Path, progress: Mapping[tuple[str, int], int]) -> int:
    total = 0
    for path in folder.glob(f"*{segment.SUFFIX}"):
        if path.stem.isdecimal():
            with contextlib.suppress(OSError):
                total += max(0, path.stat().st_size - progress.get((folder.name, int(path.stem)), 0))
    return total


def _quarantine(store: Store) -> Iterator[Finding]:
    folder = store.journal / QUARANTINE
    try:
        sizes = [path.stat().st_size for path in folder.iterdir()]
    except OSError:
        sizes = []
    if not sizes:
        yield Finding("quarantine", "ok", "empty")
        return
    said = f"{_counted(len(sizes), 'piece')} of damaged journals ({sum(sizes):,} bytes), set aside in {folder}"
    remedy = "check the disk; everything around them was kept. Delete the folder when you are done with it"
    yield Finding("quarantine", "wrong", said, remedy)


# -- kept files ---------------------------------------------------------------------------------------------


def _referred(con: DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Each kept file that runs refer to: its size, and where it is seen."""
    rows = con.execute(
        """
        SELECT hash, any_value(bytes), any_value(coalesce(r.name, '') || ': ' || path)
        FROM artifacts LEFT JOIN runs r USING (run_id) WHERE hash IS NOT NULL GROUP BY hash ORDER BY hash
        """
    ).fetchall()
    return {digest: (size or 0, where) for digest, size, where in rows}


def _kept_files(store: Store, blobs: dict[str, tuple[int, str]], *, full: bool) -> Iterator[Finding]:
    there = {digest: artifacts.found(store.artifacts, digest, size) for digest, (size, _) in blobs.items()}
    missing = [digest for digest, path in there.items() if path is None]
    present = [digest for digest, path in there.items() if path is not None]
    chosen = present if full else _sampled(present, blobs)
    damaged = [digest for digest in chosen if _is_damaged(store, digest)]
    for word, digests in (("missing, or not of their size", missing), ("damaged", damaged)):
        if digests:
            shown = ", ".join(blobs[digest][1] for digest in digests[:3])
            remedy = (
                "put them back from a backup of the folder artifacts/, or log the files again: equal bytes heal them"
            )
            yield Finding("files", "wrong", f"{_counted(len(digests), 'kept file')} {word}: {shown}", remedy)
    if not missing and not damaged:
        size = sum(blobs[digest][0] for digest in present)
        looked = "all hashed" if len(chosen) == len(present) else f"{len(chosen)} of them hashed; --full hashes all"
        yield Finding("files", "ok", f"{_counted(len(present), 'kept file')}, {size / 1e6:,.1f} MB, {looked}")


def _sampled(digests: list[str], blobs: dict[str, tuple[int, str]]) -> list[str]:
    """Some of them, by chance, so that every look sees others."""
    chosen, total = [], 0
    for digest in random.sample(digests, min(SAMPLE, len(digests))):
        if total + blobs[digest][0] <= SAMPLE_BYTES:
            chosen.append(digest)
            total += blobs[digest][0]
    return chosen


def _is_damaged(store: Store, digest: str) -> bool:
    try:
        return artifacts.hash_of(artifacts.path_of(store.artifacts, digest)) != digest
    except OSError:
        return True


def _leftovers(store: Store) -> Iterator[Finding]:
    left = artifacts.leftovers(store)
    if left:
        said = f"{_counted(len(left), 'file')} half copied by processes that are gone"
        yield Finding("leftovers", "note", said, "`inlay gc --apply` removes them")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
