"""The escape hatch: any query, read-only, and a bad one says where."""

from __future__ import annotations

import sys
import threading
import time

import duckdb
import pyarrow as pa
import pytest

import inlay
from inlay.errors import QueryError


@pytest.fixture
def filled(store):
    for number in range(3):
        with inlay.start_run(f"r{number}", params={"lr": number / 10}) as run:
            run.log({"a": float(number)}, step=0)
    return store


def test_the_kinds_of_result(filled):
    result = inlay.sql("select name, 1 as n from runs order by name")
    assert result.columns == ["name", "n"]
    assert len(result) == 3
    assert result.fetchall() == [("r0", 1), ("r1", 1), ("r2", 1)]
    assert result.df()["name"].tolist() == ["r0", "r1", "r2"]
    assert isinstance(result.arrow(), pa.Table)
    assert result.arrow().to_pydict() == {"name": ["r0", "r1", "r2"], "n": [1, 1, 1]}
    assert repr(result) == "Result: 3 rows, columns name, n"
    assert result.fetchall() == result.fetchall()


def test_parameters(filled):
    assert inlay.sql("select name from runs where name = ?", ["r1"]).fetchall() == [("r1",)]
    query = "select count(*) from params where number between $low and $high"
    assert inlay.sql(query, {"low": 0.05, "high": 0.15}).fetchall() == [(1,)]


@pytest.mark.parametrize(
    "query",
    ["from runs", "with x as (select 1) from x", "describe runs", "show tables", "summarize runs", "values (1)"],
)
def test_what_reads(filled, query):
    assert len(inlay.sql(query)) > 0


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select 1;", 1),
        ("select 1; -- done", 1),
        ("select 1 -- a; comment", 1),
        ("select ';'", ";"),
        ("select 1;; /* x; */ ;\n", 1),
        ("select 1\n-- ;\n+ 1", 2),
    ],
)
def test_semicolons_and_comments(store, query, value):
    assert inlay.sql(query).fetchall() == [(value,)]


@pytest.mark.parametrize(
    "query",
    [
        "insert into runs select * from runs",
        "delete from runs",
        "drop table runs",
        "create table x as select 1",
        "attach '/tmp/other.duckdb'",
        "copy runs to '/tmp/x.csv'",
        "set threads = 1",
        "install httpfs",
        "select 1; select 2",
        "select 1; drop table runs",
        "",
        "-- nothing",
    ],
)
def test_what_does_not_read_is_refused(filled, query):
    before = inlay.sql("select count(*) from runs").fetchall()
    with pytest.raises(QueryError):
        inlay.sql(query)
    assert inlay.sql("select count(*) from runs").fetchall() == before


@pytest.mark.parametrize("function", ["read_csv", "read_text", "read_parquet", "glob"])
def test_no_other_file_can_be_read(store, tmp_path, function):
    secret = tmp_path / "secret.csv"
    secret.write_text("password\n")
    with pytest.raises(QueryError, match="disabled"):
        inlay.sql(f"select * from {function}('{secret}')")


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("select nope from runs", "LINE 1: select nope"),
        ("select *\nfrom runs\nwhere nope = 1", "LINE 3: where nope"),
        ("select\n\n  name,\n  nope(name)\nfrom runs", "LINE 4:   nope(name)"),
        ("select *\nform runs\n", "LINE 2: form runs"),
        ("select * from nowhere", "LINE 1: select"),
    ],
)
def test_a_bad_query_says_where(filled, query, line):
    with pytest.raises(QueryError) as caught:
        inlay.sql(query)
    text = str(caught.value)
    assert line in text
    shown = text[text.index("LINE") :].splitlines()
    assert shown[1].strip(" ~").startswith("^")


def test_the_order_of_a_large_result_is_kept(store):
    with inlay.start_run() as run:
        run.log_metrics_array("a", range(300_000))
    steps = inlay.sql("select step from metrics order by step desc").df()["step"]
    assert steps.is_monotonic_decreasing
    assert len(steps) == 300_000


def test_columns_of_one_name(filled):
    assert inlay.sql("select 1 as a, 2 as a").fetchall() == [(1, 2)]
    assert len(inlay.sql("select * from runs join experiments using (experiment_id)")) == 3


def test_a_result_outlives_the_store_and_holds_nobody_up(filled):
    result = inlay.sql("select name from runs order by name")
    with inlay.start_run("r3"):
        pass
    assert len(inlay.runs()) == 4
    filled.database.unlink()
    assert len(result.fetchall()) == 3


def test_queries_from_threads(filled):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(inlay.sql("select count(*) from runs").fetchall()))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[(3,)]] * 6


def test_a_plain_duckdb_reads_the_file(filled):
    len(inlay.runs())
    # In its turn: the background thread may be taking the runs in.
    with filled.turn(), duckdb.connect(str(filled.database), read_only=True) as con:
        rows = con.execute(
            "select r.name, m.key, m.value from metrics m join runs r using (run_id) order by 1"
        ).fetchall()
        assert rows == [("r0", "a", 0.0), ("r1", "a", 1.0), ("r2", "a", 2.0)]
        assert con.execute("select last from metric_summary order by last").fetchall() == [(0.0,), (1.0,), (2.0,)]


def test_the_file_is_one_that_duckdb_1_2_reads(filled):
    len(inlay.runs())
    with filled.database.open("rb") as file:
        header = file.read(32)
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") <= 65  # the storage version of 1.2


def test_the_same_file_open_in_this_process_by_other_means(filled):
    """A notebook had the file open with `duckdb.connect`: the message spoke of a configuration."""
    while True:
        len(inlay.runs())
        try:  # which would be refused while the upkeep thread has it open
            con = duckdb.connect(str(filled.database))
            break
        except duckdb.Error:
            time.sleep(0.1)
    with con, pytest.raises(inlay.InlayError, match="open by this process"):
        len(inlay.runs())
    assert len(inlay.runs()) == 3


def test_rows_one_by_one(filled):
    assert list(inlay.sql("select name from runs order by name")) == [("r0",), ("r1",), ("r2",)]


def test_a_pivot_needs_its_values_named(filled):
    """It was refused as "a statement of type MULTI"."""
    with pytest.raises(QueryError, match=r"PIVOT \.\.\. ON key IN \('a', 'b'\)"):
        inlay.sql("pivot (select run_id, key, last from series) on key using first(last)")
    rows = inlay.sql("pivot (select run_id, key, last from series) on key in ('a') using first(last) order by a")
    assert [value for _, value in rows] == [0.0, 1.0, 2.0]


def test_what_is_no_query(store):
    with pytest.raises(TypeError, match=r"^a query is a string of SQL; got 5 of type int$"):
        inlay.sql(5)


def test_a_data_frame_without_pandas(filled, monkeypatch):
    run = inlay.get_run("r0")
    monkeypatch.setitem(sys.modules, "pandas", None)
    for frame in (inlay.sql("select 1").df, inlay.runs().to_df, run.history("a").to_df):
        with pytest.raises(ImportError, match="needs pandas: pip install pandas"):
            frame()
