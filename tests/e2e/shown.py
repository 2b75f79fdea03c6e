"""What is on the screen, as values: the live card, the static picture, and whether their charts can be seen.

Nothing here knows what should be there. A chart counts as seen when coloured pixels are found where it is
drawn, for an element that exists may still be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from e2e.notebook_page import NotebookPage
from playwright.sync_api import Locator

LIVE = ".inlay-card"
PICTURE = ".inlay-picture"
CHARTS = f"{LIVE} canvas, {PICTURE} img"
# The text JupyterLab leaves where a widget cannot be drawn any more.
LOST = ("Error displaying widget", "model not found", "Loading widget", "Error creating widget")

# As many as the dot of a single point has.
DOT = 8
STATUSES = ("running", "finished", "failed", "interrupted", "killed")

# Lines are coloured and everything else is grey, so a pixel whose channels differ belongs to a line.
_COLOURED = """
(node) => {
  const copy = document.createElement("canvas");
  copy.width = node.naturalWidth || node.width;
  copy.height = node.naturalHeight || node.height;
  if (!copy.width || !copy.height) return 0;
  const context = copy.getContext("2d");
  context.drawImage(node, 0, 0, copy.width, copy.height);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const channels = [data[i], data[i + 1], data[i + 2]];
    if (data[i + 3] > 60 && Math.max(...channels) - Math.min(...channels) > 60) coloured += 1;
  }
  return coloured;
}
"""

_LIVE_CARD = """
(card) => {
  const text = (selector, within = card) => within.querySelector(selector)?.textContent ?? "";
  const charts = [...card.querySelectorAll(".inlay-chart")].map((chart) => [
    text(".inlay-chart-title", chart),
    Object.fromEntries([...chart.querySelectorAll(".inlay-entry")].map((entry) => {
      const cut = entry.title.lastIndexOf(": ");
      return [text(".inlay-label", entry), { text: text(".inlay-value", entry), exact: entry.title.slice(cut + 2) }];
    })),
  ]);
  const params = [...card.querySelectorAll(".inlay-panel[aria-label=Params] .inlay-pair")].map((param) => [text("dt", param), text("dd", param)]);
  return {
    name: text(".inlay-name"), status: text(".inlay-status-word").toLowerCase(), id: text(".inlay-copy-text"),
    about: text(".inlay-about"), clock: text(".inlay-clock"), charts: Object.fromEntries(charts),
    params: Object.fromEntries(params), error: text(".inlay-error").trim(),
  };
}
"""

_STATIC_CARD = """
(card) => {
  const rows = [...card.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
  return {
    heading: [...card.querySelectorAll(":scope > div")].slice(0, 2).map((line) => line.textContent),
    name: card.querySelector("b").textContent,
    rows, text: card.textContent,
  };
}
"""

# In one step, for between two the card may give way to its picture.
_FIRST_VISIBLE = """
(output, [selector, read]) => {
  const card = [...output.querySelectorAll(selector)].find((one) => one.checkVisibility());
  return card ? eval(read)(card) : null;
}
"""

# Text nodes that are laid out, whether or not they are scrolled into sight.
_VISIBLE_TEXT = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.data.trim() && node.parentElement.checkVisibility()) seen.push(node.data);
  }
  return seen.join("\\n");
}
"""


@dataclass(frozen=True)
class StaticCard:
    """What a picture says in words and figures."""

    name: str
    status: str
    experiment: str
    id: str
    last: dict[str, str]
    points: dict[str, str]
    params: dict[str, str]
    text: str


def live_card(output: Locator) -> dict[str, Any] | None:
    """The card a widget draws in this output, as nested values; None when there is none to be seen."""
    return output.evaluate(_FIRST_VISIBLE, [LIVE, _LIVE_CARD])


def static_card(output: Locator) -> StaticCard | None:
    """The picture in this output; None when there is none to be seen."""
    said = output.evaluate(_FIRST_VISIBLE, [PICTURE, _STATIC_CARD])
    if said is None:
        return None
    status = next(word for word in STATUSES if word.title() in said["heading"][0].removeprefix(said["name"]))
    experiment, run_id, *_ = said["heading"][1].split(" · ")
    metrics = [row for row in said["rows"] if len(row) == 5 and row[0] != "Metric"]
    return StaticCard(
        name=said["name"],
        status=status,
        experiment=experiment,
        id=run_id,
        last={row[0]: row[1] for row in metrics},
        points={row[0]: row[4] for row in metrics},
        params={row[0]: row[1] for row in said["rows"] if len(row) == 2},
        text=said["text"],
    )


def last_value(card: dict[str, Any], chart: str, label: str) -> float | None:
    """The newest value of a line as the legend has it, or None before there is one."""
    entry = card["charts"].get(chart, {}).get(label)
    return float(entry["exact"]) if entry and entry["text"] not in ("", "–") else None


def coloured_pixels(node: Locator) -> int:
    return node.evaluate(_COLOURED)


def chart_is_seen(output: Locator) -> bool:
    """Whether every chart of the card is drawn: coloured pixels on its canvas, or in its image."""
    charts = [one for one in output.locator(CHARTS).all() if one.is_visible()]
    return bool(charts) and all(coloured_pixels(one) >= DOT for one in charts)


def assert_nothing_lost(page: NotebookPage) -> None:
    """No text of a widget that could not be drawn is to be seen anywhere on the page."""
    visible = page.page.evaluate(_VISIBLE_TEXT)
    for text in LOST:
        assert text not in visible, f"{text!r} is shown"
