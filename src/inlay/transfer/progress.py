"""A bar for what takes long: on a terminal, and as one line in a notebook; nothing where output goes to a file."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from inlay.tracking.terminal import terminal_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bar(what: str, total: int, *, progress: bool) -> Iterator[Callable[[int], object]]:
    """What is to be called with the number of runs that are done."""
    stream = sys.stderr
    drawn = progress and total > 1 and (_a_notebook(stream) or _a_terminal(stream))
    shown = terminal_bar(total, what) if drawn else None
    try:
        yield (lambda _: None) if shown is None else shown.update
    finally:
        if shown is not None:
            shown.close()


def _a_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):  # there is none, or it was closed
        return False


def _a_notebook(stream: Any) -> bool:
    return type(stream).__module__.startswith("ipykernel")
