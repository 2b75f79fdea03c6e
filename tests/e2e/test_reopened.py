"""Journeys with a notebook of yesterday: reopened with and without a kernel, not trusted, as a page of HTML.

One notebook is run and saved in JupyterLab, and every journey opens it, or a copy of it, in its own way.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from e2e import browser as chromium
from e2e.conftest import KeepPicture, OpenNotebook, write_notebook
from e2e.lab import Lab
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import StaticCard, assert_nothing_lost, chart_is_seen, static_card
from e2e.truth import Truth, assert_true
from playwright.sync_api import Browser

CARD_BYTES = 60_000
TEN_METRICS = """%%track ten -e journeys -t team=growth --note "ten metrics of a thousand points"
import math, random
noise = random.Random(0)
width = 64
for step in range(1000):
    fall = math.exp(-step / 200)
    inlay.log({
        "train/loss": fall + 0.1 * noise.random(), "val/loss": fall + 0.05,
        "train/accuracy": 1 - fall * 0.9, "val/accuracy": 1 - fall * 0.95,
        "lr": 0.01 * (1 + math.cos(step / 318)), "grad_norm": noise.expovariate(1),
        "tokens": step * 4096, "memory": 14.2e9 + 1e8 * noise.random(), "temperature": 60 + 10 * noise.random(),
        "reward": noise.gauss(0, 1),
    })
"""
CELLS = (
    "%load_ext inlay\nimport inlay",
    TEN_METRICS,
    "%%track broken\ninlay.log({'loss': 0.5}, step=3)\nrate = 1 / 0",
    "inlay.get_run('ten')",
)
# The cards in it: cell, and name of its run.
CARDS = ((1, "ten"), (2, "broken"), (3, "ten"))


@pytest.fixture(scope="module")
def yesterday(lab: Lab, browser: Browser) -> Path:
    """A notebook that was run, saved and closed; its store lies beside it."""
    file = lab.root / "yesterday" / "yesterday.ipynb"
    file.parent.mkdir()
    write_notebook(file, CELLS)
    with chromium.shut_in(browser) as (context, _):
        page = NotebookPage(context.new_page(), lab, file).open()
        for index, _ in enumerate(CELLS):
            page.run_cell(index)
            page.wait_until_run(index)
        page.wait_until_idle()
        page.page.wait_for_timeout(500)
        page.save()
        page.close()
    return file


@pytest.fixture
def truth(yesterday: Path) -> Truth:
    return Truth(yesterday.parent)


def test_without_a_kernel(yesterday: Path, notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(file=yesterday, kernel=False)
    assert not page.has_kernel()
    assert_cards(page, truth)
    keep_picture(page.page, "reopened-light")
    page.use_theme("dark")
    keep_picture(page.page, "reopened-dark")


def test_with_another_kernel(yesterday: Path, notebook: OpenNotebook, truth: Truth):
    page = notebook(file=yesterday)
    # JupyterLab asks the new kernel for the widgets, and says then that they are not found.
    page.page.wait_for_timeout(3000)
    assert_cards(page, truth)


def test_not_trusted(yesterday: Path, notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    file = yesterday.with_name("from-a-friend.ipynb")
    copy = nbformat.read(yesterday, as_version=4)
    # Another content has another signature, and JupyterLab has not signed this one.
    copy.cells.append(nbformat.v4.new_markdown_cell("Sent by mail", id="mail"))
    nbformat.write(copy, file)
    page = notebook(file=file, kernel=False)
    # A cell without outputs is trusted anyway, and the first to be there has none.
    eventually(lambda: not page.trusted())
    assert_cards(page, truth)
    keep_picture(page.page, "untrusted-light")


def test_as_html(yesterday: Path, lab: Lab, visit: tuple, truth: Truth, keep_picture: KeepPicture):
    made = subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--log-level=ERROR", str(yesterday)],
        env=lab.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    context, witness = visit
    page = context.new_page()
    page.goto(yesterday.with_suffix(".html").as_uri())
    page.wait_for_load_state()
    cells = page.locator(".jp-Cell")
    assert cells.count() == len(CELLS)
    for index, name in CARDS:
        card = static_card(cells.nth(index))
        assert card is not None, f"no card of {name}"
        assert_true(card, truth.run(name))
        assert chart_is_seen(cells.nth(index))
    keep_picture(page, "html-light")
    # The page's own template asks for formulas and diagrams; a widget would have asked for its manager.
    ours = [url for url in witness.left if "cdnjs.cloudflare.com" not in url]
    witness.left[:] = ours


def test_ten_metrics_weigh_little(yesterday: Path):
    """A saved card of 10 metrics adds at most 60 KB to its notebook, in the file as it lies on the disk."""
    saved = json.loads(yesterday.read_text(encoding="utf-8"))
    for index, _ in CARDS:
        weight = len(json.dumps(saved["cells"][index]["outputs"], indent=1, ensure_ascii=False).encode())
        assert 1000 < weight <= CARD_BYTES, f"the card in cell {index} has {weight} bytes"
    assert "widgets" not in saved["metadata"]


def test_moved_away_from_its_store(yesterday: Path, notebook: OpenNotebook, folder: Path, truth: Truth):
    """What a card shows is in the notebook: it needs no store."""
    page = notebook(file=Path(shutil.copy(yesterday, folder / "alone.ipynb")), kernel=False)
    assert_cards(page, truth)


def assert_cards(page: NotebookPage, truth: Truth) -> None:
    for index, name in CARDS:
        page.show(index)
        card: StaticCard = eventually(lambda index=index: static_card(page.output(index)))
        assert_true(card, truth.run(name))
        assert chart_is_seen(page.output(index)), f"no curve to be seen in the card of {name}"
    assert_nothing_lost(page)
