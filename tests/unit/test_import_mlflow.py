"""MLflow's own stores, written here by MLflow itself, into ours: its database and its folder of files."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import inlay
from inlay.errors import InlayError

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("INLAY_TEST_DUCKDB")), reason="MLflow takes seconds to start, and has nothing to do with DuckDB"
)

HISTORY = 100_000
KINDS = ["database", "folder"]


@dataclass(frozen=True, slots=True)
class Made:
    """A store that MLflow wrote: where, its address, and the ids of the runs in it."""

    source: Path
    uri: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def mlflow():
    """MLflow, quiet, and willing to write files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("DO_NOT_TRACK", "true")
        patch.setenv("GIT_PYTHON_REFRESH", "quiet")
        yield pytest.importorskip("mlflow")


@pytest.fixture(scope="module", params=KINDS)
def made(request, mlflow, tmp_path_factory) -> Made:
    """One store of each kind, for all tests here; those that change it work on a copy."""
    folder = tmp_path_factory.mktemp(request.param)
    source = folder / "mlflow.db" if request.param == "database" else folder / "mlruns"
    uri = f"sqlite:///{source}" if request.param == "database" else source.as_uri()
    place = (folder / "artifacts").as_uri() if request.param == "database" else None
    ids = fill(mlflow, mlflow.MlflowClient(uri), place)
    return Made(source, uri, ids)


def fill(mlflow, client, place: str | None) -> dict[str, str]:
    """Runs of every sort, by MLflow's client."""
    entities = mlflow.entities
    experiment = client.create_experiment(
        "churn", artifact_location=place, tags={"team": "risk", "mlflow.note.content": "all about churn"}
    )
    ids = {}

    def run(name: str, start: int, **tags: str) -> str:
        made = client.create_run(experiment, start_time=start, run_name=name, tags=tags)
        ids[name] = made.info.run_id
        return made.info.run_id

    parent = run(
        "parent", 1_700_000_000_000,
        **{
            "team": "risk", "api_key": "sk-live-0123456789abcdefghij", "mlflow.note.content": "the first one",
            "mlflow.user": "ada", "mlflow.source.name": "/somewhere/train.py", "mlflow.source.type": "LOCAL",
            "mlflow.source.git.commit": "c0ffee", "mlflow.source.git.branch": "main",
        },
    )  # fmt: skip
    for key, value in {
        "lr": "0.1",
        "depth": "7",
        "name": "adam",
        "none": "None",
        "yes": "True",
        "zip": "00123",
    }.items():
        client.log_param(parent, key, value)
    odd = [math.nan, math.inf, -math.inf, 1.5]
    client.log_batch(parent, metrics=[entities.Metric("odd", v, 1_700_000_001_000 + i, i) for i, v in enumerate(odd)])
    client.log_batch(parent, metrics=[
        entities.Metric("late", 3.0, 1_700_000_009_000, 5), entities.Metric("late", 1.0, 1_700_000_008_000, -3),
        entities.Metric("late", 4.0, 1_700_000_010_000, 5),
    ])  # fmt: skip
    client.log_text(parent, "hello", "notes/hello.txt")
    client.log_inputs(parent, datasets=[
        entities.DatasetInput(
            entities.Dataset(
                "customers", "abc123", "local", '{"uri": "customers.csv"}',
                '{"mlflow_colspec": [{"type": "long", "name": "age", "required": true}]}', '{"num_rows": 12}',
            ),
            [entities.InputTag("mlflow.data.context", "training")],
        )
    ])  # fmt: skip
    client.set_terminated(parent, "FINISHED", 1_700_000_060_000)
    child = run("child", 1_700_000_010_000, **{"mlflow.parentRunId": parent})
    client.set_terminated(child, "FAILED", 1_700_000_020_000)
    gone = run("gone", 1_700_000_030_000)
    client.set_terminated(gone, "KILLED", 1_700_000_031_000)
    client.delete_run(gone)
    run("open", 1_700_000_040_000)
    client.log_metric(ids["open"], "long", 0.0, 1_700_000_000_000, 0)
    other = client.create_experiment("forgotten", artifact_location=place and place + "2")
    ids["forgotten"] = client.create_run(other, start_time=1_700_000_070_000, run_name="forgotten").info.run_id
    client.set_terminated(ids["forgotten"], "FINISHED", 1_700_000_071_000)
    client.delete_experiment(other)
    return ids


def long_history(made: Made, run_id: str) -> None:
    """By way of MLflow's own table, or file: `log_batch` takes ten seconds for as many."""
    if made.source.is_dir():
        lines = (f"{1_700_000_000_000 + i} {i / 8} {i}\n" for i in range(HISTORY))
        next(made.source.glob(f"*/{run_id}/metrics/long")).write_text("".join(lines))
        return
    rows = ((f"{i / 8}", 1_700_000_000_000 + i, run_id, i) for i in range(1, HISTORY))
    with sqlite3.connect(made.source) as con:
        con.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('long', ?, ?, ?, ?, 0)", rows
        )
    con.close()


def test_runs_arrive_with_all_they_have(made: Made, store) -> None:
    done = inlay.import_runs(made.source, progress=False)
    assert (done.new, done.updated, done.unchanged, done.skipped) == (5, 0, 0, ())
    assert len(set(done.run_ids)) == 5
    run = inlay.get_run("parent")
    assert run.experiment == "churn"
    assert run.status == "finished"
    assert run.note == "the first one"
    assert run.params == {"lr": 0.1, "depth": 7, "name": "adam", "none": None, "yes": True, "zip": "00123"}
    assert run.tags["team"] == "risk"
    assert not any(key.startswith("mlflow.") for key in run.tags)
    row = inlay.sql(
        "SELECT epoch(started_at), epoch(ended_at), duration_s, source_name, source_kind, user_name, git_commit, git_branch"
        " FROM runs WHERE name = 'parent'"
    ).fetchall()
    assert row == [(1_700_000_000.0, 1_700_000_060.0, 60.0, "train.py", "script", "ada", "c0ffee", "main")]
    assert inlay.sql("SELECT number FROM params WHERE key = 'lr'").fetchall() == [(0.1,)]
    found = inlay.sql("SELECT description, tags FROM experiments WHERE name = 'churn'").fetchall()
    assert found == [("all about churn", '{"team": "risk"}')]


def test_values_that_are_no_plain_numbers_arrive_as_they_were(made: Made, store) -> None:
    inlay.import_runs(made.source, progress=False)
    odd = inlay.get_run("parent").history("odd")
    assert odd.step.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(odd.value, [math.nan, math.inf, -math.inf, 1.5])
    assert odd.time[0] == np.datetime64("2023-11-14T22:13:21", "us")
    late = inlay.get_run("parent").history("late")
    assert list(zip(late.step.tolist(), late.value.tolist(), strict=True)) == [(-3, 1.0), (5, 3.0), (5, 4.0)]


def test_a_long_history_arrives_whole(made: Made, store, tmp_path: Path) -> None:
    copy = moved(made, tmp_path)
    long_history(copy, made.ids["open"])
    inlay.import_runs(copy.source, progress=False)
    history = inlay.get_run("open").history("long")
    np.testing.assert_array_equal(history.step, np.arange(HISTORY))
    np.testing.assert_array_equal(history.value, np.arange(HISTORY) / 8)
    row = inlay.sql("SELECT count, min, max, last FROM metric_summary WHERE key = 'long'").fetchall()
    assert row == [(HISTORY, 0.0, (HISTORY - 1) / 8, (HISTORY - 1) / 8)]


def test_statuses_parents_and_the_trash(made: Made, store) -> None:
    inlay.import_runs(made.source, progress=False)
    rows = inlay.sql("SELECT name, status, deleted_at IS NOT NULL FROM runs ORDER BY name").fetchall()
    assert rows == [
        ("child", "failed", False),
        ("forgotten", "finished", True),
        ("gone", "killed", True),
        ("open", "killed", False),
        ("parent", "finished", False),
    ]
    assert inlay.get_run("open").tags == {"mlflow.status": "RUNNING"}
    assert inlay.sql(
        "SELECT p.name FROM runs r JOIN runs p ON r.parent_run_id = p.run_id WHERE r.name = 'child'"
    ).fetchall() == [("parent",)]


def test_artifacts_and_data_sets_arrive(made: Made, store) -> None:
    inlay.import_runs(made.source, progress=False)
    ((path, digest, size),) = inlay.sql("SELECT path, hash, bytes FROM artifacts").fetchall()
    assert (path, size) == ("notes/hello.txt", 5)
    assert (store.artifacts / digest[:2] / digest).read_bytes() == b"hello"
    row = inlay.sql("SELECT name, context, kind, rows, columns, schema, source, digest FROM inputs").fetchall()
    schema = '[{"name": "age", "type": "long"}]'
    assert row == [("customers", "training", "local", 12, 1, schema, '{"uri": "customers.csv"}', "mlflow:abc123")]


def test_secrets_are_masked(made: Made, store) -> None:
    inlay.import_runs(made.source, progress=False)
    assert "sk-live" not in str(inlay.get_run("parent").tags)


def test_a_second_import_brings_nothing(made: Made, store) -> None:
    first = inlay.import_runs(made.source, progress=False)
    again = inlay.import_runs(made.source, progress=False)
    assert (again.new, again.updated, again.unchanged) == (0, 0, 5)
    assert again.run_ids == first.run_ids
    assert inlay.sql("SELECT count(*) FROM runs").fetchall() == [(5,)]
    assert inlay.sql("SELECT count(*) FROM metrics").fetchall() == [(8,)]


def test_the_same_run_is_known_where_its_store_was_moved(made: Made, store, tmp_path: Path) -> None:
    first = inlay.import_runs(made.source, progress=False)
    again = inlay.import_runs(moved(made, tmp_path).source, progress=False)
    assert again.run_ids == first.run_ids
    assert again.new == 0


def test_what_was_logged_since_arrives_and_what_was_said_here_stays(made: Made, mlflow, store, tmp_path: Path) -> None:
    copy = moved(made, tmp_path)
    inlay.import_runs(copy.source, progress=False)
    run = inlay.get_run("parent")
    run.set_tag("team", "mine")
    run.set_note("looked at")
    client = mlflow.MlflowClient(copy.uri)
    client.log_metric(made.ids["parent"], "late", 9.0, 1_700_000_011_000, 6)
    client.log_param(made.ids["parent"], "more", "1")
    client.set_tag(made.ids["parent"], "team", "theirs")
    client.set_tag(made.ids["parent"], "colour", "red")
    client.set_tag(made.ids["parent"], "mlflow.note.content", "changed there")
    done = inlay.import_runs(copy.source, progress=False)
    assert done.updated >= 1
    assert done.new == 0
    run = inlay.get_run("parent")
    assert run.history("late").value.tolist() == [1.0, 3.0, 4.0, 9.0]
    assert run.params["more"] == 1
    assert run.tags["team"] == "mine"
    assert run.tags["colour"] == "red"
    assert run.note == "looked at"
    assert inlay.sql("SELECT count(*) FROM artifacts").fetchall() == [(1,)]


def test_a_run_that_was_resumed_here_is_left_as_it_is(made: Made, mlflow, store, tmp_path: Path) -> None:
    copy = moved(made, tmp_path)
    inlay.import_runs(copy.source, progress=False)
    with inlay.start_run(resume="parent") as run:
        run.log({"here": 1.0}, step=0)
    mlflow.MlflowClient(copy.uri).log_metric(made.ids["parent"], "late", 9.0, 1_700_000_011_000, 6)
    done = inlay.import_runs(copy.source, progress=False)
    assert [one.what for one in done.skipped] == ["run parent"]
    assert "resumed in this store" in done.skipped[0].why
    assert inlay.get_run("parent").history("here").value.tolist() == [1.0]


def test_all_runs_may_go_into_one_experiment(made: Made, store) -> None:
    inlay.import_runs(made.source, experiment="from mlflow", progress=False)
    assert inlay.sql("SELECT DISTINCT name FROM experiments").fetchall() == [("from mlflow",)]


def test_the_folder_around_a_store_and_its_address_will_do(made: Made, store) -> None:
    assert inlay.import_runs(made.source.parent, progress=False).new == 5
    if made.source.is_file():
        assert inlay.import_runs(made.uri, progress=False).unchanged == 5


def test_an_artifact_folder_of_somebody_elses_choice_is_not_read(made: Made, store, tmp_path: Path) -> None:
    secret = tmp_path / "home"
    secret.mkdir()
    (secret / "id_rsa").write_text("private")
    copy = moved(made, tmp_path)
    if copy.source.is_file():
        with sqlite3.connect(copy.source) as con:
            con.execute("UPDATE runs SET artifact_uri = ?", [secret.as_uri()])
        con.close()
    else:
        for meta in copy.source.glob("*/*/meta.yaml"):
            lines = [
                f"artifact_uri: {secret.as_uri()}" if "artifact_uri" in line else line
                for line in meta.read_text().splitlines()
            ]
            meta.write_text("\n".join(lines))
    inlay.import_runs(copy.source, progress=False)
    assert inlay.sql("SELECT count(*) FROM artifacts WHERE path LIKE '%id_rsa%'").fetchall() == [(0,)]


def test_an_older_database_lacks_columns(made: Made, store, tmp_path: Path) -> None:
    if made.source.is_dir():
        pytest.skip("of the database only")
    copy = moved(made, tmp_path)
    with sqlite3.connect(copy.source) as con:
        for table in ("inputs", "datasets", "input_tags", "logged_models", "experiment_tags"):
            con.execute(f"DROP TABLE {table}")
        con.execute("CREATE TABLE old_runs AS SELECT * FROM runs")
        con.execute("DROP TABLE runs")
        con.execute(
            "CREATE TABLE runs AS SELECT run_uuid, name, status, start_time, end_time, lifecycle_stage, user_id,"
            " experiment_id, artifact_uri, source_name FROM old_runs"
        )
    con.close()
    done = inlay.import_runs(copy.source, progress=False)
    assert done.new == 5
    assert inlay.get_run("parent").params["lr"] == 0.1


def test_what_is_damaged_is_told(store, tmp_path: Path) -> None:
    bad = tmp_path / "mlflow.db"
    bad.write_bytes(b"SQLite format 3\0" + b"\0" * 5000)
    with pytest.raises((InlayError, ValueError), match=r"mlflow\.db"):
        inlay.import_runs(bad, progress=False)


def moved(made: Made, to: Path) -> Made:
    """The store in another place, its artifacts beside it as they were."""
    target = to / "elsewhere" / made.source.name
    shutil.copytree(made.source.parent, target.parent)
    return Made(target, f"sqlite:///{target}" if target.is_file() else target.as_uri(), made.ids)


def test_a_folder_that_leads_elsewhere_or_unfolds_without_end_is_left(made: Made, store, tmp_path: Path) -> None:
    if made.source.is_file():
        pytest.skip("of the folder only")
    secret = tmp_path / "home"
    secret.mkdir()
    (secret / "id_rsa").write_text("private")
    copy = moved(made, tmp_path)
    run = next(copy.source.glob(f"*/{made.ids['parent']}"))
    shutil.rmtree(run / "params")
    (run / "params").symlink_to(secret)
    bomb = "\n".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(12))
    meta = run / "meta.yaml"
    meta.write_text(f"{meta.read_text()}\na0: &a0 lol\n{bomb}\n")
    inlay.import_runs(copy.source, progress=False)
    assert inlay.get_run("parent").params == {}


def test_times_that_are_none_are_told(made: Made, store, tmp_path: Path) -> None:
    copy = moved(made, tmp_path)
    if copy.source.is_file():
        with sqlite3.connect(copy.source) as con:
            con.execute("UPDATE runs SET start_time = 'soon'")
        con.close()
        with pytest.raises(InlayError, match="cannot be read as a database"):
            inlay.import_runs(copy.source, progress=False)
        return
    meta = next(copy.source.glob(f"*/{made.ids['parent']}/meta.yaml"))
    lines = ["start_time: soon" if line.startswith("start_time") else line for line in meta.read_text().splitlines()]
    meta.write_text("\n".join(lines))
    done = inlay.import_runs(copy.source, progress=False)
    assert done.new == 4
    assert any("no start that is a number" in one.why for one in done.skipped)
