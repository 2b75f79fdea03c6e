"""What a script prints, passed on as it comes and unaltered, while its end is kept.

The script writes to a pipe, or, where our own output is a terminal, to a pseudo-terminal, so that it goes on to
draw colours and progress bars. Its input is not touched: that stays the terminal, file or pipe that ours is.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 16
_QUIET_S = 0.3
"""Seconds without output after which a script that has ended is taken to have said everything: what it left running in
the background may hold its output open for ever."""
_LOOK_AT_SIZE_EVERY = 0.25


class Outlet(threading.Thread):
    """One way out: from what the script writes to, to our own descriptor `ours`."""

    def __init__(self, ours: int) -> None:
        super().__init__(name="inlay-output", daemon=True)
        self._ours = ours
        self._terminal = _is_terminal(ours)
        self._read, self.theirs = _terminal_pair(ours) if self._terminal else os.pipe()
        """`theirs` is what the script writes to."""
        self._size = _size(ours)
        self._looked = self._heard = time.monotonic()
        self.listeners: list[Callable[[str, int, int], None]] = []
        """Called with the text that passes, its bytes, and `ours`."""
        self._resized: Callable[[], None] = lambda: None
        # Where we were started without it, the number may by now be that of a file of ours.
        self._unheard = (sys.__stdout__ if ours == 1 else sys.__stderr__) is None

    def begin(self, resized: Callable[[], None]) -> None:
        """Pass on from now; `resized` is called when the terminal has another size."""
        self._resized = resized
        os.close(self.theirs)  # the script has it by now
        self.start()

    def run(self) -> None:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while True:
            try:
                data = os.read(self._read, _CHUNK)
            except OSError:  # how a pseudo-terminal says that nobody writes to it any more
                break
            if not data:
                break
            self._heard = time.monotonic()
            if not self._pass_on(data):
                break
            text = decode(data)
            for feed in self.listeners:
                feed(text, len(data), self._ours)
            if self._terminal and self._heard - self._looked > _LOOK_AT_SIZE_EVERY:
                self._follow_size()
        with contextlib.suppress(OSError):
            os.close(self._read)

    def settle(self) -> None:
        """The script has ended: wait for what it said."""
        self._heard = time.monotonic()
        while self.is_alive() and time.monotonic() - self._heard < _QUIET_S:
            self.join(0.05)

    def _pass_on(self, data: bytes) -> bool:
        """Write everything; False when our reader is gone, which the script is then to find out."""
        rest = memoryview(data)
        while rest and not self._unheard:
            try:
                rest = rest[os.write(self._ours, rest) :]
            except BlockingIOError:
                select.select([], [self._ours], [])
            except BrokenPipeError:
                return False
            except OSError:  # the terminal was closed, the disk is full: the script goes on, and so does its tail
                self._unheard = True
        return True

    def _follow_size(self) -> None:
        """The terminal tells its foreground of a new size, which is the script, who asks the pseudo-terminal."""
        self._looked = self._heard
        size = _size(self._ours)
        if size is not None and size != self._size:
            self._size = size
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._read, termios.TIOCSWINSZ, size)
            self._resized()


def outlets() -> tuple[Outlet, Outlet]:
    """For standard output and standard error: one for both where ours are the same, so that the order stays."""
    out = Outlet(1)
    return out, out if _same(1, 2) else Outlet(2)


def _is_terminal(descriptor: int) -> bool:
    return sys.platform != "win32" and os.isatty(descriptor)


def _same(one: int, other: int) -> bool:
    """Whether two descriptors lead to one place."""
    try:
        first, second = os.fstat(one), os.fstat(other)
    except OSError:  # one of them is closed
        return False
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _terminal_pair(ours: int) -> tuple[int, int]:
    """Our end and the script's of a new pseudo-terminal, which is as large as the terminal and alters nothing."""
    read, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST  # line ends are the real terminal's to draw
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    size = _size(ours)
    if size is not None:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    return read, theirs


def _size(descriptor: int) -> bytes | None:
    """Rows and columns as the terminal has them."""
    if not _is_terminal(descriptor):
        return None
    try:
        return fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
