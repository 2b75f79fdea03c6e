"""The rows of a run table in their order: sorting, filtering and grouping, against the same in plain Python."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_runs import SQL_NAME, database, id_of, in_order, made_runs

from inlay.errors import QueryError
from inlay.query.run_query import RunQuery
from inlay.query.table_arrangement import arrange

COLUMNS = [
    "metrics.loss", "metrics.acc", f"metrics.{SQL_NAME}", "metrics.nobody has this", "params.lr", "params.mixed",
    "params.flag", "params.model", "params.nan", "params.big", "tags.team", f"tags.{SQL_NAME}", "name", "status",
    "started_at", "duration_s", "exit_code", "experiment", "note",
]  # fmt: skip
RUNS = made_runs()
THERE = [run for run in RUNS if not run.deleted]


@pytest.fixture(scope="module")
def con():
    with database(RUNS) as con:
        yield con


@pytest.mark.parametrize("column", COLUMNS)
def test_sorted_by_any_column_both_ways(con, column):
    for way in ("asc", "desc"):
        assert arrange(con, RunQuery(), order=[(column, way)]).ids == in_order(THERE, [(column, way)], {}), way


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(COLUMNS), st.sampled_from(["asc", "desc"])), max_size=3, unique_by=lambda o: o[0]
    ),
    st.dictionaries(st.sampled_from(["metrics.loss", "metrics.acc"]), st.sampled_from(["last", "min", "max"])),
)
def test_sorted_by_several_columns(con, order, summary):
    assert arrange(con, RunQuery(), order=order, summary=summary).ids == in_order(THERE, order, summary)


def test_which_runs(con):
    """Deleted ones only where the query says so; a filter comes on top, and after a limit."""
    ids = in_order(THERE, [], {})
    assert arrange(con, RunQuery()).ids == ids
    assert arrange(con, RunQuery(deleted=None)).runs == 30
    assert arrange(con, RunQuery(deleted=True)).ids == [id_of(16), id_of(1)]
    some = [id_of(9), id_of(2), id_of(1), id_of(25)]
    assert arrange(con, RunQuery().among(some)).ids == some
    assert arrange(con, RunQuery(within=tuple(some))).ids == [some[0], some[1], some[3]]
    assert arrange(con, RunQuery(order_by=("params.seed ASC",), limit=3)).ids == [id_of(0), id_of(2), id_of(3)]
    found = arrange(con, RunQuery(order_by=("params.seed ASC",), limit=6), filter="params.flag = 'true'")
    assert found.ids == [id_of(0), id_of(2), id_of(4), id_of(6)]
    assert (found.rows, found.runs) == (4, 4)
    assert arrange(con, RunQuery(experiment="other"), filter="metrics.acc > 0.5").runs == sum(
        run.experiment == "other" and run.metrics["acc"][0] > 0.5 for run in THERE
    )
    assert arrange(con, RunQuery(), filter="metrics.acc > 5").ids == []
    with pytest.raises(QueryError, match="acc"):
        arrange(con, RunQuery(), filter="metrics.acc >")
    with pytest.raises(QueryError, match="did you mean status"):
        arrange(con, RunQuery(), order=[("statsu", "asc")])


def test_the_statement_can_be_run_again(con):
    found = arrange(con, RunQuery(), filter="metrics.acc > 0.5", order=[("metrics.loss", "desc")])
    assert [row[0] for row in con.execute(found.sql, found.params).fetchall()] == found.ids
    assert SQL_NAME not in arrange(con, RunQuery(), order=[(f"metrics.{SQL_NAME}", "asc")]).sql


def test_the_baseline_stands_above_all_rows(con):
    found = arrange(con, RunQuery(), baseline=id_of(7))
    assert (id_of(7) in found.ids, found.rows, found.runs) == (False, 27, 28)
    assert arrange(con, RunQuery(), baseline=id_of(7), group=["params.lr"]).runs == 28


def test_half_a_surrogate_pair_is_a_name_that_no_run_has(con):
    assert len(arrange(con, RunQuery(), order=[("params.\ud83d", "asc")]).ids) == 28


# -- groups ---------------------------------------------------------------------------------------------------


def test_groups_and_the_runs_of_open_ones(con):
    found = arrange(con, RunQuery(), group=["params.model"])
    assert [(head.key, head.n) for head in found.groups] == [
        ('["a"]', sum(run.params["model"] == "a" for run in THERE)),
        ('["b"]', sum(run.params["model"] == "b" for run in THERE)),
        ('["c"]', sum(run.params["model"] == "c" for run in THERE)),
    ]
    assert (found.rows, found.runs) == (3, 28)
    opened = found.opened(['["b"]', "no group"])
    told = [opened.row(place) for place in range(opened.rows)]
    assert [row.group.key for row in told if row.group] == ['["a"]', '["b"]', '["c"]']
    newest = in_order([run for run in THERE if run.params["model"] == "b"], [], {})
    assert [row.run for row in told if row.run] == newest == opened.members('["b"]')
    assert [row.level for row in told] == [0, 0, *[1] * len(newest), 0]
    assert opened.opened([]).rows == 3
    assert found.members("no group") == []
    for place in (-1, 3):
        with pytest.raises(IndexError):
            found.row(place)


def test_values_of_any_kind_are_groups(con):
    """1 and 1.0 are one value, "1" is another; what is missing is a group of its own, the last."""
    found = arrange(con, RunQuery(), group=["params.one"])
    assert [(head.key, head.n) for head in found.groups] == [("[1]", 2), ('["1"]', 1), ("[null]", 25)]
    lists = arrange(con, RunQuery(), group=["params.list"])
    assert [head.n for head in lists.groups] == [1, 1, 26]
    assert len({head.key for head in lists.groups}) == 3
    assert len(arrange(con, RunQuery(), group=["params.long"]).groups) == 3
    for column in COLUMNS:
        keys = [head.key for head in arrange(con, RunQuery(), group=[column]).groups]
        assert len(set(keys)) == len(keys)
        assert all(isinstance(json.loads(key, parse_constant=pytest.fail), list) for key in keys)


def test_groups_are_sorted_by_means_and_runs_within_them(con):
    for way in ("asc", "desc"):
        found = arrange(con, RunQuery(), group=["params.lr", "tags.team"], order=[("metrics.loss", way)])
        means = {}
        for (lr, team), found_runs in itertools.groupby(
            sorted(THERE, key=lambda run: (run.params["lr"], run.tags["team"])),
            key=lambda run: (run.params["lr"], run.tags["team"]),
        ):
            runs = list(found_runs)
            finite = [run.value("metrics.loss") for run in runs]
            finite = [value for value in finite if value is not None and math.isfinite(value)]
            means[lr, team] = sum(finite) / len(finite)
            key = json.dumps([lr, team], separators=(",", ":"))
            assert found.members(key) == in_order(runs, [("metrics.loss", way)], {})
        assert [head.values for head in found.groups] == sorted(means, key=means.get, reverse=way == "desc")


def test_groups_sorted_by_their_own_column(con):
    found = arrange(con, RunQuery(), group=["params.lr"], order=[("params.lr", "desc"), ("metrics.acc", "asc")])
    assert [head.values for head in found.groups] == [(0.1,), (0.01,), (0.001,)]
    missing = arrange(con, RunQuery(), group=["exit_code"], order=[("exit_code", "desc")])
    assert [head.values for head in missing.groups] == [(1,), (0,), (None,)]
    by_text = arrange(con, RunQuery(), group=["params.lr"], order=[("tags.team", "desc")])
    assert len(by_text.groups) == 3


def test_no_runs_no_groups(con):
    assert arrange(con, RunQuery(filter="metrics.acc > 5"), group=["params.lr"], open=["x"]).rows == 0
