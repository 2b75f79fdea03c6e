"""`import_runs`: runs of other trackers, of files and of other stores, into a store of ours.

A source is told by what lies there, read by an adapter of its own into common records, and written by one writer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not taken along: what it is, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: how many runs are new, went on since, are as they were; and what was left out."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = field(default=())
    run_ids: tuple[str, ...] = field(default=(), repr=False)
    """Ids of all these runs in the store, in the source's order."""


def import_runs(
    source: str | os.PathLike[str],
    *,
    kind: str | None = None,
    experiment: str | None = None,
    store: Store | None = None,
    progress: bool = True,
) -> Imported:
    """Bring runs from elsewhere into the store."""
    raise NotImplementedError
