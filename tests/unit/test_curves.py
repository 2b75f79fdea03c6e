"""What a card is sent, decoded the way the browser does it."""

import numpy as np

from inlay.tracking.points import Points
from inlay.views.curves import RunCurves


def points(steps, values):
    steps = np.asarray(steps, np.int64)
    return Points(steps, steps * 2.0, np.asarray(values, np.float64))


def ramp(start, stop):
    return points(np.arange(start, stop), np.arange(start, stop) / 10)


class Browser:
    """Holds series the way js/lib/feed.ts does."""

    def __init__(self):
        self.series = {}

    def take(self, frame):
        numbers = np.frombuffer(frame.data, "<f8")
        for head in frame.series:
            n = head["n"]
            sent, numbers = numbers[: 4 * n].reshape(4, n), numbers[4 * n :]
            held = self.series.get(head["id"], {"columns": np.empty((4, 0))})
            assert head["from"] <= held["columns"].shape[1]
            columns = np.concatenate((held["columns"][:, : head["from"]], sent), axis=1)
            self.series[head["id"]] = {**head, "columns": columns}
        assert len(numbers) == 0
        return self

    def shown(self):
        return {
            one["key"]: (one["chart"], one["label"], one["total"], *map(repr, one["columns"].tolist()))
            for one in self.series.values()
        }


def test_pushes_add_up_to_the_snapshot():
    curves, browser = RunCurves(limits=[40, 10]), Browser()
    rng = np.random.default_rng(1)
    for at in range(0, 300, 20):
        curves.feed({"loss": ramp(at, at + 20), "noise": points(rng.integers(0, 300, 9), rng.random(9))})
        if at % 60 == 0:
            browser.take(curves.changes())
    browser.take(curves.changes())

    assert browser.shown() == Browser().take(curves.snapshot()).shown()
    assert curves.changes() is None


def test_a_push_holds_only_the_series_that_changed():
    curves = RunCurves()
    curves.feed({"a": ramp(0, 5), "b": ramp(0, 5)})
    curves.changes()
    curves.feed({"b": ramp(5, 6)})

    frame = curves.changes()
    assert [(head["key"], head["id"], head["from"], head["n"]) for head in frame.series] == [("b", 1, 5, 1)]
    assert np.frombuffer(frame.data).tolist() == [5.0, 10.0, 0.5, 0.5]


def test_a_second_metric_of_a_measure_renames_the_first():
    """`train/loss` logged in the epoch, `val/loss` after it: one chart `loss`, also for a card that has the first."""
    curves, browser = RunCurves(), Browser()
    curves.feed({"train/loss": ramp(0, 5)})
    browser.take(curves.changes())
    assert browser.shown()["train/loss"][:2] == ("train/loss", "train/loss")

    curves.feed({"val/loss": ramp(0, 1)})
    browser.take(curves.changes())
    assert browser.shown()["train/loss"][:3] == ("loss", "train", 5)
    assert browser.series[0]["columns"][2].tolist() == [0, 0.1, 0.2, 0.3, 0.4]
    assert browser.shown()["val/loss"][:2] == ("loss", "val")
    assert [chart.title for chart in curves.charts()] == ["loss"]


def test_a_million_points_at_once():
    curves = RunCurves()
    curves.feed({"loss": ramp(0, 1_000_000)})

    (chart,) = curves.charts()
    assert chart.lines[0].total == 1_000_000
    assert len(chart.lines[0].curve.x) <= 2_000
    assert chart.lines[0].last == 99_999.9


def test_ten_thousand_metrics():
    """Two thousand have their curves, the first ones at full resolution; the others are counted."""
    curves = RunCurves()
    for part in range(3):
        curves.feed(
            {f"metric {i}": ramp(1_000 * part, 1_000 * part + 1_000) for i in range(10_000 if not part else 60)}
        )

    assert curves.metrics_total == 10_000
    assert len(curves.charts()) == 24
    heads = curves.snapshot().series
    assert [head["id"] for head in heads] == list(range(2_000))
    assert {head["total"] for head in heads[:60]} == {3_000}
    assert all(400 < head["n"] <= 2_000 for head in heads[:48])
    assert all(20 < head["n"] <= 100 for head in heads[48:])


def test_of_a_hundred_metrics_the_first_are_sent_at_once():
    """A training that logs a thousand metrics each step must not wait for their curves."""
    curves, browser = RunCurves(), Browser()
    for part in range(3):
        curves.feed({f"metric {i}": ramp(part, part + 1) for i in range(100)})
        browser.take(curves.changes(of_all=False))
    assert len(browser.series) == 48
    assert curves.waiting == 52
    assert curves.metrics_total == 100

    browser.take(curves.changes())
    assert curves.waiting == 0
    assert {one["total"] for one in browser.series.values()} == {3}
    assert browser.shown() == Browser().take(curves.snapshot()).shown()


def test_what_is_said_of_all_points():
    """A chart's figures are those of every point, not of the few that were sent; JSON has no NaN."""
    curves = RunCurves()
    curves.feed({"loss": points([3, 1, 2], [np.nan, np.inf, 0.5]), "gone": points([0], [np.nan])})

    loss, gone = curves.snapshot().series
    assert [loss[name] for name in ("total", "nonfinite", "last", "min", "max")] == [3, 2, None, 0.5, None]
    assert [gone[name] for name in ("last", "min", "max")] == [None] * 3


def test_names_that_utf8_cannot_hold():
    """A lone surrogate, as from `os.fsdecode`, would make every push of the card fail."""
    curves = RunCurves()
    curves.feed({"caf\udce9": ramp(0, 1)})

    curves.snapshot().series[0]["key"].encode("utf-8")


def test_nothing_logged():
    curves = RunCurves()

    assert curves.changes() is None
    assert curves.snapshot().series == []
    assert curves.snapshot().data == b""
    assert curves.charts() == []
