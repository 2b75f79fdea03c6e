"""Journeys while a cell runs: points arrive, the stop button, a restarted kernel, a reloaded page, a raising cell."""

from __future__ import annotations

from typing import Any

import psutil
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import assert_nothing_lost, chart_is_seen, last_value, live_card, static_card
from e2e.truth import Truth, assert_live_true, assert_was_true

LOAD = "%load_ext inlay\nimport inlay, time"
# Every point of `step` is its own number: what the card shows last is how far it has come.
TRAIN = """%%track training -e journeys
lr = 0.01
for step in range({steps}):
    inlay.log({{"step": step, "train/loss": 1 / (step + 1), "val/loss": 1.2 / (step + 1)}})
    time.sleep(0.02)
"""
LONG = TRAIN.format(steps=1500)


def test_points_arrive_while_the_cell_runs(notebook: OpenNotebook, truth: Truth):
    page = notebook(LOAD, TRAIN.format(steps=250))
    page.run_all()
    seen = watch(page, 1)
    assert len(seen) >= 8, f"in 5 s the card showed only {seen}"
    assert seen == sorted(seen)
    assert seen[0] < 200, "the card came when the cell was all but over"
    page.wait_until_idle()
    run = truth.run("training")
    card = ended_card(page)
    assert run.status == card["status"] == "finished"
    assert_live_true(card, run)
    assert static_card(page.output(1)) is None, "the picture waits behind the card"


def test_stop_button(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = start_training(notebook)
    keep_picture(page.page, "running-light")
    page.interrupt()
    page.wait_until_run(1)
    run = truth.run("training")
    card = ended_card(page)
    assert run.status == card["status"] == "interrupted"
    assert_live_true(card, run)
    assert_nothing_lost(page)
    keep_picture(page.page, "interrupted-light")


def test_restart_while_running(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    """The kernel is gone with the live card; the picture of the last seconds stays. Jupyter interrupts first, so
    what becomes of the run depends on whether its cell heeds that.
    """
    page = start_training(notebook)
    page.restart()
    page.wait_until_idle()
    assert eventually(lambda: live_card(page.output(1)))["status"] == "disconnected"
    assert truth.run("training").status == "interrupted"
    assert_picture_stays(page, notebook, truth)


def test_killed_while_running(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    """A kernel that dies: out of memory, or a crash in somebody's C code."""
    page = start_training(notebook)
    kill_kernel(page)
    eventually(lambda: truth.run("training").status == "killed")
    page.page.locator(".jp-Dialog .jp-mod-accept").click()
    keep_picture(assert_picture_stays(page, notebook, truth).page, "killed-light")


def test_reload_while_running(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    """A page that comes back hears nothing until the kernel is free: first the picture of when it was saved, and
    when the cell ends the finished card.
    """
    page = notebook(LOAD, TRAIN.format(steps=700))
    page.run_all()
    eventually(lambda: (shown_step(page) or 0) > 100)
    page.save()
    page.reload()
    card = eventually(lambda: static_card(page.output(1)))
    assert "as of" in card.text
    assert chart_is_seen(page.output(1))
    assert_nothing_lost(page)
    run = truth.run("training")
    assert run.status == "running", "the cell ended before anything could be seen"
    assert_was_true(card, run)
    keep_picture(page.page, "reloaded-light")
    page.wait_until_idle()
    finished = ended_card(page)
    assert_live_true(finished, truth.run("training"))
    assert finished["status"] == "finished"
    assert_nothing_lost(page)


def test_raising_cell_stops_run_all(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(LOAD, "%%track broken\ninlay.log({'loss': 0.5})\nrate = 1 / 0", "after = 1")
    page.run_all()
    page.wait_until_run(1)
    page.wait_until_idle()
    text = page.output(1).inner_text()
    assert "ZeroDivisionError" in text
    assert "----> 3 rate = 1 / 0" in text
    assert page.execution_count(2) is None, "Run All went on after the error"
    run = truth.run("broken")
    card = ended_card(page)
    assert run.status == card["status"] == "failed"
    assert "ZeroDivisionError" in card["error"]
    assert_live_true(card, run)
    keep_picture(page.page, "failed-light")


def ended_card(page: NotebookPage) -> dict[str, Any]:
    """The card once it says that the run is over; a chart has its values from when it is first seen."""
    page.show(1)
    eventually(lambda: (card := live_card(page.output(1))) and card["status"] != "running")
    eventually(lambda: chart_is_seen(page.output(1)))
    return live_card(page.output(1))


def kill_kernel(page: NotebookPage) -> None:
    kernel = page.lab.kernel_of(page.file)
    connection = f"kernel-{kernel}.json"
    for process in psutil.process_iter(["cmdline"]):
        if any(part.endswith(connection) for part in process.info["cmdline"] or ()):
            process.kill()


def assert_picture_stays(page: NotebookPage, notebook: OpenNotebook, truth: Truth) -> NotebookPage:
    """Saved, closed and opened again: there is the picture, and every figure in it was true when it was drawn."""
    page.save()
    page.close()
    again = notebook(file=page.file)
    # JupyterLab asks the new kernel for the widgets, and says then that they are not found.
    again.page.wait_for_timeout(2500)
    card = eventually(lambda: static_card(again.output(1)))
    assert "as of" in card.text
    assert_was_true(card, truth.run("training"))
    again.show(1)
    assert chart_is_seen(again.output(1))
    assert_nothing_lost(again)
    return again


def start_training(notebook: OpenNotebook) -> NotebookPage:
    page = notebook(LOAD, LONG)
    page.run_all()
    eventually(lambda: (shown_step(page) or 0) > 50)
    card = live_card(page.output(1))
    assert card["status"] == "running"
    assert card["params"] == {"lr": "0.01"}
    return page


def shown_step(page: NotebookPage) -> float | None:
    card = live_card(page.output(1))
    return None if card is None else last_value(card, "step", "step")


def watch(page: NotebookPage, index: int) -> list[float]:
    """Every newest step the live card shows until the cell ends."""
    seen: list[float] = []
    eventually(lambda: page.is_running(index))
    while page.is_running(index):
        step = shown_step(page)
        if step is not None and step not in seen[-1:]:
            seen.append(step)
        page.page.wait_for_timeout(50)
    return seen
