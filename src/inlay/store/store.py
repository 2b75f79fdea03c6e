"""The store: one folder with a DuckDB file, the journals that feed it, and the blobs it points to.

`Store.open()` is the only way to the database: it takes the turn, brings the schema up to date and hands out
a connection for milliseconds. `connect()` chooses the store that everything else uses.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING

from inlay import settings
from inlay.errors import StoreError
from inlay.store import database, folder, instances, schema
from inlay.store.database import StoreBusyError
from inlay.store.private_copy import PrivateCopy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from duckdb import DuckDBPyConnection

WAIT = 60.0
"""Seconds a reader waits for its turn before it gives up with `StoreBusyError`."""


class Store:
    """A `.inlay` folder. Cheap to make: nothing is opened until something is asked of it."""

    def __init__(self, path: Path) -> None:
        self.folder = path
        self.database = path / folder.DATABASE
        self.journal = path / "journal"
        self.artifacts = path / "artifacts"
        self.key = hashlib.sha256(str(path).encode("utf-8", "replace")).hexdigest()[:12]
        """Tells it apart from other stores, without saying where it lies."""
        self._next = threading.Lock()
        self._turn = threading.Lock()
        self._owner: int | None = None
        self._con: DuckDBPyConnection | None = None
        self._private = PrivateCopy(self)
        self.inherited_open = False
        """Whether this process was forked while the database was open: DuckDB would go on with what it remembers."""
        self.left_at: int | None = None
        """When the database was last written, in ns, as this process left it: a later time is of another use."""

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    @contextlib.contextmanager
    def open(self, *, wait: float = WAIT) -> Iterator[DuckDBPyConnection]:
        """Lock, open, hand out a connection, close, unlock.

        Raises `StoreBusyError` when another program keeps the file for more than `wait` seconds,
        `StoreVersionError` when the store is newer than this inlay, `StoreError` when it cannot be read or
        was deleted.
        """
        if self.inherited_open:
            msg = f"{self.database} was open when this process was forked; ask from the process it was forked from"
            raise StoreBusyError(msg)
        self.refuse_deleted()
        with self.turn(wait=wait):
            if self._con is not None:  # this thread has it open already
                yield self._con
                return
            with self._private.open(wait) if self.read_only else self._own(wait) as con:
                self._con = con
                try:
                    yield con
                finally:
                    self._con = None

    @property
    def read_only(self) -> bool:
        """Whether this process may read it at most. `open` then yields a connection that has everything in it."""
        return folder.is_read_only(self.folder)

    @property
    def readable(self) -> Path:
        """The file that was opened last: the database, or for a read-only store a private copy that has more in it."""
        return self._private.path if self.read_only else self.database

    def refuse_read_only(self) -> None:
        """Raise `StoreError` where nothing can be recorded or changed."""
        if self.read_only:
            raise StoreError(folder.cannot_record(self.folder))

    def is_there(self) -> bool:
        """Whether the folder is there, with a store in it."""
        return self.journal.is_dir() or self.read_only

    def refuse_deleted(self) -> None:
        """Raise `StoreError` when the folder is gone: taking the lock would make an empty one in its place."""
        if not self.is_there():
            msg = f"the store folder {self.folder} was deleted with all it held; inlay.connect() makes a new one"
            raise StoreError(msg)

    @contextlib.contextmanager
    def turn(self, *, wait: float = WAIT) -> Iterator[None]:
        """Hold the store's lock, against other threads and other processes. Who may only read shares it."""
        with self.turn_in_process(wait=wait):
            if self._con is not None:
                yield
                return
            from inlay.store import locks

            _wait_before_forks()
            take = locks.shared if self.read_only else locks.exclusive
            with contextlib.ExitStack() as held:
                try:
                    held.enter_context(take(self.folder / "runs.lock", wait=wait))
                except locks.LockBusyError as error:
                    msg = f"{self.database} has been busy in other processes for {wait:.0f} s"
                    raise StoreBusyError(msg) from error
                except OSError as error:
                    raise StoreError(f"{self.folder} cannot be locked to be used ({error})") from error
                yield

    @contextlib.contextmanager
    def turn_in_process(self, *, wait: float = WAIT) -> Iterator[None]:
        """Keep this process's other threads from the database, and the process from forking."""
        if self._owner == threading.get_ident():
            yield
            return
        # Who waits holds `_next`, so that a thread that asks again and again does not overtake the others.
        queue, turn = self._next, self._turn  # a child that is forked by whoever has the turn gets others
        taken = queue.acquire(timeout=wait)
        if taken:
            try:
                taken = turn.acquire(timeout=wait)
            finally:
                queue.release()
        if not taken:
            msg = f"{self.database} has been busy in this process for {wait:.0f} s"
            raise StoreBusyError(msg)
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            turn.release()

    @contextlib.contextmanager
    def _own(self, wait: float) -> Iterator[DuckDBPyConnection]:
        """The database itself, open to be written to, of the present version."""
        database.take_over_log(self.database)
        if not self.database.exists():
            schema.make(self.database)
        try:
            with contextlib.ExitStack() as stack:
                con = stack.enter_context(instances.opened(self.database, wait=wait))
                found = schema.check(con, self.database)
                if 0 < found < schema.VERSION:
                    stack.close()
                    schema.keep_copy(self.database, found)
                    con = stack.enter_context(instances.opened(self.database, wait=wait))
                if found != schema.VERSION:
                    schema.bring_up(con, self.database)
                stack.enter_context(database.shared_log(con, self.database))
                yield con
        finally:
            database.drop_empty_log(self.database)
            with contextlib.suppress(OSError):
                self.left_at = self.database.stat().st_mtime_ns

    def __reduce__(self) -> tuple[Any, ...]:
        """A store is its folder; handed over, it is the one that the process has of it."""
        return store_at, (self.folder,)


_stores: dict[Path, Store] = {}
_current: Store | None = None
_configured: object = None
"""What `inlay.configure` had said of the store when it was chosen."""
_choosing = threading.RLock()


def connect(path: str | os.PathLike[str] | None = None) -> Store:
    """Choose the store that runs are recorded in and read from, and return it.

    `path` is the store's folder (or one that holds a `.inlay`). Without it: the setting `store` (`INLAY_STORE`), else
    the nearest `.inlay` at or above the working directory, else a new one at the root of the project.

    A store that may only be read is read, and nothing recorded in it. Raises `StoreError` when the folder can be
    neither written nor read, and `StoreVersionError` when the store was written
    by a newer inlay; the store chosen before stays chosen then.
    """
    global _current, _configured
    with _choosing:
        configured = settings.configured("store")
        store = _known(folder.locate(path))
        _current, _configured = store, configured
        return store


def current() -> Store:
    """The store chosen by `connect`; without that, the one `connect()` would choose.

    A folder that was deleted meanwhile, to begin anew, is made again.
    """
    if _current is None or settings.configured("store") != _configured:  # what was said last holds
        return connect()
    if not _current.is_there():
        folder.prepare(_current.folder)
    return _current


def store_at(path: Path) -> Store:
    """This process's `Store` of a folder, as it is: nothing is made or looked into."""
    with _choosing:
        if path not in _stores:
            _stores[path] = Store(path)
        return _stores[path]


def _known(path: Path) -> Store:
    """One `Store` for each folder in a process, so that its threads take turns."""
    store = _stores.get(path) or Store(path)
    folder.prepare(path)
    if store.read_only:
        folder.say_read_only(path)
    _refuse_newer(store)  # each time: another process may have brought a known one up to date meanwhile
    _stores[path] = store
    return store


_checked: dict[Path, int] = {}
"""When the database of a store whose version was found good was last written, so that looking again is cheap."""


def _refuse_newer(store: Store) -> None:
    """Find out about a newer store before anything is recorded; a busy one is found out about later."""
    try:
        written = store.database.stat().st_mtime_ns
    except FileNotFoundError:
        return
    if _checked.get(store.folder) == written:
        return
    with contextlib.suppress(StoreBusyError), store.turn(wait=0.5):
        with instances.opened(store.database, read_only=True) as con:
            schema.check(con, store.database)
        _checked[store.folder] = written


class _Forking(threading.local):
    """A fork this thread is about to make: the turns it holds meanwhile, and the stores it waited for in vain."""

    def __init__(self) -> None:
        self.turns = contextlib.ExitStack()
        self.busy: list[Store] = []


_forking = _Forking()


@functools.cache
def _wait_before_forks() -> None:
    # Handlers that come last are called first: ours has to wait before filelock's stops whoever has the turn.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent)


def _before_fork() -> None:
    """An open DuckDB does not survive a fork, nor may a child inherit the lock on it: wait until no thread has one."""
    _forking.turns, _forking.busy = turns, busy = contextlib.ExitStack(), []
    for store in list(_stores.values()):
        try:
            turns.enter_context(store.turn_in_process(wait=10.0))
        except StoreBusyError:
            busy.append(store)
    instances.close_idle()  # now that nobody is about to give one back


def _after_fork_in_parent() -> None:
    _forking.turns.close()


def _after_fork_in_child() -> None:
    """Locks held by threads that do not exist in the child would never be released."""
    global _choosing
    _choosing = threading.RLock()
    _forking.turns.pop_all()
    instances.leave_to_parent()
    for store in _stores.values():
        store.__init__(store.folder)  # type: ignore[misc]
    for store in _forking.busy:
        store.inherited_open = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

_to_the_end = contextlib.ExitStack()


@atexit.register  # with the import, and so called after whatever records until the exit
def _keep_other_threads_out() -> None:
    """No thread but this gets the database any more, and whoever has it is waited for: a daemon thread that is inside
    DuckDB when the interpreter goes away takes the process with it (SIGABRT).
    """
    for store in _stores.values():
        with contextlib.suppress(StoreBusyError):
            _to_the_end.enter_context(store.turn_in_process(wait=5.0))
    if threading.active_count() > 1:
        time.sleep(0.2)  # whoever gave the turn up just now is still taking its connection down
    instances.keep_none()
