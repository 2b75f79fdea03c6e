"""What users do by mistake, or by the way: each opens with what they saw before."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import inlay
from inlay.errors import InlayError, RunActiveError


def test_a_thread_that_outlives_its_run_writes_into_no_other(store):
    """A thread of cell 1 logged after the end of its run: the value stood in the run of cell 2."""
    over, said = threading.Event(), []

    def late():
        over.wait(10)
        try:
            inlay.log({"late": 1.0})
        except InlayError as error:
            said.append(str(error))

    with inlay.start_run("first"):
        thread = threading.Thread(target=late)
        thread.start()
    with inlay.start_run("second") as second:
        over.set()
        thread.join()
    assert "has ended" in said[0]
    assert "first" in said[0]
    assert second.metrics == {}


def test_a_pool_works_for_the_run_that_is_open(store):
    """The threads of a pool are started in one run and work for those that follow."""
    with ThreadPoolExecutor(1) as pool:
        with inlay.start_run("first"):
            pool.submit(inlay.log, {"x": 1.0}).result()
        with inlay.start_run("second") as second:
            pool.submit(inlay.log, {"x": 2.0}).result()
    assert second.metrics == {"x": 2.0}


def test_a_run_that_another_process_writes_cannot_be_resumed(store, script):
    """A worker resumed its parent's run and died: the table said killed, and killed it stayed after a clean end."""
    with inlay.start_run("parent") as run:
        run.log({"x": 1.0})
        done = script(f"import inlay\ninlay.start_run(resume={run.run_id!r})")
        assert "is being written by another process" in done.stderr
    assert inlay.get_run("parent").status == "finished"


def test_resuming_under_another_name_is_a_contradiction(store):
    """`%%track new --resume old` went on as `old` without a word."""
    with inlay.start_run("old", experiment="e"):
        pass
    with pytest.raises(ValueError, match="has the name 'old'"):
        inlay.start_run("new", resume="old")
    with pytest.raises(ValueError, match="has the experiment 'e'"):
        inlay.start_run(resume="old", experiment="other")
    with inlay.start_run("old", experiment="e", resume="old") as run:
        assert run.live


def test_children_left_open_end_with_their_parent(store):
    """A child that a tracked cell opened by a bare `start_run(nested=True)` blocked every later run."""
    parent = inlay.start_run("parent")
    child = inlay.start_run("child", nested=True)
    grandchild = inlay.start_run("grandchild", nested=True)
    parent.end("failed")
    assert (child.status, grandchild.status) == ("failed", "failed")
    assert inlay.active_run() is None


def test_a_clock_that_was_set_back(store, monkeypatch):
    run = inlay.start_run("r")
    monkeypatch.setattr(time, "time", lambda: run.started_at.timestamp() - 3600)
    run.end()
    assert run.duration_s == 0
    assert inlay.get_run("r").duration_s == 0


class Mute:
    def __str__(self):
        raise RuntimeError


def _loop():
    loop: dict = {}
    loop["self"] = loop
    return loop


@pytest.mark.parametrize("value", [_loop(), Mute(), 10**5000, "x" * 3_000_000], ids=["loop", "mute", "huge", "long"])
def test_no_param_ends_a_training(store, value):
    with inlay.start_run("r") as run:
        run.log_param("odd", value)
        run.log_param("lr", 0.1)
    found = inlay.get_run("r").params
    assert found["lr"] == 0.1
    assert len(str(found["odd"])) < 501_000


def test_a_note_that_is_too_long_is_refused_before_anything_is_kept(store):
    with inlay.start_run("r", note="short") as run:
        with pytest.raises(ValueError, match="100,000 characters; this one has 2,000,000"):
            run.set_note("n" * 2_000_000)
        with pytest.raises(TypeError, match="a note is a text"):
            run.set_note(None)
        assert run.note == "short"
    with pytest.raises(ValueError, match="a note can have"):
        inlay.start_run("never", note="n" * 200_000)
    assert inlay.active_run() is None


def test_the_keyword_that_was_meant(store):
    with pytest.raises(TypeError, match="did you mean 'experiment'"):
        inlay.start_run(experimnt="x")


def test_what_is_no_dict_and_no_text_is_named(store):
    with inlay.start_run("r") as run:
        with pytest.raises(TypeError, match="params are a dict"):
            run.log_params([1])
        with pytest.raises(TypeError, match="tags are a dict"):
            run.set_tags("x")
        with pytest.raises(TypeError, match="log_text takes a text; got one of type bytes"):
            run.log_text(b"..", "x.txt")
        with pytest.raises(TypeError, match="path is a string"):
            run.log_dict({}, None)


def test_a_daemon_thread_that_logs_to_the_end_says_nothing(tmp_path, store_folder):
    """A finished script printed the traceback of a thread that logged once more."""
    code = """
import threading, inlay
run = inlay.start_run("r")
def work():
    while True:
        run.log_metric("x", 1.0)
        inlay.log({"y": 1.0})
threading.Thread(target=work, daemon=True).start()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert inlay.get_run("r").status == "finished"


def test_resume_says_when_its_run_is_open_here(store):
    with inlay.start_run("r") as run, pytest.raises(RunActiveError, match="is open already"):
        inlay.start_run(resume=run.run_id)
