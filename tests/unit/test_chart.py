"""`run.chart` and `inlay.chart`: what is drawn, how much of it, and what reaches a page that has no network."""

import csv
import json
import math
import xml.etree.ElementTree as ET

import altair as alt
import numpy as np
import pytest

import inlay
from inlay.errors import InlayError, RunNotFoundError
from inlay.views import altair_renderer
from inlay.views.altair_chart import smoothed

VEGALITE = "application/vnd.vegalite.v5+json"


@pytest.fixture
def record(store):
    """Record a run with these metrics."""

    def record(name="baseline", **metrics):
        with inlay.start_run(name) as run:
            for key, values in metrics.items():
                run.log_metrics_array(key.replace("__", "/"), np.asarray(values, np.float64))
        return run

    return record


@pytest.fixture
def renderers():
    """Altair's renderers as a fresh process has them."""
    state = alt.renderers._get_state()
    others = altair_renderer._others
    altair_renderer._others = None
    alt.renderers.enable("default")
    yield alt.renderers
    alt.renderers._set_state(state)
    altair_renderer._others = others


def rows_of(chart):
    (rows,) = chart.to_dict()["datasets"].values()
    return rows


def bundle_of(chart):
    bundle = chart._repr_mimebundle_()
    return bundle[0] if isinstance(bundle, tuple) else bundle


def test_an_ordinary_chart(record):
    chart = record(loss=[3, 2.5, 1]).chart("loss")

    assert isinstance(chart, alt.Chart)
    assert rows_of(chart) == [
        {"run": "baseline", "metric": "loss", "step": step, "value": value} for step, value in enumerate([3, 2.5, 1])
    ]
    spec = chart.to_dict()
    assert spec["encoding"]["x"]["title"] == "step"
    assert spec["encoding"]["y"]["title"] == "loss"
    assert spec["title"] == "baseline"
    assert {tip["field"] for tip in spec["encoding"]["tooltip"]} == {"run", "metric", "step", "value"}


def test_points_are_dots_where_they_are_few(record):
    """Of a long line they are there for the mouse alone; once they came out as a fat band when it was smoothed."""
    few, many = record(loss=range(40)), record(loss=range(41))
    assert few.chart("loss").to_dict()["mark"]["point"] == {"size": 20}
    for options in ({}, {"smoothing": 0.5}):
        point = many.chart("loss", **options).to_dict()["mark"]["point"]
        assert (point["filled"], point["strokeOpacity"]) == (False, 0)


def test_it_can_be_restyled_and_combined(record):
    run = record(loss=[3, 2, 1], acc=[0, 1, 2])
    chart = run.chart("loss")
    restyled = chart.properties(width=700, title="mine").mark_line(color="red").encode(y=alt.Y("value:Q", title="y"))

    assert isinstance(restyled, alt.Chart)
    assert restyled.to_dict()["width"] == 700
    for whole, kind in (
        (chart | run.chart("acc"), "hconcat"),
        (chart & chart, "vconcat"),
        (chart + chart.mark_point(), "layer"),
    ):
        assert len(whole.to_dict()[kind]) == 2


def test_nan_and_infinities_are_gaps(record):
    rows = rows_of(record(loss=[1, math.nan, 2, math.inf, -math.inf, 3]).chart("loss"))

    assert [row["value"] for row in rows] == [1, None, 2, None, None, 3]
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize("values", [[math.nan] * 3, [7], [1e300, 1e-300, -1e300], [0, 0, 0], [5e-324, 1e308]])
@pytest.mark.parametrize("options", [{}, {"smoothing": 0.9, "log": True}, {"x": "time"}])
def test_any_numbers_can_be_drawn(record, renderers, values, options):
    chart = record(loss=values).chart("loss", **options)

    svg = bundle_of(chart)["image/svg+xml"]
    ET.fromstring(svg)
    json.dumps(chart.to_dict(), allow_nan=False)


def test_a_long_series_is_reduced_and_keeps_its_spike(record):
    values = np.zeros(100_000)
    values[77_777] = 9
    chart = record(loss=values).chart("loss")

    rows = rows_of(chart)
    assert len(rows) <= 500
    assert (rows[0]["step"], rows[-1]["step"]) == (0, 99_999)
    assert {"run": "baseline", "metric": "loss", "step": 77_777, "value": 9} in rows


def test_altairs_limit_is_never_reached(record):
    for number in range(12):
        record(f"run {number}", loss=np.random.default_rng(0).random(3_000), acc=np.arange(3_000))
    chart = inlay.chart(["loss", "acc"], smoothing=0.5)

    assert len({row["run"] for row in rows_of(chart)}) == 10
    assert len(rows_of(chart)) <= 5_000


def test_more_lines_than_can_be_told_apart(record):
    runs = [record(**{f"m{at}": [1, 2] for at in range(100)}) for _ in range(6)]
    with pytest.raises(ValueError, match="600 lines are more than a chart can show"):
        inlay.chart([f"m{at}" for at in range(100)], runs)


def test_several_metrics_have_colours_as_in_the_card(record):
    chart = record(train__loss=[1], val__loss=[2]).chart("train/loss", "val/loss")

    colour = chart.to_dict()["encoding"]["color"]
    assert colour["field"] == "metric"
    assert colour["scale"]["domain"] == ["train/loss", "val/loss"]
    assert colour["scale"]["range"] == ["#2f66d8", "#d9650b"]


def test_several_runs(record):
    first, second = record("same", loss=[1]), record("same", loss=[2])
    third = record("other", loss=[3], acc=[4])

    names = [f"same {second.short_id}", f"same {first.short_id}", "other"]
    chart = inlay.chart("loss", [second, first.run_id, "other", third])
    assert chart.to_dict()["encoding"]["color"]["scale"]["domain"] == names
    assert [row["value"] for row in rows_of(chart)] == [2, 1, 3]
    assert [row["run"] for row in rows_of(inlay.chart("loss"))] == ["other", names[0], names[1]]
    assert len(rows_of(inlay.chart("loss", inlay.runs()[:2]))) == 2
    assert inlay.runs()[:2].chart("loss").to_dict() == inlay.chart("loss", inlay.runs()[:2]).to_dict()
    assert [row["run"] for row in rows_of(inlay.chart("acc", [first, third]))] == ["other"]
    assert rows_of(inlay.chart("loss", "other"))[0]["value"] == 3


def test_a_run_that_is_still_written(store):
    with inlay.start_run() as run:
        run.log_metric("loss", 1.5)
        assert [row["value"] for row in rows_of(run.chart("loss"))] == [1.5]


@pytest.mark.parametrize(
    ("seconds", "title", "last"),
    [(30, "seconds", 30), (600, "minutes", 10), (7200 * 2, "hours", 4), (86_400 * 4, "days", 4)],
)
def test_relative_time_has_a_unit_that_fits(store, seconds, title, last):
    with inlay.start_run() as run:
        start = run.started_at.timestamp()
        run.log_metrics_array("loss", [1, 2], times=[start, start + seconds])
    chart = run.chart("loss", x="relative")

    assert chart.to_dict()["encoding"]["x"]["title"] == f"{title} since the start"
    assert [row["relative"] for row in rows_of(chart)] == pytest.approx([0, last], abs=1e-3)


def test_by_time_points_are_in_order_of_time(store):
    with inlay.start_run() as run:
        start = round(run.started_at.timestamp())
        run.log_metrics_array("loss", [1, 2, 3], steps=[0, 1, 2], times=[start, start + 20, start + 10])
    chart = run.chart("loss", x="time")

    assert [(row["time"], row["value"]) for row in rows_of(chart)] == [
        (start * 1000, 1), (start * 1000 + 10_000, 3), (start * 1000 + 20_000, 2),
    ]  # fmt: skip
    assert chart.to_dict()["encoding"]["x"]["type"] == "temporal"


def test_a_logarithm_leaves_out_what_has_none(record):
    chart = record(loss=[1, 0, -1, 10]).chart("loss", log=True)

    assert [row["value"] for row in rows_of(chart)] == [1, None, None, 10]
    assert chart.to_dict()["encoding"]["y"]["scale"]["type"] == "log"


def test_smoothing_keeps_the_values_faint(record):
    chart = record(loss=[0, 10, 0, 10]).chart("loss", smoothing=0.5)
    rows = rows_of(chart)

    assert [row["value"] for row in rows if row["kind"] == "raw"] == [0, 10, 0, 10]
    # As TensorBoard's, debiased: (0.5 * 0 + 0.5 * 10) / (1 - 0.5 ** 2), and so on.
    assert [row["value"] for row in rows if row["kind"] == "smoothed"] == pytest.approx(
        [0, 6.666667, 2.857143, 6.666667], rel=1e-5
    )
    assert chart.to_dict()["encoding"]["opacity"]["scale"] == {"domain": ["raw", "smoothed"], "range": [0.25, 1]}


def test_smoothing_goes_by_the_distance():
    """Twice as far apart, the past fades twice as fast."""
    averages = smoothed(np.array([0.0, 1, 4]), np.array([0.0, 1, 1]), 0.25)
    # A mean distance of 2: half of it leaves 0.5 of the past, one and a half of it 0.125.
    assert averages == pytest.approx([0, 1 / 1.5, (0.125 * 1 + 1) / (0.125 * 1.5 + 1)])
    assert np.isnan(smoothed(np.array([0.0, 1, 2]), np.array([0.0, np.nan, 1]), 0.5)[1])
    assert np.isfinite(smoothed(np.arange(9.0), np.full(9, 1e308), 0.99)).all()


def test_a_long_series_is_smoothed_by_its_means(record):
    values = np.where(np.arange(50_000) % 2, 1.0, 3.0)
    rows = rows_of(record(loss=values).chart("loss", smoothing=0.9))

    smooth = [row["value"] for row in rows if row["kind"] == "smoothed"]
    assert smooth == pytest.approx([2] * len(smooth), rel=0.01)
    assert len(smooth) <= 500


# -- what makes no sense ------------------------------------------------------------------------------------


def test_an_unknown_metric_names_those_nearby(record):
    run = record(train__loss=[1], acc=[1])

    with pytest.raises(KeyError, match=r"no metric 'train/los'; there is 'train/loss'.* in run"):
        run.chart("train/los")
    with pytest.raises(KeyError, match=r"no metric 'ac'; there is 'acc' in .*\.inlay"):
        inlay.chart("ac")
    with pytest.raises(KeyError, match="there is 'acc', 'train/loss'"):
        run.chart("zzz")
    with pytest.raises(KeyError, match="in any of the 2 runs"):
        inlay.chart("zzz", [run, record(acc=[1])])
    with pytest.raises(KeyError, match="nothing was logged"):
        record().chart("loss")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("loss", "no such run"), {}, RunNotFoundError, "no run with id or name"),
        (("loss", []), {}, ValueError, "no runs to draw"),
        (("loss", 3), {}, TypeError, "runs are runs, or ids or names of runs; got 3"),
        (("loss", [3]), {}, TypeError, r"got \[3\]"),
        ((3,), {}, TypeError, "the name of a metric, or a list of names; got 3"),
        (([],), {}, TypeError, r"got \[\]"),
        ((["loss", 3],), {}, TypeError, "a metric key is a string; got 3"),
        (("loss",), {"x": "steps"}, ValueError, "'step', 'time' or 'relative'; got 'steps'"),
        (("loss",), {"smoothing": 1}, ValueError, "from 0 to below 1; got 1"),
        (("loss",), {"smoothing": math.nan}, ValueError, "got nan"),
        (("loss",), {"smoothing": "0.5"}, TypeError, "got '0.5'"),
        (("loss",), {"smoothing": True}, TypeError, "got True"),
        (("loss",), {"log": "y"}, TypeError, "log is True or False; got 'y'"),
        (("loss",), {"smooth": 1}, TypeError, "smooth"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(record, arguments, options, error, words):
    record(loss=[1])
    with pytest.raises(error, match=words):
        inlay.chart(*arguments, **options)


HOSTILE = ["<script>alert(1)</script>", "x" * 250, 'a,"b"\nc', "datum['x']", "café 🚀", "[{}]", "</svg>"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("by_hand", [True, False])
def test_names_are_data(store, renderers, monkeypatch, name, by_hand):
    if by_hand:
        monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with inlay.start_run(name) as run:
        run.log({name: 1.0, "other": 2.0}, step=0)
    bundle = bundle_of(run.chart(name, "other"))

    json.dumps(bundle).encode()
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(bundle["image/svg+xml"]).iter()}
    assert "script" not in tags


# -- on a page ----------------------------------------------------------------------------------------------


def test_a_chart_brings_what_any_front_end_draws_offline(record, renderers):
    bundle = bundle_of(record(loss=[1, 2]).chart("loss"))

    assert set(bundle) == {VEGALITE, "image/svg+xml", "text/plain"}
    assert bundle[VEGALITE]["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json"
    assert "text/html" not in bundle, "JupyterLab and nbconvert would take it first"


def test_rows_are_saved_as_csv(record, renderers):
    """In a notebook's file every value of JSON has a line of its own: a chart of 500 points took 5,000 lines."""
    run = record('a,"b"', loss=[1, math.nan, 2])
    spec = bundle_of(run.chart("loss"))[VEGALITE]

    ((name, text),) = spec["datasets"].items()
    assert list(csv.DictReader(text.splitlines())) == [
        {"run": 'a,"b"', "metric": "loss", "step": str(step), "value": value}
        for step, value in enumerate(["1", "", "2"])
    ]
    assert spec["data"] == {"name": name, "format": {"type": "csv", "parse": {"step": "number", "value": "number"}}}
    assert len(json.dumps(bundle_of(record(loss=np.random.default_rng(0).random(9_000)).chart("loss")))) < 60_000


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_is_made_of_a_chart_draws_too(record, renderers, monkeypatch, by_hand):
    if by_hand:
        monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    run = record(loss=[1, 2, 3], acc=[4, 5, 6])
    loss, acc = run.chart("loss").properties(title="mine"), run.chart("acc")

    for chart in (loss, loss | acc, loss & acc, loss + acc, alt.hconcat(loss, loss.mark_point())):
        bundle = bundle_of(chart)
        assert VEGALITE in bundle
        drawing = ET.fromstring(bundle["image/svg+xml"])
        assert any(element.get("d") for element in drawing.iter())


def test_everybody_elses_charts_are_left_alone(record, renderers):
    record(loss=[1]).chart("loss")
    theirs = alt.Chart(alt.InlineData(values=[{"a": 1, "value": 2}])).mark_bar().encode(x="a:Q", y="value:Q")

    assert "text/html" in bundle_of(theirs)
    assert VEGALITE not in bundle_of(theirs)


def test_the_users_renderer_is_left_in_force(record, renderers):
    renderers.enable("json")
    chart = record(loss=[1]).chart("loss")
    assert renderers.active == "json"
    assert set(bundle_of(chart)) == {"application/json", "text/plain"}


def test_a_renderer_chosen_later_is_left_in_force(record, renderers):
    run = record(loss=[1])
    run.chart("loss")
    assert renderers.active == "inlay"
    renderers.enable("default")
    assert "text/html" in bundle_of(run.chart("loss"))


def test_options_of_the_renderer_are_kept(record, renderers):
    renderers.set_embed_options(actions=False)
    _, metadata = record(loss=[1]).chart("loss")._repr_mimebundle_()
    assert metadata[VEGALITE] == {"embed_options": {"actions": False}}


# -- as a file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "beginning"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_it_is_saved_without_a_network(record, tmp_path, suffix, beginning):
    file = tmp_path / f"loss.{suffix}"
    record(loss=np.random.default_rng(0).random(1_000)).chart("loss").save(file)
    assert file.read_bytes().startswith(beginning)
    assert suffix == "png" or file.stat().st_size < 100_000, "the points that only the mouse finds are not in it"


def test_without_the_extra_the_error_says_how_to_get_it(record, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(InlayError, match=r"pip install 'inlay\[charts\]'"):
        record(loss=[1]).chart("loss").properties(width=9).save(tmp_path / "loss.svg")


def test_another_format_is_refused_by_altair(record, tmp_path):
    with pytest.raises(ValueError, match="bmp"):
        record(loss=[1]).chart("loss").save(tmp_path / "loss.bmp")


def test_a_script_draws_without_a_notebook(script):
    done = script(
        """
        import sys
        import inlay
        with inlay.start_run("baseline") as run:
            run.log_metric("loss", 1.0)
        assert "altair" not in sys.modules
        chart = run.chart("loss")
        chart.save("loss.html")
        assert "IPython" not in sys.modules or "inlay.notebook" not in sys.modules
        print(type(chart).__mro__[1].__name__)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Chart"
