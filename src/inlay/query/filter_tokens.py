"""The words of the filter language, each with its place, and the error that points at one.

SQLGlot cuts the text into tokens: quotes, escapes and numbers are as SQL has them, with double quotes and back-ticks
for names. Its parser is not used: it reads all of SQL (`a > > 1` is a shift to it), and some of its versions forget
where things stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from inlay.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

Form = Literal["word", "name", "text", "number", "sign", "end"]

LONGEST = 100_000
"""Characters a filter may have."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it was written (`word`), a quoted name, a text, a number, or a sign; `start` and `end` are its place.

    `value` is what it stands for: without the quotes.
    """

    form: Form
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in whatever case."""
        return self.form == "word" and self.value.lower() in words

    def is_sign(self, *signs: str) -> bool:
        return self.form == "sign" and self.value in signs


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a filter, to point into."""

    text: str

    def error(self, message: str, at: Token) -> QueryError:
        """An error that shows the place: its column, and a mark below the text."""
        line_start = self.text.rfind("\n", 0, at.start) + 1
        line_end = self.text.find("\n", at.start)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        left = max(0, at.start - line_start - 60)
        shown = line[left : left + 100].replace("\t", " ")
        width = max(1, min(at.end, line_start + left + 100) - at.start)
        mark = " " * (at.start - line_start - left) + "^" * width
        return QueryError(f"column {at.start + 1}: {message}\n  {shown}\n  {mark}", at.start)

    def said(self, token: Token) -> str:
        """How an error names what it found."""
        if token.form == "end":
            return "the end of the filter"
        text = self.text[token.start : token.end]
        return text if len(text) <= 40 else f"{text[:40]}…"


def tokens(text: str) -> list[Token]:
    """The tokens of a filter, an `end` behind them. Raises `QueryError` for a quote that is not closed."""
    source = Source(text)
    if len(text) > LONGEST:
        msg = f"a filter has at most {LONGEST:,} characters; this one has {len(text):,}"
        raise QueryError(msg)
    nul = text.find("\0")
    if nul >= 0:
        raise source.error("a filter holds no NUL character", Token("sign", "\0", nul, nul + 1))
    from sqlglot.errors import TokenError

    try:
        found = _tokenize()(text)
    except TokenError:
        start = _open_quote(text)
        quote = Token("sign", text[start : start + 1], start, start + 1)
        raise source.error(f"the quote {quote.value} is not closed", quote) from None
    return [*(_token(text, one) for one in found), Token("end", "", len(text), len(text))]


@cache
def _tokenize() -> Callable[[str], list[Any]]:
    import sqlglot
    from sqlglot.dialects.dialect import Dialect

    class Filter(Dialect):
        """SQL's quotes and numbers, MLflow's back-ticks; no comments and no keywords, so that a tag may be called
        anything.
        """

        class Tokenizer(sqlglot.Tokenizer):
            IDENTIFIERS = ['"', "`"]  # noqa: RUF012 - SQLGlot's way
            COMMENTS = []  # noqa: RUF012 - likewise
            KEYWORDS = {  # noqa: RUF012 - likewise
                "!=": sqlglot.TokenType.NEQ,
                "<>": sqlglot.TokenType.NEQ,
                "==": sqlglot.TokenType.EQ,
                ">=": sqlglot.TokenType.GTE,
                "<=": sqlglot.TokenType.LTE,
            }

    dialect = Filter()
    return dialect.tokenize


def _token(text: str, token: Any) -> Token:
    """SQLGlot's token as ours; its `end` is the last character, ours is behind it."""
    kind, start, end = token.token_type.name, token.start, token.end + 1
    form: Form = "sign"
    if kind == "STRING":
        form = "text"
    elif kind == "NUMBER":
        form = "number"
    elif kind == "IDENTIFIER":
        form = "name"
    elif (text[start].isalnum() or text[start] == "_") and token.text.isidentifier():
        form = "word"
    value = token.text if form != "sign" else text[start:end]
    return Token(form, value, start, end)


def _open_quote(text: str) -> int:
    """Where the quote stands that nobody closes."""
    opened = None
    for place, character in enumerate(text):
        if opened is None and character in "'\"`":
            opened = place
        elif opened is not None and character == text[opened]:
            opened = None  # a doubled quote closes and opens again
    return opened or 0
