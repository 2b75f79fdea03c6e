"""`inlay runs`: a table that fits, is plain when piped, and says what was not found."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import cli

import inlay
from inlay.cli import printing, runs
from inlay.cli.columns import fitting, named_columns

FULL = Path("/dev/full")


@pytest.fixture
def three(store):
    for number, name in enumerate(("first", "second", "third\x1b[31m\nrun")):
        with inlay.start_run(name, experiment="digits", params={"lr": 10.0**-number, "same": 1, "model": "m"}) as run:
            run.log({"auc": number / 3, "system/cpu": 5.0})
            if number < 2:
                run.log({"rare": math.nan})
            run.set_tag("team", f"t{number}")
    return store


def test_a_table(three):
    lines = cli("runs").output.splitlines()
    assert lines[0].split() == [
        "run",
        "name",
        "status",
        "started",
        "duration",
        "metrics.auc",
        "metrics.rare",
        "params.lr",
    ]
    newest = inlay.runs()[0]
    assert lines[1].split()[:5] == [newest.short_id, "third", "run", "✓", "finished"]
    assert lines[1].split()[-2:] == ["0.6667", "0.01"]
    assert lines[2].split()[-3:] == ["0.3333", "NaN", "0.1"]
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)


def test_filter_order_limit(three):
    assert [line.split()[1] for line in cli("runs", "metrics.auc < 0.5", "--sort", "-metrics.auc").output.splitlines()] == [
        "name", "second", "first",
    ]  # fmt: skip
    assert cli("runs", "-n", "1", "--sort", "metrics.auc ASC", "--columns", "name,metrics.auc,tags.team").output == (
        "name   metrics.auc  tags.team\nfirst  0            t0\n"
    )
    assert len(cli("runs", "-n", "0").output.splitlines()) == 4
    assert cli("runs", "-e", "nothing").stderr == f"no runs in the experiment 'nothing' in {three.folder}\n"
    assert cli("runs", "metrics.acu > 3").stderr == (
        "no runs match; no run has a metric 'acu'; did you mean metrics.auc?\n"
    )
    assert cli("runs", "-n", "-1", status=2).stderr


def test_json_and_csv(three):
    found = json.loads(cli("runs", "--json").output)
    assert [run["name"] for run in found] == ["third\x1b[31m\nrun", "second", "first"]
    assert found[1]["metrics"] == {"auc": 1 / 3, "system/cpu": 5.0, "rare": None}
    assert found[1]["params"] == {"lr": 0.1, "same": 1, "model": "m"}
    assert found[1]["started_at"].endswith("Z")
    assert cli("runs", "nothing = 1", "--json", status=1).stdout == ""
    assert json.loads(cli("runs", "name = 'nobody'", "--json").output) == []
    assert json.loads(cli("runs", "name = 'first'", "--json", "--columns", "run,duration").output)[0].keys() == {
        "run", "duration",
    }  # fmt: skip
    table = list(csv.DictReader(io.StringIO(cli("runs", "--csv").output)))
    assert [row["metrics.auc"] for row in table] == [str(2 / 3), str(1 / 3), "0.0"]
    assert table[2]["metrics.rare"] == "nan"
    assert table[0]["metrics.rare"] == ""
    assert table[0]["name"] == "third[31m\nrun"  # the escape is left out
    assert len(cli("runs", "--csv", "-n", "1").output.splitlines()) == 3


def test_none_yet(store):
    assert cli("runs").stderr == f"no runs in {store.folder}\n"
    assert cli("runs", "--csv").output.startswith("run_id,name,")
    assert cli("runs", "--deleted").stderr == f"no deleted runs in {store.folder}\n"


def test_on_a_terminal(three, monkeypatch):
    """It fits the width; words stand beside colours; what is left out is counted."""
    for module in (runs, printing):
        monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    result = cli("runs", "-n", "2")
    assert max(map(len, result.stdout.splitlines())) <= 70
    assert result.stdout.splitlines()[0].split()[-1] == "metrics.auc"
    assert result.stderr == "2 of 3 runs; -n 0 shows all · 2 more columns; --columns chooses, --json has all\n"
    monkeypatch.setenv("COLUMNS", "30")
    assert "…" in cli("runs").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m✓ finished\x1b[0m" in cli("runs", "--columns", "status", color=True).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in cli("runs", "--columns", "status", color=True).stdout


def test_columns_have_room():
    columns = named_columns("run,name,status,started,metrics.a,metrics.b")
    rows = [["12345678", "n" * 10, "s" * 10, "3h ago", "0.5", "0.25"]]
    assert fitting(columns, rows, 8 + 10 + 10 + 7 + 9 + 9 + 2 * 5) == 6
    assert fitting(columns, rows, 8 + 10 + 10 + 7 + 9 + 9 + 2 * 5 - 1) == 5
    assert fitting(columns, rows, 3) == 4


def test_groups(three):
    assert cli("runs", "--group-by", "params.model", "--columns", "metrics.auc").output == (
        "params.model  runs  metrics.auc\nm             3     0.3333 ± 0.33\n"
    )
    (group,) = json.loads(cli("runs", "--group-by", "params.model,experiment", "--json").output)
    assert (group["params.model"], group["experiment"], group["runs"], group["metrics.auc.n"]) == ("m", "digits", 3, 3)
    table = list(csv.DictReader(io.StringIO(cli("runs", "--group-by", "params.lr", "--csv").output)))
    assert [row["params.lr"] for row in table] == ["0.01", "0.1", "1"]
    assert "did you mean 'params.lr'" in cli("runs", "--group-by", "params.lrr", status=2).stderr
    assert cli("runs", "name = 'nobody'", "--group-by", "status").stderr.startswith("no runs match")
    assert "takes names of columns" in cli("runs", "--group-by", ", ", status=2).stderr


def test_into_a_file(three, tmp_path):
    path = tmp_path / "out.json"
    assert cli("runs", "metrics.auc < 0.5", "-o", path, "--order-by", "-metrics.auc").output == (
        f"2 runs written to {path}\n"
    )
    assert [run["name"] for run in json.loads(path.read_text())] == ["second", "first"]
    assert "end in .parquet" in cli("runs", "-o", tmp_path / "out.txt", status=2).stderr
    assert "goes with no" in cli("runs", "-o", path, "--json", status=2).stderr
    assert cli("runs", "nothing = 1", "-o", path, status=1).stdout == ""


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_one_line(three):
    """`inlay runs > list.txt` on a full disk ended in a traceback."""
    with FULL.open("w") as full:
        done = subprocess.run([sys.executable, "-m", "inlay", "runs"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "Error: what was to be written does not fit: the disk is full",
    )
    assert "Traceback" not in done.stderr
