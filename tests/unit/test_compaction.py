"""Compaction: the same rows in a smaller file, or the old file as it was."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

import inlay
from inlay.store import compaction
from inlay.store.compaction import compact, worthwhile
from inlay.store.ingest import ingest
from inlay.store.upkeep import upkeep_of

TABLES = ["experiments", "runs", "params", "param_history", "tags", "metrics", "metric_summary", "artifacts",
          "sessions", "outputs", "ingest_progress", "writer_series", "schema_version"]  # fmt: skip


def fill(store, rounds=12):
    """Runs taken in bit by bit; nothing goes on in the background afterwards."""
    for number in range(3):
        with inlay.start_run(f"r{number}", params={"p": number}, tags={"t": "x"}) as run:
            run.log_param("p", -number)
            run.log_text("x", "a.txt")
            for start in range(rounds):
                values = np.random.default_rng(start).random(200)
                run.log_metrics_array("a", values, steps=np.arange(start * 200, start * 200 + 200))
                ingest(store)
    upkeep_of(store).close()
    ingest(store)


def rows(store):
    with store.open() as con:
        return {name: con.execute(f"select * from {name} order by all").fetchall() for name in TABLES}


def test_every_row_is_kept_and_the_file_is_smaller(store):
    fill(store)
    before, history = rows(store), inlay.get_run("r1").history("a")
    size, smaller = compact(store)
    assert smaller < size
    assert store.database.stat().st_size == smaller
    assert rows(store) == before
    assert np.array_equal(inlay.get_run("r1").history("a").value, history.value)
    with inlay.start_run("after") as run:
        run.log({"a": 1.0})
    assert len(inlay.runs()) == 4
    assert {path.name for path in store.folder.glob("runs.*")} <= {"runs.duckdb", "runs.lock", "runs.duckdb.wal"}


def test_it_is_worth_it_only_when_there_is_much_to_win(store, monkeypatch):
    fill(store)
    monkeypatch.setattr(compaction, "_SLACK", 50_000)
    with store.open() as con:
        con.execute("delete from compaction")  # the background thread may have done it already
        assert worthwhile(con, store.database)
    compact(store)
    with store.open() as con:
        assert not worthwhile(con, store.database)


def test_what_an_earlier_one_left_behind_is_no_hindrance(store):
    fill(store, rounds=2)
    store.database.with_suffix(".compacting").write_bytes(b"half a copy")
    store.database.with_suffix(".compacting.wal").write_bytes(b"and its log")
    before = rows(store)
    compact(store)
    assert rows(store) == before


def test_a_copy_that_fails_leaves_the_old_file(store, monkeypatch):
    fill(store, rounds=2)
    before, data = rows(store), store.database.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compaction.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        compact(store)
    assert store.database.read_bytes() == data
    assert not list(store.folder.glob("*.compacting*"))
    assert rows(store) == before


def test_a_commit_still_in_the_log_is_in_the_copy_and_only_there(store, script):
    fill(store, rounds=2)
    script(f"""
        import duckdb, os
        con = duckdb.connect({str(store.database)!r}, config={{"storage_compatibility_version": "v1.2.0"}})
        con.execute("SET checkpoint_threshold = '1TB'")
        con.execute("INSERT INTO tags SELECT run_id, 'late', 'y' FROM runs")
        os._exit(0)  # killed before it could put its log into the file
    """)
    assert store.database.with_suffix(".duckdb.wal").exists()
    compaction._copy(store.database, store.folder / "copy.duckdb")
    wal = store.database.with_suffix(".duckdb.wal")
    assert not wal.exists() or wal.stat().st_size == 0
    with duckdb.connect(str(store.folder / "copy.duckdb")) as con:
        assert con.execute("select count(*) from tags where key = 'late'").fetchone() == (3,)
