"""A second file on the same bytes, at once: file systems that copy on write (Btrfs, XFS, APFS) can do that.

Later writes to either do not show in the other, so a clone is also a picture of a moment.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FICLONE = 0x40049409
"""`_IOW(0x94, 9, int)` of linux/fs.h."""
_AT_FDCWD = -2
"""macOS: a path is relative to the working directory."""


def clone(source: int, target: Path) -> bool:
    """Make `target`, which must not exist, a clone of the open file; False where that cannot be, and then it does not
    exist.
    """
    try:
        if sys.platform == "darwin":
            return _clone_macos(source, target)
        if sys.platform.startswith("linux"):
            return _clone_linux(source, target)
    except (OSError, AttributeError, ImportError):
        target.unlink(missing_ok=True)
    return False


def _clone_linux(source: int, target: Path) -> bool:
    from fcntl import ioctl

    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        ioctl(descriptor, _FICLONE, source)
    finally:
        os.close(descriptor)
    return True


def _clone_macos(source: int, target: Path) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    if library.fclonefileat(source, _AT_FDCWD, os.fsencode(target), 0) != 0:
        return False
    target.chmod(0o600)
    return True
