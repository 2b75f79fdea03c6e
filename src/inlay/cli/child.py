"""A program started in the foreground, as a shell does it: signals, terminal and exit status are its own.

It gets a process group, so that what is sent to us can be handed on to all of it exactly once; where we have the
terminal, it is lent to that group, so that Ctrl-C goes to the program and Ctrl-Z stops both.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

_HANDED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_POSIX = sys.platform != "win32"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    """The exit status as a shell gives it: 128 and the signal's number when it was killed by one."""
    signal: int | None = None


class Child:
    """A program that runs. Made with the signals of this process handed on from before it starts."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pending: list[int] = []
        self._ended = False
        self._terminal = _Terminal()

    def start(self, command: Sequence[str], env: Mapping[str, str], stdout: int, stderr: int) -> None:
        """Start it. Raises `OSError` when it cannot be."""
        group: dict[str, Any] = {}
        if _POSIX:
            group = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}
        self._process = subprocess.Popen(list(command), env=env, stdout=stdout, stderr=stderr, **group)
        if self._terminal.lend(self._process.pid):
            self.signal(signal.SIGCONT)  # it may have asked for the terminal before it had it
        for number in self._pending:
            self.signal(number)

    def signal(self, number: int) -> None:
        """Send a signal to the program and all it started."""
        if self._process is None:
            self._pending.append(number)
        elif not self._ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def wait(self) -> Ended:
        """Wait for its end, and go to sleep with it in between."""
        assert self._process is not None  # noqa: S101 - `start` comes first
        if not _POSIX:
            return Ended(self._process.wait())
        while True:
            _, status = os.waitpid(self._process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            if self._terminal.sleep(self._process.pid, os.WSTOPSIG(status)):
                self.signal(signal.SIGCONT)
        self._ended = True
        self._terminal.take_back()
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        return Ended(128 - code, -code) if code < 0 else Ended(code)

    @contextlib.contextmanager
    def signals_handed_on(self) -> Iterator[None]:
        """Within, what is sent to this process goes to the program."""
        before = {}
        for name in _HANDED_ON:
            number = getattr(signal, name, None)
            # One that we were started to ignore, by nohup for instance, is ignored by the program, too.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, self._hand_on)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hand_on(self, number: int, _: FrameType | None) -> None:
        if _POSIX:  # elsewhere the console tells both
            self.signal(number)


class _Terminal:
    """The terminal that we are in the foreground of, if any, and may lend."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        if not _POSIX:
            return
        try:
            descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:  # none controls this process
            return
        if os.tcgetpgrp(descriptor) == os.getpgrp():
            self._descriptor = descriptor
        else:
            os.close(descriptor)

    def lend(self, group: int) -> bool:
        """Put the group in the foreground; False where there is no terminal to lend."""
        return self._descriptor is not None and self._give(group)

    def take_back(self) -> None:
        """The program has ended."""
        if self._descriptor is not None:
            self._give(os.getpgrp())

    def sleep(self, group: int, by: int) -> bool:
        """The program was stopped: stop with all of our own group, as the shell expects; returns, when that goes on,
        whether the program shall. Without a terminal whoever stopped it lets it go on.
        """
        if self._descriptor is None:
            return False
        wants_it = by in (signal.SIGTTIN, signal.SIGTTOU)
        if wants_it and os.tcgetpgrp(self._descriptor) == os.getpgrp():  # brought to the foreground while it ran
            return self._give(group)
        self._give(os.getpgrp())
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        with contextlib.suppress(OSError):
            if os.tcgetpgrp(self._descriptor) == os.getpgrp():  # not sent to the background
                self._give(group)
        return True

    def _give(self, group: int) -> bool:
        # Whoever is in the background is stopped for asking.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(self._descriptor or 0, group)
        except OSError:  # it is gone already, or the terminal is
            return False
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return True
