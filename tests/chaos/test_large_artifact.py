"""A file of 2 GB, and a SIGKILL in the middle of its copy: nothing half-written has a name, and the next one keeps it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chaos.acknowledged import Board, check_series, start

import inlay
from inlay.store import artifacts as blobs

SIZE = 2_000 << 20
BLOCK = 16 << 20
FREE = 6 << 30
MEMORY_MB = 150

LOGGING = """
import resource
from inlay.tracking import copies

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)

run = inlay.start_run(name)
run.log_metric("x", 0.0)
before = megabytes()
began = time.perf_counter()
run.log_artifact(os.environ["LARGE"])
took = time.perf_counter() - began
ready()
step = 0
while copies.under_way(run):
    step += 1
    run.log_metric("x", float(step), step=step)
    acknowledge(0, step + 1)
    time.sleep(0.0005)
run.end()
print(took, megabytes() - before)
"""


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Random blocks, each with its number: no two are alike, and none is a hole."""
    if shutil.disk_usage(tmp_path).free < FREE:
        pytest.skip("needs 6 GB of free disk")
    path = tmp_path / "large.bin"
    block = bytearray(os.urandom(BLOCK))
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // BLOCK):
            block[:8] = struct.pack("<q", number)
            digest.update(block)
            file.write(block)
    monkeypatch.setenv("LARGE", str(path))
    yield path, digest.hexdigest()
    shutil.rmtree(tmp_path, ignore_errors=True)


def half_written(store):
    return [path for path in store.artifacts.rglob("*") if path.is_file()]


@pytest.mark.timeout(300)
def test_killed_while_a_large_file_is_copied(store, tmp_path, large):
    path, digest = large
    board = Board(tmp_path / "board")
    program = start(LOGGING, "killed", board)
    deadline = time.monotonic() + 60
    while sum(file.stat().st_size for file in half_written(store)) < SIZE // 4:
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.send_signal(signal.SIGKILL)
    program.communicate()

    left = half_written(store)
    assert len(left) == 1, "the copy was under way"
    assert left[0].name.startswith(".new-")
    assert SIZE // 4 <= left[0].stat().st_size < SIZE
    assert blobs.leftovers(store) == left
    check_series(inlay.get_run("killed").run_id, "x", board[0], in_flight=1)
    run = inlay.get_run("killed")
    assert (run.status, list(run.artifacts)) == ("killed", [])
    assert blobs.clear_leftovers(store) >= SIZE // 4
    assert half_written(store) == []

    board = Board(tmp_path / "board")
    program = start(LOGGING, "whole", board)
    said, errors = program.communicate(timeout=120)
    assert (program.returncode, errors) == (0, "")
    took, grown = map(float, said.split())
    assert took < 0.5, "the cell stood still"
    assert grown < MEMORY_MB, "the file was in memory"
    run = inlay.get_run("whole")
    (artifact,) = run.artifacts
    assert (run.status, artifact.path, artifact.bytes, artifact.hash) == ("finished", path.name, SIZE, digest)
    assert blobs.hash_of(artifact.local_path) == digest
    check_series(run.run_id, "x", board[0], in_flight=1)
    assert half_written(store) == [artifact.local_path]


# -- a disk that fills up -----------------------------------------------------------------------------------

FILLING = """
import sys, warnings
import inlay
from inlay.tracking import copies

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    inlay.connect(sys.argv[1])
    inlay.configure(background_copy_mb=float(sys.argv[3]))
    with inlay.start_run("r") as run:
        run.log_artifact(sys.argv[2])
        run.log_metric("x", 1.0)
        copies.finish(run)
        run.log_text("fits", "small.txt")
for warning in caught:
    print(warning.message)
"""


@pytest.mark.parametrize("megabytes", [1, 1000], ids=["in the background", "in the foreground"])
def test_a_disk_that_is_full_in_the_middle_of_a_copy(tmp_path, megabytes):
    disk, source = tmp_path / "small", tmp_path / "large.bin"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m", "inlay", disk]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {mounted.stderr.decode().strip()}")
    try:
        source.write_bytes(os.urandom(40 << 20))
        command = [sys.executable, "-c", FILLING, str(disk / "store"), str(source), str(megabytes)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 1, done.stdout
        assert "could not keep the artifact 'large.bin': No space left on device" in done.stdout
        store = inlay.connect(disk / "store")
        run = inlay.get_run("r")
        assert [one.path for one in run.artifacts] == ["small.txt"]
        assert half_written(store) == [run.artifacts[0].local_path]
        assert (run.status, len(run.history("x"))) == ("finished", 1)
    finally:
        inlay.connect(Path(os.environ["INLAY_STORE"]))
        subprocess.run(["umount", "-l", disk], check=True)
