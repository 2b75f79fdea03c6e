"""What is said of a column, against what pandas says of it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from inlay.content.datasets import profile
from inlay.content.datasets.recognise import describe

RANDOM = np.random.default_rng(1)
N = 100_000


def profiled(data):
    """The profile of each column, by name."""
    return describe(data).full_pass(lambda: None).profile


def one(values):
    """The profile of one column."""
    return profiled(pd.DataFrame({"c": values}))["c"]


NUMBERS = {
    "normal": RANDOM.normal(5, 2, N),
    "float32": RANDOM.normal(0, 1, N).astype(np.float32),
    "with gaps": np.where(RANDOM.random(N) > 0.9, np.nan, RANDOM.random(N)),
    "whole": RANDOM.integers(-100, 100, N),
    "large": RANDOM.integers(2**62, 2**63 - 1, 1000),
    "unsigned": RANDOM.integers(0, 200, N).astype(np.uint8),
    "pandas' own": pd.array([1, None, 3] * 10),
    "the same": np.full(50, 3.5),
    "huge and small": np.array([1e300, -1e300, 1e-300]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_as_pandas_says(name):
    series = pd.Series(NUMBERS[name])
    found, said = one(series), series.astype(float).describe()
    assert found["missing"] == series.isna().sum()
    assert found["min"] == series.min()
    assert found["max"] == series.max()
    assert found["mean"] == pytest.approx(said["mean"], rel=1e-6)
    known = series.nunique()
    assert found["distinct"] == known if known < 60_000 else found["distinct"] == pytest.approx(known, rel=0.02)
    assert found.get("distinct_approximate", False) == (known >= 65_536)
    histogram = found["histogram"]
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1 == 21
    assert sum(histogram["counts"]) == series.notna().sum()
    assert "approximate" not in histogram
    if name in ("normal", "with gaps"):
        assert histogram["counts"] == np.histogram(series.dropna(), 20)[0].tolist()


def test_infinities_are_counted_apart():
    found = one([1.0, np.inf, -np.inf, np.nan, 3.0])
    assert (found["missing"], found["infinite"], found["min"], found["max"], found["mean"]) == (1, 2, 1.0, 3.0, 2.0)
    assert sum(found["histogram"]["counts"]) == 2
    assert one([np.inf, np.nan]) == {"missing": 1, "infinite": 1, "distinct": 0}
    assert one([np.nan, np.nan]) == {"missing": 2}


def test_times():
    times = pd.Series(pd.date_range("2020-01-01", periods=101, freq="D")).astype("datetime64[us]")
    times[3] = None
    for data in (times, times.dt.tz_localize("UTC"), pl.Series("c", times)):
        found = next(iter(profiled(pd.DataFrame({"c": data}) if isinstance(data, pd.Series) else data).values()))
        assert (found["missing"], found["distinct"]) == (1, 100)
        assert (found["min"], found["max"]) == ("2020-01-01T00:00:00", "2020-04-10T00:00:00")
        assert found["mean"].startswith("2020-02-2")
        assert sum(found["histogram"]["counts"]) == 100
    days = profiled(pa.table({"c": pa.array([18262, 18264], pa.date32())}))["c"]
    assert (days["min"], days["max"], days["mean"]) == ("2020-01-01", "2020-01-03", "2020-01-02")
    assert one(pd.to_timedelta([1, 3], unit="s"))["mean"] == 2


def test_texts():
    words = [f"word {i % 7}" for i in range(100)] + [None, "", "ü🙂"]
    for data in (
        pd.DataFrame({"c": words}),
        pl.DataFrame({"c": words}),
        pa.table({"c": words}),
        [{"c": w} for w in words],
    ):
        found = profiled(data)["c"]
        assert (found["missing"], found["distinct"]) == (1, 9)
        assert found["lengths"] == {"min": 0, "max": 6, "mean": pytest.approx(602 / 102)}
        assert found["top"][0] == ["word 0", 15]
        assert sum(count for _, count in found["top"]) == 102
        assert "histogram" not in found
    names = one([f"user {i}" for i in range(2000)])
    assert "top" not in names  # no categories
    assert names["distinct"] == 2000
    kinds = one([f"kind {i % 50}" for i in range(1000)])
    assert len(kinds["top"]) == 10
    long = one(["x" * 5000] * 3)
    assert (long["lengths"]["max"], len(long["top"][0][0])) == (5000, 100)


def test_truths_and_labels():
    assert one([True, False, True])["top"] == [[True, 2], [False, 1]]
    assert one(np.array([3, 1, 3, 3, 1, 2] * 10))["top"] == [[3, 30], [1, 20], [2, 10]]
    assert one(pd.Categorical(["b", "a", "b", None]))["top"] == [["b", 2], ["a", 1]]
    assert "top" not in one(np.arange(100))


def test_lists_and_objects():
    lists = profiled(pa.table({"c": [[1, 2], [], None]}))["c"]
    assert lists == {"missing": 1, "lengths": {"min": 0, "max": 2, "mean": 1.0}}
    assert one([{"a": 1}, {"a": 1}, None, 3]) == {"missing": 1, "distinct": 2}
    assert profiled(pa.table({"c": [{"a": 1}, None]}))["c"]["missing"] == 1


def test_arrays():
    matrix = RANDOM.random((1000, 3))
    found = profiled(matrix)
    assert list(found) == ["0", "1", "2"]
    assert found["1"]["mean"] == pytest.approx(matrix[:, 1].mean())
    images = RANDOM.integers(0, 255, (10, 8, 8, 3)).astype(np.uint8)
    assert profiled(images)["values"]["mean"] == pytest.approx(images.mean())
    assert list(profiled((images, np.arange(10)))) == ["0", "1"]
    assert list(profiled({"X": matrix, "y": np.arange(1000)})) == ["X/0", "X/1", "X/2", "y"]
    assert list(profiled(np.zeros((2, 201)))) == ["values"]
    masked = profiled(np.ma.masked_array([1, 900, 3], [0, 1, 0]))["values"]
    assert (masked["missing"], masked["max"]) == (1, 3)


def test_sparse():
    found = profiled(sp.csr_matrix(np.array([[0, 2.0], [0, 0], [4.0, 0]])))["values"]
    assert (found["stored"], found["density"], found["mean"], found["missing"]) == (2, 0.333333, 3.0, 0)


def test_columns_of_one_name():
    found = profiled(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    assert {name: known["max"] for name, known in found.items()} == {"a": 3, "a (2)": 4}


@pytest.mark.parametrize("rows", [65_535, 65_537, 2_000_000])
def test_many_distinct_values(rows):
    values = RANDOM.permutation(np.arange(rows) // 1)
    found = one(values)
    assert found["distinct"] == (rows if rows < 65_536 else pytest.approx(rows, rel=0.02))
    histogram = found["histogram"]
    assert histogram.get("approximate", False) == (rows > 1_000_000)
    assert sum(histogram["counts"]) == (rows if rows <= 1_000_000 else pytest.approx(1_000_000, rel=0.1))
    assert max(histogram["counts"]) < 1.2 * min(histogram["counts"])


def test_hashes_of_texts_tell_them_apart():
    words = [b"", b"a", b"b", b"ab", b"ba", b"aab", b"aba", b"baa", b"\0", b"\0\0", *(b"%d" % i for i in range(5000))]
    lengths = np.array(list(map(len, words)))
    found = profile.text_hashes(lengths, b"".join(words))
    assert len(set(found.tolist())) == len(words)
    assert found.tolist() == profile.text_hashes(lengths[::-1], b"".join(words[::-1]))[::-1].tolist()
    spread = np.sort(found) / 2.0**64
    assert abs(spread - np.linspace(0, 1, len(words))).max() < 4 / math.sqrt(len(words))
