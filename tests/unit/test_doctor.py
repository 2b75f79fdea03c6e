"""`inlay doctor`: each finding provoked once, with what it says is to be done."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from collections import namedtuple

import duckdb
import pytest
from command_line import cli

import inlay
from inlay.cli import doctor as command
from inlay.cli import surroundings
from inlay.store import artifacts, health, upkeep
from inlay.store.health import Finding, examine


@pytest.fixture(autouse=True)
def no_jupyter(monkeypatch):
    """Asking the real one takes half a second."""
    monkeypatch.setattr(surroundings, "jupyter", lambda: iter([Finding("jupyter", "ok", "draws cards")]))


@pytest.fixture
def kept(store):
    """A store with a run, which nobody has open."""
    with inlay.start_run("baseline") as run:
        run.log_metrics_array("loss", [1.0, 2.0, 3.0])
        run.log_text("hello", "a.txt")
    settled()
    return store


def settled():
    """Everything is taken in, and this process is done with it."""
    upkeep.close_all()
    len(inlay.runs())
    inlay.runs()  # a later look clears the journal away


def found(store, what, **more):
    return [one for one in examine(store, **more) if one.what == what]


def test_all_is_well(kept):
    said = cli("doctor").output
    assert said.endswith("\nall is well\n")
    assert "✓ database: 1 run, 3 points, " in said
    assert "✓ files: 1 kept file, 0.0 MB, all hashed" in said
    assert "✓ journals: 0 being written, 0 of processes that are gone" in said
    assert f"✓ versions: python {'.'.join(map(str, sys.version_info[:3]))}, inlay {inlay.__version__}, duckdb " in said
    assert "✗" not in said
    findings = json.loads(cli("doctor", "--json").output)
    assert [one["what"] for one in findings] == [
        "folder", "disk", "file system", "lock", "schema", "database", "journals", "files", "quarantine", "versions",
        "jupyter",
    ]  # fmt: skip


def test_without_a_store(store_folder, tmp_path):
    said = cli("doctor").output
    assert f"· folder: there is no store in {store_folder}\n" in said
    assert "✓ versions" in said
    assert not list(tmp_path.iterdir())


def test_something_is_wrong(kept):
    (kept.journal / "quarantine").mkdir()
    (kept.journal / "quarantine" / "x.bin").write_bytes(b"damaged")
    said = cli("doctor", status=1).output
    assert "✗ quarantine: 1 piece of damaged journals (7 bytes), set aside in " in said
    assert "Delete the folder when you are done with it\n" in said
    assert said.endswith("\n1 of 11 wrong\n")


def test_missing_and_damaged_files(kept, monkeypatch):
    run = inlay.start_run("two")
    run.log_text("goodbye", "b.txt")
    run.end()
    settled()
    blob = artifacts.put_bytes(kept.artifacts, b"hello")
    path = artifacts.path_of(kept.artifacts, blob.hash)
    path.chmod(0o600)
    path.write_bytes(b"hallo")
    (one,) = found(kept, "files", full=True)
    assert (one.state, one.said) == ("wrong", "1 kept file damaged: baseline: a.txt")
    monkeypatch.setattr(health, "SAMPLE", 0)
    (one,) = found(kept, "files")
    assert (one.state, "0 of them hashed; --full hashes all" in one.said) == ("ok", True)
    path.unlink()
    (one,) = found(kept, "files")
    assert one.said == "1 kept file missing, or not of their size: baseline: a.txt"
    assert "log the files again" in one.remedy
    artifacts.put_bytes(kept.artifacts, b"hello")
    assert found(kept, "files", full=True)[0].state == "ok"


def test_a_dead_journal_and_a_half_copy(kept, script):
    script(f"""
        import os, inlay
        from pathlib import Path
        from inlay.store.unfinished import new_name
        inlay.start_run("killed").log({{"x": 1.0}})
        new_name(Path({str(kept.artifacts)!r})).write_bytes(b"half")
        os._exit(9)
    """)
    (journals,), (left,) = found(kept, "journals"), found(kept, "leftovers")
    assert journals.state == left.state == "note"
    # A map is as large as it was made; what is appended to holds what was written.
    size = "0.0" if os.environ.get("INLAY_JOURNAL") == "append" else "4.2"
    assert journals.said == f"0 being written, 1 of processes that are gone; {size} MB of those wait to be taken in"
    assert "`inlay ingest`" in journals.remedy
    assert (left.said, left.remedy) == (
        "1 file half copied by processes that are gone",
        "`inlay gc --apply` removes them",
    )
    assert cli("doctor").output.endswith("all is well\n")
    cli("ingest")
    assert found(kept, "journals")[0].state == "ok"


def test_the_lock_is_held(kept, monkeypatch):
    monkeypatch.setattr(health, "_MOMENT", 0.2)
    code = f"""
        import sys
        from pathlib import Path
        from inlay.store.store import Store
        with Store(Path({str(kept.folder)!r})).turn():
            print("held", flush=True)
            sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        (lock,) = found(kept, "lock")
        findings = [one.what for one in examine(kept)]
        holder.stdin.close()
    assert lock.state == "wrong"
    if sys.platform == "linux":
        assert lock.said.startswith(f"runs.lock has been held for 0 s by process {holder.pid} (")
    assert "database" not in findings
    assert "journals" in findings
    assert found(kept, "lock")[0].said == "free"


def test_the_database(kept, tmp_path):
    good = kept.database.read_bytes()
    kept.database.write_bytes(b"nonsense" * 1000)
    (one,) = found(kept, "database")
    assert (one.state, "cannot be opened" in one.said, "backup" in one.remedy) == ("wrong", True, True)
    kept.database.write_bytes(good)
    for version, state in ((1, "note"), (999, "wrong")):
        with duckdb.connect(str(kept.database)) as con:
            con.execute("UPDATE schema_version SET version = ?", [version])
        states = {one.what: one for one in examine(kept)}
        assert states["schema" if version == 1 else "database"].state == state
    assert "Update inlay" in states["database"].said
    kept.database.unlink()
    (one,) = found(kept, "database")
    assert (one.state, one.said) == ("note", "there is no database yet")


def test_the_folder_and_the_disk(kept, monkeypatch):
    kept.folder.chmod(0o777)
    (one,) = found(kept, "folder")
    assert (one.state, one.remedy) == ("note", f"if that is not meant: chmod o-w {kept.folder}")
    kept.folder.chmod(0o700)
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    monkeypatch.setattr(health.os, "getuid", lambda: 12345)
    (one,) = found(kept, "folder")
    assert (one.state, "belongs to another user" in one.said) == ("note", True)
    monkeypatch.undo()
    for lacking, state in ((health.os.R_OK | health.os.X_OK, "wrong"), (health.os.W_OK, "note")):
        monkeypatch.setattr(health.os, "access", lambda path, mode, lacking=lacking: mode != lacking)
        assert next(iter(examine(kept))).state == state
        monkeypatch.undo()
    usage = namedtuple("usage", "free")  # noqa: PYI024 - as the system's
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage(5_000_000))
    (one,) = found(kept, "disk")
    assert (one.state, one.said) == ("wrong", "only 5 MB are free where the store lies")


def test_the_journal_form(kept, each_journal):
    (one,) = found(kept, "file system")
    assert one.said.endswith("through memory maps" if each_journal == "map" else "by appending")


# -- around it --------------------------------------------------------------------------------------------------


def test_versions(monkeypatch):
    known = {"duckdb": "1.3.9", "anywidget": "0.11.0", "ipywidgets": None, "filelock": "3.24.0"}
    monkeypatch.setattr(surroundings, "_version", known.get)
    one = surroundings.versions()
    assert one.state == "wrong"
    assert "duckdb 1.3.9, anywidget 0.11.0, ipywidgets none, filelock 3.24.0, ipykernel none" in one.said
    assert one.remedy == f'{sys.executable} -m pip install -U "duckdb>=1.4" "ipywidgets>=8"'


def test_other_stores(kept, tmp_path, monkeypatch):
    for folder in (tmp_path / "inner" / ".inlay" / "journal", tmp_path / "inner" / "sub"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "inner" / "sub")
    assert "other stores: there are 1 more around: " in cli("doctor", "--store", kept.folder).output.replace(
        f"there are 2 more around: {kept.folder}, ", "there are 1 more around: "
    )
    monkeypatch.chdir(tmp_path)
    (one,) = surroundings.other_stores(kept.folder)
    assert str(tmp_path / "inner" / ".inlay") in one.said
    assert "`inlay import FOLDER`" in one.remedy
    shutil.rmtree(tmp_path / "inner")
    assert not list(surroundings.other_stores(kept.folder))


@pytest.fixture
def a_jupyter(tmp_path, monkeypatch):
    """An environment with a Jupyter of its own, on the PATH; the folder where it looks for extensions."""
    monkeypatch.undo()
    data = tmp_path / "env" / "share" / "jupyter"
    programs = tmp_path / "env" / "bin"
    programs.mkdir(parents=True)
    for name in ("jupyter", "jupyter-lab"):
        paths = json.dumps({"data": [str(data)], "runtime": [str(tmp_path / "runtime")]})
        (programs / name).write_text(f"#!{sys.executable}\nprint({paths!r})\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return data


def test_no_jupyter(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "")
    (one,) = surroundings.jupyter()
    assert (one.state, one.said) == ("note", "no Jupyter on the PATH")


@pytest.mark.skipif(sys.platform == "win32", reason="its programs are no scripts")
def test_a_jupyter_without_anywidget(a_jupyter):
    """anywidget in the kernel's environment alone: the card was a picture that did not move."""
    (one,) = surroundings.jupyter()
    assert one.state == "wrong"
    assert one.said.endswith("lacks anywidget and ipywidgets: its cards are pictures that do not move")
    assert one.remedy.startswith(f"{sys.executable} -m pip install anywidget ipywidgets, restart the server")
    for name in ("anywidget", "@jupyter-widgets/jupyterlab-manager"):
        (a_jupyter / "labextensions" / name).mkdir(parents=True)
        (a_jupyter / "labextensions" / name / "package.json").write_text("{}")
    (one,) = surroundings.jupyter()
    assert (one.state, one.said.endswith("draws cards")) == ("ok", True)
    program = a_jupyter.parents[1] / "bin" / "jupyter"
    program.write_text(f"#!{sys.executable}\nprint('no JSON')\n")
    (one,) = surroundings.jupyter()
    assert (one.state, "does not say" in one.said) == ("note", True)


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc says by which Python a server runs")
def test_a_server_that_runs_in_another_environment(a_jupyter, tmp_path):
    for name in ("anywidget", "@jupyter-widgets/jupyterlab-manager"):
        (a_jupyter / "labextensions" / name).mkdir(parents=True)
        (a_jupyter / "labextensions" / name / "package.json").write_text("{}")
    python = tmp_path / "elsewhere" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(shutil.which("sleep", path="/usr/bin:/bin"))
    server = subprocess.Popen([str(python), "60"])
    try:
        (tmp_path / "runtime").mkdir()
        (tmp_path / "runtime" / f"jpserver-{server.pid}.json").write_text("{}")
        (tmp_path / "runtime" / "jpserver-999999999.json").write_text("{}")
        first, second = surroundings.jupyter()
    finally:
        server.kill()
        server.wait()
    assert first.state == "ok"
    assert second.state == "ok"  # the user's own folders serve it, too
    assert second.said == f"running server ({tmp_path / 'elsewhere'}) draws cards"


def test_names_cannot_take_the_terminal_over(store, monkeypatch):
    monkeypatch.setattr(command, "_findings", lambda full: iter([Finding("x", "wrong", "a\x1b[31mb\nc", "d\x07e")]))
    assert cli("doctor", status=1).output == "✗ x: ab c\n    de\n\n1 of 1 wrong\n"
