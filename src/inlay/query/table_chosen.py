"""What a filter says of a column at present, for the column's facet to show: the counterpart of `refinement.refine`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from inlay.errors import QueryError
from inlay.query.filter_fields import ATTRIBUTES, attribute_of, column_key
from inlay.query.filter_syntax import parse
from inlay.query.filter_tree import Comparison, Joined, Key, Value
from inlay.query.refinement import Between, In, Missing, NotIn

if TYPE_CHECKING:
    from inlay.query.filter_tree import Condition
    from inlay.query.refinement import Clause


def chosen_of(text: str, column: str) -> Clause | None:
    """The clause on this column among those that AND joins at the top: BETWEEN (or `>=` and `<=`), IN or `=`, NOT IN or
    `!=`, IS NULL. None where there is none, or the filter cannot be read.
    """
    try:
        condition = parse(text)
    except QueryError:
        return None
    bounds: dict[str, float | str] = {}
    for one in _joined(condition):
        if not _asks(one, column):
            continue
        values = [value.value for value in one.values if isinstance(value, Value)]
        if one.operator == "null" and not one.negated:
            return Missing()
        if one.operator == "between" and not one.negated:
            return Between(values[0], values[1])
        if one.operator in ("in", "=", "!="):
            return NotIn(tuple(values)) if one.negated or one.operator == "!=" else In(tuple(values))
        if one.operator in (">=", "<="):
            bounds.setdefault(one.operator, values[0])
    return Between(bounds[">="], bounds["<="]) if len(bounds) == 2 else None


def span_of(clause: Clause | None, column: str) -> tuple[float, float] | None:
    """The numbers between which a clause chooses; of times Unix seconds. None where it does not say."""
    if not isinstance(clause, Between):
        return None
    ends = _number(clause.lo, column), _number(clause.hi, column)
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _number(value: float | str, column: str) -> float | None:
    entity, name = column_key(column)
    of_time = entity == "attributes" and name in ATTRIBUTES and ATTRIBUTES[name].form == "time"
    if not isinstance(value, str):
        return value / 1000 if of_time else float(value)
    try:
        if not of_time:
            return float(value)
        moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _joined(condition: Condition | None) -> list[Comparison]:
    if isinstance(condition, Comparison):
        return [condition]
    if isinstance(condition, Joined) and (condition.word == "AND" or len(condition.conditions) == 1):
        return [one for part in condition.conditions for one in _joined(part)]
    return []


def _asks(one: Comparison, column: str) -> bool:
    """Whether the column is compared with constants."""
    key = one.operand
    if not isinstance(key, Key) or key.parent or not all(isinstance(value, Value) for value in one.values):
        return False
    name = attribute_of(key.name) or key.name if key.entity == "attributes" else key.name
    return (key.entity, name) == column_key(column)
