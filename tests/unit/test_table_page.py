"""A part of the rows: cells of runs and of groups, ready for JSON, whatever happened to the runs meanwhile."""

from __future__ import annotations

import json
import math
import statistics

import pytest
from table_runs import HTML_NAME, SQL_NAME, database, id_of, is_number, made_runs

from inlay.errors import QueryError
from inlay.query.run_query import RunQuery
from inlay.query.table_arrangement import arrange
from inlay.query.table_page import read_page

RUNS = made_runs()
THERE = [run for run in RUNS if not run.deleted]
COLUMNS = [
    "name", "status", "started_at", "duration_s", "exit_code", "note", "metrics.loss", "metrics.only",
    f"metrics.{SQL_NAME}", "metrics.nobody", "params.lr", "params.flag", "params.mixed", f"params.{HTML_NAME}",
    "params.nan", "tags.team", f"tags.{SQL_NAME}",
]  # fmt: skip


@pytest.fixture(scope="module")
def con():
    with database(RUNS) as con:
        yield con


def sent(page):
    """What a browser makes of it."""
    return json.loads(json.dumps(page.as_json(), allow_nan=False, ensure_ascii=False).encode())


def cell(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@pytest.mark.parametrize("shown", ["last", "min", "max"])
def test_cells_of_runs(con, shown):
    summary = {"metrics.loss": shown, "metrics.only": shown}
    page = sent(read_page(con, arrange(con, RunQuery()), 5, 12, COLUMNS, summary))
    assert [row["run"] for row in page["rows"]] == arrange(con, RunQuery()).ids[5:17]
    by_id = {run.run_id: run for run in RUNS}
    for column in COLUMNS:
        expected = [cell(by_id[row["run"]].value(column, summary.get(column, "last"))) for row in page["rows"]]
        assert page["cells"][column] == expected, column
    assert set(page["cells"]) == set(COLUMNS)


def test_values_that_json_has_not(con):
    page = sent(read_page(con, arrange(con, RunQuery().among([id_of(10), id_of(11)])), 0, 9, [
        "params.big", "params.list", "params.none", "params.long", "params.surrogate", "params.nan", "params.seed",
    ]))  # fmt: skip
    assert page["cells"] == {
        "params.big": [str(2**60), 2],
        "params.list": ['[1, {"a": null}]'] * 2,
        "params.none": ["null", None],
        "params.long": ["x" * 300 + "…"] * 2,
        "params.surrogate": ['["\\ud83d"]', None],
        "params.nan": [None, "NaN"],
        "params.seed": [10, 11],
    }


def test_rows_of_runs(con):
    page = sent(read_page(con, arrange(con, RunQuery().among([id_of(6), id_of(4), id_of(1)])), 0, 9, []))
    assert page["rows"] == [
        {"run": id_of(6), "short": id_of(6)[-8:], "name": "run 6", "status": "failed", "deleted": False,
         "note": "looked <b>bad</b>", "level": 0},
        {"run": id_of(4), "short": id_of(4)[-8:], "name": "run 4", "status": "running", "deleted": False, "note": "",
         "level": 0},
        {"run": id_of(1), "short": id_of(1)[-8:], "name": "run 1", "status": "finished", "deleted": True, "note": "",
         "level": 0},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "count", "rows"), [(0, 5, 5), (26, 10, 2), (28, 5, 0), (99, 1, 0), (-3, 2, 2), (3, 0, 0)]
)
def test_pages_end_with_the_rows(con, start, count, rows):
    page = read_page(con, arrange(con, RunQuery()), start, count, ["name"])
    assert (len(page.rows), len(page.cells["name"])) == (rows, rows)


def test_a_column_that_there_is_not(con):
    found = arrange(con, RunQuery())
    with pytest.raises(QueryError, match="did you mean duration_s"):
        read_page(con, found, 0, 3, ["duration_"])
    assert read_page(con, found, 0, 2, ["params.\ud83d"]).cells == {"params.\ud83d": [None, None]}


def test_the_baseline(con):
    page = sent(read_page(con, arrange(con, RunQuery(), baseline=id_of(29)), 0, 1, ["metrics.acc", "params.lr"]))
    assert page["rows"][0]["run"] == id_of(28)
    assert page["baseline"]["row"]["run"] == id_of(29)
    assert page["baseline"]["cells"] == {"metrics.acc": RUNS[29].metrics["acc"][0], "params.lr": RUNS[29].params["lr"]}
    gone = sent(read_page(con, arrange(con, RunQuery(), baseline=id_of(500)), 0, 1, ["metrics.acc"]))
    assert (gone["baseline"]["row"]["deleted"], gone["baseline"]["cells"]) == (True, {"metrics.acc": None})


def test_what_happens_to_runs_after_they_were_arranged():
    """One is deleted, one is wiped out, and the rows of all move to other places, as in a compaction."""
    with database(RUNS) as con:
        found = arrange(con, RunQuery(), order=[("params.seed", "asc")])
        con.execute("UPDATE runs SET deleted_at = now()::TIMESTAMP WHERE run_id = ?", [id_of(0)])
        for table in ("runs", "params", "series"):
            con.execute(f"DELETE FROM {table} WHERE run_id = ?", [id_of(2)])
            con.execute(f"CREATE TABLE moved AS SELECT * FROM {table} ORDER BY md5({table}::VARCHAR)")
            con.execute(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM moved; DROP TABLE moved")
        page = read_page(con, found, 0, 4, ["params.seed", "metrics.acc"])
        assert [(row["run"], row["deleted"]) for row in page.rows] == [
            (id_of(0), True), (id_of(2), True), (id_of(3), False), (id_of(4), False)
        ]  # fmt: skip
        assert page.cells["params.seed"] == [0, None, 3, 4]
        assert page.cells["metrics.acc"][0] == RUNS[0].metrics["acc"][0]


# -- groups ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["last", "max"])
@pytest.mark.parametrize("at_once", [1_000, 0])
def test_cells_of_groups(con, monkeypatch, at_once, shown):
    monkeypatch.setattr("inlay.query.table_group_cells.ALL_AT_ONCE", at_once)
    summary = {"metrics.loss": shown}
    found = arrange(con, RunQuery(), group=["params.lr"], open=["[0.01]"])
    page = sent(read_page(con, found, 0, 4, COLUMNS, summary))
    assert [row.get("key") for row in page["rows"]] == ["[0.001]", "[0.01]", None, None]
    assert [row.get("open") for row in page["rows"][:2]] == [False, True]
    assert [row.get("values") for row in page["rows"][:2]] == [[0.001], [0.01]]
    for place, lr in enumerate((0.001, 0.01)):
        runs = [run for run in THERE if run.params["lr"] == lr]
        assert page["rows"][place]["n"] == len(runs)
        for column in COLUMNS:
            told = page["cells"][column][place]
            values = [run.value(column, summary.get(column, "last")) for run in runs]
            there = [value for value in values if value is not None]
            if column == "started_at":
                assert told == max(there)
            elif not there:
                assert told is None, column
            elif all(map(is_number, there)):
                finite = [value for value in there if math.isfinite(value)]
                assert told["n"] == len(finite), column
                if not finite:
                    assert told == {"mean": "NaN", "std": None, "n": 0}
                    continue
                assert told["mean"] == pytest.approx(statistics.fmean(finite)), column
                spread = statistics.stdev(finite) if len(finite) > 1 else None
                assert told["std"] == pytest.approx(spread) or column == "metrics.only", column
            else:
                distinct = {(isinstance(value, str), value) for value in values}
                assert told == (there[0] if len(distinct) == 1 else {"distinct": len(distinct)}), column


def test_a_mean_of_nothing_finite(con):
    page = sent(read_page(con, arrange(con, RunQuery(), group=["params.same"]), 0, 1, ["metrics.broken"]))
    assert page["cells"]["metrics.broken"] == [{"mean": "NaN", "std": None, "n": 0}]
