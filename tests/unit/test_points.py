"""Following a run: each point once, as it comes, without the database."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import inlay
from inlay.store.journal import writer
from inlay.tracking.points import follow, stored_points


def test_each_poll_gives_what_is_new(store, each_journal):
    run = inlay.start_run()
    follower = follow(run)
    assert follower.poll() == {}
    run.log({"a": 1.0, "b": 2.0}, step=5)
    points = follower.poll()
    assert {key: (one.step.tolist(), one.value.tolist()) for key, one in points.items()} == {
        "a": ([5], [1.0]),
        "b": ([5], [2.0]),
    }
    assert points["a"].step.dtype == np.int64
    assert points["a"].time.dtype == points["a"].value.dtype == np.float64
    assert follower.poll() == {}
    run.log({"a": 3.0})
    run.log_param("p", "x" * 10_000)
    run.log({"a": 4.0})
    assert follower.poll()["a"].value.tolist() == [3.0, 4.0]
    assert not store.database.exists()


def test_a_follower_that_comes_late_gets_everything(store):
    run = inlay.start_run()
    for step in range(100):
        run.log({"a": float(step)}, step=step)
    len(inlay.runs())
    assert len(follow(run).poll()["a"]) == 100
    run.end()
    assert len(follow(run).poll()["a"]) == 100


def test_over_many_segments(store, monkeypatch):
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 4096)
    run = inlay.start_run()
    follower, seen = follow(run), []
    for step in range(3000):
        run.log({"a": float(step)}, step=step)
        if step % 70 == 0:
            seen += follower.poll()["a"].step.tolist()
    run.end()
    seen += follower.poll()["a"].step.tolist()
    assert seen == list(range(3000))
    assert follower.poll() == {}


def test_other_runs_of_the_process_are_kept_apart(store):
    with inlay.start_run() as outer:
        outer.log({"a": 1.0})
        with inlay.start_run(nested=True) as inner:
            inner.log({"a": 2.0})
            follower = follow(inner)
            outer.log({"a": 3.0})
            assert follower.poll()["a"].value.tolist() == [2.0]
        assert follow(outer).poll()["a"].value.tolist() == [1.0, 3.0]


def test_polls_from_threads_share_the_points(store):
    run, over, seen = inlay.start_run(), threading.Event(), []
    follower = follow(run)

    def poll():
        while not over.is_set():
            for points in follower.poll().values():
                seen.extend(points.step.tolist())

    threads = [threading.Thread(target=poll) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(20_000):
        run.log_metric("a", 1.0, step=step)
    over.set()
    for thread in threads:
        thread.join()
    for points in follower.poll().values():
        seen.extend(points.step.tolist())
    assert sorted(seen) == list(range(20_000))


def test_after_a_full_disk(store, monkeypatch):
    """The card of a run that met a full disk stood still for ever after."""
    import os

    monkeypatch.setenv("INLAY_JOURNAL", "map")
    real, full = os.posix_fallocate, [False]

    def reserve(*args):
        if full[0]:
            raise OSError(28, "No space left on device")
        real(*args)

    monkeypatch.setattr(os, "posix_fallocate", reserve)
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 4096)
    run = inlay.start_run()
    follower, seen = follow(run), []
    full[0] = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        run.log_metrics_array("a", [1.0] * 500)
    during = inlay.start_run(nested=True)
    during.log({"b": 1.0}, step=0)
    late = follow(during)
    seen += follower.poll()["a"].step.tolist()
    assert late.poll() == {}
    full[0] = False
    run.recorder.writer.sync()
    run.log_metric("a", 1.0, step=500)
    seen += follower.poll()["a"].step.tolist()
    assert seen == list(range(501))
    assert late.poll()["b"].step.tolist() == [0]


def test_a_run_of_another_process(store, script):
    script("""
        import inlay
        with inlay.start_run("r") as run:
            for step in range(5):
                run.log({"b": float(step), "a": 1.0, "c": 2.0}, step=step)
    """)
    run = inlay.get_run("r")
    with pytest.raises(ValueError, match="not written by this process"):
        follow(run)
    assert list(stored_points(run)) == ["b", "a", "c"]
    assert stored_points(run)["b"].value.tolist() == [0, 1, 2, 3, 4]
