"""Events into rows: what each kind of record does to the tables.

A batch gathers the events of many segments in memory, in order, and then touches each table once or twice,
because DuckDB is quick with columns and slow with single rows. It runs inside the ingest's transaction.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from inlay.store.journal.slots import Kind
from inlay.store.series import SeriesTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.store.journal.reader import Event

RUN_COLUMNS = (
    "run_id", "experiment_id", "parent_run_id", "name", "status", "started_at", "ended_at", "duration_s",
    "source_kind", "source_name", "notebook", "cell_id", "session_id", "execution_seq", "code_hash",
    "env_hash", "git_commit", "git_dirty", "git_branch", "git_remote", "host", "user_name", "pid",
    "error_type", "error_message", "traceback", "note", "deleted_at", "writer", "command", "exit_code",
)  # fmt: skip
_RUNS = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs WHERE run_id IN (SELECT unnest(?::UUID[]))"  # noqa: S608


class Batch:
    """The rows that one transaction of the ingest writes."""

    def __init__(self, con: DuckDBPyConnection) -> None:
        self._con = con
        self._writer = ""  # of the event being taken
        self._series = SeriesTable(con)
        self._runs: dict[str, dict[str, Any]] = {}
        self._params: list[tuple[Any, ...]] = []
        self._tags: dict[tuple[str, str], str | None] = {}
        self._said: dict[tuple[str, str], tuple[str, float]] = {}  # by whom, and when
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._handlers: dict[int, Callable[[dict[str, Any], float], None]] = {
            Kind.SERIES: self._series_defined,
            Kind.RUN_START: self._run_started,
            Kind.RUN_END: self._run_ended,
            Kind.RUN: self._run_changed,
            Kind.PARAM: self._param,
            Kind.TAG: self._tag,
            Kind.ARTIFACT: self._artifact,
            Kind.SESSION: self._session,
            Kind.EXECUTION: self._execution,
            Kind.SOURCE: self._source,
            Kind.ENVIRONMENT: self._environment,
            Kind.OUTPUT: self._output,
            Kind.HISTOGRAM: self._histogram,
            Kind.INPUT: self._input,
        }

    def add(self, events: list[tuple[str, Event]]) -> list[tuple[str, str]]:
        """Take events with the writer each came from; returns, by writer, those that could not be understood.

        A kind this version does not know is passed over.
        """
        self._load_runs(event for _, event in events)
        odd = []
        for self._writer, event in events:
            handler = self._handlers.get(event.kind)
            if handler is None:
                continue
            try:
                handler(event.body, event.time)
            except (KeyError, TypeError, ValueError) as error:  # one bad event must not hold up the rest
                odd.append((self._writer, f"{Kind(event.kind).name} ({error!r})"))
        return odd

    def write(self, blocks: Iterable[tuple[str, NDArray[np.void]]]) -> dict[str, int]:
        """Write everything gathered and each writer's points; returns how many had no series, by writer."""
        self._write_runs()
        self._write_params()
        replace(self._con, "tags", [(*key, value) for key, value in self._tags.items()], keys=2)
        if None in self._tags.values():  # a tag that was removed
            self._con.execute("DELETE FROM tags WHERE value IS NULL")
        for table, rows in self._rows.items():
            replace(self._con, table, rows, keys=_KEYS[table])
        if any(row[2] is None for row in self._rows.get("artifacts", ())):
            self._con.execute("DELETE FROM artifacts WHERE hash IS NULL")
        return self._series.write(blocks)

    # -- one method for each kind ---------------------------------------------------------------------------

    def _series_defined(self, body: dict[str, Any], _: float) -> None:
        self._series.define(self._writer, body["run"], body["series"])

    def _run_started(self, body: dict[str, Any], time: float) -> None:
        run = self._run(body["run"])
        columns = {key: value for key, value in body.items() if key in RUN_COLUMNS}
        for column in ("name", "note"):
            if column in columns and not self._is_news(body["run"], column, time):
                del columns[column]
        run.update(columns)
        run["experiment"] = body.get("experiment")
        run["started_at"] = run["started_at"] or utc(body.get("time", time))
        run.update(status="running", ended_at=None, duration_s=None, writer=self._writer)
        run.update(error_type=None, error_message=None, traceback=None)

    def _run_ended(self, body: dict[str, Any], time: float) -> None:
        run = self._run(body["run"])
        if run["writer"] not in (None, self._writer):
            return  # resumed elsewhere since
        run["status"] = body["status"]
        run["ended_at"] = utc(body.get("time", time))
        if run["started_at"] is not None:
            run["duration_s"] = (run["ended_at"] - run["started_at"]).total_seconds()
        for column in _ERROR:
            run[column] = body.get(column)

    def _run_changed(self, body: dict[str, Any], time: float) -> None:
        run = self._run(body["run"])
        for column, value in body["set"].items():
            if column in _SAID and not self._is_news(body["run"], column, time):
                continue
            if column in _ERROR and run["status"] not in (None, "running"):
                continue  # of a process that joined the run and outlived it: how it ended is not its to say
            if column == "experiment" or column in RUN_COLUMNS:
                run[column] = utc(value) if column == "deleted_at" and value else value

    def _param(self, body: dict[str, Any], time: float) -> None:
        for key, (value, number, kind) in body["params"].items():
            self._params.append((body["run"], key, value, number, kind, utc(time)))

    def _tag(self, body: dict[str, Any], time: float) -> None:
        for key, value in body["tags"].items():
            if self._is_news(body["run"], f"tag {key}", time):
                self._tags[body["run"], key] = value

    def _artifact(self, body: dict[str, Any], time: float) -> None:
        for path in body.get("instead_of", ()):  # such as parts of a table that were merged
            self._row("artifacts", (body["run"], path, *[None] * 8))
        row = (body["run"], body["path"], body["hash"], body["bytes"], body["mime"], body["kind"], utc(time))
        self._row("artifacts", (*row, body.get("key"), body.get("step"), _json(body.get("metadata"))))

    def _session(self, body: dict[str, Any], time: float) -> None:
        self._row("sessions", (body["session"], body["kind"], body["python"], body["host"], body["pid"], utc(time)))

    def _execution(self, body: dict[str, Any], _: float) -> None:
        times = (utc(body["started_at"]), utc(body["ended_at"]))
        self._row(
            "executions",
            (body["session"], body["seq"], body["cell_id"], body["code_hash"], *times, body["ok"]),
        )

    def _source(self, body: dict[str, Any], _: float) -> None:
        self._row("sources", (body["code_hash"], body["source"], body["transformed"]))

    def _environment(self, body: dict[str, Any], _: float) -> None:
        columns = ("packages", "hardware", "variables")
        texts = tuple(json.dumps(body.get(column) or {}) for column in columns)
        self._row("environments", (body["env_hash"], body.get("python"), body.get("platform"), *texts))

    def _output(self, body: dict[str, Any], time: float) -> None:
        self._row("outputs", (body["run"], body["tail"], body["bytes"], utc(time)))

    def _histogram(self, body: dict[str, Any], time: float) -> None:
        self._row("histograms", (body["run"], body["key"], body["step"], utc(time), body["edges"], body["counts"]))

    def _input(self, body: dict[str, Any], time: float) -> None:
        described = (_json(body.get("schema")), _json(body.get("profile")), body.get("source"))
        digests = (body.get("sample_digest"), body.get("digest"), utc(body.get("time", time)))
        sizes = (body.get("rows"), body.get("columns"), body.get("bytes"))
        self._row("inputs", (body["run"], body["name"], body["context"], body["kind"], *sizes, *described, *digests))

    def _is_news(self, run_id: str, what: str, time: float) -> bool:
        """Whether nobody else said it later: the words of several processes, which are taken in one after the other."""
        known = self._said.get((run_id, what))
        if known is not None and known[0] != self._writer and known[1] > time:
            return False
        self._said[run_id, what] = self._writer, time
        return True

    # -- writing --------------------------------------------------------------------------------------------

    def _row(self, table: str, row: tuple[Any, ...]) -> None:
        self._rows.setdefault(table, []).append(row)

    def _run(self, run_id: str) -> dict[str, Any]:
        """The run's row as it stands, to be changed in place."""
        if run_id not in self._runs:
            if not _is_id(run_id):
                msg = f"{run_id!r} is no run's id"
                raise ValueError(msg)
            self._runs[run_id] = dict.fromkeys(RUN_COLUMNS) | {"run_id": run_id}
        return self._runs[run_id]

    def _load_runs(self, events: Iterable[Event]) -> None:
        """The rows of all runs that these events change, in one query: one each took 1 ms."""
        named = [event.body.get("run") for event in events if event.kind in _CHANGING_RUNS]
        found = self._con.execute(_RUNS, [list(filter(_is_id, named))]).fetchall()
        for row in found:
            run = dict(zip(RUN_COLUMNS, map(_plain, row), strict=True))
            self._runs.setdefault(run["run_id"], run)

    def _write_runs(self) -> None:
        numbers: dict[str, int] = {}
        for run in self._runs.values():
            experiment = run.pop("experiment", None)
            if experiment is not None:
                if experiment not in numbers:
                    numbers[experiment] = self._experiment(experiment, run["started_at"])
                run["experiment_id"] = numbers[experiment]
        rows = [tuple(run[column] for column in RUN_COLUMNS) for run in self._runs.values()]
        replace(self._con, "runs", rows, keys=1)

    def _experiment(self, name: str, now: datetime | None) -> int:
        found = self._con.execute("SELECT experiment_id FROM experiments WHERE name = ?", [name]).fetchone()
        if found:
            return int(found[0])
        (number,) = self._con.execute("SELECT coalesce(max(experiment_id), 0) + 1 FROM experiments").fetchone() or (1,)
        self._con.execute("INSERT INTO experiments VALUES (?, ?, NULL, NULL, ?)", [number, name, now])
        return int(number)

    def _write_params(self) -> None:
        """The newest value of a key is the param; what it replaces moves to `param_history`."""
        if not self._params:
            return
        newest: dict[tuple[str, str], tuple[Any, ...]] = {}
        replaced = []
        for row in self._params:
            earlier = newest.get(row[:2])
            if earlier is not None and earlier[2] != row[2]:
                replaced.append(earlier)
            newest[row[:2]] = row
        rows = list(newest.values())
        insert(self._con, "param_history", replaced)
        self._con.execute(
            """
            INSERT INTO param_history
            SELECT p.* FROM params p
            JOIN (SELECT unnest(?::UUID[]) AS run_id, unnest(?::VARCHAR[]) AS key,
                         unnest(?::VARCHAR[]) AS value) new
              ON p.run_id = new.run_id AND p.key = new.key
            WHERE p.value IS DISTINCT FROM new.value
            """,
            [list(column) for column in list(zip(*rows, strict=True))[:3]],
        )
        replace(self._con, "params", rows, keys=2)


def replace(con: DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]], *, keys: int) -> None:
    """Insert rows in place of those with the same leading `keys` columns; of several, the last one counts."""
    if not rows:
        return
    rows = list({row[:keys]: row for row in rows}.values())
    names = _names(con, table)[:keys]
    lists = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in names)
    match = " AND ".join(f"t.{name} = k.{name}" for name, _ in names)
    con.execute(
        f"DELETE FROM {table} t USING (SELECT {lists}) k WHERE {match}",  # noqa: S608 - own names
        [list(column) for column in list(zip(*rows, strict=True))[:keys]],
    )
    insert(con, table, rows)


def kill_runs(con: DuckDBPyConnection, ends: dict[str, float | None]) -> None:
    """These processes are gone: what they left running was killed, at the time of their last record."""
    if not ends:
        return
    times = [utc(last) if last else None for last in ends.values()]
    con.execute(
        """
        UPDATE runs
        SET status = 'killed',
            ended_at = greatest(coalesce(gone.last, started_at), started_at),
            duration_s = epoch(greatest(coalesce(gone.last, started_at), started_at) - started_at)
        FROM (SELECT unnest(?::UUID[]) AS writer, unnest(?::TIMESTAMP[]) AS last) gone
        WHERE runs.writer = gone.writer AND status = 'running'
        """,
        [list(ends), times],
    )


def insert(con: DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows by columns, in one statement."""
    if not rows:
        return
    lists = ", ".join(f"unnest(?::{kind}[])" for _, kind in _names(con, table))
    columns = [list(column) for column in zip(*rows, strict=True)]
    con.execute(f"INSERT INTO {table} SELECT {lists}", columns)


def utc(time: float) -> datetime:
    """A naive UTC timestamp of a Unix time."""
    return datetime.fromtimestamp(time, timezone.utc).replace(tzinfo=None)


def _names(con: DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns."""
    if table not in _columns:  # all at once: the catalog takes as long for one of them
        rows = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY table_name, column_index"
        ).fetchall()
        for of, name, kind in rows:
            _columns.setdefault(of, []).append((f'"{name}"', kind))
    return _columns[table]


def _is_id(text: object) -> bool:
    try:
        return str(uuid.UUID(text)) == text  # type: ignore[arg-type]  # what is no text is no id
    except (TypeError, ValueError, AttributeError):
        return False


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _plain(value: Any) -> Any:
    return str(value) if type(value).__name__ == "UUID" else value


_columns: dict[str, list[tuple[str, str]]] = {}
_ERROR = ("error_type", "error_message", "traceback")
_SAID = ("name", "note", "deleted_at")
"""What any process may say of any run, at any time: the last word holds."""
_CHANGING_RUNS = {Kind.RUN_START, Kind.RUN_END, Kind.RUN}
_KEYS = {
    "artifacts": 2, "outputs": 1, "sessions": 1, "executions": 2, "sources": 1, "environments": 1,
    "histograms": 3, "inputs": 3,
}  # fmt: skip
