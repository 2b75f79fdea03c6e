"""Where a store lives: finding, making and refusing `.inlay` folders.

The nearest one above the working directory is used, so that a notebook in a subfolder and a script at the top
share it. None is looked for above the home directory, and one that another user owns is not used unasked,
because whoever can write to a store can show things in your notebook.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from inlay import settings
from inlay.errors import StoreError
from inlay.store.permissions import make_folder, renew, take_after

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".inlay"
DATABASE = "runs.duckdb"


def locate(path: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the store to use; it may not exist yet.

    `path` wins, then the setting `store` (`inlay.configure`, `INLAY_STORE`, pyproject.toml), then the nearest `.inlay`
    at or above the working directory, then a new one at the root of the git checkout or Python project, then in the
    working directory.
    A `path` that holds a `.inlay` means that one. Raises `StoreError` for a path that is empty or cannot be looked
    into, and when nothing was named and the folder to use is another user's.
    """
    chosen = path if path is not None else settings.get("store")
    if chosen is None:
        return _found()
    if not os.fspath(chosen):
        msg = "The path of the store is empty. Give a folder, such as inlay.connect('path/to/folder')."
        raise StoreError(msg)
    return _named(Path(chosen).expanduser())


def prepare(folder: Path) -> bool:
    """Make the folder of a store usable; returns whether it is new. One that may only be read is left as it is.

    Raises `StoreError` when it cannot be made or written, naming the folder and how to choose another.
    """
    try:
        if is_read_only(folder):
            _look_into(folder)
            return False
        new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _ignore(folder / ".gitignore")
        for inner in ("journal", "artifacts"):
            make_folder(folder / inner)
        renew(folder)
    except OSError as error:
        raise StoreError(_cannot_write(folder, error)) from error
    if not may_write(folder):
        raise StoreError(_cannot_write(folder, "permission denied"))
    if new:
        _say(f"new store in {_from_home(folder)}")
    return new


def is_read_only(folder: Path) -> bool:
    """Whether a store is there that may be read at most."""
    there = [part for part in (folder / DATABASE, folder / "journal") if os.path.exists(part)]  # noqa: PTH110 - or denied
    return bool(there) and not all(map(may_write, (folder, *there)))


def may_write(path: Path) -> bool:
    """Whether we may write to a file, or make files in a folder, as far as permissions tell."""
    if sys.platform == "win32" and path.is_dir():
        return _takes_a_file(path)  # its permissions are asked for in vain there
    return os.access(path, os.W_OK | os.X_OK if path.is_dir() else os.W_OK)


def say_read_only(folder: Path) -> None:
    """Once a process: that nothing will be recorded here."""
    if folder not in _said_read_only:
        _said_read_only.add(folder)
        _say(f"the store in {_from_home(folder)} is read-only: its runs can be read, and none recorded")


def cannot_record(folder: Path) -> str:
    """What to tell who wants to write to a store that may only be read."""
    return (
        f"The store in {folder} is read-only: its runs can be read, and nothing recorded or changed. Choose another "
        "one for new runs with inlay.connect('path/to/folder') or the environment variable INLAY_STORE, or have its "
        "owner open the folder to you (chmod; see docs/platforms.md)."
    )


_said_read_only: set[Path] = set()


def _ignore(file: Path) -> None:
    try:
        with file.open("x") as writing:
            writing.write("*\n")
    except FileExistsError:
        return
    take_after(file, file.parent)


def _look_into(folder: Path) -> None:
    for part in (folder, folder / "journal", folder / DATABASE):
        if part.exists() and not os.access(part, os.R_OK | (os.X_OK if part.is_dir() else 0)):
            raise PermissionError(f"{part} may not be read")


@functools.cache
def _takes_a_file(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS)  # full is not read-only


def _say(what: str) -> None:
    # Once, so that it can be found. Notebooks frame what goes to stderr as a fault, and are handed on with it.
    print(f"inlay: {what}", file=sys.stdout if "ipykernel" in sys.modules else sys.stderr)


def _from_home(folder: Path) -> str:
    """The path without the user's name, where it is below the home directory."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (RuntimeError, ValueError):
        return str(folder)


def _named(path: Path) -> Path:
    if path.name == DATABASE:
        path = path.parent
    try:
        if path.exists() and not path.is_dir():
            msg = f"{path} is a file; a store is a folder. Give the folder that holds (or shall hold) {DATABASE}."
            raise StoreError(msg)
        if path.name != FOLDER and (path / FOLDER).is_dir() and not (path / DATABASE).exists():
            path /= FOLDER
        return path.absolute()
    except OSError as error:  # below a folder we may not enter
        raise StoreError(_cannot_write(path, error)) from error


def _found() -> Path:
    """The folder to use when none was named."""
    store = Path(FOLDER)
    try:
        here = Path.cwd()
        for folder in _upwards(here):
            store = folder / FOLDER
            if store.is_dir() and _ours(store):
                return store
        store = _project(here) / FOLDER
        if store.exists() and not _ours(store):
            raise StoreError(_another_users(store))
    except OSError as error:
        raise StoreError(_cannot_write(store, error)) from error
    return store


def _project(here: Path) -> Path:
    """The root of the git checkout or Python project that holds `here`; `here` itself in none."""
    for folder in _upwards(here):
        if (folder / ".git").exists() or (folder / "pyproject.toml").exists():
            return folder
    return here


def _upwards(start: Path) -> Iterator[Path]:
    """`start` and its parents, never above the home directory, nor into it from elsewhere."""
    try:
        home = Path.home().resolve()
    except RuntimeError:  # a container may run as a user without one
        home = None
    for folder in (start, *start.parents):
        yield folder
        if folder == home:
            return


def _ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _another_users(folder: Path) -> str:
    return (
        f"The store folder {folder} belongs to another user (uid {folder.stat().st_uid}) and is not used unasked, "
        "because whoever can write to a store can show things in your notebook. Choose another one, or this one "
        "all the same, with inlay.connect('path/to/folder') or the environment variable INLAY_STORE."
    )


def _cannot_write(folder: Path, reason: object) -> str:
    return (
        f"Cannot write to the store folder {folder} ({reason}). Choose another one with "
        "inlay.connect('path/to/folder') or the environment variable INLAY_STORE."
    )
