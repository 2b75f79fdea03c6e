"""The summary of each metric, which the ingest keeps: no points are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from inlay.store.store import Store


def last_values(store: Store, run_id: str) -> dict[str, float]:
    """Each metric's last value, in the order they were first logged."""
    with fresh(store) as con:
        rows = con.execute(
            "SELECT key, last FROM series WHERE run_id = ? AND count > 0 ORDER BY series_id", [run_id]
        ).fetchall()
    return dict(rows)


def next_steps(store: Store, run_id: str) -> dict[str, int]:
    """The step each metric goes on with when its run is resumed."""
    with fresh(store) as con:
        rows = con.execute("SELECT key, last_step FROM series WHERE run_id = ? AND count > 0", [run_id]).fetchall()
    return {key: step + 1 for key, step in rows}
