"""A journey through a run table without a mouse, past an accessibility checker, among names from somebody who means harm."""

from __future__ import annotations

from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.run_table import RunTable
from e2e.shown import PICTURE
from e2e.test_accessibility import AXE, assert_accessible
from e2e.test_hostile_names import SCRIPT, assert_stolen_nothing
from e2e.test_keyboard import focused, tab_to
from e2e.truth import Truth

MAKE = f"""import inlay
hostile = {SCRIPT!r}
for number in range(8):
    name = hostile + " name" if number == 3 else f"run {{number}}"
    with inlay.start_run(name, experiment=hostile, params={{"lr": number / 10, hostile: hostile, "x'; DROP TABLE runs; --": number}}, tags={{hostile: hostile}}, note=hostile) as run:
        for step in range(20):
            run.log({{"loss": 1 / (1 + number + step), hostile: step, 'a\\n"b" 🧪': number}}, step=step)
table = inlay.RunTable(); table"""


def test_keys_alone_among_hostile_names(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(MAKE)
    page.run_cell(0)
    page.wait_until_run(0)
    page.page.evaluate(AXE.read_text(encoding="utf-8"))
    table = RunTable(page, 0).show()
    keys, cells = page.page.keyboard, page.cell_ids()
    assert SCRIPT + " name" in table.names()
    assert table.row(SCRIPT + " name").cells
    assert_accessible(table, "light")

    # From the cell into the table: the filter first.
    page.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    table.filter_field.focus()
    keys.type("params.lr > 0.15")
    keys.press("Escape")
    keys.press("Enter")
    eventually(lambda: table.count() == "6 of 8 runs")
    # Into the grid, which is one stop: down, select two, open the head of a column, sort.
    tab_to(page.page, "[role=grid]")
    keys.press("Home")
    keys.press("ArrowRight")
    eventually(lambda: active(page) == table.names()[0])
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("Space")
    eventually(lambda: [row.text("name") for row in table.rows() if row.selected] == table.names()[:2])
    keys.press("F2")
    keys.type("named by keys")
    keys.press("Enter")
    eventually(lambda: table.names()[1] == "named by keys")
    assert focused(page.page, "[role=grid]")
    eventually(lambda: "named by keys" in [run.name for run in truth.runs()])
    # Up to the heads: Space sorts, Enter opens what the column has.
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    while "loss" not in active(page):
        before = active(page)
        keys.press("ArrowRight")
        eventually(lambda before=before: active(page) != before)
    keys.press("Space")
    eventually(lambda: table.head("metrics.loss").get_attribute("aria-sort") == "descending")
    keys.press("Enter")
    panel = table.node.locator(".inlay-column-panel")
    panel.locator(".inlay-facet-plot").wait_for()
    assert_accessible(table, "panel, light")
    keep_picture(page.page, "run-table-keys-panel-light")
    tab_to(page.page, "button >> text=Chart this")
    keys.press("Enter")
    eventually(lambda: table.charts() == ["lines"])
    eventually(lambda: page.page.evaluate("document.activeElement.closest('.inlay-run-table') !== null"))
    # The selected runs are compared.
    tab_to(page.page, "button >> text=Compare", "Shift+Tab")
    keys.press("Enter")
    diff = table.node.locator(".inlay-diff")
    eventually(lambda: diff.locator(".inlay-diff-table").count() > 0)
    assert SCRIPT in diff.inner_text() or diff.locator(".inlay-diff-fold").count() > 0
    keys.press("Escape")
    eventually(lambda: not diff.is_visible())
    # JupyterLab's own keys have done nothing.
    assert page.cell_ids() == cells

    for theme in ("light", "dark"):
        page.use_theme(theme)
        table.act("Compare")
        eventually(lambda: diff.locator(".inlay-diff-table").count() > 0)
        folds = diff.locator(".inlay-diff-fold button[aria-expanded=false]")
        while folds.count():
            folds.first.click()
        assert SCRIPT in diff.inner_text()
        assert_accessible(table, f"compared, {theme}")
        diff.get_by_role("button", name="Close the comparison").click()
        table.show()
        table.node.get_by_role("button", name="Columns", exact=True).click()
        assert_accessible(table, f"columns, {theme}")
        table.close_panel()
        keep_picture(page.page, f"run-table-hostile-{theme}")
    table.group(SCRIPT)
    eventually(lambda: [row.kind for row in table.rows()] == ["group"])
    assert SCRIPT in table.rows()[0].text("name")
    assert_accessible(table, "grouped")
    assert table.errors().count() == 0
    assert_stolen_nothing(page)
    page.page.wait_for_timeout(3500)
    page.save()
    page.close()

    again = notebook(file=page.file, kernel=False)
    again.show(0)
    picture = again.output(0).locator(PICTURE).last
    eventually(picture.is_visible)
    assert SCRIPT[:40] in picture.inner_text()
    assert_stolen_nothing(again)


def active(page: NotebookPage) -> str:
    """What stands in the cell of the grid that the keys are at."""
    return page.page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent ?? ''"
    )
