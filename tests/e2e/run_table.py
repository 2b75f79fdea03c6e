"""One run table on the page, and what a reader does with it: filter, sort, group, select, chart, compare.

As with a card, everything goes through the mouse and the keyboard, and everything that is read is what a reader sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import coloured_pixels
from playwright.sync_api import Locator

TABLE = ".inlay-run-table"

# At one moment, for rows come and go while a cell trains.
_ROWS = """
(table) => [...table.querySelectorAll(".inlay-row:not(.inlay-head)")]
  .filter((row) => !row.hidden)
  .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
  .map((row) => ({
    kind: row.classList.contains("inlay-baseline") ? "baseline" : row.dataset.kind, selected: row.ariaSelected === "true",
    cells: Object.fromEntries([...row.querySelectorAll(".inlay-cell[data-column]")].map((cell) => [
      cell.dataset.column, { text: cell.textContent.trim(), title: cell.title,
        delta: cell.querySelector(".inlay-delta")?.textContent ?? "",
        tone: cell.querySelector(".inlay-delta")?.dataset.tone ?? "" },
    ])),
  }))
"""


@dataclass(frozen=True)
class Row:
    """A row as it is drawn: of a `run`, a `group`, or the `baseline` above all."""

    kind: str
    selected: bool
    cells: dict[str, dict[str, str]]

    def text(self, column: str) -> str:
        return self.cells[column]["text"]

    def number(self, column: str) -> float:
        """A number to its last digit, which is in the cell's title."""
        return float(self.cells[column]["title"].split("\n")[0])


class RunTable:
    """The table in the output of one cell."""

    def __init__(self, notebook: NotebookPage, cell: int) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.node = notebook.output(cell).locator(TABLE).first

    def show(self) -> RunTable:
        """Scroll to the table, and wait until its rows are drawn."""
        self.node.wait_for(state="visible")
        self.node.evaluate("(table) => table.scrollIntoView({ block: 'start' })")
        eventually(self.rows)
        return self

    # --- what it says ---

    def rows(self) -> list[Row]:
        return [Row(**row) for row in self.node.evaluate(_ROWS)]

    def names(self) -> list[str]:
        """The runs in sight, in their order."""
        return [row.text("name") for row in self.rows() if row.kind == "run"]

    def row(self, name: str) -> Row:
        return next(row for row in self.rows() if row.kind != "group" and row.text("name") == name)

    def count(self) -> str:
        return self.node.locator(".inlay-runs-count").inner_text()

    def heads(self) -> list[str]:
        """The columns in sight."""
        return self.node.evaluate(
            "(table) => [...table.querySelectorAll('.inlay-head [data-column]')].map((head) => head.dataset.column)"
        )

    def errors(self) -> Locator:
        return self.node.locator(".inlay-callback-errors > *")

    # --- the filter ---

    @property
    def filter_field(self) -> Locator:
        return self.node.get_by_role("combobox", name="Filter runs")

    @property
    def suggestions(self) -> Locator:
        return self.node.locator(".inlay-suggestion")

    def filtered(self) -> str:
        return self.filter_field.input_value()

    def filter(self, text: str) -> None:
        self.filter_field.fill(text)
        self.filter_field.press("Enter")

    # --- columns ---

    def head(self, column: str) -> Locator:
        return self.node.locator(f'.inlay-head [data-column="{column}"]')

    def sort(self, column: str, *, add: bool = False) -> None:
        """Press the arrow in a column's head, with Shift to keep the order there is."""
        self.head(column).hover()
        self.head(column).locator(".inlay-head-sort").click(modifiers=["Shift"] if add else [])

    def open_column(self, column: str) -> Locator:
        """What a column's name opens."""
        self.head(column).locator(".inlay-head-name").click()
        panel = self.node.locator(".inlay-column-panel")
        panel.wait_for()
        return panel

    def close_panel(self) -> None:
        self.page.keyboard.press("Escape")
        eventually(lambda: self.node.locator(".inlay-popover").count() == 0)

    def brush_facet(self, panel: Locator, start: float, end: float) -> None:
        plot = panel.locator(".inlay-facet-plot")
        plot.wait_for()
        box = plot.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        self.drag((box["x"] + start * box["width"], y), (box["x"] + end * box["width"], y))

    def show_column(self, search: str, column: str) -> None:
        """Pick a column in the list of all."""
        self.node.get_by_role("button", name="Columns", exact=True).click()
        picker = self.node.locator(".inlay-picker")
        picker.get_by_role("searchbox").fill(search)
        picker.locator(f'[data-column="{column}"]').click()
        self.close_panel()
        grid = self.node.locator(".inlay-grid")
        # A column is put after the last.
        eventually(lambda: grid.evaluate("(grid) => { grid.scrollLeft = grid.scrollWidth }") or column in self.heads())

    def scroll_back(self) -> None:
        self.node.locator(".inlay-grid").evaluate("(grid) => { grid.scrollLeft = 0 }")

    def group(self, name: str) -> None:
        self.node.locator(".inlay-group-bar").get_by_role("button", name=re.compile("^Group")).first.click()
        choice = self.node.locator(".inlay-popover")
        choice.get_by_role("combobox").fill(name)
        choice.get_by_role("option").filter(has_text=name).first.click()

    # --- rows ---

    def line(self, name: str) -> Locator:
        """The element of a run's row."""
        named = self.page.locator('[data-column="name"]', has_text=re.compile(f"^{re.escape(name)}"))
        return self.node.locator(".inlay-row:visible").filter(has=named)

    def select(self, *names: str) -> None:
        """Click these runs, and no others stay selected."""
        for number, name in enumerate(names):
            self.line(name).locator('[data-column="name"]').click(modifiers=["Control"] if number else [])
        eventually(lambda: {row.text("name") for row in self.rows() if row.selected} == set(names))

    def act(self, label: str) -> None:
        """Press a button of those that the selected runs have."""
        self.node.locator(".inlay-selection").get_by_role("button", name=label, exact=True).click()

    def write(self, name: str, column: str, text: str) -> None:
        """Write into a cell of a run."""
        self.line(name).locator(f'[data-column="{column}"]').dblclick()
        field = self.node.locator(".inlay-cell-field")
        field.fill(text)
        field.press("Enter")

    def choose(self, label: str) -> None:
        """What the menu of the table has."""
        self.node.locator(".inlay-above").get_by_role("button", name="More", exact=True).click()
        self.node.get_by_role("menuitem", name=re.compile(f"^{label}")).click()

    # --- charts ---

    def charts(self) -> list[str]:
        return self.node.locator(".inlay-chart").evaluate_all("(all) => all.map((one) => one.dataset.kind)")

    def add_chart(self, label: str) -> None:
        count = self.node.locator(".inlay-chart").count()
        self.node.get_by_role("button", name="Add chart").click()
        self.node.get_by_role("menuitem", name=re.compile(f"^{label}")).click()
        eventually(lambda: self.node.locator(".inlay-chart").count() == count + 1)

    def chart(self, kind: str) -> Locator:
        chart = self.node.locator(f'.inlay-chart[data-kind="{kind}"]').last
        chart.scroll_into_view_if_needed()
        return chart

    def drawn(self, kind: str) -> int:
        """Coloured pixels of a chart."""
        return coloured_pixels(self.chart(kind).locator("canvas").first)

    def legend(self, kind: str) -> list[str]:
        return self.chart(kind).locator(".inlay-run-label:visible").all_inner_texts()

    def brush_axis(self, axis: str, start: float, end: float) -> None:
        """Drag along an axis of the parallel coordinates, in shares of the plot's height from above."""
        chart = self.chart("parallel")
        head = chart.locator(f'.inlay-axis-head[title^="{axis}:"]').bounding_box()
        plot = chart.locator(".inlay-plot").bounding_box()
        assert head is not None
        assert plot is not None
        x = head["x"] + head["width"] / 2
        self.drag((x, plot["y"] + start * plot["height"]), (x, plot["y"] + end * plot["height"]))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        for part in (0.3, 0.7, 1):
            mouse.move(*(a + part * (b - a) for a, b in zip(start, end, strict=True)))
        mouse.up()


def between(text: str, field: str) -> tuple[float, float] | None:
    """The bounds that a filter sets for a field."""
    found = re.search(rf"{re.escape(field)} BETWEEN (\S+) AND (\S+)", text)
    return (float(found[1]), float(found[2])) if found else None
