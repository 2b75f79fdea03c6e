"""Curves of several runs, of groups, sparks and box plots, against the same in plain Python."""

from __future__ import annotations

import json
import math
import random
import statistics
from datetime import timezone

import numpy as np
import pytest
from table_runs import BEGAN, Made, database, id_of

from inlay.query.run_query import RunQuery
from inlay.query.table_boxes import boxes
from inlay.query.table_curves import curves
from inlay.query.table_sparks import sparks

_random = random.Random(6)


def _noise(steps, spike=None):
    values = [(step, 1e6 if step == spike else _random.gauss(0, 1)) for step in steps]
    return [(step, place * 0.5, value) for place, (step, value) in enumerate(values)]


POINTS = {
    "long": _noise(range(5_000), spike=3_333),
    "short": _noise(range(30)),
    "negative": _noise(range(-700, 700)),
    "marks": [(step, time, math.nan if step % 3 == 0 else math.inf if 300 < step < 400 else value)
              for step, time, value in _noise(range(2_000))],
    "nothing finite": [(step, step * 1.0, math.nan) for step in range(50)],
    "repeated": _noise(step // 2 for step in range(20)),
    "back": _noise(_random.sample(range(900), 900)),
    "large": [(step, step * 1.0, 1.7e308 if step % 2 else -1.7e308 if step > 500 else 1.6e308) for step in range(1_000)],
    "far": _noise([-(2**62), 0, 1, 2**62]),
    "one": _noise([7]),
}  # fmt: skip
"""By the name of their run: step, seconds since it began, value."""


def _runs():
    runs = []
    for number, (name, points) in enumerate(POINTS.items()):
        finite = [value for _, _, value in points if math.isfinite(value)]
        run = Made(
            id_of(number), name, metrics={"m": (points[-1][2], min(finite, default=None), max(finite, default=None))}
        )
        run.points["m"] = points
        runs.append(run)
    for number, steps in enumerate((range(0, 100, 10), range(0, 100, 10), range(0, 90, 15), [5]), 20):
        run = Made(id_of(number), f"seed {number}", metrics={"g": (0.0, 0.0, 0.0)})
        run.points["g"] = _noise(steps)
        runs.append(run)
    runs.append(Made(id_of(30), "without a beginning", started_at=None, metrics={"m": (0.0, 0.0, 0.0)}))
    runs[-1].points["m"] = _noise(range(3))
    return runs


RUNS = _runs()
IDS = {run.name: run.run_id for run in RUNS}


@pytest.fixture(scope="module")
def con():
    with database(RUNS) as con:
        yield con


def near(found, value):
    return value == pytest.approx(found, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("x", ["step", "time", "relative"])
@pytest.mark.parametrize("points", [400, 40])
@pytest.mark.parametrize("name", POINTS)
def test_no_spike_is_lost_and_no_curve_is_too_long(con, name, points, x):
    (found,) = curves(con, [IDS[name]], "m", x=x, points=points)
    values = [value for _, _, value in POINTS[name]]
    finite = [value for value in values if math.isfinite(value)]
    assert (found.key, found.total, found.nonfinite) == (IDS[name], len(values), len(values) - len(finite))
    assert 0 < len(found.x) <= points
    assert np.all(np.diff(found.x) > 0) or name == "far"
    assert len(found.as_bytes()) == 4 * 8 * len(found.x)
    there = ~np.isnan(found.y)
    assert np.array_equal(there, ~np.isnan(found.low))
    if not finite:
        assert not there.any()
        return
    assert (np.nanmin(found.low), np.nanmax(found.high)) == (min(finite), max(finite))
    assert np.all((found.low[there] <= found.y[there]) & (found.y[there] <= found.high[there]))


def test_points_as_they_are_where_there_are_few(con):
    """A short run beside a long one keeps its points."""
    found = {one.key: one for one in curves(con, [IDS["short"], IDS["long"], IDS["far"]], "m", points=100)}
    assert found[IDS["short"]].x.tolist() == list(range(30))
    assert found[IDS["short"]].y.tolist() == [value for _, _, value in POINTS["short"]]
    assert found[IDS["far"]].x.tolist() == [-(2.0**62), 0, 1, 2.0**62]
    (repeated,) = curves(con, [IDS["repeated"]], "m")
    values = [value for _, _, value in POINTS["repeated"]]
    assert repeated.low.tolist() == [min(values[at : at + 2]) for at in range(0, 20, 2)]


def test_a_part_of_it(con):
    (found,) = curves(con, [IDS["long"]], "m", lo=100.5, hi=160)
    assert found.x.tolist() == list(range(101, 161))
    assert found.total == 60
    began = BEGAN.replace(tzinfo=timezone.utc).timestamp()
    (timed,) = curves(con, [IDS["long"]], "m", x="time", lo=began + 10, hi=began + 20)
    assert timed.x.tolist() == [began + 10 + half / 2 for half in range(21)]
    (relative,) = curves(con, [IDS["long"]], "m", x="relative", lo=10, hi=None, points=10)
    assert (relative.x[0] >= 10, relative.total, len(relative.x) <= 10) == (True, 4_980, True)
    assert curves(con, [IDS["long"]], "m", lo=9_000)[0].total == 0
    assert curves(con, [IDS["without a beginning"]], "m", x="relative")[0].x.tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(
    "wrong", [{"x": "epoch"}, {"band": "sem"}, {"lo": 3, "hi": 1}, {"lo": math.nan}, {"points": 3}]
)
def test_what_is_no_question(con, wrong):
    with pytest.raises(ValueError, match=r"is|lie"):
        curves(con, [IDS["long"]], "m", **wrong)


def test_who_does_not_have_the_metric_is_left_out(con):
    assert [one.key for one in curves(con, [IDS["one"], "no id", id_of(99), IDS["seed 20"]], "m")] == [IDS["one"]]
    assert curves(con, [], "m") == []
    assert curves(con, {"a": [IDS["seed 20"]]}, "m") == []


# -- groups ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", ["std", "range"])
def test_a_group_at_the_steps_its_runs_share(con, band):
    names = ["seed 20", "seed 21"]
    (found,) = curves(con, {"k": [IDS[name] for name in names]}, "g", band=band)
    assert (found.key, found.group, found.runs, found.total) == ("k", True, 2, 20)
    assert found.x.tolist() == list(range(0, 100, 10))
    for place in range(10):
        values = [run.points["g"][place][2] for run in RUNS if run.name in names]
        assert near(found.y[place], statistics.fmean(values))
        reach = statistics.stdev(values)
        ends = (min(values), max(values)) if band == "range" else (found.y[place] - reach, found.y[place] + reach)
        assert near(found.low[place], ends[0])
        assert near(found.high[place], ends[1])


def test_a_group_of_runs_with_other_steps(con):
    """Every 10 steps, every 15, and once: by stretches of 15, in which each run counts once."""
    (found,) = curves(con, {"k": [IDS[f"seed {number}"] for number in (20, 21, 22, 23)]}, "g")
    own = {}
    for run in RUNS:
        for step, _, value in run.points.get("g", ()):
            own.setdefault(step // 15, {}).setdefault(run.name, []).append(value)
    means = [statistics.fmean(map(statistics.fmean, own[bucket].values())) for bucket in sorted(own)]
    assert found.y.tolist() == pytest.approx(means)
    assert found.runs == 4


def test_a_group_of_one_has_no_band_and_gaps_stay(con):
    (alone,) = curves(con, {"k": [IDS["marks"]]}, "m", points=2_500)
    assert np.array_equal(alone.low, alone.y, equal_nan=True)
    assert math.isnan(alone.y[310])
    (both,) = curves(con, {"k": [IDS["nothing finite"], IDS["short"]]}, "m", points=100)
    assert both.y[:30].tolist() == [value for _, _, value in POINTS["short"]]
    assert np.isnan(both.y[30:]).all()


def test_not_more_runs_of_a_group_than_can_be_read(con, monkeypatch):
    monkeypatch.setattr("inlay.query.table_curves.RUNS", 1)
    assert curves(con, {"k": [IDS["seed 20"], IDS["seed 21"]]}, "g")[0].total == 10


# -- sparks and boxes -----------------------------------------------------------------------------------------


def test_sparks(con):
    found = sparks(con, [run.run_id for run in RUNS], ["metrics.m", "metrics.g", "metrics.nobody", "params.lr"])
    json.dumps(found, allow_nan=False)
    assert set(found) == {"metrics.m", "metrics.g", "metrics.nobody"}
    assert (found["metrics.nobody"], len(found["metrics.g"])) == ({}, 4)
    for name, points in POINTS.items():
        drawn = found["metrics.m"][IDS[name]]
        finite = [value for _, _, value in points if math.isfinite(value)]
        assert len(drawn) <= 40, name
        assert [step for step, _ in drawn] == sorted(step for step, _ in drawn)
        if finite:
            values = [value for _, value in drawn]
            assert (min(values), max(values)) == (min(finite), max(finite)), name
    assert found["metrics.m"][IDS["short"]] == [(step, value) for step, _, value in POINTS["short"]]
    assert found["metrics.m"][IDS["nothing finite"]] == []
    assert sparks(con, [], ["metrics.m"]) == {"metrics.m": {}}


def test_boxes(monkeypatch):
    runs = []
    for number in range(60):
        run = Made(id_of(number), f"run {number}", params={"lr": 0.1} if number % 2 else {})
        value = _random.gauss(0, 1) if number > 5 else (math.nan, 50.0, -40.0, math.inf, 3.4, 3.4)[number]
        run.metrics["m"] = (value, value, value)
        runs.append(run)
    with database(runs) as con:
        found = boxes(con, RunQuery(), "metrics.m", "params.lr")
        assert [one.label for one in found] == ["0.1", "-"]
        for one in found:
            own = [run for run in runs if bool(run.params) == (one.label == "0.1")]
            own = [run for run in own if math.isfinite(run.metrics["m"][0])]
            values = sorted(run.metrics["m"][0] for run in own)
            quartiles = statistics.quantiles(values, n=4, method="inclusive")
            assert [one.q1, one.median, one.q3] == pytest.approx(quartiles)
            reach = 1.5 * (quartiles[2] - quartiles[0])
            inside = [value for value in values if quartiles[0] - reach <= value <= quartiles[2] + reach]
            assert [one.n, one.low, one.high] == pytest.approx([len(values), inside[0], inside[-1]])
            assert [value for _, _, value in one.outliers] == [value for value in values if value not in inside]
            assert all(one_id == id_of(int(name.split()[1])) for one_id, name, _ in one.outliers)
            json.dumps(one.as_json(), allow_nan=False)
        monkeypatch.setattr("inlay.query.table_boxes.OUTLIERS", 1)
        listed = [out for one in boxes(con, RunQuery(), "metrics.m", "params.lr") for out in one.outliers]
        assert listed == [(id_of(1), "run 1", 50.0)]
        assert boxes(con, RunQuery(filter="metrics.m > 99 and metrics.m < 100"), "metrics.m", "params.lr") == []
        assert boxes(con, [id_of(1)], "metrics.m", "name")[0].median == 50
