"""`export_runs`: runs of a store as Parquet, as JSON, or in an MLflow store.

Files and folders are written under a temporary name beside the target and renamed, so that a target is whole or not
there. Runs are read from a copy of the database: nobody waits.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.errors import RunNotFoundError
from inlay.query import attributes
from inlay.query.shown import left_out
from inlay.store.store import current
from inlay.tracking.found import Runs
from inlay.tracking.run import Run
from inlay.transfer.progress import bar
from inlay.transfer.snapshots import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inlay.store.store import Store
    from inlay.transfer.records import Skipped, SourceRun

KINDS = ("parquet", "json", "mlflow")


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: where, how many runs, how many were there already (MLflow), and what was left out."""

    target: str
    runs: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = field(default=())

    def __repr__(self) -> str:
        lines = [f"Exported: {self.runs:,} run{'' if self.runs == 1 else 's'} to {self.target}"]
        if self.unchanged:
            lines[0] += f", {self.unchanged:,} there already"
        if self.skipped:
            lines[0] += f", {len(self.skipped):,} skipped"
        return "\n".join([*lines, *left_out(self.skipped)])


def export_runs(
    target: str | os.PathLike[str],
    *,
    kind: str = "parquet",
    runs: Sequence[Any] | None = None,
    store: Store | None = None,
    artifacts: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> Exported:
    """Write runs to `target`: a folder of Parquet files, a `.json` or `.jsonl` file, or an MLflow store.

    `runs` are what `inlay.runs()` returned, or ids; without them every run that is not deleted. `artifacts=True` lets
    the Parquet folder hold the files of the runs as well; JSON never has them, MLflow always. For `kind="mlflow"` the
    target is a folder (`mlruns`), a database (`sqlite:///mlflow.db` or a path ending in `.db`), or a server's address;
    runs that were exported before and did not change are left alone there.

    Raises `FileExistsError` when the target is there and `overwrite` is not set, `RunNotFoundError` for an id that no
    run has, `ValueError` for an unknown kind, `ImportError` naming what to install.
    """
    if kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(KINDS)}"
        msg = f"kind={kind!r} is nothing runs can be exported to{hint}"
        raise ValueError(msg)
    text = _target(target)
    store = store or (runs.store if isinstance(runs, Runs) else current())
    wanted = _wanted(store, runs)
    tables = snapshot(store, confined=kind != "parquet")
    listed, _ = tables.runs(running=True)
    chosen = [run for run in listed if wanted is None or run.run_id in wanted]
    if wanted is None:
        chosen = _not_deleted(tables, chosen)
    with bar("export", len(chosen), progress=progress) as done:
        if kind == "mlflow":
            from inlay.transfer import to_mlflow

            count, unchanged, skipped = to_mlflow.write(text, chosen, done)
            return Exported(text, count, unchanged, tuple(skipped))
        left_out: list[Skipped] = []
        with _made(Path(text).expanduser().absolute(), folder=kind == "parquet", overwrite=overwrite) as place:
            if kind == "json":
                from inlay.transfer import to_json

                to_json.write(place, chosen, done)
            else:
                from inlay.transfer import to_parquet

                ids = [run.source_id for run in chosen]
                left_out = to_parquet.write(place, tables, ids, done, artifacts=artifacts)
    return Exported(text, len(chosen), 0, tuple(left_out))


def _target(target: Any) -> str:
    if not isinstance(target, (str, os.PathLike)) or isinstance(os.fspath(target), bytes):
        msg = f"a target is a path; got {target!r} of type {type(target).__name__}"
        raise TypeError(msg)
    text = os.fspath(target)
    if not text or "\0" in text:
        msg = f"a target is a path; got {target!r}"
        raise ValueError(msg)
    return text


def _wanted(store: Store, runs: Sequence[Any] | None) -> set[str] | None:
    """Ids of the runs that were asked for; None for all."""
    if runs is None:
        return None
    if isinstance(runs, Runs):
        return set(runs.run_ids)  # reading each run would take longer than the export
    if isinstance(runs, (str, Run)):
        runs = [runs]
    if not isinstance(runs, Iterable):
        msg = f"runs are ids, runs or what inlay.runs() returns; got {runs!r} of type {type(runs).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    wanted = set()
    for one in runs:
        if isinstance(one, Run):
            wanted.add(one.run_id)
        elif isinstance(one, str):
            wanted.add(attributes.find(store, one).run_id)
        elif isinstance(one, uuid.UUID):
            wanted.add(attributes.find(store, str(one)).run_id)
        else:
            msg = f"runs are ids, runs or what inlay.runs() returns; got {one!r} of type {type(one).__name__}"
            raise TypeError(msg)
    return wanted


def _not_deleted(tables: Any, runs: list[SourceRun]) -> list[SourceRun]:
    with tables.opened() as con:
        rows = con.execute("SELECT run_id::VARCHAR FROM runs WHERE deleted_at IS NOT NULL").fetchall()
    gone = {run_id for (run_id,) in rows}
    return [run for run in runs if run.run_id not in gone]


@contextlib.contextmanager
def _made(target: Path, *, folder: bool, overwrite: bool) -> Iterator[Path]:
    """A place beside the target that takes its name when all went well, and is gone when not."""
    if target.exists() and not overwrite:
        msg = f"{target} is there already; give another name, or overwrite=True"
        raise FileExistsError(msg)
    if target.is_dir() and (not folder or (any(target.iterdir()) and not (target / "runs.parquet").is_file())):
        msg = f"{target} is a folder with something else in it; give another name"
        raise FileExistsError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=".inlay-export-", dir=target.parent))
    try:
        place = holder / target.name
        if folder:
            place.mkdir()
        yield place
        if not folder:
            place.replace(target)
            return
        before = holder / ".before"
        if target.exists():  # only now: what it holds stays until there is something better
            target.rename(before)
        try:
            place.rename(target)
        except OSError:
            if before.exists():
                before.rename(target)
            raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)


__all__ = ["Exported", "RunNotFoundError", "export_runs"]
