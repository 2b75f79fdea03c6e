"""What every test stands on: a store of its own, and the DuckDB it was meant to run with.

A test never sees the store of the person who runs it. Tests that start other processes hand the
folder on without a word, since it is named by an environment variable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import inlay
from inlay.capture import background
from inlay.store import upkeep
from inlay.store.store import Store
from inlay.tracking import active, events, origin

WANTED_DUCKDB = os.environ.get("INLAY_TEST_DUCKDB")

# Neither the database nor the journal changes what these find out: on a second DuckDB they would say the same again.
ELSEWHERE = """
accepted_values active_run answers artifacts audio bundle card_values chart chart_groups choices cli cli_runs cli_show
copies details digest doctor document environment executions figure files floors forks format gathered_points git
image import inlay_run kernel_cells literals live_card locks masking misuse model origin output_tail picture
picture_band profile progress publisher round_trips run_table_shown run_view runs_magic saved_cards settings shared_store store_locks
surroundings track_cell track_options transform weight wheel
"""
collect_ignore = [f"unit/test_{name}.py" for name in ELSEWHERE.split()] if WANTED_DUCKDB else []


def pytest_report_header() -> str:
    return f"duckdb: {duckdb.__version__}"


def pytest_sessionstart() -> None:
    # An overlay that does not take effect would pass every test on the wrong version.
    if WANTED_DUCKDB and duckdb.__version__ != WANTED_DUCKDB:
        found = f"{duckdb.__version__} from {duckdb.__file__}"
        pytest.exit(f"These tests were to run on duckdb {WANTED_DUCKDB}, found {found}", 1)


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's store, `INLAY_STORE`; it does not exist yet."""
    folder = tmp_path / ".inlay"
    monkeypatch.setenv("INLAY_STORE", str(folder))
    monkeypatch.delenv("INLAY_RUN_ID", raising=False)
    # What an earlier test in this process said of cells is over.
    origin.set_provider(None)
    origin.set_busy(None)
    # Subscribes once for the process; inside a test that keeps listeners out it would be lost for those that follow.
    background.activate()
    return folder


@pytest.fixture
def store(store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """This test's store, chosen; what the test leaves open in it is closed. Nobody else listens to its runs."""
    monkeypatch.setattr(events, "_subscribers", [])
    yield inlay.connect(store_folder)
    for run in reversed(active.open_runs()):
        run.end()
    origin.set_provider(None)
    for keeper in list(upkeep._running.values()):
        keeper.close(ingest=False)
    upkeep._running.clear()


@pytest.fixture(params=["map", "append"])
def each_journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Has a test run on both kinds of journal."""
    monkeypatch.setenv("INLAY_JOURNAL", request.param)
    return request.param


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a Python program in a process of its own, on this test's store."""

    def run(code: str, **more: object) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(code))
        options = {"capture_output": True, "text": True, "timeout": 120, "cwd": tmp_path, **more}
        return subprocess.run([sys.executable, str(path)], **options)

    return run
