"""A file on its way into the store: opened and, where the file system can, cloned at once; read and hashed later.

What was opened stays what it was when its name is deleted or given to another file. Where there are no clones, the
bytes are copied while they are hashed, and a file that is written to meanwhile is noticed by its size and time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from typing import TYPE_CHECKING

from inlay.store.cloning import clone
from inlay.store.unfinished import new_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from typing_extensions import Self

PIECE = 1 << 20
_CLONED_FROM = 1 << 20
"""Bytes from which a clone is worth its two calls."""
_FLUSHED_EVERY = 64 << 20
"""Bytes after which a long copy waits for the disk, so that what it says of itself is true, and other programs that
write to that disk do not wait for gigabytes at its end."""


class CopyStoppedError(Exception):
    """A copy was stopped before its end."""


class Incoming:
    """A file to be kept. Close it, or use it as a context manager: what it did not finish is removed.

    Raises `OSError` when it cannot be opened, `IrregularFileError` when it is a pipe, a socket or a device.
    """

    def __init__(self, folder: Path, source: Path, *, link: bool = False, follow: bool = True) -> None:
        self._folder = folder
        self._source = opened(source, follow=follow)
        self._before = os.fstat(self._source.fileno())
        self.size = self._before.st_size
        self.done = 0
        """Bytes read."""
        self.temporary: Path | None = None
        """Where its bytes are until they get their name; None before they are anywhere, or when they are known."""
        self._writing: FileIO | None = None
        self._cloned = self._linked = self._stopped = False
        try:
            if link:
                self._linked = self._link(source)
            if not self._linked and self.size >= _CLONED_FROM:
                self._clone()
        except BaseException:
            self.close()
            raise

    def hashed(self, known: Callable[[str, int], bool]) -> tuple[str, int]:
        """Read it once; its bytes are in `temporary` then, unless the store has this hash and size (`known`) already.

        Raises `OSError`, and `CopyStoppedError` after `stop`.
        """
        digest, unflushed = hashlib.sha256(), 0
        copying = self.temporary is None
        # Of a file that grows, as a log does, what it held when it was opened; /proc says 0 of all its files.
        for piece in pieces(self._source if copying or self._linked else self._reopened(), self.size or None):
            self._refuse_stopped()
            digest.update(piece)
            self.done += len(piece)
            if copying:
                if self.temporary is None and self.done == self.size and known(digest.hexdigest(), self.done):
                    return digest.hexdigest(), self.done
                self._write(piece)
                unflushed += len(piece)
                if unflushed >= _FLUSHED_EVERY and self._writing is not None:
                    unflushed = 0
                    os.fsync(self._writing.fileno())
        self._refuse_stopped()
        if known(digest.hexdigest(), self.done):
            self._discard()
        elif self.temporary is None:
            self._write(b"")
        return digest.hexdigest(), self.done

    def sealed(self) -> Path | None:
        """Wait until the disk has it, and say under which name; None when the store has these bytes already."""
        if self._writing is not None:
            os.fsync(self._writing.fileno())
            self._writing.close()
            self._writing = None
        elif self.temporary is not None and not (self._linked and sys.platform == "win32"):  # read-only by now
            descriptor = os.open(self.temporary, os.O_RDONLY if self._linked else os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return self.temporary

    def changed(self) -> bool:
        """Whether the file was written to since it was opened; of a clone that does not matter."""
        if self._cloned:
            return False
        after = os.fstat(self._source.fileno())
        same = (self._before.st_size, self._before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        return not same or self.done < self.size

    def stop(self) -> None:
        """Let `hashed` raise at the next piece."""
        self._stopped = True

    def settled(self) -> None:
        """Its bytes have their name: there is nothing left to remove."""
        self.temporary = None

    def close(self) -> None:
        """Remove what has got no name, and let go of the file."""
        self._discard()
        self._source.close()

    def abandon(self) -> None:
        """In a forked child: let go of the file, and leave the rest to the parent."""
        self.temporary = None
        self._source.close()
        if self._writing is not None:
            self._writing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _link(self, source: Path) -> bool:
        """Make it another name of the same file, and the file read-only."""
        name, target = new_name(self._folder), source.resolve()
        try:
            os.link(target, name)
        except OSError:  # another file system, another user's file, a file system without links
            return False
        self.temporary = name
        try:
            same = os.path.samestat(name.stat(), self._before)
            if same:
                name.chmod(stat.S_IMODE(self._before.st_mode) & ~0o222)
        except OSError:
            same = False
        if not same:
            name.unlink(missing_ok=True)
            self.temporary = None
        return same

    def _clone(self) -> None:
        name = new_name(self._folder)
        self._cloned = clone(self._source.fileno(), name)
        if self._cloned:
            self.temporary = name
            self.size = name.stat().st_size

    def _reopened(self) -> FileIO:
        self._source.close()
        assert self.temporary is not None  # noqa: S101 - a clone lies there
        self._source = opened(self.temporary, follow=False)
        return self._source

    def _write(self, piece: bytes | memoryview) -> None:
        if self._writing is None:
            self.temporary = new_name(self._folder)
            # Without a buffer: a forked child would flush what is in it a second time.
            self._writing = open(self.temporary, "xb", buffering=0, opener=_private)  # noqa: SIM115
        rest = memoryview(piece)
        while rest:
            rest = rest[self._writing.write(rest) :]

    def _refuse_stopped(self) -> None:
        if self._stopped:
            raise CopyStoppedError

    def _discard(self) -> None:
        if self._writing is not None:
            self._writing.close()
            self._writing = None
        if self.temporary is not None:
            if self._linked:
                self.temporary.chmod(stat.S_IMODE(self._before.st_mode))
            self.temporary.unlink(missing_ok=True)
            self.temporary = None


class IrregularFileError(OSError):
    """A pipe, a socket or a device, which has no bytes to keep."""


def opened(path: Path, *, follow: bool = True) -> FileIO:
    """The file, open for reading without a buffer; never waits, as opening a pipe would.

    Raises `OSError`, for a symbolic link where those are not followed, and `IrregularFileError`.
    """
    if not stat.S_ISREG(path.stat(follow_symlinks=follow).st_mode):
        raise IrregularFileError(errno.EINVAL, "it is no regular file", str(path))
    flags = getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    file = open(path, "rb", buffering=0, opener=lambda name, mode: os.open(name, mode | flags))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise IrregularFileError(errno.EINVAL, "it is no regular file", str(path))
    return file


def pieces(file: FileIO, size: int | None = None) -> Iterator[memoryview]:
    """The bytes of a file, `size` at most, through one buffer: each piece is valid until the next."""
    buffer = memoryview(bytearray(PIECE))
    left = size
    while left is None or left > 0:
        count = file.readinto(buffer if left is None else buffer[: min(left, PIECE)])
        if not count:
            return
        left = None if left is None else left - count
        yield buffer[:count]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
