"""Journeys with a page of twenty cards, and with a page that is loaded again while its kernel has nothing to do."""

from __future__ import annotations

import json

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import LIVE, assert_nothing_lost, static_card
from e2e.truth import Truth

CARDS = 20
LOAD = "%load_ext inlay\nimport inlay"
TRAIN = """%%track run-{number}
for step in range(500):
    inlay.log({{"train/loss": {number} / (step + 1), "val/loss": {number} / (step + 2), "rate": step}}, step=step)"""


def test_twenty_cards(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    sources = [LOAD, *(TRAIN.format(number=number) for number in range(1, CARDS + 1))]
    page = notebook(*sources)
    with_code = listen(page)
    page.run_all()
    page.wait_until_run()
    page.wait_until_idle()
    for cell in range(1, CARDS + 1):
        card = Card(page, cell)
        page.show(cell)
        eventually(lambda card=card: card.node.is_visible() and card.status == "finished")
        eventually(lambda card=card: card.node.locator("canvas").count() == 2 and card.chart("loss").is_drawn())
        assert card.chart("loss").legend()["train"][2] == repr(cell / 500)
    assert page.page.locator(LIVE).count() == CARDS
    assert_nothing_lost(page)
    keep_picture(page.page, "twenty-cards-light")
    # The code is a hundred thousand characters: it came once, not with each card.
    assert len(with_code) == 1
    page.save()
    saved = json.loads(page.file.read_text(encoding="utf-8"))
    weights = [len(json.dumps(cell["outputs"])) for cell in saved["cells"][1:]]
    assert max(weights) < 25_000, weights
    assert "widgets" not in saved["metadata"]

    # One more, and the first card has left its picture; all others are as they were.
    page.edit(0, TRAIN.format(number=21))
    page.run_cell(0)
    page.wait_until_run(0)
    page.show(1)
    eventually(lambda: (card := static_card(page.output(1))) and card.name == "run-1" and card.status == "finished")
    page.show(2)
    eventually(Card(page, 2).node.is_visible)
    assert_nothing_lost(page)


def test_reload(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(LOAD, TRAIN.format(number=3).replace("500", "5000"), "inlay.get_run('run-3')")
    page.run_all()
    page.wait_until_run()
    page.wait_until_idle()
    page.save()
    page.reload()
    for cell in (1, 2):
        page.show(cell)
        card = Card(page, cell).show()
        loss = card.chart("loss")
        eventually(loss.is_drawn)
        assert card.status == "finished"
        loss.drag(0.4, 0.6)
        # The kernel adds every point there is in this part.
        eventually(lambda loss=loss: loss.remark().text == "")
        assert card.is_zoomed()
        loss.double_click()
        eventually(lambda loss=loss: loss.remark().total == 2 * 5000)
        assert card.errors().count() == 0
    assert_nothing_lost(page)
    keep_picture(page.page, "reloaded-idle-light")


def listen(page: NotebookPage) -> list[str | bytes]:
    """The messages to the page, from now on, that bring code of the widgets."""
    with_code: list[str | bytes] = []

    def hear(message: str | bytes) -> None:
        text = message if isinstance(message, bytes) else message.encode()
        if b"inlay-chart-title" in text:
            with_code.append(message)

    page.page.on("websocket", lambda socket: socket.on("framereceived", hear))
    # The kernel's socket is there already; that of the reloaded page is heard from its first message.
    page.reload()
    page.wait_until_idle()
    return with_code
