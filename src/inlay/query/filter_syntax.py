"""The grammar of the filter language: tokens into conditions.

    either     = all { OR all }
    all        = denial { AND denial }
    denial     = { NOT } ( "(" either ")" | comparison )
    comparison = key ( sign value | [NOT] LIKE text | [NOT] ILIKE text | [NOT] IN "(" value { "," value } ")"
                     | [NOT] BETWEEN value AND value | IS [NOT] NULL )
    key        = [ entity "." ] name

A name may be quoted by double quotes or back-ticks; without them it may hold letters, digits and `_ . / : @ -`, with no
blank between. MLflow's filters are a part of this language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inlay.query.filter_fields import ENTITIES, entity_of, nearest
from inlay.query.filter_tokens import Source, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "like", "ilike", "in", "between", "null"]

_SIGNS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<=",
}  # fmt: skip
_KEYWORDS = ("and", "or", "not", "in", "like", "ilike", "between", "is", "null", "true", "false")
_INSIDE_NAMES = "./:@-"
_DEEPEST = 100
"""Parentheses and NOTs inside each other."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is compared: a metric, param or tag by its name, or an attribute of the run."""

    entity: str
    name: str
    at: Token


@dataclass(frozen=True, slots=True)
class Value:
    """What it is compared with."""

    value: str | float | bool
    at: Token


@dataclass(frozen=True, slots=True)
class Comparison:
    """`values` holds one value; two for BETWEEN, several for IN, none for NULL."""

    key: Key
    operator: Operator
    values: tuple[Value, ...]
    negated: bool
    at: Token


@dataclass(frozen=True, slots=True)
class Denial:
    """NOT."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by AND or by OR."""

    word: Literal["AND", "OR"]
    conditions: tuple[Condition, ...]


Condition = Comparison | Denial | Joined


@dataclass(frozen=True, slots=True)
class Order:
    """A key that runs are sorted by."""

    key: Key
    descending: bool


def parse(text: str) -> Condition | None:
    """The condition that a filter says; None for an empty one. Raises `QueryError` with the place in the text."""
    return _Reader(text).filter() if text.strip() else None  # SQLGlot takes a tenth of a second to load


def parse_order(text: str) -> list[Order]:
    """The keys of `metrics.auc DESC, started_at`. Raises `QueryError` with the place in the text."""
    return _Reader(text).orders()


class _Reader:
    """Goes through the tokens once; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._source = Source(text)
        self._tokens = tokens(text)
        self._place = 0
        self._depth = 0

    def filter(self) -> Condition | None:
        if self._next().form == "end":
            return None
        condition = self._either()
        after = self._next()
        if after.form != "end":
            raise self._expected("AND, OR or the end", after)
        return condition

    def orders(self) -> list[Order]:
        found = []
        while True:
            key = self._key()
            descending = self._next().is_word("desc")
            if self._next().is_word("asc", "desc"):
                self._place += 1
            found.append(Order(key, descending))
            if self._next().form == "end":
                return found
            self._take_sign(",", "ASC, DESC, a comma or the end")

    # -- conditions -----------------------------------------------------------------------------------------

    def _either(self) -> Condition:
        return self._joined("OR", self._all)

    def _all(self) -> Condition:
        return self._joined("AND", self._denial)

    def _joined(self, word: Literal["AND", "OR"], part: Callable[[], Condition]) -> Condition:
        found = [part()]
        while self._next().is_word(word.lower()):
            self._place += 1
            found.append(part())
        return found[0] if len(found) == 1 else Joined(word, tuple(found))

    def _denial(self) -> Condition:
        token = self._next()
        if not (token.is_word("not") or token.is_sign("(")):
            return self._comparison()
        if self._depth >= _DEEPEST:
            raise self._source.error(f"conditions are nested more than {_DEEPEST} deep", token)
        self._place += 1
        self._depth += 1
        condition: Condition
        if token.is_sign("("):
            condition = self._either()
            self._take_sign(")", "AND, OR or ) for the ( that is open")
        else:
            condition = Denial(self._denial())
        self._depth -= 1
        return condition

    # -- comparisons ----------------------------------------------------------------------------------------

    def _comparison(self) -> Comparison:
        key = self._key()
        at = self._next()
        if at.is_word("is"):
            self._place += 1
            negated = self._skip_word("not")
            self._take_word("null", "NULL" if negated else "NULL or NOT NULL")
            return Comparison(key, "null", (), negated, at)
        if at.form == "sign" and at.value in _SIGNS:
            self._place += 1
            return Comparison(key, _SIGNS[at.value], (self._value(),), negated=False, at=at)
        negated = self._skip_word("not")
        word = self._next()
        if word.is_word("like", "ilike"):
            self._place += 1
            operator: Operator = "like" if word.is_word("like") else "ilike"
            return Comparison(key, operator, (self._value(),), negated, at)
        if word.is_word("in"):
            self._place += 1
            return Comparison(key, "in", self._list(), negated, at)
        if word.is_word("between"):
            self._place += 1
            low = self._value()
            self._take_word("and", "AND and the upper bound")
            return Comparison(key, "between", (low, self._value()), negated, at)
        wanted = "LIKE, ILIKE, IN or BETWEEN" if negated else "an operator (= != > >= < <= LIKE ILIKE IN BETWEEN IS)"
        raise self._expected(wanted, word)

    def _list(self) -> tuple[Value, ...]:
        self._take_sign("(", "( and the list of values")
        found = [self._value()]
        while self._next().is_sign(","):
            self._place += 1
            found.append(self._value())
        self._take_sign(")", "a comma or )")
        return tuple(found)

    def _value(self) -> Value:
        token = self._take()
        if token.form == "text" or (token.form == "name" and self._source.text[token.start] == '"'):
            return Value(token.value, token)
        if token.is_word("true", "false"):
            return Value(token.is_word("true"), token)
        number = self._number(token)
        if number is not None:
            return number
        hint = ""
        if token.form in ("word", "name") and not token.is_word(*_KEYWORDS):
            hint = f"; a text is written '{token.value}'"
        raise self._expected(f"a value{hint}", token)

    def _number(self, first: Token) -> Value | None:
        """A number with its sign, `nan` and `inf` among them; the first token is taken already."""
        last, sign = first, 1.0
        if first.is_sign("-", "+"):
            sign = -1.0 if first.value == "-" else 1.0
            last = self._take()
        digits = last.value
        if last.is_sign("."):  # .5
            last = self._take()
            digits = f".{last.value}"
        if not (last.form == "number" or last.is_word("nan", "inf", "infinity")):
            if last is not first:
                raise self._expected("a number", last)
            return None
        after = self._next()
        try:
            if after.form in ("word", "number") and after.start == last.end:
                raise ValueError  # noqa: TRY301 - 5m, 0x1F: the same news as from float
            number = sign * float(digits)
        except ValueError:
            odd = Token("number", "", first.start, after.end if after.start == last.end else last.end)
            raise self._source.error(f"{self._source.said(odd)} is no number", odd) from None
        return Value(number, Token("number", digits, first.start, last.end))

    # -- keys -----------------------------------------------------------------------------------------------

    def _key(self) -> Key:
        first = self._next()
        if first.form not in ("word", "name") or first.is_word(*_KEYWORDS):
            raise self._expected("a key, such as metrics.auc, params.lr, tags.team or status", first)
        self._place += 1
        if not self._next().is_sign("."):
            return Key("attributes", first.value, first)
        self._place += 1
        entity = entity_of(first.value)
        if entity is None:
            near = nearest(first.value, list(ENTITIES))
            hint = f"did you mean {near}?" if near else "there are metrics, params, tags, attributes and datasets"
            raise self._source.error(f"{self._source.said(first)!r} holds no keys; {hint}", first)
        name, last = self._name(entity)
        return Key(entity, name, Token("name", name, first.start, last.end))

    def _name(self, entity: str) -> tuple[str, Token]:
        """The name behind the dot: quoted, or all that follows without a blank."""
        first = self._next()
        if first.form == "name":
            self._place += 1
            return first.value, first
        if first.form not in ("word", "number"):
            raise self._expected(f"the name of {_ONE_OF[entity]}", first)
        self._place += 1
        last = first
        while self._goes_on(last):
            last = self._take()
        return self._source.text[first.start : last.end], last

    def _goes_on(self, last: Token) -> bool:
        """Whether the next token still belongs to a bare name: `val/loss`, `f1@5`, `1st`, but not `a/metrics.b`."""
        token = self._next()
        if token.start != last.end:
            return False
        if token.form in ("word", "number"):
            return True
        behind = self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        if not (token.form == "sign" and token.value in _INSIDE_NAMES and behind.start == token.end):
            return False
        if behind.form == "sign":
            return behind.value in _INSIDE_NAMES
        further = self._tokens[min(self._place + 2, len(self._tokens) - 1)]
        another = entity_of(behind.value) is not None and further.is_sign(".") and token.value in "/-"
        return behind.form in ("word", "number") and not another

    # -- tokens ---------------------------------------------------------------------------------------------

    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _skip_word(self, word: str) -> bool:
        if not self._next().is_word(word):
            return False
        self._place += 1
        return True

    def _take_word(self, word: str, wanted: str) -> None:
        if not self._skip_word(word):
            raise self._expected(wanted, self._next())

    def _take_sign(self, sign: str, wanted: str) -> None:
        if not self._next().is_sign(sign):
            raise self._expected(wanted, self._next())
        self._place += 1

    def _expected(self, what: str, found: Token) -> Exception:
        return self._source.error(f"expected {what}; found {self._source.said(found)}", found)


_ONE_OF = {
    "metrics": "a metric", "params": "a param", "tags": "a tag", "attributes": "an attribute",
    "datasets": "what is asked of a dataset",
}  # fmt: skip
