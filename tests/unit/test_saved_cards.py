"""The cards in a saved notebook against the store: every figure in the file is one that was recorded.

The quickstart is executed as a program would do it; then the file is read with an HTML parser and the store with
plain DuckDB, so that nothing of ours stands between the two but what is tested.
"""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import nbformat
import pytest
from figures import agrees
from nbclient import NotebookClient

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Card(HTMLParser):
    """The tables and images of one saved picture."""

    rows: list[list[str]] = field(default_factory=list)
    images: list[dict[str, str | None]] = field(default_factory=list)
    text: str = ""
    in_cell: bool = False

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.in_cell = True
            self.rows[-1].append("")
        elif tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data

    @property
    def metrics(self) -> dict[str, list[str]]:
        """Last, lowest, highest and how many points, by metric."""
        return {row[0]: row[1:] for row in self.rows if len(row) == 5 and row[0] != "Metric"}

    @property
    def params(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows if len(row) == 2}


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> tuple[nbformat.NotebookNode, Path]:
    """The quickstart with its outputs, and the store it recorded into."""
    folder = tmp_path_factory.mktemp("quickstart")
    notebook = nbformat.read(QUICKSTART, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INLAY_STORE", str(folder / ".inlay"))
        NotebookClient(notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": folder}}).execute()
    return notebook, folder / ".inlay" / "runs.duckdb"


@pytest.fixture(scope="module")
def cards(executed) -> dict[str, Card]:
    """The card of each cell that has one, by the cell's id."""
    found = {}
    for cell in executed[0].cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if "inlay-picture" in html:
                found[cell.id] = Card()
                found[cell.id].feed(html)
    return found


def test_every_run_has_its_card(cards):
    assert list(cards) == ["track", "with", "card"]


@pytest.mark.parametrize(("cell", "run"), [("track", "perceptron"), ("with", "neighbours"), ("card", "perceptron")])
def test_figures_are_those_of_the_store(executed, cards, cell, run):
    card = cards[cell]
    with duckdb.connect(executed[1], read_only=True) as con:
        stored = con.execute(
            "SELECT m.key, last(m.value ORDER BY m.step), min(m.value), max(m.value), count(*)"
            " FROM metrics m JOIN runs r USING (run_id) WHERE r.name = ? GROUP BY m.key",
            [run],
        ).fetchall()
        params = con.execute(
            "SELECT p.key, p.value FROM params p JOIN runs r USING (run_id) WHERE r.name = ?", [run]
        ).fetchall()
        ((status, run_id),) = con.execute("SELECT status, run_id::VARCHAR FROM runs WHERE name = ?", [run]).fetchall()
    assert card.metrics.keys() == {key for key, *_ in stored}
    for key, *values in stored:
        for text, value in zip(card.metrics[key], values, strict=True):
            assert agrees(text, value), f"{key}: {text} in the file, {value} in the store"
    assert card.params == dict(params)
    assert status == "finished"
    assert status.title() in card.text
    assert f'inlay.get_run("{run_id[-8:]}")' in card.text


def test_curves_are_in_the_file(executed, cards):
    """Each image is a document of its own with as many curves as it names, whose last point is marked."""
    for card in cards.values():
        for image in card.images:
            encoded = image["src"].removeprefix("data:image/svg+xml;base64,")
            svg = ET.fromstring(base64.b64decode(encoded, validate=True))
            curves = svg.findall(f"./{SVG}g/{SVG}path")
            assert len(curves) == image["alt"].count("last ")
            for curve in curves:
                assert len(re.findall(r"-?\d+", curve.get("d"))) >= 2 * 15, "fewer points than the shortest run has"
            assert len(svg.findall(f"./{SVG}g/{SVG}circle")) == len(curves)


def test_nothing_else_is_in_the_file(executed):
    """No state of widgets, no code of ours, and no paths but those that the cells print."""
    notebook, store = executed
    assert "widgets" not in notebook.metadata
    pictures = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    for html in pictures:
        assert "<script" not in html
        assert str(store.parent) not in html
