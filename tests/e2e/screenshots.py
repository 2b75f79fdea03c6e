"""Makes the pictures of the README, `docs/images/`: the quickstart's tracked cell while it trains and a comparison of
runs, light and dark.

No journey, and not run with them: `make screenshots`. The moment is chosen by the loss, so that the pictures made
on another day show the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e import browser as chromium
from e2e.lab import Lab
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import chart_is_seen, last_value, live_card
from e2e.test_quickstart import QUICKSTART
from playwright.sync_api import Browser, Locator, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 400_000
# In pixels of the page; the pictures have twice as many.
WINDOW = {"width": 960, "height": 1300}
TRAINED = 0.03
COMPARE = QUICKSTART.with_name("compare.ipynb")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_take(lab: Lab, sharp_page: Page, folder: Path, theme: str):
    file = Path(shutil.copy(QUICKSTART, folder))
    page = NotebookPage(sharp_page, lab, file).open()
    page.use_theme(theme)
    page.command("application:toggle-left-area")
    track = page.cell_ids().index("track")
    for index in range(track):
        page.run_cell(index)
    page.wait_until_idle()
    page.run_cell(track)
    # The frame around the active cell is JupyterLab's, and not what the picture is about.
    page.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    eventually(lambda: trained(page, track), within_s=60)
    assert chart_is_seen(page.output(track))
    take(page, track, f"quickstart-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_take_a_comparison(lab: Lab, sharp_page: Page, folder: Path, theme: str):
    file = Path(shutil.copy(COMPARE, folder))
    page = NotebookPage(sharp_page, lab, file).open()
    page.use_theme(theme)
    page.command("application:toggle-left-area")
    page.run_all()
    page.wait_until_run(timeout_s=120)
    page.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    arranged = page.cell_ids().index("arranged")
    page.show(arranged)
    eventually(lambda: page.output(arranged).locator(".inlay-run-table canvas").count() >= 2, within_s=60)
    page.page.wait_for_timeout(1000)
    take(page, arranged, f"compare-{theme}", page.output(arranged).locator(".inlay-run-table"))


def take(page: NotebookPage, cell: int, name: str, part: Locator | None = None) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture = IMAGES / f"{name}.png"
    page.page.screenshot(path=picture, clip=(part or page.cell(cell)).bounding_box())
    assert picture.stat().st_size < MOST_BYTES


def trained(page: NotebookPage, index: int) -> bool:
    page.show(index)
    card = live_card(page.output(index))
    loss = last_value(card, "loss", "train") if card else None
    return loss is not None and loss < TRAINED


@pytest.fixture
def sharp_page(browser: Browser, lab: Lab) -> Iterator[Page]:
    with chromium.shut_in(browser, scale=2) as (context, _):
        page = context.new_page()
        page.set_viewport_size(WINDOW)
        yield page
    lab.shut_down_kernels()
    lab.forget_theme()
