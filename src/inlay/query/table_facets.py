"""Facets: how the values of a column are distributed over the runs, so that a click or a brush can filter by them.

Counted over the runs that match all of the filter but this column's own part, so that what is left out can be seen and
chosen again. Params of a few distinct numbers (batch sizes, learning rates) are counted value by value like texts: bins
of equal width would put 0.001 and 0.01 into one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from inlay.query.filter_fields import ATTRIBUTES, column_key
from inlay.query.refinement import In, NotIn, refine
from inlay.query.table_cells import number_cell
from inlay.query.table_chosen import chosen_of, span_of
from inlay.query.table_edges import edges_of
from inlay.query.table_fields import Fields, checked_attribute
from inlay.query.table_scope import encodable, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from inlay.query.refinement import Clause
    from inlay.query.run_query import RunQuery

BINS = 40
TEXTS = 50
"""The most values that are listed."""
DISCRETE = 12
"""Up to so many distinct numbers of a param are counted one by one."""
_LONGEST = 2_000
_NUMBERS = ("number", "seconds", "time")


@dataclass(frozen=True, slots=True)
class NumberFacet:
    """A histogram; `edges` has one more than `counts`, and of times holds Unix seconds."""

    edges: list[float]
    counts: list[int]
    chosen: tuple[float, float] | None
    missing: int
    nonfinite: int
    total: int
    kind: str = "numbers"

    def as_json(self) -> dict[str, Any]:
        chosen = None if self.chosen is None else [number_cell(end) for end in self.chosen]
        return asdict(self) | {"chosen": chosen}


@dataclass(frozen=True, slots=True)
class TextFacet:
    """How many runs have each value: the most frequent first, or numbers by size. At most 50 of `distinct`."""

    values: list[tuple[str, int]]
    chosen: list[str] | None
    distinct: int
    missing: int
    total: int
    kind: str = "texts"
    excluded: list[str] | None = None
    """What the filter leaves out, where it says that; `chosen` are then the others of those listed."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Facet: TypeAlias = "NumberFacet | TextFacet"


def facet(  # noqa: PLR0917 - two are rarely given
    con: DuckDBPyConnection,
    query: RunQuery,
    filter: str,  # noqa: A002 - the word for it everywhere
    column: str,
    bins: int = BINS,
    summary: Mapping[str, str] | None = None,
) -> Facet:
    """The distribution of a column over the runs of `query` that match the filter, but for what it says of the column.

    `chosen` is what it says: an interval of numbers, or the values that are let through. `summary` is `min` or `max`
    for metrics that show that; the filter still speaks of their last values. Raises `QueryError` for a filter that
    cannot be read and for an attribute that there is none of.
    """
    fields = Fields(scope_of(con, query, refine(filter, column, None)), summary)
    clause = chosen_of(filter, column)
    entity, _ = column_key(column)
    one = fields[column]
    times = False
    if entity == "attributes":
        form = ATTRIBUTES[checked_attribute(column)].form
        times = form == "time"
        if form not in _NUMBERS:
            return _texts(con, fields, column, clause)
    elif entity == "tags":
        return _texts(con, fields, column, clause)
    columns = [f"{one.number} AS number"]
    if entity == "params":
        columns.append(f"{one.text} IS NOT NULL AS said")
    found = con.execute(fields.statement(columns), fields.params).fetchnumpy()
    if entity == "params" and (found["said"].any() or _is_discrete(found["number"])):
        return _texts(con, fields, column, clause, numbers=not found["said"].any())
    return _numbers(found["number"], bins, span_of(clause, column), times=times)


def _filled(numbers: Any) -> tuple[Any, int]:
    """The values there are, and how many are missing. DuckDB hands out a mask where some are."""
    import numpy as np

    values = np.ma.compressed(numbers) if np.ma.isMaskedArray(numbers) else numbers
    return values.astype(np.float64), len(numbers) - len(values)


def _is_discrete(numbers: Any) -> bool:
    import numpy as np

    values, _ = _filled(numbers)
    few = np.unique(values[:1_000])  # mostly tells already
    return len(few) <= DISCRETE and len(np.unique(values)) <= DISCRETE


def _numbers(numbers: Any, bins: int, chosen: tuple[float, float] | None, *, times: bool) -> NumberFacet:
    import numpy as np

    values, missing = _filled(numbers)
    finite = values[np.isfinite(values)]
    nonfinite = len(values) - len(finite)
    if not len(finite):
        return NumberFacet([], [], chosen, missing, nonfinite, len(numbers))
    low, high = float(finite.min()), float(finite.max())
    whole = not times and abs(low) < 1e15 and abs(high) < 1e15 and bool((finite == np.floor(finite)).all())
    edges = edges_of(low, high, max(bins, 1), whole=whole, times=times)
    places = np.searchsorted(edges, finite, side="right") - 1
    counts = np.bincount(np.minimum(places, len(edges) - 2), minlength=len(edges) - 1)
    return NumberFacet(edges, counts.tolist(), chosen, missing, nonfinite, len(numbers))


_COUNTED = """
WITH said AS ({said}), counted AS (SELECT t, min(number) AS number, count(*) AS n FROM said GROUP BY t)
SELECT t, n, count(t) OVER (), sum(n) OVER ()::BIGINT FROM counted
ORDER BY t IS NOT NULL, n DESC, t LIMIT {limit}
"""


def _texts(
    con: DuckDBPyConnection, fields: Fields, column: str, clause: Clause | None, *, numbers: bool = False
) -> TextFacet:
    one = fields[column]
    said = fields.statement([f"left({one.said}, {_LONGEST}) AS t", f"{one.number} AS number"])
    rows = con.execute(_COUNTED.format(said=said, limit=TEXTS + 1), fields.params).fetchall()
    missing = rows[0][1] if rows and rows[0][0] is None else 0
    counted = [(text, n) for text, n, *_ in rows if text is not None][:TEXTS]
    if numbers:
        counted.sort(key=lambda value: float(value[0]))
    distinct, total = rows[0][2:] if rows else (0, 0)
    excluded = _named(clause, counted) if isinstance(clause, NotIn) else None
    return TextFacet(counted, _chosen(clause, counted), distinct, missing, total, excluded=excluded)


def _chosen(clause: Clause | None, counted: list[tuple[str, int]]) -> list[str] | None:
    if not isinstance(clause, (In, NotIn)):
        return None
    named = _named(clause, counted)
    return named if isinstance(clause, In) else [text for text, _ in counted if text not in named]


def _named(clause: In | NotIn, counted: list[tuple[str, int]]) -> list[str]:
    return [encodable(value if isinstance(value, str) else _spelled(value, counted)) for value in clause.values]


def _spelled(value: float | bool, counted: list[tuple[str, int]]) -> str:  # noqa: FBT001
    """A number or flag of the filter as the param spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    for text, _ in counted:
        try:
            if float(text) == value:
                return text
        except ValueError:
            continue
    return f"{value:g}"
