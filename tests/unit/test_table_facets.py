"""Facets, ranges, differences and the catalogue of columns, against the same in plain Python."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_runs import HTML_NAME, SQL_NAME, database, id_of, made_runs

from inlay.errors import QueryError
from inlay.query.refinement import Between, In, Missing, NotIn, refine
from inlay.query.run_columns import better_of, catalogue
from inlay.query.run_query import RunQuery
from inlay.query.table_arrangement import arrange
from inlay.query.table_chosen import chosen_of
from inlay.query.table_differences import differing
from inlay.query.table_edges import edges_of
from inlay.query.table_facets import facet
from inlay.query.table_ranges import ranges

RUNS = made_runs()
THERE = [run for run in RUNS if not run.deleted]
ALL = RunQuery()


@pytest.fixture(scope="module")
def con():
    with database(RUNS) as con:
        yield con


def sent(told):
    return json.loads(json.dumps(told.as_json(), allow_nan=False))


@pytest.mark.parametrize(
    "column", ["metrics.loss", "metrics.only", "duration_s", "params.seed", "started_at", "exit_code"]
)
@pytest.mark.parametrize("bins", [40, 5, 1])
def test_numbers(con, column, bins):
    told = sent(facet(con, ALL, "", column, bins))
    values = [run.value(column) for run in THERE]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert (told["kind"], told["total"], told["missing"]) == ("numbers", len(THERE), values.count(None))
    assert told["nonfinite"] == len(values) - values.count(None) - len(finite)
    assert len(told["counts"]) == len(told["edges"]) - 1 <= max(bins, 1)
    assert sum(told["counts"]) == len(finite)
    edges = told["edges"]
    for (low, high), count in zip(pairwise(edges), told["counts"], strict=True):
        assert count == sum(low <= value < high or value == high == edges[-1] for value in finite)


def test_the_part_of_the_filter_that_is_the_columns_own_is_left_out(con):
    text = "metrics.acc BETWEEN 0.25 AND 0.5 AND params.flag = 'true'"
    told = facet(con, ALL, text, "metrics.acc")
    assert told.total == sum(run.params["flag"] for run in THERE)
    assert told.chosen == (0.25, 0.5)
    assert facet(con, ALL, text, "params.flag").chosen == ["true"]
    assert facet(con, ALL, text, "params.lr").chosen is None
    assert facet(con, ALL, text, "metrics.loss").total < told.total
    with pytest.raises(QueryError):
        facet(con, ALL, "metrics.acc >", "metrics.acc")
    with pytest.raises(QueryError, match="no column"):
        facet(con, ALL, "", "code")


def test_texts(con):
    told = sent(facet(con, ALL, "tags.team != 'x'", "tags.team"))
    counts = Counter(run.tags["team"] for run in THERE)
    assert told == {
        "kind": "texts", "values": [[text, n] for text, n in counts.most_common()], "chosen": ["y"], "distinct": 2,
        "missing": 0, "total": 28, "excluded": ["x"],
    }  # fmt: skip
    names = facet(con, ALL, "", "run_id")
    assert (len(names.values), names.distinct) == (28, 28)
    none = facet(con, ALL, "", f"params.{HTML_NAME}")
    assert (none.values, none.missing) == ([(HTML_NAME, 6)], 22)
    assert facet(con, ALL, "", "params.nobody").missing == 28
    assert facet(con, RunQuery(filter="metrics.acc > 9"), "", "tags.team").total == 0
    assert facet(con, RunQuery(filter="metrics.acc > 9"), "", "metrics.acc").edges == []


def test_a_few_numbers_of_a_param_are_counted_one_by_one_and_can_be_chosen(con):
    told = facet(con, ALL, "", "params.lr")
    assert told.values == [(str(lr), sum(run.params["lr"] == lr for run in THERE)) for lr in (0.001, 0.01, 0.1)]
    assert facet(con, ALL, "params.lr = 0.1", "params.lr").chosen == ["0.1"]
    for text, count in [*told.values, *facet(con, ALL, "", "params.mixed").values]:
        for column in ("params.lr", "params.mixed"):
            if (text, count) in facet(con, ALL, "", column).values:
                assert arrange(con, ALL, filter=refine("", column, In((text,)))).runs == count


@pytest.mark.parametrize(
    ("text", "column", "clause"),
    [
        ("metrics.a >= 1 AND metrics.a <= 2", "metrics.a", Between(1, 2)),
        ("metrics.a > 1", "metrics.a", None),
        ("params.b IN ('x', 'y') AND metrics.a > 1", "params.b", In(("x", "y"))),
        ("params.b NOT IN ('x')", "params.b", NotIn(("x",))),
        ("params.b != 'x'", "params.b", NotIn(("x",))),
        ("params.b IS NULL", "params.b", Missing()),
        ("params.b IS NOT NULL", "params.b", None),
        ("params.b = 'x' OR params.b = 'y'", "params.b", None),
        ("not a filter (", "params.b", None),
        ("", "params.b", None),
    ],
)
def test_what_a_filter_says_of_a_column(text, column, clause):
    assert chosen_of(text, column) == clause


def test_what_a_facet_chose_is_what_it_shows(con):
    for column, clause in (
        ("metrics.acc", Between(0.2, 0.4)),
        ("started_at", Between(1_767_225_600_000, 1_767_226_200_000)),
    ):
        chosen = facet(con, ALL, refine("", column, clause), column).chosen
        scale = 1000 if column == "started_at" else 1
        assert chosen == (clause.lo / scale, clause.hi / scale)


@settings(max_examples=200, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False),
    st.integers(1, 60), st.booleans(),
)  # fmt: skip
def test_edges_are_round_and_hold_everything(one, other, bins, whole):
    low, high = sorted((float(round(one % 1e6)), float(round(other % 1e6))) if whole else (one, other))
    edges = edges_of(low, high, bins, whole=whole)
    assert edges[0] <= low <= high <= edges[-1]
    assert 2 <= len(edges) <= bins + 1
    assert all(before < after for before, after in pairwise(edges))


def test_edges_people_would_draw():
    assert edges_of(0.013, 0.98, 5) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert edges_of(1, 4, 10, whole=True) == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert edges_of(3, 97, 10, whole=True) == [float(edge) for edge in range(0, 101, 10)]
    assert edges_of(5, 5, 10) == [4.75, 5.25]
    assert edges_of(1_767_225_700, 1_767_232_000, 3, times=True) == [1_767_225_600 + 3_600 * hour for hour in range(3)]


# -- ranges, differences, columns -------------------------------------------------------------------------------


def test_ranges(con):
    found = ranges(con, ALL, ["metrics.loss", "metrics.broken", "params.seed", "duration_s", "name", "tags.team"])
    finite = [run.value("metrics.loss") for run in THERE if run.value("metrics.loss") is not None]
    finite = [value for value in finite if math.isfinite(value)]
    assert found == {"metrics.loss": (min(finite), max(finite)), "params.seed": (0, 29), "duration_s": (0, 8)}
    highest = max(run.value("metrics.loss", "max") or 0 for run in THERE if run.value("metrics.loss") in finite)
    assert ranges(con, arrange(con, ALL), ["metrics.loss"], {"metrics.loss": "max"})["metrics.loss"][1] == highest


COLUMNS = [
    "name", "status", "experiment", "exit_code", "note", "metrics.loss", "metrics.acc", "metrics.steady",
    "metrics.broken", "metrics.nobody", f"metrics.{SQL_NAME}", "params.lr", "params.same", "params.one", "params.list",
    "params.nan", "params.mixed", "tags.team", f"tags.{SQL_NAME}",
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 29), max_size=5, unique=True))
def test_differing(con, numbers):
    runs = [RUNS[number] for number in numbers]
    expected = set()
    for column in COLUMNS:
        kinds = {(isinstance(value, str), json.dumps(value)) for value in (run.value(column) for run in runs)}
        # 1 and 1.0
        kinds = {
            (
                text,
                repr(float(value))
                if not text and value not in ("null", "true", "false") and value[0] not in "[{"
                else value,
            )
            for text, value in kinds
        }
        if len(kinds) > 1:
            expected.add(column)
    assert differing(con, [run.run_id for run in runs], COLUMNS) == expected


def test_differing_beyond_the_few_that_are_looked_at_first(con, monkeypatch):
    monkeypatch.setattr("inlay.query.table_differences._FEW", 2)
    for chosen in (ALL, [run.run_id for run in THERE], arrange(con, ALL)):
        assert differing(con, chosen, COLUMNS) == set(COLUMNS) - {"metrics.steady", "params.same", "metrics.nobody"}
    lonely = RunQuery(filter="attributes.name = 'run 3'")
    assert differing(con, lonely, COLUMNS) == set()


def test_columns(con):
    found = {one.id: one for one in catalogue(con, ALL)}
    for column, one in found.items():
        if hasattr(RUNS[0], column) or (one.entity != "attributes" and column != "params.none"):
            assert one.runs == sum(run.value(column) is not None for run in THERE), column
        assert json.loads(json.dumps(one.as_json()))["id"] == column
    assert [found[name].type for name in ("started_at", "duration_s", "status", "git_dirty", "exit_code")] == [
        "time", "duration", "status", "flag", "number"
    ]  # fmt: skip
    types = {"params.lr": "number", "params.flag": "flag", "params.mixed": "text", "params.one": "text"}
    assert {name: found[name].type for name in types} == types
    assert found[f"metrics.{SQL_NAME}"].field == f'metrics."{SQL_NAME}"'
    entities = [one.entity for one in catalogue(con, ALL)]
    assert entities == sorted(entities, key=["attributes", "metrics", "params", "tags"].index)
    few = {one.id for one in catalogue(con, [id_of(12)])}
    assert "metrics.only" in few
    assert "params.list" not in few
    assert {one.id for one in catalogue(con, RunQuery(filter="metrics.acc > 9"))} == {
        one.id for one in catalogue(con, ALL) if one.entity == "attributes"
    }


@pytest.mark.parametrize(
    ("key", "better"),
    [("loss", "min"), ("val/loss", "min"), ("valLoss", "min"), ("val/top1_error", "min"), ("test_acc", "max"),
     ("accuracy_top5", "max"), ("f1", "max"), ("f1_macro", "max"), ("r2", "max"), ("rmse", "min"), ("lr", None),
     ("epoch", None), ("closs", None), ("roc_auc", "max"), ("latency_ms", "min"), ("mean_reward", "max"), ("", None)],
)  # fmt: skip
def test_which_way_a_metric_is_better(key, better):
    assert better_of(key) == better
