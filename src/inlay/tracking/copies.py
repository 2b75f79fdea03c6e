"""Large files are copied by a background thread, one after the other, so that the cell goes on.

`log_artifact` opens or clones the file and returns; its event is written when the blob stands under its name. The end
of a run, and of the process, waits for its copies. A forked child leaves them to the process they were begun in.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
import warnings
from collections import deque
from typing import TYPE_CHECKING

from inlay.store.artifacts import take_in
from inlay.store.incoming import CopyStoppedError
from inlay.store.notice import say_from_thread
from inlay.tracking.progress import begin_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.store.artifacts import Blob
    from inlay.store.incoming import Incoming
    from inlay.tracking.run import Run

WAITING = 64
"""Copies that may wait: each keeps a file open. Whoever logs more waits for one to be done."""
PATIENCE = 1.0
"""Seconds the end of a run waits before it says on the terminal what for."""
_LOOK_EVERY = 0.2
"""Seconds; on Windows a wait without an end does not hear Ctrl-C."""


class Copy:
    """One file under way, and what is to be said of it when it is kept."""

    __slots__ = ("incoming", "keep", "kept", "path", "replaced", "run")

    def __init__(self, run: Run, path: str, incoming: Incoming, keep: Callable[[Blob], None]) -> None:
        self.run = run
        self.path = path
        self.incoming = incoming
        self.keep = keep
        self.kept = False
        self.replaced = False
        """Another file was logged under its path meanwhile."""


def begin(run: Run, path: str, incoming: Incoming, keep: Callable[[Blob], None]) -> bool:
    """Copy an opened file in the background, close it, and call `keep` with its blob in the background thread.

    False where that cannot be any more, because the interpreter goes away.
    """
    global _thread
    _finish_at_exit()
    copy = Copy(run, path, incoming, keep)
    with _changed:
        while len(_waiting) >= WAITING:
            _changed.wait(_LOOK_EVERY)
        if _thread is None:
            thread = threading.Thread(target=_work, name="inlay-copies", daemon=True)
            try:
                thread.start()  # it waits for `_changed`
            except RuntimeError:
                return False
            _thread = thread
        _replace(run, path)
        _waiting.append(copy)
    return True


def under_way(run: Run) -> list[Copy]:
    """The copies of a run that are not done, in the order they were begun."""
    with _changed:
        return _of(run)


def replace(run: Run, path: str) -> None:
    """Another file was logged under this path: what was logged before need not be kept any more."""
    if not _waiting:  # nearly always
        return
    with _changed:
        _replace(run, path)


def finish(run: Run) -> bool:
    """Wait until the files of a run are kept. Ctrl-C stops those that are not, tells which, and returns True."""
    try:
        _wait(run)
    except KeyboardInterrupt:
        _stop(run)
        return True
    return False


# -- waiting ------------------------------------------------------------------------------------------------


def _wait(run: Run | None) -> None:
    """Wait for the copies of a run, or of all runs."""
    began, told = time.monotonic(), False
    while True:
        with _changed:
            copies = _of(run)
            if not copies:
                return
            _changed.wait(_LOOK_EVERY)
        if not told and time.monotonic() - began > PATIENCE:
            told = True
            _tell(copies)


def _tell(copies: list[Copy]) -> None:
    """Where no card shows it, say what the end of the run waits for."""
    unseen = [copy for copy in copies if not copy.run.drawn]
    if not unseen:
        return
    size = sum(copy.incoming.size for copy in unseen)
    left = size - sum(copy.incoming.done for copy in unseen)
    print(  # noqa: T201
        f"inlay: {_names(unseen)} still being copied into the store, {left / 1e6:,.0f} of {size / 1e6:,.0f} MB to go; "
        "Ctrl-C leaves that out",
        file=sys.stderr,
    )


def _stop(run: Run | None) -> None:
    """Stop the copies of a run, or of all runs; nothing half-written is left."""
    with _changed:
        copies = [copy for copy in _of(run) if not copy.replaced]
        for copy in _of(run):
            copy.incoming.stop()
        # It looks at every piece, and waits for the disk at most for the last megabytes.
        _changed.wait_for(lambda: not _of(run), timeout=30)
    lost = [copy for copy in copies if not copy.kept]
    if lost:
        warnings.warn(
            f"inlay: the copying of files into the store was interrupted; not kept: {_names(lost)}",
            RuntimeWarning,
            stacklevel=4,
        )


def _names(copies: list[Copy]) -> str:
    shown = ", ".join(repr(copy.path) for copy in copies[:3])
    return shown if len(copies) <= 3 else f"{shown} and {len(copies) - 3} more"


def finish_all() -> None:
    """Wait for the copies of every run, as the end of the process does."""
    try:
        _wait(None)
    except KeyboardInterrupt:
        _stop(None)


@functools.cache
def _finish_at_exit() -> None:
    # Registered after what ends open runs and closes the journal, and so called before it.
    atexit.register(finish_all)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:  # the processes it starts leave without calling what `atexit` knows
        util.Finalize(None, finish_all, exitpriority=100)


# -- the thread ---------------------------------------------------------------------------------------------

_changed = threading.Condition()
_waiting: deque[Copy] = deque()
"""The first is the one being copied."""
_thread: threading.Thread | None = None


def _of(run: Run | None) -> list[Copy]:
    # By id: a run that was handed over may have several objects that stand for it.
    return [copy for copy in _waiting if run is None or copy.run.run_id == run.run_id]


def _replace(run: Run, path: str) -> None:
    for copy in _of(run):
        if copy.path == path:
            copy.replaced = True
            copy.incoming.stop()


def _work() -> None:
    """Copy until nothing waits."""
    global _thread
    while True:
        with _changed:
            if not _waiting:
                _thread = None
                return
            copy = _waiting[0]
        try:
            _copy(copy)
        except CopyStoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - a full disk, an ended run; whoever logged is elsewhere by now
            reason = getattr(error, "strerror", None) or error
            say_from_thread(f"inlay could not keep the artifact {copy.path!r}: {reason}")
        with _changed:
            _waiting.popleft()
            _changed.notify_all()


def _copy(copy: Copy) -> None:
    name = copy.path.rpartition("/")[2]
    incoming = copy.incoming
    bar = begin_bar(copy.run, incoming.size, name, lambda: incoming.done)
    try:
        with incoming:
            blob = take_in(copy.run.store.artifacts, incoming)
        with _changed:
            if not copy.replaced:
                copy.keep(blob)
                copy.kept = True
        bar.end("done")
    finally:
        bar.end("stopped")


def _after_fork() -> None:
    global _changed, _waiting, _thread
    for copy in _waiting:
        copy.incoming.abandon()
    _changed, _waiting, _thread = threading.Condition(), deque(), None
    _finish_at_exit.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
