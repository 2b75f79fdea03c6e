"""Dicts as JSON and YAML: what configurations are made of, and what JSON has no word for."""

from __future__ import annotations

import json
import math
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pytest

from inlay.content.document import document, read_document
from inlay.errors import InlayError


class Colour(Enum):
    red = "r"


class Level(IntEnum):
    high = 3


@dataclass
class Config:
    rate: float
    path: Path


class Model:
    """As pydantic's."""

    def model_dump(self):
        return {"a": Path("x")}


class Text(str):
    __slots__ = ()


Point = namedtuple("Point", "x y")  # noqa: PYI024


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"a": [1, 2.5, None, True, "x"]}, {"a": [1, 2.5, None, True, "x"]}),
        ((1, 2), [1, 2]),
        (OrderedDict(b=1), {"b": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({1: "a", False: "b", None: "c", 2.5: "d"}, {"1": "a", "false": "b", "null": "c", "2.5": "d"}),
        ({(1, 2): "a", Colour.red: "b", np.int64(3): "c"}, {"[1, 2]": "a", "r": "b", "3": "c"}),
        (math.nan, "NaN"),
        ([math.inf, -math.inf], ["Infinity", "-Infinity"]),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), "NaN"),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array([np.nan, 1]), ["NaN", 1.0]),
        (np.array(3), 3),
        (np.datetime64("2024-01-02"), "2024-01-02"),
        (np.array(["2024-01-02"], "M8[D]"), ["2024-01-02"]),
        (datetime(2024, 1, 2, 3, tzinfo=timezone.utc), "2024-01-02T03:00:00+00:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(minutes=1), 60.0),
        (pd.Timestamp("2024-01-02"), "2024-01-02T00:00:00"),
        (pd.NA, None),
        (pd.Series([1, 2]), [1, 2]),
        (pd.DataFrame({"a": [1]}), [{"a": 1}]),
        (pl.DataFrame({"a": [1]}), [{"a": 1}]),
        (pl.Series([1]), [1]),
        (PurePosixPath("a/b"), "a/b"),
        (UUID(int=1), str(UUID(int=1))),
        (Decimal("1.10"), "1.10"),
        (Fraction(1, 3), "1/3"),
        (b"\0\1", "AAE="),
        (Colour.red, "r"),
        (Level.high, 3),
        (Config(0.1, PurePosixPath("x")), {"rate": 0.1, "path": "x"}),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Model(), {"a": "x"}),
        (Text("x"), "x"),
        (2**100, 2**100),
        ("", ""),
        (None, None),
        ({}, {}),
    ],
)  # fmt: skip
def test_what_a_value_becomes(given, kept):
    data = document(given, "a.json")
    assert json.loads(data, parse_constant=pytest.fail) == kept
    assert read_document(data, "a.json") == kept


def test_yaml_has_words_of_its_own():
    data = {"b": 1, "a": [math.nan, math.inf], "day": date(2024, 1, 2), "é": Colour.red}
    text = document(data, "a.yaml").decode()
    assert list(read_document(text.encode(), "a.yaml")) == ["b", "a", "day", "é"]
    assert read_document(text.encode(), "a.yml")["a"][1] == math.inf
    assert math.isnan(read_document(text.encode(), "a.yml")["a"][0])


def test_yaml_makes_nothing_but_plain_values():
    with pytest.raises(Exception, match="could not determine a constructor"):
        read_document(b"!!python/object/apply:os.system ['true']", "a.yaml")


@pytest.mark.parametrize(
    ("given", "says"),
    [({"a": {1, 2}}, "type set"), (object(), "type object"), (lambda: 1, "type function"), (Config, "type type"), (1j, "complex")],
)  # fmt: skip
def test_what_has_no_form(given, says):
    with pytest.raises(TypeError, match=f"log_dict has no form.*{says}"):
        document(given, "a.json")


def test_a_value_that_contains_itself():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match=r"a\.json: the value contains itself"):
        document(loop, "a.json")


def test_without_pyyaml_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(InlayError, match="pip install pyyaml"):
        document({}, "a.yaml")


def test_texts_that_are_no_unicode():
    assert json.loads(document(["\ud800"], "a.json")) == ["?"]
