"""What differs between runs: as data, as text, as HTML, and from the shell."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import pytest
from command_line import cli

import inlay
from inlay.errors import RunNotFoundError
from inlay.query import difference_code
from inlay.query.difference import MOST, difference
from inlay.query.difference_code import code_difference, spans_of
from inlay.query.difference_text import value_texts
from inlay.query.fresh import fresh
from inlay.tracking import events

CODE = "import this\n\ndef train(rate):\n    # slowly\n    return rate * 2\n" + "".join(
    f"step({n})\n" for n in range(30)
)
CHANGED = CODE.replace("rate * 2", "rate * 'three'").replace("step(29)\n", "step(29)\nstop()\n")
HTML = "<script>alert(1)</script>"
PARAMS = (
    {"same": 1, "kind": 1, "float": 1, "nan": math.nan, "null": None, "gone": "x", "list": [1, 2], "word": "null",
     "flag": True, "html": HTML},
    {"same": 1, "kind": "1", "float": 1.0, "nan": math.nan, "list": [1, 3], "come": "y", "word": None, "flag": 1,
     "html": "<b>"},
)  # fmt: skip
ENVIRONMENTS = (
    ("e1", "3.11.7", "Linux", {"numpy": "2.0", "old": "1.0", "same": "3"}, {"cpu": {"cores": 2}}, {"SEED": "1"}),
    ("e2", "3.12.0", "Linux", {"numpy": "2.1", "new": "1.0", "same": "3"}, {"cpu": {"cores": 4}}, {"SEED": "1"}),
)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A store with the runs a, b, and c, which has nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_subscribers", [])
        store = inlay.connect(tmp_path_factory.mktemp("two"))
        for name, params in zip("ab", PARAMS, strict=True):
            with inlay.start_run(name, params=params, tags={"team": name, "html": HTML}) as run:
                run.log({"loss": 0.1 if name == "a" else 0.1000001, "nan": math.nan, f"only/{name}": math.inf})
        with inlay.start_run("c"):
            pass
        ids = {run.name: run.run_id for run in inlay.runs()}
        with fresh(store) as con:
            for env, python, platform, packages, hardware, variables in ENVIRONMENTS:
                values = [env, python, platform, *map(json.dumps, (packages, hardware, variables))]
                con.execute("INSERT INTO environments VALUES (?, ?, ?, ?, ?, ?)", values)
            con.execute("UPDATE runs SET env_hash = NULL")
            con.executemany("INSERT INTO sources VALUES (?, ?, NULL)", [["s1", CODE], ["s2", CHANGED]])
            for run, env, source, commit in (("a", "e1", "s1", "1" * 40), ("b", "e2", "s2", "2" * 40)):
                con.execute(
                    "UPDATE runs SET env_hash = ?, code_hash = ?, git_commit = ?, git_branch = 'main', host = 'h'"
                    " WHERE run_id = ?", [env, source, commit, ids[run]],
                )  # fmt: skip
            for run, name, digest, sample in (
                ("a", "train", "d1" * 8, "s"), ("b", "train", "d2" * 8, "s"), ("a", "test", None, "s"),
                ("b", "test", "d3" * 8, "s"), ("b", "more", None, None),
            ):  # fmt: skip
                con.execute(
                    "INSERT INTO inputs (run_id, name, context, rows, columns, digest, sample_digest, created_at)"
                    " VALUES (?, ?, 'training', 1200, 4, ?, ?, now()::TIMESTAMP)",
                    [ids[run], name, digest, sample],
                )
        yield store


@pytest.fixture(autouse=True)
def chosen(two, monkeypatch):
    inlay.connect(two.folder)
    monkeypatch.setenv("INLAY_STORE", str(two.folder))


@pytest.fixture
def found():
    return inlay.get_run("a").diff("b").to_dict()


def rows_of(found, section):
    rows = next(one["rows"] for one in found["sections"] if one["name"] == section)
    return {row["key"]: (row["values"], row["change"]) for row in rows}


def test_values_are_compared_as_they_were_logged(found):
    assert rows_of(found, "params") == {
        "kind": ([1, '"1"'], "changed"),
        "null": (["null", None], "removed"),
        "gone": (["x", None], "removed"),
        "list": (["[1, 2]", "[1, 3]"], "changed"),
        "word": (['"null"', "null"], "changed"),
        "flag": (["true", 1], "changed"),
        "html": ([HTML, "<b>"], "changed"),
        "come": ([None, "y"], "added"),
        "same": ([1, 1], None),
        "float": ([1, 1.0], None),
        "nan": (["NaN", "NaN"], None),
    }
    assert rows_of(found, "metrics") == {
        "loss": ([0.1, 0.1000001], "changed"),
        "only/a": (["Infinity", None], "removed"),
        "only/b": ([None, "Infinity"], "added"),
        "nan": (["NaN", "NaN"], None),
    }
    assert rows_of(found, "tags") == {"team": (["a", "b"], "changed"), "html": ([HTML, HTML], None)}


def test_around_the_runs(found):
    assert rows_of(found, "environment") == {
        "python": (["3.11.7", "3.12.0"], "changed"),
        "packages.numpy": (["2.0", "2.1"], "changed"),
        "packages.old": (["1.0", None], "removed"),
        "packages.new": ([None, "1.0"], "added"),
        "hardware.cpu.cores": ([2, 4], "changed"),
        "platform": (["Linux", "Linux"], None),
        "packages.same": (["3", "3"], None),
        "variables.SEED": (["1", "1"], None),
    }
    git = rows_of(found, "git")
    assert git["git_commit"] == (["1" * 40, "2" * 40], "changed")
    assert git["git_branch"] == (["main", "main"], None)
    data = rows_of(found, "datasets")
    assert {key: change for key, (_, change) in data.items()} == {
        "train (training)": "changed",
        "more (training)": "added",
        "test (training)": None,  # of one only a sample is known: compared by samples
    }
    assert data["train (training)"][0] == ["1,200 × 4, d1d1d1d1d1d1", "1,200 × 4, d2d2d2d2d2d2"]
    attributes = rows_of(found, "attributes")
    assert attributes["name"] == (["a", "b"], "changed")
    assert attributes["status"] == (["finished", "finished"], None)


def test_differing_rows_come_first_and_json_holds_all(found):
    for section in found["sections"]:
        same = [row["same"] for row in section["rows"]]
        assert same == sorted(same)
        assert section["equal"] == sum(same)
    assert [one["name"] for one in found["sections"]] == [
        "params", "metrics", "tags", "attributes", "environment", "git", "datasets",
    ]  # fmt: skip
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [run["name"] for run in found["runs"]] == ["a", "b"]
    assert found["runs"][0]["short"] == found["runs"][0]["run"][-8:]


def test_a_run_without_a_record_of_its_environment():
    """It was hundreds of packages that were "removed"."""
    rows = rows_of(inlay.get_run("a").diff("c").to_dict(), "environment")
    assert rows["recorded"] == (["true", "false"], "changed")
    assert len(rows) == 1


def test_three_runs():
    diff = inlay.runs(order_by="name").diff()
    found = diff.to_dict()
    assert rows_of(found, "params")["gone"] == (["x", None, None], "removed")
    assert rows_of(found, "params")["same"] == ([1, 1, None], "changed")
    assert [entry["missing"] for entry in found["code"]] == [False, True]
    assert found == inlay.get_run("a").diff("b", ["c"]).to_dict()
    found["runs"].clear()
    assert len(diff.to_dict()["runs"]) == 3


def test_what_is_no_diff(two):
    a = inlay.get_run("a")
    with pytest.raises(ValueError, match="two or more runs; got 1"):
        a.diff()
    with pytest.raises(ValueError, match="two or more runs; got 1"):
        a.diff("a")
    with pytest.raises(ValueError, match="two or more runs; got 0"):
        inlay.runs("name = 'nobody'").diff()
    with pytest.raises(RunNotFoundError):
        a.diff("zzz")
    with pytest.raises(TypeError, match="got 3"):
        a.diff(3)
    with fresh(two) as con:
        many = [f"00000000-0000-7000-8000-{n:012}" for n in range(MOST + 1)]
        with pytest.raises(ValueError, match="at most 20 runs; got 21"):
            difference(con, many)
        with pytest.raises(RunNotFoundError, match="not in the store any more"):
            difference(con, many[:2])


# -- code -----------------------------------------------------------------------------------------------------


def text_of(line):
    return "".join(text for _, text in line["spans"])


def test_code_line_by_line(found):
    (entry,) = found["code"]
    assert (entry["added"], entry["removed"], entry["missing"]) == (2, 1, False)
    unified = [(line["op"], line["old"], line["new"], text_of(line)) for line in entry["unified"]]
    assert unified[:6] == [
        *[("=", n, n, CODE.splitlines()[n - 1]) for n in range(1, 5)],
        ("-", 5, None, "    return rate * 2"),
        ("+", None, 5, "    return rate * 'three'"),
    ]
    assert ("@", None, None, "") in unified
    assert unified[-1] == ("+", None, 36, "stop()")
    folded = next(line for line in entry["unified"] if line["op"] == "@")
    assert folded["no"] == 30 - 3 - 3
    sides = [(left and text_of(left), right and text_of(right)) for left, right in entry["side"]]
    assert ("    return rate * 2", "    return rate * 'three'") in sides
    assert sides[-1] == (None, "stop()")
    # Both texts are there, but for the lines that one line stands for.
    assert sum(line["no"] if line["op"] == "@" else line["op"] != "+" for line in entry["unified"]) == 35
    assert sum(line["no"] if line["op"] == "@" else line["op"] != "-" for line in entry["unified"]) == 36


def test_words_of_code_have_kinds(monkeypatch):
    lines = spans_of('def f(x):  # why\n    return \'a\' + 1\n"""two\nlines"""')
    kinds = [(kind, text.strip()) for line in lines for kind, text in line if kind]
    assert kinds == [("k", "def"), ("f", "f"), ("c", "# why"), ("k", "return"), ("s", "'a'"), ("n", "1"),
                     ("s", '"""two'), ("s", 'lines"""')]  # fmt: skip
    monkeypatch.setitem(__import__("sys").modules, "pygments.lexers.python", None)
    assert spans_of("def f():\r\n  pass\n") == [[["", "def f():"]], [["", "  pass"]]]


def test_long_code_is_cut(monkeypatch):
    monkeypatch.setattr(difference_code, "WIDTH", 10)
    (entry,) = code_difference([("a", "x = 1\n"), ("b", f"x = '{'y' * 50}'\n")])
    assert text_of(entry["unified"][-1]) == "x = 'yyyyy…"


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5, 1 / 3], ["0.5", "0.33333"]),
        ([0.1, 0.1000001, None], ["0.1", "0.1000001", "–"]),
        ([0.1, 0.1 + 2**-56], ["0.10000000000000001", "0.10000000000000002"]),
        ([1, "NaN"], ["1", "NaN"]),
    ],
)
def test_numbers_have_the_digits_that_tell_them_apart(values, texts):
    assert value_texts(values) == texts


# -- as people see it -----------------------------------------------------------------------------------------


def test_printed():
    text = repr(inlay.get_run("a").diff("b"))
    assert re.search(r"^params \(3 equal\)$", text, re.MULTILINE)
    assert re.search(r'^  kind +1 +"1"$', text, re.MULTILINE)
    assert re.search(r"^- gone +x +–$", text, re.MULTILINE)
    assert re.search(r"^\+ packages\.new +– +1\.0$", text, re.MULTILINE)
    assert re.search(r"^  loss +0\.1 +0\.1000001$", text, re.MULTILINE)
    assert "  -     return rate * 2\n  +     return rate * 'three'" in text
    assert "… 24 equal lines" in text
    assert "same" not in text.split("environment")[0]


class Tags(HTMLParser):
    """Which elements there are, and that each that is open is closed."""

    def __init__(self):
        super().__init__()
        self.seen, self.open = set(), []

    def handle_starttag(self, tag, attrs):
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_holds_nothing_that_runs():
    html = inlay.get_run("a").diff("b", "c")._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert tags.seen <= {"div", "table", "tr", "th", "td", "span", "b", "p", "details", "summary"}
    assert "&lt;script&gt;alert(1)" in html
    assert "Side by side" in html
    assert "24 equal lines" in html


def test_from_the_shell():
    said = cli("diff", "a", "b").output
    assert re.search(r"^- gone +x +–$", said, re.MULTILINE)
    assert re.search(r"^  git_commit +1{40} +2{40}$", said, re.MULTILINE)
    assert "\x1b" not in said
    assert [run["name"] for run in json.loads(cli("diff", "a", "b", "--json").output)["runs"]] == ["a", "b"]
    assert "two to 20 different runs; got 1" in cli("diff", "a", "a", status=2).stderr
    assert "no run" in cli("diff", "a", "zzz", status=1).stderr.lower()


def test_coloured_on_a_terminal(monkeypatch):
    from inlay.cli import diff, printing

    for module in (diff, printing):
        monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = cli("diff", "a", "b", color=True).stdout
    assert "\x1b[32m" in said
    assert "\x1b[31m" in said
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in cli("diff", "a", "b", color=True).stdout
