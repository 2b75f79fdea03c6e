"""Tables that stay true: live runs bring new values, other processes delete, rename and start runs.

One thread looks at all tables on screen, every two seconds and ever more seldom where nobody asks a table for anything.
Runs of this process are read from the tail of its journal, as their cards are, so that a training that is watched in a
table is not taken into the database point by point. Others come through the store, and only when their journals or the
database were written to since the last look.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from inlay.tracking import active, events
from inlay.views.table_values import LiveValues

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.store.store import Store
    from inlay.tracking.events import RunEvent
    from inlay.views.run_table import RunTable

EVERY = 2.0
"""Seconds between two looks."""
ELSEWHERE = 4.0
"""Seconds between two looks at a store in whose rows on screen nobody else is writing."""
SHARE = 0.1
"""The most of the time that looking may take."""
UNASKED = 30
"""A table that nobody asked anything for so many seconds is looked at a second less often."""
FORGOTTEN = 6 * 3600.0
"""Seconds without a question after which a table is left as it is; the next question wakes it."""


class TableLive:
    """What is known of one table's rows, and when to look again."""

    def __init__(self, table: RunTable) -> None:
        self._table = weakref.ref(table)
        self._values: dict[str, LiveValues] = {}
        self._sent: dict[str, Any] = {}
        self._stamp: dict[str, int | None] | None = None
        self._next = self._next_look = 0.0
        self._changed = False
        self._unsubscribe: Callable[[], None] = events.subscribe(self._on_event)

    def close(self) -> None:
        """Look no more."""
        self._unsubscribe()

    def round(self) -> None:
        """Tell the table's pages what is new."""
        table, now = self._table(), time.monotonic()
        if table is None or now < self._next:
            return
        idle = now - table.session.asked_at
        self._next = now + max(EVERY, idle / UNASKED)
        if idle > FORGOTTEN or not table.watched:
            return
        with contextlib.suppress(Exception):  # busy, deleted, broken: it is tried again
            self._look(table, now)

    def _look(self, table: RunTable, now: float) -> None:
        session = table.session
        own = {run.run_id: run for run in active.open_runs() if run.live and not run.shared}
        foreign = session.live_runs - own.keys()
        if self._changed or (now >= self._next_look and self._stamp != _stamp(session.store)):
            self._changed, seen = False, _stamp(session.store)
            view = session.refresh()
            # Looking takes in what was logged, and so writes: that is no news, or the next look would be due at once.
            self._stamp = {**seen, "": session.store.left_at}
            took = time.monotonic() - now
            self._next_look = time.monotonic() + max(EVERY if foreign else ELSEWHERE, took / SHARE)
            if view is not None:
                self._values.clear()
                table.push(view)
                return
            self._send(table, session.last_page())
            return
        page = session.last_page()
        for run_id in session.live_runs & own.keys():
            if run_id not in self._values:
                self._values[run_id] = LiveValues(own[run_id], session.place_of(run_id))
        if self._values:
            for values in self._values.values():
                values.take()
            self._send(table, _with(page, self._values, session.state["summary"]))

    def _send(self, table: RunTable, page: dict[str, Any]) -> None:
        if page and page != self._sent:
            self._sent = page
            table.push_rows(page)

    def _on_event(self, event: RunEvent) -> None:
        """Runs of this process begin and end; what is said of those that ended is news as well."""
        table = self._table()
        news = event.kind != "changed" or event.run.ended
        if news and table is not None and event.run.store.folder == table.session.store.folder:
            self._changed = True


def _with(page: dict[str, Any], values: dict[str, LiveValues], summary: dict[str, str]) -> dict[str, Any]:
    """The page with the values that live runs have by now."""
    cells = {column: list(one) for column, one in page["cells"].items()}
    for at, row in enumerate(page["rows"]):
        live = values.get(row.get("run", ""))
        if live is None:
            continue
        for column, one in cells.items():
            if column.startswith("metrics."):
                one[at] = live.cell(column.removeprefix("metrics."), summary.get(column, "last"), one[at])
    return {**page, "cells": cells}


def _stamp(store: Store) -> dict[str, int | None]:
    """Changes when somebody wrote to the database, or another process to its journal; a glance at the folder, nothing
    is opened.
    """
    from inlay.store.upkeep import written_here

    own = written_here(store)
    found: dict[str, int | None] = {}
    with contextlib.suppress(OSError):
        found[""] = store.database.stat().st_mtime_ns
    with contextlib.suppress(OSError):
        for writer in os.scandir(store.journal):
            if writer.name == own or not writer.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                times = [entry.stat().st_mtime_ns for entry in os.scandir(writer.path)]
                found[writer.name] = max(times, default=0)
    return found


# -- the thread -----------------------------------------------------------------------------------------------


class _Thread(threading.Thread):
    """Rounds over all tables that are alive, until there is none."""

    def __init__(self) -> None:
        super().__init__(name="inlay-tables", daemon=True)
        self.tables: weakref.WeakSet[RunTable] = weakref.WeakSet()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(EVERY / 2):
            with _lock:
                tables = list(self.tables)
                if not tables:
                    _forget(self)
                    return
            for table in tables:
                if self.over.is_set():
                    return
                with contextlib.suppress(Exception):  # one broken table must not stop the others
                    table.round()
            del tables, table  # or a table that its cell let go would be held here until the next round


def watch(table: RunTable) -> None:
    """Have `table.round()` called about once a second from now on, for as long as somebody holds the table."""
    global _thread
    with _lock:
        if _thread is None:
            _thread = _Thread()
            _thread.tables.add(table)
            _thread.start()
        else:
            _thread.tables.add(table)


def unwatch(table: RunTable) -> None:
    """The table was closed."""
    with _lock:
        if _thread is not None:
            _thread.tables.discard(table)


_lock = threading.Lock()
_thread: _Thread | None = None


def _forget(thread: _Thread) -> None:
    global _thread
    if _thread is thread:
        _thread = None


@atexit.register
def _stop() -> None:
    """A thread that is inside DuckDB when the interpreter goes away takes the process with it (SIGABRT)."""
    if (thread := _thread) is not None:
        thread.over.set()
        thread.join(timeout=5.0)


def _after_fork() -> None:
    global _lock, _thread
    _lock, _thread = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
