"""Thirty runs with everything odd in them, in a database in memory, and what they are in plain Python."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb

from inlay.store.schema import create

BEGAN = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as the database has it
SQL_NAME = "'; DROP TABLE runs; --"
HTML_NAME = '<img src=x onerror="alert(1)">'
NUMBERS = {"started_at", "duration_s", "exit_code"}


@dataclass
class Made:
    """A run; metrics are last, min and max."""

    run_id: str
    name: str
    status: str = "finished"
    started_at: datetime | None = BEGAN
    duration_s: float | None = None
    experiment: str = "default"
    exit_code: int | None = None
    note: str | None = None
    deleted: bool = False
    metrics: dict[str, tuple[float, float | None, float | None]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)
    """Step, seconds since the run began, and value."""

    def value(self, column: str, summary: str = "last") -> Any:
        """What stands in the column; None where there is nothing. Times as Unix seconds."""
        entity, dot, key = column.partition(".")
        if not dot:
            value = getattr(self, column)
            return value.replace(tzinfo=timezone.utc).timestamp() if isinstance(value, datetime) else value
        if entity == "metrics":
            shown = self.metrics.get(key)
            if shown is None:
                return None
            found = shown[("last", "min", "max").index(summary)]
            return math.nan if found is None else found
        return getattr(self, entity).get(key)


def id_of(number: int) -> str:
    return f"019b0000-{number:04x}-7000-8000-{(number * 7919) % 65536:012x}"


def made_runs() -> list[Made]:
    """In the order they were begun."""
    runs = []
    for number in range(30):
        value = (number * 37) % 101 / 101
        run = Made(
            id_of(number), f"run {number}", started_at=BEGAN + timedelta(minutes=number), duration_s=float(number % 9)
        )
        run.experiment = "other" if number % 4 == 1 else "default"
        run.params = {"lr": (0.1, 0.01, 0.001)[number % 3], "seed": number, "model": "abc"[number % 3 - 1], "same": 7}
        run.tags = {"team": "xy"[number % 2], SQL_NAME: str(number % 2)}
        if number % 7:
            run.metrics["loss"] = (value, value / 2, value * 2)
        run.metrics["acc"] = (round(1 - value, 2), 0.0, 1.0)
        run.metrics["steady"] = (5.0, 5.0, 5.0)
        if number % 5 == 0:
            run.metrics[SQL_NAME] = (value, value, value)
            run.params[HTML_NAME] = HTML_NAME
            run.exit_code = number % 2
        run.params["mixed"] = (number % 3, "auto", "1", 1)[number % 4]
        run.params["flag"] = number % 2 == 0
        runs.append(run)
    for number, odd in ((3, math.nan), (5, math.inf), (8, -math.inf), (9, math.nan)):
        runs[number].metrics["loss"] = (odd, None, None) if math.isnan(odd) else (odd, odd, odd)
        runs[number].metrics["broken"] = (math.nan, None, None)
    runs[4].status, runs[4].duration_s = "running", None
    runs[6].status, runs[6].note = "failed", "looked <b>bad</b>"
    runs[10].params |= {
        "big": 2**60,
        "list": [1, {"a": None}],
        "none": None,
        "long": "x" * 1000,
        "surrogate": ["\ud83d"],
    }
    runs[11].params |= {"big": 2, "list": '[1, {"a": null}]', "nan": math.nan, "long": "x" * 1000 + "y"}
    runs[12].metrics["only"] = (1e300, -1e300, 1e300)
    runs[13].metrics["only"] = (-1e300, -1e300, 1e300)
    runs[12].params["one"] = 1
    runs[13].params["one"] = "1"
    runs[14].params["one"] = 1.0
    for number in (1, 16):
        runs[number].deleted = True
    runs[20].started_at = None
    return runs


def database(runs: list[Made]) -> duckdb.DuckDBPyConnection:
    """A store's tables with these runs."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    create(con)
    experiments: dict[str, int] = {}
    series = 0
    for run in runs:
        number = experiments.setdefault(run.experiment, len(experiments) + 1)
        con.execute(
            "INSERT INTO runs (run_id, experiment_id, name, status, started_at, duration_s, exit_code, note, deleted_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [run.run_id, None if run.experiment == "default" else number, run.name, run.status, run.started_at,
             run.duration_s, run.exit_code, run.note, BEGAN if run.deleted else None],
        )  # fmt: skip
        for key, value in run.params.items():
            number_ = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
            text, kind = (value, "string") if isinstance(value, str) else (json.dumps(value), "json")
            con.execute("INSERT INTO params VALUES (?, ?, ?, ?, ?, NULL)", [run.run_id, key, text, number_, kind])
        for key, text in run.tags.items():
            con.execute("INSERT INTO tags VALUES (?, ?, ?)", [run.run_id, key, text])
        for key, (last, low, high) in run.metrics.items():
            series += 1
            points = run.points.get(key, [])
            steps = [step for step, _, _ in points] or [0]
            con.execute(
                "INSERT INTO series VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
                [series, run.run_id, key, max(len(points), 1), last, min(steps), last, max(steps), low, high],
            )
            if points:
                began = run.started_at or BEGAN
                columns = list(zip(*points, strict=True))
                con.execute(
                    "INSERT INTO points SELECT ?, step, time, coalesce(value, 'nan'::DOUBLE) FROM (SELECT unnest(?::BIGINT[])"
                    " AS step, unnest(?::TIMESTAMP[]) AS time, unnest(?::DOUBLE[]) AS value)",
                    [
                        series,
                        list(columns[0]),
                        [began + timedelta(seconds=one) for one in columns[1]],
                        list(columns[2]),
                    ],
                )
    for name, number in experiments.items():
        if name != "default":
            con.execute("INSERT INTO experiments VALUES (?, ?, NULL, NULL, NULL)", [number, name])
    return con


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_number(value: object) -> float | None:
    """As an order reads it: of a text the number it spells."""
    if is_number(value):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def in_order(runs: list[Made], order: list[tuple[str, str]], summary: dict[str, str]) -> list[str]:
    """The ids as a table sorts them: finite numbers, other numbers, texts, and what is missing last."""
    newest = BEGAN
    found = sorted(
        runs, key=lambda run: (run.started_at is not None, run.started_at or newest, run.run_id), reverse=True
    )
    for column, way in reversed(order):
        groups: dict[int, list[tuple[Any, Made]]] = {}
        for run in found:
            value = run.value(column, summary.get(column, "last"))
            number = as_number(value) if column.startswith(("metrics.", "params.")) or column in NUMBERS else None
            if value is None and not (column.startswith("params.") and column.partition(".")[2] in run.params):
                kind, key = 5, 0
            elif number is not None and math.isfinite(number):
                text = value if isinstance(value, str) else json.dumps(value)
                kind, key = 0, (number, text if column.startswith("params.") else "")
            elif number is not None:
                # As the database has it: NaN above all.
                kind, key = 1, (math.inf if math.isnan(number) else number, math.isnan(number))
            else:
                kind, key = 2, value if isinstance(value, str) else json.dumps(value)
            groups.setdefault(kind, []).append((key, run))
        found = []
        for kind in sorted(groups):
            found += [run for _, run in sorted(groups[kind], key=lambda one: one[0], reverse=way == "desc")]
    return [run.run_id for run in found]
