"""The step of a metric logged without one: it counts up per key, whatever way the points come and whoever logs."""

from __future__ import annotations

import os
import threading
from decimal import Decimal

import numpy as np
import pytest

import inlay
from inlay.tracking import recorder


@pytest.fixture
def run(tmp_path):
    with inlay.start_run(store=inlay.connect(tmp_path / ".inlay")) as run:
        yield run


def steps(run, key):
    return run.history(key).step.tolist()


def test_counting_goes_on_from_the_last_step_given(run):
    """Given steps, counted steps, single values, small and large rows, and whole arrays share one count."""
    many = {f"k{i}": float(i) for i in range(40)} | {"a": 1.0}
    run.log_metric("a", 1.0)
    run.log_metric("a", 1.0)
    run.log_metric("a", 1.0, step=10)
    run.log({"a": 1.0})
    run.log({"a": 1.0, "b": 1.0})
    run.log({"a": 1.0, "b": 1.0})
    run.log(many)
    run.log(many, step=np.int64(20))
    run.log(many)
    run.log({"a": 1.0, "b": 1.0}, step=30)
    run.log_metrics_array("a", [1.0, 2.0])
    run.log({"a": {"nested": 1}, "b": 2})
    run.log_metric("a", 1.0)
    assert steps(run, "a") == [0, 1, 10, 11, 12, 13, 14, 20, 21, 30, 31, 32, 33]
    assert steps(run, "b") == [0, 1, 30, 31]
    assert steps(run, "k3") == [0, 20, 21]
    assert steps(run, "a/nested") == [0]


@pytest.mark.parametrize("keys", [1, 2, 40])
def test_threads_never_share_a_step(run, keys):
    metrics = {f"k{i}": 0.5 for i in range(keys)}

    def work():
        for _ in range(2000):
            run.log(metrics)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert steps(run, "k0") == list(range(16_000))


def test_a_full_segment_skips_no_step(run):
    for _ in range(140_000):
        run.log_metric("a", 0.5)
    assert np.array_equal(run.history("a").step, np.arange(140_000))


def test_plain_numbers_of_every_type_are_stored_as_they_are(run):
    given = [1, True, 0.5, np.float32(0.1), np.float64(0.2), np.int16(-3), np.bool_(True), Decimal("2.5"), np.array(4)]
    for _ in range(3):  # the first of a type takes the careful path, later ones the quick one
        for value in given:
            run.log_metric("one", value)
            run.log({"two": value, "three": value})
            run.log({f"m{i}": value for i in range(20)}, step=1)
    wanted = [float(value) for value in given] * 3
    for key in ("one", "two", "three", "m7"):
        assert run.history(key).value.tolist() == wanted


@pytest.mark.parametrize("size", [1, 2, 20, 100])
def test_bad_input_among_known_keys_logs_nothing_and_skips_no_step(run, size):
    good = {f"k{i}": 0.5 for i in range(size)}
    run.log(good)
    for bad in ("text", None, 1j, [1.0], np.array([1.0]), 10**400):
        for step in (None, 1, 2.5, "3"):
            with pytest.raises((TypeError, ValueError, OverflowError)):
                run.log(good | {f"k{size - 1}": bad}, step=step)
            with pytest.raises((TypeError, ValueError, OverflowError)):
                run.log_metric("k0", bad, step=step)
    run.log(good)
    run.log({})
    assert steps(run, "k0") == [0, 1]
    assert steps(run, f"k{size - 1}") == [0, 1]


def test_ever_new_sets_of_keys_do_not_fill_the_memory(run, monkeypatch):
    monkeypatch.setattr(recorder, "_MANY_ROWS", 3)
    for i in range(10):
        run.log({f"k{j}": 0.5 for j in range(i, i + 15)})
    assert len(run.recorder._rows) <= 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_counts_on(run):
    for _ in range(3):
        run.log_metric("a", 0.5)
    run.log_metric("b", 0.5, step=7)
    child = os.fork()
    if child == 0:
        try:
            run.log_metric("a", 1.5)
            run.log_metric("b", 1.5)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert steps(run, "a") == [0, 1, 2, 3]
    assert steps(run, "b") == [7, 8]
