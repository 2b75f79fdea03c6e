"""What a filter can ask for: the entities, the attributes of a run, and the words MLflow has for them."""

from __future__ import annotations

import difflib
import re
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

KEYED = ("metrics", "params", "tags")
"""Entities whose names are the user's."""

AGGREGATES = {
    "max": "max", "min": "min", "first": "first", "last": "last", "count": "count", "mean": "mean", "avg": "mean",
}  # fmt: skip
"""Functions of the history of a metric, by every name."""
MOMENTS = ("now", "today", "yesterday")

Form = Literal["text", "number", "seconds", "time", "flag", "status", "id"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a run: how SQL has it, and what it is compared with.

    `template` speaks of a run `{r}`, of its experiment's name `{e}`, and, where `table` names one, of its row `{t}`.
    """

    template: str
    form: Form
    table: Literal["sources", "outputs"] | None = None

    @property
    def sql(self) -> str:
        """For `runs r` and `experiments e`."""
        return self.template.format(r="r", e="coalesce(e.name, 'default')", t=self.table)


ATTRIBUTES = {
    "run_id": Attribute("{r}.run_id::VARCHAR", "id"),
    "name": Attribute("{r}.name", "text"),
    "experiment": Attribute("{e}", "text"),
    "experiment_id": Attribute("{r}.experiment_id", "number"),
    "status": Attribute("{r}.status", "status"),
    "started_at": Attribute("{r}.started_at", "time"),
    "ended_at": Attribute("{r}.ended_at", "time"),
    "deleted_at": Attribute("{r}.deleted_at", "time"),
    "duration_s": Attribute("{r}.duration_s", "seconds"),
    "parent_run_id": Attribute("{r}.parent_run_id::VARCHAR", "id"),
    "source_kind": Attribute("{r}.source_kind", "text"),
    "source_name": Attribute("{r}.source_name", "text"),
    "notebook": Attribute("{r}.notebook", "text"),
    "cell_id": Attribute("{r}.cell_id", "text"),
    "session_id": Attribute("{r}.session_id::VARCHAR", "id"),
    "execution_seq": Attribute("{r}.execution_seq", "number"),
    "host": Attribute("{r}.host", "text"),
    "user_name": Attribute("{r}.user_name", "text"),
    "pid": Attribute("{r}.pid", "number"),
    "git_commit": Attribute("{r}.git_commit", "text"),
    "git_branch": Attribute("{r}.git_branch", "text"),
    "git_remote": Attribute("{r}.git_remote", "text"),
    "git_dirty": Attribute("{r}.git_dirty", "flag"),
    "error": Attribute("nullif(concat_ws(chr(10), {r}.error_type, {r}.error_message, {r}.traceback), '')", "text"),
    "error_type": Attribute("{r}.error_type", "text"),
    "error_message": Attribute("{r}.error_message", "text"),
    "traceback": Attribute("{r}.traceback", "text"),
    "exit_code": Attribute("{r}.exit_code", "number"),
    "command": Attribute("{r}.command", "text"),
    "code": Attribute("{t}.source", "text", "sources"),
    "code_hash": Attribute("{r}.code_hash", "text"),
    "env_hash": Attribute("{r}.env_hash", "text"),
    "output": Attribute("{t}.tail", "text", "outputs"),
    "note": Attribute("nullif({r}.note, '')", "text"),
}
"""Attributes by name."""

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
    "parent": "parent_run_id",
}
"""Other words for attributes, MLflow's among them; blanks are written as `_` here."""

DATASETS = {"name": "i.name", "digest": "coalesce(i.digest, i.sample_digest)", "context": "i.context"}

STATUSES = ("running", "finished", "failed", "interrupted", "killed")
_STATUS_WORDS = {"scheduled": "running", "active": "running", "canceled": "interrupted", "cancelled": "interrupted"}


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


# -- columns of a table ---------------------------------------------------------------------------------------


def column_key(column: str) -> tuple[str, str]:
    """The entity and the name of a column: an attribute, or `metrics.`, `params.` or `tags.` and the key as it is."""
    entity, dot, name = column.partition(".")
    if dot and entity in KEYED:
        return entity, name
    return "attributes", attribute_of(column) or column


def field_of(column: str) -> str:
    """A column as a filter spells it: `metrics."val loss"` for `metrics.val loss`."""
    entity, name = column_key(column)
    return spelled(column) if entity == "attributes" else f"{entity}.{spelled(name)}"


def spelled(name: str) -> str:
    """A name as a filter takes it: in double quotes where it needs them."""
    return name if _is_bare(name) else '"' + name.replace('"', '""') + '"'


def _is_bare(name: str) -> bool:
    """Whether a name is read as one without quotes; those that only might be are quoted, too."""
    words = _SIGNS.split(name)
    return all(_WORD.fullmatch(word) for word in words) and not words[0].isdigit() and _FOREIGN.isdisjoint(words[1:])


_SIGNS = re.compile("[./:@-]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
_FOREIGN = {*ENTITIES, *(word.upper() for word in ENTITIES), "parent"}
"""Words that begin an operand of their own behind a `/` or `-`."""
