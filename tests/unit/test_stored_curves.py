"""Curves that the database reduced: the same as if every point had been read, for whole series and for parts."""

import math

import numpy as np
import pytest

import inlay
from inlay.query import stored_curves
from inlay.query.fresh import fresh
from inlay.query.reduction import Reducer
from inlay.query.stored_curves import detail, stored, stored_in
from inlay.store.ingest import ingest

_random = np.random.default_rng(5)


def _noise(size):
    return _random.normal(size=size)


def _with_marks(size):
    values = _noise(size)
    values[_random.random(size) < 0.1] = np.nan
    values[size // 3 : size // 2] = np.inf
    values[7] = -np.inf
    return values


SERIES = {
    "plain": (np.arange(5_000), _noise(5_000)),
    "short": (np.arange(40), _with_marks(40)),
    "one more than fits": (np.arange(101), _noise(101)),
    "marks": (np.arange(3_000), _with_marks(3_000)),
    "nothing finite": (np.arange(500), np.where(np.arange(500) % 2, np.nan, np.inf)),
    "negative": (np.arange(-2_000, 3_000), _noise(5_000)),
    "repeated": (np.arange(4_000) // 50, _noise(4_000)),
    "going back": (_random.integers(-300, 300, 3_000), _noise(3_000)),
    "far away": (np.append(np.arange(1_000), 10**9), _noise(1_001)),
    "two islands": (np.concatenate((np.arange(1_000), np.arange(1_000) + 2**40)), _noise(2_000)),
    "as far as it goes": (np.array([-(2**62), *range(500), 2**62]), _noise(502)),
    "large": (np.arange(900), np.where(np.arange(900) % 3, 1e300, 1e-300)),
    "too large to add": (np.arange(900), np.where(np.arange(900) % 3, 1.7e308, 1.6e308)),
    "cancelling": (np.arange(900), np.where(np.arange(900) % 2, 1.7e308, -1.7e308)),
    "constant": (np.arange(3_000), np.ones(3_000)),
    "zeros": (np.arange(3_000), np.where(np.arange(3_000) % 2, 0.0, -0.0)),
}
LIMIT = 100


@pytest.fixture
def run(store):
    """All of them in one run, logged in pieces that were taken in one after the other, among those of another run."""
    with inlay.start_run("other") as other, inlay.start_run("r", nested=True) as run:
        for part in range(4):
            for key, (steps, values) in SERIES.items():
                piece = slice(part * len(steps) // 4, (part + 1) * len(steps) // 4)
                times = 1.7e9 + np.arange(len(steps)) * 0.25
                run.log_metrics_array(key, values[piece], steps[piece], times[piece])
                other.log_metrics_array(key, values[:10])
            ingest(store)
    return run


def read(run, key):
    history = run.history(key)
    return history.step, history.time.astype("datetime64[us]").astype(np.int64) / 1e6, history.value


def same(found, expected):
    assert np.array_equal(found.y, expected.y, equal_nan=True)
    assert np.array_equal(found.x, expected.x)
    assert np.array_equal(found.t, expected.t)
    scale = np.max(np.abs(expected.y[np.isfinite(expected.y)]), initial=0.0)
    assert np.array_equal(np.isnan(found.mean), np.isnan(expected.mean))
    assert np.all(np.abs(found.mean - expected.mean)[~np.isnan(found.mean)] <= 1e-9 * scale)


def test_whole_series_as_if_every_point_had_been_read(store, run):
    found = stored(store, run.run_id, [LIMIT] * len(SERIES))

    assert list(found) == list(SERIES)
    for key in SERIES:
        expected = Reducer(LIMIT)
        expected.append(*read(run, key))
        same(found[key].curve(), expected.curve())


def test_what_is_known_of_all_points(store, run):
    for key, reducer in stored(store, run.run_id, [LIMIT] * len(SERIES)).items():
        expected = Reducer(LIMIT)
        expected.append(*read(run, key))
        for name in ("total", "nonfinite", "steps", "last", "lowest", "highest"):
            assert np.array_equal(getattr(reducer, name), getattr(expected, name), equal_nan=True), (key, name)


def test_a_reducer_goes_on_where_the_database_ended(store, run):
    """A card of a run that another process writes begins with what is stored, and then gets the newest points."""
    for key, reducer in stored(store, run.run_id, [LIMIT] * len(SERIES)).items():
        expected = Reducer(LIMIT)
        expected.append(*read(run, key))
        shown = reducer.splice().curve
        for steps in (np.arange(5_000, 5_100), np.array([3]), np.arange(2**30, 2**30 + 5)):
            for one in (reducer, expected):
                one.append(steps, steps / 4, np.full(len(steps), 0.5))
        same(reducer.curve(), expected.curve())
        splice = reducer.splice()
        rest = zip(shown, splice.curve, strict=True)
        same(type(shown)(*(np.concatenate((old[: splice.start], new)) for old, new in rest)), expected.curve())


def test_as_many_metrics_as_there_are_limits(store, run):
    with fresh(store) as con:
        found = stored_in(con, run.run_id, [40, 1_000, 20])

    assert [len(reducer.curve().x) for reducer in found.curves.values()] == [20, 40, 14]
    assert found.left_out == list(SERIES)[3:]


def test_a_run_without_metrics(store):
    run = inlay.start_run("empty")

    assert stored(store, run.run_id) == {}
    assert detail(store, run.run_id, ["loss"], "step", 0, 10) == {}


def part(run, key, axis, lo, hi):
    """All points in the range, by the axis."""
    step, time, value = read(run, key)
    x = step if axis == "step" else time
    kept = (x >= lo) & (x <= hi)
    order = np.argsort(x[kept], kind="stable")
    return step[kept][order], time[kept][order], value[kept][order]


RANGES = [
    ("step", -1e9, 1e9),
    ("step", 100, 2_000.5),
    ("step", 100, 120),
    ("step", -math.inf, math.inf),
    ("time", 1.7e9, 1.7e9 + 400),
    ("time", 1.7e9 + 10.25, 1.7e9 + 20.25),
    ("time", 0, 4e9),
    ("step", 17.2, 17.9),
]


@pytest.mark.parametrize(("axis", "lo", "hi"), RANGES)
def test_a_part_keeps_ends_extremes_and_marks(store, run, axis, lo, hi):
    found = detail(store, run.run_id, list(SERIES), axis, lo, hi, LIMIT)

    assert list(found) == list(SERIES)
    for key, one in found.items():
        steps, times, values = part(run, key, axis, lo, hi)
        curve, finite = one.curve, np.isfinite(values)
        assert one.total == len(steps), key
        assert one.nonfinite == np.count_nonzero(~finite)
        assert len(curve.x) <= LIMIT
        x = curve.x if axis == "step" else curve.t
        assert np.all(x[1:] >= x[:-1])
        every = set(zip(steps.astype(float), times, values, strict=True))
        drawn = list(zip(curve.x, curve.t, curve.y, strict=True))
        assert all(point in every for point in drawn if math.isfinite(point[2]))
        assert np.isnan(curve.y).any() == np.isnan(values).any() or not np.isfinite(curve.y).all()
        if len(steps) <= LIMIT:
            assert np.array_equal(curve.y, values, equal_nan=True)
            assert np.array_equal(curve.mean, np.where(finite, values, np.nan), equal_nan=True)
        elif finite.any():
            of = np.isfinite(curve.y)
            assert (one.lowest, one.highest) == (values[finite].min(), values[finite].max())
            assert (curve.y[of].min(), curve.y[of].max()) == (one.lowest, one.highest)
            along = steps if axis == "step" else times
            assert (x[of][0], curve.y[of][0]) == (along[finite][0], values[finite][0])
            assert (x[of][-1], curve.y[of][-1]) == (along[finite][-1], values[finite][-1])
            assert np.all(curve.mean[of] <= one.highest)
            assert np.all(curve.mean[of] >= one.lowest)


def test_a_part_is_finer_than_the_whole(store, run):
    """What zooming in is for."""
    whole = stored(store, run.run_id, [LIMIT])["plain"].curve()
    found = detail(store, run.run_id, ["plain"], "step", 1_000, 1_200, LIMIT)["plain"]

    assert found.total == 201
    assert len(found.curve.x) > 50 > np.count_nonzero((whole.x >= 1_000) & (whole.x <= 1_200))
    assert found.last == SERIES["plain"][1][1_200]


def test_a_part_of_a_live_run_has_its_newest_points(store):
    run = inlay.start_run("live")
    run.log_metrics_array("loss", np.arange(500.0))
    run.log({"loss": -1.0})

    assert detail(store, run.run_id, ["loss"], "step", 400, 500)["loss"].curve.y[-1] == -1.0


def test_metrics_that_are_not_there_are_left_out(store, run):
    assert list(detail(store, run.run_id, ["no", "marks", "plain"], "step", 0, 5)) == ["marks", "plain"]


@pytest.mark.parametrize(
    ("axis", "lo", "hi", "limit", "says"),
    [
        ("epoch", 0, 1, 100, "no 'epoch'"),
        ("step", 2, 1, 100, "between 2 and 1"),
        ("step", math.nan, 1, 100, "between nan and 1"),
        ("time", None, 1, 100, "between None and 1"),
        ("step", 0, 1, 4, "got 4"),
    ],
)
def test_a_range_that_is_none(store, axis, lo, hi, limit, says):
    with pytest.raises(ValueError, match=says):
        detail(store, "0190b8f4-0000-7000-8000-000000000000", ["loss"], axis, lo, hi, limit)


def test_gaps_do_not_ask_for_many_looks(store, run, monkeypatch):
    asked = []
    real = stored_curves._by_shift
    monkeypatch.setattr(
        stored_curves, "_by_shift", lambda con, series, shifts: asked.append(shifts) or real(con, series, shifts)
    )
    stored(store, run.run_id, [LIMIT] * len(SERIES))

    assert len(asked) <= 4
    assert [len(shifts) for shifts in asked[:2]] == [15, 3]  # far away, two islands, as far as it goes


@pytest.mark.parametrize("key", ["repeated", "going back", "negative", "marks"])
def test_of_equal_steps_the_first_and_the_last_are_as_logged(store, key):
    """Alone, where step and row fit into one number."""
    steps, values = SERIES[key]
    with inlay.start_run("r") as run:
        run.log_metrics_array(key, values, steps)
    expected = Reducer(LIMIT)
    expected.append(*read(run, key))

    same(stored(store, run.run_id, [LIMIT])[key].curve(), expected.curve())


def test_what_is_read_whole(store, run, monkeypatch):
    """Only what is short, or cannot be reduced in a few looks; reading everything would be right, too, and slow."""
    whole = []
    real = stored_curves._whole
    monkeypatch.setattr(
        stored_curves, "_whole", lambda con, series, limit: whole.extend(series) or real(con, series, limit)
    )
    stored(store, run.run_id, [LIMIT] * len(SERIES))

    assert [one.key for one in whole] == ["short", "two islands", "as far as it goes", "too large to add"]


def test_the_last_of_equal_steps_is_the_one_logged_last_in_every_part(store):
    """A join that keeps few of many points may hand them out in another order than they lie in."""
    steps, values = np.random.default_rng(0).integers(-50, 50, 20_000), np.arange(20_000.0)
    with inlay.start_run("r") as run:
        for other in range(6):
            run.log_metrics_array(f"other {other}", values)
        run.log_metrics_array("loss", values, steps)

    for lo in range(20, 47):
        found = detail(store, run.run_id, ["loss"], "step", lo, lo + 3)["loss"]
        assert found.last == np.flatnonzero(steps == lo + 3)[-1]


def test_a_part_as_wide_as_steps_can_be(store):
    """Its buckets would be wider than any whole number."""
    largest = (1 << 63) - 1
    with inlay.start_run("r") as run:
        run.log_metrics_array(
            "loss",
            np.full(30, 1.7e308),
            [*np.linspace(-largest // 2, largest // 2, 28).astype(int).tolist(), -largest - 1, largest],
        )

    found = detail(store, run.run_id, ["loss"], "step", -1e300, 1e300, 10)["loss"]
    assert (found.total, found.lowest) == (30, 1.7e308)


def test_the_last_of_a_part_where_some_values_are_none(store):
    """Of equal steps, the one that was logged last, be it NaN or a number."""
    values = np.arange(3_000.0)
    values[::3] = np.nan
    with inlay.start_run("r") as run:
        run.log_metrics_array("nan", values[::-1], np.full(3_000, 7))
        run.log_metrics_array("number", values[:-1], np.full(2_999, 7))

    found = detail(store, run.run_id, ["nan", "number"], "step", 0, 9, 100)
    assert math.isnan(found["nan"].last)
    assert found["number"].last == 2_998
