"""Operands into SQL: keys, times, aggregates and arithmetic, each with what it can be compared with.

Numbers are DOUBLE, so that nothing overflows into an error; what is divided by zero is missing. The difference of two
times is a number of seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from inlay.query import filter_values as values
from inlay.query.filter_fields import ATTRIBUTES, DATASETS, attribute_of, nearest, nearest_attribute
from inlay.query.filter_tree import Aggregate, Arithmetic, Interval, Key, Moment, Operand, Value

if TYPE_CHECKING:
    from inlay.query.filter_joins import Joins
    from inlay.query.filter_tokens import Source, Token

Form = Literal["text", "number", "span", "time", "flag", "status", "id", "loose", "dataset"]

_MOMENTS = {
    "now": "(now() AT TIME ZONE 'UTC')",
    "today": "date_trunc('day', now() AT TIME ZONE 'UTC')",
    "yesterday": "(date_trunc('day', now() AT TIME ZONE 'UTC') - to_days(1))",
}
_SAID = {
    "number": "a number", "span": "a length of time", "time": "a time", "flag": "true or false", "text": "a text",
    "status": "a status", "id": "an id", "loose": "a param or tag", "dataset": "a text",
}  # fmt: skip
_EXPECTED = {"number": "a number", "span": "an interval", "time": "a time", "flag": "true or false"}


@dataclass(frozen=True, slots=True)
class Term:
    """An operand as SQL, NULL where a run has no such thing.

    A param or tag is `loose`: `sql` is its text, and `number` what it is as a number. `seconds`: a number that may be
    compared with an interval.
    """

    sql: str
    form: Form
    at: Token
    number: str = ""
    seconds: bool = False

    @property
    def said(self) -> str:
        return _SAID[self.form]

    @property
    def expected(self) -> str:
        """What it is to be compared with, where it is no text."""
        return _EXPECTED[self.form]


def term_of(operand: Operand, joins: Joins, source: Source) -> Term | Value | Interval:
    """The SQL of an operand; a constant stays one, for only what it is compared with says what it means."""
    if isinstance(operand, (Value, Interval)):
        return operand
    if isinstance(operand, Key):
        return _key(operand, joins, source)
    if isinstance(operand, Moment):
        return Term(_MOMENTS[operand.name], "time", operand.at)
    if isinstance(operand, Aggregate):
        return _aggregate(operand, joins, source)
    return _arithmetic(operand, joins, source)


def _key(key: Key, joins: Joins, source: Source) -> Term:
    if key.entity == "metrics":
        return Term(joins.keyed("metrics", key, "last", source), "number", key.at)
    if key.entity in ("params", "tags"):
        text, number = (joins.keyed(key.entity, key, column, source) for column in ("value", "number"))
        return Term(text, "loose", key.at, number)
    if key.entity == "datasets":
        name = key.name.lower()
        if name not in DATASETS:
            near = nearest(name, list(DATASETS))
            hint = f"did you mean {near}?" if near else f"there are {', '.join(DATASETS)}"
            raise source.error(f"datasets have no {key.name!r}; {hint}", key.at)
        return Term(DATASETS[name], "dataset", key.at)
    attribute = ATTRIBUTES[_attribute(key, source)]
    sql = joins.attribute(attribute, parent=key.parent)
    if attribute.form == "seconds":
        return Term(sql, "number", key.at, seconds=True)
    return Term(sql, attribute.form, key.at)


def _attribute(key: Key, source: Source) -> str:
    name = attribute_of(key.name)
    if name is not None:
        return name
    near = nearest_attribute(key.name)
    before = "parent." if key.parent else ""
    if near:
        hint = f"did you mean {before}{near}?"
    elif key.name.lower() == "artifact_uri":
        hint = "artifacts are kept by their content, in the store's folder"
    else:
        ways = [f"{what} {before}{entity}.{key.name}" for what, entity in _WAYS]
        hint = ", ".join(ways)
    raise source.error(f"runs have no attribute {key.name!r}; {hint}", key.at)


_WAYS = (("a metric is written", "metrics"), ("a param", "params"), ("a tag", "tags"))


def _aggregate(one: Aggregate, joins: Joins, source: Source) -> Term:
    rows = "means" if one.function == "mean" else "metrics"
    sql = joins.keyed(rows, one.key, one.function, source)
    return Term(f"coalesce({sql}, 0)" if one.function == "count" else sql, "number", one.at)


# -- arithmetic -----------------------------------------------------------------------------------------------


def _arithmetic(one: Arithmetic, joins: Joins, source: Source) -> Term:
    left, right = term_of(one.left, joins, source), term_of(one.right, joins, source)
    forms = (_part(left), _part(right))
    if one.sign in "+-" and ("time" in forms or (_is_text(left) and forms[1] == "span")):
        return _with_time(one, left, right, joins, source)
    numbers = [_amount(part, joins, source) for part in (left, right)]
    spans = forms.count("span")
    form: Form = "span" if spans else "number"
    if one.sign in "+-":
        if spans == 1:
            odd = right if forms[0] == "span" else left
            _refuse(odd, "an interval, such as interval '5 minutes'", source)
    elif one.sign == "*":
        if spans == 2:
            _refuse(right, "a number", source)
    elif spans == 2 or (spans == 1 and forms[1] == "span"):
        if spans == 1:
            _refuse(right, "a number", source)
        form = "number"
    divisor = f"nullif({numbers[1]}, 0)" if one.sign == "/" else numbers[1]
    sql = f"({numbers[0]} {one.sign} {divisor})"
    return Term(sql, form, one.at)


def _part(part: Term | Value | Interval) -> str:
    if isinstance(part, Interval):
        return "span"
    return part.form if isinstance(part, Term) else "value"


def _amount(part: Term | Value | Interval, joins: Joins, source: Source) -> str:
    """A number, or a number of seconds, to calculate with."""
    if isinstance(part, Interval):
        return joins.param(values.span(part, source))
    if isinstance(part, Value):
        return joins.param(values.number(part, source))
    if part.form == "loose":
        return part.number
    if part.form not in ("number", "span"):
        _refuse(part, "a number", source)
    return f"{part.sql}::DOUBLE"


def _with_time(
    one: Arithmetic, left: Term | Value | Interval, right: Term | Value | Interval, joins: Joins, source: Source
) -> Term:
    """A time and a length of time, or the time between two."""
    if one.sign == "-" and (_part(right) == "time" or _is_text(right)):
        sql = f"(epoch({_moment(left, joins, source)}) - epoch({_moment(right, joins, source)}))"
        return Term(sql, "span", one.at)
    time, length = (right, left) if _part(right) == "time" else (left, right)
    base = _moment(time, joins, source)
    if isinstance(length, Interval):
        months, rest = joins.param(length.months), joins.param(round(length.seconds * 1e6))
        moved = f"{base} {one.sign} to_months({months}::INTEGER) {one.sign} to_microseconds({rest}::BIGINT)"
    elif isinstance(length, Term) and (length.form == "span" or length.seconds):
        moved = f"{base} {one.sign} to_microseconds(({length.sql} * 1e6)::BIGINT)"
    else:
        _refuse(length, "an interval, such as interval '1 day'", source)
    sql = f"try({moved})"  # what is beyond the calendar is missing
    return Term(sql, "time", one.at)


def _is_text(part: Term | Value | Interval) -> bool:
    return isinstance(part, Value) and isinstance(part.value, str)


def _moment(part: Term | Value | Interval, joins: Joins, source: Source) -> str:
    if isinstance(part, Term):
        if part.form != "time":
            _refuse(part, "a time", source)
        return part.sql
    return f"{joins.param(values.time(part, source))}::TIMESTAMP"


def _refuse(part: Term | Value | Interval, wanted: str, source: Source) -> NoReturn:
    said = source.said(part.at)
    what = f" {said}, {part.said}" if isinstance(part, Term) else f" {said}"
    raise source.error(f"expected {wanted}; found{what}", part.at)
