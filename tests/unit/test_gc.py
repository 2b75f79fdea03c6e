"""Garbage collection: what goes, what stays, and that nothing a run refers to is ever lost, whoever logs meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from command_line import cli

import inlay
from inlay.errors import StoreError
from inlay.store import artifacts, collection
from inlay.store.collection import collect, find
from inlay.store.journal.slots import Kind

DAY = 86400.0


@pytest.fixture
def later(monkeypatch):
    """Has the collection believe that a day has passed."""
    now = time.time
    monkeypatch.setattr(collection.time, "time", lambda: now() + DAY)
    monkeypatch.setattr(collection, "SECOND_LOOK", 0.0)
    return now


def blobs(store):
    return sorted(path.name for path in store.artifacts.rglob("*") if path.is_file())


def test_what_nothing_refers_to(store, later):
    kept = inlay.start_run("kept")
    kept.log_text("kept", "a.txt")
    kept.log_text("replaced", "b.txt")
    kept.log_text("in its place", "b.txt")
    kept.end()
    orphan = artifacts.put_bytes(store.artifacts, b"orphan")
    (store.artifacts / "notes.txt").write_text("not ours")
    (store.artifacts / "zz").mkdir()
    (store.artifacts / orphan.hash[:2] / "README").write_text("not ours")
    before = blobs(store)
    found = find(store)
    assert {blob.bytes for blob in found.blobs} == {len("replaced"), len("orphan")}
    assert (found.bytes, found.young, bool(found)) == (14, 0, True)
    assert blobs(store) == before  # nothing was changed
    freed = collect(store)
    assert freed.blobs == found.blobs
    assert blobs(store) == sorted(set(before) - {blob.hash for blob in found.blobs})
    assert not find(store)
    for path, text in (("a.txt", b"kept"), ("b.txt", b"in its place")):
        assert kept.artifacts[path].read_bytes() == text


def test_the_young_stay(store):
    artifacts.put_bytes(store.artifacts, b"just now")
    found = find(store)
    assert (found.blobs, found.young) == ((), 1)
    assert collect(store).blobs == ()
    assert len(find(store, grace=0.0).blobs) == 1


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the time of the last write is renewed")
def test_what_is_claimed_again_is_young(store):
    """Equal bytes are not written a second time: the old file must not go before the new event is there."""
    blob = artifacts.put_bytes(store.artifacts, b"again")
    path = artifacts.path_of(store.artifacts, blob.hash)
    os.utime(path, (1e9, 1e9))
    written = path.stat()
    time.sleep(0.05)
    artifacts.put_bytes(store.artifacts, b"again")
    assert path.stat().st_ctime > written.st_ctime
    assert path.stat().st_mtime == written.st_mtime  # it may also be a file of the user's


def test_half_copies_of_the_dead(store, script):
    script(f"""
        import os
        from pathlib import Path
        from inlay.store.unfinished import new_name
        new_name(Path({str(store.artifacts)!r})).write_bytes(b"half")
        os._exit(9)
    """)
    found = find(store)
    assert (len(found.leftovers), found.leftover_bytes) == (1, 4)
    assert found.leftovers[0].exists()
    assert collect(store).leftover_bytes == 4
    assert not found.leftovers[0].exists()


# -- deleted runs -----------------------------------------------------------------------------------------------


def tables(store):
    with store.open() as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        return {name: con.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def logged(name):
    """A run with a row in every table that knows runs."""
    with inlay.start_run(name, params={"lr": 1}, tags={"t": "x"}) as run:
        run.log_param("lr", 2)
        run.log_metrics_array("loss", [float(step) for step in range(100)])
        run.log_text(f"only {name}", f"{name}.txt")
        run.log_text("shared", "shared.txt")
        run.record_output("tail", 4)
        run.recorder.event(Kind.HISTOGRAM, key="h", step=0, edges=[0.0, 1.0], counts=[1.0])
        run.recorder.event(Kind.INPUT, name="d", context="", kind="file")
    return run


def test_runs_that_were_deleted(store, later):
    stays = logged("stays")
    find(store)
    only_stays = tables(store)
    goes = logged("goes")
    goes.delete()
    with store.open() as con:
        inlay.store.ingest.ingest_into(con, store)
        con.execute("INSERT INTO imports VALUES (?, 'csv', 'x', 'y', 'z', now()::TIMESTAMP)", [goes.run_id])
    assert not find(store)  # a run that was deleted can be restored: all of it stays
    assert not find(store, deleted_before=time.time() - DAY).runs
    found = find(store, deleted_before=time.time() + 1)
    assert [(run.name, run.points) for run in found.runs] == [("goes", 100)]
    assert [blob.bytes for blob in found.blobs] == [len("only goes")]
    assert goes.run_id in {run.run_id for run in inlay.runs(include_deleted=True)}
    freed = collect(store, deleted_before=time.time() + 1)
    assert (freed.runs, freed.blobs) == (found.runs, found.blobs)
    after = tables(store)
    changing = ("compaction", "ingest_progress", "writer_series", "sessions", "environments")
    assert {name: count for name, count in after.items() if name not in changing} == {
        name: count for name, count in only_stays.items() if name not in changing
    }
    assert len(stays.history("loss")) == 100
    assert stays.artifacts["shared.txt"].read_bytes() == b"shared"
    assert len(logged("goes on").history("loss")) == 100  # through the same stream, whose series went


def test_a_deleted_run_that_was_resumed_stays(store, later):
    run = logged("resumed")
    run.delete()
    len(inlay.runs(include_deleted=True))
    with store.open() as con:
        con.execute("UPDATE runs SET status = 'running'")
        assert collection._forgotten(con, time.time() + 1) == ()


# -- beside others ----------------------------------------------------------------------------------------------


def test_a_killed_collection(store, later):
    """It had set files aside; one of them was referred to since."""
    orphan = artifacts.put_bytes(store.artifacts, b"orphan")
    path = artifacts.path_of(store.artifacts, orphan.hash)
    aside = path.with_name(f".freed-{orphan.hash}")
    path.rename(aside)
    with inlay.start_run("late") as run:
        run.recorder.event(Kind.ARTIFACT, path="a", hash=orphan.hash, bytes=6, mime="text/plain", kind="text")
    assert not collect(store)
    assert path.read_bytes() == b"orphan"
    assert not aside.exists()
    path.rename(aside)
    artifacts.put_bytes(store.artifacts, b"orphan")  # written anew while the other was aside
    assert not collect(store)
    assert path.exists()
    assert not aside.exists()


def test_a_reference_that_comes_at_the_last_moment(store, later, monkeypatch):
    """Between the first look and the second, an older process that claims nothing says that it uses the file."""
    orphan = artifacts.put_bytes(store.artifacts, b"orphan")
    run = inlay.start_run("late")

    def meanwhile(_):
        run.recorder.event(Kind.ARTIFACT, path="a", hash=orphan.hash, bytes=6, mime="text/plain", kind="text")

    monkeypatch.setattr(collection.time, "sleep", meanwhile)
    assert collect(store).blobs == ()
    assert artifacts.found(store.artifacts, orphan.hash, 6)


def test_while_a_process_logs(store, later, monkeypatch):
    """Nothing that a run refers to is ever freed, though the grace is none at all."""
    code = f"""
        import sys, inlay
        inlay.connect({str(store.folder)!r})
        run = inlay.start_run("busy")
        print("ready", flush=True)
        for round in range(20):
            for number in range(5):
                run.log_text(f"text {{number}}", f"{{round}}/{{number}}.txt")
        run.end()
    """
    for number in range(5):  # bytes that are there already, and that nothing refers to
        artifacts.put_bytes(store.artifacts, f"text {number}".encode())
    monkeypatch.setattr(collection, "SECOND_LOOK", 0.05)
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None:
            collect(store, grace=0.0)
    finally:
        process.stdout.close()
        assert process.wait(60) == 0
    collect(store, grace=0.0)
    files = list(inlay.get_run("busy").artifacts)
    assert len(files) == 100
    gone = [one.path for one in files if artifacts.found(store.artifacts, one.hash, one.bytes) is None]
    assert gone == []


def test_two_collections_at_once(store, later):
    for number in range(20):
        artifacts.put_bytes(store.artifacts, f"{number}".encode())
    freed = []
    threads = [threading.Thread(target=lambda: freed.append(len(collect(store).blobs))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(freed) == [0, 20]
    assert blobs(store) == []


# -- the command ------------------------------------------------------------------------------------------------


def test_the_command(store, later):
    assert cli("gc").output == "nothing to free\n"
    run = logged("goes")
    run.delete()
    artifacts.put_bytes(store.artifacts, b"o" * 2000)
    said = cli("gc").output
    assert "would free 1 kept file that nothing refers to, 2.0 KB\n" in said
    assert said.endswith("2.0 KB in all; --apply does it\n")
    assert "deleted runs" not in said
    assert "would free 1 deleted run with 100 points\n" in cli("gc", "--deleted", "--older-than", "0").output
    found = json.loads(cli("gc", "--deleted", "--older-than", "0s", "--json").output)
    assert (found["applied"], len(found["files"]), len(found["runs"])) == (False, 3, 1)
    said = cli("gc", "--deleted", "--older-than", "0s", "--apply").output
    assert "freed 1 deleted run with 100 points\n" in said
    assert len(inlay.runs(include_deleted=True)) == 0
    assert blobs(store) == []
    assert cli("gc", "--older-than", "soon", status=2).stderr.endswith("give one such as 30d, 12h or 2w\n")


def test_a_read_only_store(store, monkeypatch):
    monkeypatch.setattr(type(store), "read_only", True)
    with pytest.raises(StoreError, match="read-only"):
        collect(store)


def test_what_is_claimed_while_the_collection_looks_stays(store, monkeypatch):
    orphan = artifacts.put_bytes(store.artifacts, b"orphan")
    time.sleep(0.6)
    real = collection._garbage

    def claimed_right_after(*given):
        found = real(*given)
        artifacts.put_bytes(store.artifacts, b"orphan")
        return found

    monkeypatch.setattr(collection, "_garbage", claimed_right_after)
    monkeypatch.setattr(collection, "SECOND_LOOK", 0.0)
    assert collect(store, grace=0.5).blobs == ()
    assert blobs(store) == [orphan.hash]


def test_a_small_file_that_is_freed_while_others_are_written_is_kept_anew(store, tmp_path, monkeypatch):
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_text(file.name)
    known = artifacts.put_bytes(store.artifacts, b"a")
    real = artifacts._settle_all

    def freed_meanwhile(*given):
        artifacts.path_of(store.artifacts, known.hash).unlink()
        real(*given)

    monkeypatch.setattr(artifacts, "_settle_all", freed_meanwhile)
    for file, blob in zip(files, artifacts.put_small_files(store.artifacts, files), strict=True):
        assert artifacts.path_of(store.artifacts, blob.hash).read_text() == file.name
