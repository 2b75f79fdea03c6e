"""One file of the journal, in the three forms a writer may need.

`MappedSegment` is the usual one: preallocated, then written through a memory map, so that an append costs a
copy of 32 bytes. `AppendSegment` is for file systems on which preallocation promises nothing (copy-on-write,
network): there a full disk would kill a process that writes into a map. `MemorySegment` stands in while the
disk refuses both, and is drained as soon as it stops refusing. All three answer to `write(bytes)`, which raises
`ValueError` when full.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import ntpath
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from inlay import settings
from inlay.store.journal.slots import SLOT
from inlay.store.permissions import take_after

SEGMENT_BYTES = 4 << 20
MEMORY_LIMIT = 64 << 20
"""Bytes kept in memory while the disk takes nothing: two million points."""

SUFFIX = ".journal"

# File systems whose blocks are not really reserved by fallocate, or that another machine may write to.
_UNMAPPABLE = {"btrfs", "zfs", "bcachefs", "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph",
               "lustre", "gpfs", "virtiofs", "vboxsf", "prl_fs"}  # fmt: skip

_LOCAL_DRIVES = (2, 3, 6)
"""Of what GetDriveTypeW answers: removable, fixed, a disk in memory. Not: unknown, none, network, optical."""


class MappedSegment:
    """A preallocated file written through a memory map."""

    def __init__(self, path: Path, size: int = SEGMENT_BYTES) -> None:
        """Create `path` with `size` bytes reserved. Raises `OSError` when the disk has no room for them."""
        self.path = path
        self._fd = _new_file(path, os.O_RDWR)
        try:
            _reserve(self._fd, size)
            self._map = mmap.mmap(self._fd, size)
        except BaseException:
            os.close(self._fd)
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        self.write = self._map.write
        self._used = 0

    def position(self) -> int:
        """Bytes written so far."""
        try:
            return self._map.tell()
        except ValueError:  # closed
            return self._used

    def seal(self) -> None:
        """Let every later write fail as full, those of other threads included."""
        self._map.seek(0, os.SEEK_END)

    def sync(self) -> None:
        """Ask the disk to hold what was written so far; takes a descriptor, so the GIL is free meanwhile."""
        _datasync(self._fd)

    def close(self) -> None:
        """Give the reserved rest back to the disk and let go of the file."""
        used = self._map.tell()
        self.seal()
        # Another thread may have appended between the two lines above; what it wrote follows directly.
        while self._map[used : used + SLOT].strip(b"\0"):
            used += SLOT
        self._used = used
        self._map.close()
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, used)
            _datasync(self._fd)
        os.close(self._fd)

    def abandon(self) -> None:
        """Forget the file without touching it: in a forked child it belongs to the parent."""
        self._map.close()
        with contextlib.suppress(OSError):
            os.close(self._fd)


class AppendSegment:
    """A plain file, one `write(2)` per append: slower, and honest about a full disk. Its writer holds a lock."""

    def __init__(self, path: Path, size: int = SEGMENT_BYTES) -> None:
        self.path = path
        self._size = size
        self._used = 0
        self._sealed = False
        self._fd = _new_file(path, os.O_WRONLY | os.O_APPEND)

    def write(self, data: bytes) -> int:
        """Append whole; raises `ValueError` when the segment, or the disk, is full."""
        if self._sealed or self._used + len(data) > self._size:
            msg = "segment full"
            raise ValueError(msg)
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._sealed = True
            raise ValueError(str(error)) from error
        if written != len(data):
            # The disk filled up in the middle. All of it will be written elsewhere, so none may stay here.
            self._sealed = True
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._used)
            msg = "disk full"
            raise ValueError(msg)
        self._used += written
        return written

    def position(self) -> int:
        return self._used

    def seal(self) -> None:
        self._sealed = True

    def sync(self) -> None:
        _datasync(self._fd)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            _datasync(self._fd)
        os.close(self._fd)

    def abandon(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._fd)


class MemorySegment:
    """What the disk would not take, in order, up to `MEMORY_LIMIT` bytes. Its writer holds a lock."""

    path = None

    def __init__(self) -> None:
        self.kept: list[list[bytes]] = []
        """Records; those of one event are together, as they must be in a segment."""
        self._used = 0
        self._warned = False

    def write(self, data: bytes) -> int:
        self.keep([data])
        return len(data)

    def keep(self, records: list[bytes]) -> None:
        """Keep records together; beyond the limit they are dropped, with one warning."""
        size = sum(map(len, records))
        if self._used + size <= MEMORY_LIMIT:
            self.kept.append(records)
            self._used += size
        elif not self._warned:
            self._warned = True
            warnings.warn(
                f"inlay: the disk has taken nothing for so long that {MEMORY_LIMIT >> 20} MB wait in memory; "
                "what is logged from now on is lost until it takes them.",
                RuntimeWarning,
                stacklevel=2,
            )

    def position(self) -> int:
        return self._used

    def seal(self) -> None:
        """Nothing to do: whoever drains it holds the writer's lock."""

    def sync(self) -> None:
        """Nothing to do: there is no disk under it."""

    close = abandon = sync


def segment_type(folder: Path) -> type[MappedSegment | AppendSegment]:
    """The form of segment to use in `folder`; the setting `journal` (`INLAY_JOURNAL`) decides by hand."""
    chosen = settings.get("journal")
    if chosen == "map" or (chosen == "auto" and _mappable(folder)):
        return MappedSegment
    return AppendSegment


def _mappable(folder: Path) -> bool:
    if sys.platform == "win32":
        return not _on_network_drive(str(folder.resolve()))  # what is written to a file on NTFS has its room
    if sys.platform != "linux":
        return False  # APFS is copy-on-write
    kind = _file_system(folder)
    return kind is not None and kind not in _UNMAPPABLE and not kind.startswith("fuse")


def _file_system(folder: Path) -> str | None:
    """The type of the mount `folder` lies on, by the longest matching mount point in /proc."""
    here = str(folder.resolve())
    best, kind = "", None
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, point, this_kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = here == point or here.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, this_kind
    return kind


def _on_network_drive(path: str) -> bool:
    """Whether a Windows path leads to another machine; yes, where that cannot be told."""
    drive = ntpath.splitdrive(path)[0].upper()
    if drive.startswith("\\\\?\\") and not drive.startswith("\\\\?\\UNC"):
        drive = drive[4:]
    if not drive.endswith(":"):
        return True  # \\server\share
    try:
        import ctypes

        windows: Any = getattr(ctypes, "windll")  # noqa: B009 - there is none elsewhere
        return windows.kernel32.GetDriveTypeW(f"{drive}\\") not in _LOCAL_DRIVES
    except (ImportError, AttributeError, OSError):
        return True


def _new_file(path: Path, flags: int) -> int:
    """A descriptor of a new file, open to whoever the folder is open to."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | _CLOEXEC, 0o600)
    take_after(descriptor, path.parent)
    return descriptor


def _reserve(fd: int, size: int) -> None:
    """Reserve `size` bytes on disk, or raise `OSError(ENOSPC)`."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in _NO_FALLOCATE:
                raise
        else:
            return
    zeros = bytes(1 << 20)
    for start in range(0, size, len(zeros)):
        piece = zeros[: size - start]
        if os.write(fd, piece) != len(piece):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _datasync(fd: int) -> None:
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)


# musl does not write zeros where the file system has no such call, as glibc does.
_NO_FALLOCATE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
