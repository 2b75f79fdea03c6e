"""What all imports have in common, and runs of one store into another."""

from __future__ import annotations

import errno
import io
import json
import math
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import numpy as np
import pytest

import inlay
from inlay.errors import StoreError
from inlay.store import imported
from inlay.store.store import Store
from inlay.transfer import gathering


def recorded(folder: Path) -> Store:
    """A store with runs in it; this test's own is chosen again by the next `connect`."""
    other = inlay.connect(folder)
    with inlay.start_run(
        "first", experiment="churn", params={"lr": 0.1, "deep": {"a": [1]}}, tags={"team": "risk"}
    ) as run:
        run.log_param("lr", 0.2)
        run.set_note("a note")
        for step in range(5):
            run.log({"loss": [1.0, math.nan, math.inf, 0.5, 0.25][step]}, step=step)
        run.log({"loss": 9.0}, step=1)
        run.log_text("hello", "notes/hello.txt")
        with inlay.start_run("inner", nested=True) as inner:
            inner.log({"x": 1.0})
    return other


def test_a_run_is_the_same_in_both_stores(store, store_folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other")
    before = inlay.get_run("first")
    before_loss = before.history("loss")
    mine = inlay.connect(store_folder)
    done = inlay.import_runs(other.folder, progress=False)
    assert (done.new, done.skipped) == (2, ())
    run = inlay.get_run("first")
    assert run.run_id == before.run_id
    assert (run.params, run.tags, run.note, run.status, run.experiment) == (
        before.params, before.tags, before.note, before.status, before.experiment,
    )  # fmt: skip
    loss = run.history("loss")
    np.testing.assert_array_equal(loss.step, before_loss.step)
    np.testing.assert_array_equal(loss.value, before_loss.value)
    np.testing.assert_array_equal(loss.time, before_loss.time)
    assert inlay.sql("SELECT p.name FROM runs r JOIN runs p ON r.parent_run_id = p.run_id").fetchall() == [("first",)]
    assert inlay.sql("SELECT key, value FROM param_history").fetchall() == [("lr", "0.1")]
    ((digest,),) = inlay.sql("SELECT hash FROM artifacts WHERE path = 'notes/hello.txt'").fetchall()
    assert (mine.artifacts / digest[:2] / digest).read_bytes() == b"hello"
    assert inlay.import_runs(other.folder, progress=False).unchanged == 2


def test_what_went_on_there_is_brought_and_what_was_said_here_stays(store, store_folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other")
    inlay.connect(store_folder)
    inlay.import_runs(other.folder, progress=False)
    inlay.get_run("first").set_tag("team", "mine")
    inlay.connect(other.folder)
    with inlay.start_run(resume="first") as run:
        run.log({"loss": 0.125}, step=5)
        run.set_tag("new", "there")
    inlay.connect(store_folder)
    done = inlay.import_runs(other.folder, progress=False)
    assert (done.new, done.updated, done.unchanged) == (0, 1, 1)
    run = inlay.get_run("first")
    assert run.history("loss").value[-1] == 0.125
    assert len(run.history("loss")) == 7
    assert run.tags == {"team": "mine", "new": "there"}
    row = inlay.sql("SELECT count, last FROM metric_summary WHERE key = 'loss'").fetchall()
    assert row == [(7, 0.125)]


def test_a_tag_that_was_taken_away_here_stays_away(store, store_folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other")
    inlay.connect(store_folder)
    inlay.import_runs(other.folder, progress=False)
    inlay.get_run("first").set_tag("team", None)
    inlay.connect(other.folder)
    inlay.get_run("first").set_note("changed")
    inlay.connect(store_folder)
    assert inlay.import_runs(other.folder, progress=False).updated == 1
    assert inlay.get_run("first").tags == {}
    assert inlay.get_run("first").note == "changed"


def test_a_run_that_was_deleted_here_stays_deleted(store, store_folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other")
    mine = inlay.connect(store_folder)
    inlay.import_runs(other.folder, progress=False)
    with mine.open() as con:
        con.execute("UPDATE runs SET deleted_at = '2026-01-01' WHERE name = 'first'")
    inlay.connect(other.folder)
    inlay.get_run("first").set_note("changed")
    inlay.connect(store_folder)
    assert inlay.import_runs(other.folder, progress=False).updated == 1
    assert inlay.sql("SELECT deleted_at IS NOT NULL FROM runs WHERE name = 'first'").fetchall() == [(True,)]


def test_a_run_that_is_still_written_there_waits(store, store_folder: Path, tmp_path: Path) -> None:
    inlay.connect(tmp_path / "other")
    run = inlay.start_run("open")
    inlay.connect(store_folder)
    done = inlay.import_runs(tmp_path / "other", progress=False)
    run.end()
    assert done.new == 0
    assert [str(one) for one in done.skipped] == ["run open: it is still running; import it when it has ended"]


def test_a_store_is_not_imported_into_itself(store) -> None:
    inlay.start_run("one").end()
    with pytest.raises(ValueError, match="is the store to import into"):
        inlay.import_runs(store.folder, progress=False)


def test_a_run_recorded_here_is_not_replaced(store, store_folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other")
    inlay.connect(store_folder)
    inlay.import_runs(other.folder, progress=False)
    inlay.connect(other.folder)
    done = inlay.import_runs(store_folder, progress=False)
    assert (done.new, done.updated, len(done.skipped)) == (0, 0, 2)
    assert "is in the store already" in done.skipped[0].why


def test_a_crash_in_the_middle_leaves_whole_runs_only(store, tmp_path: Path, monkeypatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("step,loss\n0,1\n")
    real, calls = imported._write_points, []

    def failing(con, run) -> None:
        calls.append(run)
        if len(calls) == 2:
            raise OSError("the disk is full")
        real(con, run)

    monkeypatch.setattr(imported, "_write_points", failing)
    with pytest.raises(OSError, match="the disk is full"):
        inlay.import_runs(tmp_path, kind="csv", progress=False)
    assert inlay.sql("SELECT count(*) FROM runs").fetchall() == [(0,)]
    assert inlay.sql("SELECT count(*) FROM metrics").fetchall() == [(0,)]
    monkeypatch.undo()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_ends_the_import_and_an_unreadable_file_does_not(
    store, store_folder, tmp_path, monkeypatch, code
) -> None:
    other = recorded(tmp_path / "other")
    inlay.connect(store_folder)

    def refusing(*_: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(gathering.blobs, "put_file", refusing)
    if code == errno.ENOSPC:
        with pytest.raises(StoreError, match="cannot keep files"):
            inlay.import_runs(other.folder, progress=False)
        return
    done = inlay.import_runs(other.folder, progress=False)
    assert done.new == 2
    assert [one.what for one in done.skipped] == ["run first: notes/hello.txt"]


KILLED = """
    import os, sys
    import inlay
    from inlay.store import imported
    from inlay.transfer import imports

    imports._RUNS_AT_ONCE = 1
    real, calls = imported._write_points, []

    def killing(con, run):
        calls.append(run)
        if len(calls) == 3:
            os.kill(os.getpid(), 9)
        real(con, run)

    imported._write_points = killing
    inlay.import_runs(sys.argv[1], progress=False)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_in_the_middle_leaves_whole_runs_and_the_next_import_brings_the_rest(store, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in "abcde":
        (logs / f"{name}.csv").write_text("step,loss\n0,1\n1,2\n")
    program = tmp_path / "killed.py"
    program.write_text(textwrap.dedent(KILLED))
    ended = subprocess.run([sys.executable, program, logs], capture_output=True)
    assert ended.returncode == -9
    counts = inlay.sql("SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM metrics)").fetchall()
    assert counts == [(2, 4)]
    done = inlay.import_runs(logs, progress=False)
    assert (done.new, done.unchanged) == (3, 2)


def test_two_processes_may_import_the_same_at_once(store, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(20):
        (logs / f"{number}.csv").write_text(f"step,loss\n0,{number}\n1,2\n")
    code = "import sys, inlay; from inlay.transfer import imports; imports._RUNS_AT_ONCE = 3; inlay.import_runs(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", code, logs]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    counts = inlay.sql(
        "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM metrics), (SELECT count(*) FROM imports)"
    )
    assert counts.fetchall() == [(20, 40, 20)]
    assert inlay.sql("SELECT count(*) FROM series").fetchall() == [(20,)]


@pytest.mark.parametrize(
    ("source", "options", "error", "words"),
    [
        (3, {}, TypeError, "path"),
        ("", {}, ValueError, "path"),
        ("nowhere", {}, FileNotFoundError, "nowhere"),
        ("https://example.org/mlruns", {}, ValueError, "on this machine"),
        (".", {"kind": "mlfow"}, ValueError, "did you mean 'mlflow'"),
        (".", {}, ValueError, "runs that inlay can import"),
        (".", {"experiment": ""}, ValueError, "experiment's name"),
        (".", {"kind": "wandb"}, ValueError, "no wandb source"),
    ],
)
def test_bad_sources_are_refused(store, tmp_path: Path, monkeypatch, source, options, error, words: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(error, match=words):
        inlay.import_runs(source, progress=False, **options)
    assert list(folder.iterdir()) == []


def test_what_was_done_can_be_read(store, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.csv").write_text("step,note\n0,a\n1,b\n")
    done = inlay.import_runs(tmp_path, kind="csv", progress=False)
    lines = repr(done).splitlines()
    assert lines[0] == "Imported: 8 new, 0 updated, 0 unchanged, 8 skipped"
    assert len(lines) == 7
    assert lines[-1] == "  and 3 more, see .skipped"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "options", "drawn"), [
    (Terminal, {}, True), (Terminal, {"progress": False}, False), (io.StringIO, {}, False),
])  # fmt: skip
def test_a_bar_is_drawn_on_a_terminal_only(store, tmp_path: Path, monkeypatch, stream, options, drawn: bool) -> None:
    for number in range(30):
        (tmp_path / f"{number}.csv").write_text(f"step,loss\n0,{number}\n")
    monkeypatch.setattr(sys, "stderr", stream())
    inlay.import_runs(tmp_path, kind="csv", **options)
    text = sys.stderr.getvalue()
    assert ("30/30" in text) is drawn
    assert text.count("\n") <= 3


def test_a_store_whose_tables_are_views_of_files_is_refused(store, store_folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("private")
    other = recorded(tmp_path / "other")
    inlay.get_run("first")
    with other.turn(), duckdb.connect(str(other.database)) as con:
        con.execute("DROP TABLE tags")
        con.execute(
            f"CREATE VIEW tags AS SELECT run_id, 'key' AS key, content AS value FROM runs, read_text('{secret}')"
        )
    inlay.connect(store_folder)
    with pytest.raises(StoreError, match="does not hold what a store"):
        inlay.import_runs(other.folder, progress=False)


def test_what_others_say_of_a_known_environment_or_code_is_not_believed(
    store, store_folder: Path, tmp_path: Path
) -> None:
    other = recorded(tmp_path / "other")
    inlay.sql("SELECT 1")
    with other.open() as con:
        con.execute("INSERT INTO environments (env_hash, python) VALUES ('e1', '3.14')")
        con.execute("UPDATE runs SET env_hash = 'e1'")
    inlay.connect(store_folder)
    inlay.import_runs(other.folder, progress=False)
    before = inlay.sql("SELECT * FROM environments ORDER BY ALL").fetchall()
    assert before
    with other.open() as con:
        con.execute("UPDATE environments SET python = 'theirs'")
        con.execute("UPDATE runs SET note = 'changed'")
    assert inlay.import_runs(other.folder, progress=False).updated == 2
    assert inlay.sql("SELECT * FROM environments ORDER BY ALL").fetchall() == before


def test_secrets_in_what_ended_a_run_are_masked(store, tmp_path: Path) -> None:
    target = inlay.export_runs(
        tmp_path / "runs.json", kind="json", store=recorded(tmp_path / "other"), progress=False
    ).target
    said = json.loads(Path(target).read_text())
    said["runs"][0] |= {"command": '["train", "--password=hunter2222"]', "traceback": "KeyError: api_key=hunter2222"}
    Path(target).write_text(json.dumps(said))
    inlay.import_runs(target, store=store, progress=False)
    rows = store_rows(store, "SELECT command, traceback FROM runs WHERE command IS NOT NULL")
    assert len(rows) == 1
    assert "hunter" not in str(rows)


@pytest.mark.parametrize("error", [MemoryError(), OverflowError("too large"), duckdb.Error("odd"), RecursionError()])
def test_a_run_that_nobody_can_read_keeps_no_other_out(store, tmp_path: Path, monkeypatch, error) -> None:
    other = recorded(tmp_path / "other")
    real, bad = gathering.Gathering.take, []

    def take(self, items):
        if not bad:
            bad.append(self.run.label)
            raise error
        real(self, items)

    monkeypatch.setattr(gathering.Gathering, "take", take)
    done = inlay.import_runs(other.folder, store=store, progress=False)
    assert (done.new, [one.what for one in done.skipped]) == (1, bad)


def store_rows(store, query: str):
    with store.open() as con:
        return con.execute(query).fetchall()
