"""Journeys with runs that scripts write: their card follows them, long after its cell has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import last_value, live_card, static_card
from e2e.truth import Truth, assert_live_true

SCRIPT = """
import sys, time, inlay
with inlay.start_run(sys.argv[1], params={"lr": 0.1}) as run:
    step = 0
    while not sys.stdin.closed and step < 3000:
        run.log({"step": step, "loss": 1 / (step + 1)})
        step += 1
        time.sleep(0.02)
        if step % 10 == 0 and __import__("os").path.exists("stop"):
            break
"""

StartScript = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_script(folder: Path) -> Iterator[StartScript]:
    """Runs the script in the folder of the notebooks, so that it finds their store."""
    (folder / "train.py").write_text(SCRIPT)
    started = []

    def start(name: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"INLAY_STORE": str(folder / ".inlay")}
        process = subprocess.Popen([sys.executable, "train.py", name], cwd=folder, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_to_its_end(
    notebook: OpenNotebook, start_script: StartScript, folder: Path, truth: Truth, keep_picture: KeepPicture
):
    script = start_script("script")
    page = notebook("import inlay", "inlay.get_run('script')")
    eventually(truth.runs)
    card = follow(page)
    said = live_card(page.output(1))
    assert said["status"] == "running"
    assert "written by another process" in said["about"]
    assert "train.py" in said["about"]
    seen = [step_of(page)]
    for _ in range(3):
        eventually(lambda: step_of(page) > seen[-1])
        seen.append(step_of(page))
    assert card.chart("step").is_drawn()
    keep_picture(page.page, "followed-light")
    (folder / "stop").touch()
    assert script.wait(20) == 0
    eventually(lambda: card.status == "finished")
    run = truth.run("script")
    eventually(lambda: step_of(page) == run.metrics["step"])
    assert_live_true(live_card(page.output(1)), run)
    assert "written by another process" not in card.text(".inlay-about")


def test_to_its_death(notebook: OpenNotebook, start_script: StartScript, truth: Truth, keep_picture: KeepPicture):
    script = start_script("doomed")
    page = notebook("import inlay", "inlay.get_run('doomed')")
    eventually(truth.runs)
    card = follow(page)
    eventually(lambda: step_of(page) > 20)
    script.kill()
    script.wait()
    eventually(lambda: card.status == "killed")
    run = truth.run("doomed")
    assert run.status == "killed"
    eventually(lambda: step_of(page) == run.metrics["step"])
    keep_picture(page.page, "followed-killed-light")
    # The picture beside it, which stays in the file, tells of the same end.
    page.save()
    page.close()
    again = notebook(file=page.file, kernel=False)
    saved = eventually(lambda: static_card(again.output(1)))
    assert saved.status == "killed"
    assert saved.last["step"].replace(",", "") == str(int(run.metrics["step"]))


def follow(page: NotebookPage) -> Card:
    page.run_all()
    page.wait_until_run()
    return Card(page, 1).show()


def step_of(page: NotebookPage) -> float:
    card = live_card(page.output(1))
    return (last_value(card, "step", "step") if card else None) or 0
