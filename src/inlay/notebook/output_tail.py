"""The end of what a cell printed, kept with its run.

In a kernel the output stream itself hands over what it is about to send, in its own thread and with the
request it belongs to, so nothing of the user's is wrapped. Where there is no such stream, `write` of the
standard streams is replaced for the time of the cell and put back.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from inlay.tracking.tail import RecordedTail

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.tracking.run import Run


class OutputTail:
    """Records a run's output while its cell is executed."""

    def __init__(self, run: Run, request: str | None) -> None:
        """`request` is the id that the kernel's streams mark this cell's output with."""
        self._recorded = RecordedTail(run)
        self._stop_listening = [_listen(name, request, self._recorded.tail.feed) for name in _STREAMS]

    def end(self) -> None:
        """The cell is done: record the rest and leave the streams as they were."""
        for stop in self._stop_listening:
            with contextlib.suppress(Exception):
                stop()
        self._recorded.end()


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
