"""Which columns a run table shows: those that were chosen, or the ones a reader most likely wants.

The choice is made once for a table, from the runs it was made of: columns that come and go with every filter would keep
nobody oriented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.filter_syntax import parse_order
from inlay.query.filter_tree import Key
from inlay.query.run_columns import SHOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from inlay.query.run_columns import Column
    from inlay.query.run_query import RunQuery

FIRST = ("name", "status", "started_at", "duration_s")
PARAMS, METRICS, TAGS = 8, 8, 3
SENT = 1_000
"""The most columns that travel with a table; the others come when somebody looks for them."""


def usual_columns(columns: Sequence[Column], differ: Collection[str], sorted_by: Sequence[str] = ()) -> list[str]:
    """The columns of a table that nobody chose any for; `differ` are those in which its runs do. What the runs come
    sorted by is what somebody wants to see of them: it stands next to the name.
    """
    params = [one for one in columns if one.entity == "params" and one.id in differ]
    metrics = [one for one in columns if one.entity == "metrics"]
    tags = [one for one in columns if one.entity == "tags"]
    first = [FIRST[0], *(one for one in sorted_by if one not in FIRST), *FIRST[1:]]
    usual = [*first, *_frequent(params, PARAMS), *_frequent(metrics, METRICS), *_frequent(tags, TAGS)]
    return list(dict.fromkeys(usual))


def order_of(query: RunQuery) -> list[list[str]]:
    """What the runs of a query come sorted by, as the order of a table; empty where that is no order of columns."""
    order = []
    for one in (one for keys in query.order_by for one in parse_order(keys)):
        key = one.operand
        if not isinstance(key, Key) or key.parent or key.entity == "datasets":
            return []
        if key.entity == "attributes" and key.name not in SHOWN:
            return []
        column = key.name if key.entity == "attributes" else f"{key.entity}.{key.name}"
        order.append([column, "desc" if one.descending else "asc"])
    return order


def _frequent(columns: Sequence[Column], limit: int) -> list[str]:
    """Those that most runs have, in the order there is."""
    kept = sorted(columns, key=lambda one: -one.runs)[:limit]
    return [one.id for one in columns if one in kept]


def listed_columns(state: Mapping[str, Any], usual: Sequence[str], known: Mapping[str, Column]) -> list[str]:
    """The columns to show, pinned ones first. One that no run has any more stays where it was chosen; an attribute that
    there is none of, in a state from elsewhere, does not.
    """
    chosen = usual if state["columns"] is None else state["columns"]
    names = dict.fromkeys([*state["pinned"], *chosen])
    return [name for name in names if "." in name or name in known]


def differing_columns(shown: Sequence[str], differ: Collection[str], state: Mapping[str, Any]) -> list[str]:
    """Of the columns shown those in which the runs differ, and those that were pinned or are sorted by."""
    kept = {"name", *state["pinned"], *(column for column, _ in state["order"])}
    return [name for name in shown if name in differ or name in kept]


def sent_columns(columns: Sequence[Column], shown: Collection[str]) -> list[dict[str, Any]]:
    """The columns as they travel: all of a usual store; of thousands the shown ones, and the most frequent."""
    if len(columns) <= SENT:
        return [one.as_json() for one in columns]
    frequent = {one.id for one in sorted(columns, key=lambda one: -one.runs)[:SENT]}
    return [one.as_json() for one in columns if one.id in frequent or one.id in shown]
