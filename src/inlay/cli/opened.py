"""The store that a command works on: `--store`, else the one that Python would choose here.

Commands that read never make one: an empty store in the wrong folder would only hide that the runs are elsewhere.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from inlay.cli.group import chosen
from inlay.errors import StoreError
from inlay.store.folder import DATABASE, locate

if TYPE_CHECKING:
    from pathlib import Path

    from inlay.store.store import Store


def reading_store() -> Store:
    """The store to read from. Raises `StoreError` where there is none, naming the folder it would have."""
    folder = locate(chosen())
    if not is_store(folder):
        msg = (
            f"there is no store in {folder}. Go to the folder of your project, or name the store: "
            "--store FOLDER, or the variable INLAY_STORE. `inlay demo` makes one with examples."
        )
        raise StoreError(msg)
    return _connected(folder)


def recording_store() -> Store:
    """The store to record in, made if there is none."""
    return _connected(locate(chosen()))


def is_store(folder: Path) -> bool:
    """Whether a store was made here."""
    return (folder / DATABASE).is_file() or (folder / "journal").is_dir()


def _connected(folder: Path) -> Store:
    from inlay.store.store import connect

    return connect(folder)


def meant_run(reference: str | None) -> str:
    """The run that a command is about: as given, else the one that `inlay run` or a parent names."""
    given = reference or os.environ.get("INLAY_RUN_ID")
    if not given:
        msg = "name a run: its id, the end of it, or its name (`inlay runs` lists them)"
        raise click.UsageError(msg)
    return given
