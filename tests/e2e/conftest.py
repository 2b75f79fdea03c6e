"""What the journeys share: one JupyterLab and one Chromium for the session, a folder and a page for each test.

A journey that ends well has also shown that nothing left this machine and that no page had an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from e2e import browser as chromium
from e2e.lab import Lab, running_lab
from e2e.notebook_page import NotebookPage
from e2e.truth import Truth
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

RESULTS = Path(__file__).parents[2] / "test-results"

OpenNotebook = Callable[..., NotebookPage]
KeepPicture = Callable[[Page, str], Path]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def folder(lab: Lab, request: pytest.FixtureRequest) -> Path:
    """This test's folder below what JupyterLab shows; a store beside its notebooks is in it, too."""
    folder = lab.root / name_of(request)
    folder.mkdir()
    return folder


@pytest.fixture
def context(visit: tuple[BrowserContext, chromium.Witness]) -> BrowserContext:
    return visit[0]


@pytest.fixture
def visit(
    browser: Browser, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[tuple[BrowserContext, chromium.Witness]]:
    """A browser context that nothing leaves; pictures of its pages are kept when the test fails."""
    failures = request.session.testsfailed
    with chromium.shut_in(browser) as (context, witness):
        yield context, witness
        if request.session.testsfailed > failures:
            keep_pictures(context.pages, name_of(request))
    lab.shut_down_kernels()
    lab.forget_theme()
    assert not witness.left, f"requests to other machines: {witness.left}"
    assert not witness.dialogs, f"dialogs of scripts: {witness.dialogs}"


@pytest.fixture
def notebook(lab: Lab, context: BrowserContext, folder: Path) -> OpenNotebook:
    """Opens a notebook with these cells: `notebook("x = 1", "x")`, or an existing file."""

    def open_notebook(*sources: str, file: Path | None = None, name: str = "notebook", kernel: bool = True):
        if file is None:
            file = folder / f"{name}.ipynb"
            write_notebook(file, sources)
        return NotebookPage(context.new_page(), lab, file).open(kernel=kernel)

    return open_notebook


def write_notebook(file: Path, sources: tuple[str, ...]) -> None:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), file)


@pytest.fixture
def truth(folder: Path) -> Truth:
    """The store that this test's notebooks record into."""
    return Truth(folder)


@pytest.fixture
def keep_picture() -> KeepPicture:
    """Keeps a screenshot in `test-results/`, for people to look at."""

    def keep(page: Page, name: str) -> Path:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"{name}.png"
        page.screenshot(path=file)
        return file

    return keep


def keep_pictures(pages: list[Page], name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        page.screenshot(path=RESULTS / f"failed-{name}-{number}.png")


def name_of(request: pytest.FixtureRequest) -> str:
    """A test's name as a file name; tests of different files may be called alike."""
    name = f"{request.path.stem}-{request.node.name}".replace("test_", "")
    return re.sub(r"\W+", "-", name).strip("-")
