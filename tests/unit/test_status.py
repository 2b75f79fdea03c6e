"""The truth about how a run ended, whatever ended it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import inlay
from inlay.tracking.outcome import status_of


def outcome(name="r"):
    run = inlay.get_run(name)
    return run.status, run.error.type if run.error else None


def test_a_block_that_ends(store):
    with inlay.start_run("r"):
        pass
    assert outcome() == ("finished", None)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (asyncio.CancelledError(), "interrupted"),
        (SystemExit(0), "finished"),
        (SystemExit(None), "finished"),
        (SystemExit(3), "failed"),
        (SystemExit("why"), "failed"),
        (GeneratorExit(), "finished"),
    ],
)
def test_what_an_exception_means(error, status):
    assert status_of(error) == status


def test_a_block_that_raises_keeps_the_traceback(store):
    with pytest.raises(ZeroDivisionError), inlay.start_run("r"):
        1 / 0  # noqa: B018
    error = inlay.get_run("r").error
    assert (error.type, error.message) == ("ZeroDivisionError", "division by zero")
    assert "1 / 0" in error.traceback
    assert error.traceback.startswith("Traceback")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


@pytest.mark.parametrize("error", [ValueError("🙂" * 2_000_000), Unprintable(), ValueError("\ud800 \0")])
def test_no_exception_is_too_odd_to_end_a_run(store, error):
    """A message of megabytes did not fit the journal: the run went on for ever, and the user saw another error."""
    with pytest.raises(type(error)), inlay.start_run("r"):
        raise error
    assert outcome() == ("failed", type(error).__name__)
    assert inlay.active_run() is None


def test_an_interrupted_block(store):
    with pytest.raises(KeyboardInterrupt), inlay.start_run("r"):
        raise KeyboardInterrupt
    assert outcome() == ("interrupted", "KeyboardInterrupt")


def test_the_first_end_counts(store):
    with inlay.start_run("r") as run:
        run.end("interrupted")
        ended = run.ended_at
        run.end("failed")
    assert outcome() == ("interrupted", None)
    assert inlay.get_run("r").ended_at == ended


def test_ends_in_a_notebook_that_goes_down(monkeypatch):
    from inlay.tracking import origin, outcome

    monkeypatch.setattr(sys, "last_value", ValueError("an old one"), raising=False)
    monkeypatch.delattr(sys, "ps1", raising=False)  # a shell of another test may have left its own
    for busy, status in ((True, "killed"), (False, "finished")):
        monkeypatch.setattr(origin, "_busy", lambda busy=busy: busy)
        assert outcome.at_exit() == (status, None)
    monkeypatch.setattr(origin, "_busy", None)
    assert outcome.at_exit()[0] == "failed"
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # an error long ago at the prompt is no reason
    assert outcome.at_exit() == ("finished", None)


HEAD = """
import inlay, os, signal, sys, threading, time
run = inlay.start_run("r")
run.log({"a": 1.0}, step=0)
"""


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("", "finished", None),
        ("sys.exit(0)", "finished", None),
        ("1 / 0", "failed", "ZeroDivisionError"),
        ("raise KeyboardInterrupt", "interrupted", "KeyboardInterrupt"),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(5)", "interrupted", "KeyboardInterrupt"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)", "killed", None),
        ("os.kill(os.getpid(), signal.SIGKILL); time.sleep(5)", "killed", None),
        ("os._exit(0)", "killed", None),
        ("os.abort()", "killed", None),
        ("with run: sys.exit(3)", "failed", "SystemExit"),
        ("with inlay.start_run('inner', nested=True): 1 / 0", "failed", "ZeroDivisionError"),
    ],
)
def test_scripts(store, script, code, status, error):
    done = script(HEAD + code)
    assert outcome() == (status, error)
    assert len(inlay.get_run("r").history("a")) == 1
    assert "Exception ignored" not in done.stderr
    if status == "finished":
        assert done.stderr == ""
    if status != "killed":  # an orderly process takes everything in itself
        assert not list(store.journal.glob("*/000002.journal"))


def test_a_killed_process_ends_with_its_last_record(store, script):
    before = time.time()
    script(HEAD + "run.log_param('late', 1); os.kill(os.getpid(), signal.SIGKILL)")
    after = time.time()
    time.sleep(0.3)
    run = inlay.get_run("r")
    assert run.status == "killed"
    assert before < run.ended_at.timestamp() < after
    assert run.params == {"late": 1}


def test_daemon_threads_that_log_to_the_very_end(store, script):
    done = script(
        HEAD
        + textwrap.dedent("""
        def log():
            while True:
                try:
                    run.log({"b": 1.0})
                except inlay.InlayError:
                    return
        threading.Thread(target=log, daemon=True).start()
        time.sleep(0.2)
        """)
    )
    assert done.stderr == ""
    assert outcome() == ("finished", None)
    assert len(inlay.get_run("r").history("b")) > 100


def test_a_living_process_is_running_whoever_asks(store):
    code = HEAD + "print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        for _ in range(3):
            assert inlay.get_run("r").status == "running"
            assert inlay.get_run("r").ended_at is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert inlay.get_run("r").status == "killed"
