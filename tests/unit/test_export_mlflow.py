"""Runs written into MLflow's stores, read back by MLflow's own client."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

import inlay
from inlay.errors import InlayError

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("INLAY_TEST_DUCKDB")), reason="MLflow takes seconds to start, and has nothing to do with DuckDB"
)


@pytest.fixture(scope="module")
def mlflow():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("DO_NOT_TRACK", "true")
        patch.setenv("GIT_PYTHON_REFRESH", "quiet")
        yield pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def empty_database(mlflow, tmp_path_factory) -> Path:
    """A database with MLflow's tables, which take seconds to make; to be copied."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(params=["database", "folder"])
def target(request, tmp_path: Path, empty_database: Path) -> Path:
    if request.param == "folder":
        return tmp_path / "out" / "mlruns"
    path = tmp_path / "out" / "mlflow.db"
    path.parent.mkdir()
    path.write_bytes(empty_database.read_bytes())
    return path


def client_of(mlflow, target: Path):
    return mlflow.MlflowClient(f"sqlite:///{target}" if target.suffix == ".db" else target.as_uri())


def the_runs(client) -> dict[str, object]:
    experiments = [one.experiment_id for one in client.search_experiments()]
    return {run.info.run_name: run for run in client.search_runs(experiments)}


def record() -> None:
    """Runs with one of everything."""
    with inlay.start_run(
        "parent", experiment="churn", params={"lr": 0.1, "name": "adam", "none": None, "on": True}
    ) as run:
        run.log_param("long", "x" * 7000)
        run.set_tag("team", "risk")
        run.set_note("the first one")
        for step, value in enumerate([1.5, math.nan, math.inf, -math.inf]):
            run.log({"odd": value}, step=step)
        run.log({"val/acc": 0.5, "what?": 1.0}, step=-2)
        run.log_text("hello", "notes/hello.txt")
        with inlay.start_run("child", nested=True) as child:
            child.log({"x": 1.0})
    with pytest.raises(KeyboardInterrupt), inlay.start_run("stopped", experiment="churn"):
        raise KeyboardInterrupt
    with pytest.raises(ZeroDivisionError), inlay.start_run("broken", experiment="other"):
        raise ZeroDivisionError


def test_mlflow_finds_what_was_recorded(mlflow, store, target: Path) -> None:
    record()
    done = inlay.export_runs(target, kind="mlflow", progress=False)
    assert (done.runs, done.unchanged) == (4, 0)
    client = client_of(mlflow, target)
    runs = the_runs(client)
    assert set(runs) == {"parent", "child", "stopped", "broken"}
    parent = runs["parent"]
    assert client.get_experiment(parent.info.experiment_id).name == "churn"
    params = parent.data.params
    assert {key: params[key] for key in ("lr", "name", "none", "on")} == {
        "lr": "0.1", "name": "adam", "none": "None", "on": "True",
    }  # fmt: skip
    assert len(params["long"]) == 6000
    assert parent.data.tags["inlay.cut_params"] == "long"
    assert parent.data.tags["team"] == "risk"
    assert parent.data.tags["mlflow.note.content"] == "the first one"
    assert parent.data.tags["inlay.run_id"] == inlay.get_run("parent").run_id
    history = sorted(client.get_metric_history(parent.info.run_id, "odd"), key=lambda point: point.step)
    largest = 1.7976931348623157e308 if target.suffix == ".db" else math.inf  # what MLflow makes of it
    np.testing.assert_array_equal([point.value for point in history], [1.5, math.nan, largest, -largest])
    assert [point.step for point in history] == [0, 1, 2, 3]
    ours = inlay.get_run("parent").history("odd").time.astype("datetime64[ms]").astype(int)
    assert abs(np.array([point.timestamp for point in history]) - ours).max() <= 1
    assert parent.data.metrics["val/acc"] == 0.5
    assert parent.data.metrics["what_"] == 1.0
    assert any("what?" in one.what for one in done.skipped)
    path = client.download_artifacts(parent.info.run_id, "notes/hello.txt")
    assert Path(path).read_text() == "hello"
    assert runs["child"].data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_statuses_and_times_in_mlflows_words(mlflow, store, target: Path) -> None:
    record()
    inlay.export_runs(target, kind="mlflow", progress=False)
    runs = the_runs(client_of(mlflow, target))
    statuses = {name: run.info.status for name, run in runs.items()}
    assert statuses == {"parent": "FINISHED", "child": "FINISHED", "stopped": "KILLED", "broken": "FAILED"}
    assert runs["stopped"].data.tags["inlay.status"] == "interrupted"
    ((start, end),) = inlay.sql(
        "SELECT epoch_ms(started_at), epoch_ms(ended_at) FROM runs WHERE name = 'parent'"
    ).fetchall()
    info = runs["parent"].info
    assert abs(info.start_time - start) <= 1
    assert abs(info.end_time - end) <= 1


def test_a_second_export_writes_only_what_changed(mlflow, store, target: Path) -> None:
    record()
    inlay.export_runs(target, kind="mlflow", progress=False)
    again = inlay.export_runs(target, kind="mlflow", progress=False)
    assert (again.runs, again.unchanged) == (0, 4)
    inlay.get_run("parent").set_tag("team", "new")
    changed = inlay.export_runs(target, kind="mlflow", progress=False)
    assert (changed.runs, changed.unchanged) == (1, 3)
    runs = the_runs(client_of(mlflow, target))
    assert len(runs) == 4
    assert runs["parent"].data.tags["team"] == "new"


def test_an_experiment_in_the_trash_is_named(mlflow, store, target: Path) -> None:
    client = client_of(mlflow, target)
    client.delete_experiment(client.create_experiment("churn"))
    with inlay.start_run("one", experiment="churn"):
        pass
    with pytest.raises(InlayError, match=r"'churn' is in MLflow's trash.*restore_experiment"):
        inlay.export_runs(target, kind="mlflow", progress=False)


def test_there_and_back_is_the_same_run(mlflow, store, target: Path, tmp_path: Path) -> None:
    record()
    inlay.export_runs(target, kind="mlflow", progress=False)
    here = inlay.import_runs(target, progress=False)
    assert (here.new, here.updated, len(here.skipped)) == (0, 0, 4)
    before = inlay.get_run("stopped").run_id
    odd = inlay.get_run("parent").history("odd").value
    inlay.connect(tmp_path / "other")
    assert inlay.import_runs(target, progress=False).new == 4
    assert inlay.get_run("stopped").run_id == before
    assert inlay.get_run("stopped").status == "interrupted"
    np.testing.assert_array_equal(inlay.get_run("parent").history("odd").value, odd)
    assert inlay.sql("SELECT count(*) FROM runs WHERE parent_run_id IS NOT NULL").fetchall() == [(1,)]


def test_data_sets_arrive(mlflow, store, target: Path, tmp_path: Path) -> None:
    inlay.start_run("with data").end()
    run_id = inlay.get_run("with data").run_id
    with store.open() as con:
        con.execute(
            "INSERT INTO inputs (run_id, name, context, kind, rows, schema, source, digest)"
            """ VALUES (?, 'customers', 'training', 'pandas', 12, '[{"name": "age", "type": "int64"}]', 'c.csv', 'abc')""",
            [run_id],
        )
    inlay.export_runs(target, kind="mlflow", progress=False)
    (found,) = the_runs(client_of(mlflow, target))["with data"].inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest, found.dataset.profile) == ("customers", "abc", '{"num_rows": 12}')
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "training")]


def test_the_environment_is_as_it_was(mlflow, store, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE")
    inlay.start_run("one").end()
    assert inlay.export_runs(tmp_path / "mlruns", kind="mlflow", progress=False).runs == 1
    assert "MLFLOW_ALLOW_FILE_STORE" not in os.environ
