"""The end of what a cell printed, kept with its run.

In a kernel the output stream itself hands over what it is about to send, in its own thread and with the
request it belongs to, so nothing of the user's is wrapped. Where there is no such stream, `write` of the
standard streams is replaced for the time of the cell and put back.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from inlay.store.printed import mask_printed

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._line = ""

    def feed(self, text: str) -> None:
        """Take what was printed."""
        with self._lock:
            self.total_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            *complete, rest = (self._line + text).split("\n")
            for line in complete:
                self._keep(_overwritten(line).rstrip("\r") + "\n")
            self._line = _overwritten(rest) if len(rest) > _MARGIN else rest
            if len(self._line) > 2 * TAIL_BYTES:
                self._line = self._line[-TAIL_BYTES - _MARGIN :]

    def text(self, limit: int = TAIL_BYTES) -> str:
        """The last `limit` bytes, secrets masked, beginning with a whole line where there is more than one."""
        with self._lock:
            text = "".join(self._lines) + _overwritten(self._line)
        return _last_bytes(mask_printed(text[-limit - _MARGIN :]), limit)

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._kept += len(line)
        if self._kept > 4 * TAIL_BYTES:
            text = "".join(self._lines)[-TAIL_BYTES - _MARGIN :]
            self._lines, self._kept = [text], len(text)


class OutputTail:
    """Records a run's output while its cell is executed: now and then as it grows, and at the end."""

    def __init__(self, run: Run, request: str | None) -> None:
        """`request` is the id that the kernel's streams mark this cell's output with."""
        self._run = run
        self._tail = Tail()
        self._recorded = 0
        self._ended = threading.Event()
        self._stop_listening = [_listen(name, request, self._tail.feed) for name in _STREAMS]
        run.memory.printing = self._tail
        self._thread = threading.Thread(target=self._work, name="inlay-output", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The cell is done: record the rest and leave the streams as they were."""
        for stop in self._stop_listening:
            with contextlib.suppress(Exception):
                stop()
        self._ended.set()
        self._thread.join(FLUSH_S)
        self._record()
        self._run.memory.printing = None

    def _work(self) -> None:
        pause = FLUSH_S
        while not self._ended.wait(pause):
            if self._record():
                # A cell that prints for hours would fill the journal with copies of its tail.
                pause = min(2 * pause, SLOWEST_FLUSH_S)

    def _record(self) -> bool:
        total = self._tail.total_bytes
        if total == self._recorded:
            return False
        with contextlib.suppress(Exception):
            self._run.record_output(self._tail.text(), total)
            self._recorded = total
        return True


_STREAMS = ("stdout", "stderr")


def _listen(name: str, request: str | None, feed: Callable[[str], None]) -> Callable[[], None]:
    """Pass on what is written to `sys.<name>`; returns what ends it."""
    stream = getattr(sys, name)
    if hasattr(stream, "register_hook") and hasattr(stream, "pub_thread"):
        return _hook(stream, request, feed)
    return _replace_write(stream, feed)


def _hook(stream: Any, request: str | None, feed: Callable[[str], None]) -> Callable[[], None]:
    """Hear ipykernel's stream. Its hooks are kept per thread, and it sends from its own."""

    def hear(message: Any) -> Any:
        with contextlib.suppress(Exception):
            if message["parent_header"].get("msg_id") == request:
                feed(message["content"]["text"])
        return message

    stream.flush()  # what was printed before belongs to nobody here
    stream.pub_thread.schedule(lambda: stream.register_hook(hear))

    def stop() -> None:
        stream.flush()
        stream.pub_thread.schedule(lambda: stream.unregister_hook(hear))

    return stop


def _replace_write(stream: Any, feed: Callable[[str], None]) -> Callable[[], None]:
    original, own = stream.write, vars(stream).get("write") if hasattr(stream, "__dict__") else None

    def write(text: str, *rest: Any, **named: Any) -> Any:
        result = original(text, *rest, **named)
        if isinstance(text, str):
            feed(text)
        return result

    try:
        stream.write = write
    except AttributeError:  # a stream that cannot be listened to is left alone
        return lambda: None

    def stop() -> None:
        if stream.write is not write:
            return  # somebody else replaced it meanwhile, and will put back ours
        if own is None:
            del stream.write
        else:
            stream.write = own

    return stop


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
