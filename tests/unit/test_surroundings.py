"""A run knows its commit and its environment, and its start does not wait for either."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import inlay
from inlay.capture import background, environment
from inlay.capture.git import GitState

STATE = GitState("abc123", dirty=True, branch="main", remote="https://example.com/r.git")


@pytest.fixture(autouse=True)
def _active(store_folder, monkeypatch):
    inlay.connect(store_folder)
    monkeypatch.setattr(background, "git_state", lambda folder: STATE)
    monkeypatch.setattr(background, "_last_git", None)
    background.activate()


def recorded(run):
    background.settle()
    columns = "git_commit, git_dirty, git_branch, git_remote, packages, hardware"
    query = f"select {columns} from runs join environments using (env_hash) where run_id = ?"
    return inlay.sql(query, [run.run_id]).fetchall()


def test_a_run_knows_where_it_ran():
    with inlay.start_run() as run:
        pass
    ((commit, dirty, branch, remote, packages, hardware),) = recorded(run)
    assert (commit, dirty, branch, remote) == ("abc123", True, "main", STATE.remote)
    assert '"numpy"' in packages
    assert '"cores"' in hardware


def test_the_start_does_not_wait(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(background, "git_state", lambda folder: released.wait(10) and STATE)
    started = time.perf_counter()
    with inlay.start_run() as run:
        pass
    assert time.perf_counter() - started < 1
    released.set()
    assert recorded(run)[0][0] == "abc123"


def test_a_run_that_dies_at_once_knows_its_python(monkeypatch):
    monkeypatch.setattr(environment, "_packages_known_for", None)
    monkeypatch.setattr(background, "_start_worker", lambda: None)
    with inlay.start_run() as run:
        pass
    query = "select python from runs join environments using (env_hash) where run_id = ?"
    assert inlay.sql(query, [run.run_id]).fetchall() == [(environment.quick().python,)]
    while not background._waiting.empty():
        background._waiting.get()


def test_many_runs_ask_git_once(monkeypatch):
    asked = []
    monkeypatch.setattr(background, "git_state", lambda folder: asked.append(folder) or STATE)
    for _ in range(5):
        with inlay.start_run():
            pass
    background.settle()
    assert len(asked) == 1


def test_activating_twice_records_once(monkeypatch):
    rows = []
    monkeypatch.setattr(background, "_record", lambda *asked: rows.append(asked))
    background.activate()
    with inlay.start_run():
        pass
    background.settle()
    assert len(rows) == 1


def test_a_short_script_is_recorded_before_it_exits(tmp_path, store_folder):
    """A script of half a second ended before the thread had found the commit."""
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    script = """
        import inlay
        from inlay.capture.background import activate
        activate()
        with inlay.start_run("short"):
            pass
    """
    environ = {**os.environ, "INLAY_STORE": str(store_folder)}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    subprocess.run(command, cwd=tmp_path, env=environ, check=True)
    query = "select git_branch, packages from runs join environments using (env_hash)"
    ((branch, packages),) = inlay.sql(query).fetchall()
    assert branch == "main"
    assert "numpy" in packages


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_a_thread_of_its_own():
    with inlay.start_run():
        pass
    child = os.fork()
    if not child:
        try:
            with inlay.start_run("child", nested=True):
                pass
            background.settle()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    query = "select git_commit from runs where name = 'child'"
    assert inlay.sql(query).fetchall() == [("abc123",)]
