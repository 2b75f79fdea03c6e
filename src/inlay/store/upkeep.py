"""The one background thread of a recording process.

Once a second it asks the disk to hold what was logged, retries a disk that refused, and ingests when a run has
ended or enough points wait. `writer_of` gives every store its stream in this process; a forked child, which
has neither the thread nor the right to the parent's stream, gets its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
import weakref
from functools import cache
from typing import TYPE_CHECKING

from inlay.errors import InlayError
from inlay.store import compaction
from inlay.store.database import StoreBusyError
from inlay.store.journal.slots import SLOT
from inlay.store.journal.writer import Writer
from inlay.store.notice import say_from_thread

if TYPE_CHECKING:
    from inlay.store.store import Store

SYNC_EVERY = 1.0
SETTLE = 0.3
"""Seconds after the end of a run before it is ingested: a loop of short runs is taken in at once."""
ENOUGH_POINTS = 100_000


class Upkeep(threading.Thread):
    """Keeps one store's journal on disk and its database up to date."""

    def __init__(self, store: Store) -> None:
        super().__init__(name="inlay-upkeep", daemon=True)
        self._store = store
        self._wake = threading.Event()
        self._wanted_at: float | None = None
        self._complained = False
        self._deleted_at: tuple[int, int] | None = None
        self._told_deleted = False
        self._over = threading.Event()  # not `_stop`: that is a method of threads, and called after a fork
        self.writer = Writer(store.journal)
        self._synced = self.writer.position()
        self._taken = 0
        self._taken = self._waiting_points()

    def want_ingest(self) -> None:
        """A run has ended: ingest soon, in the background."""
        self._wanted_at = time.monotonic() + SETTLE
        self._wake.set()

    def run(self) -> None:
        """Until the process ends or the writer is closed."""
        while not self._over.is_set():
            self._wake.wait(SYNC_EVERY if self._wanted_at is None else SETTLE)
            self._wake.clear()
            if self._over.is_set():
                return
            self._sync()
            due = self._wanted_at is not None and time.monotonic() >= self._wanted_at
            if due or self._waiting_points() >= ENOUGH_POINTS:
                self._ingest()

    def close(self, *, ingest: bool = True) -> None:
        """Close the stream; with `ingest`, take everything in before returning."""
        self._over.set()
        self._wake.set()
        self.writer.close()
        if self.is_alive() and threading.current_thread() is not self:
            # A thread that is inside DuckDB when the interpreter goes away takes the process with it (SIGABRT).
            self.join(timeout=60)
        if ingest:
            self._ingest(wait=5.0)

    def _sync(self) -> None:
        position = self.writer.position()
        self._tell_deleted(position)
        if position != self._synced or self.writer.path is None:
            self.writer.sync()
            self._synced = position

    def _tell_deleted(self, position: tuple[int, int]) -> None:
        """Say once that what is logged goes nowhere. Whoever deletes a store and logs no more need not hear it."""
        # In this order: a stream that is closed later was still open when its file was found to be gone.
        if self._told_deleted or not self.writer.is_deleted() or self.writer.closed:
            return
        if self._deleted_at is None:
            self._deleted_at = position
        elif position != self._deleted_at:
            self._told_deleted = True
            say_from_thread(
                f"inlay: the store folder {self._store.folder} was deleted while runs were being recorded in it. "
                "What this process logs to those runs is lost; runs that are started from now on are kept."
            )

    def _waiting_points(self) -> int:
        segment, used = self.writer.position()
        return (segment * (4 << 20) + used) // SLOT - self._taken

    def _ingest(self, wait: float = 1.0) -> None:
        """Ingest and, when the file has grown gaps, compact; a busy store is tried again later."""
        self._wanted_at = None
        # Deleted: there is nothing to take in, nor anywhere to put it. Read-only since: not now.
        if not self._store.journal.is_dir() or self._store.read_only:
            return
        taken = self._waiting_points() + self._taken
        try:
            # A child forked in the middle of an import could never import that module.
            with self._store.turn_in_process(wait=wait):
                from inlay.store.ingest import ingest_into

                with self._store.open(wait=wait) as con:  # once for both: opening takes more than either
                    ingest_into(con, self._store)
                    gaps = compaction.worthwhile(con, self._store.database)
                if gaps:
                    compaction.compact(self._store)
        except StoreBusyError:
            self._wanted_at = time.monotonic() + SYNC_EVERY
        except (InlayError, OSError) as error:
            self._complain(error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever DuckDB may raise
            self._complain(error)
        else:
            self._taken = taken
            self._complained = False

    def _complain(self, error: Exception) -> None:
        """Say once what stands in the way; the journal keeps everything meanwhile."""
        self._wanted_at = time.monotonic() + 10 * SYNC_EVERY
        if self._complained:
            return
        # Perhaps somebody is deleting it: then nothing stands in the way, and `_tell_deleted` says what matters.
        self._over.wait(0.1)
        if self._store.journal.is_dir():
            self._complained = True
            say_from_thread(
                f"inlay cannot bring {self._store.database} up to date ({error}). Nothing is lost: what is "
                "logged stays in the journal and is taken in when this is mended."
            )


def upkeep_of(store: Store) -> Upkeep:
    """This process's upkeep of a store, with its writer; started on first use. Raises `StoreError` when the store may
    only be read.
    """
    with _starting:
        upkeep = _running.get(store)
        # Whoever deletes a store to begin anew gets a new stream; runs still open go on in the deleted one.
        if upkeep is None or upkeep.writer.closed or upkeep.writer.is_deleted():
            store.refuse_read_only()
            upkeep = Upkeep(store)
            _running[store] = upkeep
            upkeep.start()
            _close_at_exit()
        return upkeep


def writer_of(store: Store) -> Writer:
    """This process's stream into a store."""
    return upkeep_of(store).writer


def written_here(store: Store) -> str | None:
    """The name of this process's stream into a store; None where it has none."""
    upkeep = _running.get(store)
    return None if upkeep is None else upkeep.writer.writer_id


def close_all() -> None:
    """At the end of the process: close every stream and take it in. Workers of a pool end all at once: their streams
    are left to whoever asks next, instead of each loading DuckDB to wait for its turn.
    """
    process = sys.modules.get("multiprocessing.process")
    worker = process is not None and process.parent_process() is not None
    for upkeep in list(_running.values()):
        if not upkeep.writer.closed:
            with contextlib.suppress(Exception):  # what cannot be taken in now stays in the journal
                upkeep.close(ingest=not worker)
    _running.clear()


@cache
def _close_at_exit() -> None:
    # Registered before whoever ends open runs at the exit, and so called after it.
    atexit.register(close_all)


_running: weakref.WeakKeyDictionary[Store, Upkeep] = weakref.WeakKeyDictionary()
_starting = threading.Lock()


def _after_fork() -> None:
    global _starting, _running
    _starting = threading.Lock()
    _running = weakref.WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
