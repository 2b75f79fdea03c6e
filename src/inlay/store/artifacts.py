"""Blobs by content: `artifacts/ab/ab12...` holds the bytes whose SHA-256 is `ab12...`.

A blob is written under a temporary name, synced, and renamed, so that a name never stands for half a file.
Equal bytes are kept once, however many runs log them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored blob: SHA-256 in hexadecimal, and its size in bytes."""

    hash: str
    bytes: int


def put_bytes(folder: Path, data: bytes) -> Blob:
    """Store bytes. Raises `OSError` when the disk refuses; nothing half-written is left."""
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
    target = path_of(folder, blob.hash)
    if not target.exists():
        with _temporary(folder) as (file, temporary):
            file.write(data)
            _settle(file, temporary, target)
    return blob


def put_file(folder: Path, source: Path) -> Blob:
    """Store a copy of a file, read once and never whole in memory."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reading, _temporary(folder) as (file, temporary):
        while piece := reading.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        blob = Blob(digest.hexdigest(), size)
        target = path_of(folder, blob.hash)
        if not target.exists():
            _settle(file, temporary, target)
    return blob


def path_of(folder: Path, digest: str) -> Path:
    """Where the blob of this hash lies, whether or not it does."""
    return folder / digest[:2] / digest


def found(folder: Path, digest: str, size: int) -> Path | None:
    """Where the blob of this hash and size lies; None when it is gone. The hash may come from somebody else's store:
    what is none leads nowhere.
    """
    if re.fullmatch("[0-9a-f]{64}", digest) is None:
        return None
    path = path_of(folder, digest)
    try:
        here = path.is_file() and not path.is_symlink() and path.stat().st_size == size
    except OSError:
        return None
    return path if here else None


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is a descriptor
            yield file, temporary
    finally:
        temporary.unlink(missing_ok=True)


def _settle(file: IO[bytes], temporary: Path, target: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    target.parent.mkdir(exist_ok=True, mode=0o700)
    temporary.replace(target)
