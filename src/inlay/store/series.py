"""Metric points into the tables: series ids, the bulk insert, and the summary of each series.

The summary (first, last, minimum, maximum, count) is kept up to date by the ingest, from the new points alone,
so that a table of runs never has to read the points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray


class SeriesTable:
    """The series of one writer's stream, and where they are in the database."""

    def __init__(self, con: DuckDBPyConnection, writer: str, known: dict[int, int]) -> None:
        """`known` maps ids of the stream to ids of the database; `write` adds to it."""
        self._con = con
        self._writer = writer
        self._known = known
        self._defined: dict[int, tuple[str, str]] = {}

    def define(self, run_id: str, series: Iterable[tuple[int, str]]) -> None:
        """Series ids of the stream, as the journal defines them."""
        for local, key in series:
            if local not in self._known:
                self._defined[local] = (run_id, key)

    def write(self, points: NDArray[np.void]) -> int:
        """Insert the points and bring the summaries up to date; returns how many had no series."""
        self._assign_ids()
        if len(points) == 0:
            return 0
        locals_, inverse = np.unique(points["series"], return_inverse=True)
        ids = np.array([self._known.get(int(local), 0) for local in locals_], np.int32)[inverse]
        lost = int(np.count_nonzero(ids == 0))
        if lost:
            points, ids = points[ids != 0], ids[ids != 0]
        new = {
            "series_id": ids,
            "step": np.ascontiguousarray(points["step"]),
            "time": (points["time"] * 1e6).round().astype("int64").astype("datetime64[us]"),
            "value": np.ascontiguousarray(points["value"]),
        }
        self._con.register("new_points", new)
        try:
            self._con.execute("INSERT INTO points SELECT series_id, step, time, value FROM new_points")
        finally:
            self._con.unregister("new_points")
        self._summarise(ids, new["step"], new["value"])
        return lost

    def _assign_ids(self) -> None:
        """Database ids for newly defined series; one that another stream defined is found again."""
        if not self._defined:
            return
        locals_ = list(self._defined)
        runs, keys = (list(column) for column in zip(*self._defined.values(), strict=True))
        self._con.execute(
            """
            INSERT INTO series
            SELECT (SELECT coalesce(max(series_id), 0) FROM series) + row_number() OVER (ORDER BY min(place)),
                   run_id, key, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL
            FROM (SELECT unnest(?::UUID[]) AS run_id, unnest(?::VARCHAR[]) AS key, unnest(?::BIGINT[]) AS place)
            ANTI JOIN series USING (run_id, key)
            GROUP BY run_id, key
            """,
            [runs, keys, locals_],
        )
        rows = self._con.execute(
            """
            SELECT local, series_id
            FROM (SELECT unnest(?::UUID[]) AS run_id, unnest(?::VARCHAR[]) AS key, unnest(?::BIGINT[]) AS local)
            JOIN series USING (run_id, key)
            """,
            [runs, keys, locals_],
        ).fetchall()
        self._con.execute(
            "INSERT INTO writer_series SELECT ?, unnest(?::BIGINT[]), unnest(?::INTEGER[])",
            [self._writer, [local for local, _ in rows], [number for _, number in rows]],
        )
        self._known.update(rows)
        self._defined.clear()

    def _summarise(self, ids: NDArray[Any], step: NDArray[Any], value: NDArray[Any]) -> None:
        """Fold the new points into the summary of their series."""
        # Stable sorts: of equal steps the one logged last comes last.
        order = np.lexsort((np.arange(len(ids)), step, ids))
        ids, step, value = ids[order], step[order], value[order]
        starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
        ends = np.r_[starts[1:], len(ids)] - 1
        low = np.fmin.reduceat(value, starts)
        high = np.fmax.reduceat(value, starts)
        columns = {
            "series_id": ids[starts],
            "count": (ends - starts + 1).astype("int64"),
            "nonfinite": np.add.reduceat(~np.isfinite(value), starts, dtype="int64"),
            "first": value[starts],
            "first_step": step[starts],
            "last": value[ends],
            "last_step": step[ends],
            "low": low,
            "high": high,
        }
        self._con.register("new_summary", columns)
        try:
            self._con.execute(
                """
                UPDATE series AS s SET
                    first = CASE WHEN s.count = 0 OR n.first_step < s.first_step THEN n.first ELSE s.first END,
                    first_step = CASE WHEN s.count = 0 OR n.first_step < s.first_step
                                 THEN n.first_step ELSE s.first_step END,
                    last = CASE WHEN s.count = 0 OR n.last_step >= s.last_step THEN n.last ELSE s.last END,
                    last_step = CASE WHEN s.count = 0 OR n.last_step >= s.last_step
                                THEN n.last_step ELSE s.last_step END,
                    min = least(s.min, CASE WHEN isnan(n.low) THEN NULL ELSE n.low END),
                    max = greatest(s.max, CASE WHEN isnan(n.high) THEN NULL ELSE n.high END),
                    nonfinite = s.nonfinite + n.nonfinite,
                    count = s.count + n.count
                FROM new_summary n WHERE s.series_id = n.series_id
                """
            )
        finally:
            self._con.unregister("new_summary")
