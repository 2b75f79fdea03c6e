"""Runs from elsewhere into the tables: whole runs, in one transaction, each as often as one likes.

The table `imports` says what a run looked like at its source when it was taken in. An unchanged run is left alone; one
that went on since is replaced, but for what was said of it here: tags, note, name, and that it was deleted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from inlay.store.database import transaction
from inlay.store.identity import new_id
from inlay.store.rows import RUN_COLUMNS, insert, replace
from inlay.store.series import SeriesTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

REPLACED = ("params", "param_history", "artifacts", "inputs", "histograms", "outputs")
"""Tables of which a changed run's rows are written anew."""
_BY_HASH = {"sources": "code_hash", "environments": "env_hash"}
"""Tables of what several runs may share, under the hash of what it is. A row that is known stays, whatever a source
says.
"""
_GOES_ON = {"sessions": 1, "executions": 2}
"""Tables of what several runs may share and may have gone on since, and how many of their columns are the key."""
HERE = "a run of this id is in the store already, and did not come from here"
RESUMED = "it was resumed in this store after it was imported; its records here were left as they are"


@dataclass(frozen=True, slots=True)
class RunRows:
    """A run, ready to be written: rows have the columns of their tables, times are naive UTC."""

    run_id: str
    kind: str
    source: str
    source_id: str
    digest: str
    experiment: tuple[str, str | None, str | None, datetime | None]
    """Name; description, tags (JSON) and time of making, for an experiment that is not known yet."""
    columns: dict[str, Any]
    tags: dict[str, str]
    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    """Of its metrics; a point's `series` is the place of its key, from 1."""
    points: Iterable[NDArray[np.void]] = ()
    """Points of dtype `journal.reader.POINT`, in parts that fit into memory."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has of a run from elsewhere. `run_id` is None when nothing came from there yet."""

    run_id: str | None = None
    said: dict[str, Any] = field(default_factory=dict)
    """The fingerprint, see `_fingerprint`."""
    there: bool = False
    """Whether the store still has the run."""
    resumed: bool = False


def known(con: DuckDBPyConnection, kind: str, source_ids: Sequence[str]) -> dict[str, Known]:
    """What the store has of these runs of a kind of source, by their ids there."""
    rows = con.execute(
        """
        SELECT i.source_id, i.run_id::VARCHAR, i.fingerprint, r.run_id IS NOT NULL, r.writer IS NOT NULL
        FROM imports i LEFT JOIN runs r USING (run_id)
        WHERE i.kind = ? AND i.source_id IN (SELECT unnest(?::VARCHAR[]))
        """,
        [kind, list(source_ids)],
    ).fetchall()
    return {of: Known(run_id, _read(fingerprint), there, resumed) for of, run_id, fingerprint, there, resumed in rows}


def write(con: DuckDBPyConnection, runs: Sequence[RunRows]) -> list[str]:
    """Write runs in one transaction; says of each "new", "updated", "unchanged", or why it was left out.

    What was true when the source was listed may have changed: another process may import the same.
    """
    outcomes = []
    with transaction(con):
        for run in runs:
            before = known(con, run.kind, [run.source_id]).get(run.source_id, Known())
            outcome = _outcome(con, run, before)
            outcomes.append(outcome)
            if outcome in ("new", "updated"):
                _write_run(con, run, before if before.there else Known())
    return outcomes


def _outcome(con: DuckDBPyConnection, run: RunRows, before: Known) -> str:
    if before.there and before.said.get("source") == run.digest:
        return "unchanged"
    if before.there:
        return RESUMED if before.resumed else "updated"
    return HERE if con.execute("SELECT 1 FROM runs WHERE run_id = ?", [run.run_id]).fetchone() else "new"


def _write_run(con: DuckDBPyConnection, run: RunRows, before: Known) -> None:
    columns = dict.fromkeys(RUN_COLUMNS) | {name: run.columns[name] for name in RUN_COLUMNS if name in run.columns}
    columns["run_id"] = run_id = run.run_id
    columns["experiment_id"] = _experiment(con, *run.experiment)
    tags = dict(run.tags)
    if before.there:
        columns, tags = _as_said_here(con, columns, tags, before)
        _remove(con, run_id)
    replace(con, "runs", [tuple(columns[name] for name in RUN_COLUMNS)], keys=1)
    con.execute("DELETE FROM tags WHERE run_id = ?", [run_id])
    insert(con, "tags", [(run_id, key, value) for key, value in tags.items()])
    for table in REPLACED:
        insert(con, table, run.tables.get(table, []))
    for table, key in _BY_HASH.items():
        _add_unknown(con, table, key, run.tables.get(table, []))
    for table, keys in _GOES_ON.items():
        replace(con, table, run.tables.get(table, []), keys=keys)
    _write_points(con, run)
    con.execute("DELETE FROM imports WHERE kind = ? AND source_id = ?", [run.kind, run.source_id])
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    insert(con, "imports", [(run_id, run.kind, run.source, run.source_id, _fingerprint(run), now)])


def _write_points(con: DuckDBPyConnection, run: RunRows) -> None:
    """As if a writer's stream held them: the series table then does the rest."""
    if not run.keys:
        return
    writer = new_id()
    series = SeriesTable(con)
    series.define(writer, run.run_id, enumerate(run.keys, 1))
    for part in run.points:
        series.write([(writer, part)])
    con.execute("DELETE FROM writer_series WHERE writer = ?", [writer])


def _add_unknown(con: DuckDBPyConnection, table: str, key: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert the rows whose hash, their first column, is not in the table."""
    new = {row[0]: row for row in rows}
    query = f"SELECT {key} FROM {table} WHERE {key} IN (SELECT unnest(?::VARCHAR[]))"  # noqa: S608 - own names
    for (known,) in con.execute(query, [list(new)]).fetchall():
        del new[known]
    insert(con, table, list(new.values()))


def _remove(con: DuckDBPyConnection, run_id: str) -> None:
    con.execute("DELETE FROM points WHERE series_id IN (SELECT series_id FROM series WHERE run_id = ?)", [run_id])
    for table in ("series", *REPLACED):
        con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])  # noqa: S608 - own names


def _experiment(
    con: DuckDBPyConnection, name: str, description: str | None, tags: str | None, created_at: datetime | None
) -> int:
    found = con.execute("SELECT experiment_id FROM experiments WHERE name = ?", [name]).fetchone()
    if found is None:
        found = con.execute("SELECT coalesce(max(experiment_id), 0) + 1 FROM experiments").fetchone() or (1,)
        insert(con, "experiments", [(found[0], name, description, tags, created_at)])
    return int(found[0])


# -- what was said here ----------------------------------------------------------------------------------------

_SAID = ("name", "note", "deleted_at")


def _as_said_here(
    con: DuckDBPyConnection, columns: dict[str, Any], tags: dict[str, str], before: Known
) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns and tags of the source, except where somebody changed here what the source had said before."""
    row = con.execute(f"SELECT {', '.join(_SAID)} FROM runs WHERE run_id = ?", [before.run_id]).fetchone()  # noqa: S608
    stated = dict(zip(_SAID, row or (), strict=True))
    seen = {name: _short(value if name != "deleted_at" else value is not None) for name, value in stated.items()}
    columns |= {name: value for name, value in stated.items() if seen[name] != before.said.get(name)}
    here = dict(con.execute("SELECT key, value FROM tags WHERE run_id = ?", [before.run_id]).fetchall())
    told = before.said.get("tags", {})
    merged = {key: value for key, value in here.items() if _short(value) != told.get(key)}
    for key, value in tags.items():
        if key not in merged and (key in here or key not in told):
            merged[key] = value
    return columns, merged


def _fingerprint(run: RunRows) -> str:
    """JSON: the digest of the run at its source, and short ones of what may be changed here."""
    said = {name: _short(run.columns.get(name)) for name in ("name", "note")}
    said["deleted_at"] = _short(run.columns.get("deleted_at") is not None)
    return json.dumps({"source": run.digest, **said, "tags": {key: _short(value) for key, value in run.tags.items()}})


def _short(value: object) -> str:
    return hashlib.sha256(repr(value or "").encode("utf-8", "replace")).hexdigest()[:8]


def _read(fingerprint: str | None) -> dict[str, Any]:
    try:
        said = json.loads(fingerprint or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
