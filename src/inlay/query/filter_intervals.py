"""Lengths of time in the filter language: `interval '1 day'`, `interval 2 hours`, `interval '1 week 3.5 days'`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from inlay.query.filter_fields import nearest
from inlay.query.filter_tokens import Token
from inlay.query.filter_tree import Interval

if TYPE_CHECKING:
    from inlay.query.filter_cursor import Cursor

_SECONDS = {
    "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0,
    "week": 604_800.0,
}  # fmt: skip
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = (*_SECONDS, *_MONTHS)
_SHORT = {
    "us": "microsecond", "ms": "millisecond", "s": "second", "sec": "second", "m": "minute", "min": "minute",
    "h": "hour", "hr": "hour", "d": "day", "w": "week", "mon": "month", "y": "year", "yr": "year",
}  # fmt: skip
_PART = re.compile(r"\s*([+-]?\d+(?:\.\d+)?|[+-]?\.\d+)\s*([A-Za-z]+)\s*,?")
_LONGEST_MONTHS = 120_000  # ten thousand years


def interval(cursor: Cursor) -> Interval:
    """The interval that comes next, its keyword included."""
    first = cursor.take()
    sign = ""
    if cursor.next().is_sign("-", "+"):
        sign = cursor.take().value
    value = cursor.take()
    if value.form not in ("text", "number"):
        raise cursor.expected("the length of the interval, such as '1 day'", value)
    text = sign + value.value
    bare = re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*", text) is not None
    if bare or value.form == "number":
        unit = cursor.next()
        if unit.form != "word" or _unit(unit.value) is None:
            near = nearest(unit.value, list(UNITS)) if unit.form == "word" else None
            hint = f"; did you mean {near}?" if near else ""
            raise cursor.expected(f"a unit, such as day, hour or minutes{hint}", unit)
        cursor.take()
        text = f"{text.strip()} {unit.value}"
    at = Token("text", text, first.start, cursor.end)
    found = _parts(text)
    if found is None:
        said = cursor.source.said(value)
        raise cursor.source.error(f"expected an interval, such as '1 day' or '2 hours 30 minutes'; found {said}", value)
    months, seconds = found
    if abs(months) > _LONGEST_MONTHS or not abs(seconds) <= _LONGEST_MONTHS * 30 * 86_400:
        raise cursor.source.error("an interval is at most 10,000 years long", at)
    return Interval(months, seconds, at)


def seconds_of(one: Interval) -> float:
    """The interval in seconds; a month has 30 days, as where DuckDB compares intervals."""
    return one.months * 30 * 86_400.0 + one.seconds


def _unit(word: str) -> str | None:
    word = word.lower()
    word = _SHORT.get(word, word)
    if word in UNITS:
        return word
    return word[:-1] if word.endswith("s") and word[:-1] in UNITS else _SHORT.get(word.removesuffix("s"))


def _parts(text: str) -> tuple[int, float] | None:
    """Months and seconds; None for what is no interval."""
    months, seconds, place = 0.0, 0.0, 0
    while place < len(text.rstrip()):
        part = _PART.match(text, place)
        unit = _unit(part[2]) if part else None
        if part is None or unit is None:
            return None
        number = float(part[1])
        if unit in _MONTHS:
            months += number * _MONTHS[unit]
        else:
            seconds += number * _SECONDS[unit]
        place = part.end()
    if place == 0 or not math.isfinite(months):
        return None
    whole = int(months)
    return whole, seconds + (months - whole) * 30 * 86_400  # half a month has no calendar to go by
