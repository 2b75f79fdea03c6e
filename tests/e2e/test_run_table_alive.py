"""A journey through a run table whose runs change while it is looked at: a cell trains, another process deletes and renames,
the kernel is too busy to answer anything.
"""

from __future__ import annotations

import subprocess
import sys

from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.run_table import RunTable
from e2e.shown import assert_nothing_lost
from e2e.truth import Truth

MAKE = """%load_ext inlay
import inlay, time, threading, ctypes
for number in range(80):
    with inlay.start_run(f"run {number}", params={"number": number}) as run: run.log({"loss": 1 / (1 + number)}, step=0)"""
TABLE = "table = inlay.RunTable(); table"
TRAIN = """%%track training
for step in range(3000):
    inlay.log({"loss": 1000 - step})
    time.sleep(0.03)"""
# No thread of the kernel can do anything meanwhile: the lock of the interpreter is not given away.
DEAF = "print('deaf', flush=True); time.sleep(0.5); ctypes.PyDLL(None).sleep(6)"
ELSEWHERE = """
import inlay, sys
inlay.connect(sys.argv[1])
inlay.get_run("run 79").delete()
inlay.get_run("run 78").rename("renamed elsewhere")
"""


def test_runs_that_change(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(MAKE, TABLE, TRAIN, "t = inlay.RunTable(); t", DEAF)
    for cell in (0, 1):
        page.run_cell(cell)
        page.wait_until_run(cell)
    table = RunTable(page, 1).show()
    table.filter("params.number >= 75 or name = 'training'")
    eventually(lambda: table.names() == [f"run {number}" for number in (79, 78, 77, 76, 75)])

    # --- a run begins, goes on and ends ---
    page.run_cell(2)
    eventually(lambda: table.names()[0] == "training")
    assert table.row("training").text("status") == "Running"
    seen: set[str] = set()
    eventually(lambda: seen.add(table.row("training").text("metrics.loss")) or len(seen - {""}) >= 2)
    # The kernel answers while the cell trains.
    table.sort("params.number")
    eventually(lambda: table.names() == [*(f"run {number}" for number in (79, 78, 77, 76, 75)), "training"])
    assert page.is_running(2)
    page.interrupt()
    page.wait_until_run(2)
    run = truth.run("training")
    eventually(lambda: table.row("training").text("status") == "Interrupted")
    eventually(lambda: table.row("training").number("metrics.loss") == run.metrics["loss"])
    eventually(lambda: table.count() == "6 of 81 runs")

    # --- another process deletes one and renames another ---
    table.select("run 79")
    made = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(truth.folder)], capture_output=True, text=True, timeout=60
    )
    assert made.returncode == 0, made.stderr
    eventually(lambda: "renamed elsewhere" in table.names() and "run 79" not in table.names())
    assert table.count() == "5 of 80 runs"
    keep_picture(page.page, "run-table-elsewhere-light")
    assert table.errors().count() == 0

    # --- nothing answers: what was pushed is a whole table ---
    page.run_cell(3)
    page.run_cell(4)
    eventually(lambda: "deaf" in page.output(4).inner_text())
    late = RunTable(page, 3).show()
    rows = late.names()
    assert rows[:2] == ["training", "renamed elsewhere"]
    assert len(rows) > 10
    late.sort("params.number")
    page.page.wait_for_timeout(1500)
    keep_picture(page.page, "run-table-busy-light")
    assert page.is_running(4)
    assert late.node.locator(".inlay-kernel").inner_text() == "Kernel busy: rows follow"
    page.wait_until_run(4)
    eventually(lambda: late.names()[0] == "renamed elsewhere")
    eventually(lambda: late.node.locator(".inlay-kernel").inner_text() == "")
    assert late.errors().count() == 0
    assert_nothing_lost(page)
