"""How runs end with their cell: with the truth, and with the traceback as the user saw its lines.

The run of a tracked cell ends with it. A run that code in the cell opened, and that nobody closed, ends
only when the cell raised: left open by a cell that finished, it goes on in the next one.
"""

from __future__ import annotations

import contextlib
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from inlay.notebook.executions import Cell

_MACHINERY = frozenset({"IPython", "ipykernel", "asyncio", "tornado"})


def end_runs(cell: Cell, error: BaseException | None) -> None:
    """End what ends with the cell; `error` is what it raised."""
    if not cell.started:
        return
    from inlay.tracking.outcome import status_of

    try:
        if cell.tail is not None:
            cell.tail.end()
    finally:  # a second Ctrl-C may arrive meanwhile
        status = status_of(error)
        for run in reversed(cell.started):
            with_the_cell = run in cell.tracked or (error is not None and not run.scoped)
            if with_the_cell and run.live:
                # Ctrl-C stops the copies of large files that the end waits for: it has done its work, and other runs
                # are still to be ended.
                with contextlib.suppress(Exception, KeyboardInterrupt), _from_the_cell_on(error):
                    run.end(status, error)


@contextlib.contextmanager
def _from_the_cell_on(error: BaseException | None) -> Iterator[None]:
    """Let the traceback begin in the user's cell, not in the machinery that executes it."""
    whole = error.__traceback__ if error is not None else None
    shown: TracebackType | None = whole
    while shown is not None and _is_machinery(shown.tb_frame.f_code.co_filename):
        shown = shown.tb_next
    if error is None or shown is None:
        yield
        return
    error.__traceback__ = shown
    try:
        yield
    finally:
        error.__traceback__ = whole


def _is_machinery(file: str) -> bool:
    return not _MACHINERY.isdisjoint(PurePath(file).parts)
