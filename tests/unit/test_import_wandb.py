"""Offline runs of W&B, made by W&B itself, into a store."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import inlay

pytest.importorskip("wandb")
pytestmark = pytest.mark.skipif(bool(os.environ.get("INLAY_TEST_DUCKDB")), reason="W&B has nothing to do with DuckDB")

PROGRAM = """
    import math, os, sys, time
    import numpy as np
    import wandb

    run = wandb.init(
        project="churn", name="first", notes="the first one", tags=["baseline"], group="seeds", job_type="train", dir=".",
        config={"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "api_key": "abcdef12345"},
    )
    for step in range(20):
        run.log({"loss": 1 / (step + 1), "val": {"acc": step / 20}})
    run.log({"odd": math.nan})
    run.log({"odd": math.inf})
    run.log({"odd": -math.inf})
    if sys.argv[1:] == ["wait"]:
        print("logged", flush=True)
        time.sleep(60)
    run.log({
        "picture": wandb.Image(np.zeros((4, 5, 3), np.uint8)),
        "weights": wandb.Histogram(np_histogram=([1, 2], [0.0, 1.0, 2.0])),
        "table": wandb.Table(columns=["a"], data=[[1], [2]]),
    })
    run.summary["best"] = 0.75
    run.summary["word"] = "good"
    print("printed by the script")
    run.finish(exit_code=int(sys.argv[1]) if sys.argv[1:] else 0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder `wandb` with three runs: one that finished, one that failed, one that was killed."""
    here = tmp_path_factory.mktemp("project")
    program = here / "train.py"
    program.write_text(textwrap.dedent(PROGRAM))
    environment = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    # What W&B has in memory when it is killed is lost; it is written every so often.
    environment["WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL"] = "0.2"

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, program, *arguments]
        return subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.PIPE, text=True)

    runs = [start(), start("3"), start("wait")]
    assert [run.wait() for run in runs[:2]] == [0, 0]
    assert "logged" in runs[2].stdout.readline()
    time.sleep(1.0)
    runs[2].kill()
    runs[2].wait()
    for run in runs:
        run.stdout.close()
    return here / "wandb"


def test_runs_arrive_with_all_they_have(folder: Path, store) -> None:
    done = inlay.import_runs(folder, progress=False)
    assert (done.new, done.updated) == (3, 0)
    statuses = inlay.sql("SELECT status, exit_code FROM runs ORDER BY status").fetchall()
    assert statuses == [("failed", 3), ("finished", 0), ("killed", None)]
    finished = next(run for run in inlay.runs() if run.status == "finished")
    assert finished.name == "first"
    assert finished.experiment == "churn"
    assert finished.note == "the first one"
    assert finished.params["lr"] == 0.1
    assert finished.params["opt/name"] == "adam"
    assert finished.params["opt/betas"] == [0.9, 0.99]
    assert "abcdef12345" not in str(finished.params)
    assert finished.tags == {
        "baseline": "true", "wandb.group": "seeds", "wandb.job_type": "train", "summary.word": "good",
    }  # fmt: skip
    loss = finished.history("loss")
    np.testing.assert_allclose(loss.value, 1 / np.arange(1, 21))
    assert loss.step.tolist() == list(range(20))
    assert finished.history("val/acc").value[-1] == 0.95
    np.testing.assert_array_equal(finished.history("odd").value, [math.nan, math.inf, -math.inf])
    assert finished.history("best").value.tolist() == [0.75]
    row = inlay.sql(
        "SELECT source_name, source_kind, epoch(ended_at) >= epoch(started_at) FROM runs LIMIT 1"
    ).fetchall()
    assert row == [("train.py", "script", True)]


def test_files_and_histograms_arrive(folder: Path, store) -> None:
    inlay.import_runs(folder, progress=False)
    run_id = next(run for run in inlay.runs() if run.status == "finished").run_id
    rows = inlay.sql("SELECT path, kind, key, step FROM artifacts WHERE run_id = ? ORDER BY path", [run_id]).fetchall()
    assert rows == [
        ("picture/00000023.png", "image", "picture", 23),
        ("requirements.txt", "file", None, None),
        ("table/00000023.table.json", "json", "table", 23),
    ]
    found = inlay.sql("SELECT key, step, edges, counts FROM histograms WHERE run_id = ?", [run_id]).fetchall()
    assert found == [("weights", 23, [0.0, 1.0, 2.0], [1.0, 2.0])]
    ((tail,),) = inlay.sql("SELECT tail FROM outputs WHERE run_id = ?", [run_id]).fetchall()
    assert "printed by the script" in tail
    ((packages,),) = inlay.sql(
        "SELECT packages FROM environments e JOIN runs r USING (env_hash) WHERE run_id = ?", [run_id]
    ).fetchall()
    assert '"wandb"' in packages


def test_a_killed_run_keeps_what_was_written(folder: Path, store) -> None:
    inlay.import_runs(folder, progress=False)
    killed = next(run for run in inlay.runs() if run.status == "killed")
    assert killed.params["lr"] == 0.1
    assert killed.experiment == "churn"


def test_a_torn_end_and_damage_in_the_middle_are_tolerated(folder: Path, store, tmp_path: Path) -> None:
    copy = tmp_path / "wandb"
    shutil.copytree(folder, copy, symlinks=True)
    for number, file in enumerate(sorted(copy.glob("offline-run-*/run-*.wandb"))):
        data = bytearray(file.read_bytes())
        if number == 0:
            del data[-40:]
        else:
            data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
    done = inlay.import_runs(copy, progress=False)
    assert done.new == 3


def test_the_same_run_is_known_again(folder: Path, store, tmp_path: Path) -> None:
    first = inlay.import_runs(folder, progress=False)
    copy = tmp_path / "moved" / "wandb"
    shutil.copytree(folder, copy, symlinks=True)
    again = inlay.import_runs(copy.parent, progress=False)
    assert (again.unchanged, sorted(again.run_ids)) == (3, sorted(first.run_ids))
    one = next(copy.glob("offline-run-*"))
    assert inlay.import_runs(one, progress=False).unchanged == 1
    assert inlay.import_runs(next(one.glob("run-*.wandb")), progress=False).unchanged == 1


def test_a_file_of_another_kind_is_told(store, tmp_path: Path) -> None:
    (tmp_path / "run-x.wandb").write_bytes(b"something else")
    done = inlay.import_runs(tmp_path / "run-x.wandb", progress=False)
    assert (done.new, len(done.skipped)) == (0, 1)
    assert "no offline file of W&B" in done.skipped[0].why


def test_a_path_that_leads_out_of_the_run_is_not_followed(folder: Path, store, tmp_path: Path) -> None:
    """The place of a picture is a text in the file, which may be anybody's."""
    from inlay.transfer.paths import inside

    files = tmp_path / "files"
    (files / "media").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (files / "media" / "in.png").write_bytes(b"x")
    (files / "media" / "link.png").symlink_to(tmp_path / "secret")
    (files / "linked").symlink_to(tmp_path)
    assert inside(files, "media/in.png") == files / "media" / "in.png"
    for path in (
        "../secret",
        str(tmp_path / "secret"),
        "media/../../secret",
        "media/link.png",
        "linked/secret",
        "none.png",
    ):
        assert inside(files, path) is None


def test_files_that_are_a_link_elsewhere_are_not_read(folder: Path, store, tmp_path: Path) -> None:
    copy, secret = tmp_path / "wandb", tmp_path / "home"
    shutil.copytree(folder, copy, symlinks=True)
    secret.mkdir()
    (secret / "id_rsa").write_text("private")
    for files in copy.glob("offline-run-*/files"):
        shutil.rmtree(files)
        files.symlink_to(secret)
    assert inlay.import_runs(copy, progress=False).new == 3
    assert inlay.sql("SELECT count(*) FROM artifacts WHERE path LIKE '%id_rsa%'").fetchall() == [(0,)]


def test_the_link_to_the_latest_run_will_do(folder: Path, store) -> None:
    assert inlay.import_runs(folder / "latest-run", progress=False).new == 1
