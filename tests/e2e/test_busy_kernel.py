"""Journeys while the kernel works: charts are zoomed, loops go on in the header, and nothing on the page moves for it."""

from __future__ import annotations

import re

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.truth import Truth

LOAD = "%load_ext inlay\nimport inlay, time"
LONG = """with inlay.start_run("long") as run:
    for step in range(40_000):
        run.log_metric("loss", 1 / (step + 1), step)"""
# No thread of the kernel can do anything meanwhile: the lock of the interpreter is not given away.
DEAF = "import ctypes; print('deaf', flush=True); time.sleep(0.2); ctypes.PyDLL(None).sleep(5)"
LOOPS = """%%track loops
for epoch in inlay.progress(range(6), desc="epochs"):
    for batch in inlay.progress(range(25), desc="batches"):
        inlay.log({"loss": 1 / (1 + epoch * 25 + batch)})
        time.sleep(0.04)
"""


def test_zoom(notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook(LOAD, LONG, DEAF, "time.sleep(60)")
    for cell in range(2):
        page.run_cell(cell)
        page.wait_until_run(cell)
    card = Card(page, 1).show()
    loss = card.chart("loss")
    eventually(lambda: loss.remark().total == 40_000)

    page.run_cell(2)
    eventually(lambda: "deaf" in page.output(2).inner_text())
    page.page.wait_for_timeout(500)
    before = loss.plot.bounding_box()
    loss.drag(0.2, 0.4)
    eventually(lambda: loss.remark().text == "detail follows")
    assert page.is_running(2)
    assert loss.is_drawn(), "what was pushed is not shown meanwhile"
    assert loss.plot.bounding_box() == before
    keep_picture(page.page, "detail-follows-light")
    page.wait_until_run(2)
    eventually(lambda: 7500 < (loss.remark().total or 0) < 8500)
    loss.double_click()
    eventually(lambda: loss.remark().total == 40_000)

    # A kernel that can hear beside its cell answers at once.
    page.run_cell(3)
    eventually(lambda: page.is_running(3))
    loss.drag(0.6, 0.8)
    eventually(lambda: 7500 < (loss.remark().total or 0) < 8500)
    assert page.is_running(3)
    page.interrupt()
    page.wait_until_run(3)
    assert card.errors().count() == 0


def test_progress(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(LOAD, LOOPS)
    page.run_all()
    card = Card(page, 1)
    eventually(lambda: len(bars(card)) == 2)
    card.show()
    seen: set[str] = set()
    tops: set[float] = set()
    while page.is_running(1):
        status, shown, top = look(card)
        if status == "Running" and len(shown) == 2:
            seen.add(shown["epochs"])
            tops.add(top)
        if len(seen) == 3:
            keep_picture(page.page, "progress-light")
        page.page.wait_for_timeout(100)
    assert len(tops) == 1, f"the charts moved with the bars: {tops}"
    counted = [int(text.split(" of ")[0]) for text in seen]
    assert {1, 2, 3} & set(counted)
    assert all(re.match(r"\d of 6\b", text) for text in seen)
    assert any("left" in text for text in seen)
    assert any("/s" in text or "s each" in text for text in seen)
    page.wait_until_run(1)
    assert truth.run("loops").status == "finished"
    eventually(lambda: card.status == "finished")
    assert bars(card)["epochs"].startswith("6 of 6")
    assert "left" not in "".join(bars(card).values())
    assert card.node.locator('.inlay-bar[data-state="running"]').count() == 0
    keep_picture(page.page, "progress-ended-light")


def bars(card: Card) -> dict[str, str]:
    return look(card)[1] if card.node.count() else {}


def look(card: Card) -> tuple[str, dict[str, str], float]:
    """At one moment: the status, by their names how far the loops are and how fast, and where the charts begin."""
    status, rows, top = card.node.evaluate(
        """(card) => [
             card.querySelector(".inlay-status-word").textContent,
             [...card.querySelectorAll(".inlay-bar")].map((bar) => [...bar.children].map((part) => part.textContent)),
             card.querySelector(".inlay-section").getBoundingClientRect().top
               - card.getBoundingClientRect().top,
           ]"""
    )
    return status, {name: f"{count} {pace}" for name, _track, count, pace in rows}, top
