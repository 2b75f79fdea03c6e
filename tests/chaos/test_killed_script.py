"""SIGKILL for a script under `inlay run`, for its workers, or for `inlay run` itself, at any moment.

What was acknowledged is there, once, from all of the processes; the run is known as killed, and nothing else is.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from chaos.acknowledged import PREAMBLE, Board, check_series

import inlay

ROUNDS = 5 if os.environ.get("INLAY_TEST_DUCKDB") else 12

SCRIPT = """
def work(run, place):
    for i in range(10**9):
        run.log_metric(f"x{place}", float(i), step=i)
        acknowledge(place, i + 1)

if __name__ == "__main__":
    import multiprocessing
    with inlay.start_run() as run:
        workers = [multiprocessing.get_context("fork").Process(target=work, args=(run, n), daemon=True) for n in (1, 2)]
        for worker in workers:
            worker.start()
        print(os.getpid(), *(worker.pid for worker in workers), flush=True)
        work(run, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.timeout(600)
def test_killed_under_inlay_run(store, tmp_path):
    chance = random.Random()
    seed = chance.randrange(2**32)
    chance.seed(seed)
    print("seed", seed)
    script = tmp_path / "train.py"
    script.write_text(PREAMBLE + textwrap.dedent(SCRIPT))
    for number in range(ROUNDS):
        name, board = f"round {number}", Board(tmp_path / f"board-{number}")
        command = [
            sys.executable,
            "-m",
            "inlay",
            "run",
            "-q",
            "-n",
            name,
            sys.executable,
            str(script),
            name,
            str(board.path),
        ]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        program = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
        pids = [int(pid) for pid in program.stdout.readline().split()]
        time.sleep(chance.uniform(0, 0.1))
        victims = [program.pid, pids[0], pids[1]]
        os.kill(victims[number % 3], signal.SIGKILL)
        if number % 3 == 2:  # only a worker: everything else goes on
            time.sleep(0.05)
            run = inlay.get_run(name)
            assert (run.status, run.error) == ("running", None)
            os.kill(pids[0], signal.SIGKILL)
        if number % 3:
            assert program.wait(60) == 128 + signal.SIGKILL
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        program.wait(60)
        program.stdout.close()
        time.sleep(0.1)
        run = inlay.get_run(name)
        assert run.status == "killed"
        assert run.ended_at is not None
        for place in range(3):
            check_series(run.run_id, f"x{place}", board[place], in_flight=1)
