"""The lowest and the highest value of columns, for their colour scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.filter_fields import column_key
from inlay.query.table_arrangement import Arrangement
from inlay.query.table_fields import SUMMARIES, Fields
from inlay.query.table_scope import encodable, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_scope import Chosen, Scope


def ranges(
    con: DuckDBPyConnection,
    chosen: Arrangement | Chosen,
    columns: Sequence[str],
    summary: Mapping[str, str] | None = None,
) -> dict[str, tuple[float, float]]:
    """The lowest and the highest finite number of each column over these runs; columns without one are left out.

    `summary` is `min` or `max` for metrics that show that. Raises `QueryError` for an attribute that there is none of.
    """
    scope = chosen.scope if isinstance(chosen, Arrangement) else scope_of(con, chosen)
    found: dict[str, tuple[float, float]] = {}
    keyed: dict[str, list[str]] = {"metrics": [], "params": []}
    fields, attributes = Fields(scope), []
    for column in columns:
        entity, key = column_key(column)
        if entity in keyed:
            keyed[entity].append(key)
        elif entity == "attributes":
            attributes.append(column)
    for shown in SUMMARIES:
        keys = [key for key in keyed["metrics"] if (summary or {}).get(f"metrics.{key}", "last") == shown]
        found |= _ends(con, scope, "metrics", shown, keys)
    found |= _ends(con, scope, "params", "number", keyed["params"])
    if attributes:
        asked = [f"{way}({fields[column].number})" for column in attributes for way in ("min", "max")]
        ends = con.execute(fields.statement(asked), fields.params).fetchone() or ()
        pairs = zip(attributes, ends[::2], ends[1::2], strict=True)
        found |= {column: (low, high) for column, low, high in pairs if low is not None}
    return {column: found[column] for column in columns if column in found}


def _ends(
    con: DuckDBPyConnection, scope: Scope, entity: str, value: str, keys: Sequence[str]
) -> dict[str, tuple[float, float]]:
    if not keys:
        return {}
    sql = _ENDS.format(table=_TABLES[entity], value=value, among=scope.among())
    rows = con.execute(sql, scope.params | {"keys": [encodable(key) for key in keys]}).fetchall()
    return {f"{entity}.{key}": (low, high) for key, low, high in rows}


_TABLES = {"metrics": "series", "params": "params"}
_ENDS = """
SELECT key, min({value}), max({value}) FROM {table}
WHERE key IN (SELECT unnest($keys)) AND isfinite({value}) AND {among} GROUP BY key
"""
