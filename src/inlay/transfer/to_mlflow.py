"""Runs into an MLflow store, written by MLflow's own client, so that `mlflow ui` shows them.

Each run carries the tag `inlay.run_id`. One that was exported before is left alone when it did not change since, and
otherwise deleted there (to MLflow's trash) and written anew: MLflow has no way to take points back.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import shutil
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.errors import InlayError
from inlay.query.attributes import param_value
from inlay.store.artifacts import Blob
from inlay.transfer.records import About, File, Histogram, Input, Output, Points, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inlay.transfer.records import Param, SourceRun

STATUSES = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "killed": "KILLED"}
_RUN_ID, _DIGEST = "inlay.run_id", "inlay.digest"
_QUIET = {
    "MLFLOW_ALLOW_FILE_STORE": "true",  # a folder is what was asked for
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}
_LOGGERS = ("mlflow", "mlflow.store.db.utils", "alembic")
_KEY, _PARAM, _TAG, _DIGEST_LENGTH = 250, 6000, 8000, 36
_POINTS, _OTHERS = 1000, 100
"""MLflow's limits: characters, and how many it takes at once."""
_ODD = re.compile(r"[^\w.\- /:]")


def write(target: str, runs: Sequence[SourceRun], done: Callable[[int], object]) -> tuple[int, int, list[Skipped]]:
    """Write the runs; returns how many were written, how many were there already, and what was left out.

    Raises `ImportError` saying what to install, `InlayError` when an experiment of the name is in MLflow's trash.
    """
    uri, artifacts = _addresses(target)
    with _quiet():
        try:
            mlflow = import_module("mlflow")
        except ImportError as error:
            msg = "exporting to MLflow needs its package: pip install 'inlay[mlflow]'"
            raise ImportError(msg) from error
        work = _Export(mlflow, mlflow.MlflowClient(uri), artifacts)
        for run in _parents_first(runs):
            work.write(run)
            done(1)
    return work.written, work.unchanged, work.skipped


def _addresses(target: str) -> tuple[str, Path | None]:
    """MLflow's address of the store, and where artifacts go: it would put them into the working folder by itself."""
    if target.startswith(("http://", "https://")):
        return target, None
    if target.startswith("sqlite:///"):
        path = Path(target.removeprefix("sqlite:///")).absolute()
    else:
        path = Path(target).expanduser().absolute()
        if path.suffix not in (".db", ".sqlite") and not path.is_file():
            return path.as_uri(), None
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path.as_posix()}", path.parent / "mlruns"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """MLflow without its telemetry, its warnings, and its refusal of folders; as it was afterwards."""
    before = {name: os.environ.get(name) for name in _QUIET}
    loggers = {logger: logger.level for logger in map(logging.getLogger, _LOGGERS)}
    os.environ.update(_QUIET)
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in loggers.items():
            logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _parents_first(runs: Sequence[SourceRun]) -> list[SourceRun]:
    """By start: a run inside another starts later."""
    return sorted(runs, key=lambda run: (run.started_at, run.source_id))


class _Export:
    """One export under way."""

    def __init__(self, mlflow: Any, client: Any, artifacts: Path | None) -> None:
        self._client = client
        self._entities = mlflow.entities
        self._artifacts = artifacts
        self._experiments: dict[str, str] = {}
        self._there = self._exported_before()
        self.written = self.unchanged = 0
        self.skipped: list[Skipped] = []

    def write(self, run: SourceRun) -> None:
        """Write a run, unless it is there as it is."""
        there, digest = self._there.get(run.source_id, (None, None))
        if there is not None and digest == run.digest:
            self.unchanged += 1
            return
        if there is not None:
            self._client.delete_run(there)
        items = run.read()
        about = next(items)
        if not isinstance(about, About):
            msg = "a run begins with what it is"
            raise TypeError(msg)
        mlflow_id = self._begin(run, about)
        self._fill(mlflow_id, run, itertools.chain(self._params(mlflow_id, run, about), items))
        if about.status in STATUSES:
            end = about.ended_at if about.ended_at is not None else run.started_at
            self._client.set_terminated(mlflow_id, STATUSES[about.status], round(end * 1000))
        self._client.set_tag(mlflow_id, _DIGEST, run.digest)  # last: a run without it was not finished
        self._there[run.source_id] = (mlflow_id, run.digest)
        self.written += 1

    # -- what is there --------------------------------------------------------------------------------------

    def _exported_before(self) -> dict[str, tuple[str, str | None]]:
        """MLflow's id and our digest of every run that we wrote, by our id."""
        found = {}
        experiments = [one.experiment_id for one in self._pages(self._client.search_experiments)]
        if not experiments:
            return {}
        for run in self._pages(
            self._client.search_runs, experiment_ids=experiments, filter_string=f"tags.`{_RUN_ID}` LIKE '%'"
        ):
            tags = run.data.tags
            found[tags[_RUN_ID]] = (run.info.run_id, tags.get(_DIGEST))
        return found

    def _pages(self, search: Callable[..., Any], **asked: Any) -> Iterator[Any]:
        token = None
        while True:
            page = search(max_results=1000, page_token=token, **asked)
            yield from page
            token = page.token
            if not token:
                return

    def _experiment(self, about: About) -> str:
        name = about.experiment.name
        if name not in self._experiments:
            found = self._client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage == "deleted":
                msg = (
                    f"the experiment {name!r} is in MLflow's trash; bring it back with "
                    f"MlflowClient.restore_experiment({found.experiment_id!r}), or delete it for good with mlflow gc"
                )
                raise InlayError(msg)
            self._experiments[name] = found.experiment_id if found is not None else self._new_experiment(about)
        return self._experiments[name]

    def _new_experiment(self, about: About) -> str:
        tags = dict(about.experiment.tags)
        if about.experiment.description:
            tags["mlflow.note.content"] = about.experiment.description
        place = None
        if self._artifacts is not None:
            place = (self._artifacts / (re.sub(r"[^\w.-]", "_", about.experiment.name).strip(".") or "_")).as_uri()
        made: str = self._client.create_experiment(about.experiment.name, artifact_location=place, tags=tags)
        return made

    # -- one run --------------------------------------------------------------------------------------------

    def _begin(self, run: SourceRun, about: About) -> str:
        columns = about.columns
        tags = {
            **about.tags,
            _RUN_ID: run.source_id,
            "mlflow.note.content": about.note,
            "mlflow.user": columns.get("user_name"),
            "mlflow.source.name": columns.get("source_name") or columns.get("notebook"),
            "mlflow.source.type": {"notebook": "NOTEBOOK", "script": "LOCAL"}.get(columns.get("source_kind") or ""),
            "mlflow.source.git.commit": columns.get("git_commit"),
            "mlflow.source.git.branch": columns.get("git_branch"),
            "mlflow.source.git.repoURL": columns.get("git_remote"),
            "mlflow.parentRunId": self._there.get(str(about.parent), (None, None))[0],
            "inlay.status": about.status if about.status != "finished" else None,
            "inlay.error": columns.get("error_message"),
        }
        kept = {self._key(run, key)[:_KEY]: str(value)[:_TAG] for key, value in tags.items() if value}
        made = self._client.create_run(
            self._experiment(about), start_time=round(run.started_at * 1000), tags=kept, run_name=about.name
        )
        run_id: str = made.info.run_id
        return run_id

    def _params(self, mlflow_id: str, run: SourceRun, about: About) -> Iterator[Any]:
        """Writes the params; yields nothing, but lets what follows come after it."""
        cut = []
        params = {}
        for param in about.params:
            key, text = self._key(run, param.key), _param_text(param)
            if len(text) > _PARAM:
                text = text[:_PARAM]
                cut.append(key)
            params[key] = text
        for some in _portions(list(params.items()), _OTHERS):
            self._client.log_batch(mlflow_id, params=[self._entities.Param(key, text) for key, text in some])
        if cut:
            self._client.set_tag(mlflow_id, "inlay.cut_params", ", ".join(cut)[:_TAG])
            self.skipped.append(Skipped(f"{run.label}: {', '.join(cut)}", f"params were cut at {_PARAM:,} characters"))
        yield from ()

    def _fill(self, mlflow_id: str, run: SourceRun, items: Iterator[Any]) -> None:
        histograms = 0
        with tempfile.TemporaryDirectory(prefix="inlay-export-") as folder:
            for item in items:
                if isinstance(item, Points):
                    self._points(mlflow_id, self._key(run, item.key), item)
                elif isinstance(item, File):
                    self._stage(Path(folder), run, item)
                elif isinstance(item, Input):
                    self._input(mlflow_id, item.columns)
                elif isinstance(item, Output):
                    self._client.log_text(mlflow_id, item.tail, "output.log")
                elif isinstance(item, Histogram):
                    histograms += 1
            if any(Path(folder).iterdir()):
                self._client.log_artifacts(mlflow_id, folder)
        if histograms:
            self.skipped.append(Skipped(f"{run.label}: {histograms:,} histograms", "MLflow has no place for them"))

    def _points(self, mlflow_id: str, key: str, points: Points) -> None:
        metric = self._entities.Metric
        times = np.round(points.time * 1000).astype(np.int64).tolist()
        rows = zip(points.value.tolist(), times, points.step.tolist(), strict=True)
        metrics = [metric(key, value, time, step) for value, time, step in rows]
        for some in _portions(metrics, _POINTS):
            self._client.log_batch(mlflow_id, metrics=some)

    def _stage(self, folder: Path, run: SourceRun, file: File) -> None:
        """Lay a file down by its name, as a hard link where the file system has them."""
        if isinstance(file.content, Blob):
            self.skipped.append(Skipped(f"{run.label}: {file.path}", "its bytes are not there"))
            return
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, bytes):
            place.write_bytes(file.content)
            return
        try:
            os.link(file.content, place)
        except OSError:
            shutil.copyfile(file.content, place)

    def _input(self, mlflow_id: str, columns: dict[str, Any]) -> None:
        digest = str(columns.get("digest") or columns.get("sample_digest") or "unknown").removeprefix("mlflow:")
        schema, rows = columns.get("schema"), columns.get("rows")
        named = isinstance(schema, list) and all(isinstance(one, dict) for one in schema)
        dataset = self._entities.Dataset(
            name=str(columns.get("name"))[:500],
            digest=digest[:_DIGEST_LENGTH],
            source_type=str(columns.get("kind") or "local")[:_DIGEST_LENGTH],
            source=columns.get("source") or "{}",
            schema=json.dumps({"mlflow_colspec": schema} if named else schema) if schema else None,
            profile=json.dumps({"num_rows": rows}) if rows is not None else None,
        )
        context = columns.get("context")
        tags = [self._entities.InputTag("mlflow.data.context", context)] if context else []
        self._client.log_inputs(mlflow_id, datasets=[self._entities.DatasetInput(dataset, tags)])

    def _key(self, run: SourceRun, key: str) -> str:
        """The key as MLflow allows it."""
        fit = _ODD.sub("_", key)[:_KEY].strip("/")
        if fit != key:
            why = f"MLflow does not allow it; it is {fit!r} there"
            self.skipped.append(Skipped(f"{run.label}: the name {key!r}", why))
        return fit or "_"


def _param_text(param: Param) -> str:
    """As MLflow would have it: the text that Python prints."""
    if param.type != "json":
        return param.text
    value = param_value(param.text, param.type)
    return param.text if isinstance(value, (int, float, dict, list)) and not isinstance(value, bool) else str(value)


def _portions(values: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
