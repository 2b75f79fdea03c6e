"""Equal data has an equal digest, whatever holds it and however it lies in memory; other data has another."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.content.datasets import arrays, recognise, table
from inlay.content.datasets.recognise import describe


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Several of them in small data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_BLOCK_ROWS", 1000)
        patch.setattr(arrays, "_PIECE_BYTES", 4096)
        yield


def digests(data):
    """The digest of all, and of a few rows."""
    found = describe(data)
    return found.full_pass(lambda: None).digest, found.sample_digest


def digest(data):
    return digests(data)[0]


N = 2_500
RANDOM = np.random.default_rng(0)
TIMES = np.datetime64("2020-01-01T00:00:00.000001", "us") + np.arange(N).astype("m8[s]")
COLUMNS = {
    "int64": pa.array(RANDOM.integers(-9, 9, N)),
    "uint8": pa.array(RANDOM.integers(0, 9, N).astype(np.uint8)),
    "float64": pa.array(RANDOM.random(N)),
    "float32 with gaps": pa.array([None, 1.5, float("inf")] * (N // 3) + [0.0] * (N % 3), pa.float32()),
    "bool": pa.array(RANDOM.random(N) > 0.5),
    "text": pa.array(["", "a", "héllo 🙂", "x" * 50] * (N // 4)),
    "text with gaps": pa.array(["a", None, ""] * (N // 3) + [None] * (N % 3)),
    "time": pa.array(TIMES),
    "time in UTC": pa.array(TIMES, pa.timestamp("us", "UTC")),
    "duration": pa.array((TIMES - TIMES[0]).astype("m8[ms]")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_same_in_every_library(name):
    column = COLUMNS[name]
    arrow = pa.table({"c": column})
    frame = arrow.to_pandas()
    held = {
        "arrow": arrow,
        "arrow in chunks": pa.concat_tables([arrow.slice(0, 11), arrow.slice(11, 1), arrow.slice(12)]),
        "arrow dictionary": arrow if "text" not in name else pa.table({"c": column.dictionary_encode()}),
        "pandas": frame,
        "pandas on arrow": arrow.to_pandas(types_mapper=pd.ArrowDtype),
        "pandas copied": frame.copy(),
        "pandas objects": frame.astype(object) if "text" in name else frame,
        "pandas categories": frame.astype("category") if "text" in name else frame,
        "polars": pl.from_arrow(arrow),
        "polars in chunks": pl.concat(
            [pl.from_arrow(arrow.slice(0, 100)), pl.from_arrow(arrow.slice(100))], rechunk=False
        ),
        "polars categories": pl.from_arrow(arrow).cast(pl.Categorical) if "text" in name else pl.from_arrow(arrow),
        "a series": frame["c"],
    }
    found = {how: digests(data) for how, data in held.items()}
    assert len(set(found.values())) == 1, found


def test_integers_with_gaps_by_library():
    arrow = pa.table({"c": pa.array([1, None, 3])})
    assert digest(arrow) == digest(pl.from_arrow(arrow)) == digest(pd.DataFrame({"c": pd.array([1, None, 3])}))
    assert digest(arrow) != digest(arrow.to_pandas())  # floats there


def test_where_the_gaps_are():
    gaps = [5, 1005, 2005]  # at the same place of another block
    columns = [pa.array(np.zeros(N, np.int64), mask=np.arange(N) == gap) for gap in gaps]
    assert len({digest(pa.table({"c": column})) for column in columns}) == 3


def test_bytes_behind_a_gap_do_not_count():
    offsets, data = pa.py_buffer(np.array([0, 1, 4], np.int32)), pa.py_buffer(b"axyz")
    gap = pa.StringArray.from_buffers(2, offsets, data, pa.py_buffer(b"\1"))
    assert digest(pa.table({"c": gap})) == digest(pa.table({"c": ["a", None]}))


def test_nested_columns():
    rows = {
        "list": [[1, 2], [], None, [3]],
        "struct": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 3, "b": ""}] * 1 + [None],
    }
    arrow = pa.table(rows)
    assert (
        digest(arrow) == digest(pl.from_arrow(arrow)) == digest(pa.concat_tables([arrow.slice(0, 1), arrow.slice(1)]))
    )
    other = pa.table(rows | {"list": [[1], [2], None, [3]]})
    assert digest(other) != digest(arrow)


def test_through_parquet_and_back():
    frame = pd.DataFrame(
        {
            "i": range(5),
            "t": ["a", None, "c", "", "e"],
            "when": pd.date_range("2020", periods=5, tz="Europe/Berlin"),
            "list": [[1, 2], [3], [], [4], [5]],
            "day": [dt.date(2020, 1, 1)] * 5,
            "price": [Decimal("1.50"), None, Decimal("2.25"), None, None],
            "kind": pd.Categorical(["x", "y", None, "x", "x"]),
        },
        index=pd.Index(list("abcde"), name="key"),
    )
    saved = io.BytesIO()
    frame.to_parquet(saved)
    assert digest(pd.read_parquet(saved)) == digest(frame)
    assert digest(pq.read_table(saved).select(["i", "t", "when", "key"])) == digest(frame[["i", "t", "when"]])
    own = pl.DataFrame({"a": [1, None], "b": [[1.5], []], "c": ["x", None]})
    saved = io.BytesIO()
    own.write_parquet(saved)
    saved.seek(0)
    assert digest(pl.read_parquet(saved)) == digest(own)


BASE = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
OTHERS = {
    "a value": BASE.assign(a=[1, 2, 4]),
    "a name": BASE.rename(columns={"a": "A"}),
    "a type": BASE.astype({"a": "int32"}),
    "floats for ints": BASE.astype({"a": "float64"}),
    "order of rows": BASE.iloc[::-1],
    "order of columns": BASE[["b", "a"]],
    "a row less": BASE.iloc[:2],
    "a column less": BASE[["a"]],
    "an index": BASE.set_axis([5, 6, 7]),
    "a gap": BASE.assign(b=["x", None, "z"]),
    "an empty text": BASE.assign(b=["x", "", "z"]),
    "texts cut elsewhere": BASE.assign(b=["xy", "", "z"]),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_data_has_another(case):
    assert digest(OTHERS[case]) != digest(BASE)
    others = {digest(data) for data in OTHERS.values()}
    assert len(others) == len(OTHERS)


@pytest.mark.parametrize(
    "same",
    [
        BASE.copy(),
        BASE[["b", "a"]][["a", "b"]],
        BASE.iloc[0:3],
        pd.concat([BASE, BASE]).iloc[:3].reset_index(drop=True),
        BASE.set_axis(pd.RangeIndex(10, 13)),
        BASE.assign(c=1).drop(columns="c"),
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": "z"}],
        np.rec.fromarrays([np.array([1, 2, 3]), np.array(["x", "y", "z"])], names="a,b"),
    ],
)
def test_how_it_lies_makes_no_difference(same):
    assert digest(same) == digest(BASE)


# --- arrays -------------------------------------------------------------------------------------------------

CUBE = RANDOM.random((40, 5, 60))


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(CUBE),
        CUBE.astype(">f8"),
        np.concatenate([CUBE, CUBE])[:40],
        np.repeat(CUBE, 2, axis=0)[::2],
        CUBE.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    ],
)
def test_layout_of_arrays_makes_no_difference(same):
    assert digests(same) == digests(CUBE)


def test_other_arrays():
    arrays = [
        CUBE, CUBE.astype(np.float32), CUBE.reshape(5, 40, 60), CUBE.reshape(-1), CUBE[:39], CUBE.T, -CUBE,
        np.zeros(3), np.zeros((3, 1)), np.zeros(3, np.int64), np.array(0.0), np.array([0.0]), np.zeros(0),
        (np.zeros(3), np.zeros(3)), {"X": np.zeros(3), "y": np.zeros(3)}, {"y": np.zeros(3), "X": np.zeros(3)},
    ]  # fmt: skip
    assert len({digest(array) for array in arrays}) == len(arrays)


def test_memory_maps(tmp_path):
    mapped = np.memmap(tmp_path / "m", np.float64, "w+", shape=CUBE.shape)
    mapped[:] = CUBE
    assert digests(mapped) == digests(CUBE)


def test_masked_values_make_no_difference():
    one, other = np.ma.masked_array([1, 2, 3], [0, 1, 0]), np.ma.masked_array([1, 9, 3], [0, 1, 0])
    assert digest(one) == digest(other) != digest(np.array([1, 0, 3]))


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_sparse_formats(form):
    dense = np.where(RANDOM.random((30, 20)) > 0.8, RANDOM.random((30, 20)), 0)
    base = sp.csr_matrix(dense)
    assert digest(base.asformat(form)) == digest(base)
    assert digest(sp.csr_array(base).asformat(form)) == digest(base)
    assert digest(sp.csr_matrix(base * 2)) != digest(base)


def test_sparse_data_in_any_order(monkeypatch):
    monkeypatch.setattr(recognise, "SMALL", 0)  # read as it is
    tidy = sp.csr_matrix(np.array([[1.0, 0, 3.0], [0, 0, 2.0]]))
    rows, columns, values = [1, 0, 0, 0, 1], [2, 2, 0, 0, 0], [2.0, 3.0, 0.5, 0.5, 0.0]
    twice = sp.coo_matrix((values, (rows, columns)), (2, 3))
    assert digest(twice) == digest(tidy) == digest(twice.tocsc())
    unsorted = sp.csr_matrix((np.array([3.0, 1.0, 2.0]), np.array([2, 0, 2]), np.array([0, 2, 3])), (2, 3))
    assert digest(unsorted) == digest(tidy)
    assert unsorted.indices.tolist() == [2, 0, 2]  # not sorted behind the user's back
    assert digest(sp.csr_matrix((2, 4))) != digest(sp.csr_matrix((4, 2)))


# --- properties ---------------------------------------------------------------------------------------------

ERA = dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)  # noqa: DTZ001 - what pandas' nanoseconds reach
VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=1),
    st.lists(st.text(st.characters(codec="utf-8")) | st.none(), min_size=1),
    st.lists(st.floats(allow_nan=False) | st.none(), min_size=1),
    st.lists(st.booleans() | st.none(), min_size=1),
    st.lists(st.datetimes(*ERA) | st.none(), min_size=1),
    st.lists(st.binary() | st.none(), min_size=1),
)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.integers(0, 100))
def test_pieces_and_libraries_agree(values, cut):
    arrow = pa.table({"c": values})
    pieces = pa.concat_tables([arrow.slice(0, cut), arrow.slice(cut)])
    found = {digest(arrow), digest(pieces), digest(pl.DataFrame({"c": pl.Series(values)}))}
    if any(value is not None for value in values):
        found.add(digest(arrow.to_pandas(types_mapper=pd.ArrowDtype)))
        found.add(digest([{"c": value} for value in values]))
    assert len(found) == 1


@settings(max_examples=40, deadline=None)
@given(VALUES, VALUES)
def test_other_values_have_another(one, other):
    def plain(values):
        return [("-0" if str(v) == "-0.0" else v, type(v)) for v in values]

    if plain(one) != plain(other) and any(v is not None for v in one) and any(v is not None for v in other):
        assert digest(pa.table({"c": one})) != digest(pa.table({"c": other}))


def test_the_sample_is_chosen_by_size():
    assert table.sample_spans(64) == [(0, 64)]
    for rows in (65, 100, 10**6, 10**12):
        spans = table.sample_spans(rows)
        assert spans[0] == (0, 8)
        assert spans[-1] == (rows - 8, rows)
        assert len(spans) == 8
    assert table.spread(10**6, 4) == [0, 333333, 666666, 999999]


def test_digests_stay_what_they_are():
    # Of another version: a store is to know data again that it saw years ago.
    assert digest(BASE)[:16] == "56b7cac7d9b35f9b"
    assert digest(np.arange(6.0).reshape(2, 3))[:16] == "3ba1ac8de5cf2b92"
    assert digest(sp.csr_matrix(np.eye(2)))[:16] == "b002918f1507929c"
