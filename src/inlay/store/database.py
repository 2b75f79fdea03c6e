"""Opening a DuckDB file: the settings every connection has, and waiting for programs that hold it.

Nobody holds the store's database open. A use is lock, open, work, close, unlock, for milliseconds, and the lock is held
around all of it: DuckDB 2.0.0 lost commits when processes took turns without one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from inlay.errors import StoreError
from inlay.store.permissions import is_shared, take_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

# Readable by every DuckDB since 1.2; nothing is fetched or loaded from outside.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.2.0",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_RETRY_EVERY = 0.05


def connect(
    database: Path | str, *, wait: float = 0.0, read_only: bool = False, spill: Path | None = None
) -> DuckDBPyConnection:
    """A connection with our settings; the caller holds the store's lock and closes it.

    A program that does not know our lock (a DuckDB shell) may hold the file: it is waited for up to `wait`
    seconds, then `StoreBusyError` says who holds it. A damaged file raises `StoreError`. `spill` is the folder for
    what does not fit into memory, where it is not beside the file.
    """
    import duckdb

    settings = SETTINGS | ({} if spill is None else {"temp_directory": str(spill)})
    con = _patiently(lambda: duckdb.connect(str(database), read_only=read_only, config=settings), database, wait)
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


def attach(con: DuckDBPyConnection, database: Path, name: str, *, wait: float = 0.0, read_only: bool = False) -> None:
    """Attach a file to a database in memory; waits and raises as `connect` does."""
    options = "TYPE duckdb, READ_ONLY" if read_only else "TYPE duckdb"
    _patiently(lambda: con.execute(f"ATTACH '{quoted(database)}' AS {name} ({options})"), database, wait)


def quoted(path: Path) -> str:
    """A path for the inside of a string in SQL."""
    return str(path).replace("'", "''")


def _patiently(open_it: Callable[[], DuckDBPyConnection], database: Path | str, wait: float) -> DuckDBPyConnection:
    import duckdb

    deadline = time.monotonic() + wait
    while True:
        try:
            return open_it()
        except duckdb.Error as error:
            if isinstance(error, duckdb.IOException) and _held_elsewhere(error):
                if time.monotonic() >= deadline:
                    msg = f"{database} is held open by another program: {error}. Close it there and try again."
                    raise StoreBusyError(msg) from error
            elif _held_here(error):
                msg = f"{database} is held open by this process: {error}. Close that connection and try again."
                raise StoreBusyError(msg) from error
            else:
                msg = f"{database} cannot be opened: {error}"
                raise StoreError(msg) from error
        time.sleep(_RETRY_EVERY)


def confine(con: DuckDBPyConnection) -> None:
    """No files, no network, no extensions for this connection from here on."""
    con.execute("SET enable_external_access = false")


@contextlib.contextmanager
def transaction(con: DuckDBPyConnection) -> Iterator[None]:
    """Commit on success; roll back on any exception, `KeyboardInterrupt` included."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):
            con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


# -- the log of commits, in a store that others write to ----------------------------------------------------
#
# DuckDB makes it when something is committed, with the modes of whoever commits, and removes it when the database is
# closed. Who is killed in between leaves a log that others could read and not go on with.


@contextlib.contextmanager
def shared_log(con: DuckDBPyConnection, database: Path) -> Iterator[None]:
    """Have the log made as the folder is; it is not made anew in the middle, then, and none is left behind empty."""
    if not is_shared(database.parent):
        yield
        return
    con.execute("SET checkpoint_threshold = '1TB'")
    descriptor = os.open(_log(database), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        take_after(descriptor, database.parent)
    finally:
        os.close(descriptor)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # it holds for later uses, too
            con.execute("RESET checkpoint_threshold")


def drop_empty_log(database: Path) -> None:
    """Nothing was committed: leave none behind."""
    with contextlib.suppress(OSError):
        if is_shared(database.parent) and _log(database).stat().st_size == 0:
            _log(database).unlink()


def take_over_log(database: Path) -> None:
    """Make a log that another user left, killed by something, one that we can go on with."""
    log = _log(database)
    if not log.exists() or os.access(log, os.R_OK | os.W_OK):
        return
    copy = log.with_suffix(".taken")
    try:
        shutil.copyfile(log, copy)
        take_after(copy, log.parent)
        copy.replace(log)
    except OSError as error:
        copy.unlink(missing_ok=True)
        msg = f"{log} is another user's and cannot be taken over ({error}). Let its owner look into the store once."
        raise StoreError(msg) from error


def _log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


class StoreBusyError(StoreError):
    """Another program holds the database; what was asked can be done later."""


def _held_here(error: Exception) -> bool:
    text = str(error)  # in the words of `connect`, and of ATTACH
    return "different configuration" in text or "Unique file handle conflict" in text


def _held_elsewhere(error: Exception) -> bool:
    text = str(error)
    return "set lock on file" in text or "being used by another process" in text
