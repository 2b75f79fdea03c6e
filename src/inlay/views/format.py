"""Numbers and names as people read them, alike in the picture and in the live card (js/lib/format.ts)."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

UNITS_FROM = 1e7
UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
EXPONENT_FROM = 1e15
EXPONENT_BELOW = 1e-4

# What XML cannot hold, and what would turn the writing direction of the text after it or hide in it.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def format_value(value: float) -> str:
    """A metric value: `0.02130`, `1,234`, `15.10B`, `3.142e-7`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return _written(value, digits=4)


def format_bound(value: float) -> str:
    """The end of an axis, where three digits are enough: `0.0213`, `1,234`, `15.1B`, `3.14e-7`."""
    text = _written(value, digits=3)
    number, suffix = (text[:-1], text[-1]) if text[-1] in "TBM" else (text, "")
    return (number.rstrip("0").rstrip(".") if "." in number and "e" not in number else number) + suffix


def format_count(count: int) -> str:
    """A whole number with its digits grouped: `1,000,000`."""
    return f"{count:,}"


def format_step(step: float) -> str:
    """A step; very large ones, as of a clock in nanoseconds, by their size."""
    return format_count(int(step)) if abs(step) < 1e15 else format_value(step)


def format_duration(seconds: float) -> str:
    """How long a run took: `3.2s`, `2m 14s`, `3h 05m`, `2d 4h`."""
    total = max(0.0, seconds) if math.isfinite(seconds) else 0.0
    if total < 9.95:
        return f"{total:.1f}s"
    minutes, rest = divmod(math.floor(total + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    if minutes:
        return f"{minutes}m {rest:02}s"
    return f"{rest}s"


def format_bytes(count: float) -> str:
    """The size of a file, as in js/lib/size.ts: `812 B`, `3.4 KB`, `16 KB`; a thousand bytes to the KB, as on disk."""
    suffixes = ("B", "KB", "MB", "GB", "TB")
    at = 0
    while count >= 999.5 and at < len(suffixes) - 1:
        count /= 1000
        at += 1
    return f"{_rounded(count, 0 if at == 0 or count >= 9.95 else 1)} {suffixes[at]}"


def encodable(text: str) -> str:
    """Text that can be sent as UTF-8: half a surrogate pair, which Python strings may hold, cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain(text: str, limit: int) -> str:
    """Text on one line, of at most `limit` characters, without what cannot be seen."""
    line = " ".join(_UNSEEN.sub("", text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def plain_lines(text: str) -> str:
    """Text of several lines, without what cannot be seen."""
    return _UNSEEN.sub("", text)


def clipped(text: str, width: float, size: float) -> str:
    """Text cut to about `width` pixels in a sans-serif of `size` pixels."""
    room = width / size
    for at, letter in enumerate(text):
        room -= _letter_width(letter)
        if room < 0:
            return text[: max(at - 1, 1)] + "…"
    return text


def text_width(text: str, size: float) -> float:
    """About how many pixels text takes in a sans-serif of `size` pixels."""
    return size * sum(map(_letter_width, text))


def _written(value: float, digits: int) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= EXPONENT_FROM or size < EXPONENT_BELOW:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if value == int(value) and size < UNITS_FROM:
        return format_count(int(value))
    unit, suffix = next((unit for unit in UNITS if size >= max(unit[0], UNITS_FROM)), (1.0, ""))
    decimals = max(0, digits - 1 - math.floor(math.log10(size / unit)))
    return _rounded(value / unit, decimals) + suffix


def _rounded(value: float, decimals: int) -> str:
    # JavaScript rounds a half up, Python to the even digit.
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):,}"


def _letter_width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in " ,.:;'|!ijltIf()[]/-":
        return 0.38
    return 0.9 if letter in "mwMW—@%" else 0.62
