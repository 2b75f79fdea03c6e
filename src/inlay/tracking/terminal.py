"""Progress bars where no card shows them: drawn by tqdm, else by rich, else not at all.

Neither is required. tqdm's plain text is used in notebooks, too: its widget would be lost when the notebook is
reopened. Both draw on stderr, leave the outermost bar there, and take inner ones away.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")


class TerminalBar(Protocol):
    """A bar on the terminal; tqdm's own has these methods."""

    def update(self, n: int) -> object:
        """So many items more."""

    def close(self) -> object:
        """The loop is over."""


def on_terminal(items: Iterable[Item], total: int | None, desc: str) -> Iterable[Item]:
    """The items, with a bar on the terminal if there is a library that draws one."""
    if not _is_there():
        return items
    tqdm = _tqdm()
    if tqdm is not None:
        # Of an iterator, for tqdm would ask a loader for its length and let through what it raises.
        items = iter(items)
        counted: Iterable[Item] | None = _begun(tqdm, items, total, desc)
        return items if counted is None else counted
    bar = _rich_bar(total, desc)
    return items if bar is None else _advancing(items, bar)


def terminal_bar(total: int | None, desc: str) -> TerminalBar | None:
    """A bar that the caller advances; None if no library can draw one."""
    if not _is_there():
        return None
    tqdm = _tqdm()
    if tqdm is None:
        return _rich_bar(total, desc)
    bar: TerminalBar | None = _begun(tqdm, None, total, desc)
    return bar


def _begun(tqdm: Any, items: Any, total: int | None, desc: str) -> Any:
    try:
        return tqdm(items, desc or None, total, leave=None, file=Stderr(sys.stderr))
    except (OSError, ValueError):  # the terminal went away just now
        return None


class Stderr:
    """The standard error that nothing is raised by: whoever read it may be gone while the training goes on. tqdm would
    raise into the loop, and rich end the process.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what was held back, if it can be."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __eq__(self, other: object) -> bool:
        # tqdm asks whether it draws on the terminal.
        return self._stream is (other._stream if isinstance(other, Stderr) else other)

    def __hash__(self) -> int:
        return hash(self._stream)


def _is_there() -> bool:
    """Whether there is a console, and it was not closed."""
    try:
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def _tqdm() -> Any:
    try:
        from tqdm.std import tqdm
    except ImportError:
        return None
    return tqdm


def _rich_bar(total: int | None, desc: str) -> TerminalBar | None:
    try:
        import rich.progress  # noqa: F401
    except ImportError:
        return None
    return RichBar(total, desc)


class RichBar:
    """One row of the display that all bars of the process share, for rich draws only one at a time."""

    def __init__(self, total: int | None, desc: str) -> None:
        with _lock:
            if not _rows:
                _open_display()
            self._row = _display.add_task(desc, total=total)
            self._outermost = not _rows
            _rows.append(self._row)

    def update(self, n: int) -> None:
        """So many items more."""
        _display.advance(self._row, n)

    def close(self) -> None:
        """The loop is over."""
        with _lock:
            if self._row not in _rows:
                return
            _rows.remove(self._row)
            if not self._outermost:
                _display.remove_task(self._row)
            if not _rows:
                _display.stop()


def _advancing(items: Iterable[Item], bar: TerminalBar) -> Iterator[Item]:
    try:
        for item in items:
            yield item
            bar.update(1)
    finally:
        bar.close()


_lock = threading.RLock()
_display: Any = None
_rows: list[Any] = []


def _open_display() -> None:
    global _display
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    console: Any = Console
    # Not rich's own way in notebooks, which is a widget.
    _display = progress.Progress(*columns, console=console(file=Stderr(sys.stderr), force_jupyter=False))
    _display.start()


def _after_fork() -> None:
    """Another thread of the parent may have held it."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
