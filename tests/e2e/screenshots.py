"""Makes the pictures of the README, `docs/images/`: the quickstart's tracked cell and its card, light and dark.

Not a test, and not run with them: `make screenshots`. A newcomer's window is shown, without JupyterLab around it.
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
from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 300_000
# In pixels of a page; the pictures have twice as many.
WIDTH, MARGIN = 900, 12
EPOCH_SHOWN = 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_take(lab: Lab, wide_page: Page, folder: Path, theme: str):
    file = Path(shutil.copy(QUICKSTART, folder))
    page = NotebookPage(wide_page, lab, file).open()
    page.use_theme(theme)
    track = page.cell_ids().index("track")
    for index in range(track):
        page.run_cell(index)
    page.wait_until_idle()
    page.run_cell(track)
    page.show(track)
    # Near the end of the training, while the card is alive.
    eventually(lambda: epochs_shown(page, track) >= EPOCH_SHOWN, within_s=60)
    eventually(lambda: chart_is_seen(page.output(track)))
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture = IMAGES / f"quickstart-{theme}.png"
    box = page.cell(track).bounding_box()
    wide_page.screenshot(path=picture, clip=box)
    assert picture.stat().st_size < MOST_BYTES


def epochs_shown(page: NotebookPage, index: int) -> int:
    card = live_card(page.output(index))
    return 0 if card is None or last_value(card, "loss", "val") is None else EPOCH_SHOWN


@pytest.fixture
def wide_page(browser: Browser) -> Iterator[Page]:
    with chromium.shut_in(browser, scale=2) as (context, _):
        yield context.new_page()
