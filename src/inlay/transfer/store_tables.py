"""Runs out of tables as a store has them: another store's own, or the same as Parquet files.

What is asked for are the documented tables and views, so that both can be read by the same queries; and one view more,
`numbered_points` (run_id, key, row, step, time, value), for `metrics` does not say in which order points were logged.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.attributes import DEFAULT_EXPERIMENT
from inlay.store import artifacts as blobs
from inlay.store.rows import RUN_COLUMNS
from inlay.transfer.paths import digest_of
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
    Skipped,
    SourceRun,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.transfer.records import Item

_OURS = {"run_id", "experiment_id", "parent_run_id", "name", "status", "started_at", "ended_at", "duration_s", "note",
         "deleted_at", "writer", "session_id"}  # fmt: skip
COLUMNS = tuple(name for name in RUN_COLUMNS if name not in _OURS)
"""Columns of the table `runs` that a run takes along as they are."""
_HEADS = f"""
SELECT r.run_id::VARCHAR AS run_id, r.parent_run_id::VARCHAR AS parent, r.name, r.status, r.note,
       epoch(r.started_at) AS started, epoch(r.ended_at) AS ended, epoch(r.deleted_at) AS deleted,
       r.session_id::VARCHAR AS session_id, e.name AS experiment, e.description, e.tags AS experiment_tags,
       epoch(e.created_at) AS made, {", ".join(f"r.{name}" for name in COLUMNS)}
FROM runs r LEFT JOIN experiments e USING (experiment_id)
ORDER BY r.started_at, r.run_id
"""  # noqa: S608 - own names
_A_PAGE = 2_000_000
_COUNTED = {
    "params": "md5(string_agg(key || chr(0) || coalesce(value, ''), chr(1) ORDER BY key))",
    "tags": "md5(string_agg(key || chr(0) || coalesce(value, ''), chr(1) ORDER BY key))",
    "artifacts": "md5(string_agg(path || chr(0) || coalesce(hash, ''), chr(1) ORDER BY path))",
    "inputs": "md5(string_agg(name || chr(0) || coalesce(digest, sample_digest, ''), chr(1) ORDER BY name))",
    "metric_summary": "md5(string_agg(concat_ws(chr(0), key, count, last_step, last, min, max), chr(1) ORDER BY key))",
    "histograms": "count(*)::VARCHAR",
    "outputs": "max(bytes)::VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """Where the tables are: `opened` gives a connection to them for a moment, `files` is the folder of the blobs."""

    opened: Callable[[], AbstractContextManager[DuckDBPyConnection]]
    files: Path | None

    def runs(self, *, running: bool = False) -> tuple[list[SourceRun], list[Skipped]]:
        """Every run that is over (with `running` every run), by their starts, and those that are left out."""
        with self.opened() as con:
            heads = _dicts(con, _HEADS)
            counted = {table: _by_run(con, table, what) for table, what in _COUNTED.items()}
        runs, skipped = [], []
        for head in heads:
            run_id = head["run_id"]
            label = f"run {head['name'] or run_id}"
            if head["status"] == "running" and not running:
                skipped.append(Skipped(label, "it is still running; import it when it has ended"))
                continue
            digest = digest_of(sorted(head.items()), [counted[table].get(run_id) for table in _COUNTED])
            runs.append(SourceRun(run_id, head["started"] or 0.0, digest, label, _reader(self, head), run_id))
        return runs, skipped

    def items(self, head: dict[str, Any]) -> Iterator[Item]:
        """Everything of a run."""
        run_id = head["run_id"]
        with self.opened() as con:
            params = con.execute(
                "SELECT key, value, number, type, epoch(time) FROM params WHERE run_id = ? ORDER BY time, key", [run_id]
            ).fetchall()
            tags = con.execute("SELECT key, value FROM tags WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
            yield _about(head, params, dict(tags))
            yield from _points(con, run_id)
            rest = [*_rest(con, run_id), *_surroundings(con, head)]
            files = _dicts(con, _ARTIFACTS, [run_id])
        yield from rest
        for row in files:
            yield self._file(row)

    def _file(self, row: dict[str, Any]) -> File:
        blob = blobs.Blob(row["hash"] or "", row["bytes"] or 0)
        path = None if self.files is None else blobs.found(self.files, blob.hash, blob.bytes)
        content = blob if path is None else path
        return File(
            row["path"], content, row["kind"] or "file", row["mime"], row["key"], row["step"],
            _object(row["metadata"]) or None, row["made"],
        )  # fmt: skip


def _reader(tables: Tables, head: dict[str, Any]) -> Callable[[], Iterator[Item]]:
    return lambda: tables.items(head)


def _about(head: dict[str, Any], params: list[tuple[Any, ...]], tags: dict[str, str]) -> About:
    return About(
        experiment=Experiment(
            head["experiment"] or DEFAULT_EXPERIMENT,
            head["description"],
            _object(head["experiment_tags"]),
            head["made"],
        ),
        name=head["name"] or head["run_id"][-8:],
        status=head["status"] or "finished",
        ended_at=head["ended"],
        note=head["note"],
        parent=head["parent"],
        deleted_at=head["deleted"],
        params=tuple(Param(*row) for row in params),
        tags=tags,
        columns={name: head[name] for name in COLUMNS} | {"session_id": head["session_id"]},
    )


def _points(con: DuckDBPyConnection, run_id: str) -> Iterator[Points]:
    """Every metric's points as they were logged, a few million at a time."""
    keys = con.execute("SELECT key, count FROM metric_summary WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    while keys:
        group = [keys.pop(0)]
        while keys and sum(count for _, count in group) < _A_PAGE:
            group.append(keys.pop(0))
        names = [key for key, _ in group]
        found = con.execute(
            """
            SELECT list_position($names, key)::INTEGER AS place, step, epoch_us(time) AS time, value
            FROM numbered_points WHERE run_id = $run_id AND key IN (SELECT unnest($names))
            ORDER BY place, row
            """,
            {"names": names, "run_id": run_id},
        ).fetchnumpy()
        place, step, time, value = (np.ma.getdata(found[name]) for name in ("place", "step", "time", "value"))
        starts = np.searchsorted(place, np.arange(1, len(names) + 2)).tolist()
        for name, start, end in zip(names, starts, starts[1:], strict=False):
            part = slice(start, end)
            yield Points(name, step[part].astype(np.int64), time[part] / 1e6, value[part].astype(np.float64))


_ARTIFACTS = """
SELECT path, hash, bytes, mime, kind, epoch(created_at) AS made, key, step, metadata FROM artifacts
WHERE run_id = ? ORDER BY path
"""


def _rest(con: DuckDBPyConnection, run_id: str) -> Iterator[Item]:
    histograms = con.execute(
        "SELECT key, step, epoch(time), edges, counts FROM histograms WHERE run_id = ? ORDER BY key, step", [run_id]
    )
    yield from (Histogram(*row) for row in histograms.fetchall())
    for row in _dicts(con, "SELECT * FROM inputs WHERE run_id = ? ORDER BY name, context", [run_id]):
        texts = {name: None if row[name] is None else json.loads(row[name]) for name in ("schema", "profile")}
        yield Input(row | texts)
    for tail, size in con.execute("SELECT tail, bytes FROM outputs WHERE run_id = ?", [run_id]).fetchall():
        yield Output(tail or "", size or 0)
    for row in _dicts(con, "SELECT * FROM param_history WHERE run_id = ? ORDER BY key, time", [run_id]):
        yield Row("param_history", row)


def _surroundings(con: DuckDBPyConnection, head: dict[str, Any]) -> Iterator[Item]:
    for row in _dicts(con, "SELECT * FROM environments WHERE env_hash = ?", [head["env_hash"]]):
        texts = {name: _object(row[name]) for name in ("packages", "hardware", "variables")}
        yield Environment(row["python"], row["platform"], **texts, env_hash=head["env_hash"])
    session = [head["session_id"]]
    for row in _dicts(con, "SELECT * FROM sessions WHERE session_id = ?", session):
        yield Row("sessions", row)
    for row in _dicts(con, "SELECT * FROM executions WHERE session_id = ? ORDER BY seq", session):
        yield Row("executions", row)
    codes = "SELECT code_hash FROM executions WHERE session_id = ? UNION SELECT ?"
    query = f"SELECT * FROM sources WHERE code_hash IN ({codes})"  # noqa: S608 - own words
    for row in _dicts(con, query, [*session, head["code_hash"]]):
        yield Row("sources", row)


def _by_run(con: DuckDBPyConnection, table: str, what: str) -> dict[str, str]:
    rows = con.execute(f"SELECT run_id::VARCHAR, {what} FROM {table} GROUP BY run_id").fetchall()  # noqa: S608
    return dict(rows)


def _dicts(con: DuckDBPyConnection, query: str, params: list[Any] | None = None) -> list[dict[str, Any]]:
    found = con.execute(query, params or [])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _object(text: str | None) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        value = json.loads(text or "{}")
        return value if isinstance(value, dict) else {}
    return {}
