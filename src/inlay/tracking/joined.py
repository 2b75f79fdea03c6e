"""Runs that another process began: one that was handed over by pickle, and the one that `INLAY_RUN_ID` names.

What is logged to them goes through this process's own stream; the ingest puts the streams of a run together. They
are ended by the process that began them: whatever happens here, to it they go on.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay import settings
from inlay.errors import InlayError
from inlay.query.attributes import Attributes, find, load
from inlay.query.fresh import fresh
from inlay.store import folder
from inlay.store.database import StoreBusyError
from inlay.store.identity import short_id
from inlay.store.store import store_at
from inlay.tracking import active
from inlay.tracking.outcome import at_exit, error_columns, error_of
from inlay.tracking.recorder import Recorder
from inlay.tracking.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inlay.query.attributes import RunError
    from inlay.store.store import Store
    from inlay.tracking.origin import Origin

RUN_ID, GIVEN, STORE = "INLAY_RUN_ID", "INLAY_RUN_GIVEN", "INLAY_STORE"
_LENGTH_OF_ID = 36


def environment_of(run: Run, given: Iterable[str] = ("name", "experiment")) -> dict[str, str]:
    """The variables of this process, and those by which a program that is started with them joins the run.

    `given` is what was chosen for the run, so that the program's own `start_run` does not change it.
    """
    return os.environ | {RUN_ID: run.run_id, GIVEN: ",".join(given), STORE: str(run.store.folder)}


# -- handed over --------------------------------------------------------------------------------------------


def handed_over(store: Store, attributes: Attributes, writable: bool) -> Run:  # noqa: FBT001 - pickle's arguments
    """What a pickled run becomes: in the process that has it, the same object; elsewhere a handle on the same run.

    Nothing is opened or asked before something is logged, so that a worker that does not log costs nothing.
    """
    here = active.seen(attributes.run_id)
    if here is not None and not here.left:
        return here
    if not writable:
        return Run(attributes, store)
    return Run(attributes, store, recorder_of(store, attributes.run_id))


def recorder_of(store: Store, run_id: str) -> Recorder:
    """What this process logs to the run with, of which there is one: its steps go on from task to task."""
    here = active.seen(run_id)
    if here is not None and here.recorder is not None:
        return here.recorder
    with _lock:
        if (store, run_id) not in _recorders:
            _recorders[store, run_id] = Recorder(run_id, store, joined=True)
        return _recorders[store, run_id]


# -- named by the environment -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Named:
    """The run that the environment was found to name, if any."""

    by: tuple[str, str | None]
    run: Run | None
    joined: bool = False
    """Whether a `start_run` took it for its own."""


def of_environment() -> Run | None:
    """The open run that `INLAY_RUN_ID` names, looked for once. One that cannot be joined costs a warning."""
    global _named
    run_id = os.environ.get(RUN_ID)
    if not run_id:
        return None
    by = run_id, os.environ.get(STORE)
    with _lock:
        here = active.seen(run_id)
        if here is not None and here.recorder is not None and not here.recorder.foreign:
            return None if here.ended else here  # this process began it, and names it for its children
        if _named is None or _named.by != by:
            _named = _Named(by, None)  # first: what is asked on the way must not ask again
            _named.run = _look_up(run_id)
        run = _named.run
        if run is not None and run.left:
            run = _named.run = Run(run.attributes(), run.store, run.recorder)
        return run


def join(where: Origin, store: Store) -> tuple[Run | None, Run | None]:
    """What `start_run` opens and what it opens it in, where the environment names a run: the run itself, the first
    time, else a child of it. A worker of `multiprocessing` and a cell of a notebook are never the run itself, for there
    are many of them.
    """
    run = of_environment()
    if run is None or run.recorder is None or not run.recorder.foreign or run.store.folder != store.folder:
        return None, None
    with _lock:
        if _named is None or _named.joined or where.source_kind == "notebook" or is_worker():
            return None, run
        _named.joined = True
    return _taken(run, where), None


def _taken(run: Run, where: Origin) -> Run:
    """A handle that is left with the block, while the environment goes on to name the run."""
    handle = Run(run._attributes, run.store, run.recorder, where)  # noqa: SLF001 - one run, two handles on it
    handle.memory = run.memory
    handle.tells_error = True
    return handle


def rename(run: Run, name: str | None, experiment: str | None) -> None:
    """Give a run that was joined the name and experiment of a script, where who began it chose none."""
    told = (settings.get("run_given") or "").split(",")
    given = {"name": name, "experiment": experiment}
    columns = {what: word for what, word in given.items() if word is not None and what not in told}
    if not columns:
        return
    run.record(**columns)
    for what, word in columns.items():
        setattr(run._attributes, what, word)  # noqa: SLF001 - as `set_note` does


def learned(run: Run, wait: float) -> RunError | None:
    """Bring a run that this process began up to date with what programs that joined it said: its name, params, tags and
    note. Returns the exception that one of them ended with. A store that is busy for `wait` seconds tells nothing.
    """
    try:
        with fresh(run.store, wait=wait) as con:
            found = load(con, [run.run_id])
    except (InlayError, OSError):
        return None
    for now in found:
        for what in ("name", "experiment", "params", "tags", "note"):
            setattr(run._attributes, what, getattr(now, what))  # noqa: SLF001 - they are its own
        return now.error
    return None


def is_worker() -> bool:
    """Whether `multiprocessing`, or something built on it, started this process."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _look_up(run_id: str) -> Run | None:
    try:
        store, attributes = _found(run_id)
    except InlayError as error:
        warnings.warn(
            f"inlay: {RUN_ID}={run_id} names no run that can be joined: {error}. It is left out of account",
            RuntimeWarning,
            stacklevel=4,
        )
        return None
    recorder = recorder_of(store, attributes.run_id)
    _ = recorder.writer  # opened now, so that it is closed after `_tell_error` was called
    atexit.register(_tell_error)
    return Run(attributes, store, recorder)


def _found(run_id: str) -> tuple[Store, Attributes]:
    """Where that run is, and what it is. Raises `InlayError` when it cannot be joined."""
    store = store_at(folder.locate())
    store.refuse_deleted()
    try:
        attributes = find(store, run_id)
    except StoreBusyError:
        if len(run_id) != _LENGTH_OF_ID:
            raise
        return store, Attributes(run_id, short_id(run_id))  # nothing speaks against it, and nothing must be lost
    if attributes.status != "running":
        msg = f"run {short_id(attributes.run_id)} ({attributes.name}) has ended ({attributes.status})"
        raise InlayError(msg)
    return store, attributes


def _tell_error() -> None:
    """Keep what ended the script, for whoever ends the run."""
    run = None if _named is None else _named.run
    _, error = at_exit()
    if run is not None and error is not None:
        run.record(**error_columns(error_of(error)))


_named: _Named | None = None
_recorders: dict[tuple[Store, str], Recorder] = {}
"""Kept for as long as the process lives: a worker serves few runs."""
_lock = threading.RLock()


def _after_fork() -> None:
    """A child goes on with its parent's runs, in a stream of its own."""
    global _lock
    _lock = threading.RLock()
    for recorder in _recorders.values():
        recorder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
