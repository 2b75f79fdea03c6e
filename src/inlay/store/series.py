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

_A_VECTOR = 2048  # points that DuckDB compresses together


class SeriesTable:
    """The series of writers' streams, and where they are in the database."""

    def __init__(self, con: DuckDBPyConnection) -> None:
        self._con = con
        self._known: dict[str, dict[int, int]] = {}
        self._defined: dict[tuple[str, int], tuple[str, str]] = {}

    def define(self, writer: str, run_id: str, series: Iterable[tuple[int, str]]) -> None:
        """Series ids of a writer's stream, as its journal defines them."""
        for local, key in series:
            self._defined[writer, local] = (run_id, key)

    def write(self, blocks: Iterable[tuple[str, NDArray[np.void]]]) -> dict[str, int]:
        """Insert each writer's points, bring the summaries up to date; returns how many had no series, by writer."""
        blocks = [(writer, points) for writer, points in blocks if len(points)]
        self._load({writer for writer, _ in (*self._defined, *blocks)})
        self._assign_ids()
        lost: dict[str, int] = {}
        kept, ids = [], []
        for writer, points in blocks:
            numbers = self._ids(writer, points["series"])
            known = numbers != 0
            if not known.all():
                lost[writer] = lost.get(writer, 0) + int(np.count_nonzero(~known))
                points, numbers = points[known], numbers[known]  # noqa: PLW2901 - the rest of them
            kept.append(points)
            ids.append(numbers)
        if any(map(len, kept)):
            self._insert(*_gathered(np.concatenate(kept), np.concatenate(ids)))
        return lost

    def _load(self, writers: set[str]) -> None:
        """What the database knows of these writers' series."""
        self._known = {writer: {} for writer in writers}
        rows = self._con.execute(
            "SELECT writer, local_id, series_id FROM writer_series WHERE writer IN (SELECT unnest(?::UUID[]))",
            [list(writers)],
        ).fetchall()
        for writer, local, number in rows:
            self._known[str(writer)][local] = number

    def _ids(self, writer: str, locals_: NDArray[np.int64]) -> NDArray[np.int32]:
        """The database's ids of a stream's; 0 where there is none."""
        known = self._known[writer]
        table = np.zeros(max(known, default=0) + 1, np.int32)
        table[list(known)] = list(known.values())
        return table[np.where(locals_ < len(table), locals_, 0)]

    def _insert(self, points: NDArray[np.void], ids: NDArray[np.int32]) -> None:
        new = {
            "series_id": ids,
            "step": np.ascontiguousarray(points["step"]),
            "time": (points["time"] * 1e6).round().astype("int64").astype("datetime64[us]"),
            "value": np.ascontiguousarray(points["value"]),
        }
        self._con.register("new_points", new)
        try:
            # DuckDB takes NumPy's NaN for NULL.
            self._con.execute(
                "INSERT INTO points SELECT series_id, step, time, coalesce(value, 'nan'::DOUBLE) FROM new_points"
            )
        finally:
            self._con.unregister("new_points")
        self._summarise(ids, new["step"], new["value"])

    def _assign_ids(self) -> None:
        """Database ids for newly defined series; one that another stream defined is found again."""
        defined = [
            (writer, local, *series)
            for (writer, local), series in self._defined.items()
            if local not in self._known[writer]
        ]
        self._defined.clear()
        if not defined:
            return
        writers, locals_, runs, keys = map(list, zip(*defined, strict=True))
        self._con.execute(
            """
            INSERT INTO series
            SELECT (SELECT coalesce(max(series_id), 0) FROM series) + row_number() OVER (ORDER BY min(place)),
                   run_id, key, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL
            FROM (SELECT unnest(?::UUID[]) AS run_id, unnest(?::VARCHAR[]) AS key, unnest(?::BIGINT[]) AS place)
            ANTI JOIN series USING (run_id, key)
            GROUP BY run_id, key
            """,
            [runs, keys, list(range(len(keys)))],
        )
        numbers = self._con.execute(
            """
            SELECT place, series_id
            FROM (SELECT unnest(?::UUID[]) AS run_id, unnest(?::VARCHAR[]) AS key, unnest(?::BIGINT[]) AS place)
            JOIN series USING (run_id, key)
            ORDER BY place
            """,
            [runs, keys, list(range(len(keys)))],
        ).fetchall()
        found = [number for _, number in numbers]
        self._con.execute(
            "INSERT INTO writer_series SELECT unnest(?::UUID[]), unnest(?::BIGINT[]), unnest(?::INTEGER[])",
            [writers, locals_, found],
        )
        for writer, local, number in zip(writers, locals_, found, strict=True):
            self._known[writer][local] = number

    def _summarise(self, ids: NDArray[Any], step: NDArray[Any], value: NDArray[Any]) -> None:
        """Fold the new points into the summary of their series."""
        order = _by_series(ids)
        if order is not None:
            ids, step, value = ids[order], step[order], value[order]
        if np.any((step[1:] < step[:-1]) & (ids[1:] == ids[:-1])):
            order = np.lexsort((step, ids))  # stable: of equal steps the one logged last comes last
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
                    first = CASE WHEN s.count = 0 OR n.first_step < s.first_step
                            THEN coalesce(n.first, 'nan') ELSE s.first END,
                    first_step = CASE WHEN s.count = 0 OR n.first_step < s.first_step
                                 THEN n.first_step ELSE s.first_step END,
                    last = CASE WHEN s.count = 0 OR n.last_step >= s.last_step
                           THEN coalesce(n.last, 'nan') ELSE s.last END,
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


def _gathered(points: NDArray[np.void], ids: NDArray[np.int32]) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Each series' points together, in the order they were logged, where many of each came at once.

    A history out of 500 series that were logged together takes 28 ms then instead of 90. With few of each, times
    and steps would jump so often that the file grew by a half.
    """
    near = ids - ids.min()
    if len(ids) < _A_VECTOR * np.count_nonzero(np.bincount(near)):
        return points, ids
    order = _by_series(ids)
    return (points, ids) if order is None else (points[order], ids[order])


def _by_series(ids: NDArray[np.int32]) -> NDArray[np.intp] | None:
    """Sorts points by series and keeps their order otherwise; None when they are sorted."""
    if np.all(ids[1:] >= ids[:-1]):
        return None
    near = ids - ids.min()
    # Sixteen bits are sorted by radix: 10 ms a million where 32 take 70.
    return np.argsort(near.astype(np.uint16) if near.max() < 1 << 16 else near, kind="stable")
