"""The table of runs as Python and a page see it: one state, one statement, one selection, whoever changed them."""

from __future__ import annotations

import json
import re

import comm
import comm.base_comm
import numpy as np
import pytest

import inlay
from inlay.errors import InlayError, QueryError
from inlay.query.fresh import fresh
from inlay.store import upkeep
from inlay.store.store import Store
from inlay.tracking import active
from inlay.views.page import page
from inlay.views.requests import reply_to
from inlay.views.run_table import RunTable
from inlay.views.table_state import DEFAULT, checked_state, cleaned_state

HOSTILE = "<img src=x onerror=alert(1)>'; DROP TABLE runs; --"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store of 24 runs that differ in two params; one has an odd name, one metric is only in some."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("runs") / ".inlay"
        patch.setenv("INLAY_STORE", str(folder))
        inlay.connect(folder)
        for number in range(24):
            params = {"lr": 10.0 ** -(number % 3), "model": "ab"[number % 2], "same": 1}
            with inlay.start_run(f"run {number:02}", experiment="demo", params=params, tags={"team": "red"}) as run:
                for step in range(5):
                    run.log({"loss": 1 / (step + 1) + number, "val/acc": number / 100}, step=step)
                if number % 2:
                    run.log({"rare": float("nan") if number == 1 else number})
        with inlay.start_run(HOSTILE, experiment="demo") as run:
            run.log({"loss": float("inf")})
        store = Store(folder)
        with fresh(store):
            pass
        upkeep.close_all()
    return store


@pytest.fixture
def store(made, monkeypatch):
    monkeypatch.setenv("INLAY_STORE", str(made.folder))
    chosen = inlay.connect(made.folder)
    (made.folder / "table-choices.json").unlink(missing_ok=True)
    yield chosen
    for run in reversed(active.open_runs()):
        run.end()


@pytest.fixture
def sent(monkeypatch):
    """Everything that models send to the page."""
    log = []

    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            json.dumps(data, allow_nan=False)
            if msg_type == "comm_msg":
                log.append(data.get("content", data.get("state")))

    monkeypatch.setattr(comm, "create_comm", Comm)
    return log


@pytest.fixture
def table(store):
    made = RunTable(inlay.runs())
    made.widget  # noqa: B018 - a page has it
    yield made
    made.close()


def ask(table, op, **arguments):
    reply = reply_to({"id": 1, "op": f"table.{op}", "table": table.token, **arguments}, page().desk)
    json.dumps(reply.content, allow_nan=False)
    return reply


def answer(table, op, **arguments):
    return ask(table, op, **arguments).content["ok"]


def error(table, op, **arguments):
    return ask(table, op, **arguments).content["error"]["message"]


def view(table, **state):
    return answer(table, "view", state={**table.state, **state}, start=0, count=100)


# -- the view -------------------------------------------------------------------------------------------------


def test_the_columns_nobody_chose(table):
    """Params in which the runs differ, the metrics, the tags; `same` is the same everywhere."""
    first = view(table)
    assert first["columns"] == [
        *("name", "status", "started_at", "duration_s"),
        *("params.lr", "params.model", "params.same", "metrics.loss", "metrics.val/acc", "metrics.rare", "tags.team"),
    ]
    assert (first["rows"], first["runs"], first["all"], first["error"]) == (25, 25, 25, None)
    assert [one["label"] for one in first["charted"]][1] == "run 23"
    assert len(first["charted"]) == 10


def test_a_page_changes_the_state_and_python_sees_it(table):
    found = view(table, filter="metrics.loss < 10", order=[["metrics.val/acc", "asc"]], selected=[])
    names = [row["name"] for row in found["page"]["rows"]]
    assert names == [f"run {number:02}" for number in range(10)]
    assert [run.name for run in table.runs] == names
    assert len(inlay.sql(table.sql, table.sql.params).fetchall()) == 10
    assert table.widget.view["charted"] == found["charted"]
    answer(table, "keep", state={**table.state, "selected": [found["page"]["rows"][3]["run"], "none-such"]})
    assert [run.name for run in table.selected] == ["run 03"]
    assert [one["label"] for one in table.widget.view["charted"]] == ["run 03"]  # for a page that is loaded now
    assert table.state["order"] == [["metrics.val/acc", "asc"]]
    assert repr(table) == "RunTable: 10 of 25 runs"


def test_rows_of_an_older_arrangement_are_stale(table):
    first = view(table)
    rows = answer(table, "rows", version=first["version"], start=20, count=50, columns=["metrics.loss"])
    assert len(rows["rows"]) == 5
    assert rows["cells"]["metrics.loss"][-1] == 0.2
    second = view(table, order=[["name", "asc"]])
    assert second["version"] > first["version"]
    old = answer(table, "rows", version=first["version"], start=0, count=5, columns=[])
    assert old == {"stale": True}


def test_a_filter_that_cannot_be_read_leaves_the_rows(table):
    view(table, filter="metrics.loss < 3")
    found = view(table, filter="metrics.loss <", order=[["name", "desc"]])
    assert "expected a value" in found["error"]["message"]
    assert found["error"]["start"] == 14
    assert (found["runs"], found["state"]["filter"], found["state"]["order"]) == (
        3,
        "metrics.loss < 3",
        [["name", "desc"]],
    )


def test_a_filter_that_finds_nothing_names_the_nearest(table):
    assert "did you mean metrics.loss?" in view(table, filter="metrics.los > 1")["hint"]
    assert view(table, filter="metrics.loss > 1e9 and name = 'x'")["hint"] == "No run matches."


def test_a_facet_refines_the_filter(table):
    refine = {"column": "params.model", "clause": {"in": ["a"]}}
    found = answer(table, "view", state=table.state, refine=refine, start=0, count=10)
    assert (found["state"]["filter"], found["runs"]) == ("params.model IN ('a')", 12)
    facet = answer(table, "facet", column="params.model", bins=20)
    assert facet["kind"] == "texts"
    assert sorted(count for _, count in facet["values"]) == [12, 12]
    assert facet["chosen"] == ["a"]
    times = answer(table, "facet", column="started_at", bins=4)["edges"]
    refine = {"column": "started_at", "clause": {"between": [times[0] - 60, times[-1] + 60]}}
    assert answer(table, "view", state=table.state, refine=refine, start=0, count=1)["runs"] == 12
    assert "a clause is" in error(table, "view", state=table.state, refine={"column": "name", "clause": {"drop": 1}})


def test_groups_and_baseline(table):
    found = view(table, filter="metrics.loss < 100", group=["params.lr"], columns=["metrics.loss"])
    heads = found["page"]["rows"]
    assert [(one["values"], one["n"]) for one in heads] == [([0.01], 8), ([0.1], 8), ([1], 8)]
    assert found["page"]["cells"]["metrics.loss"][0]["n"] == 8
    assert [one["key"] for one in found["charted"]] == [one["key"] for one in heads]
    opened = view(table, open=[heads[0]["key"]])
    assert (opened["rows"], opened["page"]["rows"][1]["level"]) == (11, 1)
    base = opened["page"]["rows"][1]["run"]
    compared = view(table, group=[], open=[], baseline=base)
    assert compared["page"]["baseline"]["row"]["run"] == base
    assert base not in [row["run"] for row in compared["page"]["rows"]]
    assert (compared["rows"], compared["runs"]) == (23, 24)


def test_only_differences(table):
    assert "params.same" not in view(table, filter="metrics.loss < 100", differences=True)["columns"]
    assert "name" in table.session.view()["columns"]


def test_what_charts_ask(table):
    ids = [one["key"] for one in view(table, order=[["name", "desc"]])["charted"]][:2]
    reply = ask(table, "curves", keys=[*ids, "gone"], metric="loss", x="step", lo=None, hi=None, points=50, band="std")
    heads = reply.content["ok"]["series"]
    assert [(one["label"], one["n"], one["group"]) for one in heads] == [("run 23", 5, False), ("run 22", 5, False)]
    columns = np.frombuffer(reply.buffers[0]).reshape(2, 4, 5)
    assert columns[0, 0].tolist() == [0, 1, 2, 3, 4]
    assert columns[1, 1].tolist() == pytest.approx([1 / (step + 1) + 22 for step in range(5)])
    found = answer(table, "values", columns=["params.lr", "metrics.rare"], scope="view", limit=3)
    assert (len(found["keys"]), found["total"], found["labels"][0]) == (3, 25, "run 23")
    assert answer(table, "sparks", runs=ids, metrics=["metrics.loss"])["sparks"]["metrics.loss"].keys() == set(ids)
    boxes = answer(table, "boxes", column="metrics.loss", by="params.model", scope="view")["boxes"]
    assert [one["n"] for one in boxes] == [12, 12]
    diff = answer(table, "diff", runs=ids)
    assert [one["run"] for one in diff["runs"]] == ids
    group = view(table, group=["params.lr"])["charted"][0]["key"]
    reply = ask(table, "curves", keys=[group], metric="loss", x="step", lo=None, hi=None, points=50, band="range")
    assert (reply.content["ok"]["series"][0]["group"], reply.content["ok"]["series"][0]["runs"]) == (True, 8)


def test_completion_and_columns(table):
    items = answer(table, "complete", text="metrics.l", cursor=9)
    assert items["items"][0] == {"text": "metrics.loss", "kind": "metric", "detail": items["items"][0]["detail"]}
    known = {one["id"]: one for one in answer(table, "columns")["columns"]}
    assert (known["metrics.loss"]["better"], known["metrics.val/acc"]["runs"]) == ("min", 24)


@pytest.mark.parametrize(
    ("op", "arguments", "says"),
    [
        ("view", {"state": {}, "start": "x"}, "takes a number as 'start'"),
        ("rows", {"version": 1, "start": 0, "count": 5, "columns": ["drop table"]}, "at most 300 columns"),
        ("facet", {"column": "nothing"}, "a column such as"),
        ("curves", {"keys": [], "metric": "loss", "x": "moon", "band": "std"}, "one of 'step'"),
        ("values", {"columns": [], "scope": "all"}, "one of 'charted', 'view'"),
        ("rename", {"run": "0192", "name": "x"}, "is not one of this table's"),
        ("delete", {"runs": ["0192"]}, "is not one of this table's"),
        ("diff", {"runs": []}, "two or more runs"),
        ("fly", {}, "there is no request 'table.fly'"),
    ],
)
def test_questions_that_make_no_sense(table, op, arguments, says):
    assert says in error(table, op, **arguments)


def test_a_table_answers_for_its_own_runs_only(store):
    some = RunTable(inlay.runs("name = 'run 01'"))
    some.widget  # noqa: B018
    other = inlay.get_run("run 02")
    assert "is not one of this table's" in error(some, "set_note", run=other.run_id, text="x")
    assert answer(some, "sparks", runs=[other.run_id], metrics=["metrics.loss"])["sparks"] == {"metrics.loss": {}}
    curves = answer(some, "curves", keys=[other.run_id], metric="loss", x="step", lo=None, hi=None, band="std")
    assert curves["series"] == []
    assert answer(some, "keep", state={"selected": [other.run_id]})["charted"] == []
    some.close()
    assert "this table is closed" in error(some, "view", state={})
    with pytest.raises(InlayError, match="closed"):
        some.widget  # noqa: B018


# -- editing --------------------------------------------------------------------------------------------------


def test_edits_are_shown_and_kept(sent, table):
    run = inlay.get_run("run 07")
    version = view(table)["version"]
    assert answer(table, "rename", run=run.run_id, name="seven")["version"] > version
    answer(table, "set_note", run=run.run_id, text="a note")
    answer(table, "set_tag", runs=[run.run_id], key="kept", value="yes")
    rows = {row["run"]: row for row in [one for one in sent if one.get("type") == "view"][-1]["view"]["page"]["rows"]}
    assert (rows[run.run_id]["name"], rows[run.run_id]["note"]) == ("seven", "a note")
    found = inlay.get_run("seven")
    assert (found.note, found.tags["kept"]) == ("a note", "yes")
    answer(table, "rename", run=run.run_id, name="run 07")  # as the other tests know it
    answer(table, "set_tag", runs=[run.run_id], key="kept", value=None)
    assert "cannot be empty" in error(table, "rename", run=run.run_id, name="")


def test_deleted_and_restored(table):
    run = inlay.get_run("run 08")
    answer(table, "delete", runs=[run.run_id])
    assert table.session.view()["runs"] == 24
    answer(table, "restore", runs=[run.run_id])
    assert table.session.view()["runs"] == 25
    with inlay.start_run("live") as live:
        assert "can be deleted when it has ended" in error(table, "delete", runs=[live.run_id])
    live.delete()


# -- state and code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"filtre": "x"}, "has no 'filtre'; did you mean 'filter'?"),
        ({"order": ["name"]}, 'a column and "asc" or "desc"'),
        ({"columns": ["metric.loss"]}, "did you mean 'metrics.loss'?"),
        ({"columns": ["statuss"]}, "did you mean 'status'?"),
        ({"delta": "percentage"}, "did you mean 'percent'?"),
        ({"differences": 1}, "True or False; got 1"),
        ({"charts": [{"kind": "pie"}]}, "a dict with a \"kind\", one of 'lines'"),
        ({"charts": [{"kind": "lines", "metrc": "loss"}]}, "did you mean 'metric'?"),
        ({"charts": [{"kind": "scatter", "x": "params.lr"}]}, "needs 'y'"),
        ({"better": {"metrics.loss": "low"}}, "one of 'min', 'max'"),
        ({"widths": {"name": "wide"}}, "a number from 24 to 2000"),
        ({"height": -1}, "pixels from 80"),
    ],
)
def test_a_wrong_state_is_refused_by_name(store, state, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        RunTable(state=state)


def test_a_wrong_filter_in_a_state_is_refused(store):
    with pytest.raises(QueryError, match="expected a value"):
        RunTable(state={"filter": "metrics.loss <"})
    with pytest.raises(TypeError, match="state is a dict"):
        checked_state(["x"])


def test_a_state_from_elsewhere_is_cleaned():
    """A page of an older version, or a hand-edited file, must not break the table."""
    wild = {
        "filter": 3, "order": [["name"], ["name", "asc"], "x"], "columns": ["name", 4, "x.y", "metrics."],
        "summary": {"metrics.loss": "max", "metrics.x": "sum"}, "widths": {"name": float("inf"), "status": 90},
        "charts": [{"kind": "bars"}, {"kind": "bars", "column": "metrics.loss", "more": 1}], "colours": {"a": 2.0},
        "unknown": 1, "height": "tall", "selected": ["\ud800", 4],
    }  # fmt: skip
    found = cleaned_state(wild)
    assert found == {
        **DEFAULT, "order": [["name", "asc"]], "columns": ["name"], "summary": {"metrics.loss": "max"},
        "widths": {"status": 90}, "charts": [{"kind": "bars", "column": "metrics.loss"}], "colours": {"a": 2},
        "selected": ["?"],
    }  # fmt: skip
    assert cleaned_state(None) == DEFAULT


STATES = [
    {},
    {"filter": "metrics.loss < 10 or params.model = 'a'"},
    {"filter": 'tags.team = "red"', "order": [["metrics.val/acc", "desc"], ["name", "asc"]]},
    {"order": [["metrics.loss", "asc"]], "summary": {"metrics.loss": "max"}},
    {"group": ["params.lr", "params.model"], "open": ['[0.1,"a"]'], "filter": "metrics.loss < 100"},
    {"columns": ["status", "metrics.loss"], "pinned": [], "heat": ["metrics.loss"], "delta": "percent"},
    {"charts": [{"kind": "lines", "metric": "loss"}, {"kind": "box", "column": "metrics.loss", "by": "params.lr"}]},
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("base", ["", "metrics.loss < 20"])
def test_the_code_makes_the_same_view(store, state, base):
    table = RunTable(inlay.runs(base, order_by="name DESC"), state=checked_state(state))
    *before, last = table.code().strip().split("\n\n")
    names = {}
    exec("\n".join(before), names)
    again = eval(last, names)
    if not isinstance(again, RunTable):
        again = RunTable(again)
        kept = ("filter", "order")
    else:
        kept = ()
        assert again.state == table.state
    shown, expected = again.session.view(), table.session.view()
    assert shown["page"]["rows"] == expected["page"]["rows"]
    assert shown["page"]["cells"] == expected["page"]["cells"]
    # A table of runs that come sorted by a column has it next to the name.
    shown["columns"], expected["columns"] = sorted(shown["columns"]), sorted(expected["columns"])
    drop = {"sql", "version", "all", "state", *kept}
    assert {key: one for key, one in shown.items() if key not in {*drop, "page"}} == {
        key: one for key, one in expected.items() if key not in {*drop, "page"}
    }


def test_what_runs_come_sorted_by_stands_first(store):
    table = RunTable(inlay.runs(order_by="metrics.val/acc DESC, started_at"))
    assert table.state["order"] == [["metrics.val/acc", "desc"], ["started_at", "asc"]]
    assert table.session.view()["columns"][:3] == ["name", "metrics.val/acc", "status"]
    assert RunTable(inlay.runs(order_by="metrics.loss + metrics.val/acc")).state["order"] == []


def test_the_code_is_as_short_as_can_be(store):
    table = RunTable(inlay.runs("params.same = 1"))
    assert table.code() == 'import inlay\n\ninlay.runs("params.same = 1")\n'
    table.state = {"filter": "metrics.loss < 3", "order": [["metrics.val/acc", "desc"]]}
    line = 'inlay.runs("(params.same = 1) AND (metrics.loss < 3)", order_by="metrics.val/acc DESC")'
    assert table.code_line() == line
    table.state = {"differences": True}
    assert "state={'differences': True}" in table.code()


def test_a_comparison(store):
    first, second = inlay.get_run("run 03"), inlay.get_run("run 05")
    table = inlay.compare(first, second)
    assert isinstance(table, RunTable)
    assert table.state["baseline"] == first.run_id
    assert table.state["differences"]
    assert table.state["charts"][0]["metric"] == "loss"
    assert [row["name"] for row in table.session.view()["page"]["rows"]] == ["run 05"]
    again = eval(table.code().split("\n\n")[1], {"inlay": inlay})
    assert again.state == table.state
    table.session.keep({**table.state, "widths": {"name": 200}})
    assert RunTable().state["differences"] is False  # a comparison is no choice for all tables


def test_choices_are_remembered_and_topics_are_not(table, store):
    view(
        table,
        columns=["metrics.loss"],
        summary={"metrics.loss": "min"},
        filter="metrics.loss < 5",
        heat=["metrics.loss"],
    )
    state = RunTable().state
    assert (state["columns"], state["summary"], state["heat"]) == (
        ["metrics.loss"],
        {"metrics.loss": "min"},
        ["metrics.loss"],
    )
    assert state["filter"] == ""
    assert RunTable(state={}).state == DEFAULT
    (store.folder / "table-choices.json").write_text('{"columns": 3, "pinned": ["x y"]')
    assert RunTable().state == DEFAULT


def test_what_python_sets_is_on_every_page(sent, table):
    table.state = {"filter": "metrics.loss < 2"}
    pushed = [one for one in sent if one.get("type") == "view"]
    assert pushed[-1]["view"]["runs"] == 2
    with pytest.raises(ValueError, match="did you mean"):
        table.state = {"filtr": ""}
    assert table.state["filter"] == "metrics.loss < 2"
    assert table.widget.view["runs"] == 2  # of a page that is loaded now


def test_pure_python_needs_no_widget(store, monkeypatch):
    monkeypatch.setattr("inlay.views.table_widget.TableWidget", None)
    table = RunTable(["run 02", "run 01"])
    assert [run.name for run in table.runs] == ["run 02", "run 01"]
    table.state = {"filter": "name = 'run 01'"}
    assert table.code_line().startswith("inlay.RunTable(")
    limited = RunTable(inlay.runs(limit=4), state={"filter": "metrics.loss > 21.5"})
    assert repr(limited) == "RunTable: 3 of 4 runs"


def test_an_empty_store_says_how_to_begin(tmp_path):
    inlay.connect(tmp_path / ".inlay")
    found = RunTable().session.view()
    assert (found["rows"], found["all"]) == (0, 0)
    assert found["hint"] == ""
    assert "inlay.start_run" in RunTable()._repr_html_()


def test_the_columns_are_there_with_the_first_view(store, sent):
    """The widget was made with no columns, and times, statuses and durations were drawn as bare numbers and words."""
    made = RunTable(inlay.runs())
    known = {one["id"]: one["type"] for one in made.widget._columns}
    made.close()
    assert (known["status"], known["started_at"], known["metrics.loss"]) == ("status", "time", "number")
