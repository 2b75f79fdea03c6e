"""Figures of every plotting library: bytes of the right kind, nothing from a network, the figure untouched."""

from __future__ import annotations

import json
import re
import sys

import matplotlib as mpl
import pytest

mpl.use("agg")

import altair as alt
import bokeh.plotting
import matplotlib.pyplot as plt
import numpy as np
import plotly.graph_objects as go

import inlay
from inlay.content.figure import kept_figure
from inlay.content.html import kept_html
from inlay.errors import InlayError

PNG, SVG = b"\x89PNG", b"<?xml"
FETCHED = re.compile(r"""<(?:script|link|img)[^>]*(?:src|href)=["']?(?:https?:)?//[^"'>]+""")
"""What a page would fetch when it is opened."""


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_matplotlib_and_all_that_belongs_to_a_figure():
    figure, axes = plt.subplots(1, 2, figsize=(1, 1), dpi=50)
    bars = axes[0].bar([1, 2], [3, 4])
    lines = axes[1].plot([1, 2])
    before = plt.get_fignums(), figure.get_size_inches().tolist(), figure.dpi
    whole = kept_figure(figure, "plots/a", {})
    assert (whole.path, whole.data[:4]) == ("plots/a.png", PNG)
    for part in (axes[0], axes, bars, lines, lines[0], axes[0].get_xaxis(), plt):
        assert kept_figure(part, "a", {}).data == whole.data
    assert kept_figure(figure.subfigures(), "a", {}).data[:4] == PNG
    assert kept_figure(figure, "a.svg", {}).data[:5] == SVG
    assert kept_figure(figure, "a.pdf", {}).data[:4] == b"%PDF"
    assert (plt.get_fignums(), figure.get_size_inches().tolist(), figure.dpi) == before


def test_the_step_stands_where_it_does_for_images(store):
    with inlay.start_run() as run:
        run.log_figure(plt.figure(), "attention", 3)
    assert [(one.path, one.step) for one in run.artifacts] == [("attention/00000003.png", 3)]


def test_a_misspelt_name_is_no_option_of_the_library(store):
    with inlay.start_run() as run:
        with pytest.raises(TypeError, match="no option 'stpe'; did you mean 'step'"):
            run.log_figure(plt.figure(), "attention", stpe=3)
        with pytest.raises(TypeError, match="no option 'captoin'; did you mean 'caption'"):
            run.log_image(np.zeros((2, 2)), "picture", captoin="x")
        run.log_image(np.zeros((2, 2)), "picture.jpg", quality=80, optimize=True)
    assert [one.path for one in run.artifacts] == ["picture.jpg"]


def test_options_go_to_savefig():
    figure = plt.figure(figsize=(1, 1))
    small, large = (len(kept_figure(figure, "a.png", {"dpi": dpi}).data) for dpi in (20, 200))
    assert small < large
    with pytest.raises(ValueError, match="nonsense"):
        kept_figure(figure, "a.nonsense", {})


def test_an_object_with_savefig_alone():
    class Grid:  # as seaborn's FacetGrid
        def savefig(self, file, **options):
            file.write(b"saved as " + options["format"].encode())

    assert kept_figure(Grid(), "a", {}).data == b"saved as png"


def plotly():
    return go.Figure(go.Scatter(y=[1, 2, 3]), layout={"title": "A</script>"})


def altair():
    rows = [{"x": 1, "y": 2}]
    return alt.Chart(alt.InlineData(values=rows)).mark_point().encode(x="x:Q", y="y:Q")


def bokeh_figure():
    figure = bokeh.plotting.figure()
    figure.line([1, 2], [3, 4])
    return figure


@pytest.mark.parametrize("make", [plotly, altair, bokeh_figure])
def test_a_page_fetches_nothing_and_holds_the_library(make):
    figure = make()
    kept = kept_figure(figure, "a", {})
    page = kept.data.decode()
    assert kept.path == "a.html"
    assert FETCHED.findall(page) == []
    assert len(page) > 500_000
    json.loads(kept_figure(figure, "a.json", {}).data)


def test_a_page_of_a_figure_is_the_same_as_the_figure(monkeypatch):
    """Their own `to_html` loads from a CDN."""
    asked = []
    monkeypatch.setattr("inlay.content.figure.kept_figure", None)
    monkeypatch.setattr("altair.Chart.save", lambda self, file, **options: asked.append(options))
    assert FETCHED.findall(kept_html(plotly(), "b").data.decode()) == []
    kept_html(altair(), "b")
    assert asked == [{"format": "html", "inline": True}]


def test_altair_as_a_picture():
    assert kept_figure(altair(), "a.png", {}).data[:4] == PNG
    assert kept_figure(altair(), "a.svg", {}).data[:4] == b"<svg"


def test_options_go_to_the_library():
    assert b'<div id="mine"' in kept_figure(plotly(), "a.html", {"div_id": "mine", "include_plotlyjs": False}).data


@pytest.mark.parametrize(
    ("make", "path", "says"),
    [
        (plotly, "a.txt", r"plotly is kept as \.html, \.json.*'a\.txt'"),
        (altair, "a.jpg", r"altair is kept as"),
        (bokeh_figure, "a.pdf", r"bokeh is kept as"),
    ],
)
def test_a_suffix_that_there_is_no_file_for(make, path, says):
    with pytest.raises(ValueError, match=says):
        kept_figure(make(), path, {})


def test_what_is_missing_is_named(monkeypatch):
    def refused(*_, **__):
        raise ValueError("Image export using the kaleido engine requires the kaleido package")

    monkeypatch.setattr(go.Figure, "to_image", refused)
    with pytest.raises(InlayError, match=r"pip install kaleido.*or log it as \.html"):
        kept_figure(plotly(), "a.png", {})
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for path in ("a.html", "a.png"):
        with pytest.raises(InlayError, match=r"pip install 'inlay\[charts\]'"):
            kept_figure(altair(), path, {})
    monkeypatch.setitem(sys.modules, "bokeh.io", None)
    with pytest.raises(InlayError, match="selenium"):
        kept_figure(bokeh_figure(), "a.png", {})


def test_anything_that_can_be_saved():
    class Page:
        def to_html(self):
            return "<p>page</p>"

    class File:
        def save(self, path):
            with open(path, "w") as file:  # noqa: PTH123
                file.write(f"saved as {path[-4:]}")

    class Nothing:
        def save(self, path):
            pass

    assert (kept_figure(Page(), "a", {}).path, kept_figure(Page(), "a", {}).data) == ("a.html", b"<p>page</p>")
    assert kept_figure(File(), "a.svg", {}).data == b"saved as .svg"
    with pytest.raises(ValueError, match=r"\.html"):
        kept_figure(Page(), "a.png", {})
    with pytest.raises(TypeError, match="wrote no file"):
        kept_figure(Nothing(), "a.png", {})


@pytest.mark.parametrize("figure", [None, "a.png", 3, object(), np.zeros((2, 2)), {}, [], [1], plt.Figure])
def test_what_is_no_figure(figure):
    with pytest.raises(TypeError, match="log_figure takes a figure of matplotlib"):
        kept_figure(figure, "a", {})


# -- pages --------------------------------------------------------------------------------------------------


class Shown:
    def _repr_html_(self):
        return "<b>shown</b>"


class Silent:
    def _repr_html_(self):
        return None


def test_pages():
    assert kept_html("<p>é\ud800", "a").data == "<p>é?".encode()
    assert (kept_html("", "a.htm").path, kept_html("", "a").mime) == ("a.htm", "text/html")
    assert kept_html(Shown(), "a").data == b"<b>shown</b>"
    import pandas as pd

    assert b"<table" in kept_html(pd.DataFrame({"a": [1]}), "a").data
    for bad in (3, None, b"<p>", Silent(), object(), Shown):
        with pytest.raises(TypeError, match="log_html takes a text"):
            kept_html(bad, "a")
    with pytest.raises(ValueError, match=r"\.html; got the path 'a\.txt'"):
        kept_html("", "a.txt")
