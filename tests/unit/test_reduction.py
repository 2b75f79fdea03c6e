"""What a chart may lose and what it may not: the reducers against the definition of M4, written out plainly."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.query.reduction import Curve, Reducer, Splice, m4

# Few different steps and values, so that all kinds of ties come up; or any.
STEPS = st.sampled_from([st.integers(-20, 20), st.integers(0, 300), st.integers(-(2**62), 2**62)])
VALUES = st.sampled_from(
    [
        st.sampled_from([0.0, 1.0, math.nan, math.inf]),
        st.floats(allow_nan=True, allow_infinity=True, width=32),
    ]
)
# Left to itself hypothesis draws short lists, which are never cut.
POINTS = st.tuples(STEPS, VALUES, st.sampled_from([1, 10, 40])).flatmap(
    lambda kind: st.lists(st.tuples(kind[0], kind[1]), min_size=kind[2], max_size=80)
)
LIMITS = st.sampled_from([8, 12, 40])


def columns(points):
    return np.array([x for x, _ in points], np.int64), np.array([y for _, y in points], np.float64)


def pairs(curve: Curve):
    """Points that compare equal also where they are gaps."""
    return [(x, "gap" if math.isnan(y) else y) for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]


def plain_bucket(points):
    """The definition: of points in order, the first, the smallest, the largest and the last; or one gap."""
    finite = [p for p in points if math.isfinite(p[1])]
    if not finite:
        return [(float(points[0][0]), "gap")]
    kept = [
        finite[0],
        min(finite, key=lambda p: p[1]),
        max(finite, key=lambda p: p[1]),
        finite[-1],
    ]
    kept.sort(key=lambda p: p[0])
    return [(float(x), y) for i, (x, y) in enumerate(kept) if i == 0 or kept[i - 1] != (x, y)]


def plain(points, limit):
    points = sorted(points, key=lambda p: p[0])
    if len(points) <= limit:
        return [(float(x), y if math.isfinite(y) else "gap") for x, y in points]
    shift = 0
    while len({x >> shift for x, _ in points}) > limit // 4:
        shift += 1
    buckets = {}
    for x, y in points:
        buckets.setdefault(x >> shift, []).append((x, y))
    return [point for bucket in buckets.values() for point in plain_bucket(bucket)]


@settings(max_examples=300)
@given(POINTS, LIMITS, st.data())
def test_a_growing_series_is_drawn_as_the_whole_one_would_be(points, limit, data):
    """However the points were parcelled and whatever came late, as it is when a resumed run or a slow worker logs."""
    reducer = Reducer(limit)
    shown = []
    rest = points
    while rest:
        size = data.draw(st.sampled_from([1, 1, 2, 5, 50]))
        parcel, rest = rest[:size], rest[size:]
        reducer.append(*columns(parcel))
        if data.draw(st.booleans()) and (splice := reducer.splice()):
            shown = shown[: splice.start] + pairs(splice.curve)
            assert shown == pairs(reducer.curve())
    if splice := reducer.splice():
        shown = shown[: splice.start] + pairs(splice.curve)

    assert pairs(reducer.curve()) == plain(points, limit)
    assert shown == plain(points, limit)
    assert len(shown) <= limit


@given(POINTS)
def test_what_is_known_of_all_points(points):
    reducer = Reducer(8)
    for point in points:
        reducer.append(*columns([point]))
    numbers = [y for _, y in points if not math.isnan(y)]
    last = max(enumerate(points), key=lambda p: (p[1][0], p[0]))[1][1]

    assert reducer.total == len(points)
    assert reducer.steps == (min(x for x, _ in points), max(x for x, _ in points))
    assert reducer.nonfinite == sum(not math.isfinite(y) for _, y in points)
    assert np.array_equal(reducer.last, last, equal_nan=True)
    assert np.array_equal(reducer.lowest, min(numbers, default=math.nan), equal_nan=True)
    assert np.array_equal(reducer.highest, max(numbers, default=math.nan), equal_nan=True)


@given(POINTS, LIMITS)
def test_m4_keeps_extremes_and_ends(points, limit):
    curve = m4(*columns(points), limit)
    finite = [p for p in sorted(points, key=lambda p: p[0]) if math.isfinite(p[1])]

    assert len(curve.x) <= limit
    assert all(a <= b for a, b in pairwise(curve.x.tolist()))
    assert set(pairs(curve)) <= {(float(x), y if math.isfinite(y) else "gap") for x, y in points}
    drawn = [p for p in pairs(curve) if p[1] != "gap"]
    if finite:
        assert drawn[0] == (float(finite[0][0]), finite[0][1])
        assert drawn[-1] == (float(finite[-1][0]), finite[-1][1])
        assert min(y for _, y in drawn) == min(y for _, y in finite)
        assert max(y for _, y in drawn) == max(y for _, y in finite)


def test_one_spike_in_a_million_is_drawn():
    x = np.arange(1_000_000)
    y = np.zeros(1_000_000)
    y[777_777] = 5.0
    reducer = Reducer()
    for part in range(0, len(x), 100_000):
        reducer.append(x[part : part + 100_000], y[part : part + 100_000])

    for curve in (reducer.curve(), m4(x, y)):
        assert len(curve.x) <= 2_000
        assert (777_777.0, 5.0) in pairs(curve)


def test_a_stretch_without_numbers_stays_a_gap():
    """A loss that diverges to NaN must not look as if training had stopped there, nor as a line across."""
    x = np.arange(30_000)
    y = np.where((x > 10_000) & (x < 20_000), np.nan, 1.0)
    reducer = Reducer(400)
    reducer.append(x, y)

    for curve in (reducer.curve(), m4(x, y, 400)):
        gaps = curve.x[np.isnan(curve.y)]
        assert len(gaps) > 15
        assert gaps.min() > 10_000
        assert gaps.max() < 20_000


def test_a_push_costs_what_is_new():
    """A run of a million points resends a bucket or two per push, not its whole curve."""
    reducer = Reducer()
    reducer.append(np.arange(100_000), np.random.default_rng(0).random(100_000))
    reducer.splice()
    reducer.append(np.arange(100_000, 100_010), np.ones(10))
    splice = reducer.splice()

    assert isinstance(splice, Splice)
    assert splice.start > 900
    assert len(splice.curve.x) <= 8
    assert reducer.splice() is None


def test_a_few_points_far_away_do_not_blur_the_rest():
    """Steps 0..999 and one at a billion: the thousand are not squeezed into one bucket."""
    reducer = Reducer(400)
    reducer.append(np.append(np.arange(1_000), 10**9), np.random.default_rng(0).random(1_001))

    assert np.count_nonzero(reducer.curve().x < 1_000) > 150


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_m4_of_one_point_and_of_none(dtype):
    assert pairs(m4(np.array([3], dtype), np.array([1.5]))) == [(3.0, 1.5)]
    assert pairs(m4(np.array([], dtype), np.array([]))) == []
