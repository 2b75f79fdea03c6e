"""Following a run that another process writes, as its points come, until it ends."""

from __future__ import annotations

import shutil
import threading
import time

import numpy as np
import pytest

import inlay
from inlay.store.compaction import compact
from inlay.store.ingest import ingest
from inlay.tracking import following
from inlay.tracking.following import FollowedRun, follow_foreign, unfollow

LIMITS = (100, 20)


@pytest.fixture
def still(monkeypatch):
    """No thread: the test looks itself."""
    monkeypatch.setattr(following, "watch", lambda followed: None)
    monkeypatch.setattr(following, "PATIENCE", 60.0)


def totals(news):
    return {key: reducer.total for key, reducer in news.everything.curves.items()} if news.everything else None


def steps(news):
    return {key: points.step.tolist() for key, points in news.points.items()}


def test_first_everything_then_what_is_new(writer, store, still):
    writer("[run.log({'a': float(i), 'b': 1.0}, step=i) for i in range(150)]")
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    first = followed.take()
    assert totals(first) == {"a": 150, "b": 150}
    assert first.points == {}

    followed.look()
    assert followed.take() == following.News()

    before = time.time()
    writer("run.log({'c': 3.0, 'a': -1.0}, step=7)")
    followed.look()
    writer("run.log({'a': -2.0}, step=8)")
    followed.look()
    news = followed.take()
    assert news.everything is None
    assert steps(news) == {"a": [7, 8], "c": [7]}
    assert news.points["a"].value.tolist() == [-1.0, -2.0]
    assert np.all(np.abs(news.points["a"].time - before) < 60)


def test_runs_beside_it_are_kept_apart(writer, store, still):
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    followed.take()
    with inlay.start_run("own") as own:
        own.log({"a": 5.0})
        writer("run.log({'a': 1.0})")
        followed.look()
        assert {key: one.value.tolist() for key, one in followed.take().points.items()} == {"a": [1.0]}


def test_what_is_said_of_the_run(writer, store, still):
    run = inlay.get_run(writer.run_id)
    followed = follow_foreign(run, LIMITS)
    followed.take()
    writer("run.log_params({'lr': 0.1}); run.set_tag('team', 'growth'); run.set_note('so far so good')")
    followed.look()
    assert followed.take().changed
    now = followed.run.snapshot()
    assert (now.params, now.tags, now.note, now.status) == (
        {"lr": 0.1},
        {"team": "growth"},
        "so far so good",
        "running",
    )
    followed.look()
    assert not followed.take().changed


def test_asking_the_followed_run_opens_nothing(writer, store, still, monkeypatch):
    """Whoever draws asks ten times a second, and must not wait for the store."""
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    monkeypatch.setattr(followed.run.store, "open", None)
    assert followed.run.status == followed.run.snapshot().status == "running"
    assert followed.run.place().following
    assert repr(followed.run).endswith("running")


@pytest.mark.parametrize(("how", "status"), [("run.end()", "finished"), (None, "killed")])
def test_until_it_ends(writer, store, still, how, status):
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    writer("run.log({'a': 1.0})")
    if how:
        writer(how)
    else:
        writer.close()
    followed.look()
    assert followed.ended
    assert followed.run.status == status
    assert totals(followed.take()) == {}
    assert not followed.run.place().following


def test_the_end_is_said_after_everything_else(writer, store, still, monkeypatch):
    """A card that hears of the end takes what there is, and looks no more: the last points must be among it."""
    said = []
    new_points = following._new_points
    monkeypatch.setattr(following, "_new_points", lambda *of: said.append(followed.ended) or new_points(*of))
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS, lambda run: bool(said.append(run.ended)))
    writer("run.log({'a': 1.0})")
    writer("run.end()")
    said.clear()
    followed.look()
    assert said == [False, True]
    assert followed.ended


def test_a_compacted_store_is_read_anew(writer, still, store):
    """Rows may have moved."""
    writer("[run.log({'a': 1.0}) for i in range(30)]")
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    followed.take()
    writer("run.log({'a': 2.0})")
    ingest(store)
    compact(store)
    followed.look()
    news = followed.take()
    assert totals(news) == {"a": 31}
    assert news.points == {}
    writer("run.log({'a': 3.0})")
    followed.look()
    assert steps(followed.take()) == {"a": [31]}


def test_a_store_put_back_to_an_older_copy_is_read_anew(writer, still, store, tmp_path):
    writer("run.log({'a': 1.0})")
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    followed.take()
    shutil.copy(store.database, tmp_path / "older.duckdb")
    writer("[run.log({'a': 2.0}) for i in range(10)]")
    followed.look()
    assert steps(followed.take()) == {"a": list(range(1, 11))}
    shutil.copy(tmp_path / "older.duckdb", store.database)
    with inlay.start_run("own") as own:  # takes the rows the others had
        own.log_metrics_array("x", np.arange(100.0))
    followed.look()
    news = followed.take()
    assert (totals(news) or steps(news)) in ({"a": 11}, {})
    followed.look()


def test_very_many_new_points_come_reduced(writer, store, still, monkeypatch):
    monkeypatch.setattr(following, "MANY", 1_000)
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    writer("run.log_metrics_array('a', list(range(1001)))")
    followed.look()
    news = followed.take()
    assert totals(news) == {"a": 1001}
    assert len(news.everything.curves["a"].curve().x) <= 100


def test_what_else_is_read_is_said(writer, store, still):
    seen = []
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS, lambda run: bool(seen.append(run.status)))
    assert seen == ["running"]
    assert not followed.take().late


def eventually(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(following, "EVERY", 0.05)
    monkeypatch.setattr(following, "SHARE", 10.0)
    monkeypatch.setattr(following, "PATIENCE", 0.05)


def test_the_thread_finds_what_is_new_and_ends_with_the_runs(writer, store, fast):
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    thread = following._thread
    followed.take()
    writer("run.log({'a': 1.0})")
    eventually(lambda: steps(followed.take()) == {"a": [0]})
    writer("run.end()")
    eventually(lambda: not thread.is_alive())
    assert followed.ended
    assert following._thread is None


def test_a_busy_store_is_waited_for_without_a_word(writer, fast, store, recwarn):
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    followed.take()
    writer("run.log({'a': 1.0})")
    looks = []
    held, over = threading.Event(), threading.Event()

    def hold():
        with store.open():
            held.set()
            over.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    followed.take()
    real, followed.look = followed.look, lambda: looks.append(1) or real()
    eventually(lambda: len(looks) >= 2)
    assert followed.take().everything is None
    over.set()
    holder.join()
    eventually(lambda: followed._position.points == 1)
    unfollow(followed)
    assert not [one for one in recwarn if "inlay" in str(one.message)]


def test_a_deleted_store_is_not_made_again(writer, fast, store, recwarn):
    followed = follow_foreign(inlay.get_run(writer.run_id), LIMITS)
    looks = []
    real, followed.look = followed.look, lambda: looks.append(1) or real()
    writer.close()
    shutil.rmtree(store.folder)
    eventually(lambda: len(looks) >= 3)
    assert not store.folder.exists()
    assert not followed.ended
    unfollow(followed)
    assert not [one for one in recwarn if "inlay" in str(one.message)]


def test_a_process_that_follows_can_end(writer, store, script):
    """A thread inside DuckDB when the interpreter goes away took the process with it."""
    done = script(f"""
        import time
        import inlay
        from inlay.tracking import following
        following.EVERY = 0.001
        following.SHARE = 10.0
        followed = following.follow_foreign(inlay.get_run({writer.run_id!r}), (100,))
        time.sleep(0.5)
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_followed_run_is_another_object(writer, store, still):
    """The user's own goes on asking the store."""
    run = inlay.get_run(writer.run_id)
    followed = FollowedRun(run, LIMITS)
    writer("run.set_note('later')")
    assert run.note == "later"
    assert followed.run.note == ""
