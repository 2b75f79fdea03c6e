"""Runs as Parquet and as JSON: what others read in them, and the way back."""

from __future__ import annotations

import gc
import json
import math
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pytest

import inlay
from inlay.errors import RunNotFoundError
from inlay.store.store import current

TARGETS = [("out", "parquet"), ("out.json", "json"), ("out.jsonl", "json")]


@pytest.fixture
def recorded(store):
    """A store with two runs that have one of everything, and a deleted one."""
    with inlay.start_run(
        "first", experiment="churn", params={"lr": 0.1, "deep": {"a": [1, None]}, "nan": math.nan}
    ) as run:
        run.log_param("lr", 0.2)
        run.set_tags({"team": "risk", "ünï": "çode"})
        run.set_note("a note\nof two lines")
        for step, value in enumerate([1.0, math.nan, math.inf, -math.inf, 0.25]):
            run.log({"loss": value, "acc": step / 5}, step=step)
        run.log({"loss": 9.0}, step=1)
        run.log_text("hello", "notes/hello.txt")
        with inlay.start_run("inner", nested=True) as inner:
            inner.log({"x": 1.0})
    inlay.start_run("gone").end()
    run_id = inlay.get_run("first").run_id  # taken in by now
    with store.open() as con:
        con.execute("UPDATE runs SET deleted_at = now()::TIMESTAMP WHERE name = 'gone'")
        con.execute("INSERT INTO histograms VALUES (?, 'w', 3, '2026-01-01', [0.0, 1.0], [4.0])", [run_id])
        con.execute(
            "INSERT INTO inputs VALUES (?, 'd', 'training', 'pandas', 2, 1, 16, '[]', '{}', 'd.csv', 's', 'full', '2026-01-01')",
            [run_id],
        )
        con.execute("INSERT INTO outputs VALUES (?, 'the tail', 99, '2026-01-01')", [run_id])
    return store


def everything(run_id: str) -> dict[str, list[tuple]]:
    """All rows of a run that an export keeps, times of params aside."""
    queries = {
        "run": "SELECT name, status, note, started_at, ended_at, duration_s, parent_run_id, host, git_commit, env_hash FROM runs",
        "params": "SELECT key, value, number::VARCHAR, type FROM params",
        "tags": "SELECT key, value FROM tags",
        "metrics": "SELECT key, step, time, CASE WHEN isnan(value) THEN 'nan' ELSE value::VARCHAR END FROM metrics",
        "summary": "SELECT key, last_step, min, max, count, nonfinite FROM metric_summary",
        "histograms": "SELECT key, step, time, edges, counts FROM histograms",
        "inputs": "SELECT name, context, kind, rows, columns, bytes, schema, profile, source, sample_digest, digest, created_at FROM inputs",
        "outputs": "SELECT tail, bytes FROM outputs",
    }
    with current().open() as con:
        return {
            name: sorted(con.execute(f"{query} WHERE run_id = ?", [run_id]).fetchall(), key=repr)
            for name, query in queries.items()
        }


@pytest.mark.parametrize(("name", "kind"), TARGETS)
def test_there_and_back_is_the_same(recorded, tmp_path: Path, name: str, kind: str) -> None:
    ids = [run.run_id for run in inlay.runs()]
    before = {run_id: everything(run_id) for run_id in ids}
    loss = inlay.get_run("first").history("loss").value
    done = inlay.export_runs(tmp_path / name, kind=kind, artifacts=True, progress=False)
    assert (done.runs, done.skipped) == (2, ())
    inlay.connect(tmp_path / "other")
    back = inlay.import_runs(tmp_path / name, progress=False)
    assert back.new == 2
    assert sorted(back.run_ids) == sorted(ids)
    assert {run_id: everything(run_id) for run_id in ids} == before
    np.testing.assert_array_equal(inlay.get_run("first").history("loss").value, loss)
    again = inlay.import_runs(tmp_path / name, progress=False)
    assert again.unchanged == 2
    if kind == "parquet":
        assert back.skipped == ()
        assert inlay.sql("SELECT path FROM artifacts").fetchall() == [("notes/hello.txt",)]
    else:
        assert [one.what for one in back.skipped] == ["run first: notes/hello.txt"]


def test_json_is_json_to_others(recorded, tmp_path: Path) -> None:
    inlay.export_runs(tmp_path / "out.json", kind="json", progress=False)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    whole = json.loads((tmp_path / "out.json").read_text(), parse_constant=refuse)
    assert (whole["format"], whole["version"]) == ("inlay", 1)
    first = next(run for run in whole["runs"] if run["name"] == "first")
    assert first["experiment"]["name"] == "churn"
    assert first["params"] == {"lr": 0.2, "deep": {"a": [1, None]}, "nan": "NaN"}
    assert first["metrics"]["loss"]["value"] == [1.0, "NaN", "Infinity", "-Infinity", 0.25, 9.0]
    assert first["metrics"]["loss"]["step"] == [0, 1, 2, 3, 4, 1]
    assert first["started_at"].endswith("Z")
    assert first["artifacts"][0]["path"] == "notes/hello.txt"
    lines = tmp_path / "out.jsonl"
    inlay.export_runs(lines, kind="json", progress=False)
    assert [json.loads(line)["name"] for line in lines.read_text().splitlines()] == ["first", "inner"]


def test_parquet_is_a_folder_that_anything_reads(recorded, tmp_path: Path) -> None:
    inlay.export_runs(tmp_path / "out", progress=False)
    con = duckdb.connect()
    rows = con.execute(
        f"SELECT r.name, m.key, count(*) FROM read_parquet('{tmp_path}/out/metrics.parquet') m"
        f" JOIN read_parquet('{tmp_path}/out/runs.parquet') r USING (run_id) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    con.close()
    assert rows == [("first", "acc", 5), ("first", "loss", 6), ("inner", "x", 1)]
    assert not (tmp_path / "out" / "artifacts").exists()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"runs.parquet", "params.parquet", "metrics.parquet", "tags.parquet", "artifacts.parquet"} <= names


def test_nothing_is_left_behind(recorded, tmp_path: Path, monkeypatch) -> None:
    """The copy of the database was left to the collector, which is a warning to those who make errors of them."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inlay.export_runs(tmp_path / "out", progress=False)
        gc.collect()
    assert not list((tmp_path / "tmp").iterdir())


def test_which_runs(recorded, tmp_path: Path) -> None:
    first, inner = inlay.get_run("first"), inlay.get_run("inner")

    def names(**options) -> list[str]:
        path = tmp_path / "some.jsonl"
        inlay.export_runs(path, kind="json", overwrite=True, progress=False, **options)
        return [json.loads(line)["name"] for line in path.read_text().splitlines()]

    assert names() == ["first", "inner"]
    assert names(runs=inlay.runs()) == ["first", "inner"]
    assert names(runs=[inner.run_id]) == ["inner"]
    assert names(runs=[first]) == ["first"]
    assert names(runs=first) == ["first"]
    assert names(runs=[]) == []
    with pytest.raises(RunNotFoundError, match="nothing-like-it"):
        names(runs=["nothing-like-it"])
    with pytest.raises(TypeError, match="3 of type int"):
        names(runs=[3])


@pytest.mark.parametrize(("name", "kind"), TARGETS)
def test_what_is_there_is_not_written_over_unasked(recorded, tmp_path: Path, name: str, kind: str) -> None:
    inlay.export_runs(tmp_path / name, kind=kind, progress=False)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        inlay.export_runs(tmp_path / name, kind=kind, progress=False)
    inlay.export_runs(tmp_path / name, kind=kind, overwrite=True, progress=False)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".inlay-export")]


def test_a_folder_with_something_else_is_never_replaced(recorded, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "precious").write_text("x")
    for kind in ("parquet", "json"):
        with pytest.raises(FileExistsError, match="something else"):
            inlay.export_runs(home, kind=kind, overwrite=True, progress=False)
    assert (home / "precious").read_text() == "x"


def test_an_export_that_fails_leaves_what_was_there(recorded, tmp_path: Path, monkeypatch) -> None:
    from inlay.transfer import to_json

    path = tmp_path / "out.json"
    inlay.export_runs(path, kind="json", progress=False)
    before = path.read_bytes()

    def failing(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(to_json, "_object", failing)
    with pytest.raises(OSError, match="the disk is full"):
        inlay.export_runs(path, kind="json", overwrite=True, progress=False)
    assert path.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".inlay-export")]


@pytest.mark.parametrize(
    ("target", "options", "error", "words"),
    [
        (3, {}, TypeError, "path"),
        ("", {}, ValueError, "path"),
        ("out", {"runs": 3}, TypeError, "got 3 of type int"),
        ("out", {"kind": "parket"}, ValueError, "did you mean 'parquet'"),
        ("out", {"kind": "csv"}, ValueError, "parquet, json, mlflow"),
    ],
)
def test_bad_targets_are_refused(store, target, options, error, words: str) -> None:
    with pytest.raises(error, match=words):
        inlay.export_runs(target, progress=False, **options)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '{"runs": 3}', "not json"],
)
def test_json_that_is_something_else_is_refused(store, tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"other\.json"):
        inlay.import_runs(path, progress=False)


def test_one_bad_run_does_not_keep_the_others_out(recorded, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    inlay.export_runs(path, kind="json", progress=False)
    good, other = map(json.loads, path.read_text().splitlines())
    lines = [good, {**other, "pid": "no number"}, {**other, "run_id": "none"}, {"a": 1}, 3]
    path.write_text("\n".join(map(json.dumps, lines)))
    inlay.connect(tmp_path / "other")
    done = inlay.import_runs(path, progress=False)
    assert done.new == 1
    assert [run.name for run in inlay.runs()] == ["first"]
    assert len([one for one in done.skipped if "hello.txt" not in one.what]) == 4


def test_a_run_that_was_exported_while_it_ran_is_not_brought_back(store, tmp_path: Path) -> None:
    run = inlay.start_run("open")
    for name, kind in TARGETS:
        assert inlay.export_runs(tmp_path / name, kind=kind, progress=False).runs == 1
    run.end()
    inlay.connect(tmp_path / "other")
    for name, _ in TARGETS:
        done = inlay.import_runs(tmp_path / name, progress=False)
        assert (done.new, len(done.skipped)) == (0, 1)
        assert "still running" in done.skipped[0].why


def test_parquet_of_another_make_is_refused(store, tmp_path: Path) -> None:
    inlay.export_runs(tmp_path / "out", progress=False)
    (tmp_path / "out" / "params.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="not what export_runs writes"):
        inlay.import_runs(tmp_path / "out", progress=False)
    (tmp_path / "out" / "params.parquet").unlink()
    with pytest.raises(ValueError, match=r"lacks params\.parquet"):
        inlay.import_runs(tmp_path / "out", progress=False)


def test_a_blob_is_kept_once_more_only_when_it_is_missing(recorded, tmp_path: Path) -> None:
    inlay.export_runs(tmp_path / "with", artifacts=True, progress=False)
    inlay.connect(tmp_path / "other")
    inlay.import_runs(tmp_path / "with", progress=False)
    inlay.connect(recorded.folder)
    inlay.get_run("first").set_tag("later", "x")
    inlay.export_runs(tmp_path / "without", progress=False)
    inlay.connect(tmp_path / "other")
    done = inlay.import_runs(tmp_path / "without", progress=False)
    assert (done.updated, done.skipped) == (1, ())
    assert inlay.sql("SELECT path FROM artifacts").fetchall() == [("notes/hello.txt",)]
