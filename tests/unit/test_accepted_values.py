"""Every value that a user may log as a metric, a param or a tag, through the calls they use; and every one refused.

What the functions below them do with odd objects is in test_values.py.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import inlay

NOW = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
DTYPES = [np.dtype(name) for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g")]


class Level(IntEnum):
    high = 3


class Colour(Enum):
    red = "r"


class Torch:
    """A tensor without dimensions, as torch and JAX have it."""

    shape = ()
    dtype = "torch.float32"

    def item(self):
        return 1.5


class TensorFlow:
    """One as TensorFlow has it."""

    shape = ()

    def numpy(self):
        return np.float32(1.5)


METRICS = {
    "int": (3, 3.0),
    "negative": (-3, -3.0),
    "large int": (2**70, float(2**70)),
    "float": (0.1, 0.1),
    "bool": (True, 1.0),
    "IntEnum": (Level.high, 3.0),
    "Decimal": (Decimal("0.5"), 0.5),
    "nan": (math.nan, math.nan),
    "inf": (math.inf, math.inf),
    "-inf": (-math.inf, -math.inf),
    "pandas scalar": (pd.Series([1.5]).iloc[0], 1.5),
    "pandas mean": (pd.Series([1, 2]).mean(), 1.5),
    "polars mean": (pl.Series([1, 2]).mean(), 1.5),
    "torch, jax": (Torch(), 1.5),
    "tensorflow": (TensorFlow(), 1.5),
    "nan of numpy": (np.float32("nan"), math.nan),
    **{f"numpy {dtype.name}": (dtype.type(1), 1.0) for dtype in DTYPES},
    **{f"0-d array of {dtype.name}": (np.array(1, dtype), 1.0) for dtype in DTYPES},
}
REFUSED = {
    "text": "1.5",
    "None": None,
    "complex": 1j,
    "Fraction": Fraction(1, 2),
    "date": date(2024, 1, 2),
    "datetime": NOW,
    "timedelta": timedelta(1),
    "bytes": b"1",
    "Path": Path("x"),
    "Enum": Colour.red,
    "list": [1.0],
    "tuple": (1.0,),
    "set": {1.0},
    "range": range(1),
    "array of one": np.array([1.0]),
    "array": np.zeros(3),
    "empty array": np.zeros(0),
    "array of text": np.array("1"),
    "array of objects": np.array(1, object),
    "complex of numpy": np.complex64(1),
    "datetime64": np.datetime64("2024-01-02"),
    "timedelta64": np.timedelta64(1, "s"),
    "str_": np.str_("1"),
    "Series": pd.Series([1.0]),
    "polars Series": pl.Series([1.0]),
    "data frame": pd.DataFrame({"a": [1.0]}),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "Timestamp": pd.Timestamp("2024-01-02"),
    "object": object(),
    "type": float,
    "function": abs,
}
SAME = object()
PARAMS = {
    "text": ("a", SAME),
    "empty": ("", SAME),
    "int": (3, SAME),
    "large int": (2**70, SAME),
    "float": (0.1, SAME),
    "inf": (math.inf, SAME),
    "bool": (True, SAME),
    "None": (None, SAME),
    "list": ([1, "a", None], SAME),
    "nested": ({"a": {"b": [1]}}, SAME),
    "tuple": ((1, 2), [1, 2]),
    "set": ({2, 1}, [1, 2]),
    "keys": ({1: 2, None: 3}, {"1": 2, "None": 3}),
    "complex": (1j, "1j"),
    "Fraction": (Fraction(1, 2), "1/2"),
    "Decimal": (Decimal("0.50"), "0.50"),
    "date": (date(2024, 1, 2), "2024-01-02"),
    "datetime": (NOW, "2024-05-01 12:00:00+00:00"),
    "bytes": (b"a", "b'a'"),
    "Path": (Path("a") / "b", str(Path("a") / "b")),
    "Enum": (Colour.red, "Colour.red"),
    "IntEnum": (Level.high, 3),
    "numpy": (np.float32(0.5), 0.5),
    "0-d array": (np.array(2), 2),
    "numpy text": (np.str_("a"), "a"),
    "array": (np.array([1, 2]), "[1 2]"),
    "torch": (Torch(), 1.5),
    "Timestamp": (pd.Timestamp("2024-01-02"), "2024-01-02 00:00:00"),
    "type": (dict, "<class 'dict'>"),
}
TAGS = {
    "text": ("a", "a"),
    "int": (3, "3"),
    "float": (0.1, "0.1"),
    "bool": (True, "True"),
    "list": ([1, 2], "[1, 2]"),
    "date": (date(2024, 1, 2), "2024-01-02"),
    "Enum": (Colour.red, "Colour.red"),
    "Path": (Path("a"), "a"),
}


def same(one, other):
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("way", ["log", "log_metric", "log_metrics", "many"])
def test_metrics(store, way):
    given = {key: value for key, (value, _) in METRICS.items()}
    with inlay.start_run() as run:
        if way == "many":
            run.log(given, step=0)
            run.log(given, step=1)
        else:
            call = getattr(run, way)
            for key, value in given.items():
                for step in (0, 1):  # the second takes the quick path
                    call(key, value, step=step) if way == "log_metric" else call({key: value}, step=step)
    found = run.metrics
    assert {key: found.get(key) for key, (_, number) in METRICS.items() if not same(found.get(key), number)} == {}
    (counts,) = inlay.sql("select list(distinct count) from metric_summary where run_id = ?", [run.run_id]).fetchall()
    assert counts[0] == [2]


def test_what_no_metric_can_be(store):
    with inlay.start_run() as run:
        for name, value in REFUSED.items():
            for call in (
                lambda value=value: run.log_metric("k", value),
                lambda value=value: run.log({"k": value}),
                lambda value=value: run.log({"fine": 1.0, "k": value}, step=3),
                lambda value=value: run.log_metrics({"fine": 1.0, "deep": {"k": value}}),
            ):
                with pytest.raises(TypeError, match=r"metric '(deep/)?k' must be a number") as raised:
                    call()
                assert type(value).__name__ in str(raised.value), name
        with pytest.raises(ValueError, match="too large for a float"):
            run.log_metric("k", 10**400)
    assert run.metrics == {}


def test_params(store):
    with inlay.start_run(params={key: value for key, (value, _) in PARAMS.items()}) as run:
        run.log_param("one", 1)
    back = inlay.get_run(run.run_id).params
    expected = {key: value if kept is SAME else kept for key, (value, kept) in PARAMS.items()}
    assert {key: value for key, value in back.items() if not same(value, expected.get(key))} == {"one": 1}
    assert {key: type(value) for key, value in back.items()} == {
        "one": int,
        **{key: type(value) for key, value in expected.items()},
    }


def test_tags(store):
    with inlay.start_run(tags={key: value for key, (value, _) in TAGS.items()}) as run:
        run.set_tag("gone", 1)
        run.set_tag("gone", None)
    assert inlay.get_run(run.run_id).tags == {key: kept for key, (_, kept) in TAGS.items()}


def test_tensors_of_torch(store):
    torch = pytest.importorskip("torch")
    with inlay.start_run() as run:
        for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.bool):
            run.log_metric(str(dtype), torch.tensor(1, dtype=dtype))
        run.log_metric("grad", torch.tensor(1.0, requires_grad=True))
        for bad in (torch.zeros(1), torch.zeros(2), torch.tensor(1j), torch.tensor(1.0, device="meta")):
            with pytest.raises(TypeError, match="metric 'k'"):
                run.log_metric("k", bad)
    assert set(run.metrics.values()) == {1.0}
