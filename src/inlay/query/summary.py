"""The summary of each metric, which the ingest keeps: no points are read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.store.store import Store


def last_values(store: Store, run_id: str) -> dict[str, float]:
    """Each metric's last value, in the order they were first logged."""
    with fresh(store) as con:
        rows = con.execute(
            "SELECT key, last FROM series WHERE run_id = ? AND count > 0 ORDER BY series_id", [run_id]
        ).fetchall()
    return dict(rows)


class LastValues:
    """The last values of runs that were read together: whoever asks for those of one gets those of all, in one go.

    They are of one moment, as the attributes of these runs are.
    """

    def __init__(self, store: Store, run_ids: Sequence[str]) -> None:
        self._store = store
        self._run_ids = list(run_ids)
        self._found: dict[str, dict[str, float]] | None = None
        self._asking = threading.Lock()

    def of(self, run_id: str) -> dict[str, float]:
        """Each metric's last value, in the order they were first logged."""
        with self._asking:
            if self._found is None:
                self._found = self._ask()
            return dict(self._found.get(run_id, {}))

    def _ask(self) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        with fresh(self._store) as con:
            rows = con.execute(
                """
                SELECT run_id::VARCHAR, key, last FROM series
                WHERE count > 0 AND run_id IN (SELECT unnest(?::UUID[])) ORDER BY series_id
                """,
                [self._run_ids],
            )
            for run_id, key, last in rows.fetchall():
                found.setdefault(run_id, {})[key] = last
        return found


def next_steps(store: Store, run_id: str) -> dict[str, int]:
    """The step each metric goes on with when its run is resumed."""
    with fresh(store) as con:
        rows = con.execute("SELECT key, last_step FROM series WHERE run_id = ? AND count > 0", [run_id]).fetchall()
    return {key: step + 1 for key, step in rows}
