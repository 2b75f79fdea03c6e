"""The columns in which runs differ.

Among many runs most columns differ, and a few runs show that already: the rest are asked about only where those agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.filter_fields import column_key
from inlay.query.table_arrangement import Arrangement
from inlay.query.table_fields import Fields
from inlay.query.table_scope import Scope, encodable, of_ids, scope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_scope import Chosen

_FEW = 100


def differing(con: DuckDBPyConnection, chosen: Arrangement | Chosen, columns: Sequence[str]) -> set[str]:
    """Those of the columns whose values differ among these runs; of one run none.

    A value differs from none. NaN is NaN; 1 and 1.0 are one value, 1 and "1" are two. Of metrics the last values are
    compared. Raises `QueryError` for an attribute that there is none of.
    """
    there = None  # of ids that somebody else gives, some may be gone
    if isinstance(chosen, Arrangement):
        # Its ids may lack the baseline, which it is compared with.
        few, chosen = _spread(chosen.ids), chosen.scope
    elif isinstance(chosen, (list, tuple)):
        few = _spread(chosen)
    else:
        chosen = scope_of(con, chosen)
        found = con.execute(chosen.statement("r.run_id::VARCHAR", rest=f"LIMIT {_FEW}"), chosen.where.params)
        few = [run_id for (run_id,) in found.fetchall()]
        there = len(few)
    differ = _differing(con, of_ids(few), columns, there)
    if len(few) < _FEW and not isinstance(chosen, Scope):
        return differ
    left = [column for column in columns if column not in differ]
    return differ | _differing(con, scope_of(con, chosen), left) if left else differ


def _spread(ids: Sequence[str]) -> list[str]:
    """A few of them from everywhere."""
    return [ids[place * len(ids) // _FEW] for place in range(_FEW)] if len(ids) > _FEW else list(ids)


def _differing(con: DuckDBPyConnection, scope: Scope, columns: Sequence[str], runs: int | None = None) -> set[str]:
    """`runs` is how many there are, where that is known."""
    keyed: dict[str, list[str]] = {}
    fields, attributes = Fields(scope), []
    for column in columns:
        entity, key = column_key(column)
        if entity == "attributes":
            attributes.append(column)
        else:
            keyed.setdefault(entity, []).append(key)
    asked = [f"min({fields[one].code}) <> max({fields[one].code})" for one in attributes]
    unlike: Sequence[bool] = ()
    if runs is None or attributes:
        runs, *unlike = con.execute(fields.statement(["count(*)", *asked]), fields.params).fetchone() or (0,)
    found = {column for column, differs in zip(attributes, unlike, strict=True) if differs}
    for entity, keys in keyed.items():
        params = scope.params | {"keys": [encodable(key) for key in keys]}
        rows = con.execute(_KEYED[entity].format(among=scope.among()), params).fetchall()
        found |= {f"{entity}.{key}" for key, n, differs in rows if differs or n < runs}
    return found


# NaN is above all numbers here and equal to itself.
_KEYED = {
    "metrics": """
        SELECT key, count(*), min(v) <> max(v)
        FROM (SELECT key, coalesce(last, 'nan'::DOUBLE) AS v, run_id FROM series WHERE count > 0)
        WHERE key IN (SELECT unnest($keys)) AND {among} GROUP BY key
    """,
    "params": """
        SELECT key, count(*), CASE WHEN count(number) = count(*) THEN min(number) <> max(number)
                                   ELSE count(number) > 0 OR min(type) <> max(type) OR min(value) <> max(value) END
        FROM params WHERE key IN (SELECT unnest($keys)) AND {among} GROUP BY key
    """,
    "tags": """
        SELECT key, count(*), min(value) <> max(value)
        FROM tags WHERE key IN (SELECT unnest($keys)) AND {among} GROUP BY key
    """,
}
