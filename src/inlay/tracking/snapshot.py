"""What a card's header says of a run, at one moment, whether the run is being written or was read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.query.attributes import RunError


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run is kept and comes from. The names of machine and user are for the live card alone, never for the
    picture, which is saved with the notebook.
    """

    store: str
    """The store's folder, hashed: tells two stores apart, and nothing more."""
    following: bool
    """Whether another process is writing it."""
    source: str | None
    host: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run's attributes. Times are Unix seconds; `ended_at` is None while it runs."""

    run_id: str
    short_id: str
    name: str
    experiment: str
    status: str
    started_at: float
    ended_at: float | None
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    note: str = ""
    error: RunError | None = None
    parent_run_id: str | None = None
    metric_count: int = 0
