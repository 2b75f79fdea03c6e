"""Ingest takes every record exactly once, whoever died when, and whatever happened to the database meanwhile."""

from __future__ import annotations

import shutil
import time

import pytest

import inlay
from inlay.store import ingest as ingesting
from inlay.store.ingest import QUARANTINE, ingest
from inlay.store.journal import writer
from inlay.store.journal.slots import POINT, SLOT, Kind
from inlay.store.journal.writer import Writer
from inlay.store.upkeep import writer_of


def steps_of(name, key="a"):
    return inlay.get_run(name).history(key).step.tolist()


def abandoned(stream):
    """What is left of a stream whose process was killed: the files, without the lock."""
    stream._segment.abandon()
    stream._release()
    stream.closed = True
    return stream


def dead_run(store, points=10, name="dead"):
    """A run of another process that was killed."""
    stream = Writer(store.journal)
    run_id = writer.new_id()
    stream.event(Kind.RUN_START, {"run": run_id, "name": name, "experiment": "x", "time": 1.7e9}, 1.7e9)
    (series,) = stream.define(run_id, ["a"])
    for step in range(points):
        stream.append(POINT.pack(1.7e9 + step, float(step), step, series))
    return run_id, stream


def test_every_point_is_taken_once_however_often_one_asks(store, each_journal):
    with inlay.start_run("r") as run:
        for step in range(300):
            run.log({"a": 1.0}, step=step)
            if step % 100 == 0:
                ingest(store)
    for _ in range(3):
        ingest(store)
        assert steps_of("r") == list(range(300))


def test_an_older_copy_put_back_heals_itself(store, each_journal):
    run = inlay.start_run("r")
    run.log({"a": 1.0}, step=0)
    run.log_param("p", 1)
    ingest(store)
    old = store.database.read_bytes()
    for step in range(1, 100):
        run.log({"a": 1.0, "b": 2.0}, step=step)
    run.log_param("p", 2)
    run.set_tag("t", "x")
    ingest(store)
    store.database.write_bytes(old)
    run.log({"a": 1.0, "b": 2.0}, step=100)
    run.end()
    assert steps_of("r") == list(range(101))
    assert steps_of("r", "b") == list(range(1, 101))
    found = inlay.get_run("r")
    assert (found.params, found.tags, found.status) == ({"p": 2}, {"t": "x"}, "finished")
    assert inlay.sql("select value from param_history").fetchall() == [("1",)]
    assert inlay.sql("select key, count, last from metric_summary order by key").fetchall() == [
        ("a", 101, 1.0),
        ("b", 100, 2.0),
    ]


def test_a_deleted_database_is_made_again_from_the_journals(store):
    run = inlay.start_run("r")
    run.log({"a": 1.0}, step=0)
    ingest(store)
    store.database.unlink()
    assert steps_of("r") == [0]
    assert inlay.get_run("r").status == "running"


def test_a_commit_that_fails_is_made_again(store, monkeypatch):
    with inlay.start_run("r") as run:
        for step in range(50):
            run.log({"a": 1.0}, step=step)
    real = ingesting.replace

    def fail(con, table, rows, *, keys):
        if table == "ingest_progress":
            raise RuntimeError("power went")
        real(con, table, rows, keys=keys)

    monkeypatch.setattr(ingesting, "replace", fail)
    with pytest.raises(RuntimeError, match="power"):
        ingest(store)
    monkeypatch.setattr(ingesting, "replace", real)
    assert steps_of("r") == list(range(50))


def test_a_killed_run_ends_with_its_last_record(store, each_journal):
    _, stream = dead_run(store)
    assert inlay.get_run("dead").status == "running"
    last = time.time()
    stream.append(POINT.pack(last, 0.0, 10, 1))
    abandoned(stream)
    run = inlay.get_run("dead")
    assert run.status == "killed"
    assert run.ended_at.timestamp() == pytest.approx(last, abs=1e-5)
    assert run.duration_s == pytest.approx(last - 1.7e9, abs=1e-5)
    assert steps_of("dead") == list(range(11))


def test_a_run_killed_after_all_of_it_was_taken_ends_with_its_last_record(store, each_journal):
    """Nothing was left to be read when the process was found dead, and the run ended when it had begun."""
    _, stream = dead_run(store)
    last = time.time()
    stream.append(POINT.pack(last, 0.0, 10, 1))
    ingest(store)
    abandoned(stream)
    assert inlay.get_run("dead").ended_at.timestamp() == pytest.approx(last, abs=1e-5)


def test_a_folder_that_is_being_made_is_left_alone(store):
    """Where a folder keeps its name once a file in it is open, it is there before its lock is."""
    folder = store.journal / writer.new_id()
    folder.mkdir()
    for _ in range(2):
        ingest(store)
    assert folder.exists()
    (folder / writer.LOCK_NAME).touch()
    ingest(store)
    assert not folder.exists()


def test_a_journal_that_may_not_be_looked_into_is_left(store, monkeypatch):
    _, stream = dead_run(store)
    abandoned(stream)
    with monkeypatch.context() as patch:
        patch.setattr(ingesting.os, "access", lambda path, _: path != stream.folder)
        with pytest.warns(RuntimeWarning, match=r"cannot be read: permission denied\. What was logged there is not"):
            assert len(inlay.runs()) == 0
    assert steps_of("dead") == list(range(10))


def test_a_killed_run_does_not_end_in_the_future(store):
    """Points may have times of the user's own."""
    _, stream = dead_run(store)
    stream.append(POINT.pack(4e9, 0.0, 99, 1))
    abandoned(stream)
    assert abs(inlay.get_run("dead").ended_at.timestamp() - time.time()) < 60


def test_a_journal_is_cleared_away_only_by_a_later_look(store):
    _, stream = dead_run(store)
    abandoned(stream)
    ingest(store)
    assert stream.folder.exists()
    ingest(store)
    assert not stream.folder.exists()
    assert steps_of("dead") == list(range(10))
    assert inlay.sql("select count(*) from ingest_progress where writer = ?", [stream.writer_id]).fetchall() == [(0,)]


def test_a_journal_that_cannot_be_cleared_away_is_not_taken_again(store, monkeypatch):
    """A segment somebody held open stayed behind, its offset was forgotten, and its points were there twice."""
    _, stream = dead_run(store)
    abandoned(stream)
    monkeypatch.setattr(ingesting.shutil, "rmtree", lambda folder, ignore_errors=False: None)
    for _ in range(4):
        ingest(store)
    assert steps_of("dead") == list(range(10))


def test_a_journal_deleted_by_hand_leaves_a_killed_run(store):
    _, stream = dead_run(store)
    ingest(store)
    abandoned(stream)
    shutil.rmtree(stream.folder)
    assert inlay.get_run("dead").status == "killed"


def test_many_segments_are_taken_in_portions(store, monkeypatch):
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 4096)
    monkeypatch.setattr(ingesting, "_SEGMENTS_AT_ONCE", 3)
    with inlay.start_run("r") as run:
        for step in range(5000):
            run.log({"a": 1.0, "b": 2.0}, step=step)
            if step == 2500:
                ingest(store)
    assert steps_of("r") == steps_of("r", "b") == list(range(5000))


def test_damage_is_set_aside_and_the_rest_taken(store):
    _, stream = dead_run(store, points=100)
    stream.event(Kind.PARAM, {"run": "bad", "text": "x" * 100})
    end = stream.position()[1]
    stream.append(POINT.pack(1.7e9, 1.0, 100, 1) * 60)
    path = stream.path
    abandoned(stream)
    data = bytearray(path.read_bytes())
    data[end - 40] ^= 255
    path.write_bytes(data)
    with pytest.warns(RuntimeWarning, match="160 damaged bytes .* set aside"):
        ingest(store)
    (kept,) = (store.journal / QUARANTINE).iterdir()
    assert kept.read_bytes() == data[end - 160 : end]
    assert len(steps_of("dead")) == 160


def test_damage_on_a_full_disk_holds_nothing_up(store):
    _, stream = dead_run(store, points=100)
    (store.journal / QUARANTINE).write_text("in the way")
    path, end = stream.path, stream.position()[1]
    abandoned(stream)
    data = bytearray(path.read_bytes())
    data[end - 80 * SLOT + 7] = 0xFF  # the time of a point
    path.write_bytes(data)
    with pytest.warns(RuntimeWarning, match="could not be set aside"):
        ingest(store)
    assert len(steps_of("dead")) == 99


def test_an_event_that_makes_no_sense_is_left_out(store):
    _, stream = dead_run(store)
    stream.event(Kind.PARAM, {"run": "no params here"})
    stream.event(Kind.RUN_END, {"run": writer.new_id()})
    stream.event(Kind.OUTPUT, {})
    stream.append(POINT.pack(1.7e9, 0.0, 0, 4711))
    with pytest.warns(RuntimeWarning) as warned:
        ingest(store)
    texts = " ".join(str(one.message) for one in warned)
    assert "could not be understood" in texts
    assert "1 points" in texts
    assert steps_of("dead") == list(range(10))
    stream.close()


@pytest.mark.parametrize("name", ["backup", ".DS_Store", "0190", QUARANTINE])
def test_strange_folders_among_the_journals_are_left_alone(store, name):
    (store.journal / name).mkdir()
    (store.journal / name / "000001.journal").write_bytes(b"not ours" * 100)
    with inlay.start_run("r") as run:
        run.log({"a": 1.0}, step=0)
        (writer_of(store).folder / "000001 (copy).journal").write_bytes(b"not ours")
    assert steps_of("r") == [0]
    assert (store.journal / name / "000001.journal").exists()


def test_the_summary_is_that_of_the_points(store):
    with inlay.start_run("r") as run:
        for step, value in [(5, 2.0), (1, float("nan")), (9, -3.0), (9, 7.0), (0, float("inf"))]:
            run.log({"a": value}, step=step)
            ingest(store)
    columns = "first, last, last_step, min, max, count, nonfinite"
    assert inlay.sql(f"select {columns} from metric_summary").fetchall() == [
        (float("inf"), 7.0, 9, -3.0, float("inf"), 5, 2)
    ]


def test_a_summary_of_nothing_but_nan(store):
    with inlay.start_run("r") as run:
        run.log({"a": float("nan")}, step=0)
    assert inlay.sql("select min, max, count, nonfinite from metric_summary").fetchall() == [(None, None, 1, 1)]


def test_two_streams_of_one_run_share_their_series(store):
    run_id, stream = dead_run(store)
    other = Writer(store.journal)
    (series,) = other.define(run_id, ["a"])
    other.append(POINT.pack(1.7e9, 5.0, 10, series))
    assert steps_of("dead") == list(range(11))
    assert inlay.sql("select count(*) from series").fetchall() == [(1,)]
    stream.close()
    other.close()
