"""Numbers as the picture writes them, and the live card too."""

import json
import math
from pathlib import Path

import pytest

from inlay.views.format import (
    clipped,
    encodable,
    format_bound,
    format_bytes,
    format_count,
    format_duration,
    format_step,
    format_value,
    plain,
)

# The live card's test reads the same table: both write a number alike.
TABLE = json.loads((Path(__file__).parents[1] / "written-numbers.json").read_text())
WRITTEN = [(row["value"], row["text"]) for row in TABLE]


@pytest.mark.parametrize(
    ("value", "text"), [*WRITTEN, (-0.0, "0"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "-∞")]
)
def test_values(value, text):
    assert format_value(float(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.066231, "0.0662"),
        (0.5, "0.5"),
        (984.12, "984"),
        (7.4019e-12, "7.4e-12"),
        (1234567.0, "1,234,567"),
        (14.2e9, "14.2B"),
        (1e8, "100M"),
    ],
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


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (3_449, "3.4 KB"), (415_612, "416 KB"), (16_000, "16 KB"),
        (999_499, "999 KB"), (999_600, "1.0 MB"), (1.2e6, "1.2 MB"), (5e12, "5.0 TB"),
    ],
)  # fmt: skip
def test_sizes_of_files(size, text):
    assert format_bytes(int(size)) == text


def test_text_without_what_cannot_be_seen():
    assert plain("a\x00b\n c\u202ed\udce9", 80) == "ab cd"
    assert plain("x" * 90, 10) == "x" * 9 + "…"
    assert clipped("a long title of a chart", 60, 12).endswith("…")
    assert clipped("short", 60, 12) == "short"
    assert encodable("caf\udce9") == "caf?"
