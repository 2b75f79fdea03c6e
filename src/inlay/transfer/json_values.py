"""A run as one JSON object, written and read back; docs/import-export.md says what is in it.

JSON has no NaN and no infinity: they are the strings "NaN", "Infinity" and "-Infinity". Times of a run are texts in
UTC, those of points seconds since 1970.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.attributes import DEFAULT_EXPERIMENT, param_value
from inlay.store.artifacts import Blob
from inlay.tracking.values import param_text
from inlay.transfer.records import (
    About,
    Environment,
    Experiment,
    File,
    Histogram,
    Input,
    Output,
    Param,
    Points,
    Row,
)
from inlay.transfer.store_tables import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inlay.transfer.records import Item, SourceRun

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_INPUTS = (
    "name",
    "context",
    "kind",
    "rows",
    "columns",
    "bytes",
    "schema",
    "profile",
    "source",
    "sample_digest",
    "digest",
)


def run_object(run: SourceRun, items: Iterable[Item], hashes: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """The run as a JSON value; `hashes` gives hash and size of its files by path."""
    said: dict[str, Any] = {"run_id": run.run_id, "started_at": _text(run.started_at)}
    lists: dict[str, list[Any]] = {"artifacts": [], "inputs": [], "histograms": [], "sources": []}
    metrics: dict[str, Any] = {}
    for item in items:
        if isinstance(item, About):
            said |= _header(item)
        elif isinstance(item, Points):
            value = item.value.tolist()
            finite = bool(np.isfinite(item.value).all())
            metrics[item.key] = {
                "step": item.step.tolist(),
                "time": item.time.tolist(),
                "value": value if finite else [plain(one) for one in value],
            }
        elif isinstance(item, File):
            digest, size = hashes[item.path]
            row = {"path": item.path, "hash": digest, "bytes": size, "mime": item.mime, "kind": item.kind}
            row |= {"key": item.key, "step": item.step, "metadata": item.metadata}
            lists["artifacts"].append(row | {"created_at": _text(item.created_at)})
        elif isinstance(item, Histogram):
            lists["histograms"].append(asdict(item))
        elif isinstance(item, Input):
            row = {name: item.columns.get(name) for name in _INPUTS}
            made = item.columns.get("created_at")
            lists["inputs"].append(row | {"created_at": _text(_unix(made) if made else None)})
        elif isinstance(item, Output):
            said["output"] = asdict(item)
        elif isinstance(item, Environment):
            said["environment"] = asdict(item)
        elif isinstance(item, Row) and item.table == "sources":
            lists["sources"].append(item.columns)
    return plain(said | {"metrics": metrics} | lists)  # type: ignore[no-any-return]


def items_of(said: dict[str, Any]) -> Iterator[Item]:
    """The run back from its object. Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
    yield _about(said)
    for key, columns in said.get("metrics", {}).items():
        values = [_WORDS[one] if isinstance(one, str) else one for one in columns["value"]]
        step, time = np.array(columns["step"], np.int64), np.array(columns["time"], np.float64)
        value = np.array(values, np.float64)
        if not len(step) == len(time) == len(value):
            msg = f"the columns of metric {key!r} are not of one length"
            raise ValueError(msg)
        yield Points(key, step, time, value)
    for row in said.get("artifacts", ()):
        blob = Blob(str(row["hash"]), int(row["bytes"]))
        more = (row.get("mime"), row.get("key"), row.get("step"), row.get("metadata"))
        yield File(row["path"], blob, row.get("kind") or "file", *more, parsed_time(row.get("created_at")))
    for row in said.get("inputs", ()):
        made = parsed_time(row.get("created_at"))
        when = {} if made is None else {"created_at": datetime.fromtimestamp(made, timezone.utc).replace(tzinfo=None)}
        yield Input({name: row.get(name) for name in _INPUTS} | when)
    for row in said.get("histograms", ()):
        yield Histogram(row["key"], int(row["step"]), float(row["time"]), row["edges"], row["counts"])
    if said.get("output"):
        yield Output(str(said["output"]["tail"]), int(said["output"]["bytes"]))
    if said.get("environment"):
        yield Environment(**said["environment"])
    for row in said.get("sources", ()):
        yield Row("sources", dict(row))


def _header(about: About) -> dict[str, Any]:
    return {
        "name": about.name,
        "experiment": asdict(about.experiment) | {"created_at": _text(about.experiment.created_at)},
        "parent_run_id": about.parent,
        "status": about.status,
        "ended_at": _text(about.ended_at),
        "deleted_at": _text(about.deleted_at),
        "note": about.note,
        "params": {param.key: param_value(param.text, param.type) for param in about.params},
        "tags": about.tags,
        **{name: about.columns.get(name) for name in COLUMNS},
    }


def _about(said: dict[str, Any]) -> About:
    of = said.get("experiment") or {}
    experiment = Experiment(
        str(of.get("name") or DEFAULT_EXPERIMENT),
        of.get("description"),
        dict(of.get("tags") or {}),
        parsed_time(of.get("created_at")),
    )
    parent = said.get("parent_run_id")
    return About(
        experiment=experiment,
        name=str(said["name"]),
        status=str(said["status"]),
        ended_at=parsed_time(said.get("ended_at")),
        note=said.get("note"),
        parent=None if parent is None else str(parent),
        deleted_at=parsed_time(said.get("deleted_at")),
        params=tuple(Param(key, *param_text(_number(value))) for key, value in said.get("params", {}).items()),
        tags={key: str(value) for key, value in said.get("tags", {}).items()},
        columns={name: said.get(name) for name in COLUMNS},
    )


def _number(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value


def plain(value: Any) -> Any:
    """The value with words for the numbers that JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        # The steps, times and values of metrics are long and hold nothing to be replaced any more.
        return value if len(value) > _LONG and isinstance(value[0], (int, float)) else [plain(inner) for inner in value]
    return value


_LONG = 1000


def _text(time: float | None) -> str | None:
    if time is None:
        return None
    return datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parsed_time(text: str | None) -> float | None:
    """Seconds since 1970 of a time in text. Raises `ValueError` for what is none."""
    if text is None:
        return None
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()


def _unix(time: datetime) -> float:
    return time.replace(tzinfo=timezone.utc).timestamp()
