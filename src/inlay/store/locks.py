"""Every advisory lock of a store: the turn at the database, and the lock that says a writer lives.

They are the operating system's own, so a killed process leaves none behind, and they hold between users. The only
module that knows filelock; it is imported with the first lock, since a script that only reads a setting needs none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from inlay.store.permissions import file_mode, take_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import BaseFileLock

_ASK_EVERY = 0.005
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}


class LockBusyError(TimeoutError):
    """Another process kept the lock for all the time there was."""


class HeldLock:
    """A lock that is kept until it is released, or the process ends."""

    def __init__(self, path: Path, *, wait: float = 0.0) -> None:
        """Take it. Raises `LockBusyError` when another process keeps it, `OSError` when the disk refuses the file."""
        lock = FileLock(path, timeout=wait, mode=file_mode(path.parent), thread_local=False, poll_interval=_ASK_EVERY)
        try:
            lock.acquire()
        except Timeout as error:
            raise LockBusyError(str(path)) from error
        self._lock: BaseFileLock = lock
        descriptor = lock._context.lock_file_fd  # noqa: SLF001 - to open and close it once more may unlock it on NFS
        if descriptor is not None:
            take_after(descriptor, path.parent)

    def release(self) -> None:
        """Let go of it."""
        self._lock.release()

    def leave_to_parent(self) -> None:
        """In a forked child: unlocking would unlock the parent's lock, and keeping it open would outlive it."""
        context = self._lock._context  # noqa: SLF001 - filelock does this by itself from version 4 on
        descriptor, context.lock_file_fd = context.lock_file_fd, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path, *, wait: float) -> Iterator[None]:
    """Nobody else has it meanwhile. Raises `LockBusyError` after `wait` seconds, `OSError` when the disk refuses."""
    lock, process = HeldLock(path, wait=wait), os.getpid()
    try:
        yield
    finally:
        if os.getpid() == process:
            lock.release()
        else:  # forked in the middle
            lock.leave_to_parent()


@contextlib.contextmanager
def shared(path: Path, *, wait: float) -> Iterator[None]:
    """For who may only read: nobody has it exclusively meanwhile. No file is made; where there is none, or none can be
    locked, nobody is kept out. Raises `LockBusyError` after `wait` seconds.
    """
    descriptor = _readable(path)
    try:
        deadline = time.monotonic() + wait
        while descriptor is not None and _is_held(descriptor):
            if time.monotonic() >= deadline:
                raise LockBusyError(str(path))
            time.sleep(_ASK_EVERY)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_held(path: Path, *, writable: bool = True) -> bool:
    """Whether a process has it; yes, where that cannot be told: a living one must never be taken for dead."""
    if not path.exists():
        return False
    if writable:
        try:
            HeldLock(path).release()
        except LockBusyError:
            return True
        except FileNotFoundError:  # cleared away meanwhile
            return False
        except OSError:
            pass  # ours to read, perhaps
        else:
            return False
    descriptor = _readable(path)
    if descriptor is None:
        return path.exists()
    try:
        return _is_held(descriptor) is not False
    finally:
        os.close(descriptor)


def _readable(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | _CLOEXEC)
    except OSError:
        return None


def _is_held(descriptor: int) -> bool | None:
    """Whether another has it exclusively; if not, it is ours to share until the descriptor is closed. None where
    locks cannot be had through a descriptor that only reads (Windows, some network file systems).
    """
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in _HELD else None
    return False
