"""Conditions into SQL: one statement, every value and every name of the user's a parameter of it.

Each metric, param and tag that is asked for is joined once, by its key; a run that has none has NULL there, and so
matches no comparison, nor its denial, only `IS NULL`. NaN is neither above nor below anything: DuckDB would have it
above all, and `metrics.auc > 0.9` would find the runs that broke.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inlay.query.filter_fields import (
    ATTRIBUTES,
    DATASETS,
    STATUSES,
    attribute_of,
    nearest,
    nearest_attribute,
    status_word,
)
from inlay.query.filter_syntax import Comparison, Condition, Denial, Joined, Key, Order, Value

if TYPE_CHECKING:
    from inlay.query.filter_tokens import Source

_JOINED = {
    "metrics": "SELECT run_id, last AS value FROM series WHERE key = {key} AND count > 0",
    "params": "SELECT run_id, value, coalesce(number, try_cast(value AS DOUBLE)) AS number FROM params"
    " WHERE key = {key}",
    "tags": "SELECT run_id, value, try_cast(value AS DOUBLE) AS number FROM tags WHERE key = {key}",
}
_ORDERED = (">", ">=", "<", "<=", "between")
_MANY_KEYS = 200


class Statement:
    """A statement in the making: its joins, and the parameters that were given away."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.joins: list[str] = []
        self._joined: dict[tuple[str, str], str] = {}

    def param(self, value: Any) -> str:
        """A parameter that holds the value."""
        name = f"p{len(self.params) + 1}"
        self.params[name] = value
        return f"${name}"

    # -- conditions -----------------------------------------------------------------------------------------

    def condition(self, condition: Condition, source: Source) -> str:
        """The SQL of a condition. Raises `QueryError` where a comparison makes no sense."""
        if isinstance(condition, Joined):
            parts = [self.condition(part, source) for part in condition.conditions]
            return "(" + f"\n  {condition.word} ".join(parts) + ")"
        if isinstance(condition, Denial):
            return f"NOT {self.condition(condition.condition, source)}"
        sql = self._comparison(condition, source)
        return f"NOT ({sql})" if condition.negated and condition.operator != "null" else f"({sql})"

    def _comparison(self, one: Comparison, source: Source) -> str:
        if one.key.entity == "datasets":
            return self._dataset(one, source)
        if one.key.entity == "attributes":
            attribute = _attribute(one.key, source)
            return self._attribute(one, attribute, source)
        table = self._join(one.key, source)
        if one.operator == "null":
            return _null(f"{table}.run_id", one)
        if one.key.entity == "metrics":
            return self._numbers(f"{table}.value", one, source)
        return self._texts_or_numbers(table, one, source)

    def _attribute(self, one: Comparison, name: str, source: Source) -> str:
        sql, form = ATTRIBUTES[name].sql, ATTRIBUTES[name].form
        if one.operator == "null":
            return _null(sql, one)
        if form == "number":
            return self._numbers(sql, one, source)
        if form == "time":
            return self._compare(sql, one, [_time(value, source) for value in _no_like(one, "a time", source)])
        if form == "flag":
            return self._compare(sql, one, [_flag(value, source) for value in _no_like(one, "true or false", source)])
        texts = [_text(value, source) for value in one.values]
        if form == "status":
            texts = [_status(value, one, source) for value in one.values]
        elif form == "id" and one.operator in ("=", "!=", "in"):
            texts = [_id(text) for text in texts]
        return self._compare(sql, one, texts)

    def _numbers(self, sql: str, one: Comparison, source: Source) -> str:
        numbers = [_number(value, source) for value in _no_like(one, "a number", source)]
        return self._compare_numbers(sql, one, numbers, source)

    def _compare_numbers(self, sql: str, one: Comparison, numbers: list[float], source: Source) -> str:
        if one.operator not in _ORDERED:
            return self._compare(sql, one, numbers)
        for value, number in zip(one.values, numbers, strict=True):
            if math.isnan(number):
                raise source.error("nan is neither above nor below a number; it is found by = nan", value.at)
        compared = self._compare(sql, one, numbers)
        return f"{compared} AND NOT isnan({sql})" if one.operator in (">", ">=") else compared

    def _texts_or_numbers(self, table: str, one: Comparison, source: Source) -> str:
        """A param or a tag: its number is compared with numbers, its text with texts."""
        forms = {type(value.value) for value in one.values}
        if len(forms) > 1:
            raise source.error("texts and numbers are mixed; give all of one kind", one.values[-1].at)
        if forms == {float} and one.operator not in ("like", "ilike"):
            return self._compare_numbers(f"{table}.number", one, [_number(v, source) for v in one.values], source)
        if forms == {bool}:
            words = ["true" if value.value else "false" for value in _no_like(one, "a text", source)]
            return self._compare(f"lower({table}.value)", one, words)
        for value in one.values:
            if one.operator in _ORDERED and _is_number(str(value.value)):
                message = f"texts are compared letter by letter; write the number without quotes: {value.value}"
                raise source.error(message, value.at)
        return self._compare(f"{table}.value", one, [_text(value, source) for value in one.values])

    def _dataset(self, one: Comparison, source: Source) -> str:
        name = one.key.name.lower()
        if name not in DATASETS:
            near = nearest(name, list(DATASETS))
            hint = f"did you mean {near}?" if near else f"there are {', '.join(DATASETS)}"
            raise source.error(f"datasets have no {one.key.name!r}; {hint}", one.key.at)
        there = "EXISTS (SELECT 1 FROM inputs i WHERE i.run_id = r.run_id"
        if one.operator == "null":
            there += f" AND nullif({DATASETS[name]}, '') IS NOT NULL)"
            return there if one.negated else f"NOT {there}"
        compared = self._compare(DATASETS[name], one, [_text(value, source) for value in one.values])
        return f"{there} AND {compared})"

    def _compare(self, sql: str, one: Comparison, values: list[Any]) -> str:
        given = [self.param(value) for value in values]
        if one.operator == "in":
            return f"{sql} IN ({', '.join(given)})"
        if one.operator == "between":
            return f"{sql} BETWEEN {given[0]} AND {given[1]}"
        return f"{sql} {_SQL.get(one.operator, one.operator)} {given[0]}"

    def _join(self, key: Key, source: Source) -> str:
        """The name of the joined rows that hold this key's value of each run."""
        known = self._joined.get((key.entity, key.name))
        if known is not None:
            return known
        if len(self._joined) >= _MANY_KEYS:
            raise source.error(f"a filter asks for at most {_MANY_KEYS} metrics, params and tags", key.at)
        table = f"k{len(self._joined) + 1}"
        rows = _JOINED[key.entity].format(key=self.param(key.name))
        self.joins.append(f"LEFT JOIN ({rows}) {table} ON {table}.run_id = r.run_id")
        self._joined[key.entity, key.name] = table
        return table

    # -- order ----------------------------------------------------------------------------------------------

    def order(self, order: Order, source: Source) -> list[str]:
        """What to sort by; runs without a value come last, and so do NaN and infinities."""
        way = "DESC" if order.descending else "ASC"
        if order.key.entity == "datasets":
            raise source.error("runs have several datasets and are not sorted by them", order.key.at)
        if order.key.entity == "attributes":
            sql = ATTRIBUTES[_attribute(order.key, source)].sql
            return [f"{sql} {way} NULLS LAST"]
        table = self._join(order.key, source)
        if order.key.entity == "metrics":
            return [f"coalesce(isfinite({table}.value), false) DESC", f"{table}.value {way} NULLS LAST"]
        number = f"{table}.number"
        finite = f"coalesce(isfinite({number}), false) DESC"
        return [f"{table}.run_id IS NULL", finite, f"{number} {way} NULLS LAST", f"{table}.value {way} NULLS LAST"]


_SQL = {"!=": "<>", "like": "LIKE", "ilike": "ILIKE"}


def _null(sql: str, one: Comparison) -> str:
    return f"{sql} IS {'NOT ' if one.negated else ''}NULL"


def _attribute(key: Key, source: Source) -> str:
    name = attribute_of(key.name)
    if name is not None:
        return name
    near = nearest_attribute(key.name)
    if near:
        hint = f"did you mean {near}?"
    elif key.name.lower() == "artifact_uri":
        hint = "artifacts are kept by their content, in the store's folder"
    else:
        hint = f"a metric is written metrics.{key.name}, a param params.{key.name}, a tag tags.{key.name}"
    raise source.error(f"runs have no attribute {key.name!r}; {hint}", key.at)


def _no_like(one: Comparison, wanted: str, source: Source) -> tuple[Value, ...]:
    """The values of a comparison that is not LIKE."""
    if one.operator in ("like", "ilike"):
        message = f"{one.key.name!r} is no text: expected a comparison with {wanted}; found {one.operator.upper()}"
        raise source.error(message, one.at)
    return one.values


def _number(value: Value, source: Source) -> float:
    if isinstance(value.value, bool) or not isinstance(value.value, float):
        raise source.error(f"expected a number; found {source.said(value.at)}", value.at)
    return value.value


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _text(value: Value, source: Source) -> str:
    if not isinstance(value.value, str):
        said = source.said(value.at)
        raise source.error(f"expected a text, such as '{said}'; found {said}", value.at)
    return value.value


def _flag(value: Value, source: Source) -> bool:
    word = str(value.value).lower()
    if word not in ("true", "false"):
        raise source.error(f"expected true or false; found {source.said(value.at)}", value.at)
    return word == "true"


def _status(value: Value, one: Comparison, source: Source) -> str:
    """The status meant, in our spelling. A word that is none would find nothing, for ever."""
    word = status_word(_text(value, source))
    if one.operator in ("=", "!=", "in") and word not in STATUSES:
        near = nearest(word, list(STATUSES))
        hint = f"; did you mean {near}?" if near else ""
        raise source.error(f"no status is {value.value!r}: there are {', '.join(STATUSES)}{hint}", value.at)
    return word


def _id(text: str) -> str:
    """An id as the database spells it: MLflow's have no dashes."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _time(value: Value, source: Source) -> datetime:
    """A time in UTC: from a text of ISO 8601, or from MLflow's milliseconds since 1970."""
    given = value.value
    try:
        if isinstance(given, float):
            return datetime(1970, 1, 1) + timedelta(milliseconds=given)  # noqa: DTZ001 - as the database has it
        moment = datetime.fromisoformat(str(given).strip().replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        message = f"expected a time, such as '2026-11-21' or '2026-11-21 18:30'; found {source.said(value.at)}"
        raise source.error(message, value.at) from None
    return moment if moment.tzinfo is None else moment.astimezone(timezone.utc).replace(tzinfo=None)
