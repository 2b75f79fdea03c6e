"""`inlay show`, `inlay log`, `inlay rm` and `inlay restore`: one run looked at, written to, and put away."""

from __future__ import annotations

import json
import time

import pytest
from command_line import cli

import inlay
from inlay.cli import run_text
from inlay.cli.run_text import sparkline
from inlay.errors import RunNotFoundError


@pytest.fixture
def run(store):
    with inlay.start_run("baseline", experiment="e", note="look\nhere") as run:
        run.log_params({"lr": 0.1, "long": "x" * 300, "layers": [64, 32]})
        for step in range(40):
            run.log({"loss": 1 / (step + 1), "acc": step}, step=step)
        run.set_tag("team", "x\x1b[31m")
        run.log_text("hello", "notes/a.txt")
        run.log_text("ciao", "notes/deep/b.txt")
        run.log_dict({}, "top.json")
        run.record_output("line\x1b[31m one\r\nline two\n", 5000)
        with inlay.start_run("child", nested=True):
            pass
        run.end("failed", ValueError("not\x1b[0m so"))
    return run


def test_show(run):
    lines = cli("show", "baseline").output.splitlines()
    assert lines[0] == f"baseline  {run.short_id}  ✗ failed"
    text = "\n".join(lines)
    assert "  experiment  e\n" in text
    assert "\nnote\n  look\n  here\n" in text
    assert "\nerror\n  ValueError: not so\n" in text
    assert "\nparams (3)\n  lr      0.1\n  long    xxx" in text
    assert "  layers  [64, 32]\n" in text
    assert "  loss  0.02500       39  0.02500    1      40  █" in text
    assert "\ntags (1)\n  team  x\n" in text
    assert (
        "\nartifacts (3, 11 B)\n  notes/\n    a.txt  5 B  text\n    deep/\n      b.txt  4 B  text\n  top.json  2 B  json\n"
    ) in text
    assert "\nruns inside it (1)\n" in text
    assert "\x1b" not in text


def test_a_part_of_it(run, monkeypatch):
    assert cli("show", run.short_id, "--params").output == f"  lr      0.1\n  long    {'x' * 300}\n  layers  [64, 32]\n"
    assert cli("show", run.short_id, "--metrics").output.splitlines()[0].split() == [
        "last", "at", "step", "min", "max", "points",
    ]  # fmt: skip
    output = cli("show", run.short_id, "--output")
    assert (output.stdout, output.stderr) == ("line one\nline two\n", "the end of 5,000 bytes:\n")
    assert cli("show", "child", "--code").stderr == "no code of this run was recorded\n"
    assert cli("show", "child", "--metrics").stderr == "no metrics of this run were logged\n"
    assert json.loads(cli("show", "baseline", "--params", "--json").output)["layers"] == [64, 32]
    assert json.loads(cli("show", "child", "--code", "--json").output) is None
    monkeypatch.setattr(run_text, "on_terminal", lambda: True)
    assert "x…\n" in cli("show", run.short_id).output


def test_as_json(run):
    found = json.loads(cli("show", run.run_id, "--json").output)
    assert found["metrics"]["loss"] == {"last": 0.025, "last_step": 39, "min": 0.025, "max": 1.0, "count": 40}
    assert [one["path"] for one in found["artifacts"]] == ["notes/a.txt", "notes/deep/b.txt", "top.json"]
    assert found["error"]["type"] == "ValueError"
    assert (found["status"], found["note"], found["tags"]) == ("failed", "look\nhere", {"team": "x\x1b[31m"})


def test_the_run_of_the_environment(run, monkeypatch):
    assert "name a run" in cli("show", status=2).stderr
    monkeypatch.setenv("INLAY_RUN_ID", run.run_id)
    assert cli("show").output.startswith("baseline")


def test_sparkline():
    assert sparkline([]) == sparkline([float("nan")]) == ""
    assert sparkline([1.0, 1.0]) == "▄▄"
    assert sparkline([0.0, 0.5, float("inf"), 1.0]) == "▁▅█"
    assert sparkline([-1.7e308, 0.0, 1.7e308]) == "▁▅█"


# -- log --------------------------------------------------------------------------------------------------------


def test_log_into_an_ended_run(run, tmp_path):
    """Its end, status and error stay; metrics go on from their last steps."""
    before = inlay.get_run(run.run_id)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "c.txt").write_text("c")
    (tmp_path / "file.txt").write_text("f")
    said = cli(
        "log", "baseline", "loss=0.5", "test/acc=nan", "--param", "depth=3", "--param", "opt=adam", "--tag", "a=b=c",
        "--note", "new", "--artifact", tmp_path / "file.txt", "--artifact", tmp_path / "folder",
    ).output  # fmt: skip
    assert said == f"{run.short_id}  baseline\n"
    after = inlay.get_run(run.run_id)
    assert (after.status, after.ended_at, after.error) == ("failed", before.ended_at, before.error)
    assert after.history("loss").step[-2:].tolist() == [39, 40]
    assert after.params | {"depth": 3, "opt": "adam"} == after.params
    assert (after.tags["a"], after.note) == ("b=c", "new")
    paths = [one.path for one in inlay.query.artifacts.artifacts_of(after.store, after.run_id)]
    assert {"file.txt", "folder/c.txt"} <= set(paths)
    cli("log", run.short_id, "loss=0.25", "--step", "100")
    assert inlay.get_run(run.run_id).history("loss").step[-1] == 100


def test_log_into_a_running_run(store, monkeypatch):
    run = inlay.start_run("live")
    run.log({"x": 1.0})
    monkeypatch.setenv("INLAY_RUN_ID", run.run_id)
    cli("log", "y=2", "x=3")
    assert run.metrics == {"x": 3.0, "y": 2.0}
    assert inlay.get_run(run.run_id).status == "running"
    run.log({"x": 4.0})
    run.end()
    assert inlay.get_run("live").history("x").value.tolist() == [1.0, 3.0, 4.0]


def test_a_new_run(store):
    cli("log", "--new", "nightly", "-e", "churn", "rows=12", "--param", "on=true")
    run = inlay.get_run("nightly")
    assert (run.experiment, run.status, run.metrics, run.params) == ("churn", "finished", {"rows": 12.0}, {"on": True})


def test_log_refuses(run):
    refused = {
        ("baseline", "loss=high"): "the metric 'loss' is a number; got 'high'",
        ("baseline", "loss"): "'loss' is not of the form KEY=VALUE",
        ("baseline", "=1"): "'=1' is not of the form KEY=VALUE",
        ("baseline", "--tag", "x"): "'x' is not of the form --tag KEY=VALUE",
        ("baseline",): "nothing to log",
        ("baseline", "x=1", "-e", "other"): "--experiment goes with --new",
        ("baseline", "--new", "x"): "leave out 'baseline', or --new",
        ("x=1",): "name a run",
        ("baseline", "--artifact", "nowhere"): "does not exist",
    }
    for words, said in refused.items():
        assert said in cli("log", *words, status=2).stderr, words
    assert "no run with id or name 'zzz'" in cli("log", "zzz", "x=1", status=1).stderr
    assert "250" in cli("log", "baseline", "x" * 300 + "=1", status=1).stderr
    assert inlay.get_run("baseline").history("loss").step[-1] == 39


# -- rm, restore ------------------------------------------------------------------------------------------------


def test_rm_and_restore(run):
    child = inlay.get_run("child")
    asked = cli("rm", "child", input="n\n", status=1)
    assert f"{child.short_id}  child (e)  ✓ finished\nDelete 1 run? [y/N]: n" in asked.stdout
    assert inlay.get_run("child").run_id == child.run_id
    said = cli("rm", "child", input="y\n").stdout
    assert f"deleted 1 run; `inlay restore {child.short_id}` brings it back" in said
    assert [one.name for one in inlay.runs()] == ["baseline"]
    assert "child" in cli("runs", "--deleted").output
    said = cli("show", "child", status=1).stderr
    assert f"was deleted. `inlay restore {child.short_id}` brings it back" in said
    assert cli("restore", child.short_id).output == f"restored {child.short_id}  child (e)  ✓ finished\n"
    assert len(inlay.runs()) == 2
    cli("rm", "-y", "--filter", "status = 'finished' or metrics.loss < 1")
    assert len(inlay.runs()) == 0
    cli("restore", "--filter", "name = 'child'")
    assert [one.name for one in inlay.runs()] == ["child"]


def test_rm_refuses(run):
    assert "name runs, or give a --filter" in cli("rm", "-y", status=2).stderr
    assert "name runs, or give a --filter" in cli("rm", "-y", "x", "--filter", "name = 'x'", status=2).stderr
    assert "no run matches" in cli("rm", "-y", "--filter", "name = 'x'", status=1).stderr
    assert "no run with id or name 'x'" in cli("rm", "-y", "child", "x", status=1).stderr
    assert "no deleted run matches" in cli("restore", "--filter", "name = 'x'", status=1).stderr
    with inlay.start_run("live"):
        said = cli("rm", "-y", "--filter", "started_at > '2020-01-01'", status=1).stderr
        assert "is running; it can be deleted when it has ended" in said
    assert len(inlay.runs()) == 3


def test_in_python(store):
    with inlay.start_run("a") as run, pytest.raises(inlay.InlayError, match="is running"):
        run.delete()
    inlay.start_run("b").end()
    inlay.runs("name = 'a'").delete()
    run.delete()  # again
    assert [one.name for one in inlay.runs()] == ["b"]
    assert [one.name for one in inlay.runs(include_deleted=True)] == ["b", "a"]
    with pytest.raises(RunNotFoundError, match=r"was deleted.*include_deleted=True"):
        inlay.get_run(run.run_id)
    inlay.start_run("a").end()
    assert inlay.get_run("a").run_id != run.run_id
    inlay.runs("deleted_at is not null", include_deleted=True).restore()
    assert len(inlay.runs()) == 3
    inlay.runs().delete()
    assert len(inlay.runs()) == 0
    inlay.runs(include_deleted=True)[0].restore()
    assert [one.name for one in inlay.runs()] == ["a"]
    assert time.time() - inlay.runs()[0].started_at.timestamp() < 60
