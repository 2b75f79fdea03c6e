"""Reading a store that may not be written to: another user's, or one on a read-only file system.

Where the database has everything the journals hold, it is opened as it is, read-only. Where it has not, or is of an
older version, a copy of it in a temporary folder takes the journals in, and nothing in the store changes. The copy
serves until the database changes, and goes with the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from inlay.errors import StoreError
from inlay.store import instances, schema
from inlay.store.database import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

_TRIES = 5
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]
"""What tells whether a file was written to: inode, size and time."""


class PrivateCopy:
    """The database of a read-only store with all its journals taken in. Whoever asks has the store's turn."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder: Path | None = None
        self._path: Path | None = None
        self._copied: _Stamp = ()

    @property
    def path(self) -> Path:
        """The file that was opened last: the copy, or the store's own."""
        return self._path or self._store.database

    @contextlib.contextmanager
    def open(self, wait: float) -> Iterator[DuckDBPyConnection]:
        """A connection that only reads. Raises `StoreError` where there is no room for a copy that is needed."""
        if self._path is not None and self._copied != _stamp(self._store.database):
            self._path = None
        with contextlib.ExitStack() as stack:
            con = self._opened(stack, wait) if self.path.exists() else None
            if con is None or not self._is_current(con):
                stack.close()
                self._renew()
                con = self._opened(stack, wait)
            yield con

    def _opened(self, stack: contextlib.ExitStack, wait: float) -> DuckDBPyConnection:
        return stack.enter_context(instances.opened(self.path, wait=wait, read_only=True))

    def _renew(self) -> None:
        try:
            self._take_in()
        except OSError as error:
            where = tempfile.gettempdir()
            msg = f"{self._store.database} has to be copied to be read, and cannot be, to {where} ({error}); "
            raise StoreError(msg + "set TMPDIR to a folder with room for it") from error

    def _is_current(self, con: DuckDBPyConnection) -> bool:
        from inlay.store.ingest import waits

        return schema.check(con, self._store.database) == schema.VERSION and not waits(con, self._store)

    def _take_in(self) -> None:
        from inlay.store.ingest import ingest_aside

        if self._path is None:
            self._copied = self._copy()
        with instances.opened(self.path) as con:
            schema.bring_up(con, self._store.database)
            ingest_aside(con, self._store)

    def _copy(self) -> _Stamp:
        """Copy the database and its log; returns what they were like."""
        copy = self._own_folder() / self._store.database.name
        for _ in range(_TRIES):
            before = _stamp(self._store.database)
            for source, target in zip(_files(self._store.database), _files(copy), strict=True):
                target.unlink(missing_ok=True)
                with contextlib.suppress(FileNotFoundError):  # no log, usually; no database before the first ingest
                    shutil.copyfile(source, target)
            if before == _stamp(self._store.database):
                self._path = copy
                return before
        # Where the lock keeps nobody out, because none can be had.
        raise StoreBusyError(f"{self._store.database} is being written to all the time; try again")

    def _own_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="inlay-"))
            weakref.finalize(self, _remove, self._folder, os.getpid())
        return self._folder


def _files(path: Path) -> tuple[Path, Path]:
    return path, path.with_name(f"{path.name}.wal")


def _stamp(path: Path) -> _Stamp:
    found: list[tuple[int, int, int] | None] = []
    for file in _files(path):
        try:
            status = file.stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a forked child
        shutil.rmtree(folder, ignore_errors=True)
