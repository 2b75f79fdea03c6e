"""Who may use what lies in a store: whoever may use its folder.

A store is private. Its owner opens it with one `chmod` of the folder (2770 for a group, 0777 for everyone), and then
everything that anybody makes inside takes after the folder, whatever the umask of who made it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

_PRIVATE = 0o700


def file_mode(folder: Path) -> int:
    """The mode of a file in `folder`. Raises `OSError` when there is no such folder."""
    return _inside(folder.stat()) & 0o666 if os.name == "posix" else 0o600


def is_shared(folder: Path) -> bool:
    """Whether others than its owner may write to it."""
    try:
        return os.name == "posix" and bool(folder.stat().st_mode & 0o022)
    except OSError:  # deleted meanwhile
        return False


def make_folder(path: Path) -> None:
    """Make a folder that takes after the one it lies in; one that is there stays as it is."""
    if path.is_dir():
        return
    # Where others are, it gets its name when it is open to them: they may be about to use it.
    new = path.with_name(f".{path.name}-{secrets.token_hex(4)}") if is_shared(path.parent) else path
    try:
        new.mkdir(mode=_PRIVATE)
        take_after(new, path.parent)
        if new != path:
            new.replace(path)
    except OSError:
        if not path.is_dir():  # somebody else was quicker
            raise
        if new != path:
            with contextlib.suppress(OSError):
                new.rmdir()


def take_after(path: Path | int, folder: Path) -> None:
    """Give a file (or its descriptor) or folder that we made the group and mode of the folder it lies in.

    What root makes in another user's store is handed to that user. A file system without owners or modes is let be.
    Not for a database that is open: to open and close it once more would drop the lock that DuckDB has on it.
    """
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        if isinstance(path, int):
            _take_after(path, folder.stat())
            return
        # Through a descriptor: where others may write, a name may have come to mean something else since.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _take_after(descriptor, folder.stat())
        finally:
            os.close(descriptor)


def renew(folder: Path) -> None:
    """After a `chmod` of the store's folder: bring what its owner made in it before in line. Costs two calls else."""
    journal = folder / "journal"
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        there, found = folder.stat(), journal.stat()
        if there.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) == _inside(there):
            return
        # The journal's folder comes last: until then, who is interrupted begins again.
        for top, folders, files in os.walk(folder):
            inner = [name for name in folders if Path(top, name) != journal]
            for name in (*inner, *files):
                path = Path(top, name)
                if path.lstat().st_uid == there.st_uid:
                    take_after(path, folder)
        take_after(journal, folder)


def _take_after(descriptor: int, there: os.stat_result) -> None:
    here = os.fstat(descriptor)
    if stat.S_ISREG(here.st_mode) and here.st_nlink > 1:
        return  # it has a name elsewhere, and is not only ours
    mode = _inside(there) & (0o2777 if stat.S_ISDIR(here.st_mode) else 0o666)
    if not here.st_mode & 0o200:  # made read-only on purpose
        mode &= ~0o222
    user = there.st_uid if os.geteuid() == 0 and here.st_uid != there.st_uid else -1
    group = there.st_gid if mode & 0o070 and here.st_gid != there.st_gid else -1
    if (user, group) != (-1, -1):
        with contextlib.suppress(OSError):  # of a group that we are not in
            os.fchown(descriptor, user, group)
    if stat.S_IMODE(here.st_mode) != mode:
        os.fchmod(descriptor, mode)


def _inside(folder: os.stat_result) -> int:
    """The mode of a folder in this one. A sticky bit is for its own entries."""
    return stat.S_IMODE(folder.st_mode) & 0o2777
