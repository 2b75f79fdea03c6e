"""A run that is resumed: its metrics go on where they were, its status returns to running."""

from __future__ import annotations

import pytest

import inlay
from inlay.errors import RunNotFoundError
from inlay.tracking.points import follow


def test_metrics_go_on_and_the_status_returns(store):
    first = inlay.start_run("r", experiment="e", params={"lr": 0.1}, note="n")
    first.log({"a": 0.0, "b": 0.0}, step=7)
    first.end("failed", ValueError("no"))
    started = inlay.get_run("r").started_at
    with inlay.start_run(resume=first.run_id, tags={"again": "1"}) as run:
        assert run.run_id == first.run_id
        assert (run.status, run.error, run.ended_at) == ("running", None, None)
        assert inlay.get_run(run.run_id) is run
        run.log({"a": 1.0})
        run.log({"c": 1.0})
    found = inlay.get_run("r")
    assert (found.status, found.error, found.experiment, found.note) == ("finished", None, "e", "n")
    assert (found.params, found.tags) == ({"lr": 0.1}, {"again": "1"})
    assert found.started_at == started
    assert found.history("a").step.tolist() == [7, 8]
    assert found.history("c").step.tolist() == [0]
    assert len(inlay.runs()) == 1


@pytest.mark.parametrize("by", ["run_id", "short_id", "name"])
def test_by_id_by_its_end_and_by_name(store, by):
    with inlay.start_run("some name") as first:
        pass
    with inlay.start_run(resume=getattr(first, by)) as run:
        assert run.run_id == first.run_id


def test_a_run_still_open_here_is_ended_first(store):
    first = inlay.start_run("r", store=store)
    first.log({"a": 0.0})
    with pytest.raises(inlay.errors.RunActiveError):
        inlay.start_run(resume=first.run_id)
    with inlay.start_run(resume=first.run_id, nested=True) as run:
        run.log({"a": 1.0})
        assert first.status == "finished"
    assert run.history("a").step.tolist() == [0, 1]


def test_a_killed_run_goes_on_in_another_process(store, script):
    script("""
        import inlay, os
        run = inlay.start_run("r")
        for step in range(5):
            run.log({"a": float(step)}, step=step)
        os._exit(1)
    """)
    assert inlay.get_run("r").status == "killed"
    with inlay.start_run(resume="r") as run:
        run.log({"a": 5.0})
        assert inlay.get_run("r").status == "running"
    found = inlay.get_run("r")
    assert (found.status, found.ended_at > found.started_at) == ("finished", True)
    assert found.history("a").value.tolist() == [0, 1, 2, 3, 4, 5]


def test_the_note_is_replaced_only_by_another(store):
    with inlay.start_run("r", note="old"):
        pass
    with inlay.start_run(resume="r"):
        pass
    assert inlay.get_run("r").note == "old"
    with inlay.start_run(resume="r", note="new"):
        pass
    assert inlay.get_run("r").note == "new"


def test_nothing_to_resume(store):
    with pytest.raises(RunNotFoundError, match="'nope'"):
        inlay.start_run(resume="nope")
    assert inlay.active_run() is None
    assert len(inlay.runs()) == 0


def test_a_follower_gives_what_was_there_before_and_what_comes(store):
    with inlay.start_run("r") as run:
        run.log({"a": 0.0, "old": 1.0}, step=0)
    with inlay.start_run(resume="r") as run:
        run.log({"a": 1.0})
        follower = follow(run)
        points = follower.poll()
        assert points["a"].value.tolist() == [0.0, 1.0]
        assert points["old"].value.tolist() == [1.0]
        run.log({"a": 2.0})
        assert follower.poll()["a"].value.tolist() == [2.0]
