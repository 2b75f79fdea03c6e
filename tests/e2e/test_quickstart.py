"""The journey of a newcomer: the quickstart from the first cell to the last, in light and in dark."""

from __future__ import annotations

import shutil
from pathlib import Path

from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import assert_nothing_lost, chart_is_seen, last_value, live_card
from e2e.truth import Truth, assert_live_true

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_quickstart(notebook: OpenNotebook, folder: Path, truth: Truth, keep_picture: KeepPicture):
    page = notebook(file=Path(shutil.copy(QUICKSTART, folder)))
    cells = page.cell_ids()
    track, with_block, card_again = (cells.index(name) for name in ("track", "with", "card"))
    page.run_all()

    seen: list[float] = []
    eventually(lambda: page.is_running(track), within_s=30)
    while page.is_running(track):
        page.show(track)
        card = live_card(page.output(track))
        loss = last_value(card, "loss", "train") if card else None
        if loss is not None and loss not in seen[-1:]:
            seen.append(loss)
            if len(seen) == 5:
                assert chart_is_seen(page.output(track))
                keep_picture(page.page, "quickstart-running-light")
    assert len(seen) >= 5, f"the curve hardly moved while the cell ran: {seen}"

    page.wait_until_run(card_again)
    page.wait_until_idle()
    run = truth.run("perceptron")
    assert run.status == "finished"
    assert set(seen) <= set(run.history("train/loss").value), "the card showed a loss that was never logged"
    assert 0.9 < run.metrics["val/accuracy"] < 1
    assert run.history("train/loss").value[-1] < run.history("train/loss").value[0]

    for theme in ("light", "dark"):
        page.use_theme(theme)
        for index, name in ((track, "perceptron"), (with_block, "neighbours"), (card_again, "perceptron")):
            page.show(index)
            # A chart has its values from when it is first seen.
            eventually(lambda index=index: chart_is_seen(page.output(index)))
            assert_live_true(live_card(page.output(index)), truth.run(name))
            keep_picture(page.page, f"quickstart-{index}-{name}-{theme}")
    assert_nothing_lost(page)
    assert_no_errors(page)


def assert_no_errors(page: NotebookPage) -> None:
    page.save()
    for cell in page.saved().cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", output
