"""Which cell is being executed, in each thread, and the list of all that were.

IPython announces cells by two events that do not always come in pairs: an empty cell has only the second,
a cell that was cancelled ends without a result, and a cell may run others inside itself. A stack for each
thread, matched by the identity of IPython's own record of the execution, keeps them apart.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import (
        ExecutionInfo,
        ExecutionResult,
        InteractiveShell,
    )

    from inlay.notebook.output_tail import OutputTail
    from inlay.tracking.run import Run


@dataclass(slots=True, eq=False)
class Cell:
    """One execution of one cell, from its start to its end."""

    info: ExecutionInfo
    outer: Cell | None
    count: int | None
    """IPython's number of it, In[count]; None for an execution that is kept out of the history."""
    message: str | None
    """The id of the request that asked for it; None outside kernels."""
    failed_display: bool
    shown_before: BaseException | None
    """The last exception that was shown when it began."""
    started_at: float = field(default_factory=time.time)
    quiet: bool = False
    tracked: list[Run] = field(default_factory=list)
    """Runs that end with it, in order."""
    tail: OutputTail | None = None
    started: list[Run] = field(default_factory=list)
    """Runs that code in it started, in order."""
    seq: int | None = None

    @property
    def source(self) -> str:
        """The text as typed."""
        return str(self.info.raw_cell)

    @property
    def code_hash(self) -> str:
        """SHA-256 of the text, as `Session.record_source` makes it."""
        return hashlib.sha256(self.source.encode("utf-8", "replace")).hexdigest()

    @property
    def cell_id(self) -> str | None:
        """The notebook's id of the cell, where the front end tells it."""
        return getattr(self.info, "cell_id", None)

    @property
    def outermost(self) -> Cell:
        """The cell as the user sees it; a cell may run others inside itself."""
        return self if self.outer is None else self.outer.outermost


class Executions:
    """The cells of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._here = threading.local()
        self._running: list[Cell] = []
        self._last_seq = 0
        self._adopt_the_running_cell()

    def current(self) -> Cell | None:
        """The innermost cell this thread is executing."""
        stack = self._stack()
        return stack[-1] if stack else None

    def anywhere(self) -> Cell | None:
        """The cell this thread executes, else the newest that any thread does."""
        return self.current() or (self._running[-1] if self._running else None)

    def busy(self) -> bool:
        """Whether any thread executes a cell."""
        return bool(self._running)

    def begin(self, info: ExecutionInfo) -> Cell:
        """IPython is about to execute a cell."""
        shell, stack = self._shell, self._stack()
        message = request_id(shell)
        while stack and stack[-1].message != message:
            self._running.remove(stack.pop())  # its end never came
        cell = Cell(
            info=info,
            outer=stack[-1] if stack else None,
            count=shell.displayhook.prompt_count if info.store_history else None,
            message=message,
            failed_display=_failed_display(shell),
            shown_before=_last_shown(),
        )
        stack.append(cell)
        self._running.append(cell)
        return cell

    def finish(self, result: ExecutionResult | None) -> Cell | None:
        """IPython is done with a cell: which of ours it was, or None for one that never began."""
        stack = self._stack()
        cell = _match(stack, result)
        while cell is not None and stack:
            left = stack.pop()
            self._running.remove(left)
            if left is cell:
                break
        return cell

    def seq_of(self, cell: Cell) -> int:
        """The place of the cell among all executed; In[n] unless IPython counted otherwise."""
        if cell.seq is None:
            expected = cell.count or self._shell.execution_count
            cell.seq = self._last_seq = max(self._last_seq + 1, expected)
        return cell.seq

    def error_of(self, cell: Cell, result: ExecutionResult | None) -> BaseException | None:
        """What ended the cell, if anything did."""
        if result is None:
            return sys.exc_info()[1] or KeyboardInterrupt("the cell was stopped")
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        shown = _last_shown()
        if error is None and shown is not cell.shown_before:
            failed_display = _failed_display(self._shell) and not cell.failed_display
            return shown if failed_display or _swallowed(shown) else None
        return error

    def _adopt_the_running_cell(self) -> None:
        """The cell that says `import inlay` began before anybody listened."""
        result: Any = getattr(self._shell.displayhook, "exec_result", None)
        if result is not None and getattr(result, "info", None) is not None:
            self.begin(result.info)

    def _stack(self) -> list[Cell]:
        if not hasattr(self._here, "stack"):
            self._here.stack = []
        stack: list[Cell] = self._here.stack
        return stack


def request_id(shell: InteractiveShell) -> str | None:
    """The id of the request the shell is answering; None outside kernels."""
    header = getattr(shell.displayhook, "parent_header", None) or {}
    return header.get("msg_id")


def _match(stack: list[Cell], result: ExecutionResult | None) -> Cell | None:
    if not stack:
        return None
    if result is None:
        return stack[-1]
    same = [cell for cell in stack if cell.info is result.info]
    if not same and result.error_in_exec is not None and result.info is not None:
        # IPython made a new record when the machinery around the cell raised.
        same = [cell for cell in stack if cell.source == result.info.raw_cell]
    return same[-1] if same else None


def _last_shown() -> BaseException | None:
    return getattr(sys, "last_value", None)


# Magics that show the exception of the code they run, and return as if there had been none.
_SWALLOWS = frozenset({"safe_execfile", "safe_run_module", "time"})


def _swallowed(error: BaseException | None) -> bool:
    """Whether IPython's `%run`, or `%%time` before IPython 9, kept this exception to itself."""
    frame = error.__traceback__.tb_frame if error is not None and error.__traceback__ else None
    return (
        frame is not None
        and frame.f_globals.get("__name__", "").startswith("IPython.")
        and frame.f_code.co_name in _SWALLOWS
    )


def _failed_display(shell: InteractiveShell) -> bool:
    """Whether drawing a cell's value raised: ipykernel answers with an error then, IPython does not.

    It is reset only before cells without `await`, so it counts when it changes.
    """
    return bool(getattr(shell, "_last_traceback_during_displayhook", False))
