"""Settings: one table, one order, and a mistake that costs a warning, not the job."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import inlay
from inlay import settings
from inlay.store import folder
from inlay.store.store import current

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Nothing configured, nothing said, in a folder of its own."""
    for name in list(os.environ):
        if name.startswith("INLAY_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(settings, "_configured", {})
    monkeypatch.setattr(settings, "_said", {})
    monkeypatch.setattr(settings, "_looked_at_variables", False)
    monkeypatch.setattr(settings, "_read_project", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def project(where, text):
    (where / "pyproject.toml").write_text(f"[tool.inlay]\n{text}\n")


VALUES = [
    ("store", "a/b", "c/d"),
    ("journal", "append", "map"),
    ("static", "summary", "off"),
    ("experiment", "mine", "yours"),
    ("background_copy_mb", 1.5, 2.0),
]


@pytest.mark.parametrize(("name", "one", "other"), VALUES)
def test_what_comes_first_holds(tmp_path, monkeypatch, name, one, other):
    default = settings._BY_NAME[name].default
    variable = f"INLAY_{name.upper()}"
    place = (lambda value: str(tmp_path / value)) if name == "store" else (lambda value: value)
    assert settings.get(name) == default
    project(tmp_path, f"{name} = {one!r}")
    assert settings.get(name) == place(one)
    assert inlay.configure().sources[name] == str(tmp_path / "pyproject.toml")
    monkeypatch.setenv(variable, str(other))
    assert settings.get(name) == other  # a path in a variable is meant from the working directory
    assert inlay.configure().sources[name] == variable
    monkeypatch.setenv(variable, "")
    assert settings.get(name) == place(one)
    monkeypatch.setenv(variable, str(other))
    assert inlay.configure(**{name: one}) is None
    assert settings.get(name) == place(one)
    assert inlay.configure().sources[name] == "configure"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"static": "none"}, ValueError, "static is 'full', 'summary' or 'off'; got 'none'"),
        ({"journal": "tape"}, ValueError, "journal is 'auto', 'append' or 'map'; got 'tape'"),
        ({"experiment": ""}, ValueError, "experiment has 1 to 250 characters; got 0"),
        ({"experiment": "x" * 251}, ValueError, "got 251"),
        ({"experiment": 3}, TypeError, "experiment is a string; got 3 of type int"),
        ({"store": 3}, TypeError, "store is a path; got 3 of type int"),
        ({"store": ""}, ValueError, "store is the path of a folder; got ''"),
        ({"store": b"x"}, TypeError, "store is a path; got b'x'"),
        ({"background_copy_mb": "many"}, ValueError, "number of megabytes, 0 or more; got 'many'"),
        ({"background_copy_mb": -1}, ValueError, "got -1"),
        ({"background_copy_mb": float("nan")}, ValueError, "got nan"),
        ({"background_copy_mb": True}, TypeError, "got True"),
        ({"stroe": "x"}, TypeError, "configure takes no 'stroe'; did you mean 'store'"),
        ({"run_id": "x"}, TypeError, "configure takes no 'run_id'; it takes store, journal"),
    ],
)
def test_a_bad_value_changes_nothing(options, error, words):
    good = {"experiment": "mine"} if "static" in options else {"static": "off"}
    with pytest.raises(error, match=re.escape(words)):
        inlay.configure(**good, **options)
    assert settings._configured == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("static = 'none'", r"static in \[tool.inlay\] of .*pyproject.toml: static is 'full'.*got 'none'.*left out"),
        ("static = 3", "got 3"),
        ("store = ['a']", "store is a path"),
        ("statik = 'off'", r"setting 'statik' that there is not; did you mean 'static'\?"),
        ("colour = 'red'", "'colour' that there is not; it takes store, journal"),
        ("run_id = 'x'", "'run_id' that there is not"),
        ("static = ", r"pyproject.toml cannot be read \(.*the settings in it do not hold"),
    ],
)
def test_a_mistake_in_the_project_is_said_once(tmp_path, text, words):
    project(tmp_path, text)
    with pytest.warns(RuntimeWarning, match=words) as said:
        inlay.configure()
    assert len(said) == 1
    assert set(inlay.configure().sources.values()) == {"default"}  # without a word: `error` is set for warnings


@pytest.mark.parametrize(
    "text", ["", "[tool]\nother = 1", "tool = 3", "[tool.other]\nx = 1", "[project]\nname = 'x'", "\ufeff"]
)
def test_a_project_that_says_nothing(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if text == "\ufeff" else "error")
        assert settings.get("static") == "full"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[tool.inlay", b"[tool]\ninlay = 3"])
def test_a_project_that_cannot_be_read_is_one_warning(tmp_path, content):
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.warns(RuntimeWarning, match="the settings in it do not hold") as said:
        assert (settings.get("static"), settings.get("journal")) == ("full", "auto")
    assert len(said) == 1


def test_bad_variables_are_said_once_and_those_of_tests_not_at_all(monkeypatch):
    monkeypatch.setenv("INLAY_STATIK", "off")
    monkeypatch.setenv("INLAY_TEST_ANYTHING", "1")
    monkeypatch.setenv("INLAY_JOURNAL", "tape")
    with pytest.warns(RuntimeWarning) as said:
        assert settings.get("journal") == "auto"
    assert settings.get("journal") == "auto"
    texts = sorted(str(one.message) for one in said)
    assert len(texts) == 2
    assert "INLAY_JOURNAL: journal is 'auto', 'append' or 'map'; got 'tape'. It is left out" in texts[0]
    assert "variable INLAY_STATIK is none of inlay's; did you mean 'INLAY_STATIC'?" in texts[1]


def test_the_nearest_project_and_none_above_the_home_directory(tmp_path, monkeypatch):
    home = tmp_path / "home"
    inner = home / "a" / "b"
    inner.mkdir(parents=True)
    project(tmp_path, "static = 'off'")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(inner)
    assert settings.get("static") == "full"
    project(home, "static = 'summary'")
    assert settings.get("static") == "summary"
    project(home / "a", "experiment = 'x'")
    assert settings.get("static") == "full"
    assert settings.get("experiment") == "x"
    monkeypatch.chdir(tmp_path)
    assert settings.get("static") == "off"


def test_it_is_read_once_until_it_changes(tmp_path, monkeypatch):
    project(tmp_path, "static = 'off'")
    read = []
    real = settings._table_of
    monkeypatch.setattr(settings, "_table_of", lambda file: read.append(file) or real(file))
    assert {settings.get("static") for _ in range(100)} == {"off"}
    assert len(read) == 1
    project(tmp_path, "static = 'summary'")
    assert settings.get("static") == "summary"
    assert len(read) == 2


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs user ids")
def test_another_user_s_project_does_not_choose_the_store(tmp_path, monkeypatch):
    """Whoever can write to a store can show things in a notebook."""
    project(tmp_path, "store = 'theirs'\nexperiment = 'e'")
    monkeypatch.setattr(os, "getuid", lambda: (tmp_path / "pyproject.toml").stat().st_uid + 1)
    if (tmp_path / "pyproject.toml").stat().st_uid == 0:
        os.chown(tmp_path / "pyproject.toml", 4321, -1)
    with pytest.warns(RuntimeWarning, match="left out, because another user wrote that file"):
        assert settings.get("store") is None
    assert settings.get("experiment") == "e"


def test_a_store_that_is_configured_is_used_from_now_on(tmp_path, capsys):
    project(tmp_path, "store = 'by-project'")
    assert folder.locate() == tmp_path / "by-project"
    assert inlay.connect().folder == tmp_path / "by-project"
    inlay.configure(store="configured")
    assert current().folder == tmp_path / "configured"
    inlay.connect(tmp_path / "named")
    assert current().folder == tmp_path / "named"
    inlay.configure(static="off")
    assert current().folder == tmp_path / "named"
    inlay.configure(store="~/home")
    assert current().folder == tmp_path / "home"


def test_the_experiment_of_runs_that_name_none(store, monkeypatch):
    monkeypatch.setenv("INLAY_EXPERIMENT", "churn")
    with inlay.start_run("a") as run:
        assert run.experiment == "churn"
    with inlay.start_run("b", experiment="other") as run:
        assert run.experiment == "other"
        with inlay.start_run("c", nested=True) as child:
            assert child.experiment == "other"


def test_the_table_says_where_everything_comes_from(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_EXPERIMENT", "churn")
    inlay.configure(static="off")
    table = inlay.configure()
    assert dict(table) == {
        "store": None, "journal": "auto", "static": "off", "experiment": "churn",
        "background_copy_mb": 64, **dict.fromkeys(ENVIRONMENT_ONLY),
    }  # fmt: skip
    assert str(table).splitlines()[:4] == [
        "setting             value  from",
        "store               -      default",
        "journal             auto   default",
        "static              off    configure",
    ]
    assert "experiment          churn  INLAY_EXPERIMENT" in repr(table)


ENVIRONMENT_ONLY = ["run_id"]  # what inlay says to itself is no business of users


def test_the_page_has_every_setting_as_the_code_has_it():
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`INLAY_" in line]
    wanted = []
    for setting in settings.SETTINGS:
        if setting.internal:
            continue
        default = "none" if setting.default is None else f"`{setting.default}`"
        name = "" if setting.environment_only else f"`{setting.name}`"
        wanted.append(f"| {name} | `{setting.variable}` | {default} | {setting.help} |")
    assert rows == wanted, "\n" + "\n".join(wanted)


def test_every_variable_that_is_read_is_in_the_table():
    """A variable that only the code knew would be reported as unknown."""
    known = {setting.variable for setting in settings.SETTINGS}
    for file in (ROOT / "src" / "inlay").rglob("*.py"):
        named = set(re.findall(r"\bINLAY_[A-Z_]+[A-Z]\b", file.read_text("utf-8"))) - {"INLAY_TEST"}
        assert named <= known, f"{file}: {named - known}"


def test_importing_reads_no_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.inlay\n")
    code = "import sys, inlay; inlay.start_run; assert 'tomllib' not in sys.modules and 'tomli' not in sys.modules"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
