"""Starting and ending runs, and telling the truth about those that nobody ended.

Three things may leave a run open: a cell executed again (the run of the earlier attempt is closed here), the
end of the interpreter (`_at_exit`), and the death of the process (the store's ingest finds out by the lock).
"""

from __future__ import annotations

import atexit
import contextlib
import difflib
import getpass
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from inlay import settings
from inlay.errors import NoActiveRunError, RunActiveError
from inlay.query.attributes import Attributes
from inlay.store.identity import new_id, short_id
from inlay.store.journal.slots import Kind
from inlay.store.masking import mask_text
from inlay.store.store import current
from inlay.tracking import active, origin, values
from inlay.tracking.events import announce
from inlay.tracking.interrupted_exit import die_of_it
from inlay.tracking.joined import join, rename
from inlay.tracking.names import new_name
from inlay.tracking.outcome import at_exit, status_of
from inlay.tracking.recorder import Recorder
from inlay.tracking.run import Run
from inlay.tracking.session import session_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inlay.store.store import Store
    from inlay.tracking.origin import Origin


def start_run(
    name: str | None = None,
    *,
    experiment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    note: str | None = None,
    nested: bool = False,
    resume: str | None = None,
    store: Store | None = None,
    **unknown: object,
) -> Run:
    """Start a run and make it the active one; as a context manager it ends with its block.

    `name` defaults to two words, `experiment` to that of the parent when nested, else to the setting of that name
    ("default"; see `inlay.configure`). `nested=True` opens it inside the active run, as its child. `resume` takes the
    id (or its end, or the name) of an earlier run: its metrics go on and its status returns to running.

    In a program that was started to log into a run (`inlay run`, or `env=run.env`) the first call takes part in that
    run instead, and later ones open children of it.

    Raises `RunActiveError` when a run is open here already and `nested` is not set, `RunNotFoundError` when
    there is nothing to resume, `RunActiveError` when another process is writing the run to resume, and
    `TypeError` or `ValueError` for a bad name, param, tag or keyword.
    """
    _refuse(unknown)
    where = origin.current()
    parent = _parent(where, nested=nested)
    if parent is not None and store is not None and parent.store.folder != store.folder:
        parent = None  # nobody would find it there
    store = store or (parent.store if parent is not None else current())
    _check(name, experiment, params, tags)
    name = None if name is None else mask_text(name)
    note = None if note is None else values.note_text(note)
    run = None
    if resume is None and parent is None:
        run, parent = join(where, store)
    if resume is not None:
        run = _resumed(store, resume, where, name, experiment)
    elif run is not None:
        rename(run, name, experiment)
    else:
        attributes = Attributes(
            run_id=new_id(),
            name=name or new_name(),
            experiment=experiment or (parent.experiment if parent is not None else settings.get("experiment")),
            started_at=time.time(),
            note=mask_text(note or "", code=False),
            parent_run_id=parent.run_id if parent is not None else None,
        )
        run = _begun(store, where, attributes)
        if parent is not None:
            parent.memory.keep_child(run)
    active.opened(run)
    _end_at_exit()
    try:
        if params:
            run.log_params(params)
        if tags:
            run.set_tags(tags)
        if note and (resume is not None or not run.note):  # a run that was joined keeps the one it has
            run.set_note(note)
    except BaseException as error:
        run.end(status_of(error), error)  # nobody else has it yet
        raise
    announce("started", run)
    return run


def end_run(status: str = "finished") -> None:
    """End the active run; does nothing when there is none."""
    run = active.active_run()
    if run is not None:
        run.end(status)


def log(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Log metrics to the active run; see `Run.log`. Raises `NoActiveRunError` when none is open."""
    run = active.meant_run()
    if run is None:
        if _leaving:  # a daemon thread that logs to the end: nobody is there to act on an error
            return
        msg = (
            "no run is open to log to. Open one with `with inlay.start_run() as run:`, or put %%track on the "
            "first line of the cell."
        )
        raise NoActiveRunError(msg)
    run.log(metrics, step)


def _parent(where: Origin, *, nested: bool) -> Run | None:
    """The run the new one belongs to. One left open by an earlier attempt of the same cell is ended first."""
    run = active.run_here()
    while run is not None and run.live and run.origin is not None and run.origin.same_cell(where):
        run.end("finished")  # had that attempt failed, it would have been ended so when it did
        run = active.run_here()
    if nested:
        return active.active_run()
    if run is None:
        return None
    msg = (
        f"run {run.short_id} ({run.name}) is open already. End it with inlay.end_run(), or open the new one "
        "inside it with start_run(nested=True)."
    )
    raise RunActiveError(msg)


def _begun(store: Store, where: Origin, attributes: Attributes) -> Run:
    recorder = Recorder(attributes.run_id, store)
    circumstances = _circumstances(store, where, attributes)
    recorder.event(
        Kind.RUN_START,
        name=attributes.name,
        experiment=attributes.experiment,
        time=attributes.started_at,
        note=attributes.note,
        parent_run_id=attributes.parent_run_id,
        **circumstances,
    )
    return Run(attributes, store, recorder, where)


def _resumed(store: Store, reference: str, where: Origin, name: str | None, experiment: str | None) -> Run:
    from inlay.query.attributes import find
    from inlay.query.summary import next_steps

    attributes = find(store, reference)
    still = next((run for run in active.open_runs() if run.run_id == attributes.run_id), None)
    if still is not None:
        still.end()
        attributes = find(store, still.run_id)
    if attributes.status == "running":
        msg = (
            f"run {short_id(attributes.run_id)} ({attributes.name}) is being written by another process; it can be "
            "resumed when that has ended it or is gone"
        )
        raise RunActiveError(msg)
    for what, given, known in (("name", name, attributes.name), ("experiment", experiment, attributes.experiment)):
        if given is not None and given != known:
            msg = f"run {short_id(attributes.run_id)} has the {what} {known!r}; resume it without another ({given!r})"
            raise ValueError(msg)
    recorder = Recorder(attributes.run_id, store, next_steps(store, attributes.run_id))
    attributes.status, attributes.ended_at, attributes.error = "running", None, None
    recorder.event(
        Kind.RUN_START,
        experiment=attributes.experiment,
        time=attributes.started_at,
        **_circumstances(store, where, attributes),
    )
    return Run(attributes, store, recorder, where)


def _circumstances(store: Store, where: Origin, attributes: Attributes) -> dict[str, Any]:
    """Who runs this, where, and from what: columns of the table `runs`. The attributes learn of it, too."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        user = None
    attributes.source, attributes.host, attributes.user = where.source_name, socket.gethostname(), user
    return {
        "source_kind": where.source_kind,
        "source_name": where.source_name,
        "notebook": where.notebook,
        "cell_id": where.cell_id,
        "execution_seq": where.execution_seq,
        "code_hash": where.code_hash,
        "session_id": session_of(store).session_id,
        "host": attributes.host,
        "user_name": user,
        "pid": os.getpid(),
    }


def _refuse(unknown: dict[str, object]) -> None:
    """Raise `TypeError` for a keyword that is none, naming the one that was probably meant."""
    for given in unknown:
        known = ("name", "experiment", "params", "tags", "note", "nested", "resume", "store")
        near = difflib.get_close_matches(given, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"
        msg = f"start_run takes no {given!r}; {hint}"
        raise TypeError(msg)


def _check(name: object, experiment: object, params: object, tags: object) -> None:
    """Bad input raises before anything is written."""
    if name is not None:
        values.check_key(name, "run")
    if experiment is not None:
        values.check_key(experiment, "experiment")
    for what, given in (("param", params), ("tag", tags)):
        if given is None:
            continue
        if not hasattr(given, "items"):
            msg = f"{what}s are a dict, such as {{'lr': 0.1}}; got {given!r}"
            raise TypeError(msg)
        for key in given:  # type: ignore[attr-defined]
            values.check_key(key, what)


# -- the end of the interpreter -----------------------------------------------------------------------------

_registered = False
_leaving = False


atexit.register(die_of_it)  # with the import, and so called after what ends the runs


def _end_at_exit() -> None:
    global _registered
    if not _registered:
        _registered = True
        atexit.register(_at_exit)


def _at_exit() -> None:
    """End what is open with the truth, innermost first; the store's own exit then takes everything in."""
    global _leaving
    _leaving = True
    for run in reversed(active.open_runs()):
        status, error = at_exit()
        if run.recorder is not None:
            run.recorder.leaving = True
        with contextlib.suppress(Exception):
            run.end(status, error)


def _after_fork_in_parent() -> None:
    for run in active.open_runs():
        run.shared = True  # the child may log to it


def _after_fork() -> None:
    for run in active.forget_all():
        if run.recorder is not None:
            run.recorder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
