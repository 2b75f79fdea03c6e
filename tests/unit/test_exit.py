"""The end of a process that recorded something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest


def test_a_script_that_ends_during_an_ingest(tmp_path):
    """A finished script died with "terminate called ... FATAL: exception not rethrown" and status 134.

    The background thread was inside DuckDB while the interpreter went away.
    """
    script = """
        import time, threading, duckdb, inlay
        from inlay.store import compaction, upkeep

        def at_work(store):
            con = duckdb.connect()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                con.execute("SELECT 1").fetchall()
            print("done", flush=True)

        upkeep.SETTLE = 0.0
        compaction.worthwhile = lambda con, path: threading.current_thread() is not threading.main_thread()
        compaction.compact = at_work
        with inlay.start_run() as run:
            run.log({"a": 1.0})
        time.sleep(1)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "INLAY_STORE": str(tmp_path / ".inlay")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
    assert "FATAL" not in done.stderr


def test_a_daemon_thread_that_still_asks_at_the_exit(script):
    """A monitoring thread called `inlay.runs()` in a loop; the finished script was reported as crashed (SIGABRT)."""
    done = script("""
        import threading, time
        import inlay

        def watch():
            while True:
                len(inlay.runs())
                inlay.sql("select count(*) from metrics").fetchall()

        with inlay.start_run("r") as run:
            run.log({"x": 1.0})
        for _ in range(3):
            threading.Thread(target=watch, daemon=True).start()
        time.sleep(0.5)
    """)
    assert done.returncode == 0, done.stderr
    assert "terminate" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals to die of")
@pytest.mark.parametrize("where", ["with inlay.start_run(): raise KeyboardInterrupt", "run = inlay.start_run(); 1 / 0"])
def test_a_program_that_was_interrupted_dies_of_it(script, where):
    """It left with status 1, so that Ctrl-C did not end the shell's loop around it."""
    done = script(f"import inlay\n{where}\n")
    assert done.returncode == (-signal.SIGINT if "Keyboard" in where else 1), done.stderr
    assert done.stderr.count("Traceback") == 1
    after = script(f"import inlay, sys\ntry:\n    {where}\nexcept BaseException: pass\nsys.exit(3)\n")
    assert after.returncode == 3
