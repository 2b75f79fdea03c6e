"""What the cards of a page may ask about: the runs they show, and the cards themselves.

Only a run that this kernel has drawn is answered for, so that no page can read more of a store than it was shown.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from inlay.errors import InlayError
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from inlay.tracking.run import Run
    from inlay.views.run_view import RunView

RUNS = 1_000
"""How many runs are remembered; of more, those shown last."""


class Desk:
    """The runs and cards of one kernel. Thread-safe, as requests are answered in threads of the kernel's choice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._views: weakref.WeakSet[RunView] = weakref.WeakSet()

    def know(self, run: Run) -> None:
        """Answer for this run from now on; the object given last stands for it."""
        with self._lock:
            self._runs.pop(run.run_id, None)
            self._runs[run.run_id] = run
            while len(self._runs) > RUNS:
                del self._runs[next(iter(self._runs))]

    def run(self, run_id: str) -> Run:
        """The run of this id. Raises `InlayError` for one that no card here has shown."""
        with self._lock:
            run = self._runs.get(run_id)
        if run is None:
            short = short_id(run_id)
            raise InlayError(f'run {short} was not shown by this kernel; show it with inlay.get_run("{short}")')
        return run

    def runs(self) -> list[Run]:
        """All of them."""
        with self._lock:
            return list(self._runs.values())

    def show(self, view: RunView) -> None:
        """A card is on the page, for as long as it lives."""
        with self._lock:
            self._views.add(view)

    def views(self) -> list[RunView]:
        """The cards that were not closed."""
        with self._lock:
            return [view for view in self._views if view.comm is not None]
