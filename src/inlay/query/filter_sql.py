"""Conditions into SQL: what compares with what, and how.

A run that lacks what is asked for has NULL there, and so matches no comparison, nor its denial, only `IS NULL`. NaN is
neither above nor below anything: DuckDB would have it above all, and `metrics.auc > 0.9` would find runs that broke.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from inlay.query import filter_values as values
from inlay.query.filter_syntax import TEXT_OPERATORS
from inlay.query.filter_terms import Term, term_of
from inlay.query.filter_tree import Comparison, Condition, Denial, Interval, Joined, Key, Order, Value
from inlay.query.filter_values import EXACT, ORDERED

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.filter_joins import Joins
    from inlay.query.filter_tokens import Source
    from inlay.query.filter_tree import Constant, Operator

_SQL = {"!=": "<>", "like": "LIKE", "ilike": "ILIKE"}
_TEXTS = ("text", "status", "id", "loose")


def condition_sql(condition: Condition, joins: Joins, source: Source) -> str:
    """The SQL of a condition. Raises `QueryError` where a comparison makes no sense."""
    if isinstance(condition, Joined):
        parts = [condition_sql(part, joins, source) for part in condition.conditions]
        return "(" + f"\n  {condition.word} ".join(parts) + ")"
    if isinstance(condition, Denial):
        return f"NOT {condition_sql(condition.condition, joins, source)}"
    sql = _comparison(condition, joins, source)
    return f"NOT ({sql})" if condition.negated and condition.operator != "null" else f"({sql})"


def order_sql(order: Order, joins: Joins, source: Source) -> list[str]:
    """What to sort by; runs without a value come last, and so do NaN and infinities."""
    way = "DESC" if order.descending else "ASC"
    term = term_of(order.operand, joins, source)
    if not isinstance(term, Term):
        message = f"expected a key to sort by, such as metrics.auc; found {source.said(term.at)}"
        raise source.error(message, term.at)
    if term.form == "dataset":
        raise source.error("runs have several datasets and are not sorted by them", term.at)
    if term.form == "loose":
        finite = f"coalesce(isfinite({term.number}), false) DESC"
        by_number, by_text = f"{term.number} {way} NULLS LAST", f"{term.sql} {way} NULLS LAST"
        return [finite, by_number, by_text]
    if term.form in ("number", "span"):
        return [f"coalesce(isfinite({term.sql}::DOUBLE), false) DESC", f"{term.sql} {way} NULLS LAST"]
    return [f"{term.sql} {way} NULLS LAST"]


def _comparison(one: Comparison, joins: Joins, source: Source) -> str:
    parts = [term_of(operand, joins, source) for operand in (one.operand, *one.values)]
    terms = [part for part in parts if isinstance(part, Term)]
    if not terms:
        said = source.text[one.operand.at.start : one.operand.at.end]
        raise source.error(f"expected a key on one side, such as metrics.auc or status; found {said}", one.operand.at)
    found = _Found(one, parts, terms, joins, source)
    datasets = [place for place, term in enumerate(terms) if term.form == "dataset"]
    if not datasets:
        return found.sql()
    if datasets != [0] or not isinstance(parts[0], Term):
        raise source.error("a dataset stands on the left, and is compared with texts", terms[datasets[-1]].at)
    run = "r.parent_run_id" if isinstance(one.operand, Key) and one.operand.parent else "r.run_id"
    if one.operator == "null":
        there = _USED.format(run=run, condition=f"nullif({parts[0].sql}, '') IS NOT NULL")
        return there if one.negated else f"NOT {there}"
    return _USED.format(run=run, condition=found.sql())


_USED = "EXISTS (SELECT 1 FROM inputs i WHERE i.run_id = {run} AND {condition})"


class _Found:
    """A comparison whose operands are SQL already: finds out what they are compared as."""

    def __init__(
        self,
        one: Comparison,
        parts: list[Term | Value | Interval],
        terms: list[Term],
        joins: Joins,
        source: Source,
    ) -> None:
        self._one = one
        self._operator: Operator = one.operator
        self._parts = parts
        self._terms = terms
        self._joins = joins
        self._source = source

    def sql(self) -> str:
        if self._operator == "null":
            return f"{self._terms[0].sql} IS {'NOT ' if self._one.negated else ''}NULL"
        if self._operator in TEXT_OPERATORS:
            return self._text_match()
        if self._operator == "in":
            self._only_constants()
        leading = next((term for term in self._terms if term.form != "loose"), None)
        if leading is None:
            return self._loose()
        if leading.form in ("number", "span"):
            return self._numbers(leading)
        return self._others(leading)

    # -- texts ----------------------------------------------------------------------------------------------

    def _text_match(self) -> str:
        left, right = self._parts
        one = self._one
        if not isinstance(left, Term):
            raise self._source.error(f"expected a key before {one.operator.upper()}", left.at)
        if left.form not in (*_TEXTS, "dataset"):
            said = one.operand.name if isinstance(one.operand, Key) else self._source.said(left.at)
            message = f"{said!r} is no text: expected a comparison with {left.expected}; found {one.operator.upper()}"
            raise self._source.error(message, one.at)
        if isinstance(right, Term):
            said = self._source.said(right.at)
            raise self._source.error(f"expected a text behind {one.operator.upper()}; found {said}", right.at)
        if one.operator == "rlike":
            pattern = self._joins.param(values.pattern(right, self._source))
            return self._joins.once_a_row(f"regexp_matches({left.sql}, {pattern})", left.sql)
        given = values.text(right, self._source)
        if left.form == "status":
            given = values.status(right, one.operator, self._source)
        if one.operator == "contains":
            found = f"contains(lower({left.sql}), lower({self._joins.param(given)}))"
        else:
            found = f"{left.sql} {_SQL[one.operator]} {self._joins.param(given)}"
        return self._joins.once_a_row(found, left.sql)

    # -- numbers --------------------------------------------------------------------------------------------

    def _numbers(self, leading: Term) -> str:
        sides = []
        for part in self._parts:
            if not isinstance(part, Term):
                sides.append(self._joins.param(self._given_number(part, leading)))
            elif part.form == "loose" and leading.form == "number":
                sides.append(part.number)
            elif part.form in ("number", "span") and (part.form == leading.form or part.seconds or leading.seconds):
                sides.append(part.sql)
            else:
                self._refuse(part, leading)
        return self._without_nan(sides)

    def _given_number(self, part: Constant, leading: Term) -> float:
        if leading.form == "span":
            return values.span(part, self._source)
        return values.ordered_number(part, self._operator, self._source, seconds=leading.seconds)

    def _without_nan(self, sides: list[str]) -> str:
        """The comparison, in which NaN is neither above nor below anything.

        Where only constants stand on the right, a NaN is above, and never below them.
        """
        compared = self._compared(sides)
        if self._operator not in ORDERED:
            return compared
        if isinstance(self._parts[0], Term) and len(self._terms) == 1:
            return f"{compared} AND NOT isnan({sides[0]})" if self._operator in (">", ">=") else compared
        terms = [side for part, side in zip(self._parts, sides, strict=True) if isinstance(part, Term)]
        known = " AND ".join(f"{term} IS NOT NULL" for term in terms)  # or one NaN decided for a missing one
        return f"CASE WHEN {known} THEN {compared} AND {' AND '.join(f'NOT isnan({term})' for term in terms)} END"

    # -- params and tags ------------------------------------------------------------------------------------

    def _loose(self) -> str:
        """Params and tags alone: their numbers are compared with numbers, their texts with texts."""
        constants = [part for part in self._parts if not isinstance(part, Term)]
        kinds = {type(part.value) if isinstance(part, Value) else Interval for part in constants}
        if not kinds:
            return self._two_loose()
        if len(kinds) > 1:
            return self._mixed(constants)
        if kinds == {bool}:
            words = self._sides(lambda one: "true" if values.flag(one, self._source) else "false")
            return self._compared([f"lower({side})" if side in self._texts() else side for side in words])
        if kinds == {str}:
            for part in constants:
                given = values.text(part, self._source)
                if self._operator in ORDERED and values.is_number(given):
                    message = f"texts are compared letter by letter; write the number without quotes: {given}"
                    raise self._source.error(message, part.at)
            return self._compared(self._sides(lambda one: values.text(one, self._source)))
        sides = [
            part.number
            if isinstance(part, Term)
            else self._joins.param(values.ordered_number(part, self._operator, self._source))
            for part in self._parts
        ]
        return self._without_nan(sides)

    def _two_loose(self) -> str:
        """As numbers where both are, else as texts; the order is one of numbers."""
        numbers, texts = [term.number for term in self._terms], self._texts()
        if self._operator in ORDERED:
            return self._without_nan(numbers)
        both = " AND ".join(f"{number} IS NOT NULL" for number in numbers)
        return f"CASE WHEN {both} THEN {self._compared(numbers)} ELSE {self._compared(texts)} END"

    def _mixed(self, constants: list[Constant]) -> str:
        """A list of texts and numbers: in one half of it or in the other."""
        left, odd = self._parts[0], constants[-1]
        if self._operator != "in" or not isinstance(left, Term):
            raise self._source.error("texts and numbers are mixed; give all of one kind", odd.at)
        numbers = [part for part in constants if isinstance(part, Value) and isinstance(part.value, float)]
        texts = [part for part in constants if part not in numbers]
        as_numbers = ", ".join(self._joins.param(part.value) for part in numbers)
        as_texts = ", ".join(self._joins.param(values.text(part, self._source)) for part in texts)
        either = [f"coalesce({left.number} IN ({as_numbers}), false)", f"{left.sql} IN ({as_texts})"]
        return "(" + " OR ".join(either) + ")"

    def _texts(self) -> list[str]:
        return [term.sql for term in self._terms]

    def _sides(self, read: Callable[[Constant], str]) -> list[str]:
        return [part.sql if isinstance(part, Term) else self._joins.param(read(part)) for part in self._parts]

    # -- times, flags and all that is text --------------------------------------------------------------------

    def _others(self, leading: Term) -> str:
        sides = []
        for part in self._parts:
            if not isinstance(part, Term):
                sides.append(self._constant(part, leading))
            elif part.form == leading.form or (leading.form in _TEXTS and part.form in _TEXTS):
                sides.append(part.sql)
            else:
                self._refuse(part, leading)
        return self._compared(sides)

    def _constant(self, part: Constant, leading: Term) -> str:
        if leading.form == "time":
            return f"{self._joins.param(values.time(part, self._source))}::TIMESTAMP"
        if leading.form == "flag":
            return self._joins.param(values.flag(part, self._source))
        if leading.form == "status":
            return self._joins.param(values.status(part, self._operator, self._source))
        given = values.text(part, self._source)
        return self._joins.param(values.run_id(given) if leading.form == "id" and self._operator in EXACT else given)

    # -- together -------------------------------------------------------------------------------------------

    def _compared(self, sides: list[str]) -> str:
        left = sides[0]
        if self._operator == "in":
            return f"{left} IN ({', '.join(sides[1:])})"
        if self._operator == "between":
            return f"{left} BETWEEN {sides[1]} AND {sides[2]}"
        return f"{left} {_SQL.get(self._operator, self._operator)} {sides[1]}"

    def _only_constants(self) -> None:
        left = self._parts[0]
        if not isinstance(left, Term):
            raise self._source.error(f"expected a key before IN; found {self._source.said(left.at)}", left.at)
        for part in self._parts[1:]:
            if isinstance(part, Term) and part.form != "time":
                said = self._source.said(part.at)
                raise self._source.error(f"expected a value in the list; found {said}", part.at)

    def _refuse(self, part: Term, leading: Term) -> NoReturn:
        said = self._source.said(part.at)
        other = self._source.said(leading.at)
        message = f"{other} is {leading.said}, {said} is {part.said}: they do not compare"
        raise self._source.error(message, part.at)
