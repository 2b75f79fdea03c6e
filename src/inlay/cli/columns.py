"""The columns of a list of runs: which there are, which are worth showing, what stands in their cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.printing import ago, duration, harmless, param_text, status_text, value_text
from inlay.query.filter_fields import ENTITIES, nearest
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inlay.query.listing import ListedRun

_MOST_KEYS = 5
"""Metrics, and params, that a list shows unasked."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and what a run has in it."""

    heading: str
    value: Callable[[ListedRun], Any]

    def text(self, run: ListedRun) -> str:
        """The cell as people read it."""
        value = self.value(run)
        if self.heading == "status":
            return status_text(str(value))
        if self.heading == "started":
            return ago(run.attributes.started_at)
        if self.heading == "deleted" and run.deleted_at is not None:
            return ago(run.deleted_at.replace(tzinfo=timezone.utc).timestamp())
        if self.heading == "duration":
            return duration(value)
        if self.heading.startswith("params."):
            return param_text(value)
        return value_text(value)


def named_columns(names: str) -> list[Column]:
    """The columns of `--columns`. Raises `UsageError` for one that there is not, naming the nearest."""
    found = [_named(name.strip()) for name in names.split(",") if name.strip()]
    if not found:
        msg = "--columns takes names such as run,name,metrics.auc,params.lr"
        raise click.UsageError(msg)
    return found


def chosen_columns(runs: Sequence[ListedRun], *, deleted: bool = False) -> list[Column]:
    """What tells these runs apart: attributes, a few metrics, and the params that differ."""
    names = ["run", "name", "experiment", "status", "started", "duration"]
    if len({run.attributes.experiment for run in runs}) <= 1:
        names.remove("experiment")
    if deleted:
        names.append("deleted")
    columns = [column for column in map(_attribute, names) if column is not None]
    columns += [_of("metrics", key) for key in _common_metrics(runs)[:_MOST_KEYS]]
    return columns + [_of("params", key) for key in _differing_params(runs)[:_MOST_KEYS]]


def every_column(runs: Sequence[ListedRun]) -> list[Column]:
    """All there is of these runs: attributes, metrics, params, tags."""
    columns = [Column(name, value) for name, value in _ATTRIBUTES.items()]
    columns += [_of("metrics", key) for key in dict.fromkeys(key for run in runs for key in run.metrics)]
    columns += [_of("params", key) for key in dict.fromkeys(key for run in runs for key in run.attributes.params)]
    return columns + [_of("tags", key) for key in dict.fromkeys(key for run in runs for key in run.attributes.tags)]


def fitting(columns: list[Column], rows: list[list[str]], width: int, *, gap: int = 2) -> int:
    """How many columns have room in `width`; the first four are always shown, cut where they must."""
    used = 0
    for number, column in enumerate(columns):
        used += max([len(harmless(column.heading)), *(len(row[number]) for row in rows)]) + gap
        if used - gap > width and number >= 4:
            return number
    return len(columns)


def as_record(run: ListedRun) -> dict[str, Any]:
    """A run as JSON gives it."""
    record = {name: value(run) for name, value in _ATTRIBUTES.items()}
    of = run.attributes
    return record | {"metrics": run.metrics, "params": of.params, "tags": of.tags}


def iso(moment: float | None) -> str | None:
    """A Unix time as ISO 8601 in UTC, with milliseconds."""
    if moment is None:
        return None
    text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _seconds(run: ListedRun) -> float | None:
    of = run.attributes
    return None if of.ended_at is None else round(of.ended_at - of.started_at, 6)


def _error(run: ListedRun) -> str | None:
    error = run.attributes.error
    return None if error is None else f"{error.type}: {error.message}"


_ATTRIBUTES: dict[str, Callable[[ListedRun], Any]] = {
    "run_id": lambda run: run.attributes.run_id,
    "name": lambda run: run.attributes.name,
    "experiment": lambda run: run.attributes.experiment,
    "status": lambda run: run.attributes.status,
    "started_at": lambda run: iso(run.attributes.started_at),
    "ended_at": lambda run: iso(run.attributes.ended_at),
    "duration_s": _seconds,
    "parent_run_id": lambda run: run.attributes.parent_run_id,
    "source_name": lambda run: run.attributes.source,
    "host": lambda run: run.attributes.host,
    "user_name": lambda run: run.attributes.user,
    "note": lambda run: run.attributes.note or None,
    "error": _error,
    "deleted_at": lambda run: None if run.deleted_at is None else run.deleted_at.isoformat() + "Z",
}
"""Attributes, by the names that the tables have for them; in the order of JSON and CSV."""
_SHORT = {"run": "run_id", "started": "started_at", "ended": "ended_at", "duration": "duration_s",
          "deleted": "deleted_at", "parent": "parent_run_id", "source": "source_name", "user": "user_name"}  # fmt: skip
"""What a table calls them."""


def _attribute(word: str) -> Column | None:
    """The column of an attribute, by its name or by what a table calls it; `run` is the short id."""
    if word == "run":
        return Column("run", lambda run: short_id(run.attributes.run_id))
    name = _SHORT.get(word, word)
    return Column(word, _ATTRIBUTES[name]) if name in _ATTRIBUTES else None


def _named(name: str) -> Column:
    entity, dot, key = name.partition(".")
    meant = ENTITIES.get(entity.lower())
    if dot and key and meant in ("metrics", "params", "tags"):
        return _of(meant, key.strip('"`'))
    column = _attribute(name)
    if column is not None:
        return column
    near = nearest(name, [*_SHORT, *_ATTRIBUTES, "metrics.", "params.", "tags."])
    known = ", ".join(("run", *_ATTRIBUTES))
    hint = f"Did you mean {near}?" if near else f"There are {known}, metrics.KEY, params.KEY, tags.KEY."
    msg = f"no column is called {name!r}. {hint}"
    raise click.UsageError(msg)


def _of(entity: str, key: str) -> Column:
    def value(run: ListedRun) -> Any:
        if entity == "metrics":
            return run.metrics.get(key)
        return (run.attributes.params if entity == "params" else run.attributes.tags).get(key)

    return Column(f"{entity}.{key}", value)


def _common_metrics(runs: Sequence[ListedRun]) -> list[str]:
    """Metrics that most runs have come first; what inlay measures of the machine is left out."""
    counts: dict[str, int] = {}
    for run in runs:
        for key in run.metrics:
            if not key.startswith("system/"):
                counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: -counts[key])


def _differing_params(runs: Sequence[ListedRun]) -> list[str]:
    keys = dict.fromkeys(key for run in runs for key in run.attributes.params)
    if len(runs) == 1:
        return list(keys)
    values = {key: {repr(run.attributes.params[key]) for run in runs if key in run.attributes.params} for key in keys}
    return [key for key in keys if len(values[key]) > 1]
