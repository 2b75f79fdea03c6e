"""Opening `runs.duckdb`: the settings every connection has, and waiting for one's turn.

Nobody holds the database open. A use is lock, open, work, close, unlock, for milliseconds, and the lock is held
around all of it: DuckDB 2.0.0 lost commits when processes took turns without one.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from inlay.errors import StoreError

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


class StoreBusyError(StoreError):
    """Another program holds the database; what was asked can be done later."""


def _held_elsewhere(error: Exception) -> bool:
    text = str(error)
    return "set lock on file" in text or "being used by another process" in text
