"""Names of blobs that are being written, and those that nobody will finish.

The name says which process writes, on which machine, so that others can tell what was left by one that died.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import socket
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = ".new-"
FORGOTTEN = 24 * 3600.0
"""Seconds without a write after which a copy is given up for dead whoever made it: another machine's processes cannot
be seen from here, and numbers of processes are used again."""


def new_name(folder: Path) -> Path:
    """A name for a blob that is not complete yet. The folder is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{PREFIX}{_place()}-{os.getpid()}-{secrets.token_hex(6)}"


def leftovers_in(folder: Path) -> list[Path]:
    """What processes that are gone have left under such names."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if _dead(folder / name)]


def _dead(path: Path) -> bool:
    place, _, rest = path.name.removeprefix(PREFIX).partition("-")
    number = rest.partition("-")[0]
    if place == _place() and number.isdecimal() and not _alive(int(number)):
        return True
    try:
        return time.time() - path.lstat().st_mtime > FORGOTTEN
    except OSError:  # finished meanwhile
        return False


@functools.cache
def _place() -> str:
    """Where a process number means something: this machine, or this container of it."""
    try:
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it leads to no path
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode("utf-8", "replace")).hexdigest()[:8]


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        # `os.kill(pid, 0)` would end it there. 0x1000: may ask about it; 259: it has no exit code yet.
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, pid)  # noqa: FBT003
        if not handle:
            return bool(kernel.GetLastError() == 5)  # somebody else's
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True
