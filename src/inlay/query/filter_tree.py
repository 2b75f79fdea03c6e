"""What a filter says, once it is read: conditions, and the operands that they compare.

Every part knows its place in the text: errors point there, and a facet takes out just its own conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inlay.query.filter_tokens import Token

Operator = Literal[
    "=", "!=", ">", ">=", "<", "<=", "like", "ilike", "rlike", "contains", "in", "between", "null"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A metric, param or tag by its name, an attribute of the run, or what is known of its datasets.

    `parent`: of the run's parent, not of the run.
    """

    entity: str
    name: str
    at: Token
    parent: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A text, a number, true or false."""

    value: str | float | bool
    at: Token


@dataclass(frozen=True, slots=True)
class Interval:
    """A length of time; months are kept apart, since they differ in length."""

    months: int
    seconds: float
    at: Token


@dataclass(frozen=True, slots=True)
class Moment:
    """`now()`, `today()`, `yesterday()`."""

    name: str
    at: Token


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`max(metrics.acc)`: one number of the history of a metric."""

    function: str
    key: Key
    at: Token


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+`, `-`, `*` or `/` of two operands."""

    sign: str
    left: Operand
    right: Operand
    at: Token


Constant = Value | Interval
Operand = Key | Value | Interval | Moment | Aggregate | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """`values` holds one operand; two for BETWEEN, several for IN, none for NULL. `at` is the operator."""

    operand: Operand
    operator: Operator
    values: tuple[Operand, ...]
    negated: bool
    at: Token
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Denial:
    """NOT."""

    condition: Condition
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by AND or by OR."""

    word: Literal["AND", "OR"]
    conditions: tuple[Condition, ...]
    start: int
    end: int


Condition = Comparison | Denial | Joined


@dataclass(frozen=True, slots=True)
class Order:
    """What runs are sorted by."""

    operand: Operand
    descending: bool


def keys_of(part: Condition | Operand | None) -> Iterator[Key]:
    """Every key that is asked for, in the order of the text."""
    if isinstance(part, Key):
        yield part
    elif isinstance(part, Aggregate):
        yield part.key
    elif isinstance(part, Arithmetic):
        yield from keys_of(part.left)
        yield from keys_of(part.right)
    elif isinstance(part, Comparison):
        for operand in (part.operand, *part.values):
            yield from keys_of(operand)
    elif isinstance(part, Denial):
        yield from keys_of(part.condition)
    elif isinstance(part, Joined):
        for condition in part.conditions:
            yield from keys_of(condition)
