"""What a filter can ask for: the entities, the attributes of a run, and the words MLflow has for them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

ENTITIES = {
    "metrics": "metrics", "metric": "metrics",
    "params": "params", "param": "params", "parameters": "params", "parameter": "params",
    "tags": "tags", "tag": "tags",
    "attributes": "attributes", "attribute": "attributes", "attr": "attributes", "run": "attributes",
    "datasets": "datasets", "dataset": "datasets",
}  # fmt: skip
"""Every spelling of an entity, and the entity."""

Form = Literal["text", "number", "time", "flag", "status", "id"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a run: how SQL has it, and what it is compared with."""

    sql: str
    form: Form


_EXPERIMENT = Attribute("coalesce(e.name, 'default')", "text")
ATTRIBUTES = {
    "run_id": Attribute("r.run_id::VARCHAR", "id"),
    "name": Attribute("r.name", "text"),
    "experiment": _EXPERIMENT,
    "experiment_id": Attribute("r.experiment_id", "number"),
    "status": Attribute("r.status", "status"),
    "started_at": Attribute("r.started_at", "time"),
    "ended_at": Attribute("r.ended_at", "time"),
    "deleted_at": Attribute("r.deleted_at", "time"),
    "duration_s": Attribute("r.duration_s", "number"),
    "parent_run_id": Attribute("r.parent_run_id::VARCHAR", "id"),
    "source_kind": Attribute("r.source_kind", "text"),
    "source_name": Attribute("r.source_name", "text"),
    "notebook": Attribute("r.notebook", "text"),
    "host": Attribute("r.host", "text"),
    "user_name": Attribute("r.user_name", "text"),
    "pid": Attribute("r.pid", "number"),
    "git_commit": Attribute("r.git_commit", "text"),
    "git_branch": Attribute("r.git_branch", "text"),
    "git_dirty": Attribute("r.git_dirty", "flag"),
    "error_type": Attribute("r.error_type", "text"),
    "error_message": Attribute("r.error_message", "text"),
    "exit_code": Attribute("r.exit_code", "number"),
    "command": Attribute("r.command", "text"),
    "code_hash": Attribute("r.code_hash", "text"),
    "env_hash": Attribute("r.env_hash", "text"),
    "note": Attribute("nullif(r.note, '')", "text"),
}
"""Attributes by name; their SQL speaks of `runs r` and `experiments e`."""

_ALSO = {
    "run_name": "name",
    "experiment_name": "experiment",
    "start_time": "started_at",
    "created": "started_at",
    "end_time": "ended_at",
    "duration": "duration_s",
    "user_id": "user_name",
    "user": "user_name",
    "source": "source_name",
    "error": "error_message",
}
"""Other words for attributes, MLflow's among them; blanks are written as `_` here."""

DATASETS = {"name": "i.name", "digest": "coalesce(i.digest, i.sample_digest)", "context": "i.context"}

STATUSES = ("running", "finished", "failed", "interrupted", "killed")
_STATUS_WORDS = {"scheduled": "running", "canceled": "interrupted", "cancelled": "interrupted"}


def entity_of(word: str) -> str | None:
    """The entity of this name, in whatever spelling; None for no entity."""
    return ENTITIES.get(word.lower())


def attribute_of(name: str) -> str | None:
    """The attribute of this name, in whatever spelling; None when runs have no such attribute."""
    word = name.strip().lower().replace(" ", "_")
    word = _ALSO.get(word, word)
    return word if word in ATTRIBUTES else None


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that was probably meant."""
    near = difflib.get_close_matches(name.lower(), known, 1, cutoff=0.6)
    return near[0] if near else None


def nearest_attribute(name: str) -> str | None:
    return nearest(name, [*ATTRIBUTES, *_ALSO])


def status_word(text: str) -> str:
    """A status in our spelling, from MLflow's; what is no status stays as it is."""
    word = text.lower()
    return _STATUS_WORDS.get(word, word)
