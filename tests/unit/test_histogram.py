"""Histograms: counted from anything, taken as they are, numbered by key, read back."""

from __future__ import annotations

import numpy as np
import pytest

import inlay
from inlay.content.histogram import counted, given


@pytest.mark.parametrize(
    ("values", "bins", "edges", "counts"),
    [
        ([0, 1, 2, 3], 2, [0, 1.5, 3], [2, 2]),
        (np.zeros((2, 3)), 1, [-0.5, 0.5], [6]),
        ([1, np.nan, np.inf, -np.inf, 3], 2, [1, 2, 3], [1, 1]),
        ([np.nan], 2, [-0.5, 0, 0.5], [0, 0]),
        ([], 1, None, [0]),
        ([True, False, True], 2, [0, 0.5, 1], [1, 2]),
        (np.array([1, 2], np.uint8), [0, 1, 2, 9], [0, 1, 2, 9], [0, 1, 1]),
        ([5], [0, 1], [0, 1], [0]),
        (7, 1, [6.5, 7.5], [1]),
    ],
)  # fmt: skip
def test_counting(values, bins, edges, counts):
    found = counted(values, bins)
    assert found[1] == counts
    if edges is not None and len(counts) > 0 and sum(counts):
        assert found[0] == edges


@pytest.mark.parametrize(
    "values", [[1e308, -1e308], [1e300] * 3, [5e-324, 0.0], [1.0, np.nextafter(1, 2)], [2**62, 2**62 + 1], [1e20] * 2]
)
def test_ranges_that_numpy_cannot_divide(values):
    """`np.histogram` raises for some of these: a gradient that explodes must not end the training."""
    edges, counts = counted(values, 64)
    assert sum(counts) == len(values)
    assert np.isfinite(edges).all()
    assert len(edges) == 65


@pytest.mark.parametrize(
    ("values", "bins", "error", "says"),
    [
        (["a"], 4, TypeError, "array of numbers.*list"),
        (None, 4, TypeError, "NoneType"),
        ([1j], 4, TypeError, "complex"),
        ([1], 0, ValueError, "1 to 512 bins; got 0"),
        ([1], 513, ValueError, "got 513"),
        ([1], 2.5, TypeError, "got 2.5"),
        ([1], "auto", TypeError, "'auto'"),
        ([1], [1], ValueError, "2 to 513 edges"),
        ([1], [2, 1], ValueError, "rise"),
        ([1], [0, np.inf], ValueError, "finite"),
    ],
)
def test_what_cannot_be_counted(values, bins, error, says):
    with pytest.raises(error, match=says):
        counted(values, bins)


@pytest.mark.parametrize(
    ("counts", "edges", "says"),
    [
        ([1, 2], [0, 1], "one edge more than counts; got 2 edges"),
        ([[1]], [0, 1], r"shape \(1, 1\)"),
        ([-1], [0, 1], "not below 0"),
        ([np.nan], [0, 1], "finite"),
        ([1, 1], [0, 2, 1], "rise"),
    ],
)
def test_counts_that_make_no_sense(counts, edges, says):
    with pytest.raises(ValueError, match=says):
        given(counts, edges)


def test_logged_and_read_back(store):
    with inlay.start_run() as run:
        run.log_histogram("grad", [0, 1, 1], bins=2)
        run.log_histogram("grad", [5], step=10)
        run.log_histogram("grad", [5, 6])
        run.log_histogram("other", counts=[1, 2], edges=[0, 1, 3])
        counts, edges = np.histogram([1, 2, 3], 4)
        run.log_histogram("other", counts=counts, edges=edges)
        assert run.memory.histograms == {"grad": {0, 10, 11}, "other": {0, 1}}
    for found in (run, inlay.get_run(run.run_id)):
        assert found.histograms == ["grad", "other"]
        histogram = found.histogram("grad")
        assert histogram.steps.tolist() == [0, 10, 11]
        assert [len(one) for one in histogram.edges] == [3, 65, 65]
        assert histogram.counts[0].tolist() == [1.0, 2.0]
        assert found.histogram("other").counts[1].tolist() == counts.tolist()
        assert repr(histogram) == "Histogram 'grad': 3 steps, 0 to 11"
    with pytest.raises(KeyError, match=r"no histogram 'grab'.*'grad'"):
        run.histogram("grab")
    with inlay.start_run(resume=run.run_id) as again:
        again.log_histogram("grad", [1])
        again.log_histogram("new", [1])
    assert again.histogram("grad").steps.tolist() == [0, 10, 11, 12]


def test_bad_calls_log_nothing(store):
    with inlay.start_run() as run:
        for bad in (
            {},
            {"values": [1], "counts": [1], "edges": [0, 1]},
            {"counts": [1]},
            {"values": [1], "edges": [0, 1]},
        ):
            with pytest.raises(ValueError, match="values, or counts= and edges="):
                run.log_histogram("h", **bad)
        with pytest.raises(TypeError, match="a histogram key is a string"):
            run.log_histogram(3, [1])
        with pytest.raises(TypeError, match="whole number"):
            run.log_histogram("h", [1], step=1.5)
        with pytest.raises(TypeError, match="array of numbers"):
            run.log_histogram("h", ["x"])
    assert run.histograms == []


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    edges, counts = counted(torch.tensor([[1.0, 2.0]], requires_grad=True).to(torch.bfloat16), 2)
    assert (edges, counts) == ([1.0, 1.5, 2.0], [1.0, 1.0])
