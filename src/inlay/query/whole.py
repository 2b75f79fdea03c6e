"""A run as text shows it: everything the store has of it but the points, over one connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay.query.artifacts import Artifact, stored_artifacts
from inlay.query.attributes import Attributes, load
from inlay.query.fresh import fresh
from inlay.query.inputs import InputSummary, read_inputs
from inlay.query.run_details import RunDetails, read_details

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

WIDTH = 24
"""Pieces that the outline of a metric is made of."""
OUTLINED = 100


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """A metric of a run. `outline` are the means of up to `WIDTH` pieces of it, in order of steps."""

    key: str
    last: float
    last_step: int
    min: float | None
    max: float | None
    count: int
    outline: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run and all around it."""

    attributes: Attributes
    details: RunDetails
    metrics: list[MetricSummary]
    artifacts: list[Artifact]
    inputs: list[InputSummary]


def whole_run(store: Store, run_id: str) -> WholeRun:
    """Everything about a run the store knows."""
    with fresh(store) as con:
        return WholeRun(
            load(con, [run_id])[0],
            read_details(con, run_id),
            _metrics(con, run_id),
            stored_artifacts(con, run_id),
            read_inputs(con, run_id),
        )


def _metrics(con: DuckDBPyConnection, run_id: str) -> list[MetricSummary]:
    rows = con.execute(
        """
        SELECT series_id, key, last, last_step, min, max, count FROM series
        WHERE run_id = ? AND count > 0 ORDER BY series_id
        """,
        [run_id],
    ).fetchall()
    outlines = _outlines(con, [row[0] for row in rows[:OUTLINED]])
    return [
        MetricSummary(key, last, last_step, low, high, count, tuple(outlines.get(number, ())))
        for number, key, last, last_step, low, high, count in rows
    ]


def _outlines(con: DuckDBPyConnection, series: list[int]) -> dict[int, list[float]]:
    rows = con.execute(
        """
        WITH numbered AS (
            SELECT series_id, value,
                   row_number() OVER (PARTITION BY series_id ORDER BY step, time) - 1 AS place,
                   count(*) OVER (PARTITION BY series_id) AS total
            FROM points WHERE series_id IN (SELECT unnest(?::INTEGER[])) AND isfinite(value)
        )
        SELECT series_id, avg(value) FROM numbered
        GROUP BY series_id, place * ? // greatest(total, ?) ORDER BY series_id, min(place)
        """,
        [series, WIDTH, WIDTH],
    ).fetchall()
    found: dict[int, list[float]] = {}
    for number, mean in rows:
        found.setdefault(number, []).append(mean)
    return found
