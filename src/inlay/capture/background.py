"""What every run records of its surroundings, without making its start wait.

The environment as far as it is known goes in at once. What takes a process or a walk over the installed
packages is left to one daemon thread, which writes it into the run when it knows; a run may well have
ended by then. At the exit of the interpreter whatever is still waiting gets two seconds.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.capture import environment
from inlay.capture.git import GitState, git_state
from inlay.tracking import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.tracking.events import RunEvent
    from inlay.tracking.run import Run

PATIENCE_S = 2.0
GIT_STAYS_TRUE_S = 2.0  # a loop that starts a hundred runs asks git once


def activate() -> None:
    """Record the surroundings of every run from now on; calling it again changes nothing."""
    global _unsubscribe
    if _unsubscribe is None:
        _unsubscribe = events.subscribe(_on_event)


def settle(timeout: float = PATIENCE_S) -> None:
    """Wait until everything asked for so far is recorded, or the time is over."""
    done = threading.Event()
    if _worker is not None and _worker.is_alive():
        _waiting.put(done)
        done.wait(timeout)


_unsubscribe: Callable[[], None] | None = None
_waiting: queue.SimpleQueue[tuple[Run, Path, bool] | threading.Event] = queue.SimpleQueue()
_worker: threading.Thread | None = None
_lock = threading.Lock()
_last_git: tuple[Path, float, GitState | None] | None = None


def _on_event(event: RunEvent) -> None:
    if event.kind != "started":
        return
    run = event.run
    from inlay.tracking.session import session_of

    known = environment.is_known()
    found = environment.full() if known else environment.quick()
    session_of(run.store).record_environment(run, found.as_row())
    with contextlib.suppress(OSError):  # the working directory may be gone
        _waiting.put((run, Path.cwd(), known))
        _start_worker()


def _start_worker() -> None:
    global _worker
    with _lock:
        if _worker is None or not _worker.is_alive():
            _worker = threading.Thread(target=_work, name="inlay-surroundings", daemon=True)
            _worker.start()
            _settle_at_exit()


@cache
def _settle_at_exit() -> None:
    # Registered after the first run began, so that it is called before the store is closed.
    atexit.register(settle)


def _work() -> None:
    while True:
        asked = _waiting.get()
        if isinstance(asked, threading.Event):
            asked.set()
            continue
        with contextlib.suppress(Exception):  # a run without its commit is better than a traceback
            _record(*asked)


def _record(run: Run, folder: Path, environment_known: bool) -> None:  # noqa: FBT001
    if not environment_known:
        from inlay.tracking.session import session_of

        session_of(run.store).record_environment(run, environment.full().as_row())
    state = _git(folder)
    if state is not None:
        run.record(
            git_commit=state.commit,
            git_dirty=state.dirty,
            git_branch=state.branch,
            git_remote=state.remote,
        )
    if run.ended:  # its card was complete but for this
        events.announce("changed", run)


def _git(folder: Path) -> GitState | None:
    global _last_git
    now = time.monotonic()
    if _last_git is None or _last_git[0] != folder or now - _last_git[1] > GIT_STAYS_TRUE_S:
        _last_git = (folder, now, git_state(folder))
    return _last_git[2]


def _after_fork() -> None:
    """The thread stayed in the parent, and so did what waited for it."""
    global _worker, _waiting, _lock
    _worker, _waiting, _lock = None, queue.SimpleQueue(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
