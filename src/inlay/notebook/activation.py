"""One shell's connection to inlay: every hook it takes from IPython, in one place, and how to give it back.

The connection is kept on the shell, not in a module, so that reloading inlay (`%reload_ext`, autoreload)
finds the one that exists instead of hooking in twice.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from typing import TYPE_CHECKING

from inlay.capture import background
from inlay.notebook.display import Display
from inlay.notebook.endings import end_runs
from inlay.notebook.executions import Executions
from inlay.notebook.origin import origin_of
from inlay.notebook.runs import add_runs_magic
from inlay.notebook.track import add_magics
from inlay.notebook.transform import begin_at_first_line
from inlay.tracking import events, origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from inlay.notebook.executions import Cell
    from inlay.tracking.events import RunEvent

_ATTRIBUTE = "_inlay_activation"


def activation_of(shell: InteractiveShell) -> Activation:
    """The shell's connection, made now if it has none."""
    known: Activation | None = getattr(shell, _ATTRIBUTE, None)
    if known is None or known.closed:
        known = Activation(shell)
        setattr(shell, _ATTRIBUTE, known)
    return known


class Activation:
    """What connects a shell with the floors below."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._executions = Executions(shell)
        self._unload: list[Callable[[], None]] = []
        self._warned = False
        self.closed = False
        background.activate()
        # Before the display, which asks what the cell started.
        unsubscribe = events.subscribe(self._on_event)
        self._display = Display(shell, self._executions)
        self._undo = [unsubscribe, self._display.close]
        for name, callback in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
            self._undo.append(self._register(name, callback))
        origin.set_provider(lambda: origin_of(shell, self._executions))
        origin.set_busy(self._executions.busy)

    @property
    def loaded(self) -> bool:
        """Whether `%load_ext inlay` is in force."""
        return bool(self._unload)

    def load(self) -> None:
        """Add what `%load_ext inlay` adds; nothing when it was added before."""
        if self.loaded:
            return
        transformers = self._shell.input_transformers_cleanup
        transformers.append(begin_at_first_line)
        self._unload = [
            lambda: transformers.remove(begin_at_first_line),
            add_magics(self._shell, self._executions),
            add_runs_magic(self._shell),
        ]

    def unload(self) -> None:
        """Take away what `load` added."""
        for undo in self._unload:
            with contextlib.suppress(ValueError):
                undo()
        self._unload = []

    def close(self) -> None:
        """Let go of the shell altogether."""
        self.unload()
        for undo in self._undo:
            undo()
        origin.set_provider(None)
        origin.set_busy(None)
        self.closed = True

    def _register(self, event: str, callback: Callable[..., None]) -> Callable[[], None]:
        self._shell.events.register(event, callback)

        def undo() -> None:
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(event, callback)

        return undo

    # -- events ----------------------------------------------------------------------------------------

    def _before(self, info: ExecutionInfo) -> None:
        self._executions.begin(info)

    def _after(self, result: ExecutionResult | None = None) -> None:
        cell = self._executions.finish(result)
        if cell is None:
            return
        error = self._executions.error_of(cell, result)
        end_runs(cell, error)
        self._display.cell_ended(cell)
        if self.loaded and cell.outer is None and cell.info.store_history:
            self._record(cell, ok=error is None)

    def _on_event(self, event: RunEvent) -> None:
        if event.kind != "started":
            return
        here = self._executions.current()
        if here is not None:
            here.started.append(event.run)
        cell = self._executions.anywhere()
        if cell is not None:
            from inlay.tracking.session import session_of

            outermost = cell.outermost
            session_of(event.run.store).record_source(outermost.source, self._transformed(outermost))

    def _record(self, cell: Cell, *, ok: bool) -> None:
        """Keep the execution; what cannot be kept is one warning for the session."""
        from inlay.tracking.session import session

        try:
            here = session()
            code_hash = here.record_source(cell.source, self._transformed(cell))
            seq = self._executions.seq_of(cell)
            here.record_execution(seq, cell.cell_id, code_hash, cell.started_at, time.time(), ok=ok)
        except Exception as error:  # noqa: BLE001
            if not self._warned:
                self._warned = True
                text = f"inlay cannot record the cells of this session: {error}"
                warnings.warn(text, RuntimeWarning, stacklevel=2)

    def _transformed(self, cell: Cell) -> str:
        """The cell as IPython executed it."""
        known = getattr(cell.info, "transformed_cell", None)
        if isinstance(known, str):
            return known
        try:  # IPython before 9 does not say
            return str(self._shell.input_transformer_manager.transform_cell(cell.source))
        except Exception:  # noqa: BLE001
            return cell.source
