"""The data a run used, as its card lists it: without the columns, of which there may be many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.query.datasets import Dataset

INPUTS = 100
"""The most data sets of a run that are told of."""


@dataclass(frozen=True, slots=True)
class InputSummary:
    """A data set of a run. `sample_digest` is known at once, `digest`, of all of it, a little later."""

    name: str
    context: str
    kind: str | None
    rows: int | None
    columns: int | None
    bytes: int | None
    source: str | None
    sample_digest: str | None
    digest: str | None


def read_inputs(con: DuckDBPyConnection, run_id: str) -> list[InputSummary]:
    """The data sets of a run, in the order it began to use them."""
    rows = con.execute(
        """
        SELECT name, context, kind, rows, columns, bytes, source, sample_digest, digest FROM inputs
        WHERE run_id = ? ORDER BY created_at, name, context LIMIT ?
        """,
        [run_id, INPUTS],
    ).fetchall()
    return [InputSummary(*row) for row in rows]


def summary_of(data: Dataset) -> InputSummary:
    """A data set without its columns."""
    sizes = (data.rows, data.columns, data.bytes)
    return InputSummary(data.name, data.context, data.kind, *sizes, data.source, data.sample_digest, data.digest)
