"""Statistics of many columns over groups of runs, in one look at each table.

A join for each metric would cost 13 ms a metric at 100,000 runs; rows of all of them, grouped by their key as well,
cost a tenth of a second for ten. Values that are not finite are counted apart: one NaN would make every mean NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.query.table_fields import Fields
from inlay.query.table_scope import encodable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_scope import Scope

Codes = tuple[str, ...]
"""What tells a group from others: the code (`table_fields.value_of`) of each column that is grouped by."""


@dataclass(frozen=True, slots=True)
class Stat:
    """A metric over the runs of a group, of its finite values; all None where there are none."""

    mean: float | None
    std: float | None
    """Of a sample (n - 1); None of fewer than two values."""
    min: float | None
    max: float | None
    n: int
    nonfinite: int = 0
    """Runs whose value is NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A param or a tag over the runs of a group; `numbers` where it is a number in some of them."""

    code: str | None
    """Of one of the values that are no number; None where all are."""
    distinct: int
    n: int
    texts: int
    """How many values are none."""
    numbers: Stat


def metric_statistics(
    con: DuckDBPyConnection,
    scope: Scope,
    by: Sequence[str],
    keys: Sequence[str] | None,
    summary: Mapping[str, str] | None = None,
) -> Iterator[tuple[Codes, str, Stat]]:
    """For each group and metric that some run of it has: codes, key, and its statistics. `keys` None: all metrics."""
    summary = summary or {}
    fields = Fields(scope)
    params: dict[str, Any] = {}
    value = "last"
    for shown in ("min", "max"):
        named = [encodable(key) for key in keys or () if summary.get(f"metrics.{key}") == shown]
        if named:
            value = f"CASE WHEN key IN (SELECT unnest(${shown}_keys)) THEN {shown} ELSE {value} END"
            params[f"{shown}_keys"] = named
    condition = "count > 0"
    if keys is not None:
        condition += " AND key IN (SELECT unnest($keys))"
        params["keys"] = [encodable(key) for key in keys]
    codes, keyed = _keyed(fields, by)
    sql = keyed + _METRICS.format(value=value, codes=codes, condition=condition, stat=_STAT, finite=_FINITE)
    for row in con.execute(sql, fields.params | params).fetchall():
        yield row[: len(by)], row[len(by) + 1], Stat(*row[len(by) + 2 :])


_STAT = """avg(f), CASE WHEN greatest(max(f), -min(f)) < 1e150 THEN stddev_samp(s) END, min(f), max(f),
       count(f), count(v) - count(f)"""
# Columns once, not a condition in each aggregate: a third faster. Of what is beyond 1e150 the square is infinite, and
# the database refuses a variance of that.
_FINITE = """v, CASE WHEN isfinite(v) THEN v END AS f, CASE WHEN isfinite(v) AND abs(v) < 1e150 THEN v END AS s"""
# Groups get a number first: rows of a million are grouped by that in half the time that texts take.
_PLACED = """WITH keyed AS MATERIALIZED ({keyed}),
groups AS MATERIALIZED (SELECT *, row_number() OVER () AS number FROM (SELECT DISTINCT {codes} FROM keyed)),
placed AS MATERIALIZED (SELECT run_id, number FROM keyed JOIN groups USING ({codes})),
"""
_METRICS = """
logged AS (SELECT run_id, key, coalesce({value}, 'nan'::DOUBLE) AS v FROM series WHERE {condition}),
numbers AS (SELECT run_id, key, {finite} FROM logged),
counted AS (SELECT number, key, {stat} FROM numbers JOIN placed USING (run_id) GROUP BY number, key)
SELECT {codes}, counted.* EXCLUDE (number) FROM counted JOIN groups USING (number)
"""


def text_statistics(
    con: DuckDBPyConnection, scope: Scope, by: Sequence[str], entity: str, keys: Sequence[str]
) -> Iterator[tuple[Codes, str, Texts]]:
    """For each group and param, or tag, that some run of it has: codes, key, and its values."""
    fields = Fields(scope)
    codes, keyed = _keyed(fields, by)
    sql = keyed + _TEXTS.format(codes=codes, stat=_STAT, finite=_FINITE, rows=_ROWS[entity])
    params = fields.params | {"keys": [encodable(key) for key in keys]}
    for row in con.execute(sql, params).fetchall():
        code, distinct, n, texts = row[len(by) + 2 : len(by) + 6]
        yield row[: len(by)], row[len(by) + 1], Texts(code, distinct, n, texts, Stat(*row[len(by) + 6 :]))


_ROWS = {
    "params": "SELECT run_id, key, number AS v, CASE WHEN number IS NULL THEN left(type, 1) || value END AS code"
    " FROM params",
    "tags": "SELECT run_id, key, NULL::DOUBLE AS v, 's' || value AS code FROM tags",
}
_TEXTS = """
said AS ({rows} WHERE key IN (SELECT unnest($keys))),
numbers AS (SELECT run_id, key, code, {finite} FROM said),
counted AS (
    SELECT number, key, min(code), count(DISTINCT code) + count(DISTINCT v), count(*), count(*) - count(v), {stat}
    FROM numbers JOIN placed USING (run_id) GROUP BY number, key
)
SELECT {codes}, counted.* EXCLUDE (number) FROM counted JOIN groups USING (number)
"""


def _keyed(fields: Fields, by: Sequence[str]) -> tuple[str, str]:
    """The names of the codes (and of one that is the same for all runs, as there may be none else), and the CTEs that
    number the groups and say which one a run belongs to.
    """
    codes = [f"g{place}" for place in range(len(by))]
    columns = [f"{fields[column].code} AS {code}" for column, code in zip(by, codes, strict=True)]
    keyed = fields.statement(["r.run_id AS run_id", *columns, "'' AS every"])
    names = ", ".join([*codes, "every"])
    return names, _PLACED.format(keyed=keyed, codes=names)
