"""What workers log into a run of this process is found while it is written, and its own points are not counted twice."""

from __future__ import annotations

import math

import numpy as np
import pytest

import inlay
from inlay.tracking import following, joined_points
from inlay.tracking.joined_points import JoinedRun
from inlay.tracking.points import Points, follow

LIMITS = (100, 20)


@pytest.fixture
def run(store, monkeypatch):
    monkeypatch.setattr(following, "PATIENCE", 60.0)
    with inlay.start_run("mine") as run:
        yield run


@pytest.fixture
def worker(run, monkeypatch, request):
    """Another process that logs to `run`; asked for after the run began."""
    monkeypatch.setenv("INLAY_RUN_ID", run.run_id)
    return request.getfixturevalue("writer")


def told(news):
    return {
        key: sorted(zip(points.step.tolist(), points.value.tolist(), strict=True))
        for key, points in news.points.items()
    }


def test_first_everything_then_what_others_logged(run, worker):
    for i in range(150):
        run.log({"loss": float(i)}, step=i)
    worker("run.log({'loss': -1.0, 'of a worker': 0.5}, step=0)")
    joined, own = JoinedRun(run, LIMITS), follow(run)
    joined.look()
    news = joined.take()
    assert {key: one.total for key, one in news.everything.curves.items()} == {"loss": 151, "of a worker": 1}
    own.go_to(news.behind)
    assert own.poll() == {}

    run.log({"loss": 1.0, "lr": 0.1}, step=200)
    run.log({"loss": math.nan}, step=201)
    run.log_text("between the points", "a.txt")
    run.log({"loss": 1.0}, step=202)
    worker("run.log({'loss': 1.0}, step=200)")  # as this process did
    worker("run.log({'loss': float('nan')}, step=201)")
    worker("run.log({'loss': 7.0, 'of a worker': 0.25}, step=202)")
    joined.look()
    run.log({"loss": 2.0}, step=203)
    joined.look()
    news = joined.take()
    assert news.everything is None
    assert {key: len(points) for key, points in news.points.items()} == {"loss": 3, "of a worker": 1}
    assert told(news)["of a worker"] == [(202, 0.25)]
    assert told(news)["loss"][::2] == [(200, 1.0), (202, 7.0)]
    assert {key: points.step.tolist() for key, points in own.poll().items()} == {
        "loss": [200, 201, 202, 203],
        "lr": [200],
    }


def test_a_segment_of_the_journal_that_ends_between_two_looks(run, worker):
    joined = JoinedRun(run, LIMITS)
    worker("run.log({'a': 0.0})")
    joined.look()
    joined.take()
    values = np.arange(70_000.0)
    for _ in range(2):  # 2.2 MB each: more than one segment
        run.log_metrics_array("a", values)
        worker("run.log({'a': 1.0})")
        joined.look()
    news = joined.take()
    assert news.everything is None
    assert told(news) == {"a": [(1, 1.0), (2, 1.0)]}


def test_nothing_is_opened_while_nobody_else_writes(run, store, monkeypatch):
    joined = JoinedRun(run, LIMITS)
    joined.look()
    joined.take()
    monkeypatch.setattr(following, "fresh", lambda *_, **__: pytest.fail("the store was opened"))
    run.log({"a": 1.0})
    joined.look()
    assert joined.take() == following.News()


def test_nothing_is_looked_for_after_the_end(run, monkeypatch):
    joined = JoinedRun(run, LIMITS)
    run.end()
    monkeypatch.setattr(following, "fresh", lambda *_, **__: pytest.fail("the store was opened"))
    joined.look()


@pytest.mark.parametrize(
    ("all_of_it", "own", "left"),
    [
        ([1, 2, 3], [], [1, 2, 3]),
        ([1, 2, 3], [2], [1, 3]),
        ([1, 1, 2, 1], [1, 1], [2, 1]),
        ([math.nan, 0.0, math.nan], [math.nan, -0.0], [math.nan]),
        ([1, 2], [1, 2], []),
        ([1, 2], [2, 5], []),
    ],
)
def test_own_points_are_taken_out_once_each(all_of_it, own, left):
    def points(values):
        return Points(np.zeros(len(values), np.int64), np.arange(len(values)) + 1e9, np.array(values, float))

    found = joined_points._without(points(all_of_it), points(own)).value
    np.testing.assert_array_equal(found, left)
