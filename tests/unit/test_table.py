"""Tables of every library as Parquet and back: types, names, mixtures, and many calls as one table."""

from __future__ import annotations

import decimal
import os
import stat
import uuid
import warnings
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import inlay
from inlay.content import table_parts
from inlay.content.column_names import column_names
from inlay.content.column_types import common
from inlay.content.table import connection, write_table
from inlay.errors import InlayError
from inlay.tracking import kept_tables

ROWS = {"a": [1, 2, 3], "b": ["x", None, "z"]}


class Streamed:
    """A table of a library that nobody here has heard of."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class Interchanged:
    """One that speaks the older protocol."""

    def __init__(self, table):
        self.table = table

    def __dataframe__(self, *args, **options):
        return self.table.__dataframe__(*args, **options)


class Lazy:
    """One that has to be asked for something else, as Hugging Face's."""

    def to_pandas(self):
        return pd.DataFrame(ROWS)


def parts_of(run, key):
    return [one for one in run.artifacts if one.key == key]


def rows_of(run, name):
    """Its rows as dicts, read without any other library."""
    files = kept_tables.parts_of(parts_of(run, name))
    return table_parts.read_parts([one.local_path for one in files], "dicts")


@pytest.fixture
def run(store):
    with inlay.start_run() as run:
        yield run


@pytest.fixture(scope="module")
def duck():
    with connection() as con:
        yield con


@pytest.fixture
def kept(duck, tmp_path):
    """What is read of a table that was written, without a run: each of those takes its time."""

    def kept(*tables, **options):
        files = []
        for number, table in enumerate(tables):
            files.append(tmp_path / f"{number}.parquet")
            with duck.cursor() as con:
                write_table(con, table, files[-1], **options)
        with duck.cursor() as con:
            return table_parts._rows(con, files)

    return kept


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pl.LazyFrame(ROWS),
        pa.table(ROWS),
        pa.record_batch(ROWS),
        pa.table(ROWS).to_reader(),
        Streamed(pa.table(ROWS)),
        Interchanged(pa.table(ROWS)),
        Lazy(),
        [{"a": 1, "b": "x"}, {"a": 2}, {"a": 3, "b": "z"}],
        ROWS,
        {"a": np.array([1, 2, 3]), "b": pd.Series(["x", None, "z"])},
        {"a": range(1, 4), "b": ("x", None, "z")},
        np.array([(1, "x"), (2, None), (3, "z")], dtype=[("a", "i8"), ("b", "O")]),
    ],
    ids=lambda table: type(table).__module__.partition(".")[0] + "." + type(table).__name__,
)
def test_every_kind_of_table_is_the_same_table(kept, table):
    assert kept(table) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": 3, "b": "z"}]


def test_what_is_said_of_a_table(run):
    run.log_table(ROWS, "t")
    assert rows_of(run, "t.parquet") == [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": 3, "b": "z"}]
    (part,) = parts_of(run, "t.parquet")
    assert (part.path, part.kind) == ("t.parquet/part-00000.parquet", "table")
    assert part.metadata == {"rows": 3, "columns": ["a", "b"]}


def test_a_duckdb_relation(kept):
    con = duckdb.connect()
    assert kept(con.sql("SELECT 1 AS a, 'x' AS b")) == [{"a": 1, "b": "x"}]


def test_an_array(kept):
    assert kept(np.arange(4).reshape(2, 2), columns=["x", "y"]) == [{"x": 0, "y": 1}, {"x": 2, "y": 3}]
    assert kept(np.zeros((1, 2))) == [{"column_0": 0.0, "column_1": 0.0}]


def test_series(kept):
    assert kept(pd.Series([1, 2], name="x"), pl.Series("x", [3])) == [{"x": 1}, {"x": 2}, {"x": 3}]


ZONED = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
NIGHT = ZONED.replace(month=1, day=2, hour=3, tzinfo=None)
DAY = NIGHT.replace(hour=0)


@pytest.mark.parametrize(
    ("values", "back"),
    [
        ([1, None], [1, None]),
        ([1, 2.5], [1.0, 2.5]),
        ([2**60, 2.5], ["1152921504606846976", "2.5"]),
        ([2**63, 1], [2**63, 1]),
        ([2**70, 1], [str(2**70), "1"]),
        ([True, None], [True, None]),
        ([True, 1], ["true", "1"]),
        (["a", float("nan")], ["a", None]),
        (["a", 1, None, [1]], ["a", "1", None, "[1]"]),
        ([NIGHT, None], [NIGHT, None]),
        ([ZONED], [ZONED.replace(tzinfo=None)]),
        ([date(2024, 1, 2)], [date(2024, 1, 2)]),
        ([time(3, 4)], [time(3, 4)]),
        ([timedelta(seconds=1.5)], [1.5]),
        ([b"\0x"], [b"\0x"]),
        ([uuid.UUID(int=3)], [str(uuid.UUID(int=3))]),
        ([decimal.Decimal("1.25"), decimal.Decimal(3)], [decimal.Decimal("1.25"), decimal.Decimal("3.00")]),
        ([decimal.Decimal("NaN")], ["NaN"]),
        ([[1, 2], None, []], [[1, 2], None, []]),
        ([[1, "a"]], ['[1, "a"]']),
        ([{"k": 1}, None], ['{"k": 1}', None]),
        ([np.float32(0.5), np.int8(2)], [0.5, 2.0]),
        ([np.array([1.0, 2.0])], [[1.0, 2.0]]),
        ([np.datetime64("2024-01-02"), None], [DAY, None]),
        ([pd.NA, pd.NaT, 1], [None, None, 1]),
        ([pd.Timestamp("2024-01-02")], [DAY]),
        ([Path("x/y")], ["x/y"]),
        ([None, None], [None, None]),
        ([1j], ["1j"]),
        ([object], [str(object)]),
        (["\ud800"], ["?"]),
    ],
)  # fmt: skip
def test_what_python_values_become(kept, values, back):
    assert [row["v"] for row in kept({"v": values})] == back
    assert [row["v"] for row in kept(pd.DataFrame({"v": pd.Series(values, dtype=object)}))] == back


@pytest.mark.parametrize(
    ("values", "back"),
    [
        (pd.array([1, None], dtype="Int64"), [1, None]),
        (pd.array([True, None], dtype="boolean"), [True, None]),
        (pd.array(["x", None], dtype="string"), ["x", None]),
        (pd.Categorical(["x", None]), ["x", None]),
        (pd.Categorical([3, 4]), [3, 4]),
        (pd.to_datetime(["2024-01-02", None]), [DAY, None]),
        (pd.to_datetime(["2024-05-01 14:00"]).tz_localize("Europe/Berlin"), [ZONED.replace(tzinfo=None)]),
        (pd.to_timedelta([1.5], "s"), [1.5]),
        (pd.period_range("2024", periods=1, freq="D"), ["2024-01-01"]),
        (pd.arrays.SparseArray([0, 1]), [0, 1]),
        (np.array([1, 2], np.float16), [1.0, 2.0]),
        (np.array([2**63], np.uint64), [2**63]),
        (np.array([1j]), ["1j"]),
        (pd.array([1, None], dtype="int64[pyarrow]"), [1, None]),
    ],
    ids=str,
)
def test_what_pandas_columns_become(kept, values, back):
    assert [row["v"] for row in kept(pd.DataFrame({"v": values}))] == back


def test_what_arrow_and_polars_columns_become(kept):
    half, big = pa.array(np.array([1.5], np.float16)), pa.array([decimal.Decimal("1.50")], pa.decimal256(50, 2))
    assert kept(pa.table({"h": half, "d": big})) == [{"h": 1.5, "d": "1.50"}]
    columns = {"n": [None], "e": [timedelta(1)], "s": [{"x": 1}]}
    odd = [pl.Series("c", ["a"], dtype=pl.Categorical), pl.Series("o", [{"k": 1}], dtype=pl.Object)]
    frame = pl.DataFrame(columns).with_columns(*odd)
    assert kept(frame) == [{"n": None, "e": 86400.0, "s": {"x": 1}, "c": "a", "o": '{"k": 1}'}]


# -- names and indexes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a_1", "a_2"]),
        (["a", "a", "a_1"], ["a", "a_2", "a_1"]),
        (["a", "A"], ["a", "A_1"]),
        ([0, 1.5, None, ""], ["0", "1.5", "None", "column"]),
        ([("g", "mean"), ("g", "")], ["g/mean", "g"]),
        (['with "quotes"', "a;b"], ['with "quotes"', "a;b"]),
        (["\ud800", "\0"], ["?", "column"]),
    ],
)  # fmt: skip
def test_column_names(given, names):
    assert column_names(given)[0] == names


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame([[1, 2, 3]], columns=["a", "a", "A"]), pa.table([[1], [2], [3]], names=["a", "a", "A"])],
    ids=["pandas", "arrow"],
)  # fmt: skip
def test_columns_of_one_name_are_told_apart_with_a_warning_where_they_were_logged(kept, table):
    with pytest.warns(UserWarning, match="share a name.*'A', 'a'") as seen:
        rows = kept(table)
    assert seen[0].filename == __file__
    assert rows == [{"a": 1, "a_1": 2, "A_2": 3}]


def test_names_that_sql_has_to_be_told_of(kept):
    table = {'with "quotes"': [1], "select": [2], "a b": [3], "x'y": [4], "c1": [5], "c0": [6]}
    assert kept(table, table) == [{name: value for name, (value,) in table.items()}] * 2


@pytest.mark.parametrize(
    ("frame", "columns"),
    [
        (pd.DataFrame({"a": [1, 2]}), ["a"]),
        (pd.DataFrame({"a": [1, 2]}).iloc[1:], ["a"]),
        (pd.DataFrame({"a": [1]}, index=pd.Index([7], name="id")), ["id", "a"]),
        (pd.DataFrame({"a": [1]}, index=["x"]), ["index", "a"]),
        (pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("x", 1)], names=["g", None])), ["g", "level_1", "a"]),
        (pd.DataFrame([[1, 2]]), ["0", "1"]),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "mean"), ("a", "std")])), ["a/mean", "a/std"]),
    ],
)  # fmt: skip
def test_an_index_is_kept_where_it_says_something(kept, frame, columns):
    before = frame.copy()
    assert list(kept(frame)[0]) == columns
    pd.testing.assert_frame_equal(frame, before)


# -- many calls ---------------------------------------------------------------------------------------------


def test_rows_are_added_call_by_call_and_few_files_remain(run, monkeypatch):
    monkeypatch.setattr(kept_tables, "MERGED", 2)
    for number in range(7):
        run.log_table([{"n": number}], "t")
    assert [row["n"] for row in rows_of(run, "t.parquet")] == list(range(7))
    assert [(one.path.rpartition("/")[2], one.metadata["rows"]) for one in parts_of(run, "t.parquet")] == [
        ("part-00000-to-00003.parquet", 4),
        ("part-00004-to-00005.parquet", 2),
        ("part-00006.parquet", 1),
    ]
    run.end()
    again = inlay.get_run(run.run_id)
    assert again.load("t")["n"].tolist() == list(range(7))


def test_no_row_is_there_twice_or_not_at_all_whenever_somebody_looks(run, store, monkeypatch):
    monkeypatch.setattr(kept_tables, "MERGED", 2)
    event, seen = type(run.recorder).event, []

    def look_after(recorder, *given, **body):
        event(recorder, *given, **body)
        query = "SELECT sum((metadata->>'rows')::INTEGER)::INTEGER FROM artifacts WHERE key = 't.parquet'"
        seen.extend(inlay.sql(query).fetchall())

    monkeypatch.setattr(type(run.recorder), "event", look_after)
    for number in range(4):
        run.log_table([{"n": number}], "t")
    assert seen == [(1,), (2,), (2,), (3,), (4,), (4,), (4,)]
    assert run.load("t")["n"].tolist() == list(range(4))


def test_a_part_that_another_stands_for_is_left_out(run, monkeypatch):
    monkeypatch.setattr(kept_tables, "MERGED", 2)
    monkeypatch.setattr(type(run.memory), "drop_artifact", lambda memory, path: None)  # as known before the database
    for number in range(3):
        run.log_table([{"n": number}], "t")
    assert len(parts_of(run, "t.parquet")) == 4
    assert run.load("t")["n"].tolist() == list(range(3))


def test_large_parts_stay_as_they_are(run, monkeypatch):
    monkeypatch.setattr(kept_tables, "LARGEST", 10)
    monkeypatch.setattr(kept_tables, "MERGED", 2)
    for number in range(3):
        run.log_table([{"n": number}], "t")
    assert len(parts_of(run, "t.parquet")) == 3


def test_a_resumed_run_goes_on_where_it_stopped(store, monkeypatch):
    monkeypatch.setattr(kept_tables, "MERGED", 2)
    with inlay.start_run() as run:
        run.log_table([{"n": 0}], "t")
        run.log_table([{"n": 1}], "t")
    with inlay.start_run(resume=run.run_id) as run:
        for number in range(2, 5):
            run.log_table([{"n": number}], "t")
    assert inlay.get_run(run.run_id).load("t")["n"].tolist() == list(range(5))


@pytest.mark.parametrize(
    ("parts", "back"),
    [
        ([[1], [2.5]], [1.0, 2.5]),
        ([[2**60], [2.5]], ["1152921504606846976", "2.5"]),
        ([[None], [1], [None]], [None, 1, None]),
        ([[1], ["x"]], ["1", "x"]),
        ([[{"k": 1}], [[1, 2]]], ['{"k": 1}', "[1,2]"]),
        ([[[1]], [[1.5]], [[]]], [[1.0], [1.5], []]),
        ([[date(2024, 1, 2)], [NIGHT]], [DAY, NIGHT]),
        ([[True], [1]], ["true", "1"]),
        ([[decimal.Decimal("1.5")], [3]], [decimal.Decimal("1.5"), decimal.Decimal("3.0")]),
    ],
)  # fmt: skip
def test_a_column_whose_type_changes(kept, parts, back):
    assert [row["v"] for row in kept(*({"v": values} for values in parts))] == back


def test_of_a_column_that_becomes_text_one_warning_is_given(run):
    run.log_table({"v": [1], "w": ["x"], "same": [1]}, "t")
    for _ in range(2):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            run.log_table({"v": ["x"], "w": [1], "same": [1.5]}, "t")
            run.log_table({"v": [1], "w": ["x"], "same": [None]}, "t")
        said = [str(one.message) for one in seen]
        assert said == [
            "the column 'v' of the table 't.parquet' holds BIGINT and VARCHAR: it is read as text from now on",
            "the column 'w' of the table 't.parquet' holds BIGINT and VARCHAR: it is read as text from now on",
        ] * (_ == 0)
        assert all(one.filename == __file__ for one in seen)
    assert [row["v"] for row in rows_of(run, "t.parquet")] == ["1", "x", "1", "x", "1"]


def test_columns_that_come_and_go(kept):
    assert kept([{"a": 1}], [{"b": "x"}], [{"a": 2, "c": 1.5}]) == [
        {"a": 1, "b": None, "c": None},
        {"a": None, "b": "x", "c": None},
        {"a": 2, "b": None, "c": 1.5},
    ]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, "DATE", "DATE"),
        ("TINYINT", "UTINYINT", "SMALLINT"),
        ("UINTEGER", "INTEGER", "WHOLE"),
        ("UBIGINT", "BIGINT", "VARCHAR"),
        ("UTINYINT", "UINTEGER", "UINTEGER"),
        ("WHOLE", "BIGINT", "BIGINT"),
        ("SMALLINT", "FLOAT", "FLOAT"),
        ("INTEGER", "FLOAT", "DOUBLE"),
        ("WHOLE", "DOUBLE", "DOUBLE"),
        ("BIGINT", "DOUBLE", "VARCHAR"),
        ("FLOAT", "DOUBLE", "DOUBLE"),
        ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_NS"),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR"),
        ("DECIMAL(5,2)", "DECIMAL(6,1)", "DECIMAL(7,2)"),
        ("DECIMAL(38,2)", "DECIMAL(38,30)", "VARCHAR"),
        ("WHOLE[]", "DOUBLE[]", "DOUBLE[]"),
        ("STRUCT(a INTEGER)", "STRUCT(b INTEGER)", "VARCHAR"),
        ("BOOLEAN", "WHOLE", "VARCHAR"),
    ],
)  # fmt: skip
def test_the_type_that_holds_both(one, other, both):
    assert common(one, other) == common(other, one) == both


# -- empty and impossible -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"a": pd.Series([], dtype="int64")}), pl.DataFrame(schema={"a": pl.Int64}), pa.table({"a": pa.array([], pa.int64())})],
    ids=["pandas", "polars", "arrow"],
)  # fmt: skip
def test_an_empty_table_keeps_its_columns(kept, table, tmp_path):
    assert kept(table) == []
    assert table_parts.read_parts([tmp_path / "0.parquet"], "arrow").schema.field("a").type == pa.int64()
    assert kept(table, [{"a": "x"}]) == [{"a": "x"}]


@pytest.mark.parametrize(
    ("table", "error", "says"),
    [
        ([], ValueError, "at least one column"),
        ({}, ValueError, "at least one column"),
        (pd.DataFrame(), ValueError, "pandas.*DataFrame has none"),
        ({"a": [1, 2], "b": [1]}, ValueError, "equally long; got 'a': 2, 'b': 1"),
        ({"a": 1}, TypeError, "column 'a'.*int"),
        ({"a": "text"}, TypeError, "column 'a'.*'text'"),
        ([{"a": 1}, 3], TypeError, "a list that holds int"),
        ([[1, 2]], TypeError, "a list that holds list"),
        ("text", TypeError, "log_table takes.*got str"),
        (3, TypeError, "got int"),
        (None, TypeError, "got NoneType"),
        (np.zeros(3), ValueError, r"2-d; got one of shape \(3,\)"),
        (np.zeros((2, 2, 2)), ValueError, r"\(2, 2, 2\)"),
        (pl.LazyFrame({"a": [1]}).select("nothing"), pl.exceptions.ColumnNotFoundError, "nothing"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_said(kept, table, error, says):
    with pytest.raises(error, match=says):
        kept(table)


def test_what_is_no_table_is_not_logged(run):
    with pytest.raises(TypeError):
        run.log_table([3], "t")
    assert list(run.artifacts) == []


def test_columns_that_do_not_fit_the_array(kept):
    with pytest.raises(ValueError, match="has 2 columns, but columns= names 1"):
        kept(np.zeros((2, 2)), columns=["a"])


def test_paths_that_are_none(run):
    for path in ["../t", "/t", "t.csv", "", "a/../../t.parquet"]:
        with pytest.raises(ValueError, match=r"stays inside the run|\.parquet"):
            run.log_table(ROWS, path)


def test_a_disk_that_refuses_costs_a_warning(run, monkeypatch):
    def full(*_, **__):
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    monkeypatch.setattr("inlay.content.table.copy", full)
    with pytest.warns(RuntimeWarning, match=r"could not keep the table 't.parquet'.*No space") as seen:
        run.log_table(ROWS, "t")
    assert seen[0].filename == __file__
    assert list(run.artifacts) == []
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.warns(RuntimeWarning, match="No space"):
        run.log_table(ROWS, "t")


# -- back again ---------------------------------------------------------------------------------------------


def test_it_comes_back_in_the_library_asked_for(run):
    run.log_table(ROWS, "t")
    for _ in range(2):
        pd.testing.assert_frame_equal(run.load("t"), run.load("t.parquet", as_="pandas"))
        assert run.load("t", as_="polars")["b"].to_list() == [row["b"] for row in rows_of(run, "t.parquet")]
        assert run.load("t", as_="arrow").column("b").to_pylist() == [row["b"] for row in rows_of(run, "t.parquet")]
        run.log_table({"a": [1.5], "c": [1]}, "t")
    with pytest.raises(ValueError, match="as_ is one of pandas, polars, arrow; got 'spark'"):
        run.load("t", as_="spark")


def test_without_pandas_and_pyarrow_tables_are_written_and_come_back_as_dicts(store, script):
    done = script(
        """
        import datetime, importlib.util, sys
        for name in ("pandas", "pyarrow"):
            sys.modules[name] = None
        import inlay, polars
        with inlay.start_run() as run:
            run.log_table([{"a": 1, "t": datetime.datetime.now(datetime.timezone.utc)}], "t")
            run.log_table(polars.DataFrame({"a": [2]}), "t")
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name: None if name in ("pandas", "pyarrow") else found(name)
        print([row["a"] for row in run.load("t")], run.load("t", as_="polars")["a"].to_list())
        """
    )
    assert done.stdout.splitlines()[-1] == "[1, 2] [1, 2]", done.stderr


def test_what_duckdb_refuses_says_whose_it_is(kept, monkeypatch):
    def refuses(*_):
        raise duckdb.NotImplementedException("Not implemented Error: what a type")

    monkeypatch.setattr("inlay.content.table.copy", refuses)
    with pytest.raises(InlayError, match=r"this dict cannot be kept as a table: .*what a type"):
        kept({"a": [1]})


def test_what_finds_no_room_in_memory_goes_where_nobody_else_looks():
    with connection() as con:
        ((folder,),) = con.execute("SELECT current_setting('temp_directory')").fetchall()
        assert stat.S_IMODE(Path(folder).stat().st_mode) & 0o077 == 0 or os.name == "nt"
    assert not Path(folder).exists()
