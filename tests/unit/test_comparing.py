"""Which of several runs is best, what groups of them have on average, and the table of them as a file."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

import inlay
from inlay.errors import RunNotFoundError
from inlay.query.attributes import load
from inlay.query.frame import RunColumn
from inlay.query.fresh import fresh
from inlay.query.run_files import csv_lines
from inlay.tracking import charting, events

NAN, INF = math.nan, math.inf
# name, params, metrics (each a list of points)
RUNS = [
    ("a", {"lr": 0.1, "model": "m1"}, {"auc": [0.5, 0.9, 0.7], "val/loss": [0.4], "odd": [NAN]}),
    ("b", {"lr": 0.1, "model": "m2"}, {"auc": [0.8], "val/loss": [0.2, 0.9], "odd": [INF]}),
    ("c", {"lr": 0.01, "model": "m1"}, {"auc": [NAN], "val/loss": [INF]}),
    ("=d", {"model": "<b>"}, {"auc": [-INF], "latency": [3.0]}),
]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A store with the runs, the last one newest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_subscribers", [])
        store = inlay.connect(tmp_path_factory.mktemp("compared"))
        for name, params, metrics in RUNS:
            with inlay.start_run(name, params=params) as run:
                for key, values in metrics.items():
                    for value in values:
                        run.log_metric(key, value)
        yield store


@pytest.fixture(autouse=True)
def chosen(compared):
    inlay.connect(compared.folder)


@pytest.mark.parametrize(
    ("metric", "options", "winner"),
    [
        ("auc", {}, "b"),  # the highest last value; NaN and infinities never win
        ("auc", {"mode": "max"}, "b"),
        ("auc", {"mode": "min"}, "a"),
        ("auc", {"of": "max"}, "a"),
        ("metrics.auc", {}, "b"),
        ("val/loss", {}, "a"),  # lower is better, by its name
        ("val/loss", {"mode": "max"}, "b"),
        ("val/loss", {"of": "min"}, "b"),
        ("latency", {}, "=d"),
    ],
)
def test_best(metric, options, winner):
    assert inlay.runs().best(metric, **options).name == winner


@pytest.mark.parametrize(
    ("metric", "options", "error", "said"),
    [
        ("acu", {}, KeyError, "no run has a metric 'acu'; did you mean 'auc'"),
        ("zzzzzz", {}, KeyError, "there is 'auc', 'latency', 'odd', 'val/loss'"),
        ("odd", {}, ValueError, "no run has a finite value of the metric 'odd'"),
        ("auc", {"mode": "up"}, ValueError, "mode is 'max', 'min' or None; got 'up'"),
        ("auc", {"of": "mean"}, ValueError, "of is 'last', 'min' or 'max'; got 'mean'"),
        (3, {}, TypeError, "best takes the name of a metric; got 3"),
    ],
)
def test_no_best(metric, options, error, said):
    with pytest.raises(error, match=said):
        inlay.runs().best(metric, **options)


def test_no_best_of_no_runs():
    with pytest.raises(RunNotFoundError, match=r"did you mean metrics\.auc"):
        inlay.runs("metrics.acu > 0").best("auc")


# -- groups ---------------------------------------------------------------------------------------------------


def test_groups():
    groups = inlay.runs().group_by("params.lr")
    assert [(key, sorted(run.name for run in runs)) for key, runs in groups] == [
        (0.01, ["c"]), (0.1, ["a", "b"]), (None, ["=d"]),
    ]  # fmt: skip
    table = groups.to_df()
    assert table["params.lr"].tolist()[:2] == [0.01, 0.1]
    assert table["runs"].tolist() == [1, 2, 1]
    assert table["metrics.auc.mean"][1] == pytest.approx(0.75)
    assert table["metrics.auc.std"][1] == pytest.approx(0.0707, abs=1e-4)
    assert (table["metrics.auc.min"][1], table["metrics.auc.max"][1]) == (0.7, 0.8)
    assert table["metrics.auc.n"].tolist() == [0, 2, 0]  # NaN and infinities are not counted
    assert math.isnan(table["metrics.auc.mean"][0])
    assert [key for key, _ in inlay.runs().group_by("params.lr", "experiment")] == [
        (0.01, "default"), (0.1, "default"), (None, "default"),
    ]  # fmt: skip
    assert inlay.runs().group_by("params.lr", metrics="auc").metrics == ["auc"]


def test_groups_printed():
    groups = inlay.runs().group_by("params.model", metrics=["auc"])
    assert repr(groups).splitlines() == [
        "params.model  runs  metrics.auc",
        "<b>              1            –",
        "m1               2          0.7",
        "m2               1          0.8",
    ]
    html = groups._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert repr(inlay.runs("name = 'nobody'").group_by("status")) == "Groups: none"


@pytest.mark.parametrize(
    ("columns", "error", "said"),
    [
        ((), ValueError, "group_by takes columns"),
        ((3,), TypeError, "names of columns; got 3"),
        (("params.lrr",), KeyError, "did you mean 'params.lr'"),
        (("lr",), KeyError, "did you mean 'params.lr'"),
        (("xyz",), KeyError, "a param is written params.KEY"),
        (("code",), KeyError, "no run has a column 'code'"),  # it was asked "did you mean code?"
    ],
)
def test_no_groups(columns, error, said):
    with pytest.raises(error, match=said):
        inlay.runs().group_by(*columns)


# -- files ----------------------------------------------------------------------------------------------------


def test_export_to_csv(tmp_path):
    inlay.runs().export(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["'=d", "c", "b", "a"]  # no formula for a spreadsheet
    assert [row["metrics.auc"] for row in rows] == ["-inf", "NaN", "0.8", "0.7"]
    assert [row["metrics.odd"] for row in rows] == ["", "", "inf", "NaN"]
    assert rows[1]["params.lr"] == "0.01"
    assert rows[0]["started_at"].endswith("Z")
    assert list(rows[0]) == list(inlay.runs().to_df().columns)


def test_export_to_json(tmp_path):
    inlay.runs().export(str(tmp_path / "runs.json"))
    rows = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert [row["name"] for row in rows] == ["=d", "c", "b", "a"]
    assert [row["metrics.auc"] for row in rows] == ["-Infinity", "NaN", 0.8, 0.7]
    assert [row.get("metrics.odd", "missing") for row in rows] == ["missing", "missing", "Infinity", "NaN"]
    inlay.runs("name = 'nobody'").export(tmp_path / "none.json")
    assert json.loads((tmp_path / "none.json").read_text()) == []


def test_export_to_parquet(tmp_path):
    import duckdb

    path = tmp_path / "it's.parquet"
    path.write_text("what was there")
    inlay.runs().export(path)
    found = duckdb.from_parquet(str(path).replace("'", "?")).select(
        'name, "metrics.auc", "metrics.odd", "params.lr", "params.model"'
    )
    rows = found.fetchall()
    assert [row[0] for row in rows] == ["=d", "c", "b", "a"]
    assert [str(row[1]) for row in rows] == ["-inf", "nan", "0.8", "0.7"]
    assert [str(row[2]) for row in rows] == ["None", "None", "inf", "nan"]
    assert [row[3] for row in rows] == [None, 0.01, 0.1, 0.1]
    assert rows[0][4] == "<b>"
    inlay.runs("name = 'nobody'").export(tmp_path / "none.parquet")
    assert duckdb.from_parquet(str(tmp_path / "none.parquet")).fetchall() == []


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("runs.txt", ValueError, "end in .parquet, .csv, .json; got"),
        ("runs", ValueError, "end in"),
        ("nowhere/runs.csv", FileNotFoundError, "there is no folder"),
        (3, TypeError, "path of a file; got 3"),
    ],
)
def test_no_export(tmp_path, name, error, said):
    with pytest.raises(error, match=said):
        inlay.runs().export(tmp_path / name if isinstance(name, str) else name)
    assert list(tmp_path.glob("*.*")) == []


def test_an_export_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "runs.json"
    path.write_text("before")
    monkeypatch.setattr(json, "dump", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        inlay.runs().export(path)
    assert path.read_text() == "before"
    assert [
        one.name for one in tmp_path.iterdir() if one.suffix == ".json" or one.name.startswith(".inlay-export")
    ] == ["runs.json"]


def test_an_export_through_a_link_writes_the_file_it_leads_to(tmp_path):
    """The link was replaced by a file, and what it led to stayed old."""
    place = tmp_path / "real.csv"
    place.write_text("before")
    place.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(place)
    inlay.runs().export(link)
    assert link.is_symlink()
    assert place.read_text().startswith("run_id,")
    assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["=1", "-1", "\n=1", "＝1"])
def test_a_text_that_spreadsheets_would_run(text):
    column = RunColumn("params.a", "text", np.array([text], dtype=object), None)
    assert list(csv_lines([column])) == [["params.a"], [f"'{text}"]]


# -- the table that shows what differs ------------------------------------------------------------------------


def test_compare(monkeypatch):
    drawn = []
    monkeypatch.setitem(charting._drawers, "table", lambda runs, **options: drawn.append((runs, options)) or "table")
    runs = inlay.runs(order_by="name")
    a, b = inlay.get_run("a"), inlay.get_run("b")
    assert runs.compare() == inlay.compare(runs) == inlay.compare(b, "a") == inlay.compare([b, a], "a") == "table"
    names = [[run.name for run in shown] for shown, _ in drawn]
    assert names == [["=d", "a", "b", "c"]] * 2 + [["b", "a"]] * 2
    assert drawn[2][1] == {"differences": True, "state": {"baseline": b.run_id}}
    for wrong, error in (
        ((), ValueError),
        (("a",), ValueError),
        ((3, "a"), TypeError),
        (("a", "zzz"), RunNotFoundError),
    ):
        with pytest.raises(error):
            inlay.compare(*wrong)


# -- what others wrote ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["{broken", "[" * 5_000 + "]" * 5_000])
def test_a_param_that_is_no_json(compared, text):
    """One such row, in a store that somebody else made, and no run could be listed, compared or exported."""
    with fresh(compared) as con:
        con.execute("INSERT INTO params SELECT run_id, 'bad', ?, NULL, 'json', NULL FROM runs WHERE name = 'a'", [text])
    try:
        found = inlay.runs("name IN ('a', 'b')", order_by="name")
        assert found.to_df()["params.bad"][0] == text
        assert "bad" in repr(found.diff())
        with fresh(compared) as con:
            assert load(con, found.run_ids[:1])[0].params["bad"] == text
    finally:
        with fresh(compared) as con:
            con.execute("DELETE FROM params WHERE key = 'bad'")
