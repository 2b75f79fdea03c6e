"""What a filter compares with, as the database has it: numbers, texts, times, statuses, patterns.

Raises `QueryError` that points at the value where it makes no sense.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from inlay.query.filter_fields import STATUSES, nearest, status_word
from inlay.query.filter_intervals import seconds_of
from inlay.query.filter_tree import Constant, Interval, Operator

if TYPE_CHECKING:
    from inlay.query.filter_tokens import Source

_BARE_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
EXACT: tuple[Operator, ...] = ("=", "!=", "in")
ORDERED: tuple[Operator, ...] = (">", ">=", "<", "<=", "between")


def number(value: Constant, source: Source, *, seconds: bool = False) -> float:
    """A number; `seconds`: or an interval, for it is compared with a number of seconds."""
    if seconds and isinstance(value, Interval):
        return seconds_of(value)
    if isinstance(value, Interval) or isinstance(value.value, bool) or not isinstance(value.value, float):
        raise source.error(f"expected a number; found {source.said(value.at)}", value.at)
    return value.value


def ordered_number(value: Constant, operator: Operator, source: Source, *, seconds: bool = False) -> float:
    """A number that something may be above or below."""
    found = number(value, source, seconds=seconds)
    if operator in ORDERED and math.isnan(found):
        raise source.error("nan is neither above nor below a number; it is found by = nan", value.at)
    return found


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def text(value: Constant, source: Source) -> str:
    if isinstance(value, Interval) or not isinstance(value.value, str):
        said = source.said(value.at)
        raise source.error(f"expected a text, such as '{said}'; found {said}", value.at)
    return value.value


def flag(value: Constant, source: Source) -> bool:
    word = "" if isinstance(value, Interval) else str(value.value).lower()
    if word not in ("true", "false"):
        raise source.error(f"expected true or false; found {source.said(value.at)}", value.at)
    return word == "true"


def status(value: Constant, operator: Operator, source: Source) -> str:
    """The status meant, in our spelling. A word that is none would find nothing, for ever."""
    given = text(value, source)
    if operator == "rlike":  # a pattern's upper case has a meaning: \\D, \\W
        return given
    word = status_word(given)
    if operator in EXACT and word not in STATUSES:
        near = nearest(word, list(STATUSES))
        hint = f"; did you mean {near}?" if near else ""
        raise source.error(f"no status is {given!r}: there are {', '.join(STATUSES)}{hint}", value.at)
    return word


def run_id(given: str) -> str:
    """An id as the database spells it: MLflow's have no dashes."""
    try:
        return str(UUID(given))
    except ValueError:
        return given


def time(value: Constant, source: Source) -> datetime:
    """A time in UTC: from a text of ISO 8601, or from MLflow's milliseconds since 1970."""
    given = value if isinstance(value, Interval) else value.value
    if isinstance(given, float) and _BARE_DATE.fullmatch(source.said(value.at)):  # a difference, of 1994 milliseconds
        raise source.error(f"a time stands in quotes: '{source.said(value.at)}'", value.at)
    try:
        if isinstance(given, float):
            return datetime(1970, 1, 1) + timedelta(milliseconds=given)  # noqa: DTZ001 - as the database has it
        moment = datetime.fromisoformat(str(given).strip().replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        said = source.said(value.at)
        hint = f", or now() - {said}" if isinstance(value, Interval) else ""
        message = f"expected a time, such as '2026-11-21' or '2026-11-21 18:30'{hint}; found {said}"
        raise source.error(message, value.at) from None
    return moment if moment.tzinfo is None else moment.astimezone(timezone.utc).replace(tzinfo=None)


def span(value: Constant, source: Source) -> float:
    """A length of time in seconds."""
    if isinstance(value, Interval):
        return seconds_of(value)
    said = source.said(value.at)
    hint = f"interval '{said} seconds'" if isinstance(value.value, float) else "interval '5 minutes'"
    raise source.error(f"expected an interval, such as {hint}; found {said}", value.at)


def pattern(value: Constant, source: Source) -> str:
    """A regular expression that the database can read."""
    given = text(value, source)
    complaint = _complaint(given)
    if complaint is not None:
        raise source.error(f"no regular expression: {complaint}", value.at)
    return given


@lru_cache(maxsize=256)
def _complaint(given: str) -> str | None:
    """What DuckDB says against a regular expression; its RE2 takes less than Python's `re`, and other things."""
    import duckdb

    con = duckdb.connect(":memory:", config={"threads": 1})
    try:
        con.execute("SELECT regexp_matches('', $pattern)", {"pattern": given}).fetchall()
    except duckdb.Error as error:
        return str(error).removeprefix("Invalid Input Error: ").split("\n", 1)[0]
    finally:
        con.close()
    return None
