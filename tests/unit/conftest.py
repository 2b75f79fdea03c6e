"""A shell without a kernel, connected to inlay, for tests of what cells do; and a run that another process writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config
from users import Users, skip_unless_root

import inlay
from inlay.notebook import load_ipython_extension
from inlay.notebook.activation import activation_of


class Cells:
    """Executes cells as a front end does: each in the history, with an id of its own."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def __call__(self, source: str, cell_id: str | None = None) -> ExecutionResult:
        return self.shell.run_cell(source, store_history=True, cell_id=cell_id)


@pytest.fixture
def plain_cells(store_folder: Path, tmp_path: Path) -> Iterator[Cells]:
    """A shell that has not heard of inlay."""
    inlay.connect(store_folder)
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(ipython_dir=str(tmp_path / "ipython"), config=config)
    yield Cells(shell)
    for run in reversed(inlay.tracking.active.open_runs()):
        run.end()
    shell.history_manager.end_session()


@pytest.fixture
def cells(plain_cells: Cells) -> Iterator[Cells]:
    """A shell with `%load_ext inlay`."""
    load_ipython_extension(plain_cells.shell)
    yield plain_cells
    activation_of(plain_cells.shell).close()


class Writer:
    """Another process with a run on the same store, which does as it is told."""

    def __init__(self, folder: Path) -> None:
        code = """
            import sys
            import inlay
            run = inlay.start_run("other")
            print(run.run_id, flush=True)
            for line in sys.stdin:
                exec(line)
                print("done", flush=True)
        """
        path = folder / "writer.py"
        path.write_text(textwrap.dedent(code))
        command = [sys.executable, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
        lines = iter(self.process.stdout.readline, "")
        self.run_id = next(line for line in lines if not line.startswith("inlay:")).strip()

    def __call__(self, line: str) -> None:
        """Have it execute a line; returns when that is done."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def close(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def writer(store_folder: Path, tmp_path: Path) -> Iterator[Writer]:
    """A run of another process."""
    inlay.connect(store_folder)
    other = Writer(tmp_path)
    yield other
    other.close()


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that every user can reach, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="inlay-users-", dir="/tmp" if os.name == "posix" else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def together(place: Path) -> Iterator[Path]:
    """A folder in which every user can leave a sign."""
    folder = place / "together"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def users(place: Path) -> Iterator[Users]:
    """Several users of this machine."""
    skip_unless_root()
    several = Users(place)
    yield several
    several.close()
