"""A run's attributes: reading them from the store, and finding the run a user means."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from datetime import timezone
from typing import TYPE_CHECKING, Any

from inlay.errors import RunNotFoundError, StoreError
from inlay.query.fresh import fresh
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

DEFAULT_EXPERIMENT = "default"


@dataclass(frozen=True, slots=True)
class RunError:
    """The exception that ended a run."""

    type: str
    message: str
    traceback: str


@dataclass(slots=True)
class Attributes:
    """What a run's header says. Times are Unix seconds; changed in place while the run is written."""

    run_id: str
    name: str
    experiment: str = DEFAULT_EXPERIMENT
    status: str = "running"
    started_at: float = 0.0
    ended_at: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    note: str = ""
    error: RunError | None = None
    parent_run_id: str | None = None
    metric_count: int = 0
    source: str | None = None
    """The notebook or script it comes from, by the name of its file."""
    host: str | None = None
    user: str | None = None


_RUNS = """
SELECT r.run_id::VARCHAR, r.name, coalesce(e.name, $default), r.status, r.started_at, r.ended_at, r.note,
       r.error_type, r.error_message, r.traceback, r.parent_run_id::VARCHAR,
       coalesce(m.metrics, 0), r.source_name, r.host, r.user_name
FROM runs r LEFT JOIN experiments e USING (experiment_id)
LEFT JOIN (
    SELECT run_id, count(*) AS metrics FROM series
    WHERE count > 0 AND run_id IN (SELECT unnest($ids::UUID[])) GROUP BY run_id
) m USING (run_id)
WHERE r.run_id IN (SELECT unnest($ids::UUID[]))
ORDER BY r.started_at DESC, r.run_id DESC
"""


def find(store: Store, reference: str, *, deleted: bool = False) -> Attributes:
    """The run meant by an id, the beginning or end of one that only one run has, or a name (its newest run).

    With `deleted`, one that was deleted. Raises `RunNotFoundError` when no run, or more than one, answers to it.
    """
    with fresh(store) as con:
        ids = _matching(con, reference, deleted=deleted)
        if len(ids) == 1:
            return load(con, ids)[0]
        if ids:
            msg = f"{len(ids)} runs have an id that begins or ends with {reference!r}; give more of it"
            raise RunNotFoundError(msg)
        if not deleted and (gone := _matching(con, reference, deleted=True)):
            raise RunNotFoundError(_was_deleted(load(con, gone)[0]))
        raise RunNotFoundError(_nothing_like(con, store, reference))


def load(con: DuckDBPyConnection, run_ids: Sequence[str]) -> list[Attributes]:
    """Attributes of these runs, newest first."""
    found: dict[str, Attributes] = {}
    for row in con.execute(_RUNS, {"default": DEFAULT_EXPERIMENT, "ids": list(run_ids)}).fetchall():
        run_id, name, experiment, status, started, ended, note, kind, message, traceback, *more = row
        error = RunError(kind, message or "", traceback or "") if kind else None
        found[run_id] = Attributes(
            run_id, name or "", experiment, status, _unix(started) or 0.0, _unix(ended), {}, {}, note or "",
            error, *more,
        )  # fmt: skip
    ids = list(found)
    params = con.execute(
        "SELECT run_id::VARCHAR, key, value, type FROM params WHERE run_id IN (SELECT unnest(?::UUID[]))"
        " ORDER BY time, rowid",  # those of one call have one time
        [ids],
    )
    scalars: dict[str, Any] = {}  # the same few in most runs
    for run_id, key, text, kind in params.fetchall():
        if kind != "json":
            value = text
        elif (value := scalars.get(text)) is None:
            value = param_value(text, kind)
            if not isinstance(value, (list, dict)):
                scalars[text] = value
        found[run_id].params[key] = value
    tags = con.execute(
        "SELECT run_id::VARCHAR, key, value FROM tags WHERE run_id IN (SELECT unnest(?::UUID[])) ORDER BY key",
        [ids],
    )
    for run_id, key, text in tags.fetchall():
        found[run_id].tags[key] = text
    return list(found.values())


def param_value(text: str, kind: str | None) -> Any:
    """A param as it was logged. What is no JSON, since rows may be written by others, is the text that it is."""
    if kind != "json":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def refresh(attributes: Attributes, store: Store) -> None:
    """Read the attributes again, in place."""
    with fresh(store) as con:
        for newer in load(con, [attributes.run_id]):
            replace(attributes, newer)


def latest(attributes: Attributes, store: Store) -> Attributes:
    """What the store says now; the attributes themselves when it has no such run, is busy or gone."""
    try:
        with fresh(store) as con:
            return next(iter(load(con, [attributes.run_id])), attributes)
    except StoreError:
        return attributes


def replace(attributes: Attributes, newer: Attributes) -> None:
    """Let attributes say what newer ones do, in place."""
    for name in Attributes.__slots__:
        setattr(attributes, name, getattr(newer, name))


def _matching(con: DuckDBPyConnection, reference: str, *, deleted: bool = False) -> list[str]:
    """Ids of the runs that `reference` may mean; the newest alone when it is a name.

    A name comes before a part of an id: a run called "2024" can be had whatever ids there are.
    """
    text = reference.strip().lower()
    bare = text.replace("-", "") if re.fullmatch(r"[0-9a-f-]{4,36}", text) else ""
    if len(bare) < 32:
        rows = con.execute(
            """
            SELECT run_id::VARCHAR FROM runs WHERE name = ? AND (deleted_at IS NOT NULL) = ?
            ORDER BY started_at DESC, run_id DESC LIMIT 1
            """,
            [reference, deleted],
        ).fetchall()
        if rows or len(bare) < 4:
            return [run_id for (run_id,) in rows]
    rows = con.execute(
        """
        SELECT run_id::VARCHAR FROM runs
        WHERE (deleted_at IS NOT NULL) = $2
          AND (starts_with(replace(run_id::VARCHAR, '-', ''), $1)
               OR ends_with(replace(run_id::VARCHAR, '-', ''), $1))
        """,
        [bare, deleted],
    ).fetchall()
    return [run_id for (run_id,) in rows]


def _nothing_like(con: DuckDBPyConnection, store: Store, reference: str) -> str:
    known = "SELECT DISTINCT name FROM runs WHERE name IS NOT NULL AND deleted_at IS NULL"
    names = [name for (name,) in con.execute(known).fetchall()]
    near = difflib.get_close_matches(reference, names, 3)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else " inlay.runs() lists them."
    return f"no run with id or name {reference!r} in {store.folder}.{hint}"


def _was_deleted(run: Attributes) -> str:
    short = short_id(run.run_id)
    return (
        f"run {short} ({run.name}) was deleted. `inlay restore {short}` brings it back; in Python, "
        f"inlay.runs(\"run_id = '{run.run_id}'\", include_deleted=True).restore()"
    )


def _unix(time: datetime | None) -> float | None:
    return None if time is None else time.replace(tzinfo=timezone.utc).timestamp()
