"""Journeys with charts handed out by `run.chart`: drawn without a network, changed and put together, saved and reopened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from e2e import browser as chromium
from e2e.conftest import KeepPicture, OpenNotebook, write_notebook
from e2e.lab import Lab
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import coloured_pixels
from playwright.sync_api import Browser

VEGA = ".jp-RenderedVegaCommon5 canvas"
CELLS = (
    """import math, inlay
with inlay.start_run("baseline") as run:
    for step in range(3000):
        run.log({"train/loss": math.exp(-step / 700) + 0.05 * math.sin(step), "val/loss": math.exp(-step / 900) + 0.1})
    for step in range(20):
        run.log({"few": math.nan if step in (7, 9) else step ** 0.5}, step=step);""",
    "run.chart('train/loss')",
    """(run.chart('train/loss', 'val/loss', smoothing=0.9).properties(title='restyled', width=260)
 | run.chart('few').mark_line(color='red').properties(width=200))""",
    # As where the extra is not installed.
    "import sys; sys.modules['vl_convert'] = None\ninlay.chart(['train/loss', 'val/loss'], x='relative', log=True)",
)
CHARTS = range(1, len(CELLS))


@pytest.fixture(scope="module")
def yesterday(lab: Lab, browser: Browser) -> Path:
    """A notebook with charts that was run, saved and closed."""
    file = lab.root / "charts" / "charts.ipynb"
    file.parent.mkdir()
    write_notebook(file, CELLS)
    with chromium.shut_in(browser) as (context, witness):
        page = NotebookPage(context.new_page(), lab, file).open()
        for index, _ in enumerate(CELLS):
            page.run_cell(index)
            page.wait_until_run(index)
        assert_drawn(page)
        page.save()
        page.close()
        assert not witness.left
    return file


def test_drawn_where_they_were_made(yesterday: Path):
    """Altair's own renderer loads its libraries from a CDN, and its other one names a type that JupyterLab has not."""
    for index in CHARTS:
        (output,) = nbformat.read(yesterday, as_version=4).cells[index].outputs
        assert {"application/vnd.vegalite.v5+json", "image/svg+xml"} <= set(output.data)
        assert "text/html" not in output.data
        assert output.metadata == {}


def test_without_a_kernel(yesterday: Path, notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook(file=yesterday, kernel=False)
    assert_drawn(page)
    keep_picture(page.page, "charts-light")


def test_in_the_dark(yesterday: Path, notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook(kernel=False, file=yesterday)
    page.use_theme("dark")
    page.page.reload()
    page.page.wait_for_selector(VEGA)
    keep_picture(page.page, "charts-dark")


def test_not_trusted(yesterday: Path, notebook: OpenNotebook):
    file = yesterday.with_name("from-a-friend.ipynb")
    copy = nbformat.read(yesterday, as_version=4)
    copy.cells.append(nbformat.v4.new_markdown_cell("Sent by mail", id="mail"))
    nbformat.write(copy, file)
    page = notebook(file=file, kernel=False)
    assert not page.trusted()
    assert_drawn(page)


def test_values_under_the_mouse(yesterday: Path, notebook: OpenNotebook):
    page = notebook(file=yesterday, kernel=False)
    page.show(1)
    canvas = page.output(1).locator(VEGA).first
    eventually(lambda: coloured_pixels(canvas) > 100)
    box = canvas.bounding_box()
    tip = page.page.locator("#vg-tooltip-element.visible")

    def found() -> bool:
        for down in range(10, 220, 3):
            page.page.mouse.move(box["x"] + 200, box["y"] + down)
            if tip.count():
                return True
        return False

    eventually(found)
    assert "train/loss" in tip.inner_text()
    assert "step" in tip.inner_text()


def test_as_html(yesterday: Path, lab: Lab, visit: tuple, keep_picture: KeepPicture):
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
    for index in CHARTS:
        picture = cells.nth(index).locator(".jp-RenderedSVG img")
        assert coloured_pixels(picture) > 300, f"no line in cell {index}"
    keep_picture(page, "charts-html")
    # The page's own template asks for formulas and diagrams; a chart would have asked for Vega.
    witness.left[:] = [url for url in witness.left if "cdnjs.cloudflare.com" not in url]


def assert_drawn(page: NotebookPage) -> None:
    for index in CHARTS:
        page.show(index)
        canvas = page.output(index).locator(VEGA).first
        canvas.wait_for(state="visible")
        assert eventually(lambda canvas=canvas: coloured_pixels(canvas) > 100), f"no line in cell {index}"
