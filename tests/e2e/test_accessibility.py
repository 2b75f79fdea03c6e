"""A journey of an accessibility checker through a card with everything in it, in the colours of both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FAILING = """%%track everything -e journeys -t team=growth --note "what is worth knowing"
lr = 0.1
depth = 6
print("hello")
for epoch in inlay.progress(range(4), desc="epochs"):
    inlay.log({"train/loss": 1 / (epoch + 1), "val/loss": 2 / (epoch + 1), "odd": float("nan") if epoch == 2 else epoch})
inlay.active_run().log_text("a,b\\n1,2", "table.csv")
inlay.active_run().log_text("plain", "notes.txt")
inlay.active_run().log_params({f"param{i}": i for i in range(12)})
with inlay.start_run("fold", nested=True):
    inlay.log({"auc": 0.9})
"""
RAISE = "raise ValueError('this went wrong')"


def test_axe(notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook("%load_ext inlay\nimport inlay", FAILING + "depth = 7", FAILING + RAISE)
    for cell in range(3):
        page.run_cell(cell)
        page.wait_until_run(cell)
    page.edit(1, FAILING + RAISE)
    page.run_cell(1)
    page.wait_until_run(1)
    page.page.evaluate(AXE.read_text(encoding="utf-8"))
    card = Card(page, 1).show()
    panels = card.panels()
    assert panels == ["Params", "Code", "Output", "Artifacts", "Environment", "Runs"]
    for theme in ("light", "dark"):
        page.use_theme(theme)
        card.show()
        for panel in panels:
            card.open(panel)
            if panel == "Artifacts":
                file = card.node.locator(".inlay-file", has_text="table.csv")
                if file.get_attribute("aria-selected") != "true":
                    file.click()
                eventually(lambda: card.node.locator(".inlay-preview td").count() == 2)
            assert_accessible(card, f"{panel}, {theme}")
        keep_picture(page.page, f"accessible-{theme}")
        loss = card.chart("loss")
        loss.menu("Log scale")
        assert_accessible(card, f"menu, {theme}")
        page.page.keyboard.press("Escape")
        loss.choose("Show data")
        loss.drag(0.2, 0.8)
        assert_accessible(card, f"data, {theme}")
        loss.choose("Show data")
        loss.double_click()
        card.node.locator(".inlay-edits button", has_text="ote").click()
        assert_accessible(card, f"note, {theme}")
        page.page.keyboard.press("Escape")


def assert_accessible(card: Card, where: str) -> None:
    found: list[dict[str, Any]]
    found, passed = card.node.evaluate(
        """(card) => axe.run(card).then(({ violations, passes }) => [violations.map((one) => ({
             rule: one.id, help: one.help, nodes: one.nodes.map((node) => node.html.slice(0, 200) + " " + node.failureSummary),
           })), passes.map((one) => one.id)])"""
    )
    assert not found, f"{where}: {found}"
    assert {"color-contrast", "button-name", "aria-allowed-attr"} <= set(passed), "nothing was checked"
