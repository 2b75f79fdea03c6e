"""What MLflow's words mean in ours: statuses, the tags it keeps for itself, params that are all text, data sets.

Both of its stores, the database and the folder of files, hold the same things; this is what they have in common.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from inlay.transfer.paths import files_below
from inlay.transfer.records import About, File, Input, Param, RunReference, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inlay.transfer.records import Experiment

LARGEST = 1.7976931348623157e308
"""What MLflow's database has instead of infinity."""
STATUSES = {
    "RUNNING": "killed",  # nobody writes it here, and MLflow never notices that a process died
    "SCHEDULED": "killed",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
_SOURCES = {"NOTEBOOK": "notebook", "LOCAL": "script", "PROJECT": "script", "JOB": "script"}
_COLUMNS = {
    "mlflow.source.git.commit": "git_commit",
    "mlflow.source.git.branch": "git_branch",
    "mlflow.source.git.repoURL": "git_remote",
    "mlflow.user": "user_name",
}
_SAID_ELSEWHERE = {
    *_COLUMNS,
    "mlflow.runName",
    "mlflow.note.content",
    "mlflow.parentRunId",
    "mlflow.source.name",
    "mlflow.source.type",
    "mlflow.log-model.history",
    "inlay.run_id",
    "inlay.digest",
    "inlay.status",
}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS = {"True": "true", "False": "false", "None": "null"}


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """A run as MLflow has it; times in milliseconds."""

    run_id: str
    name: str | None
    status: str
    started: int
    ended: int | None
    deleted: int | None
    """When it, or its experiment, was deleted; None when it is active."""
    user: str | None
    experiment: Experiment
    params: dict[str, str]
    tags: dict[str, str]
    parent: RunReference | None = None
    artifact_uri: str | None = None
    source_name: str | None = None


@dataclass(frozen=True, slots=True)
class MlflowInput:
    """A data set of a run as MLflow has it: schema, profile and source are JSON texts."""

    name: str
    digest: str | None
    source_type: str | None
    source: str | None
    schema: str | None
    profile: str | None
    tags: dict[str, str] = field(default_factory=dict)


def about(run: MlflowRun) -> About:
    """The run's header in our words."""
    tags = {key: value for key, value in run.tags.items() if key not in _SAID_ELSEWHERE}
    said_by_us = run.status == "KILLED" and run.tags.get("inlay.status") == "interrupted"
    if run.status not in ("FINISHED", "FAILED", "KILLED"):
        tags["mlflow.status"] = run.status
    source = run.tags.get("mlflow.source.name") or run.source_name
    columns: dict[str, Any] = {ours: run.tags[theirs] for theirs, ours in _COLUMNS.items() if run.tags.get(theirs)}
    columns.setdefault("user_name", run.user)
    columns["source_name"] = PurePath(source.replace("\\", "/")).name if source else None
    columns["source_kind"] = _SOURCES.get(run.tags.get("mlflow.source.type", ""))
    return About(
        experiment=run.experiment,
        name=run.name or run.tags.get("mlflow.runName") or run.run_id[-8:],
        status=run.tags.get("inlay.status", "") if said_by_us else STATUSES.get(run.status, "killed"),
        ended_at=_seconds(run.ended),
        note=run.tags.get("mlflow.note.content"),
        parent=run.parent,
        deleted_at=_seconds(run.deleted),
        params=tuple(param(key, value) for key, value in run.params.items()),
        tags=tags,
        columns=columns,
    )


def our_id(tags: dict[str, str]) -> str | None:
    """The id of a run that `export_runs` wrote into MLflow: it stays the run that it was."""
    try:
        return str(uuid.UUID(tags.get("inlay.run_id", "")))
    except ValueError:
        return None


def references(starts: dict[str, int], tags: dict[str, dict[str, str]]) -> dict[str, RunReference]:
    """How every run of a store is referred to, by its id there; `starts` in milliseconds."""
    return {
        run_id: RunReference(run_id, start / 1000, our_id(tags.get(run_id, {}))) for run_id, start in starts.items()
    }


def param(key: str, text: str) -> Param:
    """A param of MLflow, where all are text: what is the text of a number, of a truth or of None is read as that."""
    if text in _WORDS:
        return Param(key, _WORDS[text], None, "json")
    if _NUMBER.fullmatch(text):
        return Param(key, text, float(text), "json")
    return Param(key, text, None, "string")


def input_of(given: MlflowInput) -> Input:
    """A data set of a run. Its digest keeps MLflow's name before it, for ours are made another way."""
    schema, profile = _object(given.schema), _object(given.profile)
    columns = schema.get("mlflow_colspec") if isinstance(schema, dict) else None
    named = [
        {"name": column.get("name"), "type": column.get("type")} for column in columns or () if isinstance(column, dict)
    ]
    rows = profile.get("num_rows") if isinstance(profile, dict) else None
    return Input(
        {
            "name": given.name,
            "context": given.tags.get("mlflow.data.context", ""),
            "kind": given.source_type,
            "rows": rows if isinstance(rows, int) else None,
            "columns": len(named) or None,
            "schema": named or schema,
            "source": given.source,
            "digest": f"mlflow:{given.digest}" if given.digest else None,
        }
    )


def artifacts(uri: str | None, places: Sequence[Path], ending: str, under: str = "") -> Iterator[File | Skipped]:
    """The files of a run's (or model's) artifact folder: where `uri` says, else in the first of `places` that exists.

    A store may be anybody's: a folder that does not end as MLflow's do (`ending`) is not looked into.
    """
    folder = artifact_folder(uri, places, ending)
    if folder is not None:
        kind, metadata = ("model", {"format": "mlflow", "unsafe": True}) if under else ("file", None)
        for file in files_below(folder, under=under, kind=kind):
            if metadata is not None and isinstance(file, File):
                yield File(file.path, file.content, kind, None, under.rstrip("/"), None, metadata, file.created_at)
            else:
                yield file
    elif uri and _local_folder(uri) is None:
        yield Skipped(f"artifacts at {uri}", "they are not on this machine")


def artifact_folder(uri: str | None, places: Sequence[Path], ending: str) -> Path | None:
    """The folder that `artifacts` reads; None where there is none."""
    folder = _local_folder(uri)
    for candidate in [folder, *places] if folder is not None else places:
        whole = ".." not in candidate.parts and candidate.as_posix().endswith(f"/{ending}")
        if whole and candidate.is_dir() and not candidate.is_symlink():
            return candidate
    return None


def _local_folder(uri: str | None) -> Path | None:
    """The folder that an artifact address names; None for one elsewhere."""
    if not uri:
        return None
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        return Path(url2pathname(urlsplit(uri).path))
    return None if len(scheme) > 1 else Path(uri)  # one letter is a drive


def _object(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
