"""Runs on screen: a card under the cell that starts one, and a card or a table as the value of a cell.

The floors below announce runs and know no display; this subscribes, and registers formatters with IPython.
A card is made by `views`; nothing of it is imported before the first one is drawn. Whatever goes wrong
while drawing is one warning, never an error of the user's cell.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from inlay.notebook.publisher import CellPublisher, Reshown
from inlay.tracking import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from inlay.notebook.executions import Cell, Executions
    from inlay.tracking.events import RunEvent
    from inlay.tracking.found import Runs
    from inlay.tracking.run import Run
    from inlay.views.run_table import RunTable

CARDS_PER_CELL = 20


class Display:
    """The cards of one shell."""

    def __init__(self, shell: InteractiveShell, executions: Executions) -> None:
        self._shell = shell
        self._executions = executions
        self._reshown = Reshown(shell)
        self._shown: dict[Cell, list[str]] = {}
        self._pid = os.getpid()
        self._warned = False
        self._prepared = False
        self._undo = [events.subscribe(self._on_event), *self._add_formatters()]

    def close(self) -> None:
        """Draw nothing any more."""
        for undo in self._undo:
            undo()

    def cell_ended(self, cell: Cell) -> None:
        """The cell's output is complete."""
        self._shown.pop(cell, None)
        if cell.outer is None:
            self._reshown.forget(cell.message)
            self._prepare_page()

    def _prepare_page(self) -> None:
        """Right after the cell that loaded inlay: send a page that somebody watches the code of the cards, and let it
        find the model that answers. It does so by a message, which some kernels hear only between two cells, and the
        next one may train for hours.
        """
        if self._prepared or not hasattr(self._shell, "kernel") or not CellPublisher(self._shell).watched:
            return
        self._prepared = True
        with contextlib.suppress(Exception):  # the first card will say what is wrong
            from inlay.views.page import page

            page()

    # -- runs that start -------------------------------------------------------------------------------

    def _on_event(self, event: RunEvent) -> None:
        if event.kind != "started" or os.getpid() != self._pid:
            return
        cell = self._executions.anywhere()
        if cell is None or cell.quiet:
            return
        if not hasattr(self._shell, "kernel"):
            print(f"inlay: {event.run!r}")  # noqa: T201  # a terminal shows text only
            return
        shown = self._shown.setdefault(cell.outermost, [])
        if len(shown) < CARDS_PER_CELL:
            shown.append(event.run.run_id)
            self._guarded(lambda: self._draw(event.run, self._reshown))
        elif len(shown) == CARDS_PER_CELL:
            shown.append("")
            print(f"inlay: {CARDS_PER_CELL} cards shown; inlay.runs() lists every run")  # noqa: T201

    def _draw(self, run: Run, stays: Reshown | None = None) -> None:
        from inlay.views.live_card import LiveCard

        LiveCard(run, CellPublisher(self._shell, stays)).start()

    def _guarded(self, draw: Callable[[], None]) -> None:
        try:
            draw()
        except Exception as error:  # noqa: BLE001
            if not self._warned:
                self._warned = True
                text = f"inlay cannot draw runs here ({error!r}); they are recorded all the same"
                warnings.warn(text, RuntimeWarning, stacklevel=2)

    # -- runs as values --------------------------------------------------------------------------------

    def _add_formatters(self) -> list[Callable[[], None]]:
        formatter: Any = self._shell.display_formatter
        own = formatter.ipython_display_formatter
        # By name: importing the classes here would bring NumPy and more into `import inlay`.
        drawn = (
            ("inlay.tracking.run", "Run", self._draw_value),
            ("inlay.tracking.found", "Runs", self._draw_runs),
            ("inlay.views.run_table", "RunTable", self._draw_table),
        )
        for module, name, draw in drawn:
            own.for_type_by_name(module, name, draw)
        return [partial(own.pop, f"{module}.{name}", None) for module, name, _ in drawn]

    def _draw_value(self, run: Run) -> None:
        """Draw a run that is displayed. `NotImplementedError` tells IPython to print it instead."""
        cell = self._executions.current()
        shown = self._shown.get(cell.outermost, []) if cell is not None else []
        if not hasattr(self._shell, "kernel") or run.run_id in shown:
            raise NotImplementedError
        self._draw(run)

    def _draw_runs(self, runs: Runs) -> None:
        """Draw runs as their table."""
        if not hasattr(self._shell, "kernel"):
            raise NotImplementedError
        from inlay.views.run_table import RunTable

        self._draw_table(RunTable(runs))

    def _draw_table(self, table: RunTable) -> None:
        if not hasattr(self._shell, "kernel"):
            raise NotImplementedError
        from inlay.views.table_card import TableCard

        TableCard(table, CellPublisher(self._shell)).start()
