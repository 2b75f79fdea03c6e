"""A filter with the part that a column's facet says replaced; all else stays as the user typed it.

What a facet says of a column is a condition of the filter like any other: whoever brushes a histogram reads it in the
filter bar, and can type it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inlay.query.filter_fields import ATTRIBUTES, attribute_of, column_key, field_of
from inlay.query.filter_syntax import parse
from inlay.query.filter_tree import Comparison, Denial, Joined, Key, Value

if TYPE_CHECKING:
    from inlay.query.filter_tree import Condition


@dataclass(frozen=True, slots=True)
class Between:
    """From `lo` to `hi`, both of them included: numbers, of a time milliseconds since 1970, or texts such as dates."""

    lo: float | str
    hi: float | str


@dataclass(frozen=True, slots=True)
class In:
    """One of these values; none of them finds no run."""

    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class NotIn:
    """Some value, but none of these."""

    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """No value."""


Clause = Between | In | NotIn | Missing


def refine(text: str, column: str, clause: Clause | None) -> str:
    """The filter with what it says of a column replaced by the clause, or, without one, taken out.

    Of the conditions that are joined by AND at the top those count that a facet makes: `=`, IN, BETWEEN, a pair of `>=`
    and `<=`, IS NULL, of the column and constants, and their denials. Raises `QueryError` where the filter cannot be
    read.
    """
    condition = parse(text)
    added = None if clause is None else clause_text(column, clause)
    if condition is None:
        return text if added is None else added
    if isinstance(condition, Joined) and condition.word == "OR":
        return text if added is None else f"({text.strip()}) AND {added}"
    parts = condition.conditions if isinstance(condition, Joined) and len(condition.conditions) > 1 else (condition,)
    gone = _of_column(parts, column)
    if not gone:
        return text if added is None else f"{text.rstrip()} AND {added}"
    return _replaced(text, parts, gone, added)


def clause_text(column: str, clause: Clause) -> str:
    """A clause as a filter says it: `metrics.auc BETWEEN 0.5 AND 0.9`."""
    field = field_of(column)
    if isinstance(clause, Missing):
        return f"{field} IS NULL"
    if isinstance(clause, Between):
        return f"{field} BETWEEN {_bound(column, clause.lo)} AND {_bound(column, clause.hi)}"
    if not clause.values:  # nothing is chosen, or nothing is left out
        return f"{field} IS NULL AND {field} IS NOT NULL" if isinstance(clause, In) else f"{field} IS NOT NULL"
    word = "IN" if isinstance(clause, In) else "NOT IN"
    return f"{field} {word} ({', '.join(_written(value) for value in clause.values)})"


def _bound(column: str, value: str | float) -> str:
    """A bound; of a time as a date that can be read."""
    entity, name = column_key(column)
    if isinstance(value, str) or entity != "attributes" or name not in ATTRIBUTES or ATTRIBUTES[name].form != "time":
        return _written(value)
    try:
        return f"'{datetime(1970, 1, 1) + timedelta(milliseconds=value)}'"  # noqa: DTZ001 - as the database has it
    except OverflowError:
        return _written(value)


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return str(value).lower()
    whole = float(value).is_integer() and abs(value) < _WHOLE
    return repr(int(value)) if whole else repr(float(value))


_WHOLE = 1e15


def _of_column(parts: tuple[Condition, ...], column: str) -> set[int]:
    """The places of the conditions that a facet of this column may have made."""
    found: set[int] = set()
    bounds: dict[str, int] = {}
    for place, part in enumerate(parts):
        one = _plain(part)
        if one is None or not _asks(one, column):
            continue
        if one.operator in ("=", "!=", "in", "between", "null"):
            found.add(place)
        elif one.operator in (">=", "<=") and one is part:
            bounds.setdefault(one.operator, place)
    return found | (set(bounds.values()) if len(bounds) == 2 else set())


def _plain(part: Condition) -> Comparison | None:
    """The comparison of a condition that is one, or its denial, in parentheses or not."""
    while not isinstance(part, Comparison):
        if isinstance(part, Denial):
            part = part.condition
        elif len(part.conditions) == 1:
            part = part.conditions[0]
        else:
            return None
    return part


def _asks(one: Comparison, column: str) -> bool:
    """Whether the column is compared with constants."""
    key = one.operand
    if not isinstance(key, Key) or key.parent or not all(isinstance(value, Value) for value in one.values):
        return False
    name = attribute_of(key.name) or key.name if key.entity == "attributes" else key.name
    return (key.entity, name) == column_key(column)


def _replaced(text: str, parts: tuple[Condition, ...], gone: set[int], added: str | None) -> str:
    """The text without some of its conditions, each with the AND before it; the clause where the first of them was."""
    first = min(gone)
    pieces: list[str] = []
    for place, part in enumerate(parts):
        between = text[parts[place - 1].end : part.start] if place else text[: part.start]
        said = text[part.start : part.end] if place not in gone else (added if place == first else None)
        if said is None:
            continue
        if not pieces:
            between = text[: parts[0].start]  # the AND that was behind the first ones goes with them
        pieces.append(between + said)
    return "".join(pieces) + text[parts[-1].end :] if pieces else ""
