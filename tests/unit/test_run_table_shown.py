"""What is left of a table in a saved notebook and in an exported page, and that live runs stay true on screen."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from xml.dom import minidom

import comm
import comm.base_comm
import pytest

import inlay
from inlay.query.fresh import fresh
from inlay.store import upkeep
from inlay.store.store import Store
from inlay.tracking import active
from inlay.views import table_card, table_live
from inlay.views.page import page
from inlay.views.requests import reply_to
from inlay.views.run_table import RunTable
from inlay.views.table_card import TableCard
from inlay.views.table_texts import cell_text, delta_of

HOSTILE = "<img src=x onerror=alert(1)>\"'; DROP TABLE runs; --"
CHARTS = [
    {"kind": "lines", "metric": "loss", "log_y": True, "smoothing": 0.5},
    {"kind": "scatter", "x": "params.lr", "y": "metrics.loss", "colour": "params.model", "log_x": True},
    {"kind": "parallel", "axes": ["params.lr", "params.model", "metrics.loss"], "colour": "metrics.loss"},
    {"kind": "bars", "column": "metrics.loss"},
    {"kind": "box", "column": "metrics.loss", "by": "params.model"},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("shown") / ".inlay"
        patch.setenv("INLAY_STORE", str(folder))
        inlay.connect(folder)
        for number in range(60):
            name = HOSTILE if number == 59 else f"run {number:02}"
            params = {"lr": 10.0 ** -(number % 3), "model": HOSTILE if number % 2 else "b"}
            with inlay.start_run(name, params=params, tags={"</script>": "<b>"}) as run:
                for step in range(3):
                    run.log({"loss": number + 1 / (step + 1)}, step=step)
        store = Store(folder)
        with fresh(store):
            pass
        upkeep.close_all()
    return store


@pytest.fixture
def store(made, monkeypatch):
    monkeypatch.setenv("INLAY_STORE", str(made.folder))
    yield inlay.connect(made.folder)
    for run in reversed(active.open_runs()):
        run.end()


@pytest.fixture
def sent(monkeypatch):
    log = []

    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            json.dumps(data, allow_nan=False)
            if msg_type == "comm_msg":
                log.append(data.get("content", data.get("state")))

    monkeypatch.setattr(comm, "create_comm", Comm)
    return log


class Outputs:
    """A cell's outputs."""

    def __init__(self, *, watched: bool = True) -> None:
        self.watched = watched
        self.shown: list[dict] = []

    def show(self, bundle, metadata=None):
        self.shown.append(dict(bundle))
        return len(self.shown) - 1

    def update(self, slot, bundle, metadata=None):
        self.shown[slot] = dict(bundle)


def images(html: str) -> list[str]:
    return [b64decode(one).decode() for one in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)]


# -- the picture ----------------------------------------------------------------------------------------------


def test_the_picture_holds_rows_and_charts(store):
    table = RunTable(state={"charts": CHARTS, "columns": ["params.lr", "metrics.loss", "user_name", "host"]})
    html = table._repr_html_()
    assert html.count("<tr") == 51
    assert "and 10 more rows" in html
    assert "60 runs" in html
    drawn = images(html)
    assert len(drawn) == 5
    for svg in drawn:
        minidom.parseString(svg)
        assert "could not be drawn" not in svg
    assert "<script" not in html
    assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", html)
    run = inlay.runs()[0]
    place = run.place()
    for private in filter(None, (place.user, place.host)):
        assert f">{private}<" not in html
    assert len(html) < 60_000


def test_groups_baseline_and_deltas_in_the_picture(store):
    base = inlay.get_run("run 10")
    state = {"baseline": base.run_id, "columns": ["metrics.loss"], "filter": "metrics.loss < 12.5", "delta": "percent"}
    html = RunTable(state=state)._repr_html_()
    assert "baseline" in html
    assert 'color:#c8252f">+9.7 %' in html  # 11.33 after 10.33: a higher loss is worse
    assert 'color:#1a7a3c">-9.7 %' in html
    grouped = RunTable(state={"group": ["params.lr"], "charts": [CHARTS[0], CHARTS[3]]})._repr_html_()
    assert "29.83 ± 18" in grouped
    assert all('fill-opacity=".16"' in svg or "<rect" in svg for svg in images(grouped))


@pytest.mark.parametrize(("static", "rows", "charts"), [("full", True, 5), ("summary", True, 0), ("off", False, 0)])
def test_as_much_is_saved_as_was_allowed(store, monkeypatch, static, rows, charts):
    outputs = Outputs(watched=False)
    TableCard(RunTable(state={"charts": CHARTS}), outputs, static).start()
    html = outputs.shown[0]["text/html"]
    assert ("run 58" in html, len(images(html))) == (rows, charts)
    assert outputs.shown[1] == {"text/plain": ""}
    assert "inlay.runs()" in html or rows


def test_two_outputs_and_the_picture_follows(store, sent, monkeypatch):
    monkeypatch.setattr(table_card, "SETTLED", 0.0)
    monkeypatch.setattr(table_card, "_open", table_card.deque())
    monkeypatch.setattr(table_card, "OPEN", 1)
    outputs, table = Outputs(), RunTable()
    TableCard(table, outputs).start()
    assert f"inlay-picture-{table.token}" in outputs.shown[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in outputs.shown[1]
    table.state = {"filter": "metrics.loss < 3"}
    time.sleep(0.01)
    for card in table._cards:
        card._cost = 0.0
        card.round()
    assert "3 of 60 runs" in outputs.shown[0]["text/html"]
    other = Outputs()
    TableCard(RunTable(), other).start()
    assert outputs.shown[1] == {"text/plain": ""}  # the older one left its picture
    assert not table.watched
    table_card._open.pop().retire()


# -- the page -------------------------------------------------------------------------------------------------


def test_the_page_is_whole_in_itself(store, tmp_path):
    table = RunTable(state={"charts": CHARTS, "filter": "metrics.loss < 1e6", "order": [["metrics.loss", "desc"]]})
    path = table.save_html(tmp_path / "view.html")
    html = path.read_text("utf-8")
    assert html.count("<tr>") == 61
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:|//)", html)
    assert html.count("<script>") == 1
    assert "<img src=x" not in html
    assert "</b>" not in html
    assert "metrics.loss &lt; 1e6" in html
    assert "SELECT" in html
    assert "inlay.runs(" in html
    assert "prefers-color-scheme: dark" in html
    assert len(images(html)) == 5
    with pytest.raises(ValueError, match=r"ends with \.html"):
        table.save_html(tmp_path / "view.pdf")


def test_the_page_is_answered_over_the_wire(store):
    table = RunTable(state={"filter": "metrics.loss < 2"})
    table.widget  # noqa: B018
    reply = reply_to({"id": 1, "op": "table.html", "table": table.token}, page().desk)
    assert reply.content["ok"] == {"name": "compare.html"}
    assert reply.buffers[0].startswith(b"<!doctype html>")
    table.close()


@pytest.mark.parametrize(
    ("cell", "kind", "entity", "text"),
    [
        (None, "number", "metrics", ""),
        (0.001, "number", "params", "0.001"),
        (2024, "number", "params", "2024"),
        (0.001, "number", "metrics", "0.001000"),
        ("NaN", "number", "metrics", "NaN"),
        ({"mean": 0.5, "std": 0.1, "n": 3}, "number", "metrics", "0.5000 ± 0.1"),
        ({"mean": 0.5, "std": None, "n": 1}, "number", "metrics", "0.5000"),
        ({"distinct": 3}, "text", "params", "3 values"),
        (True, "flag", "params", "yes"),
        ("finished", "status", "attributes", "Finished"),
        (75.0, "duration", "attributes", "1m 15s"),
    ],
)
def test_cells_in_words(cell, kind, entity, text):
    assert cell_text(cell, kind, entity) == text


def test_differences_in_words():
    assert delta_of(1.5, 1.0, "absolute", "max") == ("+0.5000", True)
    assert delta_of(0.5, 1.0, "percent", "max") == ("-50.0 %", False)
    assert delta_of(0.5, 1.0, "percent", None) == ("-50.0 %", None)
    assert delta_of(1.0, 1.0, "absolute", "max") == ("±0", None)
    assert delta_of(1.0, 0.0, "percent", "max") is None
    assert delta_of("NaN", 1.0, "absolute", "max") is None
    assert delta_of(1.0, 2.0, "off", "max") is None


# -- live -----------------------------------------------------------------------------------------------------


@pytest.fixture
def lively(store, sent, monkeypatch):
    """A table that is looked at as often as `round` is called."""
    monkeypatch.setattr(table_live, "EVERY", 0.0)
    monkeypatch.setattr(table_live, "ELSEWHERE", 0.0)
    monkeypatch.setattr(table_live, "watch", lambda table: None)
    monkeypatch.setattr("inlay.views.run_table.watch", lambda table: None)
    monkeypatch.setattr(table_live, "SHARE", 1e9)
    monkeypatch.setattr(table_live, "UNASKED", 1e9)
    made = []

    def make(*args):
        made.append(RunTable(*args))
        made[-1].widget  # noqa: B018
        return made[-1]

    yield make
    for table in made:
        table.close()


def rows_of(sent):
    return [one["page"] for one in sent if one.get("type") == "rows"]


def test_values_of_live_runs_come_from_memory(lively, sent, store, monkeypatch):
    with inlay.start_run("live", params={"lr": 1.0}) as run:
        run.log({"loss": 5.0})
        table = lively()
        table.round()
        run.log({"loss": 4.0})
        run.log({"loss": 9.0})
        opened = []
        kept = type(store).open
        monkeypatch.setattr(type(store), "open", lambda self, **more: opened.append(1) or kept(self, **more))
        table.round()
        monkeypatch.undo()
        assert not opened  # what a training logs is not taken in for the table
        at = [row["name"] for row in rows_of(sent)[-1]["rows"]].index("live")
        assert rows_of(sent)[-1]["cells"]["metrics.loss"][at] == 9.0
    table.round()
    views = [one["view"] for one in sent if one.get("type") == "view"]
    assert views[-1]["page"]["rows"][0]["status"] == "finished"
    run.delete()


def test_what_a_look_takes_in_is_no_reason_for_the_next(lively, sent, store, monkeypatch):
    """A training in a process that shows a table was taken into the database every four seconds, for each look wrote."""
    with inlay.start_run("live") as run:
        table = lively()
        table.round()
        run.log({"loss": 4.0})
        store.database.touch()  # somebody wrote: the next look takes the point in, and writes, too
        table.round()
        opened = []
        kept = type(store).open
        monkeypatch.setattr(type(store), "open", lambda self, **more: opened.append(1) or kept(self, **more))
        table.round()
        monkeypatch.undo()
    assert not opened
    run.delete()


def test_what_other_processes_do_is_noticed(lively, sent, store):
    table = lively(inlay.runs("metrics.loss < 2"))
    table.round()
    before = table.session.view()
    store.database.touch()
    with store.open() as con:  # as another process would, without a word
        con.execute("UPDATE runs SET name = 'renamed' WHERE name = 'run 01'")
        con.execute("UPDATE runs SET deleted_at = now() WHERE name = 'run 00'")
    table.round()
    view = [one["view"] for one in sent if one.get("type") == "view"][-1]
    assert [row["name"] for row in view["page"]["rows"]] == ["renamed"]
    assert view["version"] > before["version"]
    with store.open() as con:
        con.execute("UPDATE runs SET name = 'run 01' WHERE name = 'renamed'")
        con.execute("UPDATE runs SET deleted_at = NULL")


def test_a_table_that_was_let_go_is_looked_at_no_more(store, sent):
    import gc
    import weakref

    table = RunTable()
    table.widget  # noqa: B018
    there, token = weakref.ref(table), table.token
    table.close()
    del table
    gc.collect()
    assert there() is None
    reply = reply_to({"id": 1, "op": "table.code", "table": token}, page().desk)
    assert "closed" in reply.content["error"]["message"]
