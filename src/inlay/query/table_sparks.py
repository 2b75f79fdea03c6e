"""Small curves for the cells of a table: a few points of each, all of them in one look at the points.

Of a stretch the lowest and the highest value are drawn (a pair a pixel, as an oscilloscope does), so a spike stays;
values that are not finite are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inlay.query.filter_fields import column_key
from inlay.query.table_series import bucket_sql, series_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_series import Series

    Spark = list[tuple[float, float]]

POINTS = 40


def sparks(
    con: DuckDBPyConnection, ids: Sequence[str], metrics: Sequence[str], points: int = POINTS
) -> dict[str, dict[str, Spark]]:
    """For each metric (a column, `metrics.loss`) and run that has it: at most `points` pairs of step and value, in
    order.

    What is no column of a metric is left out. `points` is 6 or more.
    """
    keys = {key: column for column in metrics for entity, key in [column_key(column)] if entity == "metrics"}
    found: dict[str, dict[str, Spark]] = {column: {} for column in keys.values()}
    series = series_of(con, ids, list(keys))
    widths = {one.id: _width(one, points) for one in series}
    for one, pairs in zip(series, _reduced(con, series, widths), strict=True):
        found[keys[one.key]][one.run_id] = pairs
    return found


def _width(series: Series, points: int) -> int:
    """Of a stretch, in steps; the first and the last may be cut off."""
    if series.count <= points:
        return 1
    return max(1, -(-(series.last_step - series.first_step + 1) // max(points // 2 - 1, 1)))


def _reduced(con: DuckDBPyConnection, series: list[Series], widths: dict[int, int]) -> list[Spark]:
    if not series:
        return []
    ids, of = ", ".join(map(str, widths)), set(widths.values())
    width, joined = "of.width", _WIDTHS.format(list(widths), list(widths.values()))
    if len(of) == 1:
        width, joined = str(of.pop()), ""
    bucket_of = bucket_sql("step", width, signed=any(one.first_step < 0 for one in series))
    rows = con.execute(_STRETCHES.format(bucket=bucket_of, joined=joined, ids=ids)).fetchnumpy()
    number, bucket, low, high = (np.ma.getdata(column) for column in rows.values())
    starts, ends = (np.searchsorted(number, list(widths), side) for side in ("left", "right"))
    return [
        _drawn(*(column[start:end].tolist() for column in (bucket, low, high)), width=widths[one.id])
        for one, start, end in zip(series, starts, ends, strict=True)
    ]


# All numbers in these are our own.
_WIDTHS = "JOIN (SELECT unnest({}::INTEGER[]) AS series_id, unnest({}::BIGINT[]) AS width) of USING (series_id)"
_STRETCHES = """
SELECT series_id, {bucket} AS bucket, min(value) AS low, max(value) AS high
FROM points {joined} WHERE series_id IN ({ids}) AND isfinite(value)
GROUP BY series_id, bucket ORDER BY series_id, bucket
"""


def _drawn(buckets: list[int], lows: list[float], highs: list[float], *, width: int) -> Spark:
    """The two values of a stretch side by side, the one first that is nearer to what was before."""
    pairs: Spark = []
    for bucket, low, high in zip(buckets, lows, highs, strict=True):
        x = bucket * width
        if low == high:
            pairs.append((x + (width - 1) / 2, low))
            continue
        up = not pairs or abs(low - pairs[-1][1]) <= abs(high - pairs[-1][1])
        one, other = (low, high) if up else (high, low)
        pairs += [(x + (width - 1) / 4, one), (x + 3 * (width - 1) / 4, other)]
    return pairs
