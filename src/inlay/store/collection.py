"""Garbage collection: kept files that no run refers to, half copies of dead processes, runs deleted long ago.

A blob is written before the event that refers to it, and another process may be between the two. So the journals are
taken in first, a blob that was written or claimed within the last hour stays, and what is to go is set aside under
another name, looked at again a second later, and only then removed. The store's lock is held meanwhile: nobody takes
in a reference that is not seen here. Who logs the same bytes once they are set aside finds none and writes them anew.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inlay.errors import StoreError
from inlay.store import artifacts
from inlay.store.compaction import compact, worthwhile
from inlay.store.database import transaction
from inlay.store.ingest import ingest_into
from inlay.store.rows import utc

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

GRACE = 3600.0
"""Seconds for which a blob stays though nothing refers to it."""
SECOND_LOOK = 1.0
_ASIDE = ".freed-"
_HASH = re.compile("[0-9a-f]{64}")
# Parents of rows come last: a store that is read meanwhile by others has no rows without their run.
_TABLES = ("params", "param_history", "tags", "artifacts", "inputs", "outputs", "histograms", "imports", "runs")


@dataclass(frozen=True, slots=True)
class Unused:
    """A kept file that nothing refers to."""

    hash: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A run that was deleted long enough ago."""

    run_id: str
    name: str
    points: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """What a collection would free, or has freed. Sizes are in bytes; `database` is what the database shrank by."""

    blobs: tuple[Unused, ...] = ()
    leftovers: tuple[Path, ...] = ()
    leftover_bytes: int = 0
    runs: tuple[Forgotten, ...] = field(default=())
    young: int = 0
    """Kept files that nothing refers to, but that are too young to go."""
    database: int = 0

    @property
    def bytes(self) -> int:
        """What the files take."""
        return sum(blob.bytes for blob in self.blobs) + self.leftover_bytes

    def __bool__(self) -> bool:
        return bool(self.blobs or self.leftovers or self.runs)


def find(store: Store, *, deleted_before: float | None = None, grace: float = GRACE) -> Garbage:
    """What a collection would free; nothing is changed.

    With `deleted_before` (Unix time), runs that were deleted before it count as gone, and so do their files. Raises
    `StoreError` when the store cannot be read.
    """
    with store.open() as con:
        ingest_into(con, store)
        runs = _forgotten(con, deleted_before)
        return _garbage(con, store, runs, grace)


def collect(store: Store, *, deleted_before: float | None = None, grace: float = GRACE) -> Garbage:
    """Free what `find` names, and make the database smaller; returns what was freed.

    Raises `StoreError` when the store cannot be written.
    """
    store.refuse_read_only()
    with store.open() as con:
        ingest_into(con, store)
        runs = _forgotten(con, deleted_before)
        _forget(con, runs)
        found = _garbage(con, store, (), grace)
        freed = _free(con, store, found.blobs, grace)
        artifacts.clear_leftovers(store)
        rewrite = bool(runs) or worthwhile(con, store.database)
    before, after = _compacted(store) if rewrite else (0, 0)
    return Garbage(freed, found.leftovers, found.leftover_bytes, runs, found.young, before - after)


def _compacted(store: Store) -> tuple[int, int]:
    """The database's size before and after; unchanged where there is no room for the copy."""
    try:
        return compact(store)
    except StoreError:
        return 0, 0


# -- runs ---------------------------------------------------------------------------------------------------


def _forgotten(con: DuckDBPyConnection, deleted_before: float | None) -> tuple[Forgotten, ...]:
    """Runs that were deleted before that time. One that is running was resumed since."""
    if deleted_before is None:
        return ()
    rows = con.execute(
        """
        SELECT r.run_id::VARCHAR, coalesce(r.name, ''), coalesce(sum(s.count), 0)::BIGINT
        FROM runs r LEFT JOIN series s USING (run_id)
        WHERE r.deleted_at <= ? AND r.status IS DISTINCT FROM 'running'
        GROUP BY ALL ORDER BY 1
        """,
        [utc(deleted_before)],
    ).fetchall()
    return tuple(Forgotten(*row) for row in rows)


def _forget(con: DuckDBPyConnection, runs: tuple[Forgotten, ...]) -> None:
    """Remove every row of these runs."""
    if not runs:
        return
    ids = [run.run_id for run in runs]
    series = "(SELECT series_id FROM series WHERE run_id IN (SELECT unnest(?::UUID[])))"
    with transaction(con):
        for table in ("points", "writer_series"):
            con.execute(f"DELETE FROM {table} WHERE series_id IN {series}", [ids])  # noqa: S608 - own names
        for table in ("series", *_TABLES):
            con.execute(f"DELETE FROM {table} WHERE run_id IN (SELECT unnest(?::UUID[]))", [ids])  # noqa: S608


# -- files --------------------------------------------------------------------------------------------------


def _garbage(con: DuckDBPyConnection, store: Store, runs: tuple[Forgotten, ...], grace: float) -> Garbage:
    _put_all_back(store)
    used = _used(con, [run.run_id for run in runs])
    unused, young = [], 0
    for path, status in _blobs(store):
        if path.name in used:
            continue
        if _is_young(status, grace):
            young += 1
            continue
        unused.append(Unused(path.name, status.st_size))
    leftovers = artifacts.leftovers(store)
    size = 0
    for path in leftovers:
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return Garbage(tuple(unused), tuple(leftovers), size, runs, young)


def _is_young(status: os.stat_result, grace: float) -> bool:
    return time.time() - max(status.st_mtime, status.st_ctime) < grace


def _used(con: DuckDBPyConnection, without: list[str]) -> set[str]:
    """Hashes that runs refer to, other than those `without`."""
    rows = con.execute(
        "SELECT DISTINCT hash FROM artifacts WHERE hash IS NOT NULL AND run_id NOT IN (SELECT unnest(?::UUID[]))",
        [without],
    ).fetchall()
    return {digest for (digest,) in rows}


def _blobs(store: Store, prefix: str = "") -> Iterator[tuple[Path, os.stat_result]]:
    """Kept files by name. What others put beside them is none of ours."""
    try:
        folders = sorted(entry for entry in store.artifacts.iterdir() if re.fullmatch("[0-9a-f]{2}", entry.name))
    except OSError:
        return
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            digest = path.name.removeprefix(prefix)
            if not (path.name.startswith(prefix) and _HASH.fullmatch(digest) and digest.startswith(folder.name)):
                continue
            with contextlib.suppress(OSError):  # gone meanwhile
                if path.is_file() and not path.is_symlink():
                    yield path, path.stat()


def _free(con: DuckDBPyConnection, store: Store, blobs: tuple[Unused, ...], grace: float) -> tuple[Unused, ...]:
    """Set these aside, look again, remove what is still unused; returns what was removed."""
    aside: dict[str, Path] = {}
    for blob in blobs:
        path = artifacts.path_of(store.artifacts, blob.hash)
        hidden = path.with_name(_ASIDE + blob.hash)
        with contextlib.suppress(OSError):  # on Windows, somebody reads it
            if _is_young(path.stat(), grace):  # claimed while the others were looked at
                continue
            path.rename(hidden)
            aside[blob.hash] = hidden
    if not aside:
        return ()
    time.sleep(SECOND_LOOK)
    ingest_into(con, store)
    used = _used(con, [])
    freed = []
    for blob in blobs:
        hidden_now = aside.get(blob.hash)
        if hidden_now is None:
            continue
        if blob.hash in used:
            _put_back(hidden_now)
            continue
        with contextlib.suppress(OSError):
            hidden_now.unlink()
            freed.append(blob)
    return tuple(freed)


def _put_all_back(store: Store) -> None:
    """What a collection that was killed had set aside gets its name again, to be looked at like all others."""
    for path, _ in list(_blobs(store, _ASIDE)):
        _put_back(path)


def _put_back(hidden: Path) -> None:
    path = hidden.with_name(hidden.name.removeprefix(_ASIDE))
    with contextlib.suppress(OSError):
        if path.exists():  # written anew meanwhile
            hidden.unlink()
        else:
            hidden.rename(path)
