"""Opening `runs.duckdb`: the settings every connection has, and waiting for one's turn.

Nobody holds the database open. A use is lock, open, work, close, unlock, for milliseconds, and the lock is held
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
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

# Readable by every DuckDB since 1.2; nothing is fetched or loaded from outside.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.2.0",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_RETRY_EVERY = 0.05


def connect(database: Path | str, *, wait: float = 0.0, read_only: bool = False) -> DuckDBPyConnection:
    """A connection with our settings; the caller holds the store's lock and closes it.

    A program that does not know our lock (a DuckDB shell) may hold the file: it is waited for up to `wait`
    seconds, then `StoreError` says who holds it. A damaged file raises `StoreError`, too.
    """
    import duckdb

    deadline = time.monotonic() + wait
    while True:
        try:
            con = duckdb.connect(str(database), read_only=read_only, config=SETTINGS)
            break
        except duckdb.IOException as error:
            if not _held_elsewhere(error):
                msg = f"{database} cannot be opened: {error}"
                raise StoreError(msg) from error
            if time.monotonic() >= deadline:
                msg = f"{database} is held open by another program: {error}. Close it there and try again."
                raise StoreBusyError(msg) from error
            time.sleep(_RETRY_EVERY)
        except duckdb.ConnectionException as error:  # opened in this process, by other means than ours
            msg = f"{database} is held open by this process: {error}. Close that connection and try again."
            raise StoreBusyError(msg) from error
        except duckdb.Error as error:
            msg = f"{database} cannot be opened: {error}"
            raise StoreError(msg) from error
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


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


def open_log(con: DuckDBPyConnection, database: Path) -> None:
    """Have the log made as the folder is; it must not be made anew in the middle, then."""
    if not is_shared(database.parent):
        return
    con.execute("SET checkpoint_threshold = '1TB'")
    descriptor = os.open(_log(database), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        take_after(descriptor, database.parent)
    finally:
        os.close(descriptor)


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


def _held_elsewhere(error: Exception) -> bool:
    text = str(error)
    return "set lock on file" in text or "being used by another process" in text
