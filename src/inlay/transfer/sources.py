"""Which kind of source lies at a path, and the adapter that reads it."""

from __future__ import annotations

import difflib
import os
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inlay.transfer.records import Listing

KINDS = ("mlflow", "tensorboard", "wandb", "csv", "inlay", "parquet", "json")
_ADAPTERS = {
    "tensorboard": "inlay.transfer.tensorboard_logs",
    "wandb": "inlay.transfer.wandb_folders",
    "csv": "inlay.transfer.csv_files",
    "inlay": "inlay.transfer.other_stores",
    "parquet": "inlay.transfer.parquet_folders",
    "json": "inlay.transfer.json_files",
}
_SQLITE = "sqlite:"
_DEEP = 6
"""How many folders deep is looked for event files and CSV files to tell what a folder is."""
_MANY = 20_000


def listing_of(source: Any, kind: str | None = None) -> Listing:
    """The runs of a source. Raises as `import_runs` does."""
    path = checked_source(source)
    if kind is not None and kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(KINDS)}"
        msg = f"kind={kind!r} is no kind of source{hint}"
        raise ValueError(msg)
    kind, path = _told(path, kind)
    if kind == "mlflow":
        module = "inlay.transfer.mlflow_folder" if path.is_dir() else "inlay.transfer.mlflow_database"
    else:
        module = _ADAPTERS[kind]
    listing: Listing = import_module(module).list_runs(path)
    return listing


def checked_source(source: Any) -> Path:
    """The path that a source names. Raises `TypeError`, `ValueError` or `FileNotFoundError`."""
    if not isinstance(source, (str, os.PathLike)) or isinstance(os.fspath(source), bytes):
        msg = f"a source is a path or a sqlite:/// address; got {source!r} of type {type(source).__name__}"
        raise TypeError(msg)
    text = os.fspath(source)
    if text.startswith(_SQLITE):
        text = unquote(text.removeprefix(_SQLITE).removeprefix("///"))
    elif "://" in text:
        msg = f"a source lies on this machine, a file or folder; got the address {text!r}"
        raise ValueError(msg)
    if not text or "\0" in text:
        msg = f"a source is a path or a sqlite:/// address; got {source!r}"
        raise ValueError(msg)
    path = Path(text).expanduser().absolute()
    if not path.exists():
        msg = f"there is nothing at {path} to import"
        raise FileNotFoundError(msg)
    return path


def _told(path: Path, kind: str | None) -> tuple[str, Path]:
    """The kind, and where exactly it lies: a project's folder may be given in place of the one inside it."""
    for found, place in _signs(path):
        if kind in (None, found):
            return found, place
    if kind in ("csv", "tensorboard", "json", "parquet"):
        return kind, path
    what = f"no {kind} source" if kind else "no runs that inlay can import"
    msg = (
        f"there are {what} at {path}: neither an mlruns folder or mlflow.db, event files of TensorBoard, a wandb "
        "folder, CSV files, another inlay store, nor what export_runs writes"
        if kind is None
        else f"{path} is {what}"
    )
    raise ValueError(msg)


def _signs(path: Path) -> Iterator[tuple[str, Path]]:
    yield from _folder_signs(path) if path.is_dir() else _file_signs(path)


def _file_signs(path: Path) -> Iterator[tuple[str, Path]]:
    name = path.name.lower()
    if ".tfevents." in name:
        yield "tensorboard", path
    elif name.endswith(".wandb"):
        yield "wandb", path
    elif name.endswith((".csv", ".tsv")):
        yield "csv", path
    elif name.endswith((".json", ".jsonl")):
        yield "json", path
    elif name == "runs.duckdb":
        yield "inlay", path.parent
    elif _is_mlflow(path):
        yield "mlflow", path


def _folder_signs(path: Path) -> Iterator[tuple[str, Path]]:  # noqa: C901 - one sign after the other
    for place in (path, path / ".inlay"):
        # A store that nobody read yet has journals only.
        if (place / "runs.duckdb").is_file() or all((place / name).exists() for name in ("journal", ".gitignore")):
            yield "inlay", place
    if (path / "runs.parquet").is_file():
        yield "parquet", path
    for place in (path, path / "wandb"):
        if any(place.glob("run-*.wandb")) or any(place.glob("*run-*/run-*.wandb")):
            yield "wandb", place
    database = path / "mlflow.db"
    if database.is_file() and _is_mlflow(database):
        yield "mlflow", database
    for place in (path, path / "mlruns"):
        if _is_mlruns(place):
            yield "mlflow", place
    endings = set(_endings(path))
    for kind in ("tensorboard", "csv"):
        if kind in endings:
            yield kind, path


def _is_mlflow(path: Path) -> bool:
    """Whether a file is a SQLite database with MLflow's tables."""
    try:
        with path.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                return False
        con = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            rows = con.execute("SELECT name FROM sqlite_master WHERE name IN ('runs', 'experiments', 'metrics')")
            return len(rows.fetchall()) == 3
        finally:
            con.close()
    except (OSError, sqlite3.Error):
        return False


def _is_mlruns(path: Path) -> bool:
    """Whether a folder holds experiments of MLflow's, one of which may be in the trash."""
    for meta in (*path.glob("*/meta.yaml"), *path.glob(".trash/*/meta.yaml")):
        try:
            if "experiment_id:" in meta.read_text(encoding="utf-8", errors="replace"):
                return True
        except OSError:
            continue
    return False


def _endings(path: Path) -> Iterator[str]:
    """Signs of files somewhere below a folder; the search ends where there are too many."""
    seen = 0
    for here, folders, files in os.walk(path):
        if len(Path(here).relative_to(path).parts) >= _DEEP:
            folders.clear()
        folders[:] = [folder for folder in folders if not folder.startswith((".", "__")) and folder != "node_modules"]
        for name in files:
            seen += 1
            if ".tfevents." in name:
                yield "tensorboard"
            elif name.lower().endswith((".csv", ".tsv")):
                yield "csv"
        if seen > _MANY:
            return
