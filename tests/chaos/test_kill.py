"""SIGKILL at a random moment: what was acknowledged is there, once, and the run is known as killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from chaos.acknowledged import Board, Cradle, check_series, facts, start

import inlay

# What DuckDB's version changes about a kill shows in fewer rounds.
ROUNDS = 20 if os.environ.get("INLAY_TEST_DUCKDB") else 200
ARRAY = 500

LOGGING = f"""
sys.setswitchinterval(0.0005)  # threads take turns more often than they would, and the word that they began comes through
run = inlay.start_run(name)

def singles():
    for i in range(10**9):
        run.log_metric("single", float(i), step=i)
        acknowledge(0, i + 1)

def several():
    for i in range(10**9):
        run.log({{"left": float(i), "right": float(i)}}, step=i)
        acknowledge(1, i + 1)

def counted():
    for i in range(10**9):
        run.log_metric("counted", float(i))
        acknowledge(2, i + 1)

def arrays():
    for i in range(10**9):
        run.log_metrics_array("array", np.arange({ARRAY} * i, {ARRAY} * (i + 1)))
        acknowledge(3, {ARRAY} * (i + 1))
        time.sleep(0.001)

def params():
    for i in range(10**9):
        run.log_params({{"newest": i, f"p{{i}}": "x" * (i % 5000)}})
        acknowledge(4, i + 1)
        time.sleep(0.001)

for work in (singles, several, counted, arrays, params):
    threading.Thread(target=work, daemon=True).start()
ready()
time.sleep(60)
"""


@pytest.mark.timeout(900)
def test_killed_while_logging(store, tmp_path):
    chance = random.Random()
    seed = chance.randrange(2**32)
    chance.seed(seed)
    print("seed", seed)
    boards = {}
    with Cradle(LOGGING) as cradle:
        for number in range(ROUNDS):
            name = f"round {number}"
            boards[name] = board = Board(tmp_path / f"board-{number}")
            program = cradle.start(name, board)
            if number % 16 == 0:
                len(inlay.runs())  # an ingest while the journal is being written
            time.sleep(chance.uniform(0, 0.05))
            cradle.kill(program)

    found, known = {run.name: run for run in inlay.runs().to_list()}, facts()
    assert set(found) == set(boards)
    for name, board in boards.items():
        run = found[name]
        assert run.status == "killed"
        assert run.ended_at is not None
        assert run.duration_s < 30
        check_series(run.run_id, "single", board[0], in_flight=1, known=known)
        check_series(run.run_id, "left", board[1], in_flight=1, known=known)
        check_series(run.run_id, "right", board[1], in_flight=1, known=known)
        check_series(run.run_id, "counted", board[2], in_flight=1, known=known)
        check_series(run.run_id, "array", board[3], in_flight=ARRAY, known=known)
        if board[4]:
            assert board[4] - 1 <= run.params["newest"] <= board[4]
            assert len(run.params) in (board[4] + 1, board[4] + 2)


INGESTING = """
ready()
len(inlay.runs())
"""


@pytest.mark.timeout(300)
def test_killed_while_ingesting(store, tmp_path):
    """The process that takes the points in dies at any moment: the next one finds all of them, once."""
    chance = random.Random(7)
    board = Board(tmp_path / "board")
    logged = 0
    with inlay.start_run("long") as run:
        for _ in range(25):
            program = start(INGESTING, "-", board)
            for step in range(logged, logged + 20_000):
                run.log_metric("x", float(step), step=step)
            logged += 20_000
            time.sleep(chance.uniform(0, 0.25))
            program.kill()
            program.communicate()
        check_series(run.run_id, "x", logged, in_flight=0)
    assert inlay.get_run("long").status == "finished"


FORKING = """
run = inlay.start_run(name)
run.log_metric("x", 0.0, step=0)
child = os.fork()
if child == 0:
    time.sleep(30)
    os._exit(0)
print(child, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_does_not_keep_its_killed_parent_running(store, tmp_path):
    """The child inherits every descriptor, and with them the lock by which a writer is known to live."""
    program = subprocess.run(
        [sys.executable, "-c", "import os, sys, time\nimport inlay\nname = 'forked'\n" + FORKING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )
    child = int(program.stdout)
    try:
        os.kill(child, 0)  # it lives
        assert inlay.get_run("forked").status == "killed"
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)
