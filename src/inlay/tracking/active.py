"""Which run is open here: the stack behind `active_run()` and `inlay.log`.

The stack is a context variable, so that asyncio tasks and parallel contexts do not see each other's runs. A
thread begins with an empty context; it is given the stack of the thread that started it, because whoever logs
from a worker thread means the run the thread was started in. Cells of a notebook each get a context of their
own: a run opened by a bare `start_run()` is therefore also found, in the thread that opened it, when the context
holds none. Where there is none at all, the run that `INLAY_RUN_ID` names is meant, if there is one.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inlay.tracking.run import Run

_stack: ContextVar[tuple[Run, ...]] = ContextVar("inlay_runs", default=())
_open: list[Run] = []
"""Every run of this process that has not ended, oldest first."""
_seen: weakref.WeakValueDictionary[str, Run] = weakref.WeakValueDictionary()
"""Every run that was opened in this process, or in the one it was forked from, and is still held by somebody."""
_lock = threading.RLock()


def active_run() -> Run | None:
    """The innermost open run of this context, or None."""
    run = meant_run()
    return None if run is None or run.ended else run


def meant_run() -> Run | None:
    """The run that whoever logs here means. A thread that outlives the run it was started in still means that one: what
    it logs must not land in another, so the run is returned although it has ended.
    """
    return run_here() or _run_of_thread() or _run_of_environment()


def _run_of_thread() -> Run | None:
    """The run that a thread without one of its own can only mean."""
    thread = threading.current_thread()
    if thread is threading.main_thread():
        return None
    inherited = _here()
    if inherited and not _is_pooled(thread):
        return inherited[-1]
    # A thread made before any run, by C code or by a pool for work to come, can only mean the one that is open.
    everywhere = open_runs()
    bare = [run for run in everywhere if not run.scoped and run.thread is threading.main_thread()]
    return bare[-1] if bare else everywhere[0] if len(everywhere) == 1 else None


def _run_of_environment() -> Run | None:
    if not os.environ.get("INLAY_RUN_ID"):
        return None
    from inlay.tracking.joined import of_environment

    return of_environment()


def run_here() -> Run | None:
    """The innermost run that was opened in this context or thread: the one a new run would be inside of."""
    thread = threading.current_thread()
    bare = [run for run in open_runs() if not run.ended and not run.scoped and run.thread is thread]
    inner = next((run for run in reversed(_here()) if not run.ended), None)
    if inner is None:
        return bare[-1] if bare else None
    for run in bare:  # a child that a cell with `await` opened in a context of its own, and left open
        if run.parent_run_id == inner.run_id:
            inner = run
    return inner


def opened(run: Run) -> None:
    """`run` is now the innermost one here."""
    _inherit_in_threads()
    _stack.set((*(other for other in _here() if not other.ended), run))
    with _lock:
        _open.append(run)
        _seen[run.run_id] = run


def seen(run_id: str) -> Run | None:
    """The run of this id that was opened here, whether or not it has ended; None where nobody holds it any more."""
    with _lock:
        return _seen.get(run_id)


def closed(run: Run) -> None:
    """`run` has ended."""
    _stack.set(tuple(other for other in _stack.get() if other is not run and not other.ended))
    with _lock:
        if run in _open:
            _open.remove(run)


def open_runs() -> list[Run]:
    """Every run of this process that has not ended, oldest first."""
    with _lock:
        return list(_open)


def forget_all() -> list[Run]:
    """In a forked child: the open runs are the parent's; they stay active here but are not ours to end. Returns them.

    The lock is a new one: a thread that exists in the parent alone may have held it.
    """
    global _lock
    _lock = threading.RLock()
    parents = list(_open)
    _open.clear()
    return parents


def _here() -> tuple[Run, ...]:
    return _stack.get() or getattr(threading.current_thread(), "_inlay_runs", ())


def _inherit_in_threads() -> None:
    """Have every thread started from now on remember the runs open where it was started.

    `Thread.start` is wrapped once, on the first run: there is no hook for it before Python 3.14's
    `thread_inherit_context`.
    """
    start = threading.Thread.start
    if getattr(start, "_inlay_wraps", None) is not None:
        return

    @functools.wraps(start)
    def start_with_runs(thread: threading.Thread) -> None:
        vars(thread)["_inlay_runs"] = _here()
        vars(thread)["_inlay_pooled"] = _serves_a_pool(thread)
        start(thread)

    vars(start_with_runs)["_inlay_wraps"] = start
    threading.Thread.start = start_with_runs  # type: ignore[method-assign, assignment]


def _serves_a_pool(thread: threading.Thread) -> bool:
    """Whether a thread about to start will work for whoever asks its pool, for longer than the run it is started in."""
    target = vars(thread).get("_target")
    return getattr(target, "__module__", None) in ("concurrent.futures.thread", "multiprocessing.pool")


def _is_pooled(thread: threading.Thread) -> bool:
    return bool(vars(thread).get("_inlay_pooled"))
