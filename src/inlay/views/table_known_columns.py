"""`KnownColumns`: the columns that a table's runs have, how many runs there are, and which columns are shown of them.

To count them takes as long as a sort, so they are counted anew only now and then, whatever is asked in between.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inlay.query.run_columns import catalogue
from inlay.query.table_differences import differing
from inlay.views.table_columns import differing_columns, listed_columns, order_of, usual_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from inlay.query.run_columns import Column
    from inlay.query.run_query import RunQuery
    from inlay.query.table_arrangement import Arrangement

LOOK_EVERY = 10.0
"""Seconds for which the columns there are, and the number of runs, hold."""


class KnownColumns:
    """Of the runs a table was made of, whatever its filter says. Used by one thread at a time."""

    def __init__(self, query: RunQuery) -> None:
        self._query = query
        self.columns: list[Column] = []
        self.runs = 0
        """How many runs there are."""
        self._usual: list[str] | None = None
        self._counted_at = 0.0

    def look(self, con: DuckDBPyConnection, base: RunQuery) -> None:
        """Count, if it is time to."""
        now = time.monotonic()
        if self.columns and self.runs and now - self._counted_at < LOOK_EVERY:
            return
        self.columns, self._counted_at = catalogue(con, base), now
        runs = next(one.runs for one in self.columns if one.id == "run_id")
        if not self.runs or not runs:
            self._usual = None  # the first runs have come
        self.runs = runs

    def forget(self) -> None:
        """Count anew when somebody looks next: runs have come, were deleted, or brought back."""
        self._counted_at = -LOOK_EVERY

    def as_json(self) -> list[dict[str, Any]]:
        """All columns."""
        return [one.as_json() for one in self.columns]

    def shown(
        self, con: DuckDBPyConnection, base: RunQuery, arrangement: Arrangement, state: Mapping[str, Any]
    ) -> list[str]:
        """The columns that a state shows, in order."""
        if self._usual is None:
            params = [one.id for one in self.columns if one.entity == "params"]
            first = [column for column, _ in order_of(self._query)]
            self._usual = usual_columns(self.columns, differing(con, base, params), first)
        shown = listed_columns(state, self._usual, {one.id: one for one in self.columns})
        if not state["differences"]:
            return shown
        return differing_columns(shown, differing(con, arrangement, shown), state)
