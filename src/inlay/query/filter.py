"""The filter language: `metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')` as one SQL statement.

MLflow's filter strings mean here what they mean there; docs/filters.md has what is more. filter_tokens.py cuts the
text, filter_syntax.py and filter_operands.py know the grammar, filter_fields.py the names, filter_tree.py has what was
read; filter_terms.py, filter_sql.py and filter_joins.py write the statement.
"""

from __future__ import annotations

import numbers
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inlay.query.filter_fields import KEYED, nearest, spelled
from inlay.query.filter_joins import Joins
from inlay.query.filter_sql import condition_sql, order_sql
from inlay.query.filter_syntax import parse, parse_order
from inlay.query.filter_tokens import Source
from inlay.query.filter_tree import keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Selection:
    """One statement that gives the ids of runs in order, and the values it is run with."""

    sql: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """The parts of a statement about the runs of a filter, to select more than their ids:

        SELECT ... FROM runs r LEFT JOIN experiments e USING (experiment_id) {joins} WHERE {condition} ORDER BY {order}

    `params` are named p1, p2 ...; whoever adds some names them otherwise. Joined rows are named k1, l1 ... and `among`.
    """

    joins: str
    condition: str
    order: str
    params: dict[str, Any]


def select_runs(
    text: str = "",
    *,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    experiment: str | None = None,
    deleted: bool | None = False,
    within: Sequence[str] | None = None,
) -> Selection:
    """The statement that finds the runs of a filter: newest first, or sorted by `order_by`.

    `order_by` is an operand or several, each with `ASC` or `DESC`: `"metrics.auc DESC, started_at"`. `deleted` is False
    for runs that were not deleted, True for those that were, None for both. `within`: only runs of these ids, in their
    order where none is asked for.

    Raises `QueryError` with the place in the text, `TypeError` and `ValueError` for what is no text, no list of texts,
    no ids, or no number of runs.
    """
    where = where_runs(text, order_by=order_by, experiment=experiment, deleted=deleted, within=within)
    lines = ["SELECT r.run_id::VARCHAR", "FROM runs r", "LEFT JOIN experiments e USING (experiment_id)"]
    if where.joins:
        lines.append(where.joins)
    if where.condition != "true":
        lines.append(f"WHERE {where.condition}")
    lines.append(f"ORDER BY {where.order}")
    params = where.params
    if limit is not None:
        name = f"p{len(params) + 1}"
        lines.append(f"LIMIT ${name}")
        params = {**params, name: _limit(limit)}
    return Selection("\n".join(lines), params)


def where_runs(
    text: str = "",
    *,
    order_by: str | Sequence[str] | None = None,
    experiment: str | None = None,
    deleted: bool | None = False,
    within: Sequence[str] | None = None,
) -> Where:
    """What `select_runs` selects from, to select other things of the same runs. Raises as it does."""
    if not isinstance(text, str):
        msg = f'a filter is a text such as "metrics.auc > 0.9"; got {text!r} of type {type(text).__name__}'  # type: ignore[unreachable]
        raise TypeError(msg)
    condition = parse(text)
    orders = [(one, Source(keys)) for keys in _orders(order_by) for one in parse_order(keys)]
    joins = Joins([*keys_of(condition), *(key for one, _ in orders for key in keys_of(one.operand))])
    conditions = _of_deletion(deleted)
    if experiment is not None:
        conditions.append(f"coalesce(e.name, 'default') = {joins.param(_experiment(experiment))}")
    if condition is not None:
        conditions.append(condition_sql(condition, joins, Source(text)))
    sorting = [part for one, source in orders for part in order_sql(one, joins, source)]
    if within is not None:
        place = joins.among(_ids(within))
        sorting = sorting or [place]
    return Where(
        "\n".join(joins.lines()),
        "\n  AND ".join(conditions) or "true",
        ", ".join([*sorting, "r.started_at DESC", "r.run_id DESC"]),
        joins.params,
    )


def strangers(con: DuckDBPyConnection, text: str) -> list[str]:
    """For a filter that found nothing: a sentence for each metric, param or tag that no run has."""
    said = []
    for entity, name in dict.fromkeys((key.entity, key.name) for key in keys_of(parse(text))):
        if entity not in KEYED:
            continue
        known = [key for (key,) in con.execute(_KNOWN[entity]).fetchall()]
        if name not in known:
            near = nearest(name, known) or next((key for key in known if key.lower() == name.lower()), None)
            hint = f"; did you mean {entity}.{spelled(near)}?" if near else ""
            said.append(f"no run has a {entity.removesuffix('s')} {name!r}{hint}")
    return said


_KNOWN = {
    "metrics": "SELECT DISTINCT key FROM series WHERE count > 0",
    "params": "SELECT DISTINCT key FROM params",
    "tags": "SELECT DISTINCT key FROM tags",
}


def _of_deletion(deleted: bool | None) -> list[str]:  # noqa: FBT001 - one of three
    if deleted is None:
        return []
    return ["r.deleted_at IS NOT NULL" if deleted else "r.deleted_at IS NULL"]


def _experiment(given: object) -> str:
    if isinstance(given, str):
        return given
    msg = f"experiment is the name of one; got {given!r} of type {type(given).__name__}"
    raise TypeError(msg)


def _ids(given: Sequence[str]) -> str:
    """Ids of runs as one text, each of them once."""
    if isinstance(given, str):
        msg = f"within is a list of ids of runs; got the text {given!r}"
        raise TypeError(msg)
    try:
        joined = ",".join(dict.fromkeys(given))
        if not _IDS.fullmatch(joined):  # a tenth of the time that UUID takes
            joined = ",".join(dict.fromkeys(str(UUID(one)) for one in given))
    except (ValueError, AttributeError, TypeError):
        msg = "within is a list of ids of runs, such as run.run_id"
        raise ValueError(msg) from None
    return joined or _NOBODY


_IDS = re.compile("(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:,(?!$)|$))*")
_NOBODY = str(UUID(int=0))


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
    return min(int(given), _MOST)


_MOST = 2**63 - 1  # what DuckDB counts up to
