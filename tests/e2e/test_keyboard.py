"""A journey without a mouse, from the cell to everything in its card, while JupyterLab's own keys stay quiet."""

from __future__ import annotations

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.truth import Truth
from playwright.sync_api import Page

MAKE = """import inlay
with inlay.start_run("keys", params={"lr": 0.1}, tags={"team": "growth"}) as run:
    run.log_text("hello", "notes.txt")
    for step in range(1001):
        run.log({"loss": 1 / (step + 1), "rate": step}, step=step)"""
MOST_KEYS = 40


def test_keys_alone(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(MAKE, "inlay.get_run('keys')")
    page.run_all()
    page.wait_until_run()
    card = Card(page, 1).show()
    keys, cells = page.page.keyboard, page.cell_ids()
    loss = card.chart("loss")
    eventually(loss.is_drawn)

    # From the cell, in command mode, into its output.
    keys.press("Escape")
    tab_to(page.page, ".inlay-card *")
    tab_to(page.page, ".inlay-copy")
    tab_to(page.page, ".inlay-edits button >> text=Note")
    keys.press("Enter")
    keys.type("add dd a")
    keys.press("Control+Enter")
    eventually(lambda: truth.run("keys").note == "add dd a")
    assert card.text(".inlay-note") == "add dd a"

    tab_to(page.page, '.inlay-segment input[value="step"]')
    keys.press("ArrowRight")
    assert card.axis() == "time"
    keys.press("ArrowLeft")
    assert card.axis() == "step"
    tab_to(page.page, ".inlay-slider")
    for _ in range(3):
        keys.press("ArrowRight")
    assert card.smoothing() == 0.03
    keys.press("Home")
    assert card.smoothing() == 0

    height = loss.plot.bounding_box()["height"]
    tab_to(page.page, '[aria-label="Enlarge this chart"]')
    keys.press("Enter")
    eventually(lambda: loss.plot.bounding_box()["height"] > height)
    keep_picture(page.page, "keyboard-enlarged-light")
    keys.press("Escape")
    eventually(lambda: loss.plot.bounding_box()["height"] == height)
    tab_to(page.page, '[aria-label="More for this chart"]')
    keys.press("Enter")
    assert focused(page.page, ".inlay-menu-item >> text=Log scale")
    keys.press("ArrowDown")
    assert focused(page.page, ".inlay-menu-item >> text=Show data")
    keep_picture(page.page, "keyboard-menu-light")
    keys.press("Enter")
    assert "last 100 of" in loss.data.inner_text()
    keys.press("Escape")
    assert loss.data.count() == 0

    # Where the table was is the plot: its points by arrows, its parts by plus.
    assert focused(page.page, ".inlay-plot")
    keys.press("Home")
    first = loss.remark().text
    assert (first, loss.legend()["loss"][2]) == ("step 0", "1")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        keys.press(key)
    assert card.chart("rate").remark().text == loss.remark().text != first
    assert loss.remark().text in card.text('.inlay-section > [role="status"]')
    keys.press("End")
    assert loss.remark().text == "step 1,000"
    keys.press("Home")
    keys.press("+")
    eventually(card.is_zoomed)
    assert card.chart("rate").legend()["rate"][2] == "0"
    keys.press("Escape")
    eventually(lambda: not card.is_zoomed())
    # JupyterLab would make cells of the first and the third, and delete one at the second.
    for key in ("a", "d", "d", "b", "x", "m"):
        keys.press(key)
    assert page.cell_ids() == cells
    assert page.execution_count(1) == 2

    tab_to(page.page, ".inlay-strip button >> text=Artifacts")
    keys.press("Enter")
    tab_to(page.page, ".inlay-row")
    keys.press("Enter")
    eventually(lambda: card.node.locator(".inlay-preview pre").inner_text() == "hello")
    tab_to(page.page, '[aria-label="Close the preview"]')
    keys.press("Enter")
    assert focused(page.page, ".inlay-file")
    keys.press("d")
    keys.press("d")
    tab_to(page.page, ".inlay-edits button >> text=Tag", "Shift+Tab")
    keys.press("Enter")
    keys.type("stage: dd")
    keys.press("Enter")
    eventually(lambda: truth.run("keys").tags == {"team": "growth", "stage": "dd"})
    tab_to(page.page, '[aria-label="Remove tag team"]')
    keys.press("Enter")
    eventually(lambda: truth.run("keys").tags == {"stage": "dd"})
    assert page.cell_ids() == cells
    # And out of the card again: nobody is held in it.
    keys.press("End")
    tab_to(page.page, ":not(.inlay-card, .inlay-card *)")


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until the focus is there; what has it must be seen to have it."""
    passed = []
    for _ in range(MOST_KEYS):
        page.keyboard.press(key)
        if focused(page, selector):
            return
        passed.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    raise AssertionError(f"{MOST_KEYS} times {key} did not lead to {selector}: {passed}")


def focused(page: Page, selector: str) -> bool:
    """Whether the element that has the focus is one of these; `css >> text=words` tells by words as well."""
    css, _, words = selector.partition(" >> text=")
    return page.evaluate(
        """([css, words]) => {
             const { activeElement } = document;
             return activeElement.matches(css) && activeElement.textContent.includes(words)
               && activeElement.checkVisibility({ checkVisibilityCSS: true });
           }""",
        [css, words],
    )
