"""MLflow's folder of files (`mlruns`), read as it lies there: one folder an experiment, one a run, one file a metric.

What is deleted has a word in its `meta.yaml`, and experiments that are lie in `.trash`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.transfer import mlflow_words
from inlay.transfer.mlflow_words import MlflowInput, MlflowRun
from inlay.transfer.paths import digest_of, tree_digest, walked
from inlay.transfer.records import Experiment, Listing, Points, RunReference, Skipped, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inlay.transfer.records import Item

_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_TRASH = ".trash"
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A run's folder, what its `meta.yaml` says, and the experiment it belongs to."""

    path: Path
    meta: dict[str, Any]
    experiment: Experiment
    experiment_gone: int | None


def list_runs(folder: Path) -> Listing:
    """Every run below an `mlruns` folder, deleted ones as well. Raises `ImportError` when PyYAML is missing."""
    skipped: list[Skipped] = []
    found = [run for home in _experiment_folders(folder) for run in _run_folders(home, skipped)]
    starts = {str(run.meta["run_id"]): int(run.meta.get("start_time") or 0) for run in found}
    tags = {str(run.meta["run_id"]): _texts(run.path / "tags") for run in found}
    known = mlflow_words.references(starts, tags)
    found.sort(key=lambda run: (starts[str(run.meta["run_id"])], str(run.meta["run_id"])))
    runs = [_listed(run, tags[str(run.meta["run_id"])], known) for run in found]
    if (folder / "models").is_dir() and any((folder / "models").iterdir()):
        skipped.append(Skipped("registered models", "inlay has no place for them yet"))
    return Listing("mlflow", str(folder), runs, skipped)


def _experiment_folders(folder: Path) -> list[Path]:
    homes = [*folder.iterdir(), *((folder / _TRASH).iterdir() if (folder / _TRASH).is_dir() else ())]
    return sorted(home for home in homes if home.is_dir() and (home / "meta.yaml").is_file())


def _run_folders(home: Path, skipped: list[Skipped]) -> Iterator[_Folder]:
    said = _meta(home / "meta.yaml", skipped)
    if said is None or "experiment_id" not in said:
        return
    tags = _texts(home / "tags")
    made = said.get("creation_time")
    experiment = Experiment(
        str(said.get("name") or home.name),
        tags.pop("mlflow.note.content", None),
        tags,
        made / 1000 if isinstance(made, (int, float)) and made else None,
    )
    gone = int(said.get("last_update_time") or 0) if home.parent.name == _TRASH else None
    for path in sorted(home.iterdir()):
        if path.name in ("datasets", "models", "traces", "tags") or not (path / "meta.yaml").is_file():
            continue
        meta = _meta(path / "meta.yaml", skipped)
        if meta is not None and (meta.get("run_id") or meta.get("run_uuid")):
            meta.setdefault("run_id", meta.get("run_uuid"))
            try:
                int(meta.get("start_time") or 0)
            except (ArithmeticError, TypeError, ValueError):
                skipped.append(Skipped(str(path), f"it has no start that is a number: {meta['start_time']!r:.100}"))
                continue
            yield _Folder(path, meta, experiment, gone)


def _listed(folder: _Folder, tags: dict[str, str], known: dict[str, RunReference]) -> SourceRun:
    run_id = str(folder.meta["run_id"])
    params = _texts(folder.path / "params")
    sizes = [(name, path.lstat().st_size) for path, name in walked(folder.path / "metrics")]
    files = [tree_digest(folder.path / name) for name in ("artifacts", "inputs", "outputs")]
    said = sorted(params.items()), sorted(tags.items()), sizes, files, folder.experiment.name, folder.experiment_gone
    digest = digest_of({**folder.meta, "artifact_uri": None}, said)
    label = f"run {folder.meta.get('run_name') or tags.get('mlflow.runName') or run_id}"
    run = _run(folder, run_id, params, tags, known)
    started = known[run_id].started_at
    return SourceRun(run_id, started, digest, label, lambda: _items(folder, run), known[run_id].run_id)


def _run(
    folder: _Folder, run_id: str, params: dict[str, str], tags: dict[str, str], known: dict[str, RunReference]
) -> MlflowRun:
    meta = folder.meta
    gone = folder.experiment_gone
    if meta.get("lifecycle_stage") == "deleted":
        gone = meta.get("deleted_time") or meta.get("end_time") or meta.get("start_time") or 0
    status = meta.get("status")
    return MlflowRun(
        run_id=run_id,
        name=meta.get("run_name") or meta.get("name"),
        status=_STATUSES.get(status, "FINISHED") if isinstance(status, int) else str(status),
        started=int(meta.get("start_time") or 0),
        ended=meta.get("end_time"),
        deleted=gone,
        user=meta.get("user_id"),
        experiment=folder.experiment,
        params=params,
        tags=tags,
        parent=known.get(tags.get("mlflow.parentRunId", "")),
        artifact_uri=meta.get("artifact_uri"),
        source_name=meta.get("source_name"),
    )


def _items(folder: _Folder, run: MlflowRun) -> Iterator[Item]:
    yield mlflow_words.about(run)
    for path, key in walked(folder.path / "metrics"):
        if not path.is_symlink():
            yield from _points(path, key)
    for inputs in sorted((folder.path / "inputs").glob("*/meta.yaml")):
        yield from _input(folder, inputs)
    ending = f"{run.run_id}/artifacts"
    yield from mlflow_words.artifacts(run.artifact_uri, [folder.path / "artifacts"], ending)
    for path in sorted((folder.path.parent / "models").glob("*/meta.yaml")):
        model = _meta(path, []) or {}
        if model.get("source_run_id") == run.run_id:
            ending = f"{path.parent.name}/artifacts"
            places = [path.parent / "artifacts"]
            name = f"{model.get('name') or path.parent.name}/"
            yield from mlflow_words.artifacts(model.get("artifact_location"), places, ending, under=name)


def _points(path: Path, key: str) -> Iterator[Points]:
    """A metric's file: a line a point, of time in ms, value and (not always) step, by step and time."""
    rows: list[tuple[float, float, int]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            time, value, *rest = line.split()
            rows.append((float(time) / 1000, float(value), int(rest[0]) if rest else 0))
    if not rows:
        return
    times, values, steps = zip(*rows, strict=True)
    time_, value_, step_ = np.array(times, np.float64), np.array(values, np.float64), np.array(steps, np.int64)
    order = np.lexsort((value_, time_, step_))
    yield Points(key, step_[order], time_[order], value_[order])


def _input(folder: _Folder, inputs: Path) -> Iterator[Item]:
    said = _meta(inputs, []) or {}
    data = _meta(folder.path.parent / "datasets" / str(said.get("source_id")) / "meta.yaml", [])
    if said.get("source_type") != "DATASET" or data is None:
        return
    tags = said.get("tags")
    yield mlflow_words.input_of(
        MlflowInput(
            name=str(data.get("name")),
            digest=data.get("digest"),
            source_type=data.get("source_type"),
            source=data.get("source"),
            schema=data.get("schema"),
            profile=data.get("profile"),
            tags=tags if isinstance(tags, dict) else {},
        )
    )


def _texts(folder: Path) -> dict[str, str]:
    """Params or tags: the names of the files are the keys, what they hold the values."""
    return {
        name: path.read_text(encoding="utf-8", errors="replace")
        for path, name in walked(folder)
        if not path.is_symlink()
    }


def _meta(path: Path, skipped: list[Skipped]) -> dict[str, Any] | None:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        msg = "reading MLflow's files needs PyYAML: pip install 'inlay[mlflow]'"
        raise ImportError(msg) from error

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe one, in C
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        skipped.append(Skipped(str(path), f"it cannot be read: {error}"))
        return None
    return _plain(said) if isinstance(said, dict) else None


def _plain(said: dict[Any, Any]) -> dict[str, Any]:
    """Texts, numbers and one level of them below a word, which is all that MLflow writes: what refers to itself again
    and again in YAML is small there, and endless when it is written out.
    """
    plain: dict[str, Any] = {name: value for name, value in said.items() if isinstance(value, _PLAIN)}
    for name, value in said.items():
        if isinstance(value, dict):
            plain[name] = {key: inner for key, inner in value.items() if isinstance(inner, _PLAIN)}
    return plain
