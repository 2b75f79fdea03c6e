"""The filter language: `metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')` as one SQL statement.

MLflow's filter strings mean here what they mean there; beyond them there are OR, NOT, parentheses, IN and BETWEEN
everywhere, and params that are compared as numbers. filter_tokens.py cuts the text, filter_syntax.py knows the grammar,
filter_fields.py the names, and filter_sql.py writes the statement.
"""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.query.filter_fields import nearest
from inlay.query.filter_sql import Statement
from inlay.query.filter_syntax import Comparison, Denial, Joined, parse, parse_order
from inlay.query.filter_tokens import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.filter_syntax import Condition, Key


@dataclass(frozen=True, slots=True)
class Selection:
    """One statement that gives the ids of runs in order, and the values it is run with."""

    sql: str
    params: dict[str, Any]


def select_runs(
    text: str = "",
    *,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    experiment: str | None = None,
    deleted: bool | None = False,
) -> Selection:
    """The statement that finds the runs of a filter: newest first, or sorted by `order_by`.

    `order_by` is a key or several, each with `ASC` or `DESC`: `"metrics.auc DESC, started_at"`. `deleted` is False for
    runs that were not deleted, True for those that were, None for both. Raises `QueryError` with the place in the text,
    `TypeError` and `ValueError` for what is no text, no list of texts, or no number of runs.
    """
    if not isinstance(text, str):
        msg = f'a filter is a text such as "metrics.auc > 0.9"; got {text!r} of type {type(text).__name__}'  # type: ignore[unreachable]
        raise TypeError(msg)
    statement = Statement()
    conditions = _of_deletion(deleted)
    if experiment is not None:
        conditions.append(f"coalesce(e.name, 'default') = {statement.param(_experiment(experiment))}")
    condition = parse(text)
    if condition is not None:
        conditions.append(statement.condition(condition, Source(text)))
    sorting = []
    for keys in _orders(order_by):
        sorting += [part for one in parse_order(keys) for part in statement.order(one, Source(keys))]
    lines = ["SELECT r.run_id::VARCHAR", "FROM runs r", "LEFT JOIN experiments e USING (experiment_id)"]
    lines += statement.joins
    if conditions:
        lines.append("WHERE " + "\n  AND ".join(conditions))
    lines.append("ORDER BY " + ", ".join([*sorting, "r.started_at DESC", "r.run_id DESC"]))
    if limit is not None:
        lines.append(f"LIMIT {statement.param(_limit(limit))}")
    return Selection("\n".join(lines), statement.params)


def strangers(con: DuckDBPyConnection, text: str) -> list[str]:
    """For a filter that found nothing: a sentence for each metric, param or tag that no run has."""
    said = []
    for entity, name in dict.fromkeys((key.entity, key.name) for key in _keys(parse(text))):
        if entity not in _KNOWN:
            continue
        known = [key for (key,) in con.execute(_KNOWN[entity]).fetchall()]
        if name not in known:
            near = nearest(name, known) or next((key for key in known if key.lower() == name.lower()), None)
            hint = f"; did you mean {entity}.{_spelled(near)}?" if near else ""
            said.append(f"no run has a {entity.removesuffix('s')} {name!r}{hint}")
    return said


_KNOWN = {
    "metrics": "SELECT DISTINCT key FROM series WHERE count > 0",
    "params": "SELECT DISTINCT key FROM params",
    "tags": "SELECT DISTINCT key FROM tags",
}


def _keys(condition: Condition | None) -> Iterator[Key]:
    if isinstance(condition, Comparison):
        yield condition.key
    elif isinstance(condition, Denial):
        yield from _keys(condition.condition)
    elif isinstance(condition, Joined):
        for part in condition.conditions:
            yield from _keys(part)


def _spelled(name: str) -> str:
    """A name as a filter takes it."""
    plain = all(character.isalnum() or character in "_./:@-" for character in name) and name[:1].isalnum()
    return name if plain and name[-1:].isalnum() else '"' + name.replace('"', '""') + '"'


def _of_deletion(deleted: bool | None) -> list[str]:  # noqa: FBT001 - one of three
    if deleted is None:
        return []
    return ["r.deleted_at IS NOT NULL" if deleted else "r.deleted_at IS NULL"]


def _experiment(given: object) -> str:
    if isinstance(given, str):
        return given
    msg = f"experiment is the name of one; got {given!r} of type {type(given).__name__}"
    raise TypeError(msg)


def _orders(given: object) -> list[str]:
    if given is None:
        return []
    orders = [given] if isinstance(given, str) else given
    if isinstance(orders, (list, tuple)) and all(isinstance(one, str) for one in orders):
        return [one for one in orders if one.strip()]
    msg = f'order_by is a key such as "metrics.auc DESC", or a list of them; got {given!r}'
    raise TypeError(msg)


def _limit(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, numbers.Integral):
        msg = f"limit is a number of runs; got {given!r} of type {type(given).__name__}"
        raise TypeError(msg)
    if int(given) < 0:
        msg = f"limit is a number of runs, 0 or more; got {given!r}"
        raise ValueError(msg)
    return int(given)
