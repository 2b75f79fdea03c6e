"""The pass over all of a dataset: one daemon thread, one dataset after the other, and an exit that waits five seconds.

Waiting data is held in memory, so no more than `MOST_HELD` of it waits; what finds no room, or no time before the
end of the process, goes without a digest. A forked child leaves all to the process that logged it.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from inlay.content.datasets.description import Findings, StoppedError
from inlay.store.notice import say_from_thread

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 5.0
"""How long the end of the process waits, for all together."""
MOST_HELD = 4 << 30
"""Bytes of data that may wait behind the one being read."""


class Pass:
    """One dataset to be read, and what is to be done with what was found. `done` is set in any case."""

    __slots__ = ("done", "full_pass", "held_bytes", "keep")

    def __init__(
        self, full_pass: Callable[[Callable[[], None]], Findings], keep: Callable[[Findings], None], held_bytes: int
    ) -> None:
        self.full_pass = full_pass
        self.keep = keep
        self.held_bytes = held_bytes
        self.done = threading.Event()


def begin(asked: Pass) -> None:
    """Have it done in the background."""
    global _thread
    _finish_at_exit()
    with _lock:
        if _waiting and sum(one.held_bytes for one in _waiting) + asked.held_bytes > MOST_HELD:
            asked.done.set()
            return
        if _thread is None:
            thread = threading.Thread(target=_work, name="inlay-inputs", daemon=True)
            try:
                thread.start()  # it waits for `_lock`
            except RuntimeError:  # the interpreter goes away
                asked.done.set()
                return
            _thread = thread
        _waiting.append(asked)


def settle(timeout: float = PATIENCE_S) -> bool:
    """Wait until everything asked for so far is done; returns whether it is."""
    end = time.monotonic() + timeout
    with _lock:
        asked = list(_waiting)
    return all(one.done.wait(max(end - time.monotonic(), 0)) for one in asked)


def finish() -> None:
    """At the end of the process: wait a little, or until Ctrl-C, then stop what is not done."""
    global _stopping
    try:
        done = settle()
    except KeyboardInterrupt:
        done = False
    if not done:
        _stopping = True
        from inlay.content.datasets.files import interrupt

        interrupt()
        settle(1.0)


_lock = threading.Lock()
_waiting: deque[Pass] = deque()
"""The first is the one being read."""
_thread: threading.Thread | None = None
_stopping = False


@functools.cache
def _finish_at_exit() -> None:
    # Registered after what ends open runs and closes the journal, and so called before it.
    atexit.register(finish)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:  # the processes it starts leave without calling what `atexit` knows
        util.Finalize(None, finish, exitpriority=100)


def _check() -> None:
    if _stopping:
        raise StoppedError


def _work() -> None:
    """Read until nothing waits."""
    global _thread
    while True:
        with _lock:
            if not _waiting:
                _thread = None
                return
            asked = _waiting[0]
        _read(asked)
        with _lock:
            _waiting.popleft()
        asked.done.set()
        del asked  # or the last dataset stays in memory


def _read(asked: Pass) -> None:
    try:
        found = asked.full_pass(_check)
    except Exception:  # noqa: BLE001 - data changed or gone meanwhile, a file nobody may read: it has no digest
        return
    if found == Findings():
        return
    try:
        asked.keep(found)
    except Exception as error:  # noqa: BLE001 - whoever logged is elsewhere by now
        say_from_thread(f"inlay could not keep what it found out about a dataset: {error!r}")


def _after_fork() -> None:
    global _lock, _waiting, _thread
    _lock, _waiting, _thread = threading.Lock(), deque(), None
    _finish_at_exit.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
