"""Data that a run used: every kind that is taken, what is recorded of it, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pytest
import scipy.sparse as sp

import inlay
from inlay.content.datasets import recognise, sampled
from inlay.content.datasets.description import MOST_IN_SCHEMA, Findings
from inlay.errors import InlayError
from inlay.store.journal.slots import MAX_EVENT
from inlay.tracking import input_pass

FRAME = pd.DataFrame({"x": [1, 2, 3], "y": [0.5, float("nan"), 2.5], "city": ["Paris", None, "Rome"]})
RAGGED = np.array([[1, 2], [3, 4], [5, 6]], np.int32)
SPARSE = sp.csr_matrix(([1.0, 2.0], ([0, 2], [1, 3])), shape=(3, 4))

TAKEN = {
    "pandas frame": (FRAME.copy, "pandas", 3, 3),
    "pandas series": (lambda: FRAME["x"], "pandas", 3, 1),
    "pandas index": (lambda: FRAME.set_index("city"), "pandas", 3, 3),
    "polars frame": (lambda: pl.from_pandas(FRAME), "polars", 3, 3),
    "polars series": (lambda: pl.Series("x", [1, 2, 3]), "polars", 3, 1),
    "polars lazy": (pl.from_pandas(FRAME).lazy, "polars", None, 3),
    "arrow table": (lambda: pa.Table.from_pandas(FRAME), "arrow", 3, 3),
    "arrow batch": (lambda: pa.RecordBatch.from_pandas(FRAME), "arrow", 3, 3),
    "array of no dimensions": (lambda: np.array(1.5), "numpy", 1, 1),
    "array of one": (lambda: np.arange(5), "numpy", 5, 1),
    "matrix": (RAGGED.copy, "numpy", 3, 2),
    "array of three": (lambda: np.zeros((4, 5, 6), np.float16), "numpy", 4, None),
    "masked array": (lambda: np.ma.masked_array([1, 2], [True, False]), "numpy", 2, 1),
    "records array": (lambda: np.array([(1, 0.5), (2, 1.5)], [("a", "i4"), ("b", "f8")]), "numpy", 2, 2),
    "array of texts": (lambda: np.array(["a", "bb"]), "numpy", 2, 1),
    "array of objects": (lambda: np.array(["a", None, 3], object), "numpy", 3, 1),
    "pair": (lambda: (RAGGED.copy(), np.arange(3)), "arrays", 3, None),
    "dict of arrays": (lambda: {"X": RAGGED.copy(), "y": np.arange(2)}, "arrays", None, None),
    "dict of frames": (lambda: {"train": FRAME, "test": FRAME}, "arrays", 3, None),
    "sparse matrix": (SPARSE.copy, "scipy", 3, 4),
    "sparse array": (lambda: sp.csc_array(SPARSE), "scipy", 3, 4),
    "sparse lists": (SPARSE.tolil, "scipy", 3, 4),
    "sparse dict": (SPARSE.todok, "scipy", 3, 4),
    "list of dicts": (lambda: [{"a": 1}, {"a": 2, "b": "x"}], "records", 2, 2),
    "prompts": (lambda: ["Why?", "How?"], "texts", 2, 1),
}
"""What is logged, and its kind, rows and columns."""


def logged(data, **more):
    """What the store says of data when all of it is known."""
    with inlay.start_run() as run:
        run.log_input(data, **more)
    assert input_pass.settle(20)
    return run.inputs[0]


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_taken(case):
    make, kind, rows, columns = TAKEN[case]
    first, again = (recognise.describe(make()) for _ in range(2))
    found, same = (one.full_pass(lambda: None) for one in (first, again))
    assert (first.kind, first.rows, found.columns or first.columns) == (kind, rows, columns)
    assert first.name is None
    assert first.schema or found.schema
    if "lazy" not in case:
        assert len(found.digest) == len(first.sample_digest) == 64
        assert found.profile
    assert (found.digest, first.sample_digest) == (same.digest, again.sample_digest)


def test_all_of_it_is_given_back(store):
    with inlay.start_run() as run:
        for case, (make, *_) in TAKEN.items():
            run.log_input(make(), case)
    assert input_pass.settle(20)
    found = run.inputs
    assert [(one.name, one.kind, one.rows, one.columns) for one in found] == [
        (case, *said) for case, (_, *said) in TAKEN.items()
    ]
    for one in found:
        assert repr(one).startswith(f"Dataset {one.name}: {one.kind}")
        assert one.digest is not None or one.name == "polars lazy"


@pytest.mark.parametrize(
    "data",
    [3, None, object(), {1, 2}, [], [1, 2], (), {}, {"a": 1}, (np.zeros(2), 3), lambda: 0, [["a"]], b""[:0] and 1],
)
def test_what_is_refused(store, data):
    with inlay.start_run() as run, pytest.raises(TypeError, match=r"log_input takes .*got .* of type "):
        run.log_input(data)
    assert run.inputs == []


def test_bad_words_are_refused(store, tmp_path):
    with inlay.start_run() as run:
        for words, error in [
            ({"name": 3}, TypeError),
            ({"name": ""}, ValueError),
            ({"name": "x" * 251}, ValueError),
            ({"context": 3}, TypeError),
            ({"context": "x" * 251}, ValueError),
            ({"source": 3}, TypeError),
        ]:
            with pytest.raises(error):
                run.log_input(FRAME, **words)
        with pytest.raises(FileNotFoundError, match=r"no file or folder .*nothing\.csv"):
            run.log_input(tmp_path / "nothing.csv")
        with pytest.raises(ValueError, match="NUL"):
            run.log_input("a\0b")
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "pipe")
            with pytest.raises(ValueError, match="no pipes"):
                run.log_input(tmp_path / "pipe")
    assert run.inputs == []
    with pytest.raises(InlayError, match="has ended"):
        run.log_input(FRAME)
    with pytest.raises(InlayError, match="read from the store"):
        inlay.get_run(run.run_id).log_input(FRAME)


def test_what_the_table_holds(store):
    with inlay.start_run() as run:
        shown = run.log_input(FRAME, "train", context="training", source="s3://key:secret@bucket/x?token=abc&v=1")
    assert input_pass.settle(20)
    names = ["name", "context", "kind", "rows", "columns", "schema", "profile", "source"]
    (row,) = inlay.sql(f"select {', '.join(names)} from inputs").fetchall()
    assert list(row[:5]) == ["train", "training", "pandas", 3, 3]
    found = dict(zip(names, row, strict=True))
    assert [entry["name"] for entry in json.loads(found["schema"])] == ["x", "y", "city"]
    assert json.loads(found["profile"])["y"]["missing"] == 1
    assert "secret" not in found["source"]
    assert "abc" not in found["source"]
    assert found["source"].endswith("v=1")
    assert shown.name == "train"
    assert abs(shown.created_at.timestamp() - time.time()) < 60


# --- names --------------------------------------------------------------------------------------------------


def test_data_without_a_name_is_numbered(store):
    with inlay.start_run() as run:
        names = [run.log_input(data).name for data in (np.arange(3), np.arange(4), np.arange(3), np.arange(5))]
        other = run.log_input(np.arange(4), context="test").name
    assert names == ["data", "data-2", "data", "data-3"]
    assert other == "data"
    assert sorted((one.name, one.context) for one in run.inputs) == [
        ("data", ""), ("data", "test"), ("data-2", ""), ("data-3", ""),
    ]  # fmt: skip


def test_data_with_a_name_replaces_what_had_it(store):
    with inlay.start_run() as run:
        run.log_input(np.arange(3), "x")
        run.log_input(np.arange(7), "x")
    assert input_pass.settle(20)
    assert [(one.name, one.rows) for one in run.inputs] == [("x", 7)]
    with inlay.start_run(resume=run.run_id) as again:
        assert again.log_input(np.arange(3)).name == "data"
    with inlay.start_run(resume=run.run_id) as again:
        assert again.log_input(np.arange(4)).name == "data-2"


def test_a_late_pass_does_not_overwrite_newer_data(store, monkeypatch):
    slow = threading.Event()
    newer = recognise.Description("numpy", 7)
    late = recognise.Description("numpy", 3, full_pass=lambda _: (slow.wait(10), Findings("a" * 64))[1])
    with inlay.start_run() as run:
        monkeypatch.setattr(recognise, "describe", lambda _: late)
        run.log_input(None, "x")
        monkeypatch.setattr(recognise, "describe", lambda _: newer)
        run.log_input(None, "x")
        slow.set()
    assert input_pass.settle(20)
    assert [(one.rows, one.digest) for one in run.inputs] == [(7, None)]


# --- time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(10**9,), (10**6, 1000), (1, 10**9), (10**4, 10**3, 10**2)])
def test_the_foreground_reads_no_more_of_larger_data(shape):
    large = np.broadcast_to(np.float32(1.5), shape)  # a single number in memory
    before = time.thread_time()
    found = recognise.describe(large)
    assert time.thread_time() - before < 0.05
    assert found.rows == shape[0]
    assert found.full_pass is not None


def test_wide_data_is_described_in_part(store):
    wide = pd.DataFrame(np.zeros((3, 5000)), columns=[f"{i} " + "ü" * 300 for i in range(5000)])
    before = time.thread_time()
    found = recognise.describe(wide)
    assert time.thread_time() - before < 0.1
    assert found.columns == 5000
    assert len(found.schema) <= MOST_IN_SCHEMA
    assert len(json.dumps(found.schema)) < 100_000
    full = found.full_pass(lambda: None)
    assert len(full.profile) <= 200
    assert len(json.dumps(full.profile)) < 100_000 < MAX_EVENT
    assert full.digest != recognise.describe(wide.iloc[:, :-1]).full_pass(lambda: None).digest


def test_small_data_is_copied_at_once():
    frame, array, rows = FRAME.copy(), RAGGED.copy(), [{"a": 1}]
    known = [recognise.describe(data) for data in (frame, array, rows)]
    before = [one.full_pass(lambda: None).digest for one in known]
    frame["x"] = 0
    array[:] = 0
    rows[0]["a"] = 2
    assert [one.full_pass(lambda: None).digest for one in known] == before


def test_large_data_that_is_changed_has_no_digest(monkeypatch):
    monkeypatch.setattr(recognise, "SMALL", 10)
    frame, array = FRAME.copy(), RAGGED.copy()
    changes = {
        "a value": (frame, lambda: frame.__setitem__("x", 0)),
        "an array": (array, lambda: array.fill(0)),
        "a column": (other := FRAME.copy(), lambda: other.insert(0, "new", 1)),
    }
    for data, change in changes.values():
        known = recognise.describe(data)
        assert known.full_pass(lambda: None).digest is not None
        change()
        assert known.full_pass(lambda: None) == Findings()


def test_the_end_of_the_process_waits_and_then_goes(store, script):
    done = script(
        """
        import time
        import inlay
        from inlay.content.datasets import recognise, sampled
        from inlay.content.datasets.description import Description, Findings
        from inlay.tracking import input_pass
        import numpy as np

        input_pass.settle.__defaults__ = (3.0,)
        run = inlay.start_run("x")
        run.log_input(np.arange(2_000_000), "counted")
        run.end()

        def for_ever(check):
            while True:
                check()
                time.sleep(0.01)

        recognise.describe = lambda _: Description("numpy", 1, full_pass=for_ever)
        with inlay.start_run("y") as run:
            run.log_input(None, "never")
            print("logged", flush=True)
        """
    )
    assert (done.returncode, done.stdout) == (0, "logged\n"), done.stderr
    rows = inlay.sql("select name, digest is not null from inputs order by name").fetchall()
    assert rows == [("counted", True), ("never", False)]


def test_a_forked_child_starts_anew(store):
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    with inlay.start_run() as run:
        run.log_input(np.arange(3), "parent")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os._exit(0 if input_pass._thread is None and not input_pass._waiting else 1)
        assert os.waitpid(child, 0)[1] == 0


# --- files --------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    frame = pd.DataFrame({"n": range(100), "word": ["a", "b"] * 50, "password": ["hunter2"] * 100})
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_csv(folder / "t.tsv", index=False, sep="\t")
    frame.to_csv(folder / "packed.csv.gz", index=False)
    frame.to_parquet(folder / "t.parquet")
    frame.to_json(folder / "t.jsonl", orient="records", lines=True)
    (folder / "deep/notes.txt").write_text("notes")
    return folder


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "packed.csv.gz", "t.parquet", "t.jsonl"])
def test_a_table_on_disk(store, folder, name):
    found = logged(folder / name)
    assert (found.kind, found.name, found.rows, found.columns) == ("file", name, 100, 3)
    assert found.digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert [entry["name"] for entry in found.schema] == ["n", "word", "password"]
    assert found.profile["n"] | {"histogram": 0} == {
        "missing": 0, "min": 0, "max": 99, "mean": 49.5, "distinct": 100, "histogram": 0,
    }  # fmt: skip
    assert found.profile["word"]["top"] == [["a", 50], ["b", 50]]
    assert found.profile["password"] == {"missing": 0}


def test_files_that_are_not_what_they_say(store, folder):
    for name, data in {"bad.parquet": b"no", "bad.jsonl": b'{"a":', "empty.csv": b"", "a*[1].csv": b"a\n1\n"}.items():
        (folder / name).write_bytes(data)
        found = logged(folder / name)
        assert found.digest == hashlib.sha256(data).hexdigest()
    assert logged(str(folder / "deep/notes.txt")).bytes == 5


def test_a_folder(store, folder, tmp_path):
    found = logged(folder)
    assert (found.kind, found.name, found.rows) == ("folder", "data", 6)
    assert {"name": "deep/notes.txt", "type": "file", "bytes": 5} in found.schema
    assert found.bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    (folder / "deep/notes.txt").write_text("NOTES")
    other = logged(folder)
    assert other.digest != found.digest
    assert other.sample_digest == found.sample_digest  # of paths and sizes
    (folder / "deep/notes.txt").rename(folder / "deep/renamed.txt")
    assert logged(folder).sample_digest != found.sample_digest


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_folders_with_links(store, folder, tmp_path):
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "nothing")
    (folder / "file").symlink_to(folder / "t.csv")
    found = logged(folder)
    assert found.rows == 8
    assert found.digest is not None
    assert {"name": "loop", "type": "link", "bytes": 0} in found.schema
    if os.getuid():
        (folder / "t.csv").chmod(0)
        assert logged(folder).digest is None


def test_a_file_that_vanishes_or_changes(folder):
    path = folder / "t.csv"
    known = recognise.describe(path)
    path.write_text("other")
    assert known.full_pass(lambda: None).digest is None
    path.unlink()
    with pytest.raises(FileNotFoundError):
        known.full_pass(lambda: None)


def test_home_is_not_told(store, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "x.bin").write_bytes(b"x")
    assert Path(logged("~/x.bin").source) == Path("~/x.bin")
    assert Path(logged(RAGGED, source=tmp_path / "y").source) == Path("~/y")


@pytest.mark.parametrize(
    ("url", "name", "source"),
    [
        ("https://example.org/data/train.csv", "train.csv", "https://example.org/data/train.csv"),
        ("s3://bucket/folder/", "folder", "s3://bucket/folder/"),
        ("hf://datasets/x/y", "y", "hf://datasets/x/y"),
        ("https://u:pw@example.org/a?x=1", "a", "https://u:••••••@example.org/a?x=1"),
        ("https://x.org/a?X-Amz-Signature=abc&x=1", "a", "https://x.org/a?X-Amz-Signature=••••••&x=1"),
    ],
)
def test_a_url_is_recorded_and_not_fetched(store, url, name, source):
    found = logged(url)
    assert (found.kind, found.name, found.source, found.digest) == ("url", name, source, None)


def test_what_is_not_run(store, folder):
    relation = duckdb.sql("select range as a, 'x' as b from range(1000000)")
    found = logged(relation)
    assert (found.kind, found.rows, found.columns, found.digest) == ("duckdb", None, 2, None)
    assert [entry["type"] for entry in found.schema] == ["BIGINT", "VARCHAR"]
    assert "select" in found.source.lower()
    files = logged(pads.dataset(str(folder / "t.parquet")))
    assert (files.kind, files.columns, len(files.digest)) == ("arrow", 3, 64)


@pytest.fixture
def con(tmp_path):
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT range AS a, range % 3 AS g FROM range(1000)")
        con.execute("CREATE TABLE large AS SELECT range AS a FROM range(300000)")
        con.create_function("mine", lambda x: pytest.fail("called"), ["BIGINT"], "BIGINT")
        con.register("reader", pa.table({"a": [1, 2]}).to_reader())
        con.execute("COPY t TO '" + str(tmp_path / "t.parquet") + "'")
        yield con


@pytest.mark.skipif(duckdb.__version__ < "2", reason="gives no plan to be read")
@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("FROM t", 1000),
        ("SELECT g, count(*) AS n, avg(a) AS m FROM t WHERE a > 20 GROUP BY g ORDER BY n", 3),
        ("SELECT t.a FROM t JOIN t u USING (a) UNION ALL SELECT max(a) FROM t", 1001),
        ("FROM 'FOLDER/t.parquet' WHERE a < 10", 10),
        ("SELECT 1 AS a, 'x(' AS b", 1),
        ("FROM large", None),
        ("FROM large LIMIT 5", None),
        ("SELECT t.a FROM t, t u WHERE t.a <> u.a", None),
        ("SELECT mine(a) FROM t", None),
        ("FROM reader", None),
        ("WITH RECURSIVE r AS (SELECT 1 x UNION ALL SELECT x + 1 FROM r) FROM r", None),
        ("SELECT 'https://example.org' AS a", None),
        ("SELECT CAST('x' || a AS INTEGER) FROM t", None),  # fails
    ],
)
def test_a_query_is_run_where_its_plan_is_small_and_harmless(store, con, tmp_path, sql, rows):
    relation = con.sql(sql.replace("FOLDER", str(tmp_path)))
    found = logged(relation)
    assert (found.kind, found.rows, found.columns) == ("duckdb", rows, len(relation.columns))
    assert "select" in found.source.lower() or "from" in found.source.lower()
    assert [entry["type"] for entry in found.schema] == [str(kind) for kind in relation.types]
    assert (found.digest is None) == (rows is None) == (not found.profile)
    if rows is not None:
        assert found.digest == logged(relation.to_arrow_table()).digest
    assert con.sql("FROM reader").fetchall() == [(1,), (2,)]


def test_a_query_does_not_end_a_transaction_of_the_user(store, con):
    con.begin()
    con.execute("INSERT INTO t VALUES (-1, 0)")
    assert logged(con.sql("SELECT CAST('x' || a AS INTEGER) FROM t")).rows is None
    con.commit()
    assert con.execute("SELECT min(a) FROM t").fetchone() == (-1,)


# --- awkward data -------------------------------------------------------------------------------------------

AWKWARD = {
    "columns twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "columns of numbers": pd.DataFrame({0: [1], 1.5: [2], None: [3]}),
    "columns in levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
    "mixed types": pd.DataFrame({"a": [1, "x", 2.5, None, b"y", (1, 2), {"k": [1]}]}),
    "no rows": FRAME.iloc[:0],
    "no columns": pd.DataFrame(index=range(3)),
    "nothing": pd.DataFrame(),
    "only NaN": pd.DataFrame({"a": [np.nan, np.nan], "b": [None, None]}),
    "infinite": pd.DataFrame({"a": [np.inf, -np.inf, np.nan, 1.0]}),
    "huge ints": pd.DataFrame({"a": [2**200, -1]}),
    "uint64": pd.DataFrame({"a": np.array([2**64 - 1], np.uint64)}),
    "lists": pd.DataFrame({"a": [[1, 2], [], None]}),
    "arrays": pd.DataFrame({"a": [np.arange(2), np.zeros(1)]}),
    "surrogates": pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)}),
    "intervals": pd.DataFrame({"a": pd.interval_range(0, 2), "b": pd.period_range("2020", periods=2, freq="M")}),
    "pandas' own": pd.DataFrame({"a": pd.array([1, None]), "b": pd.array([True, None]), "c": pd.array([0.5, None])}),
    "sparse column": pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
    "far times": pd.DataFrame({"a": np.array(["0001-01-01", "9999-12-31"], "M8[s]")}),
    "Arrow, nested": pa.table(
        {"a": [[{"b": 1}], None, []], "m": pa.array([[("k", 1)], None, []], pa.map_("str", "int8"))}
    ),
    "Arrow, nulls": pa.table({"a": pa.nulls(3), "t": pa.array([1, None, 2], pa.time32("s"))}),
    "Arrow, decimals": pa.table({"a": pa.array([None, 1], pa.decimal128(10, 2))}),
    "Arrow, no columns": pa.table({}),
    "Polars, nested": pl.DataFrame({"a": [[{"b": 1}], None, []], "c": [{"d": [1]}, None, {"d": []}]}),
    "Polars, others": pl.DataFrame({"a": pl.Series([1, None], dtype=pl.Decimal(10, 2)), "b": pl.Series([None, None])}),
    "empty array": np.zeros((0, 3)),
    "empty in the middle": np.zeros((3, 0, 2)),
    "complex": np.array([1 + 2j]),
    "long double": np.array([1.5], np.longdouble),
    "big-endian": np.array([1, 2], ">i4"),
    "times": np.array(["2020-01-01", "NaT"], "M8[D]"),
    "durations": np.array([1, 2], "m8[Y]"),
    "bytes": np.array([b"a", b"\0"]),
    "empty sparse": sp.csr_matrix((0, 5)),
    "sparse in three": sp.coo_array(np.eye(3).reshape(3, 3, 1)),
}


@pytest.mark.parametrize("case", AWKWARD)
def test_awkward_data(case):
    data = AWKWARD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = recognise.describe(data)
        full = found.full_pass(lambda: None)
    assert full.digest is not None
    assert found.sample_digest is not None
    assert found.rows == (data.shape[0] if hasattr(data, "shape") else data.num_rows)
    assert json.loads(json.dumps([found.schema, full.profile], allow_nan=False)) == [found.schema, full.profile]


def test_objects_without_bytes_have_no_digest(store):
    found = logged(pd.DataFrame({"a": [object(), object()], "b": [1, 2]}))
    assert (found.rows, found.digest, found.sample_digest) == (2, None, None)
    assert found.profile["b"]["mean"] == 1.5


def test_secrets_stay_where_they_are(store):
    key = "sk-proj-" + "a1B2" * 8
    frame = pd.DataFrame({"api_key": [key] * 3, "note": [key] * 3, "pin_password": [123456, 123456, 5], key: [1, 2, 3]})
    found = logged(frame)
    text = json.dumps([found.schema, found.profile])
    assert key not in text
    assert "123456" not in text
    assert found.profile["api_key"] == {"missing": 0}
    assert logged({"token": np.array([77777, 77777, 77777, 77777])}).profile == {}


def test_only_libraries_that_were_imported_are_asked(script):
    done = script(
        """
        import sys
        import inlay
        before = set(sys.modules)
        with inlay.start_run() as run:
            run.log_input([{"a": 1}])
            run.log_input("https://example.org/x.csv")
        heavy = {"pandas", "polars", "pyarrow", "torch", "datasets", "scipy"}
        print(sorted(heavy & (set(sys.modules) - before)))
        """
    )
    assert done.stdout == "[]\n", done.stderr


# --- user's own datasets ------------------------------------------------------------------------------------


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_tensors(store, torch):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = logged(torch.from_numpy(values))
    assert (found.kind, found.rows, found.columns) == ("torch", 3, 4)
    assert found.schema == [{"name": "values", "type": "float32", "shape": [3, 4]}]
    assert found.digest == logged(values).digest
    assert logged(torch.zeros(3, dtype=torch.bfloat16)).digest not in (None, logged(torch.zeros(3)).digest)
    assert logged(torch.zeros(3, requires_grad=True)).digest == logged(torch.zeros(3)).digest
    pair = torch.utils.data.TensorDataset(torch.from_numpy(values), torch.arange(3))
    assert (logged(pair).rows, logged(pair).digest) == (3, logged((values, np.arange(3))).digest)
    with inlay.start_run() as run, pytest.raises(TypeError, match="Tensor"):
        run.log_input(torch.zeros(3, device="meta"))


def test_tensors_on_a_card_are_fetched_by_the_background(store, torch, monkeypatch):
    tensor = torch.arange(6).reshape(3, 2)
    here = logged(tensor)
    monkeypatch.setattr(recognise, "_on_device", lambda _: True)
    there = logged(tensor)
    assert recognise.describe(tensor).schema is None
    for fact in ("kind", "rows", "columns", "bytes", "schema", "profile", "sample_digest", "digest"):
        assert getattr(there, fact) == getattr(here, fact)


def test_a_torch_dataset_by_sample(store, torch, monkeypatch):
    class Images(torch.utils.data.Dataset):
        def __init__(self, size=100):
            self.size, self.asked = size, []

        def __len__(self):
            return self.size

        def __getitem__(self, i):
            self.asked.append(i)
            return torch.full((3, 8, 8), float(i)) + torch.rand(1), i % 10

    monkeypatch.setattr(sampled, "PATIENCE_S", 10)
    images = Images()
    torch.manual_seed(7)
    state = torch.get_rng_state()
    found = logged(images)
    assert torch.equal(torch.get_rng_state(), state)
    assert (found.kind, found.rows, found.digest) == ("torch", 100, None)
    assert found.sample_digest == logged(Images()).sample_digest != logged(Images(99)).sample_digest
    assert found.schema[1:] == [{"name": "0", "type": "float32", "shape": [3, 8, 8]}, {"name": "1", "type": "int"}]
    assert images.asked == [0, 14, 28, 42, 56, 70, 84, 99]
    loaded = logged(torch.utils.data.DataLoader(Images(), batch_size=4))
    assert loaded.sample_digest == found.sample_digest
    assert {"name": "batch_size", "type": "4"} in loaded.schema


def test_broken_and_slow_torch_datasets(store, torch):
    class Broken(torch.utils.data.Dataset):
        def __len__(self):
            raise OSError("no disk")

        def __getitem__(self, i):
            raise OSError("no disk")

    class Halfway(Broken):
        def __len__(self):
            return 10

        def __getitem__(self, i):
            if i:
                raise OSError("no disk")
            return "x"

    class Slow(Halfway):
        asked = 0

        def __getitem__(self, i):
            self.asked += 1
            time.sleep(0.05)
            return i

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            raise AssertionError("nobody asked for it")

    with inlay.start_run() as run:
        with pytest.warns(RuntimeWarning, match=r"__len__ raised OSError: no disk"):
            run.log_input(Broken(), "broken")
        with pytest.warns(RuntimeWarning, match=r"item 1 raised OSError"):
            run.log_input(Halfway(), "halfway")
        slow = Slow()
        run.log_input(slow, "slow")
        run.log_input(Stream(), "stream")
    assert slow.asked == 1
    found = {one.name: one for one in run.inputs}
    assert {name: one.rows for name, one in found.items()} == {
        "broken": None,
        "halfway": 10,
        "slow": 10,
        "stream": None,
    }
    assert {one.sample_digest for one in found.values()} == {None}


def test_hugging_face_datasets(store):
    hf = pytest.importorskip("datasets")
    rows = {"text": ["a", "b", None, "d"], "label": [0, 1, 0, 1], "vector": [[1.0], [], [2.0, 3.0], None]}
    dataset = hf.Dataset.from_dict(rows)
    found = logged(dataset)
    assert (found.kind, found.rows, found.columns) == ("huggingface", 4, 3)
    assert found.digest == logged(pa.table(rows)).digest == logged(dataset.with_format("numpy")).digest
    shuffled = dataset.select([3, 1, 0, 2])
    assert (
        logged(shuffled).digest
        == logged(dataset.select([3, 1]).to_dict() and pa.table(shuffled.to_dict(), dataset.data.schema)).digest
    )
    assert logged(shuffled).digest != found.digest
    assert logged(dataset.select_columns(["label"])).columns == 1
    both = logged(hf.DatasetDict({"train": dataset, "test": dataset.select([0])}))
    assert (both.rows, [entry["name"] for entry in both.schema][:2]) == (None, ["train/text", "train/label"])
    assert both.digest is not None

    def items():
        raise AssertionError("nobody asked for it")
        yield

    stream = logged(hf.IterableDataset.from_generator(items, features=dataset.features))
    assert (stream.rows, stream.columns, stream.digest) == (None, 3, None)


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_kept_ends_no_thread_where_warnings_are_errors(capsys):
    def refuse(_):
        raise InlayError("no")

    asked = [input_pass.Pass(lambda _: Findings(rows=1), keep, 0) for keep in (refuse, lambda _: None)]
    for one in asked:
        input_pass.begin(one)
    assert all(one.done.wait(5) for one in asked)
    assert "found out about a dataset" in capsys.readouterr().err
