"""Noise in the saved picture: a band around a mean, not a saw."""

from __future__ import annotations

import numpy as np
import pytest

from inlay.tracking.points import Points
from inlay.views.curves import RunCurves
from inlay.views.picture_band import band_of

LIMIT = 150


def line_of(values):
    values = np.asarray(values, float)
    curves = RunCurves()
    curves.feed({"loss": Points(np.arange(len(values)), 1.7e9 + np.arange(len(values)), values)})
    ((line,),) = (chart.lines for chart in curves.charts())
    return line


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_noise_is_a_mean_between_the_lowest_and_the_highest(size):
    """A noisy curve of 200,000 points was a blue saw whose teeth meant nothing."""
    values = 5 + np.random.default_rng(0).exponential(size=size)
    band = band_of(line_of(values), LIMIT)
    assert band is not None
    assert 3 * len(band.x) <= LIMIT
    assert (band.x[0], band.x[-1]) == (0, size - 1)
    assert band.low.min() == values.min()
    assert band.high.max() == values.max()
    assert np.all((band.low <= band.mean) & (band.mean <= band.high))
    assert abs(band.mean.mean() - values.mean()) < 0.1


def test_a_spike_reaches_as_high_as_it_did():
    values = np.random.default_rng(0).normal(size=50_000)
    values[31_415] = 99.0
    band = band_of(line_of(values), LIMIT)
    assert band is not None
    assert band.high.max() == 99.0


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.exp(-np.arange(5_000) / 400), id="smooth"),
        pytest.param(np.random.default_rng(0).normal(size=LIMIT), id="few"),
        pytest.param(np.full(5_000, 0.1), id="flat"),
        pytest.param(np.where(np.arange(5_000) == 7, np.nan, np.random.default_rng(0).normal(size=5_000)), id="gap"),
    ],
)
def test_other_lines_are_drawn_as_lines(values):
    assert band_of(line_of(values), LIMIT) is None


def test_values_at_the_end_of_doubles_have_a_mean():
    values = np.random.default_rng(0).normal(size=3_000) * 4e307
    band = band_of(line_of(values), LIMIT)
    assert band is not None
    assert np.all(np.isfinite(band.mean))
    assert abs(band.mean.mean()) < 1e307
