"""A journey through numbers that no chart likes: each is drawn as far as it can be, says what is left out, and breaks
nothing beside it.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from e2e.card import SVG, Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.truth import Truth

LONG = "metric/" + "very long name " * 16 + "end"
CELL = f"""import math, time, inlay
now = time.time()
with inlay.start_run("bad values") as run:
    run.log_metric({LONG!r}, 1.0), run.log_metric({LONG!r}, 2.0)
    run.log_metric("one point", 42.0, step=7)
    for step in range(30):
        run.log_metric("all NaN", math.nan, step)
        run.log_metric("extremes", 1e300 if step % 2 else 1e-300, step)
        run.log_metric("signs", (-1) ** step * 1.7e308, step)
        run.log_metric("repeated steps", float(step), step // 10)
        run.log_metric("negative steps", float(step), step - 15)
        run.log_metric("steps back", float(step), 29 - step)
        run.log_metric("infinite", math.inf if step % 2 else -math.inf, step)
        run.log_metric("the same", 0.1, step)
    run.log_metrics_array("time back", [float(i) for i in range(30)], times=[now - 60 * i for i in range(30)])
    run.log_metrics_array("far steps", [0.0, 1.0, 2.0], steps=[-(2**62), 0, 2**62])
"""
LINES = {
    LONG: 2.0, "one point": 42.0, "extremes": 1e300, "signs": -1.7e308, "repeated steps": 29.0, "negative steps": 29.0,
    "steps back": 0.0, "the same": 0.1, "time back": 29.0, "far steps": 2.0,
}  # fmt: skip


def test_bad_values(notebook: OpenNotebook, truth: Truth, tmp_path: Path, keep_picture: KeepPicture):
    assert len(LONG) == 250
    page = notebook(CELL, "inlay.get_run('bad values')")
    page.run_all()
    page.wait_until_run()
    card = Card(page, 1).show()
    metrics = truth.run("bad values").metrics
    assert set(card.titles()) == set(metrics) == {*LINES, "all NaN", "infinite"}
    assert LINES.items() <= metrics.items()
    for axis in ("Step", "Time", "Relative"):
        card.choose_axis(axis)
        for title, last in LINES.items():
            chart = card.chart(title)
            chart.node.scroll_into_view_if_needed()
            eventually(lambda chart=chart: chart.node.locator("canvas").count() and chart.is_drawn())
            (entry,) = chart.legend().values()
            assert float(entry[2]) == last, title
        for title in ("all NaN", "infinite"):
            chart = card.chart(title)
            chart.node.scroll_into_view_if_needed()
            eventually(lambda chart=chart: "No finite values" in chart.plot.inner_text())
            assert "30 not finite" in chart.remark().text
        keep_picture(page.page, f"bad-values-{axis.lower()}-light")
    card.choose_axis("Step")
    card.smooth(0.5)
    for title in card.titles():
        chart = card.chart(title)
        chart.choose("Log scale")
        assert_finite(chart.download("SVG", tmp_path))
        chart.hover(0.3)
    card.chart("signs").leave()
    assert "15 ≤ 0 left out" in card.chart("signs").remark().text
    keep_picture(page.page, "bad-values-log-light")
    chart = card.chart("repeated steps")
    chart.drag(0.2, 0.8)
    chart.double_click()
    box, whole = card.chart(LONG).node.bounding_box(), card.node.bounding_box()
    assert box["width"] < whole["width"], "a long name broke the card"
    assert card.errors().count() == 0


def assert_finite(svg: Path) -> None:
    """Every place on the drawing is a number, and none is far away."""
    for path in ET.parse(svg).iter(f"{SVG}path"):
        assert re.fullmatch(r"[MLhvzZ\d.,\s-]*", path.get("d", "")), path.get("d", "")[:200]
        numbers = [float(one) for one in re.findall(r"-?\d+\.?\d*", path.get("d", ""))]
        assert all(math.isfinite(one) and abs(one) < 1e5 for one in numbers)
