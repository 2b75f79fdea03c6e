"""Compaction: a copy of the database into a new file, put in its place.

Many small ingests leave a file twice its size, and neither `CHECKPOINT` nor `VACUUM` gives anything back. The
copy is complete and synced before it takes the old file's name, under the store's lock all the while.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from inlay.store import database
from inlay.store.permissions import take_after

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

# A point takes 9 to 10 bytes in a compact file, and 14 to 20 after small ingests.
_BYTES_A_POINT = 11
_SLACK = 1 << 20


def compact(store: Store) -> tuple[int, int]:
    """Rewrite the database without its gaps; returns its size in bytes before and after.

    Raises `StoreError` when there is no room for the copy; the old file stays as it was.
    """
    with store.open():
        pass  # so that the schema is current and the write-ahead log is in the file
    with store.turn():
        before = store.database.stat().st_size
        fresh = store.database.with_suffix(".compacting")
        fresh.unlink(missing_ok=True)
        try:
            _copy(store.database, fresh)
            take_after(fresh, store.folder)
            fresh.replace(store.database)
        except PermissionError:  # on Windows: somebody has it open. The next time will do.
            return before, before
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(store.folder)
        return before, store.database.stat().st_size


def worthwhile(con: DuckDBPyConnection, path: Path) -> bool:
    """Whether the file holds a quarter more than its points, and what else it holds, would need."""
    size = path.stat().st_size
    baseline = con.execute("SELECT bytes, points FROM compaction").fetchone()
    bytes_then, points_then = baseline or (0, 0)
    (points,) = con.execute("SELECT coalesce(sum(count), 0) FROM series").fetchone() or (0,)
    expected = bytes_then + (int(points) - points_then) * _BYTES_A_POINT
    if size - expected < _SLACK + expected // 4:
        return False
    return shutil.disk_usage(path.parent).free > 2 * size


def _copy(source: Path, target: Path) -> None:
    """Everything of `source` into the new database `target`, in the same order."""
    con = database.connect(":memory:")
    try:
        con.execute(f"ATTACH '{database.quoted(source)}' AS old")
        con.execute(f"ATTACH '{database.quoted(target)}' AS new (STORAGE_VERSION 'v1.2.0')")
        # A commit that is still in the old file's log belongs to the copy, and the log must not outlive that file.
        con.execute("CHECKPOINT old")
        con.execute("COPY FROM DATABASE old TO new")
        con.execute("DELETE FROM new.compaction")
        con.execute("CHECKPOINT new")
        (points,) = con.execute("SELECT coalesce(sum(count), 0) FROM new.series").fetchone() or (0,)
        con.execute("INSERT INTO new.compaction VALUES (?, ?)", [target.stat().st_size, int(points)])
        con.execute("CHECKPOINT new")
        con.execute("DETACH new")
    finally:
        con.close()
    descriptor = os.open(target, os.O_RDWR)  # Windows syncs no file that is only read
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power loss, where folders can be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
