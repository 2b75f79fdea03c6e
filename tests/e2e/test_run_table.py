"""A journey through a run table by mouse: which of these runs was best, and what made it so? Found, looked at again after
a reload, brought back by code, and read in the saved notebook without a kernel.
"""

from __future__ import annotations

import math
import re
import statistics

import pytest
from e2e.card import steady
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.run_table import TABLE, Row, RunTable, between
from e2e.shown import PICTURE, assert_nothing_lost, coloured_pixels
from e2e.truth import Truth

import inlay

SWEEP = """%load_ext inlay
import inlay
for number in range(12):
    model, lr, seed = ("cnn", "mlp")[number % 2], (0.1, 0.01, 0.001)[number // 2 % 3], number // 6
    name, params = f"{model} {lr} {seed}", {"model": model, "lr": lr, "seed": seed}
    with inlay.start_run(name, params=params, tags={"team": "growth"}) as run:
        for step in range(100):
            run.log({"loss": (1 + number) / (1 + step), "accuracy": 1 - (1 + number) / (20 + step)}, step=step)"""
TUNED = """%%track tuned
model, lr, seed = "cnn", 0.02, 7
for step in range(100):
    inlay.log({"loss": 0.5 / (1 + step), "accuracy": 1 - 0.5 / (20 + step)}, step=step)"""
MADE = "table = inlay.RunTable(); table"
READ = """print(sorted(run.name for run in table.selected))
print(sorted(inlay.get_run(run_id).name for run_id, in inlay.sql(table.sql, table.sql.params).fetchall()))"""


def test_which_was_best_and_why(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook(SWEEP, TUNED, MADE, READ, "", "%runs params.model = 'cnn'")
    for cell in range(3):
        page.run_cell(cell)
        page.wait_until_run(cell)
    page.command("application:toggle-left-area")
    table = RunTable(page, 2).show()
    runs = {run.name: run for run in truth.runs()}
    assert len(runs) == 13
    eventually(lambda: table.names() == list(runs))
    assert table.count() == "13 runs"

    # --- sort, by one column and by two ---
    table.sort("metrics.accuracy")
    best = sorted(runs, key=lambda name: -runs[name].metrics["accuracy"])
    eventually(lambda: table.names() == best)
    assert best[0] == "tuned"
    assert_values(table.rows(), runs)
    table.sort("params.lr")
    table.sort("metrics.loss", add=True)
    table.sort("metrics.loss", add=True)
    eventually(lambda: table.names() == sorted(runs, key=lambda n: (-runs[n].params["lr"], runs[n].metrics["loss"])))

    # --- the filter: one that is wrong, completion, one that is right ---
    rows = table.names()
    table.filter("metrics.loss << 1")
    eventually(lambda: table.node.locator(".inlay-filter-message").is_visible())
    assert "expected a value" in table.node.locator(".inlay-filter-message").inner_text()
    assert table.node.locator(".inlay-filter-fault").inner_text() == "<"
    assert table.names() == rows
    table.filter("metrics.los < 1")
    eventually(lambda: table.names() == [])
    assert "did you mean metrics.loss?" in table.node.locator(".inlay-grid-empty").inner_text()
    keep_picture(page.page, "run-table-filter-nothing")
    table.filter_field.fill("")
    table.filter_field.press_sequentially("params.mo")
    eventually(lambda: [one.split("\n")[0] for one in table.suggestions.all_inner_texts()] == ["params.model"])
    table.filter_field.press("Tab")
    table.filter_field.press_sequentially("= 'c")
    eventually(lambda: "cnn" in "".join(table.suggestions.all_inner_texts()))
    keep_picture(page.page, "run-table-completion-light")
    table.filter_field.press("Tab")
    table.filter_field.press("Enter")
    assert table.filtered() == "params.model = 'cnn' "
    cnn = [name for name in runs if runs[name].params["model"] == "cnn"]
    eventually(lambda: sorted(table.names()) == sorted(cnn))
    assert table.count() == "7 of 13 runs"

    # --- facets: a text, then a stretch of a number ---
    table.filter("")
    eventually(lambda: table.count() == "13 runs")
    panel = table.open_column("params.model")
    panel.locator(".inlay-facet-value", has_text="mlp").click()
    eventually(lambda: table.count() == "6 of 13 runs")
    assert table.filtered() == "params.model IN ('mlp')"
    panel.locator(".inlay-facet-value", has_text="mlp").click()
    eventually(lambda: table.count() == "13 runs")
    table.close_panel()
    panel = table.open_column("metrics.loss")
    table.brush_facet(panel, 0.05, 0.45)
    eventually(lambda: between(table.filtered(), "metrics.loss"))
    steady(table.filtered)
    eventually(lambda: set(table.names()) == within(table, runs, "loss"))
    assert table.count() == "5 of 13 runs"
    keep_picture(page.page, "run-table-facet-light")
    table.close_panel()
    table.filter("")
    eventually(lambda: table.count() == "13 runs")

    # --- group ---
    table.group("model")
    eventually(lambda: [row.kind for row in table.rows()] == ["group", "group"])
    for row in table.rows():
        model = row.text("params.model")
        own = [run.metrics["accuracy"] for run in runs.values() if run.params["model"] == model]
        assert row.text("name") == f"model {model}{len(own)} runs"
        mean, std, n = re.findall(r"[\d.]+", row.cells["metrics.accuracy"]["title"])
        assert (float(mean), float(std)) == pytest.approx((statistics.mean(own), statistics.stdev(own)))
        assert int(n) == len(own)
    table.node.locator('.inlay-row[data-kind="group"]').first.click()
    eventually(lambda: len(table.rows()) > 2)
    assert [row.kind for row in table.rows()].count("run") in (6, 7)
    table.node.get_by_role("button", name="Do not group by model").click()
    eventually(lambda: len(table.names()) == 13)

    # --- a baseline ---
    table.select("tuned")
    table.act("Set as baseline")
    eventually(lambda: table.node.locator(".inlay-baseline .inlay-cell").count() > 0)
    eventually(lambda: any(row.cells["metrics.accuracy"]["delta"] for row in table.rows()))
    cells = table.row("cnn 0.1 0").cells
    assert (cells["metrics.loss"]["delta"], cells["metrics.loss"]["tone"]) == ("+0.005", "worse")
    assert cells["metrics.accuracy"]["tone"] == "worse"
    assert table.rows()[0].kind == "baseline"
    keep_picture(page.page, "run-table-baseline-light")
    table.node.locator(".inlay-baseline-chip").get_by_role("radio", name="Differences in percent").check(force=True)
    eventually(lambda: table.row("cnn 0.1 0").cells["metrics.loss"]["delta"] == "+100 %")

    # --- charts of those selected ---
    picked = ["cnn 0.1 0", "mlp 0.1 0", "tuned"]
    table.select(*picked)
    panel = table.open_column("metrics.loss")
    panel.get_by_role("button", name="Chart this").click()
    eventually(lambda: table.charts() == ["lines"])
    eventually(lambda: sorted(table.legend("lines")) == picked)
    eventually(lambda: table.drawn("lines") > 100)
    keep_picture(page.page, "run-table-lines-light")
    table.add_chart("Parallel coordinates")
    eventually(lambda: table.drawn("parallel") > 100)
    table.brush_axis("loss", 0.7, 0.95)
    eventually(lambda: between(table.filtered(), "metrics.loss"))
    steady(table.filtered)
    eventually(lambda: set(table.names()) == within(table, runs, "loss") - {"tuned"})
    assert 0 < len(table.names()) < 12
    keep_picture(page.page, "run-table-parallel-light")

    # --- what differs ---
    table.filter("")
    eventually(lambda: table.count() == "13 runs")
    table.select("tuned", "mlp 0.001 1")
    table.act("Compare")
    diff = table.node.locator(".inlay-diff")
    eventually(lambda: diff.locator(".inlay-code-line").count() > 0)
    assert diff.locator(".inlay-code-line[data-op='-']").all_inner_texts()[0].endswith("%%track tuned\n")
    assert [key.inner_text() for key in diff.locator("[data-section=params] th.inlay-diff-key").all()] == [
        "model", "lr", "seed",
    ]  # fmt: skip
    keep_picture(page.page, "run-table-diff-light")
    diff.get_by_role("radio", name="Side by side").check()
    eventually(lambda: diff.locator(".inlay-code-pair").count() > 0)
    diff.get_by_role("button", name="Close the comparison").click()

    # --- name, note and tag; delete and bring back ---
    table.show()
    table.write("cnn 0.01 1", "name", "the odd one")
    eventually(lambda: "the odd one" in table.names())
    run_id = runs["cnn 0.01 1"].run_id
    eventually(lambda: truth.run(run_id).name == "the odd one")
    table.write("the odd one", "tags.team", "research")
    eventually(lambda: truth.run(run_id).tags == {"team": "research"})
    table.show_column("note", "note")
    table.write("the odd one", "note", "Diverges <b>late</b>")
    eventually(lambda: truth.run(run_id).note == "Diverges <b>late</b>")
    assert table.row("the odd one").text("note") == "Diverges <b>late</b>"
    table.scroll_back()
    keep_picture(page.page, "run-table-edited-light")
    table.select("mlp 0.001 1", "mlp 0.001 0")
    table.act("Delete")
    table.act("Delete")
    eventually(lambda: table.count() == "11 runs")
    assert {"mlp 0.001 1", "mlp 0.001 0"}.isdisjoint(run.name for run in truth.runs())
    table.act("Undo")
    eventually(lambda: table.count() == "13 runs")
    assert len(truth.runs()) == 13

    # --- Python knows what the mouse did ---
    table.filter("params.model = 'cnn'")
    eventually(lambda: len(table.names()) == 6)
    table.select("the odd one", "cnn 0.1 0")
    page.page.wait_for_timeout(500)
    page.run_cell(3)
    page.wait_until_run(3)
    selected, matching = page.output(3).inner_text().splitlines()
    assert selected == str(["cnn 0.1 0", "the odd one"])
    assert matching == str(sorted([*table.names(), "tuned"]))

    # --- and so does whoever gets its code ---
    table.choose("Copy as code")
    page.page.wait_for_timeout(300)
    page.cell(4).locator(".cm-content").click()
    page.page.keyboard.press("Control+v")
    for cell in (4, 5):
        page.run_cell(cell)
        page.wait_until_run(cell)
    copied = RunTable(page, 4).show()
    assert_same(copied, table)
    found = RunTable(page, 5).show()
    assert found.count() == "7 runs"

    # --- the page is loaded again ---
    before = look(table.show())
    # The picture behind the table follows when the table has settled.
    names = [row.text("name") for row in table.rows()]
    eventually(lambda: pictured(page, 2) == names, within_s=60)
    page.save()
    page.reload()
    table.show()
    eventually(lambda: look(table) == before)
    eventually(lambda: table.drawn("lines") > 100)
    table.show()
    table.sort("metrics.accuracy")
    eventually(lambda: table.names()[0] == "cnn 0.1 0")
    assert table.errors().count() == 0
    page.close()

    # --- and the notebook is opened without a kernel ---
    again = notebook(file=page.file, kernel=False)
    for cell in (2, 4, 5):
        again.show(cell)
        picture = again.output(cell).locator(PICTURE)
        eventually(lambda picture=picture: picture.is_visible())
        assert again.output(cell).locator(TABLE).count() == 0
    picture = again.output(2).locator(PICTURE)
    assert pictured(again, 2) == names
    for image in picture.locator("img").all():
        assert coloured_pixels(image) > 100
    assert picture.locator("img").count() == 2
    assert_nothing_lost(again)
    again.show(2)
    keep_picture(again.page, "run-table-saved-light")


def pictured(page: NotebookPage, cell: int) -> list[str]:
    """The runs in the picture of a table, to be seen or not."""
    heads = page.output(cell).locator(PICTURE).locator("th[scope=row]").all_text_contents()
    return [text.removesuffix(" baseline") for text in heads]


def look(table: RunTable) -> dict[str, object]:
    """What a view consists of, but for what time changes in it."""
    rows = table.rows()
    return {
        "rows": [(row.kind, row.selected, {**row.cells, "started_at": None}) for row in rows],
        "filter": table.filtered(),
        "heads": table.heads(),
        "charts": table.charts(),
        "legend": table.legend("lines"),
    }


def assert_same(one: RunTable, other: RunTable) -> None:
    wanted = look(other)
    one.show()
    eventually(lambda: look(one) == wanted)


def within(table: RunTable, runs: dict[str, inlay.Run], metric: str) -> set[str]:
    """The runs whose metric is between the bounds that the filter has now; all where it has none."""
    low, high = between(table.filtered(), f"metrics.{metric}") or (-math.inf, math.inf)
    return {name for name, run in runs.items() if low <= run.metrics[metric] <= high}


def assert_values(rows: list[Row], runs: dict[str, inlay.Run]) -> None:
    for row in rows:
        run = runs[row.text("name")]
        for key, value in run.metrics.items():
            assert row.number(f"metrics.{key}") == value
        assert row.text("params.lr") == str(run.params["lr"])
