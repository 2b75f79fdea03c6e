"""Groups of runs and the statistics of their metrics, against the same in plain Python."""

from __future__ import annotations

import math
import statistics

import pytest
from table_runs import SQL_NAME, database, id_of, made_runs

from inlay.errors import QueryError
from inlay.query.filter import select_runs
from inlay.query.grouping import grouped
from inlay.query.run_query import RunQuery

RUNS = made_runs()
THERE = [run for run in RUNS if not run.deleted]


@pytest.fixture(scope="module")
def con():
    with database(RUNS) as con:
        yield con


@pytest.mark.parametrize(
    "by",
    [["params.lr"], ["params.lr", "tags.team"], ["status"], ["experiment", "params.flag"], [f"tags.{SQL_NAME}"],
     ["exit_code"], ["metrics.steady"], []],
)  # fmt: skip
def test_against_plain_python(con, by):
    expected = {}
    for run in THERE:
        expected.setdefault(tuple(run.value(column) for column in by), []).append(run)
    found = grouped(con, RunQuery(), by, ["loss", "acc", "nobody", SQL_NAME])
    assert {one.key for one in found} == set(expected)
    for one in found:
        runs = expected[one.key]
        assert one.n == len(one.run_ids) == len(runs)
        assert set(one.run_ids) == {run.run_id for run in runs}
        for key in ("loss", "acc", SQL_NAME):
            values = [run.metrics[key][0] for run in runs if key in run.metrics]
            finite = [value for value in values if math.isfinite(value)]
            stat = one.stats.get(key)
            if not values:
                assert stat is None
                continue
            assert (stat.n, stat.nonfinite) == (len(finite), len(values) - len(finite))
            assert stat.mean == pytest.approx(statistics.fmean(finite) if finite else None)
            assert stat.std == pytest.approx(statistics.stdev(finite) if len(finite) > 1 else None)
            assert (stat.min, stat.max) == (min(finite, default=None), max(finite, default=None))
        assert "nobody" not in one.stats


def test_however_runs_are_said(con):
    """A query, a statement, or ids; the runs of a group keep their order."""
    query = RunQuery(filter="metrics.acc > 0.3", order_by=("metrics.acc ASC",))
    statement = select_runs("metrics.acc > 0.3", order_by="metrics.acc ASC")
    ids = [row[0] for row in con.execute(statement.sql, statement.params).fetchall()]
    several = [grouped(con, chosen, ["tags.team"], ["loss"]) for chosen in (query, statement, ids)]
    assert several[0] == several[1] == several[2]
    for one in several[0]:
        assert one.run_ids == [run_id for run_id in ids if run_id in one.run_ids]
    (first,) = grouped(con, RunQuery(order_by=("params.seed ASC",), limit=3), [], None)
    assert first.run_ids == [id_of(0), id_of(2), id_of(3)]
    assert list(first.stats) == sorted({key for number in (0, 2, 3) for key in RUNS[number].metrics})


def test_sorted_by_value_with_what_is_missing_last(con):
    assert [one.key for one in grouped(con, RunQuery(), ["params.mixed"], [])] == [(0,), (1,), (2,), ("1",), ("auto",)]
    assert [one.key for one in grouped(con, RunQuery(), ["exit_code"], [])] == [(0,), (1,), (None,)]
    assert math.isnan(grouped(con, RunQuery(), ["params.nan"], [])[0].key[0])


def test_one_value_and_values_too_large_to_square(con):
    alone = grouped(con, [id_of(12)], ["name"], ["acc", "only"])[0]
    assert (alone.stats["acc"].std, alone.stats["only"].mean) == (None, 1e300)
    both = grouped(con, [id_of(12), id_of(13)], [], ["only"])[0].stats["only"]
    assert (both.mean, both.std, both.min, both.max) == (0.0, None, -1e300, 1e300)


def test_no_runs_and_no_such_column(con):
    assert grouped(con, RunQuery(filter="metrics.acc > 9"), ["params.lr"]) == []
    assert grouped(con, [], ["params.lr"]) == []
    assert grouped(con, ["no id", "\ud83d"], ["params.lr"]) == []
    with pytest.raises(QueryError, match="no column 'nme'; did you mean name"):
        grouped(con, RunQuery(), ["nme"])
