"""A place in the tokens of a filter: looking at the next one, taking it, and saying what was expected instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.filter_tokens import Source, Token, tokens

if TYPE_CHECKING:
    from inlay.errors import QueryError

_DEEPEST = 100
"""Parentheses and NOTs inside each other."""
_MOST_OPERATIONS = 200
"""Of arithmetic, in one filter: DuckDB reads expressions up to a depth of 1,000."""


class Cursor:
    """Goes through the tokens of a text once."""

    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self._tokens = tokens(text)
        self._place = 0
        self._depth = 0
        self._operations = 0
        self._closing = _pairs(self._tokens)

    def next(self, ahead: int = 0) -> Token:
        """The token that comes next, or one behind it; the last one is the end."""
        return self._tokens[min(self._place + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.next()
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def skip_word(self, word: str) -> bool:
        if not self.next().is_word(word):
            return False
        self._place += 1
        return True

    def take_word(self, word: str, wanted: str) -> None:
        if not self.skip_word(word):
            raise self.expected(wanted, self.next())

    def take_sign(self, sign: str, wanted: str) -> Token:
        if not self.next().is_sign(sign):
            raise self.expected(wanted, self.next())
        return self.take()

    def behind_parentheses(self) -> Token:
        """The token behind the ) of the ( that comes next; the end where it stays open."""
        return self._tokens[self._closing.get(self._place, len(self._tokens) - 2) + 1]

    @property
    def end(self) -> int:
        """Where the last token ended that was taken."""
        return self._tokens[self._place - 1].end if self._place else 0

    def deeper(self) -> None:
        """Count a parenthesis or a NOT that opens; the token that comes next."""
        if self._depth >= _DEEPEST:
            raise self.source.error(f"conditions are nested more than {_DEEPEST} deep", self.next())
        self._depth += 1

    def higher(self) -> None:
        self._depth -= 1

    def count_operation(self, at: Token) -> None:
        self._operations += 1
        if self._operations > _MOST_OPERATIONS:
            raise self.source.error(f"a filter adds, multiplies and so on at most {_MOST_OPERATIONS} times", at)

    def expected(self, what: str, found: Token) -> QueryError:
        return self.source.error(f"expected {what}; found {self.source.said(found)}", found)


def _pairs(found: list[Token]) -> dict[int, int]:
    """For each ( the place of its )."""
    opened: list[int] = []
    pairs = {}
    for place, token in enumerate(found):
        if token.is_sign("("):
            opened.append(place)
        elif token.is_sign(")") and opened:
            pairs[opened.pop()] = place
    return pairs
