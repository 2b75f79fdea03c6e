"""The command line as a whole: help without a wait, one clear line for an error, nothing made by who only reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import pytest
from command_line import cli

import inlay
from inlay.cli import COMMANDS
from inlay.cli.printing import ago, csv_text, harmless, harmless_lines, json_text

# -- the program ----------------------------------------------------------------------------------------------


def test_help_names_every_command_and_loads_none():
    code = """
import sys
from inlay.cli import main
main(["--help"], standalone_mode=False)
heavy = {"duckdb", "numpy", "pandas", "sqlglot", "rich", "IPython", "inlay.cli.runs"} & set(sys.modules)
sys.exit(f"loaded: {heavy}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_a_reader_that_goes_away(store, store_folder):
    """`inlay runs | head -1` ended in a traceback of BrokenPipeError."""
    for number in range(30):
        inlay.start_run(f"a run with quite a long name, number {number}").end()
    len(inlay.runs())
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "inlay", "runs", "--json"], stdout=writing, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"run"}))
def test_every_command_has_help(command):
    said = cli(command, "--help").output
    assert said.startswith(f"Usage: main {command} ")
    assert "--store FOLDER" in said


def test_slips_are_named():
    assert "No such command 'rnus'. Did you mean 'runs'?" in cli("rnus", status=2).stderr
    assert "No such command 'zzz'.\n" in cli("zzz", status=2).stderr
    assert "--experiment" in cli("runs", "--experimnt", "x", status=2).stderr
    assert "no column is called 'nme'. Did you mean name?" in cli("runs", "--columns", "nme", status=2).stderr
    assert cli("--version").output == f"inlay {inlay.__version__}\n"


READING = [
    ("runs",), ("runs", "--json"), ("show", "x"), ("sql", "select 1"), ("ingest",), ("rm", "-y", "x"), ("restore", "x"),
    ("gc",), ("gc", "--apply", "--deleted"), ("log", "x", "a=1"), ("export", "here"),
]  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_without_a_store(words, store_folder, tmp_path):
    result = cli(*words, status=1)
    assert result.stderr.startswith(f"Error: there is no store in {store_folder}. ")
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert f"there is no store in {tmp_path / 'else'}. " in cli("--store", tmp_path / "else", *words, status=1).stderr


def test_the_store_that_is_named(store, tmp_path, monkeypatch):
    inlay.start_run("here").end()
    inlay.connect(tmp_path / "other")
    inlay.start_run("there").end()
    assert "there" in cli("runs", "--store", tmp_path / "other").output
    assert "here" in cli("--store", store.folder, "runs").output
    assert "here" in cli("--store", "nowhere", "runs", "--store", store.folder).output
    monkeypatch.delenv("INLAY_STORE")
    monkeypatch.chdir(tmp_path)
    assert "here" in cli("runs").output


def test_an_error_of_ours_is_one_line(store):
    result = cli("runs", "metrics.auc >", status=1)
    assert result.stderr.splitlines()[0] == "Error: column 14: expected a value; found the end of the filter"
    assert "Traceback" not in result.output
    assert "no run with id or name '[31mx'" in cli("show", "\x1b[31mx", status=1).stderr.replace("\\x1b", "")


def test_a_warning_of_ours_is_one_line(store, monkeypatch):
    from inlay.cli import sql as command

    def warn() -> None:
        warnings.warn("inlay: something is odd", RuntimeWarning, stacklevel=1)
        return store

    monkeypatch.setattr(command, "reading_store", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert cli("sql", "select 1").stderr == "Warning: something is odd\n"


# -- text that cannot take the terminal over -------------------------------------------------------------------

HOSTILE = "a\x1b[31mb\x1b]0;title\x07c\x9b5mdef\x00\u202eg\r\nh\x1b"


def test_harmless():
    assert harmless(HOSTILE) == "abc5mdefg h"
    assert harmless_lines("1\r\n2\x1b[K\r3\t4\u200b") == "1\n2\n3\t4"
    assert json.loads(json_text({"k": HOSTILE})) == {"k": HOSTILE}
    assert not set(json_text({HOSTILE: HOSTILE})) & set("\x1b\x07\x9b\x00\u202e\r")
    assert json_text([float("nan"), -float("inf"), 1.5]) == "[\n  null,\n  null,\n  1.5\n]"
    assert csv_text(["a,b"], [[None], [1.5], ["x\n"], [{"k": [1]}]]) == '"a,b"\n""\n1.5\n"x\n"\n"{""k"": [1]}"'


def test_ago():
    now = 1_800_000_000.0
    said = {0: "0s ago", 59: "59s ago", 60: "1m ago", 7200: "2h ago", 86400 * 3: "3d ago"}
    for passed, text in said.items():
        assert ago(now - passed, now) == text
    assert ago(now - 86400 * 8, now).startswith("2027-01-0")
    assert ago(now + 5, now).startswith("2027-01-1")  # a clock that is ahead


# -- sql, ingest ------------------------------------------------------------------------------------------------


def test_sql(store):
    inlay.start_run("a", params={"lr": 0.1}).end()
    result = cli("sql", "SELECT name, params.number AS lr, NULL AS none FROM runs JOIN params USING (run_id)")
    assert result.output == "name  lr   none\na     0.1\n"
    rows = json.loads(
        cli("sql", "-", "--json", input="select 1 a, 2 a, 'nan'::double n, started_at t from runs").output
    )
    assert rows[0].keys() == {"a", "a_1", "n", "t"}
    assert (rows[0]["a_1"], rows[0]["n"], rows[0]["t"][-1]) == (2, None, "Z")
    assert cli("sql", "select [1, 2] l, 'x,y' t", "--csv").output == 'l,t\n"[1, 2]","x,y"\n'
    assert "Error: sql only reads" in cli("sql", "drop table runs", status=1).stderr
    assert "Error: Binder Error" in cli("sql", "select nope", status=1).stderr
    assert "the query is empty" in cli("sql", "-", input="", status=2).stderr


def test_ingest(store):
    run = inlay.start_run("a")
    run.log_metrics_array("x", [1.0, 2.0, 3.0])
    assert cli("ingest").output == f"3 points taken into {store.database}\n"
    assert cli("ingest").output.startswith("0 points")


# -- demo -------------------------------------------------------------------------------------------------------


def test_demo(tmp_path, monkeypatch):
    import nbformat

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INLAY_STORE")
    said = cli("demo", "tour").output
    assert "12 example runs in tour/.inlay" in said
    notebook = nbformat.read(tmp_path / "tour" / "tour.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[1].source.startswith("import inlay")
    runs = json.loads(cli("--store", "tour", "runs", "metrics.val/auc > 0.7", "--json").output)
    assert len(runs) > 3
    assert {run["status"] for run in json.loads(cli("--store", "tour", "runs", "--json").output)} == {
        "finished", "failed", "interrupted",
    }  # fmt: skip
    assert "is there already" in cli("demo", "tour").output
    assert len(json.loads(cli("--store", "tour", "runs", "--json").output)) == 12
    (tmp_path / "file").write_text("")
    assert "is a file" in cli("demo", "file", status=2).stderr
