"""What a run table must not do, whatever a page or another person's filter says: reach other runs, or lose a filter."""

from __future__ import annotations

import base64
import re

import pytest

import inlay
from inlay.errors import QueryError
from inlay.query.run_query import RunQuery
from inlay.tracking import events
from inlay.views.run_table import RunTable


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three runs, a, b and c."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_subscribers", [])
        made = inlay.connect(tmp_path_factory.mktemp("bounds"))
        for name in "abc":
            with inlay.start_run(name) as run:
                run.log({"loss": 1.0})
        yield made


@pytest.fixture(autouse=True)
def chosen(store):
    inlay.connect(store.folder)


@pytest.mark.parametrize(
    "text", ["name = 'x') OR (name != 'y'", "name = 'x' OR (true", "true) OR (name = 'a'", ")", "("]
)
def test_a_filter_does_not_close_the_parentheses_of_another(text):
    """`x) OR (y` in the filter bar showed every run of the store, in a table of one."""
    with pytest.raises(QueryError):
        RunQuery("name = 'a'").narrowed(text)
    session = RunTable(inlay.runs("name = 'a'")).session
    view = session.view({**session.state, "filter": text})
    assert view["runs"] == 1
    assert view["error"]["start"] <= len(text)
    assert text in view["error"]["message"]


def test_an_error_points_into_the_table_s_own_filter():
    """It pointed into `(name = 'a') AND (...)`, which nobody had typed."""
    session = RunTable(inlay.runs("name = 'a'")).session
    error = session.view({**session.state, "filter": "status = 'finshed'"})["error"]
    assert (error["start"], error["end"]) == (9, 18)
    assert "column 10" in error["message"]


def test_a_baseline_is_one_of_the_table_s_runs():
    """Any run of the store could be read by naming it as the baseline."""
    other = inlay.get_run("b").run_id
    session = RunTable(inlay.runs("name != 'b'")).session
    view = session.view({**session.state, "baseline": other})
    assert (view["page"]["baseline"], view["runs"]) == (None, 2)
    view = session.view({**session.state, "baseline": inlay.get_run("a").run_id, "filter": "name = 'c'"})
    assert view["page"]["baseline"]["row"]["name"] == "a"  # the filter may leave it out


def test_a_filter_too_long_is_told():
    """One of 25,000 characters, a list of ids, was dropped without a word, and all runs were shown."""
    session = RunTable().session
    ids = ", ".join(f"'{number}'" for number in range(3_000))
    assert session.view({**session.state, "filter": f"name IN ({ids})"})["runs"] == 0
    view = session.view({**session.state, "filter": f"name = '{'x' * 200_000}'"})
    assert "at most 100,000 characters" in view["error"]["message"]


def test_code_keeps_the_order_of_a_list():
    """The cell of `RunTable([older, newer])` had the newer one first."""
    ids = [inlay.get_run(name).run_id for name in "acb"]
    table = RunTable(ids)
    again = eval(table.code().split("\n\n", 1)[1], {"inlay": inlay})
    assert again.runs.run_ids == ids
    some = RunTable(inlay.runs()[:2], differences=True)  # no comparison: it has no baseline
    assert eval(some.code().split("\n\n", 1)[1], {"inlay": inlay}).state == some.state


def test_what_a_table_is_made_of():
    assert RunTable(inlay.get_run("a")).runs.run_ids == [inlay.get_run("a").run_id]
    with pytest.raises(TypeError, match="got 5"):
        RunTable(5)


@pytest.mark.parametrize(
    "state",
    [
        {"columns": ["host", "user_name"]},
        {"group": ["host", "user_name"]},
        {"group": ["host"], "charts": [{"kind": "lines", "metric": "loss"}]},
        {"charts": [{"kind": "box", "column": "metrics.loss", "by": "host"}]},
        {"charts": [{"kind": "parallel", "axes": ["user_name", "metrics.loss"]}]},
        {"filter": "host = 'secret-host' or attributes.user_id != 'secret-user'"},
    ],
)
def test_no_picture_names_a_host_or_a_user(owned, state):
    """The columns were left out, but a group, a chart and a filter by host had the names in the saved notebook."""
    html = RunTable(state=state)._repr_html_()
    html += "".join(base64.b64decode(one).decode() for one in re.findall(r"base64,([\w+/=]+)", html))
    assert "secret-" not in html
    assert "<b>3 runs</b>" in html


def test_an_exported_page_names_them_where_they_are_shown(owned):
    assert "secret-host" in RunTable(state={"columns": ["host"]}).html()


def test_no_page_of_differences_names_a_host_or_a_user(owned):
    html = inlay.runs().diff()._repr_html_()
    assert "secret-" not in html
    assert "train.py" in html


@pytest.fixture
def owned(store):
    with store.open() as con:
        con.execute("UPDATE runs SET host = 'secret-host', user_name = 'secret-user'")
        con.execute("UPDATE runs SET command = '/home/secret-user/train.py --fast'")
