"""Deleting runs, so that they can be brought back: a time in `deleted_at`, said through the journal like all else.

Nothing leaves the store; lists and `get_run` pass deleted runs over. `inlay gc --deleted` removes their rows for good.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inlay.errors import RunActiveError
from inlay.store.identity import short_id
from inlay.store.journal.slots import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.attributes import Attributes
    from inlay.store.store import Store


def delete(store: Store, runs: Sequence[Attributes]) -> None:
    """Mark runs as deleted. Raises `RunActiveError` when one of them is running; none is deleted then."""
    for run in runs:
        if run.status == "running":
            msg = f"run {short_id(run.run_id)} ({run.name}) is running; it can be deleted when it has ended"
            raise RunActiveError(msg)
    _set(store, runs, time.time())


def restore(store: Store, runs: Sequence[Attributes]) -> None:
    """Bring deleted runs back; those that were not deleted stay as they are."""
    _set(store, runs, None)


def _set(store: Store, runs: Sequence[Attributes], at: float | None) -> None:
    from inlay.store.upkeep import writer_of

    store.refuse_deleted()
    store.refuse_read_only()
    writer = writer_of(store)
    for run in runs:
        writer.event(Kind.RUN, {"run": run.run_id, "set": {"deleted_at": at}})
