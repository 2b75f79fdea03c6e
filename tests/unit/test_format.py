"""Numbers as the card and the picture write them; js/lib/format.test.ts holds the same table."""

import math

import pytest

from inlay.views.format import (
    clipped,
    encodable,
    format_bound,
    format_count,
    format_duration,
    format_step,
    format_value,
    plain,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0213, "0.02130"),
        (0.5, "0.5000"),
        (1234.0, "1,234"),
        (1234.5, "1,235"),
        (12.5, "12.50"),
        (-0.25, "-0.2500"),
        (3.1416e-7, "3.142e-7"),
        (1e-3, "0.001000"),
        (1e9, "1e9"),
        (-2.5e12, "-2.5e12"),
        (0.0, "0"),
        (-0.0, "0"),
        (999999.0, "999,999"),
        (1e308, "1e308"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_values(value, text):
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.066231, "0.0662"), (0.5, "0.5"), (984.12, "984"), (7.4019e-12, "7.4e-12"), (1234567.0, "1,234,567")],
)
def test_ends_of_axes_are_shorter(value, text):
    assert format_bound(value) == text


def test_counts_and_steps():
    assert format_count(10_000) == "10,000"
    assert format_step(9_999.0) == "9,999"
    assert format_step(float(2**62)) == "4.612e18"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0s"), (3.21, "3.2s"), (9.96, "10s"), (59.6, "1m 00s"), (134.2, "2m 14s"),
        (10_980, "3h 03m"), (187_200, "2d 4h"), (-5, "0.0s"), (math.nan, "0.0s"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert format_duration(seconds) == text


def test_text_without_what_cannot_be_seen():
    assert plain("a\x00b\n c\u202ed\udce9", 80) == "ab cd"
    assert plain("x" * 90, 10) == "x" * 9 + "…"
    assert clipped("a long title of a chart", 60, 12).endswith("…")
    assert clipped("short", 60, 12) == "short"
    assert encodable("caf\udce9") == "caf?"
