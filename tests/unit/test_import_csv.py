"""CSV files into a store: which column is what, in which dialect, and what is left out."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

import inlay


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def metrics() -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for key, step, value in inlay.sql("SELECT key, step, value FROM metrics ORDER BY key, step").fetchall():
        found.setdefault(key, []).append((step, value))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("step,loss\n0,1.0\n10,0.5\n", {"loss": [(0, 1.0), (10, 0.5)]}, id="step"),
        pytest.param("loss\n1.0\n0.5\n", {"loss": [(0, 1.0), (1, 0.5)]}, id="rows are counted"),
        pytest.param("_step,loss,_timestamp\n3,1.0,1700000000\n", {"loss": [(3, 1.0)]}, id="as W&B names them"),
        pytest.param("epoch,step,loss\n0,5,1.0\n", {"epoch": [(5, 0.0)], "loss": [(5, 1.0)]}, id="step before epoch"),
        pytest.param("epoch,loss\n1,1.0\n2,0.5\n", {"loss": [(1, 1.0), (2, 0.5)]}, id="epoch"),
        pytest.param("epoch,loss\n0.5,1.0\n1.0,2.0\n", {"epoch": [(0, 0.5), (1, 1.0)], "loss": [(0, 1.0), (1, 2.0)]}, id="half an epoch"),
        pytest.param("step;loss\n0;1.5\n", {"loss": [(0, 1.5)]}, id="semicolons"),
        pytest.param("step\tloss\n0\t1.5\n", {"loss": [(0, 1.5)]}, id="tabs"),
        pytest.param("\ufeffstep,loss\n0,1.5\n", {"loss": [(0, 1.5)]}, id="a byte order mark"),
        pytest.param("step,train,val\n0,1,\n1,,2\n\n2,3\n", {"train": [(0, 1.0), (2, 3.0)], "val": [(1, 2.0)]}, id="empty cells"),
        pytest.param("step,loss\n0,inf\n1,-inf\n", {"loss": [(0, math.inf), (1, -math.inf)]}, id="infinities"),
        pytest.param('step,"val,loss"\n0,1\n', {"val,loss": [(0, 1.0)]}, id="quotes"),
        pytest.param("Wall time,Step,Value\n1700000000.5,7,0.25\n", {"data": [(7, 0.25)]}, id="TensorBoard's download"),
        pytest.param("step,loss\n0,1\n,2\n", {"loss": [(0, 1.0), (1, 2.0)]}, id="a step is missing"),
    ],
)  # fmt: skip
def test_columns_are_told_by_their_names(store, tmp_path: Path, text: str, expected: dict) -> None:
    done = inlay.import_runs(write(tmp_path / "data.csv", text), progress=False)
    assert (done.new, done.skipped) == (1, ())
    assert metrics() == expected


def test_nan_is_a_value_and_an_empty_cell_is_none(store, tmp_path: Path) -> None:
    inlay.import_runs(write(tmp_path / "data.csv", "step,loss\n0,nan\n1,\n2,1\n"), progress=False)
    np.testing.assert_array_equal(inlay.get_run("data").history("loss").value, [math.nan, 1.0])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("1700000000.5", 1_700_000_000.5),
        ("1700000000500", 1_700_000_000.5),
        ("2023-11-14T22:13:20.500Z", 1_700_000_000.5),
        ("2023-11-14 22:13:20.500000", 1_700_000_000.5),
        ("2023-11-14T23:13:20.500000+01:00", 1_700_000_000.5),
    ],
)
def test_times_in_every_form(store, tmp_path: Path, column: str, expected: float) -> None:
    inlay.import_runs(write(tmp_path / "data.csv", f"step,timestamp,loss\n0,{column},1\n"), progress=False)
    assert inlay.sql("SELECT epoch(time) FROM metrics").fetchall() == [(expected,)]
    assert inlay.sql("SELECT epoch(started_at) FROM runs").fetchall() == [(expected,)]


def test_small_times_are_since_the_start(store, tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "step,time,loss\n0,0.0,1\n1,2.5,1\n")
    inlay.import_runs(path, progress=False)
    ((first, second),) = inlay.sql("SELECT epoch(min(time)), epoch(max(time)) FROM metrics").fetchall()
    assert second - first == pytest.approx(2.5)
    assert abs(first - path.stat().st_mtime) < 0.01


def test_the_long_form_holds_many_runs(store, tmp_path: Path) -> None:
    text = "run,key,step,value\na,loss,0,1\na,acc,0,0.5\nb,loss,0,2\na,loss,1,0.5\n"
    done = inlay.import_runs(write(tmp_path / "long.csv", text), progress=False)
    assert done.new == 2
    assert inlay.get_run("a").history("loss").value.tolist() == [1.0, 0.5]
    assert inlay.get_run("a").history("acc").value.tolist() == [0.5]
    assert inlay.get_run("b").history("loss").value.tolist() == [2.0]


def test_words_are_params_when_they_never_change(store, tmp_path: Path) -> None:
    text = "step,model,seed_name,loss,note\n0,gbm,s,1,good\n1,gbm,s,2,bad\n"
    done = inlay.import_runs(write(tmp_path / "data.csv", text), progress=False)
    assert inlay.get_run("data").params == {"model": "gbm", "seed_name": "s"}
    assert [str(one) for one in done.skipped] == ["run data: column 'note': it has words where a metric has numbers"]


def test_a_file_that_grew_is_the_same_run(store, tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "step,loss\n0,1\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    first = inlay.import_runs(path, progress=False)
    path.write_text("step,loss\n0,1\n1,2\n")
    again = inlay.import_runs(path, progress=False)
    assert (again.updated, again.run_ids) == (1, first.run_ids)
    assert metrics() == {"loss": [(0, 1.0), (1, 2.0)]}


def test_a_folder_of_files_is_an_experiment(store, tmp_path: Path) -> None:
    for version in (0, 1):
        write(tmp_path / "logs" / f"version_{version}" / "metrics.csv", "step,loss\n0,1\n")
    write(tmp_path / "logs" / "empty.csv", "step,loss\n")
    done = inlay.import_runs(tmp_path / "logs", progress=False)
    assert (done.new, len(done.skipped)) == (2, 1)
    assert inlay.sql("SELECT name FROM experiments").fetchall() == [("logs",)]


def test_secrets_are_masked(store, tmp_path: Path) -> None:
    inlay.import_runs(write(tmp_path / "data.csv", "step,api_key,loss\n0,abcdef123,1\n"), progress=False)
    assert "abcdef123" not in str(inlay.get_run("data").params)


def test_a_long_file_arrives_whole(store, tmp_path: Path) -> None:
    rows = "".join(f"{i},{i / 8}\n" for i in range(120_000))
    inlay.import_runs(write(tmp_path / "data.csv", f"step,loss\n{rows}"), progress=False)
    history = inlay.get_run("data").history("loss")
    np.testing.assert_array_equal(history.value, np.arange(120_000) / 8)
    np.testing.assert_array_equal(history.step, np.arange(120_000))


@pytest.mark.parametrize("text", ["", "\n", "step,loss\n"])
def test_a_file_without_rows_is_refused(store, tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"data\.csv"):
        inlay.import_runs(write(tmp_path / "data.csv", text), progress=False)
