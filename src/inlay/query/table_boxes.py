"""Box plots: how a column's numbers are distributed in each group of runs.

Quartiles are interpolated between values (Hyndman and Fan: "Sample Quantiles in Statistical Packages", The American
Statistician 50(4), 1996, definition 7, as in NumPy and R); whiskers reach to the last values within 1.5 times the
distance of the quartiles (Tukey: "Exploratory Data Analysis", 1977), and what lies farther out is an outlier.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from inlay.query.grouping import rank
from inlay.query.table_cells import text_cell
from inlay.query.table_fields import Fields, value_of
from inlay.query.table_scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.query.table_scope import Chosen

BOXES = 50
"""The most boxes: those of the largest groups."""
OUTLIERS = 200
"""The most outliers that are listed, of all boxes together: those farthest out."""


@dataclass(frozen=True, slots=True)
class Box:
    """The finite values of a group. `outliers` are run id, name and value, the lowest first."""

    label: str
    n: int
    low: float
    q1: float
    median: float
    q3: float
    high: float
    outliers: list[tuple[str, str, float]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def boxes(
    con: DuckDBPyConnection, chosen: Chosen, column: str, by: str, summary: Mapping[str, str] | None = None
) -> list[Box]:
    """A box for each value of the column `by`, sorted by it, of the numbers in `column` over these runs.

    Runs without a value of `by` are a box of their own, labelled "-"; runs without a finite number are in none.
    `summary` is `min` or `max` for metrics that show that. Raises `QueryError` for an attribute that there is none of.
    """
    import numpy as np

    fields = Fields(scope_of(con, chosen), summary)
    number, group = fields[column].number, fields[by].code
    sql = fields.statement([f"{group} AS code", f"{number} AS number", "r.run_id::VARCHAR AS run_id", "r.name AS name"])
    found = con.execute(sql, fields.params).fetchnumpy()
    values = np.ma.filled(found["number"].astype(np.float64), np.nan)
    kept = np.isfinite(values)
    values, codes = values[kept], found["code"][kept].tolist()
    names = np.ma.filled(found["name"][kept], "")
    members: dict[str, list[int]] = {}
    for place, code in enumerate(codes):
        members.setdefault(code, []).append(place)
    largest = sorted(members, key=lambda code: -len(members[code]))[:BOXES]
    drawn = [(code, np.array(members[code])) for code in sorted(largest, key=lambda code: rank(value_of(code)))]
    fences = [_summary(values[places]) for _, places in drawn]
    outside = [
        places[(values[places] < ends[0]) | (values[places] > ends[4])]
        for (_, places), ends in zip(drawn, fences, strict=True)
    ]
    listed = _farthest(values, outside, fences)
    run_ids = found["run_id"][kept]
    return [
        Box(
            _label(code), len(places), *ends,
            [(run_ids[one], str(text_cell(names[one])), float(values[one])) for one in own],
        )
        for (code, places), ends, own in zip(drawn, fences, listed, strict=True)
    ]  # fmt: skip


def _summary(values: NDArray[Any]) -> tuple[float, float, float, float, float]:
    """The ends of the whiskers and the quartiles between them."""
    import numpy as np

    scale = max(float(np.abs(values).max()), 1e-300)  # the distance of very large values would be infinite
    ordered = np.sort(values) / scale
    q1, median, q3 = np.quantile(ordered, (0.25, 0.5, 0.75))
    reach = 1.5 * (q3 - q1)
    inside = ordered[(ordered >= q1 - reach) & (ordered <= q3 + reach)]
    return tuple(float(one * scale) for one in (inside[0], q1, median, q3, inside[-1]))  # type: ignore[return-value]


def _farthest(
    values: NDArray[Any], outside: list[NDArray[Any]], fences: list[tuple[float, float, float, float, float]]
) -> list[list[int]]:
    """The outliers of each box that are listed, the lowest first."""
    distances = [
        (max(low - float(values[one]), float(values[one]) - high), number, int(one))
        for number, (places, (low, *_, high)) in enumerate(zip(outside, fences, strict=True))
        for one in places
    ]
    listed: list[list[int]] = [[] for _ in outside]
    for _, number, one in sorted(distances, reverse=True)[:OUTLIERS]:
        listed[number].append(one)
    return [sorted(own, key=lambda one: float(values[one])) for own in listed]


def _label(code: str) -> str:
    value = value_of(code)
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(text_cell(str(value)))
