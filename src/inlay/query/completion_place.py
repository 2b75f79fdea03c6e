"""What can stand at a place of a half-typed filter: an operand, an operator, a value of some key, AND.

The text before the word that is being typed is read loosely: what makes no sense is stepped over, for it may do so once
the rest is typed.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inlay.errors import QueryError
from inlay.query.filter_cursor import Cursor
from inlay.query.filter_fields import AGGREGATES, ENTITIES, MOMENTS, attribute_of, entity_of
from inlay.query.filter_operands import KEYWORDS, read_key
from inlay.query.filter_syntax import SIGNS, TEXT_OPERATORS

if TYPE_CHECKING:
    from inlay.query.filter_tree import Key

Wanted = Literal[
    "operand", "metric", "operator", "negated", "null", "value", "text", "interval", "list", "bound", "joined"
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is: the word there from `start` to `end`, and what is wanted.

    `typed` is the word up to the cursor without its quotes, a key as a column id has it; `key` the one on the left.
    """

    start: int
    end: int
    typed: str
    wanted: Wanted
    key: Key | None = None
    open: bool = False
    """Whether a parenthesis is open."""

    @property
    def column(self) -> str | None:
        """The id of the column that is compared; that of a parent's key is the run's own."""
        if self.key is None or self.key.entity == "datasets":
            return None
        if self.key.entity == "attributes":
            return attribute_of(self.key.name)
        return f"{self.key.entity}.{self.key.name}"


def place_of(text: str, cursor: int) -> Place | None:
    """What is at the cursor; None where the text before it cannot be cut into words."""
    cursor = max(0, min(cursor, len(text)))
    start, quote = _word(text[:cursor])
    rest = re.match(r"[\w./:@-]*", text[cursor:])
    end = cursor + (rest.end() if rest and start < cursor else 0)
    if quote and text[end : end + 1] == quote:
        end += 1
    try:
        reader = _Reader(text[:start])
    except QueryError:
        return None
    return Place(start, end, _typed(text[start:cursor], quote), reader.wanted, reader.key, reader.groups > 0)


_ENTITY = "|".join(ENTITIES)
_KEYED = re.compile(rf"(?:parent\.)?(?:(?:{_ENTITY})\.)[\w./:@-]*$|parent\.\w*$|\w+$", re.IGNORECASE)
_ENTITY_BEFORE = re.compile(rf"(?:parent\.)?(?:{_ENTITY})\.$", re.IGNORECASE)


def _word(before: str) -> tuple[int, str]:
    """Where the word begins that is being typed, and the quote that is open in it."""
    opened = None
    for place, character in enumerate(before):
        if opened is None and character in "'\"`":
            opened = place
        elif opened is not None and character == before[opened]:
            opened = None
    if opened is not None:
        entity = _ENTITY_BEFORE.search(before, 0, opened) if before[opened] != "'" else None
        return (entity.start() if entity else opened), before[opened]
    found = _KEYED.search(before)
    return (found.start() if found else len(before)), ""


def _typed(word: str, quote: str) -> str:
    if quote:
        before, _, inside = word.partition(quote)
        word = before + inside.replace(quote * 2, quote)
    head, dot, name = word.partition(".")
    if dot and head.lower() == "parent":
        return f"parent.{_typed(name, '')}"
    entity = entity_of(head) if dot else None
    return f"{entity}.{name}" if entity and entity != "attributes" else (name if entity else word)


class _Reader:
    """Goes through a text that need make no sense, and knows what it wants at its end."""

    def __init__(self, text: str) -> None:
        self._cursor = Cursor(text)
        self.wanted: Wanted = "operand"
        self.key: Key | None = None
        self.groups = 0
        self._in_list = self._bound = False
        while self._cursor.next().form != "end":
            self._step()

    def _step(self) -> None:
        token = self._cursor.next()
        if token.is_word("and", "or", "not") or token.form == "sign":
            self._cursor.take()
            (self._sign if token.form == "sign" else self._word)(token.value.lower())
        elif self.wanted in ("operand", "metric", "value", "text", "list", "interval"):
            self._operand()
        else:
            self._cursor.take()
            self._word(token.value.lower())

    def _operand(self) -> None:
        token = self._cursor.next()
        left = self.wanted in ("operand", "metric")
        key = None
        if token.is_word("interval"):
            self._cursor.take()
            self.wanted = "interval"
            return
        if (
            token.form == "word"
            and self._cursor.next(1).is_sign("(")
            and token.value.lower() in (*AGGREGATES, *MOMENTS)
        ):
            self._function()
        elif token.form in ("word", "name") and not token.is_word(*KEYWORDS):
            with contextlib.suppress(QueryError):
                key = read_key(self._cursor)
        else:
            self._cursor.take()
        if self.wanted == "metric":
            return
        if left:
            self.key = key
        if self.wanted == "interval" and self._cursor.next().form == "word" and token.form == "number":
            self._cursor.take()
        self.wanted = "operator" if left else ("bound" if self._bound else "joined")

    def _function(self) -> None:
        """`now()`, or `max(` with its metric; what is still open wants a metric."""
        name = self._cursor.take()
        self._cursor.take()
        if name.value.lower() in AGGREGATES:
            if self._cursor.next().form == "end":
                self.wanted = "metric"
                return
            try:
                read_key(self._cursor)
            except QueryError:
                self._cursor.take()
        if self._cursor.next().is_sign(")"):
            self._cursor.take()

    def _sign(self, sign: str) -> None:
        if sign == "(":
            self.groups += 1
            self._in_list = self.wanted == "list"
            self.wanted = "value" if self._in_list else self.wanted
        elif sign == ")":
            self.groups = max(0, self.groups - 1)
            self.wanted, self._in_list = "joined", False
        elif (sign == "," and self._in_list) or sign in SIGNS:
            self.wanted = "value"
        elif sign in "+-*/" and self.wanted in ("operator", "joined", "bound"):
            self.wanted = "operand" if self.wanted == "operator" else "value"

    def _word(self, word: str) -> None:
        if word == "and" and self._bound:
            self.wanted, self._bound = "value", False
        elif word in ("and", "or"):
            self.wanted, self.key, self._bound = "operand", None, False
        elif word == "not":
            self.wanted = {"operator": "negated", "null": "null"}.get(self.wanted, self.wanted)  # type: ignore[assignment]
        elif word == "is":
            self.wanted = "null"
        elif word == "null":
            self.wanted = "joined"
        elif word in TEXT_OPERATORS:
            self.wanted = "text"
        elif word == "in":
            self.wanted = "list"
        elif word == "between":
            self.wanted, self._bound = "value", True
