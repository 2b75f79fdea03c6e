"""Where a store lives: finding, making and refusing `.inlay` folders.

The nearest one above the working directory is used, so that a notebook in a subfolder and a script at the top
share it. None is looked for above the home directory, and one that another user owns is not used unasked,
because whoever can write to a store can show things in your notebook.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".inlay"
DATABASE = "runs.duckdb"


def locate(path: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the store to use; it may not exist yet.

    `path` wins, then the environment variable `INLAY_STORE`, then the nearest `.inlay` at or above the working
    directory, then a new one at the root of the git checkout or Python project, then in the working directory.
    A `path` that holds a `.inlay` means that one. Raises `StoreError` for a path that is empty or cannot be looked
    into, and when nothing was named and the folder to use is another user's.
    """
    chosen = path if path is not None else os.environ.get("INLAY_STORE") or None
    if chosen is None:
        return _found()
    if not os.fspath(chosen):
        msg = "The path of the store is empty. Give a folder, such as inlay.connect('path/to/folder')."
        raise StoreError(msg)
    return _named(Path(chosen).expanduser())


def prepare(folder: Path) -> bool:
    """Make the folder of a store usable; returns whether it is new.

    Raises `StoreError` when it cannot be made or written, naming the folder and how to choose another.
    """
    try:
        new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        for inner in ("journal", "artifacts"):
            (folder / inner).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(_cannot_write(folder, error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(_cannot_write(folder, "permission denied"))
    if new:
        # Once, so that it can be found. Notebooks frame what goes to stderr as a fault, and are handed on with it.
        stream = sys.stdout if "ipykernel" in sys.modules else sys.stderr
        print(f"inlay: new store in {_from_home(folder)}", file=stream)
    return new


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
