"""What may be logged as a metric, a param, a key or a step, and what is said about the rest."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from inlay.query.attributes import param_value
from inlay.tracking import values
from inlay.tracking.artifacts import checked_path


class Tensor:
    """Like a tensor of a library that is not installed here."""

    def __init__(self, value, shape=(), error=None):
        self.value, self.shape, self.error = value, shape, error

    def item(self):
        if self.error:
            raise self.error
        return self.value


class Eager:
    shape = ()

    def numpy(self):
        return np.array(2.5)


class Bare:
    def item(self):
        return 1.5


class Level(IntEnum):
    high = 3


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (True, 1.0),
        (Level.high, 3.0),
        (Decimal("0.25"), 0.25),
        (type("Mine", (Decimal,), {})("0.5"), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (np.int8(-3), -3.0),
        (np.uint64(7), 7.0),
        (np.bool_(True), 1.0),
        (np.array(1.5), 1.5),
        (np.array(1.5, np.longdouble), 1.5),
        (np.array(2, dtype=np.int32), 2.0),
        (Tensor(0.75), 0.75),
        (Tensor(2), 2.0),
        (Eager(), 2.5),
        (Bare(), 1.5),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
        (2**1000, float(2**1000)),
    ],
)
def test_numbers(given, number):
    found = values.number("k", given)
    assert found == number
    assert type(found) is float


@pytest.mark.parametrize("given", [math.nan, np.float32("nan"), np.array(np.nan), Decimal("nan"), Tensor(math.nan)])
def test_nan_is_a_value(given):
    assert math.isnan(values.number("k", given))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("0.5", "str"),
        (None, "NoneType"),
        ([1.0], "list"),
        (1j, "complex"),
        (Fraction(1, 2), "fractions.Fraction"),
        (b"1", "bytes"),
        (np.array([1.0]), r"numpy.ndarray and shape \(1,\)"),
        (np.zeros((2, 3)), r"numpy.ndarray and shape \(2, 3\)"),
        (np.complex128(1), "numpy.complex128"),
        (np.datetime64("2024-01-01"), "numpy.datetime64"),
        (np.str_("a"), "numpy.str_"),
        (Tensor(1j), "Tensor"),
        (Tensor(1.0, (3,)), "Tensor"),
        (Tensor(None, error=RuntimeError("no data on meta device")), "no data on meta device"),
        (Decimal("sNaN"), "decimal.Decimal"),
        (lambda: 1, "function"),
        (type("Odd", (), {"shape": lambda self: 1})(), "Odd"),
    ],
)
def test_anything_else_is_refused_by_key_and_type(given, kind):
    with pytest.raises(TypeError, match=f"'val/loss'.*{kind}"):
        values.number("val/loss", given)


def test_an_int_that_is_no_float():
    with pytest.raises(ValueError, match=r"'k'.*too large.*4001 bits"):
        values.number("k", 2**4000)


@pytest.mark.parametrize(
    ("given", "step"), [(0, 0), (-5, -5), (3.0, 3), (np.int32(4), 4), (True, 1), (2**63 - 1, 2**63 - 1)]
)
def test_steps(given, step):
    assert values.step_number("k", given) == step


@pytest.mark.parametrize("given", ["3", 1.5, math.nan, math.inf, [1], object()])
def test_steps_are_whole_numbers(given):
    with pytest.raises(TypeError, match="step of 'k' is a whole number"):
        values.step_number("k", given)


def test_a_value_in_the_place_of_a_name_is_told_in_one_line():
    frame = pd.DataFrame({"a": [1, 2]})
    with pytest.raises(TypeError, match=r"^a metric key is a string; got a value of type DataFrame$"):
        values.check_key(frame)
    with pytest.raises(TypeError, match=r"^a dataset's name is a string; got 3 of type int$"):
        values.check_key(3, "dataset")
    with pytest.raises(TypeError, match=r"string, and comes after the value; got a value of type DataFrame$"):
        checked_path(frame)


def test_steps_fit_64_bits():
    with pytest.raises(ValueError, match="64 bits"):
        values.step_number("k", 2**63)


def test_nested_dicts_are_flattened():
    flat = values.flat({"a": 1, "val": {"loss": 2, "by": {"class": 3}}, "none": {}})
    assert flat == {"a": 1, "val/loss": 2, "val/by/class": 3}


@pytest.mark.parametrize(
    "key", ["a" * 250, 'with "quotes"', "a/b", "🙂", "new\nline", "<script>alert(1)</script>", " "]
)
def test_keys_are_kept_as_they_are(key):
    assert values.check_key(key) == key


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        ("", ValueError, "empty"),
        ("a" * 251, ValueError, "251"),
        ("\ud800", ValueError, "Unicode"),
        (3, TypeError, "int"),
        (None, TypeError, "NoneType"),
        (b"a", TypeError, "bytes"),
    ],
)
def test_bad_keys(key, error, says):
    with pytest.raises(error, match=says):
        values.check_key(key)


def test_two_spellings_of_one_key_are_refused():
    """One of the two values was kept, without a word."""
    with pytest.raises(ValueError, match=r"metric 'a/b' is given twice, as \['a/b'\] and as \['a'\]\['b'\]"):
        values.flat({"a/b": 1, "c": 2, "a": {"b": 2}})


def test_a_flattened_key_may_not_be_too_long_either():
    with pytest.raises(ValueError, match="250"):
        values.flat({"a" * 200: {"b" * 100: 1}})


@pytest.mark.parametrize(
    ("given", "back", "number"),
    [
        ("text", "text", None),
        ("1", "1", None),
        (3, 3, 3.0),
        (0.1, 0.1, 0.1),
        (True, True, None),
        (None, None, None),
        ([1, "a", None], [1, "a", None], None),
        ((1, 2), [1, 2], None),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, None),
        ({3, 1, 2}, [1, 2, 3], None),
        (Path("data/x.csv"), "data/x.csv", None),
        (np.int64(5), 5, 5.0),
        (np.float32(0.5), 0.5, 0.5),
        (math.inf, math.inf, math.inf),
        (2**2000, 2**2000, None),
        (Enum("Color", "red").red, "Color.red", None),
        ({1: 2}, {"1": 2}, None),
    ],
)
def test_params(given, back, number):
    text, as_number, kind = values.param_text(given)
    assert param_value(text, kind) == back
    assert as_number == number


def test_many_large_params_go_into_several_events_and_one_too_large_is_named():
    parts = values.portions({f"k{number}": "x" * 400_000 for number in range(5)}, "param")
    assert [list(part) for part in parts] == [["k0", "k1"], ["k2", "k3"], ["k4"]]
    with pytest.raises(ValueError, match=r"param 'big' takes 2,000,\d\d\d bytes.*log_dict"):
        values.portions({"small": 1, "big": "x" * 2_000_000}, "param")


@pytest.mark.parametrize(
    ("what", "called"),
    [
        ("run", "a run's name"),
        ("experiment", "an experiment's name"),
        ("metric", "a metric key"),
        ("param", "a param key"),
        ("tag", "a tag key"),
    ],
)
def test_what_is_named_and_what_has_a_key(what, called):
    """It said "a experiment key cannot be empty"."""
    for bad, error in (("", ValueError), (3, TypeError), ("x" * 251, ValueError), ("\ud800", ValueError)):
        with pytest.raises(error, match=f"^{called} "):
            values.check_key(bad, what)
