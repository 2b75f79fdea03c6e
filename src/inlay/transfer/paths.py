"""Paths that come from somewhere else: names that fit, and files that lie where they should.

A source may be anybody's. What leads out of its folder, by `..`, from the root or by a link, is not followed.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from inlay.transfer.records import File, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator


def fit_path(path: str) -> str:
    """An artifact's path as we allow it: relative, no `..`, no drive, with slashes."""
    parts = [part for part in re.split(r"[/\\]+", path.replace("\0", "_")) if part not in ("", ".")]
    parts = ["__" if part == ".." else part.replace(":", "_") for part in parts]
    return str(PurePosixPath(*parts)) if parts else "_"


def inside(folder: Path, relative: str) -> Path | None:
    """The file at a relative path below a folder; None for one that leads out of it, is a link, or is none, and where
    the folder is a link.
    """
    path = folder / relative
    pure = PurePosixPath(relative.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or path.is_symlink() or folder.is_symlink():
        return None
    try:
        whole = path.resolve()
        return path if whole.is_file() and whole.is_relative_to(folder.resolve()) else None
    except OSError:
        return None


def files_below(folder: Path, *, under: str = "", kind: str = "file") -> Iterator[File | Skipped]:
    """Every file below a folder, by path; links are not followed."""
    for path, name in walked(folder):
        if path.is_symlink():
            yield Skipped(under + name, "symbolic links are not followed")
        else:
            yield File(under + name, path, kind, created_at=path.stat().st_mtime)


def walked(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files and links below a folder, in the order of their names, each with its relative path. There are none below a
    folder that is a link.
    """
    pending = [] if folder.is_symlink() else [folder]
    while pending:
        here = pending.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError:
            continue
        folders = []
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                folders.append(entry)
            elif entry.is_symlink() or entry.is_file():
                yield entry, entry.relative_to(folder).as_posix()
        pending.extend(reversed(folders))


def tree_digest(folder: Path) -> str:
    """Names, sizes and times (whole seconds) of what lies below a folder."""
    digest = hashlib.sha256()
    for path, name in walked(folder):
        stat = path.lstat()
        digest.update(f"{name}\0{stat.st_size}\0{int(stat.st_mtime)}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """SHA-256 of what these say."""
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()
