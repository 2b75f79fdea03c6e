"""Files of a run, out of the store and into a folder: whole, checked, and never anywhere else.

The paths may come from somebody else's store, so they are not trusted: what leads out of the folder, or goes through
a link in it, is refused.
"""

from __future__ import annotations

import os
import re
import secrets
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.errors import InlayError
from inlay.store.artifacts import DamagedBlobError, copy_out, hash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.artifacts import Artifact

_LONGEST = 255
"""Bytes of a file's name, on every file system."""
_DRIVE = re.compile("[A-Za-z]:")
_WINDOWS = re.compile(
    r'[<>:"|?*\x00-\x1f]|[ .]$|^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)([ .]|$)', re.IGNORECASE
)
"""What no file of Windows is called, or what is a device there."""


def save(artifact: Artifact, path: str, to: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Copy a file to `to/path`, and return that.

    Raises `FileExistsError` when another file is there and `overwrite` is not set, `InlayError` when `path` leads out
    of `to` or the stored bytes are gone or damaged.
    """
    parts = _parts(path)
    root = _root(to)
    if not overwrite:
        _refuse_existing([(artifact, root.joinpath(*parts))])
    _save(artifact, root, parts, overwrite=overwrite)
    return Path(to).expanduser().joinpath(*parts)


def save_all(artifacts: Sequence[Artifact], to: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Copy files to `to`, each under its path. Nothing is written when another file is in the way.

    Files whose path leads out of `to` are left out with one warning. Raises as `save` does.
    """
    plan: list[tuple[Artifact, list[str]]] = []
    hostile: list[str] = []
    for artifact in artifacts:
        try:
            plan.append((artifact, _parts(artifact.path)))
        except InlayError:
            hostile.append(artifact.path)
    _refuse_both({artifact.path for artifact, _ in plan})
    root = _root(to)
    if not overwrite:
        _refuse_existing([(artifact, root.joinpath(*parts)) for artifact, parts in plan])
    for artifact, parts in plan:
        _save(artifact, root, parts, overwrite=overwrite)
    if hostile:
        shown = ", ".join(f"{path!r:.200}" for path in hostile[:3])
        text = (
            f"inlay left out {len(hostile):,} of the files, whose paths lead out of the folder or fit no disk: {shown}"
        )
        warnings.warn(text, RuntimeWarning, stacklevel=4)


def _parts(path: str) -> list[str]:
    """The path as names below a folder. Raises `InlayError` when it is none."""
    parts = path.split("/")
    bad = (
        any(part in ("", ".", "..") or len(part.encode("utf-8", "replace")) > _LONGEST for part in parts)
        or "\\" in path
        or "\0" in path
        or _DRIVE.match(path)
    )
    if bad or (os.name == "nt" and any(_WINDOWS.search(part) for part in parts)):
        msg = f"the path {path!r:.200} cannot be a file here, or leads out of the folder; read it with `open()` instead"
        raise InlayError(msg)
    return parts


def _root(to: str | os.PathLike[str]) -> Path:
    root = Path(to).expanduser()
    if root.exists() and not root.is_dir():
        msg = f"{to} is a file; files are downloaded into a folder"
        raise NotADirectoryError(msg)
    root.mkdir(parents=True, exist_ok=True)
    return root.resolve()


def _refuse_both(paths: set[str]) -> None:
    for path in paths:
        above = path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in paths:
                msg = f"{above!r} is a file and a folder of the run; download one: {above!r} or {above + '/'!r}"
                raise InlayError(msg)


def _refuse_existing(plan: list[tuple[Artifact, Path]]) -> None:
    other = [target for artifact, target in plan if os.path.lexists(target) and not _equal(artifact, target)]
    if other:
        shown = ", ".join(str(target) for target in other[:3]) + (" ..." if len(other) > 3 else "")
        msg = f"another file is there already: {shown}. Choose another folder, or overwrite=True."
        raise FileExistsError(msg)


def _equal(artifact: Artifact, target: Path) -> bool:
    try:
        same = not target.is_symlink() and target.is_file() and target.stat().st_size == artifact.bytes
        return same and hash_of(target) == artifact.hash
    except OSError:
        return False


def _save(artifact: Artifact, root: Path, parts: list[str], *, overwrite: bool) -> None:
    folder = _folder(root, parts[:-1])
    target = folder / parts[-1]
    there = os.path.lexists(target)
    if there and not target.is_symlink() and target.is_dir():
        msg = f"{target} is a folder, where the file {artifact.path!r} should go; choose another folder"
        raise FileExistsError(msg)
    if there and _equal(artifact, target):
        return
    if there and not overwrite:  # names that are one here, such as `A` and `a`
        _refuse_existing([(artifact, target)])
    blob = artifact.local_path
    partial = folder / f".inlay-{secrets.token_hex(6)}.part"
    try:
        copy_out(blob, artifact.hash, partial)
        partial.replace(target)
    except DamagedBlobError as error:
        msg = f"the stored bytes of {artifact.path!r} are damaged ({blob}): they are not what was logged"
        raise InlayError(msg) from error
    finally:
        partial.unlink(missing_ok=True)


def _folder(root: Path, parts: list[str]) -> Path:
    """A folder below `root`, made where it is missing; links are not followed."""
    folder = root
    for part in parts:
        folder /= part
        if folder.is_symlink():
            msg = f"{folder} is a link, which may lead anywhere; choose another folder"
            raise InlayError(msg)
        folder.mkdir(exist_ok=True)
    return folder
