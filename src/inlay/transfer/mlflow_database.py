"""MLflow's database in SQLite (`mlflow.db`), read only, with MLflow running on it or not and without needing it.

Columns are asked for by name and taken as missing where a store is older than they are. Nothing is locked for long:
MLflow cannot write while a query is read.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.errors import InlayError
from inlay.transfer import mlflow_words
from inlay.transfer.mlflow_words import LARGEST, MlflowInput, MlflowRun
from inlay.transfer.paths import digest_of, tree_digest
from inlay.transfer.records import Experiment, Listing, Points, RunReference, Skipped, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inlay.transfer.records import Item

_PAGE = 100_000
_BUSY = 30.0
"""Seconds to wait while MLflow writes."""
_COLUMNS = {
    "runs": (
        "run_uuid", "name", "status", "start_time", "end_time", "deleted_time", "lifecycle_stage", "user_id",
        "experiment_id", "artifact_uri", "source_name",
    ),
    "experiments": ("experiment_id", "name", "lifecycle_stage", "creation_time", "last_update_time"),
    "metrics": ("key", "value", "timestamp", "step", "is_nan"),
    "logged_models": ("model_id", "name", "artifact_location", "experiment_id"),
}  # fmt: skip


def list_runs(database: Path) -> Listing:
    """Every run of the database, deleted ones as well. Raises `InlayError` when it is none of MLflow's."""
    store = _Database(database)
    try:
        runs = store.runs()
    except (sqlite3.Error, ArithmeticError, AttributeError, TypeError, ValueError) as error:  # SQLite checks no types
        msg = f"{database} cannot be read as a database of MLflow: {error}"
        raise InlayError(msg) from error
    skipped = [Skipped(what, "inlay has no place for them yet") for what in store.left_for_later()]
    return Listing("mlflow", str(database), runs, skipped)


@dataclass(frozen=True, slots=True)
class _Database:
    path: Path

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        uri = self.path.resolve().as_uri()
        con = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_BUSY)
        con.row_factory = sqlite3.Row
        try:
            yield con
        finally:
            con.close()

    def runs(self) -> list[SourceRun]:
        with self.connected() as con:
            experiments = self._experiments(con)
            rows = con.execute(f"SELECT {_known(con, 'runs')} FROM runs ORDER BY start_time, run_uuid").fetchall()  # noqa: S608
            sizes = _sizes(con)
            texts = {table: _texts(con, table) for table in ("params", "tags")}
            rest = _grouped(con.execute(_INPUT_IDS)) if _has(con, "inputs") else {}
        started = {row["run_uuid"]: row["start_time"] or 0 for row in rows}
        known = mlflow_words.references(started, texts["tags"])
        return [
            self._listed(row, experiments, texts, known, (sizes.get(row["run_uuid"]), rest.get(row["run_uuid"])))
            for row in rows
        ]

    def left_for_later(self) -> list[str]:
        with self.connected() as con:
            counts = {
                "traces": "trace_info",
                "registered models": "registered_models",
            }
            found = []
            for what, table in counts.items():
                count = con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if _has(con, table) else 0  # noqa: S608
                if count:
                    found.append(f"{count:,} {what}")
            return found

    def _experiments(self, con: sqlite3.Connection) -> dict[Any, tuple[Experiment, int | None]]:
        """By id: the experiment, and when it was deleted, if it was."""
        tags: dict[Any, dict[str, str]] = {}
        if _has(con, "experiment_tags"):
            for key, value, of in con.execute("SELECT key, value, experiment_id FROM experiment_tags"):
                tags.setdefault(of, {})[key] = value
        found = {}
        for row in con.execute(f"SELECT {_known(con, 'experiments')} FROM experiments"):  # noqa: S608
            said = tags.get(row["experiment_id"], {})
            note = said.pop("mlflow.note.content", None)
            made = row["creation_time"] / 1000 if row["creation_time"] else None
            gone = (row["last_update_time"] or 0) if row["lifecycle_stage"] == "deleted" else None
            found[row["experiment_id"]] = (Experiment(row["name"], note, said, made), gone)
        return found

    def _listed(
        self,
        row: sqlite3.Row,
        experiments: dict[Any, tuple[Experiment, int | None]],
        texts: dict[str, dict[str, dict[str, str]]],
        known: dict[str, RunReference],
        sizes: tuple[Any, Any],
    ) -> SourceRun:
        run_id = row["run_uuid"]
        experiment, gone = experiments.get(row["experiment_id"], (Experiment("Default"), None))
        if row["lifecycle_stage"] == "deleted":
            gone = row["deleted_time"] or row["end_time"] or row["start_time"] or 0
        params, tags = texts["params"].get(run_id, {}), texts["tags"].get(run_id, {})
        run = MlflowRun(
            run_id=run_id,
            name=row["name"],
            status=row["status"] or "FINISHED",
            started=row["start_time"] or 0,
            ended=row["end_time"],
            deleted=gone,
            user=row["user_id"],
            experiment=experiment,
            params=params,
            tags=tags,
            parent=known.get(tags.get("mlflow.parentRunId", "")),
            artifact_uri=row["artifact_uri"],
            source_name=row["source_name"],
        )
        ending = f"{run_id}/artifacts"
        places = self._places(f"{row['experiment_id']}/{ending}")
        folder = mlflow_words.artifact_folder(run.artifact_uri, places, ending)
        files = "" if folder is None else tree_digest(folder)
        digest = digest_of(tuple(row), experiment.name, sorted(params.items()), sorted(tags.items()), sizes, files)
        label = f"run {run.name or run_id}"

        def read() -> Iterator[Item]:
            return self._items(run, row["experiment_id"])

        return SourceRun(run_id, run.started / 1000, digest, label, read, mlflow_words.our_id(tags))

    def _items(self, run: MlflowRun, experiment_id: Any) -> Iterator[Item]:
        yield mlflow_words.about(run)
        with self.connected() as con:
            yield from _points(con, run.run_id)
            inputs, models = _inputs(con, run.run_id), _models(con, run.run_id)
        yield from map(mlflow_words.input_of, inputs)
        ending = f"{run.run_id}/artifacts"
        yield from mlflow_words.artifacts(run.artifact_uri, self._places(f"{experiment_id}/{ending}"), ending)
        for model_id, name, location in models:
            ending = f"{model_id}/artifacts"
            places = self._places(f"{experiment_id}/models/{ending}")
            yield from mlflow_words.artifacts(location, places, ending, under=f"{name or model_id}/")

    def _places(self, below: str) -> list[Path]:
        """Where artifacts lie by default, should the store have been moved, or kept by a server."""
        return [self.path.resolve().parent / folder / below for folder in ("mlruns", "mlartifacts")]


_INPUT_IDS = "SELECT destination_id, source_id, source_type FROM inputs WHERE destination_type = 'RUN' ORDER BY 2"


def _sizes(con: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    """How many points each run has, and of when the last one is: metrics are only ever added."""
    rows = con.execute("SELECT run_uuid, count(*), max(timestamp) FROM metrics GROUP BY run_uuid")
    return {run_id: (count, last) for run_id, count, last in map(tuple, rows)}


def _texts(con: sqlite3.Connection, table: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for run_id, key, value in con.execute(f"SELECT run_uuid, key, value FROM {table} ORDER BY rowid"):  # noqa: S608
        found.setdefault(run_id, {})[key] = value or ""
    return found


def _grouped(rows: sqlite3.Cursor) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for of, *rest in map(tuple, rows):
        found.setdefault(of, []).append(tuple(rest))
    return found


def _points(con: sqlite3.Connection, run_id: str) -> Iterator[Points]:
    """The history of every metric, by step and time, in pages."""
    rows = con.execute(
        f"SELECT {_known(con, 'metrics')} FROM metrics WHERE run_uuid = ? ORDER BY key, step, timestamp, value",  # noqa: S608
        [run_id],
    )
    rows.row_factory = None
    while page := rows.fetchmany(_PAGE):
        keys, values, times, steps, nans = zip(*page, strict=True)
        value = np.array(values, np.float64)
        value[np.array(nans, np.float64) == 1] = np.nan
        value[value >= LARGEST] = np.inf
        value[value <= -LARGEST] = -np.inf
        step = np.array([number or 0 for number in steps], np.int64)
        time = np.array(times, np.float64) / 1000
        start = 0
        for key, same in itertools.groupby(keys):
            end = start + sum(1 for _ in same)
            yield Points(key, step[start:end], time[start:end], value[start:end])
            start = end


def _inputs(con: sqlite3.Connection, run_id: str) -> list[MlflowInput]:
    if not (_has(con, "inputs") and _has(con, "datasets")):
        return []
    rows = con.execute(
        """
        SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema,
               d.dataset_profile
        FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
        WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ?
        ORDER BY d.name, d.digest
        """,
        [run_id],
    ).fetchall()
    found = []
    for row in rows:
        input_id, name, digest, kind, source, schema, profile = row
        tags = con.execute("SELECT name, value FROM input_tags WHERE input_uuid = ?", [input_id]).fetchall()
        found.append(MlflowInput(name, digest, kind, source, schema, profile, dict(map(tuple, tags))))
    return found


def _models(con: sqlite3.Connection, run_id: str) -> list[tuple[str, str, str]]:
    if not _has(con, "logged_models"):
        return []
    rows = con.execute(
        "SELECT model_id, name, artifact_location FROM logged_models WHERE source_run_id = ? ORDER BY model_id",
        [run_id],
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _has(con: sqlite3.Connection, table: str) -> bool:
    return con.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone() is not None


def _known(con: sqlite3.Connection, table: str) -> str:
    """The columns we read, as the store has them; NULL for those that are younger than it."""
    there = {row[1] for row in con.execute(f"PRAGMA table_info({table})")}
    return ", ".join(name if name in there else f"NULL AS {name}" for name in _COLUMNS[table])
