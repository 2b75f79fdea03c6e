"""Params: a second value replaces the first and both stay; numbers are numbers, too."""

from __future__ import annotations

import pytest

import inlay
from inlay.store.ingest import ingest


@pytest.mark.parametrize("between", [False, True])
def test_what_was_replaced_stays_in_the_history(store, between):
    with inlay.start_run(params={"lr": 0.1, "same": 1}) as run:
        for value in (0.2, "high", 0.3):
            if between:
                ingest(store)
            run.log_param("lr", value)
            run.log_param("same", 1)
    assert inlay.get_run(run.run_id).params == {"lr": 0.3, "same": 1}
    rows = inlay.sql("select key, value, number, type from param_history order by time").fetchall()
    assert rows == [("lr", "0.1", 0.1, "json"), ("lr", "0.2", 0.2, "json"), ("lr", "high", None, "string")]


def test_numbers_can_be_compared(store):
    for lr in (0.01, 0.1, 1, "high", True):
        with inlay.start_run(params={"lr": lr}):
            pass
    assert inlay.sql("select value from params where number < 0.5 order by number").fetchall() == [("0.01",), ("0.1",)]
    assert inlay.sql("select count(*) from params where number is null").fetchall() == [(2,)]


def test_the_order_of_logging_is_kept(store):
    names = [f"block{number}.width" for number in range(40)]
    with inlay.start_run(params={"z": 1, "a": 2}) as run:
        run.log_params(dict.fromkeys(names, 8))
        run.log_param("m", 3)
    assert list(run.params) == ["z", "a", *names, "m"]
    assert list(inlay.get_run(run.run_id).params) == list(run.params)


def test_many_and_large_params(store):
    given = {f"p{number}": "x" * 300_000 for number in range(8)}
    with inlay.start_run(params=given) as run:
        run.log_params({f"q{number}": number for number in range(2000)})
    found = inlay.get_run(run.run_id).params
    assert len(found) == 2008
    assert found["p7"] == "x" * 300_000
