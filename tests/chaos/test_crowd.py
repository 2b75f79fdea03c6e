"""Many processes on one store: recording, ingesting and dying at once, and nobody is told to wait or loses a point."""

from __future__ import annotations

import random
import time

import pytest
from chaos.acknowledged import Board, check_series, start

import inlay

PROCESSES, RUNS, POINTS = 8, 5, 2_000

WORK = f"""
errors = []

def take_in():
    while True:
        try:
            len(inlay.runs())
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        time.sleep(0.05)

threading.Thread(target=take_in, daemon=True).start()
ready()
for number in range({RUNS}):
    with inlay.start_run(f"{{name}}/{{number}}") as run:
        for i in range({POINTS}):
            run.log_metric("x", float(i), step=i)
            acknowledge(number, i + 1)
            if i % 100 == 0:
                time.sleep(0.02)
acknowledge({RUNS}, 1)
"""


@pytest.mark.timeout(600)
def test_a_crowd_of_which_half_is_killed(store, tmp_path):
    chance = random.Random()
    boards = [Board(tmp_path / f"board-{number}") for number in range(PROCESSES)]
    programs = [start(WORK, f"process {number}", board) for number, board in enumerate(boards)]
    for program in programs[::2]:
        time.sleep(chance.uniform(0, 0.5))
        program.kill()
    said = [program.communicate(timeout=300)[1] for program in programs]

    for number, (program, board, errors) in enumerate(zip(programs, boards, said, strict=True)):
        assert errors == ""
        if number % 2:
            assert program.returncode == 0
            assert board[RUNS] == 1

    found = {run.name: run for run in inlay.runs().to_list()}
    for number, board in enumerate(boards):
        for place in range(RUNS):
            run = found.get(f"process {number}/{place}")
            if run is None:
                assert board[place] == 0, "a run that points were logged to is gone"
                continue
            whole = board[place] == POINTS
            check_series(run.run_id, "x", board[place], in_flight=1)
            assert run.status in (
                ("finished", "killed") if whole and number % 2 == 0 else ("finished",) if whole else ("killed",)
            )
