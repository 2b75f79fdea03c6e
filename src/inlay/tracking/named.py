"""The run that a user means: `get_run`, and the object that stands for a run that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query import attributes
from inlay.store.store import current
from inlay.tracking import active, values
from inlay.tracking.run import Run

if TYPE_CHECKING:
    from inlay.store.store import Store


def get_run(reference: str) -> Run:
    """The run with this id, or the beginning or end of one, or this name (the newest run of it).

    A run this process is writing is returned as it is. Raises `RunNotFoundError` naming near misses.
    """
    if not isinstance(reference, str):
        msg = f"get_run takes the id or the name of a run; got {reference!r} of type {type(reference).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    if not reference:
        msg = "get_run takes the id or the name of a run; got an empty string"
        raise ValueError(msg)
    values.check_key(reference, "run")
    for run in active.open_runs():
        if reference in (run.run_id, run.short_id):
            return run
    return as_run(attributes.find(current(), reference), current())


def as_run(found: attributes.Attributes, store: Store) -> Run:
    """The run object that is being written, if it is in this process; one to read otherwise."""
    for run in active.open_runs():
        if run.run_id == found.run_id:
            return run
    return Run(found, store)
