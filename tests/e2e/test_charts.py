"""Journeys through the charts of a long run: zoom, what the kernel adds, choices, cursor, sizes, files, table, search."""

from __future__ import annotations

import csv
import io
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.card import SVG, Card, Chart, steady
from e2e.conftest import KeepPicture, OpenNotebook, write_notebook
from e2e.lab import Lab
from e2e.notebook_page import eventually

STEPS, SPIKE = 200_000, 61_803
# Along the x axis of the metric `odd`.
NOT_FINITE = {0.5: "NaN", 0.7: "inf", 0.9: "-inf"}
RUNS = f"""
import math, inlay
with inlay.start_run("long", experiment="journeys") as run:
    for step in range({STEPS}):
        loss = 0.2 + math.exp(-step / 40_000) + 0.05 * math.sin(step)
        run.log_metric("train/loss", 40.0 if step == {SPIKE} else loss, step)
        run.log_metric("val/loss", loss + 0.1, step)
        if step % 2 == 0:
            run.log_metric("rate", 10 ** (-step / 50_000), step)
    for i in range(101):
        odd = {{50: math.nan, 70: math.inf, 90: -math.inf}}.get(i, i * 0.1)
        run.log_metric("odd", odd, i * {STEPS // 100})
with inlay.start_run("many") as run:
    for step in range(20):
        run.log({{f"layer{{i}}/{{name}}": i + step for i in range(15) for name in ("weight", "bias", "norm")}}, step=step)
inlay.sql("select count(*) from metrics")
"""

ShowRun = Callable[..., Card]


@pytest.fixture(scope="module")
def place(lab: Lab) -> Path:
    """A folder of notebooks with the long runs in its store."""
    folder = lab.root / "long"
    folder.mkdir()
    script = folder / "train.py"
    script.write_text(RUNS)
    subprocess.run([sys.executable, script], cwd=folder, env=lab.environment, check=True, timeout=120)
    return folder


@pytest.fixture
def show_run(place: Path, notebook: OpenNotebook) -> ShowRun:
    """Shows a run in a notebook of its own, with a kernel that has nothing else to do."""

    def show(run: str, name: str = "notebook", *, afresh: bool = True) -> Card:
        if afresh:
            (place / ".inlay" / "choices.json").unlink(missing_ok=True)
        file = place / f"{name}.ipynb"
        write_notebook(file, (f"import inlay\ninlay.get_run({run!r})",))
        page = notebook(file=file)
        page.run_all()
        page.wait_until_run()
        return Card(page, 0).show()

    return show


def test_zoom(show_run: ShowRun, tmp_path: Path, keep_picture: KeepPicture):
    card = show_run("long")
    loss, rate = card.chart("loss"), card.chart("rate")
    whole = points(loss), points(rate)
    # Of the two lines of the first chart together.
    assert [total for _, total in whole] == [2 * STEPS, STEPS // 2]
    assert all(500 < shown <= 4000 for shown, _ in whole)
    across, values = loss.axes(tmp_path)
    assert (across[0], across[-1]) == ("0", "180k")
    assert float(values[-1]) > 30, "the spike is on the axis"
    keep_picture(card.page, "card-long-light")

    # A part without the spike: each chart holds what the kernel has of it, and the axes are those of the part.
    loss.drag(0.5, 0.75)
    shown, total = settled(loss)
    assert 500 < shown <= 4000
    assert total == pytest.approx(STEPS / 2, rel=0.02)
    assert settled(rate)[1] == pytest.approx(STEPS / 8, rel=0.02)
    assert steps_of(loss) == pytest.approx((100_000, 150_000), rel=0.02)
    assert steps_of(rate) == pytest.approx((100_000, 150_000), rel=0.02)
    across, values = loss.axes(tmp_path)
    assert {"100k", "120k", "140k"} & set(across)
    assert not {"0", "180k"} & set(across)
    assert max(map(float, values)) < 1
    assert step_at(loss, 0.01) == pytest.approx(step_at(rate, 0.01), rel=0.01)
    assert step_at(loss, 0.01) == pytest.approx(100_000, rel=0.02)
    keep_picture(card.page, "card-zoomed-light")

    # Once more, by the other chart, until every point is drawn.
    rate.drag(0.2, 0.3)
    rate.drag(0.2, 0.4)
    eventually(lambda: loss.remark().total is None and rate.remark().total is None)
    low, high = steps_of(loss)
    assert 0 < high - low < 2000
    loss.choose("Show data")
    rows = loss.data.locator("tbody tr").count()
    assert rows == 100
    assert "evenly chosen 100 of" in loss.data.inner_text()
    first = loss.data.locator("tbody tr").first.locator("td")
    step = int(first.nth(0).inner_text().replace(",", ""))
    truth = 0.2 + math.exp(-step / 40_000) + 0.05 * math.sin(step)
    assert float(first.nth(1).get_attribute("title")) == pytest.approx(truth, rel=1e-12)
    loss.choose("Show data")

    rate.double_click()
    eventually(lambda: (points(loss), points(rate)) == whole)
    assert not card.is_zoomed()
    assert card.errors().count() == 0


def points(chart: Chart) -> tuple[int | None, int | None]:
    remark = chart.remark()
    return remark.shown, remark.total


def settled(chart: Chart) -> tuple[int, int]:
    """How many points of how many, once the kernel has answered for the part that is zoomed to."""
    eventually(lambda: chart.remark().total is not None)
    shown, total = steady(lambda: points(chart))
    assert shown is not None
    assert total is not None
    return shown, total


def step_at(chart: Chart, share: float) -> int:
    text = chart.hover(share)
    chart.leave()
    return int(re.sub(r"\D", "", text))


def steps_of(chart: Chart) -> tuple[int, int]:
    """The first and the last step that the pointer finds."""
    return step_at(chart, 0.005), step_at(chart, 0.995)


def test_choices(show_run: ShowRun, tmp_path: Path, keep_picture: KeepPicture):
    """What was chosen by mouse holds on the next notebook's card, and after a reload."""
    card = show_run("long")
    loss, rate = card.chart("loss"), card.chart("rate")
    assert (card.axis(), card.smoothing()) == ("step", 0)
    assert loss.legend()["train"][1] == ""
    card.choose_axis("Relative")
    card.smooth(0.6)
    rate.choose("Log scale")
    smoothing = card.smoothing()
    assert smoothing == pytest.approx(0.6, abs=0.1)
    # The smoothed value, and beside it the raw one.
    raw = loss.legend()["train"]
    assert raw[1] != ""
    assert raw[0] != raw[1]
    across, values = rate.axes(tmp_path)
    assert all(text == "0" or re.search(r"\d(ms|s)$", text) for text in across)
    assert {"0.1", "0.01", "0.001"} <= set(values)
    assert not loss.is_chosen("Log scale")
    # Told to the kernel a moment later, which keeps it.
    eventually(lambda: '"relative"' in choices_of(card) and '"rate"' in choices_of(card))
    keep_picture(card.page, "card-smoothed-light")

    card.notebook.save()
    card.notebook.reload()
    assert_chosen(card.show(), smoothing)
    assert_chosen(show_run("long", "another", afresh=False), smoothing)


def choices_of(card: Card) -> str:
    file = card.notebook.file.parent / ".inlay" / "choices.json"
    return file.read_text() if file.exists() else ""


def assert_chosen(card: Card, smoothing: float) -> None:
    assert card.axis() == "relative"
    assert card.smoothing() == pytest.approx(smoothing)
    assert card.chart("rate").is_chosen("Log scale")
    assert not card.chart("loss").is_chosen("Log scale")
    assert card.chart("loss").legend()["train"][1] != ""


def test_reading(show_run: ShowRun, tmp_path: Path, keep_picture: KeepPicture):
    """One cursor over all charts, marks of values that are not finite, one chart large, its files and its table."""
    card = show_run("long")
    loss, rate, odd = (card.chart(title) for title in ("loss", "rate", "odd"))

    loss.hover(SPIKE / STEPS)
    assert all(chart.has_cursor() for chart in (loss, rate, odd))
    places = [int(re.sub(r"\D", "", chart.remark().text)) for chart in (loss, rate, odd)]
    assert places == [pytest.approx(SPIKE, abs=2000)] * 3
    assert 1 > float(rate.legend()["rate"][2]) > 10**-2
    loss.leave()
    assert not any(chart.has_cursor() for chart in (loss, rate, odd))

    assert "3 not finite" in odd.remark().text
    for place, word in NOT_FINITE.items():
        odd.hover(place)
        assert odd.legend()["odd"][0] == word
    odd.leave()

    small = loss.plot.bounding_box()
    loss.node.hover()
    loss.node.get_by_role("button", name="Enlarge this chart").click()
    eventually(lambda: loss.plot.bounding_box()["height"] > 2 * small["height"] and loss.is_drawn())
    assert loss.plot.bounding_box()["width"] > 2 * small["width"]
    keep_picture(card.page, "card-enlarged-light")
    loss.node.get_by_role("button", name="small again").click()
    eventually(lambda: loss.plot.bounding_box()["height"] == small["height"])

    png = loss.download("PNG", tmp_path)
    assert png.suffix == ".png"
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    svg = loss.download("SVG", tmp_path)
    tree = ET.parse(svg)
    assert tree.getroot().tag == f"{SVG}svg"
    assert {one.tag for one in tree.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "clipPath", "rect", "path", "text", "g")
    }
    assert not re.search(r"script|href|url\((?!#p\))|http://(?!www\.w3\.org/2000/svg)", svg.read_text())
    rows = list(csv.DictReader(io.StringIO(loss.download("CSV", tmp_path).read_text())))
    assert {row["metric"] for row in rows} == {"train/loss", "val/loss"}
    assert {"step": str(SPIKE), "value": "40"}.items() <= next(row for row in rows if row["value"] == "40").items()
    assert len(rows) == loss.remark().shown
    rows = list(csv.DictReader(io.StringIO(odd.download("CSV", tmp_path).read_text())))
    assert [row["value"] for row in rows if not re.match(r"[\d.]+$", row["value"])] == ["NaN", "inf", "-inf"]
    assert len(rows) == 101

    odd.choose("Show data")
    assert "last 100 of 101 rows" in odd.data.inner_text()
    last = odd.data.locator("tbody tr").last.locator("td")
    assert last.nth(0).inner_text().replace(",", "") == str(STEPS)
    assert last.nth(1).get_attribute("title") == "10"
    odd.choose("Show data")
    assert odd.data.count() == 0
    assert card.errors().count() == 0


def test_many_metrics(show_run: ShowRun, keep_picture: KeepPicture):
    """The first dozen, all of them by a click, some by a search; Escape takes the search back."""
    card = show_run("many")
    assert len(card.titles()) == 12
    search = card.node.get_by_role("searchbox", name="Search metrics")
    search.fill("weight 1")
    eventually(lambda: card.titles() == [f"layer{i}/weight" for i in (1, 10, 11, 12, 13, 14)])
    assert card.text(".inlay-count") == "6 found"
    eventually(lambda: card.chart("layer14/weight").is_drawn())
    keep_picture(card.page, "card-searched-light")
    search.fill("nothing like it")
    eventually(lambda: card.titles() == [])
    assert card.text(".inlay-count") == "0 found"
    search.press("Escape")
    eventually(lambda: len(card.titles()) == 12)
    assert search.input_value() == ""
    card.node.get_by_role("button", name="Show all 45").click()
    eventually(lambda: len(card.titles()) == 45)
    last = card.chart("layer14/norm")
    last.node.scroll_into_view_if_needed()
    eventually(lambda: last.node.locator("canvas").count() and last.is_drawn())
    assert next(iter(last.legend().values()))[2] == "33"
    card.node.get_by_role("button", name="Show fewer").click()
    eventually(lambda: len(card.titles()) == 12)
