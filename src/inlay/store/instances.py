"""DuckDB instances that outlive a use: to make one takes 10 to 25 ms, to attach a file to one and let go of it 2.

An instance is a database in memory. A use attaches the store's file to it, works through a cursor of its own, and
detaches the file, so that nobody holds the file in between. An instance serves one file for all its life, since what
it may reach is fixed for good once external access is off: that file, its logs and its folder for what does not fit
into memory. Views in a store that somebody else made reach nothing else.

What is in use is known to its user alone, and what is kept here is idle: it can be closed by anyone, as before a fork.
Whatever goes wrong in a use, its instance is closed and not kept.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from inlay.errors import StoreError
from inlay.store import database
from inlay.store.database import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_KEPT = 2
"""Idle instances at most: who reads from many stores would have as many times the threads."""
_NAME = "runs"
"""What the attached database is called: as DuckDB names `runs.duckdb` itself, so that no view sees a difference."""
_SMALL_FILE = 32 << 20
_SMALL_USE = 32 << 20
# Links in these places would lead out of the store: DuckDB allows what they lead to.
_BESIDE = (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp")

_idle: dict[str, DuckDBPyConnection] = {}
"""The least recently used first. Changed only by `pop` and `[] =`, which no other thread can come between."""
_closing = False


@contextlib.contextmanager
def opened(file: Path, *, wait: float = 0.0, read_only: bool = False) -> Iterator[DuckDBPyConnection]:
    """A connection to a database file, confined to it; the caller holds the store's lock.

    A program that does not know our lock is waited for up to `wait` seconds. Raises `StoreBusyError` when it, or this
    process by other means, holds the file, and `StoreError` when the file cannot be opened. What was not committed is
    rolled back at the end; an instance-wide setting made through the connection stays for later uses of the file.
    """
    process = os.getpid()
    instance, con, sound = _idle.pop(str(file), None), None, False
    try:
        instance = _attached(instance, file, wait=wait, read_only=read_only)
        con = instance.cursor()  # which has no progress bar, even in a notebook
        con.execute(f"USE {_NAME}")
        yield con
        sound = _is_small(con, file)
    finally:
        if os.getpid() == process:
            _give_back(file, instance, con, sound=sound)
        else:  # forked by the user of the connection
            _leave_alone(instance, con)


def close_idle() -> None:
    """Close what is kept; the next use makes a new one."""
    while _idle:
        with _changed_meanwhile():
            _idle.pop(next(iter(_idle))).close()


def keep_none() -> None:
    """From here on, at the end of the process: nothing may be left to the interpreter to take down."""
    global _closing
    _closing = True
    close_idle()


def leave_to_parent() -> None:
    """In a forked child: an instance kept here has no threads any more, and whoever closes it waits for them."""
    while _idle:
        _leave_alone(_idle.popitem()[1])


def _attached(kept: DuckDBPyConnection | None, file: Path, *, wait: float, read_only: bool) -> DuckDBPyConnection:
    """An instance with the file attached to it: the kept one, if it takes it."""
    _refuse_links(file)
    if kept is not None:
        try:
            database.attach(kept, file, _NAME, wait=wait, read_only=read_only)
        except StoreBusyError:
            raise
        except StoreError:  # perhaps another instance can
            kept.close()
        else:
            return kept
    instance = database.connect(":memory:", spill=_beside(file, ".tmp"))
    try:
        database.attach(instance, file, _NAME, wait=wait, read_only=read_only)
        database.confine(instance)  # only now: what is attached may be attached again
    except BaseException:
        instance.close()
        raise
    return instance


def _give_back(file: Path, instance: DuckDBPyConnection | None, con: DuckDBPyConnection | None, *, sound: bool) -> None:
    """Detach the file, and keep the instance if all is well with it."""
    import duckdb

    if instance is None:
        return
    kept = False
    try:
        if con is not None:
            con.close()  # first: a transaction that is open would hold the file open
        if sound and not _closing:
            with contextlib.suppress(duckdb.Error):  # the disk is full, say: what was committed is in the log
                instance.execute(f"DETACH {_NAME}")
                kept = not _beside(file, ".tmp").exists()  # goes with the instance
    finally:
        if kept:
            _keep(file, instance)
        else:
            instance.close()


def _keep(file: Path, instance: DuckDBPyConnection) -> None:
    another = _idle.pop(str(file), None)
    _idle[str(file)] = instance
    if another is not None:
        another.close()
    while len(_idle) > _KEPT:
        with _changed_meanwhile():
            _idle.pop(next(iter(_idle))).close()


def _changed_meanwhile() -> contextlib.suppress:
    """For taking one of the idle instances, which another thread may take, too."""
    return contextlib.suppress(KeyError, RuntimeError, StopIteration)


def _is_small(con: DuckDBPyConnection, file: Path) -> bool:
    """Whether little memory was used: what is freed stays with the instance, 190 MB after a scan of 110."""
    import duckdb

    try:
        if file.stat().st_size < _SMALL_FILE:  # to ask takes 0.8 ms
            return True
        row = con.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()
    except (duckdb.Error, OSError):  # a transaction that failed and was left open, a store that was deleted
        return False
    return row is not None and row[0] < _SMALL_USE


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(f"{file.name}{ending}")


def _refuse_links(file: Path) -> None:
    folder = _beside(file, ".tmp")
    places = [_beside(file, ending) for ending in _BESIDE]
    if folder.is_dir() and not folder.is_symlink():
        places += folder.iterdir()
    for place in places:
        if place.is_symlink():
            msg = f"{place} is a link, which DuckDB never makes there. Remove it if the store is yours."
            raise StoreError(msg)


def _leave_alone(*connections: DuckDBPyConnection | None) -> None:
    """See to it that they are never taken down in this process."""
    import ctypes

    for con in connections:
        if con is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(con))
