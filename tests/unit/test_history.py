"""The history of a metric: every point, by step, as NumPy columns."""

from __future__ import annotations

import time

import numpy as np
import pytest

import inlay


def test_columns(store):
    before = time.time()
    with inlay.start_run() as run:
        for step in range(5):
            run.log({"a": step / 2}, step=step)
    history = run.history("a")
    assert (history.step.dtype, history.value.dtype) == (np.int64, np.float64)
    assert np.issubdtype(history.time.dtype, np.datetime64)
    assert history.step.tolist() == list(range(5))
    assert history.value.tolist() == [0, 0.5, 1, 1.5, 2]
    seconds = history.time.astype("datetime64[us]").astype(np.int64) / 1e6
    assert np.all((seconds >= before - 1e-5) & (seconds <= time.time() + 1e-5))
    assert len(history) == 5
    assert repr(history) == "History of 'a': 5 points, steps 0 to 4"
    table = history.to_df()
    assert table.columns.tolist() == ["step", "time", "value"]
    assert table["value"].tolist() == history.value.tolist()


def test_order_is_by_step_then_by_logging(store):
    with inlay.start_run() as run:
        for step, value in [(3, 1.0), (1, 2.0), (3, 3.0), (1, 4.0), (0, 5.0)]:
            run.log({"a": value}, step=step)
            len(inlay.runs())
    history = run.history("a")
    assert history.step.tolist() == [0, 1, 1, 3, 3]
    assert history.value.tolist() == [5, 2, 4, 1, 3]


def test_of_a_live_run(store):
    run = inlay.start_run()
    for step in range(3):
        run.log({"a": 1.0}, step=step)
        assert len(run.history("a")) == step + 1


def test_a_metric_that_is_not_there_names_the_nearest(store):
    with inlay.start_run() as run:
        with pytest.raises(KeyError, match="no metrics"):
            run.history("a")
        run.log({"val/loss": 1.0, "val/acc": 1.0})
        with pytest.raises(KeyError, match="'val/loss'"):
            run.history("val_loss")


def test_a_large_one_in_many_ingests(store):
    with inlay.start_run() as run:
        for start in range(0, 300_000, 100_000):
            run.log_metrics_array("a", np.arange(start, start + 100_000), steps=np.arange(start, start + 100_000))
            run.log_metrics_array("b", np.arange(10))
            len(inlay.runs())
    history = run.history("a")
    assert np.array_equal(history.step, np.arange(300_000))
    assert np.array_equal(history.value, np.arange(300_000))
