"""Histograms of a run: which there are, and one of them over its steps.

A histogram of one step is its edges and the counts between them; their number may change from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay.query.entries import evenly
from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

KEYS = 500
"""The most histograms of a run that are told of."""
STEPS = 2_000
"""The most steps of one that are read; of more, evenly chosen ones with the first and the last."""
BINS = 512
"""The most bins of one step: what has more was not made to be drawn."""


@dataclass(frozen=True, slots=True)
class HistogramSummary:
    """A histogram of a run, and how many steps it has."""

    key: str
    steps: int
    last_step: int


@dataclass(frozen=True, slots=True)
class Bins:
    """The histogram of one step: `counts` between `edges`, of which there is one more."""

    step: int
    edges: list[float]
    counts: list[float]


@dataclass(frozen=True, slots=True)
class HistogramSteps:
    """A histogram over its steps, in their order; `total` before some were left out."""

    key: str
    bins: list[Bins]
    total: int


def read_last(con: DuckDBPyConnection, run_id: str, most: int) -> list[tuple[str, Bins]]:
    """The first histograms of a run by key, each at its last step."""
    rows = con.execute(
        """
        SELECT key, step, edges, counts FROM histograms
        WHERE run_id = $run
          AND key IN (SELECT DISTINCT key FROM histograms WHERE run_id = $run ORDER BY key LIMIT $most)
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY step DESC, rowid DESC) = 1 ORDER BY key
        """,
        {"run": run_id, "most": most},
    ).fetchall()
    return [(key, Bins(*row)) for key, *row in rows if _make_sense(*row[1:])]


def read_histograms(con: DuckDBPyConnection, run_id: str) -> list[HistogramSummary]:
    """The histograms of a run, by key."""
    rows = con.execute(
        "SELECT key, count(*), max(step) FROM histograms WHERE run_id = ? GROUP BY key ORDER BY key LIMIT ?",
        [run_id, KEYS],
    ).fetchall()
    return [HistogramSummary(*row) for row in rows]


def histogram_steps(store: Store, run_id: str, key: str, limit: int = STEPS) -> HistogramSteps:
    """The run's histogram `key` with at most `limit` steps; rows that make no sense are left out."""
    with fresh(store) as con:
        found = con.execute("SELECT step FROM histograms WHERE run_id = ? AND key = ?", [run_id, key]).fetchall()
        steps = sorted({step for (step,) in found})
        rows = con.execute(
            """
            SELECT step, edges, counts FROM histograms
            WHERE run_id = ? AND key = ? AND step IN (SELECT unnest(?::BIGINT[])) ORDER BY step
            """,
            [run_id, key, evenly(steps, limit)],
        ).fetchall()
    sane = [Bins(*row) for row in rows if _make_sense(*row[1:])]
    return HistogramSteps(key, sane, len(steps))


def _make_sense(edges: list[float] | None, counts: list[float] | None) -> bool:
    return bool(edges and counts) and len(edges or ()) == len(counts or ()) + 1 and len(counts or ()) <= BINS
