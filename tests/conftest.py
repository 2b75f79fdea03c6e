"""What every test stands on: a store of its own, and the DuckDB it was meant to run with.

A test never sees the store of the person who runs it. Tests that start other processes hand the
folder on without a word, since it is named by an environment variable.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

WANTED_DUCKDB = os.environ.get("INLAY_TEST_DUCKDB")


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
    return folder
