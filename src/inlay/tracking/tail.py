"""The end of what a program prints: bounded, without what was written over, secrets masked.

A cell's output and that of `inlay run` are gathered here as they come, and recorded now and then.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from inlay.store.printed import mask_printed

if TYPE_CHECKING:
    from inlay.tracking.run import Run

TAIL_BYTES = 64 * 1024
FLUSH_S = 2.0
SLOWEST_FLUSH_S = 30.0
_MARGIN = 4 * 1024  # a secret that the cut would halve must still be recognised


class Tail:
    """The last 64 KB of a stream of text; a line that was written over counts once."""

    def __init__(self) -> None:
        self.total_bytes = 0
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._kept = 0
        self._begun: dict[int, str] = {}
        """The line that each stream has begun and not ended."""

    def feed(self, text: str, size: int | None = None, stream: int = 1) -> None:
        """Take what was printed; `size` are its bytes, where the text is only a reading of them. The lines of several
        streams are kept from running into each other.
        """
        with self._lock:
            if size is None:
                size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            self.total_bytes += size
            *complete, rest = (self._begun.get(stream, "") + text).split("\n")
            for line in complete:
                self._keep(_overwritten(line).rstrip("\r") + "\n")
            rest = _overwritten(rest) if len(rest) > _MARGIN else rest
            self._begun[stream] = rest[-TAIL_BYTES - _MARGIN :] if len(rest) > 2 * TAIL_BYTES else rest

    def text(self, limit: int = TAIL_BYTES) -> str:
        """The last `limit` bytes, secrets masked, beginning with a whole line where there is more than one."""
        with self._lock:
            text = "".join(self._lines) + "\n".join(_overwritten(line) for line in self._begun.values() if line)
        return _last_bytes(mask_printed(text[-limit - _MARGIN :]), limit)

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._kept += len(line)
        if self._kept > 4 * TAIL_BYTES:
            text = "".join(self._lines)[-TAIL_BYTES - _MARGIN :]
            self._lines, self._kept = [text], len(text)


class RecordedTail:
    """Records what a run prints: now and then as it grows, and at the end."""

    def __init__(self, run: Run) -> None:
        self.tail = Tail()
        self._run = run
        self._recorded = 0
        self._ended = threading.Event()
        run.memory.printing = self.tail
        self._thread = threading.Thread(target=self._work, name="inlay-output", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nothing more is printed: record the rest."""
        self._ended.set()
        self._thread.join(FLUSH_S)
        self._record()
        self._run.memory.printing = None

    def _work(self) -> None:
        pause = FLUSH_S
        while not self._ended.wait(pause):
            if self._record():
                # A program that prints for hours would fill the journal with copies of its tail.
                pause = min(2 * pause, SLOWEST_FLUSH_S)

    def _record(self) -> bool:
        total = self.tail.total_bytes
        if total == self._recorded:
            return False
        with contextlib.suppress(Exception):
            self._run.record_output(self.tail.text(), total)
            self._recorded = total
        return True


def _overwritten(line: str) -> str:
    """What is left on screen of a line that was written over itself, as progress bars do."""
    if "\r" not in line:
        return line
    shown = line.rstrip("\r")
    return shown[shown.rfind("\r") + 1 :] + line[len(shown) :][:1]


def _last_bytes(text: str, limit: int) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    cut = data[-limit:].decode("utf-8", "ignore")
    first_line, newline, rest = cut.partition("\n")
    return rest if newline and len(first_line) < _MARGIN else cut
