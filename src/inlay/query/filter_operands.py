"""The operands of the filter language: keys, values, times, aggregates, and arithmetic with them.

    sum       = product { ( "+" | "-" ) product }
    product   = factor { ( "*" | "/" ) factor }
    factor    = { "-" | "+" } ( "(" sum ")" | number | text | interval | moment | aggregate | key )
    interval  = INTERVAL ( text | number unit | text unit )
    moment    = ( NOW | TODAY | YESTERDAY ) "(" ")"
    aggregate = ( MAX | MIN | FIRST | LAST | COUNT | MEAN | AVG ) "(" key ")"
    key       = [ PARENT "." ] [ entity "." ] name

A name may be quoted by double quotes or back-ticks; without them it may hold letters, digits and `_ . / : @ -`, with no
blank between: `metrics.val/loss` is one name, `metrics.a / metrics.b` a division. Arithmetic of constants is done here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.query.filter_fields import (
    AGGREGATES,
    ENTITIES,
    MOMENTS,
    attribute_of,
    entity_of,
    nearest,
    nearest_attribute,
)
from inlay.query.filter_intervals import interval
from inlay.query.filter_tokens import Token
from inlay.query.filter_tree import Aggregate, Arithmetic, Interval, Key, Moment, Operand, Value

if TYPE_CHECKING:
    from inlay.query.filter_cursor import Cursor

KEYWORDS = (
    "and", "or", "not", "in", "like", "ilike", "rlike", "contains", "between", "is", "null", "true", "false",
)  # fmt: skip
_INSIDE_NAMES = "./:@-"
_A_KEY = "a key, such as metrics.auc, params.lr, tags.team or status"
_ONE_OF = {
    "metrics": "a metric", "params": "a param", "tags": "a tag", "attributes": "an attribute",
    "datasets": "what is asked of a dataset",
}  # fmt: skip


def read_operand(cursor: Cursor, *, first: bool = False) -> Operand:
    """A sum; `first`: what a comparison begins with, where a quoted name is a key and not a text."""
    left = _product(cursor, first=first)
    while cursor.next().is_sign("+", "-"):
        sign = cursor.take()
        left = _combined(cursor, sign, left, _product(cursor))
    return left


def _product(cursor: Cursor, *, first: bool = False) -> Operand:
    left = _factor(cursor, first=first)
    while cursor.next().is_sign("*", "/"):
        sign = cursor.take()
        left = _combined(cursor, sign, left, _factor(cursor))
    return left


def _factor(cursor: Cursor, *, first: bool = False) -> Operand:
    before = cursor.next()
    negative = False
    while cursor.next().is_sign("-", "+"):
        negative ^= cursor.take().is_sign("-")
    signed = before is not cursor.next()
    token = cursor.next()
    if token.is_sign("("):
        cursor.deeper()
        cursor.take()
        operand = read_operand(cursor, first=first)
        cursor.take_sign(")", "an operator of arithmetic, or ) for the ( that is open")
        cursor.higher()
    else:
        operand = _single(cursor, first=first and not signed, signed=signed)
    if not negative:
        return operand
    at = Token("sign", "-", before.start, cursor.end)
    if isinstance(operand, Value) and isinstance(operand.value, float):
        return Value(-operand.value, at)
    if isinstance(operand, Interval):
        return Interval(-operand.months, -operand.seconds, at)
    cursor.count_operation(before)
    return Arithmetic("-", Value(0.0, at), operand, at)


def _single(cursor: Cursor, *, first: bool, signed: bool) -> Operand:
    token, after = cursor.next(), cursor.next(1)
    if token.form == "text" or (token.form == "name" and not first and _is_double_quoted(cursor, token)):
        cursor.take()
        return Value(token.value, token)
    if token.is_word("true", "false"):
        cursor.take()
        return Value(token.is_word("true"), token)
    number = _number(cursor)
    if number is not None:
        return number
    if token.is_word("interval") and (after.form in ("text", "number") or after.is_sign("-", "+")):
        return interval(cursor)
    if token.form == "word" and after.is_sign("(") and not token.is_word(*KEYWORDS):
        return _function(cursor)
    if token.form in ("word", "name") and not token.is_word(*KEYWORDS) and (first or _is_key(token, after)):
        return read_key(cursor)
    if first:
        raise cursor.expected(_A_KEY, token)
    hint = ""
    if token.form in ("word", "name") and not token.is_word(*KEYWORDS):
        near = nearest_attribute(token.value)
        hint = f"; did you mean {near}?" if near else f"; a text is written '{token.value}'"
    elif token.is_word("null"):
        hint = "; what is missing is found by IS NULL"
    raise cursor.expected(f"a {'number' if signed else 'value'}{hint}", token)


def _is_double_quoted(cursor: Cursor, token: Token) -> bool:
    return cursor.source.text[token.start] == '"'


def _is_key(token: Token, after: Token) -> bool:
    """Whether a word behind an operator is a key; a text whose quotes were forgotten is none."""
    return after.is_sign(".") or (token.form == "word" and attribute_of(token.value) is not None)


def _number(cursor: Cursor) -> Value | None:
    """A number, `nan` and `inf` among them; None, and nothing taken, where none comes."""
    first = last = cursor.next()
    digits = first.value
    if first.is_sign("."):  # .5
        last = cursor.next(1)
        digits = f".{last.value}"
    if last.form != "number" and not (last is first and first.is_word("nan", "inf", "infinity")):
        return None
    cursor.take()
    if last is not first:
        cursor.take()
    after = cursor.next()
    try:
        if after.form in ("word", "number") and after.start == last.end:
            raise ValueError  # noqa: TRY301 - 5m, 0x1F: the same news as from float
        number = float(digits)
    except ValueError:
        odd = Token("number", "", first.start, after.end if after.start == last.end else last.end)
        raise cursor.source.error(f"{cursor.source.said(odd)} is no number", odd) from None
    return Value(number, Token("number", digits, first.start, last.end))


def _function(cursor: Cursor) -> Operand:
    name = cursor.take()
    word = name.value.lower()
    if word in MOMENTS:
        cursor.take()
        cursor.take_sign(")", f") as in {word}()")
        return Moment(word, Token("word", word, name.start, cursor.end))
    if word not in AGGREGATES:
        known = [*dict.fromkeys(AGGREGATES), *MOMENTS]
        near = nearest(word, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
        raise cursor.source.error(f"there is no function {name.value!r}; {hint}", name)
    cursor.take()
    inside = cursor.next()
    wanted = f"one metric, as in {word}(metrics.auc)"
    if inside.form not in ("word", "name"):
        raise cursor.expected(wanted, inside)
    key = read_key(cursor)
    if key.entity != "metrics":
        said = cursor.source.text[key.at.start : key.at.end]
        raise cursor.source.error(f"expected {wanted}; found {said}", key.at)
    cursor.take_sign(")", f") behind {wanted}")
    return Aggregate(AGGREGATES[word], key, Token("word", word, name.start, cursor.end))


def _combined(cursor: Cursor, sign: Token, left: Operand, right: Operand) -> Operand:
    """Arithmetic; of constants at once: `60 * 5` is a number like any other."""
    at = Token("sign", sign.value, left.at.start, cursor.end)
    if isinstance(left, Value) and isinstance(right, Value):
        if isinstance(left.value, float) and isinstance(right.value, float):
            if sign.value == "/" and right.value == 0:
                raise cursor.source.error("a number is divided by zero", right.at)
            return Value(_calculated(sign.value, left.value, right.value), at)
    elif isinstance(left, Interval) and isinstance(right, Interval) and sign.value in "+-":
        way = 1 if sign.value == "+" else -1
        return Interval(left.months + way * right.months, left.seconds + way * right.seconds, at)
    cursor.count_operation(sign)
    return Arithmetic(sign.value, left, right, at)


def _calculated(sign: str, left: float, right: float) -> float:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right


# -- keys -----------------------------------------------------------------------------------------------------


def read_key(cursor: Cursor) -> Key:
    """A key, bare or quoted, of the run or of its parent."""
    first = cursor.next()
    if first.form not in ("word", "name") or first.is_word(*KEYWORDS):
        raise cursor.expected(_A_KEY, first)
    parent = first.is_word("parent") and cursor.next(1).is_sign(".")
    if parent:
        cursor.take()
        cursor.take()
    word = cursor.next()
    if parent and word.form not in ("word", "name"):
        raise cursor.expected("what is asked of the parent, such as parent.name or parent.params.lr", word)
    cursor.take()
    if not cursor.next().is_sign("."):
        return Key("attributes", word.value, Token("name", word.value, first.start, word.end), parent)
    entity = entity_of(word.value)
    if entity is None:
        near = nearest(word.value, [*ENTITIES, "parent"])
        hint = f"did you mean {near}?" if near else "there are metrics, params, tags, attributes, datasets and parent"
        if parent and word.is_word("parent"):
            hint = "parent goes one run up"
        raise cursor.source.error(f"{cursor.source.said(word)!r} holds no keys; {hint}", word)
    cursor.take()
    name, last = _name(cursor, entity)
    return Key(entity, name, Token("name", name, first.start, last.end), parent)


def _name(cursor: Cursor, entity: str) -> tuple[str, Token]:
    """The name behind the dot: quoted, or all that follows without a blank."""
    first = cursor.next()
    if first.form == "name":
        cursor.take()
        return first.value, first
    if first.form not in ("word", "number"):
        raise cursor.expected(f"the name of {_ONE_OF[entity]}", first)
    last = cursor.take()
    while _goes_on(cursor, last):
        last = cursor.take()
    return cursor.source.text[first.start : last.end], last


def _goes_on(cursor: Cursor, last: Token) -> bool:
    """Whether the next token still belongs to a bare name: `val/loss`, `f1@5`, `1st`, but not `a/metrics.b`."""
    token, behind = cursor.next(), cursor.next(1)
    if token.start != last.end:
        return False
    if token.form in ("word", "number"):
        return True
    if not (token.form == "sign" and token.value in _INSIDE_NAMES and behind.start == token.end):
        return False
    if behind.form == "sign":
        return behind.value in _INSIDE_NAMES
    return behind.form in ("word", "number") and not (token.value in "/-" and _begins_operand(cursor, behind))


def _begins_operand(cursor: Cursor, word: Token) -> bool:
    """Whether this word, behind a sign in a name, is the beginning of an operand of its own."""
    after = cursor.next(2)
    if after.is_sign("."):
        is_parent = word.is_word("parent") and entity_of(cursor.next(3).value) is not None
        return is_parent or entity_of(word.value) is not None
    return after.is_sign("(")
