"""`import inlay` in a script costs next to nothing: no library that is slow to load comes with it.

What the time is, is measured in bench/; what was loaded is checked here, in a fresh process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap

import inlay

SLOW = {
    "IPython",
    "altair",
    "anywidget",
    "duckdb",
    "ipywidgets",
    "numpy",
    "opentelemetry",
    "pandas",
    "pyarrow",
    "traitlets",
}


def loaded_by(code: str) -> set[str]:
    """The top-level modules in a fresh process after `code` ran."""
    program = textwrap.dedent(code) + "\nimport sys\nprint(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_import_loads_nothing_slow() -> None:
    assert loaded_by("import inlay") & SLOW == set()


def test_getting_the_page_ready_loads_no_numbers() -> None:
    """It is done after the cell that loads inlay, by which nobody meant to wait for NumPy and a database."""
    assert loaded_by("from inlay.views.page import page") & SLOW == {"anywidget", "ipywidgets", "traitlets", "IPython"}


def test_every_public_name_can_be_had() -> None:
    """A name that is handed out late is still there, and so is its help."""
    loaded_by(
        """
        import inlay
        missing = [name for name in inlay.__all__ if not hasattr(inlay, name)]
        assert not missing, missing
        assert set(inlay.__all__) <= set(dir(inlay))
        """
    )


def test_a_name_that_is_not_there_says_so() -> None:
    loaded_by(
        """
        import inlay
        try:
            inlay.no_such_name
        except AttributeError as error:
            assert "no_such_name" in str(error), error
        else:
            raise AssertionError("no AttributeError")
        """
    )


def test_the_check_sees_what_is_loaded() -> None:
    assert {"numpy"} <= loaded_by("import numpy") & SLOW


def test_a_script_records_its_environment_and_commit(tmp_path) -> None:
    """Runs of a script knew neither their packages nor their commit; only those of a notebook did."""
    script = tmp_path / "train.py"
    script.write_text("import inlay\nwith inlay.start_run('once') as run:\n    run.log_metric('x', 1.0)\n")
    for command in (["init", "-q"], ["add", "train.py"], ["commit", "-qm", "begin"]):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True)
    environment = {**os.environ, "INLAY_STORE": str(tmp_path / "store")}
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=environment, check=True)

    inlay.connect(tmp_path / "store")
    ((commit, packages),) = inlay.sql(
        "select git_commit, packages from runs join environments using (env_hash)"
    ).fetchall()
    assert re.fullmatch("[0-9a-f]{40}", commit)
    assert "duckdb" in json.loads(packages)
