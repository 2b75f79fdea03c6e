"""Runs as a list shows them: attributes and last metric values of all of them, over one connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay.query.attributes import Attributes, load
from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from inlay.query.filter import Selection
    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list. `metrics` are last values, in the order they were first logged; `deleted_at` is naive UTC."""

    attributes: Attributes
    metrics: dict[str, float]
    deleted_at: datetime | None


def listed(store: Store, selection: Selection, limit: int | None = None) -> tuple[list[ListedRun], int]:
    """The first runs of a selection, in its order, and how many it has in all."""
    with fresh(store) as con:
        ids = [run_id for (run_id,) in con.execute(selection.sql, selection.params).fetchall()]
        return read_listed(con, ids if limit is None else ids[:limit]), len(ids)


def read_listed(con: DuckDBPyConnection, run_ids: Sequence[str]) -> list[ListedRun]:
    """These runs, in the order of their ids here."""
    attributes = {run.run_id: run for run in load(con, run_ids)}
    metrics: dict[str, dict[str, float]] = {}
    rows = con.execute(
        """
        SELECT run_id::VARCHAR, key, last FROM series
        WHERE count > 0 AND run_id IN (SELECT unnest(?::UUID[])) ORDER BY series_id
        """,
        [list(run_ids)],
    )
    for run_id, key, last in rows.fetchall():
        metrics.setdefault(run_id, {})[key] = last
    gone = con.execute(
        """
        SELECT run_id::VARCHAR, deleted_at FROM runs
        WHERE deleted_at IS NOT NULL AND run_id IN (SELECT unnest(?::UUID[]))
        """,
        [list(run_ids)],
    )
    deleted = dict(gone.fetchall())
    return [
        ListedRun(attributes[run_id], metrics.get(run_id, {}), deleted.get(run_id))
        for run_id in run_ids
        if run_id in attributes
    ]
