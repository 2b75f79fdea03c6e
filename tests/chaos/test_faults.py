"""Faults of the world around: an older database, a full disk, a program that holds the database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.acknowledged import check_series

import inlay
from inlay.store.ingest import ingest
from inlay.tracking.points import follow


def test_a_database_put_back_to_an_older_copy_heals_itself(store, tmp_path):
    """A backup was restored, or a sync client won: what the journal still holds comes back by itself."""
    older = tmp_path / "older.duckdb"
    with inlay.start_run("r", params={"lr": 0.1}) as run:
        for step in range(1_000):
            run.log_metric("x", float(step), step=step)
        ingest(store)
        shutil.copy(store.database, older)
        for step in range(1_000, 3_000):
            run.log_metric("x", float(step), step=step)
        run.log_metric("y", 0.0, step=0)
        run.log_param("lr", 0.2)
        ingest(store)
        check_series(run.run_id, "x", 3_000, in_flight=0)

        shutil.copy(older, store.database)
        check_series(run.run_id, "x", 3_000, in_flight=0)
        check_series(run.run_id, "y", 1, in_flight=0)
        store.database.unlink()
        check_series(run.run_id, "x", 3_000, in_flight=0)
    found = inlay.get_run("r")
    assert found.status == "finished"
    assert found.params == {"lr": 0.2}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 20 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "inlay", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


LOG = """
import sys, time, warnings
import inlay

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    inlay.connect(sys.argv[1])
    run = inlay.start_run("r")
    for step in range(500_000):
        run.log_metric("x", float(step), step=step)
    run.log_text("a report", "report.txt")
    print("full", flush=True)
    sys.stdin.readline()
    deadline = time.monotonic() + 30
    while run.recorder.writer.path is None and time.monotonic() < deadline:
        time.sleep(0.1)
    run.log_metric("x", 500_000.0, step=500_000)
    run.end()
for warning in caught:
    print(warning.message, flush=True)
"""


def log_on(disk: Path) -> subprocess.Popen[str]:
    """A program that logs 16 MB on a disk that holds 20 with 10 of them taken."""
    (disk / "ballast").write_bytes(bytes(10 << 20))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    program = subprocess.Popen([sys.executable, "-c", LOG, str(disk / "store")], text=True, **pipes)
    assert program.stdout is not None
    assert program.stdout.readline() == "full\n", program.communicate()
    return program


def test_a_full_disk_costs_a_warning_and_no_point(small_disk):
    program = log_on(small_disk)
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    said, errors = program.communicate("go on\n", timeout=120)
    assert program.returncode == 0, errors
    assert sum("kept in memory" in line for line in said.splitlines()) == 1, said

    inlay.connect(small_disk / "store")
    run = inlay.get_run("r")
    check_series(run.run_id, "x", 500_001, in_flight=0)
    assert run.status == "finished"


def test_a_disk_that_stays_full_keeps_what_fits(small_disk):
    program = log_on(small_disk)
    program.kill()
    program.communicate()
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)

    inlay.connect(small_disk / "store")
    run = inlay.get_run("r")
    kept = len(run.history("x"))
    assert kept * 32 > 3 << 20, "one segment at least was on the disk"
    check_series(run.run_id, "x", kept, in_flight=0)
    assert run.status == "killed"


HOLD = """
import sys, time
import duckdb
while True:
    try:
        con = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:  # an ingest has it for a moment
        time.sleep(0.01)
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("seconds", [float(os.environ.get("INLAY_TEST_HOLD", "4"))])
def test_a_foreign_program_that_holds_the_database(store, seconds):
    """Somebody looks into runs.duckdb with a DuckDB shell: recording and the live view go on, queries wait."""
    with inlay.start_run("before"):
        pass
    assert inlay.get_run("before").status == "finished"
    time.sleep(1.5)  # until the background ingest has let go of it, too
    code = [sys.executable, "-c", HOLD, str(store.database), str(seconds)]
    program = subprocess.Popen(code, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    # Not tried from here: to open and close the file once more would drop this process's own lock on it.

    began = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with inlay.start_run("meanwhile") as run:
            follower = follow(run)
            for step in range(1_000):
                run.log_metric("x", float(step), step=step)
            assert len(follower.poll()["x"]) == 1_000
    assert time.monotonic() - began < seconds / 2, "recording waited for the database"

    check_series(run.run_id, "x", 1_000, in_flight=0)
    assert inlay.get_run("meanwhile").status == "finished"
    assert time.monotonic() - began > seconds / 2
    program.wait(timeout=60)
