"""What a run's card shows around its charts: code, output, artifacts, environment, git, child runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.tracking.run import Run

NOTHING: dict[str, Any] = {
    "code": None,
    "output": None,
    "artifacts": [],
    "artifacts_total": 0,
    "environment": None,
    "git": None,
    "children": [],
    "children_total": 0,
}


class Details:
    """The trait `_details` of one run's card, kept up to date."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._current = dict(NOTHING)

    def refresh(self) -> bool:
        """Look again; whether anything changed."""
        return False

    def current(self) -> dict[str, Any]:
        """What is known now, as JSON."""
        return self._current
