"""Runs read back: the lazy list, the table, and the run a user means."""

from __future__ import annotations

import math
import operator

import pytest

import inlay
from inlay.errors import QueryError, RunNotFoundError
from inlay.query import summary
from inlay.query.frame import run_columns
from inlay.query.fresh import fresh


def ended(name, **more):
    with inlay.start_run(name, **more) as run:
        pass
    return run


def test_none_yet(store):
    runs = inlay.runs()
    assert (len(runs), list(runs), repr(runs)) == (0, [], "Runs: none")
    assert len(runs.to_df()) == 0


def test_newest_first(store):
    for number in range(4):
        ended(f"r{number}", experiment="odd" if number % 2 else "even")
    runs = inlay.runs()
    assert [run.name for run in runs] == ["r3", "r2", "r1", "r0"]
    assert runs[0].name == "r3"
    assert runs[-1].name == "r0"
    assert [run.name for run in runs[1:3]] == ["r2", "r1"]
    assert [run.name for run in runs.to_list()] == ["r3", "r2", "r1", "r0"]
    assert [run.name for run in inlay.runs(experiment="odd")] == ["r3", "r1"]
    assert repr(runs) == f"Runs: 4, first {runs[0]!r}"
    with pytest.raises(IndexError):
        runs[4]


def test_the_table(store):
    with inlay.start_run("a", params={"lr": 0.1, "model": "x"}, tags={"t": "1"}) as run:
        run.log({"loss": 0.5}, step=0)
        run.log({"loss": 0.25, "val/acc": math.nan}, step=1)
    ended("b", params={"lr": 3})
    table = inlay.runs().to_df()
    assert table["name"].tolist() == ["b", "a"]
    assert table["params.lr"].tolist() == [3, 0.1]
    assert table["metrics.loss"].tolist()[1] == 0.25
    assert math.isnan(table["metrics.loss"][0])
    assert math.isnan(table["metrics.val/acc"][1])
    assert table["tags.t"].tolist()[1] == "1"
    assert table["params.model"].tolist()[1] == "x"
    assert table["status"].tolist() == ["finished"] * 2
    assert str(table["started_at"].dtype).startswith("datetime64")
    assert table.index.tolist() == [0, 1]


def test_by_id_by_a_part_of_it_and_by_name(store):
    run, other = ended("some name"), ended("other")
    for reference in (run.run_id, run.run_id.upper(), run.short_id, run.run_id[-12:], run.run_id[:18], "some name"):
        assert inlay.get_run(reference).run_id == run.run_id, reference
    assert inlay.get_run(other.short_id).name == "other"


def test_the_newest_of_a_name(store):
    ended("twice")
    newest = ended("twice")
    ended("other")
    assert inlay.get_run("twice").run_id == newest.run_id


def test_a_name_that_looks_like_an_id(store):
    """The beginning of every id of these years is `019`: a run called so could not be had."""
    run = ended("placeholder")
    for name in (run.run_id[:4], run.run_id[:8], "2024", "deadbeef"):
        named = ended(name)
        assert inlay.get_run(name).run_id == named.run_id
    assert inlay.get_run(run.run_id).name == "placeholder"


def test_what_more_than_one_run_answers_to(store):
    first, _ = ended("a"), ended("b")
    with pytest.raises(RunNotFoundError, match="2 runs have an id that begins or ends"):
        inlay.get_run(first.run_id[:5])


def test_what_none_answers_to(store):
    ended("baseline")
    with pytest.raises(RunNotFoundError, match="Did you mean 'baseline'"):
        inlay.get_run("basline")
    with pytest.raises(LookupError, match=r"inlay.runs\(\)"):
        inlay.get_run("zzz")
    for bad, error in (("", ValueError), (3, TypeError)):
        with pytest.raises(error):
            inlay.get_run(bad)
    for strange in ("'; drop table runs; --", "%", "a" * 250, "🙂", "----", "0199-"):
        with pytest.raises(RunNotFoundError):
            inlay.get_run(strange)


def test_a_run_being_written_is_the_same_object(store):
    with inlay.start_run("r") as run:
        for reference in (run.run_id, run.short_id, "r"):
            assert inlay.get_run(reference) is run
        assert inlay.runs()[0] is run
        assert run.live
    assert not run.live


def test_a_run_of_another_process_is_read_again_until_it_ends(store, script):
    from inlay.store.journal.slots import Kind
    from inlay.store.journal.writer import Writer

    stream = Writer(store.journal)
    run_id = "0199aaaa-0000-7000-8000-000000000001"
    stream.event(Kind.RUN_START, {"run": run_id, "name": "there", "experiment": "e"})
    run = inlay.get_run("there")
    assert (run.status, run.live, run.params) == ("running", False, {})
    stream.event(Kind.PARAM, {"run": run_id, "params": {"p": ["1", 1.0, "json"]}})
    assert run.params == {"p": 1}
    stream.event(Kind.RUN_END, {"run": run_id, "status": "finished"})
    assert run.status == "finished"
    stream.close()


def test_a_deleted_run_is_not_listed(store):
    run = ended("r")
    run.record(deleted_at=1.7e9)
    assert len(inlay.runs()) == 0
    with pytest.raises(RunNotFoundError):
        inlay.get_run("r")


def test_a_run_is_among_the_runs_whichever_object_it_is(store):
    """`inlay.get_run(id) in inlay.runs()` was False: every reading makes an object of its own."""
    run, other = ended("a", experiment="one"), ended("b", experiment="two")
    assert inlay.get_run(run.run_id) in inlay.runs()
    assert inlay.get_run(other.run_id) not in inlay.runs(experiment="one")
    assert "a" not in inlay.runs()


@pytest.mark.parametrize(("reference", "error"), [(None, TypeError), ("", ValueError)])
def test_no_reference(store, reference, error):
    with pytest.raises(error, match="id or the name of a run"):
        inlay.get_run(reference)


# -- a lazy sequence ------------------------------------------------------------------------------------------


def test_asked_when_looked_at_first_and_then_remembered(store):
    early = inlay.runs("name LIKE 'a%'")
    a = ended("a")
    assert [run.name for run in early] == ["a"]
    ended("a2")
    assert len(early) == 1
    assert len(inlay.runs("name LIKE 'a%'")) == 2
    assert early[0].run_id == a.run_id


def test_what_is_wrong_is_said_at_the_call(store):
    for wrong, error in (
        ({"filter": "metrics.a >"}, QueryError), ({"filter": 3}, TypeError), ({"order_by": "name up"}, QueryError),
        ({"order_by": 3}, TypeError), ({"limit": -1}, ValueError), ({"limit": True}, TypeError),
        ({"experiment": 3}, TypeError),
    ):  # fmt: skip
        with pytest.raises(error):
            inlay.runs(**wrong)


def test_a_good_sequence(store):
    for name in "abcd":
        ended(name)
    runs = inlay.runs(order_by="name")
    assert [run.name for run in reversed(runs)] == ["d", "c", "b", "a"]
    assert [run.name for run in runs[::2]] == ["a", "c"]
    joined = runs[1:3] + runs[:2] + [runs[3]]
    assert [run.name for run in joined] == ["b", "c", "a", "d"]
    assert joined == joined[:] != runs
    assert runs == inlay.runs(order_by="name")
    assert runs != ["a"]
    c = inlay.get_run("c")
    assert (runs.index(c), runs.count(c), runs[:2].count(c), c in runs[2:]) == (2, 1, 0, True)
    with pytest.raises(ValueError, match="not among these runs"):
        runs[:2].index(c)
    with pytest.raises(TypeError):
        runs + 3
    with pytest.raises(TypeError):
        hash(runs)
    assert bool(runs) is True
    assert bool(runs[:0]) is False
    assert runs.run_ids == [run.run_id for run in runs]
    runs.run_ids.clear()
    assert len(runs) == 4


def test_a_run_that_is_gone_for_good(store):
    ended("a"), ended("b")
    runs = inlay.runs()
    gone = runs.run_ids[0]
    with store.open() as con:
        con.execute("DELETE FROM runs WHERE run_id = ?", [gone])
    assert [run.name for run in runs] == ["a"]
    assert runs.to_df()["name"].tolist() == ["a"]
    assert repr(runs).startswith("Runs: 2")
    with pytest.raises(RunNotFoundError, match="not in the store any more"):
        runs[0]


def test_none_match_names_the_nearest(store):
    with inlay.start_run("r") as run:
        run.log({"auc": 0.5})
    assert repr(inlay.runs("metrics.acu > 0")) == (
        "Runs: none match; no run has a metric 'acu'; did you mean metrics.auc?"
    )


def test_the_statement_runs_again_and_holds_no_values(store):
    for name in ("x'; DROP TABLE runs; --", "b\n; DROP TABLE runs"):
        ended(name)
        quoted = name.replace("'", "''")
        runs = inlay.runs(f"name = '{quoted}'", order_by="name", limit=3)
        statement = runs.sql
        assert isinstance(statement, str)
        assert name in statement.params.values()
        body = "\n".join(line for line in statement.split("\n") if not line.startswith("-- $"))
        assert "DROP" not in body
        assert repr(statement) == statement
        assert inlay.sql(statement, statement.params).fetchall() == [(run_id,) for run_id in runs.run_ids]


def test_tags_of_all_of_them(store):
    ended("a"), ended("b")
    with inlay.start_run("live") as live:
        inlay.runs().set_tag("seen", 1)
        assert live.tags == {"seen": "1"}
    assert [run.tags for run in inlay.runs()] == [{"seen": "1"}] * 3
    inlay.runs("name = 'a'").set_tag("seen", None)
    assert [run.name for run in inlay.runs("tags.seen = '1'")] == ["live", "b"]


# -- columns --------------------------------------------------------------------------------------------------


def test_columns_keep_what_was_logged(store):
    big = 2**60 + 1
    given = [
        {"i": 1, "f": 0.5, "t": "x", "b": True, "m": 1, "l": [1, {"a": 2}], "big": big, "nan": math.nan, "e": 1e20},
        {"i": 2, "f": 2, "t": "y", "b": False, "m": "1", "big": 3, "nan": 1.0, "null": None, "e": 1},
        {"i": 3},
    ]
    for params in given:
        ended("r", params=params)
    runs = inlay.runs()[::-1]
    with fresh(store) as con:
        columns = {one.name: one for one in run_columns(con, runs.run_ids)}
    kinds = {"i": "int", "f": "float", "t": "text", "b": "bool", "m": "mixed", "l": "mixed", "nan": "float"}
    assert {key: columns[f"params.{key}"].kind for key in kinds} == kinds
    for key in {key for params in given for key in params}:
        column = columns[f"params.{key}"]
        for place, params in enumerate(given):
            assert (key in params) == (column.missing is None or not column.missing[place]), key
            if key in params:
                value = column.values.tolist()[place]
                assert value == params[key] or (value != value and params[key] != params[key]), key
                assert type(params[key]) is type(value) or key in "fe", key
    table = runs.to_df()
    assert table["params.i"].tolist() == [1, 2, 3]
    assert table["params.b"].tolist()[:2] == [True, False]
    assert table["params.big"].tolist()[:2] == [big, 3]
    assert table["params.m"].tolist()[:2] == [1, "1"]
    assert runs[::-1].to_df()["params.i"].tolist() == [3, 2, 1]


def test_a_loop_over_runs_asks_for_their_metrics_once(store, monkeypatch):
    """20 runs in a loop opened the store 20 times; now the first of them asks for all, and a run alone for itself."""
    for i in range(3):
        with inlay.start_run(f"r{i}") as run:
            run.log({"a": float(i)})
    asked = []
    ask = summary.LastValues._ask
    monkeypatch.setattr(summary.LastValues, "_ask", lambda self: asked.append(1) or ask(self))
    assert [run.metrics for run in inlay.runs()] == [{"a": 2.0}, {"a": 1.0}, {"a": 0.0}]
    assert asked == [1]
    with inlay.start_run(resume=run.run_id) as again:
        again.log({"a": 7.0})
    assert inlay.get_run(run.run_id).metrics == {"a": 7.0}
    assert asked == [1]


def test_runs_of_two_stores_are_not_joined(store, tmp_path):
    """A list with a run of another store was joined without a word, and the run was gone when it was looked at."""
    here = ended("here")
    runs = inlay.runs()
    inlay.connect(tmp_path / "elsewhere")
    there = ended("there")
    for joined in ((runs, [there]), ([there], runs), (runs, inlay.runs())):
        with pytest.raises(ValueError, match="in two stores"):
            operator.add(*joined)
    assert operator.add([here], runs).run_ids == [here.run_id]
    with pytest.raises(TypeError):
        runs + "abc"


def test_a_limit_beyond_what_the_database_counts(store):
    ended("one")
    assert len(inlay.runs(limit=10**30)) == 1
