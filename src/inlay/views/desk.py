"""What the cards of a page may ask about, and what they are told after their runs have ended.

Only a run that this kernel has drawn is answered for, so that no page can read more of a store than it was shown.
A live card is kept up to date by whoever drew it. Of an ended run something may yet change: somebody edits the note,
the git commit was slow to find out, the code of the run before was not read in time. The desk hears of it and tells the
cards.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

from inlay.errors import InlayError
from inlay.query import attributes
from inlay.query.fresh import fresh
from inlay.query.run_details import read_details
from inlay.store.identity import short_id
from inlay.tracking import events
from inlay.tracking.run import Run
from inlay.views.details_wire import details_json
from inlay.views.header import words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.tracking.events import RunEvent
    from inlay.views.run_table import RunTable
    from inlay.views.run_view import RunView

RUNS = 1_000
"""How many runs are remembered; of more, those shown last."""
LATER = 0.7
"""Seconds after the end of a run, or the last change since, before it is read once more: by then the store has it."""
PATIENCE = 10.0
"""Seconds that this reading waits for a busy store."""


class Desk:
    """The runs and cards of one kernel. Thread-safe, as requests are answered in threads of the kernel's choice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._views: weakref.WeakSet[RunView] = weakref.WeakSet()
        self._tables: weakref.WeakValueDictionary[str, RunTable] = weakref.WeakValueDictionary()
        self._late: dict[str, tuple[Run, float]] = {}
        self._worker: threading.Thread | None = None
        self._pid = os.getpid()
        self.close: Callable[[], None] = events.subscribe(self._on_event)

    # -- runs -------------------------------------------------------------------------------------------------

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

    # -- cards ------------------------------------------------------------------------------------------------

    def show(self, view: RunView) -> None:
        """A card is on the page, for as long as it lives."""
        with self._lock:
            self._views.add(view)

    def views(self) -> list[RunView]:
        """The cards that were not closed."""
        with self._lock:
            return [view for view in self._views if view.comm is not None]

    def views_of(self, run_id: str) -> list[RunView]:
        """The cards that show this run."""
        return [view for view in self.views() if view.run_id == run_id]

    def tell(self, run: Run, *words: str) -> None:
        """The cards of a run were asked to change its note or tags, and did: all of them show it at once."""
        changed = {name: text for name, text in words_of(run.snapshot()).items() if name in words}
        for view in self.views_of(run.run_id):
            view.keep(header=view.header | changed)

    # -- tables -----------------------------------------------------------------------------------------------

    def show_table(self, table: RunTable) -> None:
        """Answer for this table from now on, for as long as somebody holds it."""
        with self._lock:
            self._tables[table.token] = table

    def forget_table(self, token: str) -> None:
        """The table was closed."""
        with self._lock:
            self._tables.pop(token, None)

    def table(self, token: str) -> RunTable:
        """The table of this token. Raises `InlayError` for one that is closed or of another kernel."""
        with self._lock:
            table = self._tables.get(token)
        if table is None:
            raise InlayError("this table is closed; run its cell again for a new one")
        return table

    # -- ended runs -------------------------------------------------------------------------------------------

    def _on_event(self, event: RunEvent) -> None:
        run = event.run
        if event.kind == "started" or run.live or os.getpid() != self._pid:
            return
        if self.views_of(run.run_id):
            self._read_later(run)

    def _read_later(self, run: Run) -> None:
        with self._lock:
            self._late[run.run_id] = run, time.monotonic() + LATER
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="inlay-details", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        """Read the details of all runs that ended lately, until there are none."""
        while True:
            time.sleep(LATER / 2)
            with self._lock:
                if not self._late:
                    self._worker = None
                    return
                due = [run for run, at in self._late.values() if at <= time.monotonic()]
                for run in due:
                    del self._late[run.run_id]
            for run in due:
                with contextlib.suppress(Exception):  # a store that is busy or gone, a card that was closed just now
                    self._tell_news(run)

    def _tell_news(self, run: Run) -> None:
        """Tell the cards of an ended run what the store says of it now."""
        with fresh(run.store, wait=PATIENCE) as con:
            now = attributes.load(con, [run.run_id])
            details = details_json(read_details(con, run.run_id))
        if not now or now[0].status == "running":  # resumed since
            return
        with self._lock:
            if run.run_id in self._late:  # changed while it was read, and read again: what the cards show is newer
                return
        words = words_of(Run(now[0], run.store).snapshot())
        for view in self.views_of(run.run_id):
            header = view.header | words
            if header != view.header or details != view.details:
                view.keep(header=header, details=details)
            if view.redraw is not None:
                view.redraw(now[0])
