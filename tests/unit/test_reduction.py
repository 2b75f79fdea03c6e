"""What a chart may lose and what it may not: the reducers against the definition of M4 with mean and mark, written out
plainly.
"""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.query.reduction import Outline, Reducer, Splice, m4

# Few different steps and values, so that all kinds of ties come up; or any.
STEPS = st.sampled_from([st.integers(-20, 20), st.integers(0, 300), st.integers(-(2**62), 2**62)])
VALUES = st.sampled_from(
    [
        st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf]),
        st.floats(allow_nan=True, allow_infinity=True, width=32),
        st.sampled_from([1e300, -1e300, 1e-300, 1.7e308, -1.7e308, math.inf]),
    ]
)
# Left to itself hypothesis draws short lists, which are never cut.
POINTS = st.tuples(STEPS, VALUES, st.sampled_from([1, 10, 40])).flatmap(
    lambda kind: st.lists(st.tuples(kind[0], kind[1]), min_size=kind[2], max_size=80)
)
LIMITS = st.sampled_from([10, 15, 40])


def columns(points):
    """Steps, times and values; the time of a point is told by its step and value alone."""
    x, y = np.array([x for x, _ in points], np.int64), np.array([y for _, y in points], np.float64)
    return x, np.array([time_of(*point) for point in points]), y


def time_of(x, y):
    return x * 2.0 + (hash(y) % 97 if math.isfinite(y) else 0.5)


def same(value):
    """Something that is equal to itself also where it is NaN."""
    return "nan" if math.isnan(value) else value


def pairs(outline: Outline):
    return [(x, "gap" if math.isnan(y) else y) for x, y in zip(outline.x.tolist(), outline.y.tolist(), strict=True)]


def points_of(curve):
    """Points as they can be compared, without the means, which rounding may change."""
    assert all(t == time_of(x, y) for x, t, y in zip(curve.x.tolist(), curve.t.tolist(), curve.y.tolist(), strict=True))
    return [(x, same(y)) for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]


def means_of(curve):
    return list(map(same, curve.mean.tolist()))


def in_order(points):
    return sorted(points, key=lambda p: p[0])


def plain_four(finite):
    """The definition: of points in order, the first, the smallest, the largest and the last."""
    if not finite:
        return []
    kept = in_order([finite[0], min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1]), finite[-1]])
    return [point for i, point in enumerate(kept) if i == 0 or kept[i - 1] != point]


def mean_of(values):
    """Exact, however large they are."""
    return float(sum(map(Fraction, values), Fraction(0)) / len(values)) if values else math.nan


def plain(points, limit):
    """What is to be sent, as (step, value), and the mean that goes with each."""
    points = in_order(points)
    if len(points) <= limit:
        return [(float(x), same(y)) for x, y in points], [same(y if math.isfinite(y) else math.nan) for _, y in points]
    sent, means = [], []
    for bucket in plain_buckets(points, limit):
        finite = [p for p in bucket if math.isfinite(p[1])]
        marks = [(x, same(y)) for x, y in bucket if not math.isfinite(y)][:1]
        four = plain_four(finite)
        mean = mean_of([y for _, y in finite])
        # At equal steps the mark comes last.
        both = sorted([(p, same(mean)) for p in four] + [(p, "nan") for p in marks], key=lambda one: one[0][0])
        sent += [(float(x), y) for (x, y), _ in both]
        means += [one for _, one in both]
    return sent, means


def plain_outline(points, limit):
    points = in_order(points)
    if len(points) <= limit:
        return [(float(x), y if math.isfinite(y) else "gap") for x, y in points]
    found = []
    for bucket in plain_buckets(points, limit):
        finite = [p for p in bucket if math.isfinite(p[1])]
        found += [(float(x), y) for x, y in plain_four(finite) or [(bucket[0][0], "gap")]]
    return found


def plain_buckets(points, limit):
    shift = 0
    while len({x >> shift for x, _ in points}) > limit // 5:
        shift += 1
    buckets = {}
    for x, y in points:
        buckets.setdefault(x >> shift, []).append((x, y))
    return buckets.values()


def close(means, expected, points):
    scale = max((abs(y) for _, y in points if math.isfinite(y)), default=0.0)
    assert [m == "nan" for m in means] == [m == "nan" for m in expected]
    assert all(abs(a - b) <= 1e-9 * scale for a, b in zip(means, expected, strict=True) if a != "nan")


@settings(max_examples=300, deadline=None)
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
            shown = spliced(shown, splice)
            assert shown == [*zip(points_of(reducer.curve()), means_of(reducer.curve()), strict=True)]
    if splice := reducer.splice():
        shown = spliced(shown, splice)

    sent, means = plain(points, limit)
    assert points_of(reducer.curve()) == sent
    close(means_of(reducer.curve()), means, points)
    assert shown == [*zip(sent, means_of(reducer.curve()), strict=True)]
    assert len(shown) <= limit
    assert pairs(reducer.outline()) == plain_outline(points, limit)


def spliced(shown, splice):
    return [*shown[: splice.start], *zip(points_of(splice.curve), means_of(splice.curve), strict=True)]


@settings(deadline=None)
@given(POINTS)
def test_what_is_known_of_all_points(points):
    reducer = Reducer(10)
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


@settings(deadline=None)
@given(POINTS, LIMITS)
def test_m4_keeps_extremes_and_ends(points, limit):
    x, _, y = columns(points)
    curve = m4(x, y, limit)
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
        reducer.append(x[part : part + 100_000], x[part : part + 100_000] / 10, y[part : part + 100_000])

    for curve in (reducer.curve(), reducer.outline(), m4(x, y)):
        assert len(curve.x) <= 2_000
        assert (777_777.0, 5.0) in pairs(curve)


def test_a_stretch_without_numbers_stays_a_gap():
    """A loss that diverges to NaN must not look as if training had stopped there, nor as a line across."""
    x = np.arange(30_000)
    y = np.where((x > 10_000) & (x < 20_000), np.nan, 1.0)
    reducer = Reducer(400)
    reducer.append(x, x / 10, y)

    for curve in (reducer.curve(), reducer.outline(), m4(x, y, 400)):
        gaps = curve.x[np.isnan(curve.y)]
        assert len(gaps) > 15
        assert gaps.min() > 10_000
        assert gaps.max() < 20_000


def test_a_push_costs_what_is_new():
    """A run of a million points resends a bucket or two per push, not its whole curve."""
    reducer = Reducer()
    reducer.append(np.arange(100_000), np.zeros(100_000), np.random.default_rng(0).random(100_000))
    reducer.splice()
    reducer.append(np.arange(100_000, 100_010), np.zeros(10), np.ones(10))
    splice = reducer.splice()

    assert isinstance(splice, Splice)
    assert splice.start > 700
    assert len(splice.curve.x) <= 10
    assert reducer.splice() is None


def test_a_few_points_far_away_do_not_blur_the_rest():
    """Steps 0..999 and one at a billion: the thousand are not squeezed into one bucket."""
    reducer = Reducer(400)
    reducer.append(np.append(np.arange(1_000), 10**9), np.zeros(1_001), np.random.default_rng(0).random(1_001))

    assert np.count_nonzero(reducer.curve().x < 1_000) > 120


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_m4_of_one_point_and_of_none(dtype):
    assert pairs(m4(np.array([3], dtype), np.array([1.5]))) == [(3.0, 1.5)]
    assert pairs(m4(np.array([], dtype), np.array([]))) == []


def test_a_mark_keeps_its_kind_and_its_place():
    """One infinity in a stretch of a thousand finite steps is to be seen, as what it was."""
    y = np.ones(100_000)
    y[[50_000, 50_001, 70_000]] = -math.inf, math.nan, math.nan
    reducer = Reducer(400)
    reducer.append(np.arange(100_000), np.arange(100_000) * 2.0 + 1, y)
    curve = reducer.curve()

    assert [(x, same(v)) for x, v in zip(curve.x, curve.y, strict=True) if not math.isfinite(v)] == [
        (50_000.0, -math.inf),
        (70_000.0, "nan"),
    ]
    assert curve.t.tolist() == (curve.x * 2 + 1).tolist()
    assert np.array_equal(np.isnan(curve.mean), ~np.isfinite(curve.y))
    assert not np.isnan(reducer.outline().y).any()


def test_means_of_what_does_not_fit_into_a_sum():
    """1e300 and 1e-300 together, and sums past the largest number."""
    for low, high in ((1e300, 1e-300), (1.7e308, 1.7e308), (-1.7e308, 1.7e308)):
        reducer = Reducer(10)
        for part in range(10):
            x = np.arange(part * 100, part * 100 + 100)
            reducer.append(x, np.zeros(100), np.where(x % 2, low, high))
        mean = reducer.curve().mean

        assert len(mean) <= 10
        assert np.all(np.abs(mean - (low / 2 + high / 2)) <= 1e-12 * max(abs(low), abs(high)))
