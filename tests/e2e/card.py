"""One interactive card on the page, and what a reader does with it: zoom, choose, open menus and panels, read what it says.

Everything goes through the mouse and the keyboard, and everything that is read is what a reader sees. Values on a canvas
are read where the card itself says them: in the legend, in the remark, in the table of data, in a downloaded file.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import LIVE, coloured_pixels
from playwright.sync_api import Locator, Page

SVG = "{http://www.w3.org/2000/svg}"


class Card:
    """The live card in the output of one cell."""

    def __init__(self, notebook: NotebookPage, cell: int) -> None:
        self.notebook = notebook
        self.cell = cell
        self.node = notebook.output(cell).locator(LIVE).first

    @property
    def page(self) -> Page:
        return self.notebook.page

    def show(self) -> Card:
        """Scroll to the card and wait until its charts are drawn."""
        self.node.wait_for(state="visible")
        self.node.evaluate("(card) => card.scrollIntoView({ block: 'start' })")
        eventually(lambda: self.node.locator("canvas").count() > 0)
        return self

    # --- what it says ---

    def text(self, selector: str) -> str:
        return self.node.locator(selector).inner_text()

    @property
    def status(self) -> str:
        return self.text(".inlay-status-word").lower()

    def titles(self) -> list[str]:
        """The charts that are there to be seen, in their order."""
        return self.node.locator(".inlay-chart-title").all_text_contents()

    def errors(self) -> Locator:
        return self.node.locator(".inlay-callback-errors > *")

    # --- its parts ---

    def chart(self, title: str) -> Chart:
        named = self.page.locator(".inlay-chart-title", has_text=re.compile(f"^{re.escape(title)}$"))
        return Chart(self, self.node.locator(".inlay-chart").filter(has=named))

    def axis(self) -> str:
        """What runs along the x axis."""
        return self.node.locator(".inlay-segments input:checked").get_attribute("value") or ""

    def choose_axis(self, label: str) -> None:
        self.node.locator(".inlay-segment", has_text=re.compile(f"^{label}$")).click()

    def smoothing(self) -> float:
        return float(self.node.locator(".inlay-smoothing .inlay-slider").input_value())

    def smooth(self, share: float) -> None:
        """Press the slider at a part of its length."""
        slider = self.node.locator(".inlay-smoothing .inlay-slider")
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": share * box["width"], "y": box["height"] / 2})

    def is_zoomed(self) -> bool:
        return self.node.locator(".inlay-reset").is_visible()

    def panels(self) -> list[str]:
        """The names of the panels that have something to show."""
        openers = [one for one in self.node.locator(".inlay-strip > button").all() if one.is_visible()]
        return [one.evaluate("(button) => button.firstChild.textContent") for one in openers]

    def opener(self, label: str) -> Locator:
        return self.node.locator(".inlay-strip > button", has_text=re.compile(f"^{label}"))

    def open(self, label: str) -> Locator:
        """Open a panel, if it is not, and return it."""
        opener = self.opener(label)
        if opener.get_attribute("aria-expanded") != "true":
            opener.click()
        panel = self.node.locator(f'.inlay-panel[aria-label="{label}"]')
        panel.wait_for(state="visible")
        return panel


@dataclass(frozen=True)
class Remark:
    """`1,998 of 50,000 points`, and what else stands beside a chart's title."""

    shown: int | None
    total: int | None
    text: str


class Chart:
    """One chart of a card."""

    def __init__(self, card: Card, node: Locator) -> None:
        self.card = card
        self.node = node

    @property
    def plot(self) -> Locator:
        return self.node.locator(".inlay-plot")

    @property
    def over(self) -> Locator:
        """The plotted area, without the axes."""
        return self.node.locator(".inlay-over")

    @property
    def data(self) -> Locator:
        """The table of its points, when it is open."""
        return self.node.locator(".inlay-data")

    # --- what it says ---

    def remark(self) -> Remark:
        text = self.node.locator(".inlay-remark").inner_text()
        found = re.search(r"([\d,]+) of ([\d,]+)", text)
        numbers = [int(part.replace(",", "")) for part in found.groups()] if found else [None, None]
        return Remark(numbers[0], numbers[1], text)

    def legend(self) -> dict[str, list[str]]:
        """By label, what the legend says, and how it stands there to the last digit."""
        return self.node.evaluate(
            """(chart) => Object.fromEntries([...chart.querySelectorAll(".inlay-entry")].map((entry) => {
                 const text = (name) => entry.querySelector(name).textContent;
                 const exact = entry.title.slice(entry.title.lastIndexOf(": ") + 2);
                 return [text(".inlay-label"), [text(".inlay-value"), text(".inlay-beside"), exact]];
               }))"""
        )

    def is_drawn(self) -> bool:
        return coloured_pixels(self.node.locator("canvas")) > 0

    def has_cursor(self) -> bool:
        return self.node.locator(".inlay-hair").is_visible()

    # --- the mouse ---

    def at(self, share: float) -> tuple[float, float]:
        """A place in the middle of the plotted area, `share` of its width from the left."""
        self.over.scroll_into_view_if_needed()
        box = self.over.bounding_box()
        assert box is not None
        return box["x"] + share * box["width"], box["y"] + box["height"] / 2

    def hover(self, share: float) -> str:
        """Put the mouse there; returns what the chart says of the place along the x axis."""
        self.card.page.mouse.move(*self.at(share))
        return self.remark().text

    def drag(self, start: float, end: float) -> None:
        mouse = self.card.page.mouse
        mouse.move(*self.at(start))
        mouse.down()
        mouse.move(*self.at((start + end) / 2))
        mouse.move(*self.at(end))
        mouse.up()
        self.leave()

    def double_click(self) -> None:
        self.card.page.mouse.dblclick(*self.at(0.5))
        self.leave()

    def leave(self) -> None:
        """Take the mouse off the charts."""
        self.card.node.locator(".inlay-name").hover()

    # --- its tools ---

    def menu(self, label: str) -> Locator:
        """Open the menu, and return the item of this name."""
        self.node.hover()
        self.node.get_by_role("button", name="More for this chart").click()
        return self.node.locator(".inlay-menu-item", has_text=re.compile(f"^{label}"))

    def choose(self, label: str) -> None:
        self.menu(label).click()

    def is_chosen(self, label: str) -> bool:
        item = self.menu(label)
        chosen = item.get_attribute("aria-checked") == "true"
        item.press("Escape")
        return chosen

    def download(self, kind: str, folder: Path) -> Path:
        """Download the chart as `PNG`, `SVG` or `CSV`."""
        with self.card.page.expect_download() as download:
            self.choose(f"Download {kind}")
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        return file

    def axes(self, folder: Path) -> tuple[list[str], list[str]]:
        """What is written along the x axis and along the y axis, as a picture of the chart has it."""
        tree = ET.parse(self.download("SVG", folder))
        texts = [(one.get("text-anchor"), one.text or "") for one in tree.iter(f"{SVG}text")]
        across = [text for anchor, text in texts if anchor == "middle"]
        # The remark ends at the right edge as well.
        values = [text for anchor, text in texts if anchor == "end" and re.fullmatch(r"[-\d.,e+kMBT]+", text)]
        return across, values


def steady(read: Callable[[], Any], looks: int = 4) -> Any:
    """A value once it has stayed the same for a few looks."""
    last: list[Any] = []
    while len(last) < looks or any(one != last[-1] for one in last[-looks:]):
        eventually(lambda: True, every_s=0.1)
        last.append(read())
        assert len(last) < 100, f"it never stands still: {last[-5:]}"
    return last[-1]
