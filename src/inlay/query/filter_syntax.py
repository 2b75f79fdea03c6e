"""The grammar of the filter language: tokens into conditions. filter_operands.py has what stands on their sides.

    either     = all { OR all }
    all        = denial { AND denial }
    denial     = { NOT } ( "(" either ")" | comparison )
    comparison = sum ( sign sum | IS [NOT] NULL | [NOT] IN "(" sum { "," sum } ")" | [NOT] BETWEEN sum AND sum
                     | [NOT] ( LIKE | ILIKE | RLIKE | CONTAINS ) sum )

MLflow's filters are a part of this language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from inlay.query.filter_cursor import Cursor
from inlay.query.filter_operands import read_operand
from inlay.query.filter_tree import Comparison, Condition, Denial, Joined, Operand, Operator, Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.filter_tokens import Token

SIGNS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<=",
}  # fmt: skip
TEXT_OPERATORS: tuple[Operator, ...] = ("like", "ilike", "rlike", "contains")
_BEHIND_OPERANDS = ("in", "between", "is", *TEXT_OPERATORS)


def parse(text: str) -> Condition | None:
    """The condition that a filter says; None for an empty one. Raises `QueryError` with the place in the text."""
    if not text.strip():  # SQLGlot takes a tenth of a second to load
        return None
    cursor = Cursor(text)
    condition = _either(cursor)
    if cursor.next().form != "end":
        raise cursor.expected("AND, OR or the end", cursor.next())
    return condition


def parse_order(text: str) -> list[Order]:
    """What `metrics.auc DESC, started_at` sorts by. Raises `QueryError` with the place in the text."""
    cursor = Cursor(text)
    found = []
    while True:
        operand = read_operand(cursor, first=True)
        descending = cursor.next().is_word("desc")
        if cursor.next().is_word("asc", "desc"):
            cursor.take()
        found.append(Order(operand, descending))
        if cursor.next().form == "end":
            return found
        cursor.take_sign(",", "ASC, DESC, a comma or the end")


def _either(cursor: Cursor) -> Condition:
    return _joined(cursor, "OR", _all)


def _all(cursor: Cursor) -> Condition:
    return _joined(cursor, "AND", _denial)


def _joined(cursor: Cursor, word: Literal["AND", "OR"], part: Callable[[Cursor], Condition]) -> Condition:
    start = cursor.next().start
    found = [part(cursor)]
    while cursor.skip_word(word.lower()):
        found.append(part(cursor))
    return found[0] if len(found) == 1 else Joined(word, tuple(found), start, cursor.end)


def _denial(cursor: Cursor) -> Condition:
    token = cursor.next()
    if token.is_word("not"):
        cursor.deeper()
        cursor.take()
        condition: Condition = Denial(_denial(cursor), token.start, cursor.end)
    elif token.is_sign("(") and not _is_operand(cursor.behind_parentheses()):
        cursor.deeper()
        cursor.take()
        inside = _either(cursor)
        cursor.take_sign(")", "AND, OR or ) for the ( that is open")
        condition = Joined("AND", (inside,), token.start, cursor.end)
    else:
        return _comparison(cursor)
    cursor.higher()
    return condition


def _is_operand(behind: Token) -> bool:
    """Whether parentheses held an operand, from what comes behind them."""
    if behind.form == "sign":
        return behind.value in SIGNS or behind.value in "+-*/"
    return behind.is_word("not", *_BEHIND_OPERANDS)


def _comparison(cursor: Cursor) -> Comparison:
    start = cursor.next().start
    operand = read_operand(cursor, first=True)
    at = cursor.next()

    def compared(operator: Operator, *values: Operand, negated: bool = False) -> Comparison:
        return Comparison(operand, operator, values, negated, at, start, cursor.end)

    if at.is_word("is"):
        cursor.take()
        negated = cursor.skip_word("not")
        cursor.take_word("null", "NULL" if negated else "NULL or NOT NULL")
        return compared("null", negated=negated)
    if at.form == "sign" and at.value in SIGNS:
        cursor.take()
        return compared(SIGNS[at.value], read_operand(cursor))
    negated = cursor.skip_word("not")
    word = cursor.next()
    for operator in TEXT_OPERATORS:
        if word.is_word(operator):
            cursor.take()
            return compared(operator, read_operand(cursor), negated=negated)
    if word.is_word("in"):
        cursor.take()
        return compared("in", *_list(cursor), negated=negated)
    if word.is_word("between"):
        cursor.take()
        low = read_operand(cursor)
        cursor.take_word("and", "AND and the upper bound")
        return compared("between", low, read_operand(cursor), negated=negated)
    wanted = "an operator (= != > >= < <= LIKE ILIKE RLIKE CONTAINS IN BETWEEN IS)"
    raise cursor.expected("LIKE, ILIKE, RLIKE, CONTAINS, IN or BETWEEN" if negated else wanted, word)


def _list(cursor: Cursor) -> list[Operand]:
    cursor.take_sign("(", "( and the list of values")
    found = [read_operand(cursor)]
    while cursor.next().is_sign(","):
        cursor.take()
        found.append(read_operand(cursor))
    cursor.take_sign(")", "a comma or )")
    return found
