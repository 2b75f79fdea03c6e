"""Which run of several is best by a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from inlay.query.filter_fields import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

Mode = Literal["max", "min"]
Of = Literal["last", "min", "max"]

# Of equal values, that of the run which comes first.
_BEST = """
SELECT s.run_id::VARCHAR FROM series s
JOIN (SELECT unnest($ids::UUID[]) AS run_id, unnest(range($n)) AS place) p USING (run_id)
WHERE s.count > 0 AND s.key = $key AND isfinite(s.{of})
ORDER BY s.{of} {way}, p.place LIMIT 1
"""
_KEYS = "SELECT DISTINCT key FROM series WHERE count > 0 AND run_id IN (SELECT unnest(?::UUID[]))"


def best_of(con: DuckDBPyConnection, run_ids: Sequence[str], key: str, mode: Mode | None, of: Of = "last") -> str:
    """The id of the run with the highest (`mode` "max") or lowest ("min") finite value of a metric.

    Without a mode, the way that the metric's name says, and "max" where it says none. Raises `KeyError` with the
    nearest name when none of the runs has the metric, `ValueError` when none has a finite value of it.
    """
    there = [name for (name,) in con.execute(_KEYS, [list(run_ids)]).fetchall()]
    if key not in there and key.startswith("metrics."):
        key = key.removeprefix("metrics.")
    if key not in there:
        raise KeyError(_unknown(key, there))
    if mode is None:
        from inlay.query.run_columns import better_of

        mode = better_of(key) or "max"
    bound: dict[str, Any] = {"ids": list(run_ids), "n": len(run_ids), "key": key}
    row = con.execute(_BEST.format(of=of, way="DESC" if mode == "max" else "ASC"), bound).fetchone()
    if row is None:
        raise ValueError(f"no run has a finite value of the metric {key!r}: NaN and infinities are never the best")
    return str(row[0])


def _unknown(key: str, there: list[str]) -> str:
    if not there:
        return f"no metric {key!r}: these runs logged none"
    near = nearest(key, there)
    some = ", ".join(map(repr, sorted(there)[:5]))
    return f"no run has a metric {key!r}" + (f"; did you mean {near!r}?" if near else f"; there is {some}")
