"""A journey through what the kernel cannot do: it says so under the card, and everything else goes on."""

from __future__ import annotations

import shutil

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.truth import Truth

CELL = """import inlay
with inlay.start_run("long") as run:
    run.log_text("hello", "note.txt")
    for step in range(20_000):
        run.log_metric("loss", 1 / (step + 1), step)
run.metrics"""


def test_store_is_gone(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(CELL, "inlay.get_run('long')", "1 + 1")
    page.run_all()
    page.wait_until_run()
    card = Card(page, 1).show()
    loss = card.chart("loss")
    shutil.rmtree(truth.folder)
    truth.folder.write_text("no folder any more")

    loss.drag(0.2, 0.4)
    eventually(lambda: card.errors().count() == 1)
    error = card.errors().first
    assert error.locator(".inlay-error-type").inner_text().endswith("Error")
    assert ".inlay" in error.locator(".inlay-error-message").inner_text()
    fold = error.locator("details")
    assert not error.locator("pre").is_visible()
    fold.locator("summary").click()
    assert "Traceback (most recent call last)" in error.locator("pre").inner_text()
    keep_picture(page.page, "callback-error-light")
    # What was pushed is still drawn, and can be looked at otherwise.
    assert loss.is_drawn()
    assert "follows" not in loss.remark().text
    loss.double_click()
    eventually(lambda: not card.is_zoomed() and loss.remark().total == 20_000)

    # Again the same is one error, not two; another one stands below it.
    loss.drag(0.5, 0.7)
    page.page.wait_for_timeout(1000)
    assert card.errors().count() == 1
    loss.double_click()
    files = card.open("Artifacts")
    files.locator(".inlay-file").click()
    eventually(lambda: card.errors().count() == 2 or "no longer in the store" in files.inner_text())
    card.choose_axis("Relative")
    assert card.axis() == "relative"
    while card.errors().count():
        card.errors().first.get_by_role("button", name="Dismiss").click()
    assert card.node.locator(".inlay-callback-errors").inner_text() == ""
    page.run_cell(2)
    page.wait_until_run(2)
    assert page.output(2).inner_text().split()[-1] == "2"
