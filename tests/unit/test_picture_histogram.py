"""The saved picture draws the last step of the first histograms: as bars, small, and whatever they hold."""

from __future__ import annotations

import re
from base64 import b64decode
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import inlay
from inlay.query.histograms import Bins
from inlay.views.details import Details
from inlay.views.picture_histogram import BARS, BOTTOM, MOST, TOP, histogram_svg, histograms_html


def bars(svg):
    ET.fromstring(svg)
    (path,) = re.findall(r'<path d="([^"]*)" fill="#', svg)
    return [tuple(map(float, one)) for one in re.findall(r"M([\d.]+) \d+v-([\d.]+)h([\d.]+)v", path)]


def test_bars_are_as_high_as_their_counts():
    (low, half, full) = bars(histogram_svg("w", Bins(3, [0, 1, 2, 3, 4], [1, 0, 50, 100])))
    assert [low[1], half[1], full[1]] == [1.0, (BOTTOM - TOP) / 2, BOTTOM - TOP]
    assert low[0] < half[0] < full[0]


def test_wide_bins_are_compared_by_their_area():
    narrow, wide = bars(histogram_svg("w", Bins(0, [0, 1, 11], [10, 10])))
    assert narrow[1] == pytest.approx(10 * wide[1], rel=0.02)


def test_many_bins_share_bars():
    svg = histogram_svg("w", Bins(0, list(range(513)), [1.0] * 512))
    assert len(bars(svg)) == BARS
    assert len(svg) < 6_000


@pytest.mark.parametrize(
    "bins",
    [
        Bins(0, [0.0, 1.0], [0.0]),
        Bins(0, [1.0, 1.0], [3.0]),
        Bins(-(1 << 62), [-1.7e308, 1.7e308], [1e300]),
        Bins(0, [0.0, 5e-324, 1.0], [1.0, 1.0]),
    ],
)
def test_odd_histograms_are_drawn(bins):
    html = histograms_html([("<b>&\"'", bins)], 1)
    (data,) = re.findall(r"base64,([^\"]+)", html)
    assert "nan" not in b64decode(data).decode()
    ET.fromstring(b64decode(data))
    assert "<b>" not in html


def test_what_is_no_number_is_left_out():
    assert histograms_html([("w", Bins(0, [0.0, float("inf")], [1.0]))], 1) == ""
    assert histograms_html([("w", Bins(0, [0.0, 1.0], [float("nan")]))], 1) == ""


def test_those_left_out_are_counted():
    one = Bins(0, [0, 1], [1])
    html = histograms_html([(f"w{n}", one) for n in range(MOST)], 40)
    assert html.count("<img") == MOST
    assert f"and {40 - MOST} more histograms" in html


def test_a_live_run_and_a_stored_one_have_the_same(store):
    with inlay.start_run("r") as run:
        for step in (0, 5, 3):
            for key in ("b", "a"):
                run.log_histogram(key, np.arange(10.0) + step, step, bins=4)
        live = Details(run)
        live.refresh()
        shapes = live.shapes()
        ending = Details(run)
    ending.refresh()  # the first look is the last one
    assert ending.shapes() == shapes
    stored = Details(inlay.get_run("r"))
    stored.refresh()
    assert [(key, bins.step) for key, bins in shapes] == [("a", 5), ("b", 5)]
    assert stored.shapes() == shapes
