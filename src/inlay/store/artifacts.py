"""Blobs by content: `artifacts/ab/ab12...` holds the bytes whose SHA-256 is `ab12...`.

A blob is written under a temporary name, synced, and renamed, so that a name never stands for half a file.
Equal bytes are kept once, however many runs log them. Files are read once, in pieces, and hashed on the way.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay.store.incoming import Incoming, opened, pieces
from inlay.store.permissions import make_folder, take_after
from inlay.store.unfinished import leftovers_in, new_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored blob: SHA-256 in hexadecimal, and its size in bytes.

    `changed` says that the file was written to while it was read: the blob may hold a mixture.
    """

    hash: str
    bytes: int
    changed: bool = False


class DamagedBlobError(Exception):
    """The bytes under a name are not those that the name was given for."""


def put_bytes(folder: Path, data: bytes) -> Blob:
    """Store bytes. Raises `OSError` when the disk refuses; nothing half-written is left."""
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
    target = path_of(folder, blob.hash)
    if not _claimed(target, blob.bytes):
        temporary = new_name(folder)
        try:
            _write(temporary, data, sync=True)
            _settle(temporary, target, blob.bytes)
        finally:
            temporary.unlink(missing_ok=True)
    return blob


def put_file(folder: Path, source: Path, *, link: bool = False) -> Blob:
    """Store a copy of a file, read once and never whole in memory; with `link`, another name of it where that can be.

    Raises `OSError` when the file cannot be read or the disk refuses.
    """
    with Incoming(folder, source, link=link) as incoming:
        return take_in(folder, incoming)


def take_in(folder: Path, incoming: Incoming) -> Blob:
    """Read, hash and store a file that was opened before. Raises `OSError`, and `CopyStoppedError` when stopped."""
    digest, size = incoming.hashed(lambda digest, size: _claimed(path_of(folder, digest), size))
    changed = incoming.changed()
    temporary = incoming.sealed()
    if temporary is not None:
        _settle(temporary, path_of(folder, digest), size)
        incoming.settled()
    return Blob(digest, size, changed)


def put_small_files(folder: Path, sources: Sequence[Path]) -> list[Blob | OSError]:
    """Store many files with one wait for the disk; a file that cannot be kept is the error that says why.

    Symbolic links are refused. Every file is read whole, so these are for small ones.
    """
    results: list[Blob | OSError] = []
    written: dict[int, tuple[Path, Path]] = {}
    try:
        for source in sources:
            try:
                blob, temporary = _written(folder, source)
            except OSError as error:
                results.append(error)
                if disk_refuses(error):
                    break
            else:
                if temporary is not None:
                    written[len(results)] = temporary, path_of(folder, blob.hash)
                results.append(blob)
        _settle_all(folder, written, results)
        _claim_again(folder, sources, written, results)
    finally:
        for temporary, _ in written.values():
            temporary.unlink(missing_ok=True)
    refused = next((one for one in results if isinstance(one, OSError) and disk_refuses(one)), None)
    return results if refused is None else results + [refused] * (len(sources) - len(results))


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
    return path if _stands(path, size) else None


def copy_out(blob: Path, digest: str, target: Path) -> None:
    """Copy a blob to a file that must not exist yet, and check its bytes on the way.

    Raises `DamagedBlobError` when they are not what the hash says, `OSError` when the disk refuses; then there is
    no `target`.
    """
    hashed = hashlib.sha256()
    with opened(blob, follow=False) as reading, target.open("xb") as writing:
        try:
            for piece in pieces(reading):
                hashed.update(piece)
                writing.write(piece)
            if hashed.hexdigest() != digest:
                raise DamagedBlobError(str(blob))  # noqa: TRY301 - it ends as a disk that refuses does
        except BaseException:
            writing.close()
            target.unlink(missing_ok=True)
            raise


def hash_of(file: Path) -> str:
    """The SHA-256 of a file's bytes. Raises `OSError`."""
    hashed = hashlib.sha256()
    with opened(file) as reading:
        for piece in pieces(reading):
            hashed.update(piece)
    return hashed.hexdigest()


def leftovers(store: Store) -> list[Path]:
    """Copies that were under way when their process died."""
    return leftovers_in(store.artifacts)


def clear_leftovers(store: Store) -> int:
    """Remove what dead processes left half-copied; returns the bytes that were freed."""
    freed = 0
    for path in leftovers(store):
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            path.unlink()
            freed += size
    return freed


def disk_refuses(error: OSError) -> bool:
    """Whether it would refuse the next file as well: full, over quota, read-only."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


# -- small files together -----------------------------------------------------------------------------------


def _written(folder: Path, source: Path) -> tuple[Blob, Path | None]:
    """The bytes of a file under a temporary name; under none where they are kept already."""
    with opened(source, follow=False) as reading:
        before = os.fstat(reading.fileno())
        data = reading.readall()
        after = os.fstat(reading.fileno())
    changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data), changed)
    if _claimed(path_of(folder, blob.hash), blob.bytes):
        return blob, None
    temporary = new_name(folder)
    try:
        _write(temporary, data, sync=False)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return blob, temporary


def _settle_all(folder: Path, written: dict[int, tuple[Path, Path]], results: list[Blob | OSError]) -> None:
    """Wait for the disk once, and give all of them their names."""
    if not written:
        return
    sync_each = not _sync_file_system(folder)
    for number, (temporary, target) in written.items():
        blob = results[number]
        try:
            if sync_each:
                with temporary.open("r+b") as file:
                    os.fsync(file.fileno())
            if isinstance(blob, Blob):
                _settle(temporary, target, blob.bytes)
        except OSError as error:
            results[number] = error


def _claim_again(
    folder: Path, sources: Sequence[Path], written: dict[int, tuple[Path, Path]], results: list[Blob | OSError]
) -> None:
    """The first were claimed seconds ago: a collection may have taken what it had looked at before."""
    for number, blob in enumerate(results):
        if number in written or isinstance(blob, OSError) or _claimed(path_of(folder, blob.hash), blob.bytes):
            continue
        try:
            with Incoming(folder, sources[number], follow=False) as incoming:
                results[number] = take_in(folder, incoming)
        except OSError as error:
            results[number] = error


def _sync_file_system(folder: Path) -> bool:
    """Put everything written so far on the disk; False where that cannot be asked for.

    One wait for 1,000 files takes 0.1 s, 1,000 waits 0.4 s on a quick disk and ten times that on a slow one.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            return bool(ctypes.CDLL(None, use_errno=True).syncfs(descriptor) == 0)
        finally:
            os.close(descriptor)
    except (OSError, AttributeError):
        return False


# -- names --------------------------------------------------------------------------------------------------


def _stands(target: Path, size: int) -> bool:
    """Whether the blob is there, as far as its size can tell; one that is damaged is written again."""
    try:
        return target.is_file() and not target.is_symlink() and target.stat().st_size == size
    except OSError:
        return False


def _claimed(target: Path, size: int) -> bool:
    """Whether the blob is there for another run to refer to. It is marked as used just now, so that a collection that
    is under way does not take it for forgotten.
    """
    if not _stands(target, size):
        return False
    try:
        if os.name == "posix":  # the time of the last change; that of the last write is also that of a linked file
            target.chmod(stat.S_IMODE(target.stat().st_mode))
        else:
            os.utime(target)
    except FileNotFoundError:  # freed at this moment
        return False
    except OSError:  # another user's
        return True
    return True


def _write(temporary: Path, data: bytes, *, sync: bool) -> None:
    with open(temporary, "xb", opener=_private) as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _settle(temporary: Path, target: Path, size: int) -> None:
    make_folder(target.parent)
    take_after(temporary, target.parent)
    try:
        temporary.replace(target)
    except PermissionError:
        # On Windows a blob that somebody reads cannot be replaced; nor need it be.
        if not _stands(target, size):
            raise
