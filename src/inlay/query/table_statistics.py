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

    code: str
    """Of one of the values."""
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
    sql = _METRICS.format(
        keyed=keyed,
        value=value,
        codes="".join(f"{code}, " for code in codes),
        condition=condition,
        stat=_STAT,
        finite=_FINITE,
    )
    for row in con.execute(sql, fields.params | params).fetchall():
        yield row[: len(by)], row[len(by)], Stat(*row[len(by) + 1 :])


_STAT = """avg(f), CASE WHEN greatest(max(f), -min(f)) < 1e150 THEN stddev_samp(s) END, min(f), max(f),
       count(f), count(v) - count(f)"""
# Columns once, not a condition in each aggregate: a third faster. Of what is beyond 1e150 the square is infinite, and
# the database refuses a variance of that.
_FINITE = """v, CASE WHEN isfinite(v) THEN v END AS f, CASE WHEN isfinite(v) AND abs(v) < 1e150 THEN v END AS s"""
_METRICS = """
WITH keyed AS ({keyed}),
logged AS (SELECT run_id, key, coalesce({value}, 'nan'::DOUBLE) AS v FROM series WHERE {condition}),
numbers AS (SELECT run_id, key, {finite} FROM logged)
SELECT {codes}key, {stat} FROM numbers JOIN keyed USING (run_id) GROUP BY {codes}key
"""


def text_statistics(
    con: DuckDBPyConnection, scope: Scope, by: Sequence[str], entity: str, keys: Sequence[str]
) -> Iterator[tuple[Codes, str, Texts]]:
    """For each group and param, or tag, that some run of it has: codes, key, and its values."""
    fields = Fields(scope)
    codes, keyed = _keyed(fields, by)
    sql = _TEXTS.format(
        keyed=keyed, codes="".join(f"{code}, " for code in codes), stat=_STAT, finite=_FINITE, rows=_ROWS[entity]
    )
    params = fields.params | {"keys": [encodable(key) for key in keys]}
    for row in con.execute(sql, params).fetchall():
        code, distinct, n, texts = row[len(by) + 1 : len(by) + 5]
        yield row[: len(by)], row[len(by)], Texts(code, distinct, n, texts, Stat(*row[len(by) + 5 :]))


_ROWS = {
    "params": "SELECT run_id, key, number AS v, CASE WHEN number IS NOT NULL THEN 'n' || number::VARCHAR"
    " ELSE left(type, 1) || value END AS code FROM params",
    "tags": "SELECT run_id, key, NULL::DOUBLE AS v, 's' || value AS code FROM tags",
}
_TEXTS = """
WITH keyed AS ({keyed}),
said AS ({rows} WHERE key IN (SELECT unnest($keys))),
numbers AS (SELECT run_id, key, code, {finite} FROM said)
SELECT {codes}key, min(code), count(DISTINCT code), count(*), count(*) - count(v), {stat}
FROM numbers JOIN keyed USING (run_id) GROUP BY {codes}key
"""


def _keyed(fields: Fields, by: Sequence[str]) -> tuple[list[str], str]:
    """The names of the codes, and the statement that gives them for each run."""
    codes = [f"g{place}" for place in range(len(by))]
    columns = [f"{fields[column].code} AS {code}" for column, code in zip(by, codes, strict=True)]
    return codes, fields.statement(["r.run_id AS run_id", *columns])
