"""Runs for tests of the filter language, in a database in memory: four of ours, and those of MLflow's search guide."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from duckdb import DuckDBPyConnection

from inlay.query.filter import select_runs
from inlay.store import schema
from inlay.store.database import connect

NAN, INF = math.nan, math.inf
NOW = datetime.now(timezone.utc).replace(tzinfo=None)


@dataclass
class Row:
    """A run as the tests write it down; `metrics` are all values of each."""

    name: str
    experiment: str = "default"
    status: str = "finished"
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    parent: str | None = None
    started_at: datetime = NOW
    duration_s: float = 1.0
    more: dict[str, Any] = field(default_factory=dict)
    """Other columns of `runs`."""
    code: str | None = None
    output: str | None = None
    inputs: list[tuple[str, str, str]] = field(default_factory=list)
    """Names, digests and contexts."""


ROWS = [
    Row("alpha", "e1", "finished", {"lr": 0.1, "model": "gbm", "n": "32", "flag": True, "target": 0.9},
        {"team": "x", "it's": "q", "best": "gbm"},
        {"auc": [0.2, 0.99, 0.95], "val/loss": [1.0], "f1@5": [3.0], "zero": [0.0]},
        started_at=datetime.fromisoformat("2024-01-01 10:00"), duration_s=600.0, more={"pid": 1, "git_dirty": True, "cell_id": "c1"},
        code="model = Dropout(0.5)\nfit(model)", output="epoch 1\nloss 100%"),
    Row("beta", "e1", "failed", {"lr": 0.01, "model": "GBM-2", "list": [1, 2], "target": "high"},
        {"team": "y", "fold": "3"}, {"auc": [0.5], "val/loss": [4.0, 2.0]}, parent="alpha",
        started_at=datetime.fromisoformat("2024-01-02 12:30"), duration_s=60.0,
        more={"pid": 2, "error_type": "RuntimeError", "error_message": "CUDA out of memory",
              "traceback": "File train.py, line 3\nRuntimeError: CUDA out of memory", "note": "Look at 50% of it"},
        code="x = 1", inputs=[("train.csv", "abc", "training"), ("test.csv", "abc", "")]),
    Row("gamma", "e2", "interrupted", {"lr": 1, "model": "mlp", "flag": False}, {},
        {"auc": [NAN], "loss": [INF], "zero": [1.0, 0.0]}, parent="alpha",
        started_at=NOW - timedelta(hours=5), duration_s=3600.0, more={"pid": 3, "git_dirty": False}),
    Row("delta", "e2", "finished", {}, {"team": "x", "mlflow.source.name": "a.py"}, {},
        started_at=NOW - timedelta(minutes=5), duration_s=1.0, more={"pid": 4, "exit_code": 0}, parent="gamma"),
]  # fmt: skip

GUIDE = [
    Row(
        f"run-{number}",
        "search-run-guide",
        params={
            "batch_size": 2 if number < 5 else 4,
            "learning rate": [0.001, 0.01][number % 2],
            "model": (["GPT-2", "GPT-3", "GPT-3.5", "GPT-4"] + ["None"] * 6)[number],
        },
        tags={"task": (["classification", "regression", "causal lm"] + ["None"] * 7)[number]}
        | ({"environment": "notebook"} if number < 5 else {}),
        metrics={
            "loss": [1 - number / 10],
            "accuracy": [number / 10],
            "log-scale-loss": [math.log(1 - number / 10)],
            "f1 score": [number / 10],
        },
        started_at=datetime.fromisoformat("2024-01-01") + timedelta(hours=number),
        inputs=[("custom" if number < 5 else "also custom", "s8ds293b" if number == 0 else "jks834s2" if number == 1 else "none",
                 "train" if number < 5 else "test")],
    )
    for number in range(10)
]  # fmt: skip
"""What the script of MLflow's page "Search Runs" makes."""


def run_id(rows: Sequence[Row], name: str) -> str:
    return str(UUID(int=next(number for number, row in enumerate(rows, 1) if row.name == name)))


def found_names(con: DuckDBPyConnection, text: str, rows: Sequence[Row] = ROWS, **more: Any) -> list[str]:
    """Names of the runs that a filter finds, in its order."""
    selection = select_runs(text, **more)
    return [rows[UUID(run).int - 1].name for (run,) in con.execute(selection.sql, selection.params).fetchall()]


@contextlib.contextmanager
def made(rows: Sequence[Row]) -> Iterator[DuckDBPyConnection]:
    """A database with these runs."""
    con = connect(":memory:")
    schema.create(con)
    experiments = list(dict.fromkeys(row.experiment for row in rows))
    for number, name in enumerate(experiments, 1):
        con.execute("INSERT INTO experiments (experiment_id, name) VALUES (?, ?)", [number, name])
    for row in rows:
        _insert(con, row, rows, experiments.index(row.experiment) + 1)
    yield con
    con.close()


def _insert(con: DuckDBPyConnection, row: Row, rows: Sequence[Row], experiment: int) -> None:
    run = run_id(rows, row.name)
    values = {
        "run_id": run, "experiment_id": experiment, "name": row.name, "status": row.status,
        "parent_run_id": run_id(rows, row.parent) if row.parent else None, "started_at": row.started_at,
        "ended_at": row.started_at + timedelta(seconds=row.duration_s), "duration_s": row.duration_s,
        "code_hash": f"hash-{row.name}" if row.code else None, "note": "", **row.more,
    }  # fmt: skip
    _rows(con, f"runs ({', '.join(values)})", [list(values.values())])
    if row.code:
        _rows(con, "sources", [[values["code_hash"], row.code, None]])
    if row.output:
        _rows(con, "outputs", [[run, row.output, len(row.output), row.started_at]])
    _rows(con, "params", [[run, key, *stored(value), None] for key, value in row.params.items()])
    _rows(con, "tags", [[run, key, value] for key, value in row.tags.items()])
    _rows(con, "inputs (run_id, name, digest, context)", [[run, *one] for one in row.inputs])
    for key, history in row.metrics.items():
        (number,) = con.execute("SELECT count(*) FROM series").fetchone() or (0,)
        real = [value for value in history if not math.isnan(value)]
        odd = sum(not math.isfinite(value) for value in history)
        summary = [history[0], 0, history[-1], len(history) - 1, min(real, default=None), max(real, default=None)]
        _rows(con, "series", [[number, run, key, len(history), odd, *summary]])
        _rows(con, "points", [[number, step, row.started_at, value] for step, value in enumerate(history)])


def stored(value: Any) -> tuple[str, float | None, str]:
    """A param as `params` has it: its text, its number, how to read it."""
    if isinstance(value, str):
        return value, None, "string"
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return json.dumps(value), number, "json"


def _rows(con: DuckDBPyConnection, table: str, rows: list[list[Any]]) -> None:
    for row in rows:
        con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
