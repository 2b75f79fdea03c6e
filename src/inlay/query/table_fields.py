"""Columns of the run table as SQL: what is sorted, counted and grouped by, whatever the column holds.

A column may be an attribute, a metric, a param or a tag; params hold numbers and texts under one key. So every column
has a number (NULL where it is none), a text (NULL where it is a number), and a code: one text that tells every two
values apart, and is empty where a run has none. A key is always a parameter, and joined once however often it is used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.errors import QueryError
from inlay.query.filter_fields import ATTRIBUTES, column_key, nearest_attribute
from inlay.query.table_scope import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inlay.query.table_scope import Scope

SUMMARIES = ("last", "min", "max")
LONGEST = 300
"""Characters of a text that are sent; longer ones are told apart by their hash."""
_EXACT = 2**53
_NO_NUMBER, _NO_TEXT = "NULL::DOUBLE", "NULL::VARCHAR"

_KEYED = {
    # The least and the largest value leave NaN out: where there is nothing else, that is what they are.
    "metrics": "SELECT run_id, coalesce({summary}, 'nan'::DOUBLE) AS value FROM series WHERE key = {key} AND count > 0",
    "params": "SELECT run_id, value, number, type FROM params WHERE key = {key}",
    "tags": "SELECT run_id, value FROM tags WHERE key = {key}",
}
_CUT = "CASE WHEN length({t}) > 300 THEN left({t}, 300) || '… ' || left(md5({t}), 8) ELSE {t} END"


@dataclass(frozen=True, slots=True)
class Field:
    """A column in SQL; each of these is an expression over the statement's joins."""

    number: str
    """A DOUBLE, NULL where the value is none; of times Unix seconds."""
    text: str
    """A VARCHAR, NULL where the value is a number."""
    code: str
    """A VARCHAR that is never NULL, read by `value_of`."""
    said: str
    """A VARCHAR: what a filter compares with texts; NULL for columns of numbers."""
    sorted: tuple[str, ...]
    """What to sort by, each without its direction."""

    def order(self, direction: str) -> list[str]:
        """Terms of an ORDER BY: finite numbers, then NaN and infinities, then texts; what is missing comes last."""
        way = "DESC" if direction == "desc" else "ASC"
        first = [] if self.number == _NO_NUMBER else [f"coalesce(isfinite({self.sorted[0]}), false) DESC"]
        return [*first, *(f"{one} {way} NULLS LAST" for one in self.sorted)]


class Fields:
    """The columns of a statement in the making, with its joins and its parameters."""

    def __init__(self, scope: Scope, summary: Mapping[str, str] | None = None) -> None:
        self.scope = scope
        self.params: dict[str, Any] = dict(scope.params)
        self._summary = summary or {}
        self._joins: list[str] = []
        self._known: dict[str, Field] = {}

    def __getitem__(self, column: str) -> Field:
        """The column's SQL. Raises `QueryError` for an attribute that no run has."""
        known = self._known.get(column)
        if known is None:
            known = self._known[column] = self._field(column)
        return known

    def param(self, value: Any) -> str:
        """A parameter that holds the value."""
        name = f"c{len(self.params) + 1}"
        self.params[name] = value
        return f"${name}"

    def statement(self, columns: Sequence[str], rest: str = "") -> str:
        """A SELECT of these columns over the runs of the scope."""
        return self.scope.statement(", ".join(columns), self._joins, rest)

    def _field(self, column: str) -> Field:
        entity, key = column_key(column)
        if entity == "attributes":
            return _attribute(checked_attribute(column))
        table = f"c{len(self._joins) + 1}"
        summary = self._summary.get(column, "last")
        if summary not in SUMMARIES:
            raise QueryError(f"the summary of a metric is one of {', '.join(SUMMARIES)}; got {summary!r}")
        rows = _KEYED[entity].format(key=self.param(encodable(key)), summary=summary)
        self._joins.append(f"LEFT JOIN ({rows}) {table} ON {table}.run_id = r.run_id")
        if entity == "metrics":
            return _number(f"{table}.value")
        if entity == "tags":
            return _text(f"{table}.value")
        return _param(table)


def checked_attribute(column: str) -> str:
    """The name of an attribute. Raises `QueryError` with the nearest name when there is none of this one."""
    _, name = column_key(column)
    if name in ATTRIBUTES and ATTRIBUTES[name].table is None:
        return name
    near = None if name in ATTRIBUTES else nearest_attribute(name)
    hint = f"; did you mean {near}?" if near else ""
    raise QueryError(f"there is no column {column!r}{hint}")


def value_of(code: str) -> Any:
    """The value behind a code: None, a number, a flag, or a text; of params that are neither, their JSON."""
    kind, rest = code[:1], code[1:]
    if kind == "n":
        return plain_number(float(rest))
    if kind == "b":
        return rest == "true"
    if kind == "j" and rest in ("true", "false"):
        return rest == "true"
    return rest if kind else None


def plain_number(value: float) -> float | int:
    """A whole number as one, where it is exact."""
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def name_of(codes: Sequence[str]) -> str:
    """The values behind codes as JSON, which names a group: no two groups have the same."""
    return json.dumps([_named(code) for code in codes], ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _named(code: str) -> Any:
    value = value_of(code)
    if isinstance(value, float) and value - value != 0:  # NaN or infinite, which JSON has not
        return {"number": code[1:]}
    return {"json": value} if code[:1] == "j" and isinstance(value, str) else value


def _attribute(name: str) -> Field:
    sql, form = ATTRIBUTES[name].sql, ATTRIBUTES[name].form
    if form == "time":
        seconds = f"epoch({sql})"
        return Field(seconds, _NO_TEXT, f"coalesce('n' || {seconds}::VARCHAR, '')", _NO_TEXT, (sql,))
    if form in ("number", "seconds"):
        return _number(f"{sql}::DOUBLE")
    if form == "flag":
        text = f"CASE {sql} WHEN true THEN 'true' WHEN false THEN 'false' END"
        return Field(_NO_NUMBER, text, f"coalesce('b' || {text}, '')", text, (sql,))
    return _text(sql)


def _number(sql: str) -> Field:
    return Field(sql, _NO_TEXT, f"coalesce('n' || {sql}::VARCHAR, '')", _NO_TEXT, (sql,))


def _text(sql: str) -> Field:
    return Field(_NO_NUMBER, sql, f"coalesce('s' || {_CUT.format(t=sql)}, '')", sql, (sql,))


def _param(table: str) -> Field:
    number, value = f"{table}.number", f"{table}.value"
    text = f"CASE WHEN {number} IS NULL THEN {value} END"
    code = (
        f"CASE WHEN {number} IS NOT NULL THEN 'n' || {number}::VARCHAR"
        f" WHEN {value} IS NULL THEN ''"
        f" WHEN {table}.type = 'json' THEN 'j' || {_CUT.format(t=value)} ELSE 's' || {_CUT.format(t=value)} END"
    )
    as_number = f"coalesce({number}, try_cast({value} AS DOUBLE))"
    return Field(number, text, code, value, (as_number, value))
