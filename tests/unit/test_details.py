"""What stands around a run's charts: alike while the run is written, afterwards, and from another process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from copy import deepcopy
from datetime import datetime, timezone

import pytest

import inlay
from inlay.capture import background
from inlay.query import run_details
from inlay.query.entries import Entry
from inlay.query.histograms import HistogramSummary
from inlay.query.inputs import InputSummary
from inlay.query.run_details import Child, Commit, Earlier, Output, RunDetails, Surroundings
from inlay.store.database import StoreBusyError
from inlay.store.printed import printed_text
from inlay.store.upkeep import upkeep_of
from inlay.tracking import events
from inlay.tracking.session import session_of
from inlay.views import details, details_wire
from inlay.views.details import Details
from inlay.views.details_wire import details_json, difference

TRAIN = "%%track train -e churn\nlr = 0.1\nfor step in range(3):\n    inlay.log({'loss': lr / (step + 1)})\n"


WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def asked(look):
    """Look until the store could be had, which a background ingest may keep for a moment."""
    end = time.monotonic() + 20
    while not look._source._asked and time.monotonic() < end:
        look.refresh()
        time.sleep(0.02)
    assert look._source._asked
    look.refresh()
    return look


def shown(run):
    found = Details(run)
    assert found.refresh()
    json.dumps(found.current(), allow_nan=False)
    return found.current()


def run_named(name):
    return inlay.get_run(name)


# -- code and the run before ----------------------------------------------------------------------------------


def test_the_code_and_its_difference_from_the_run_before(cells):
    cells("import inlay", "cell-0")
    cells(TRAIN, "cell-1")
    cells("%%track other\nx = 1", "cell-2")
    cells(TRAIN.replace("0.1", "0.2").replace("train", "again"), "cell-1")
    code = shown(run_named("again"))["code"]
    assert code["source"].startswith("%%track again -e churn\nlr = 0.2\n")
    first = run_named("train")
    assert code["previous"] == {"run_id": first.run_id, "short_id": first.short_id, "name": "train"}
    assert code["diff"] == [
        ["-", "%%track train -e churn"],
        ["-", "lr = 0.1"],
        ["+", "%%track again -e churn"],
        ["+", "lr = 0.2"],
        ["=", "for step in range(3):"],
        ["=", "    inlay.log({'loss': lr / (step + 1)})"],
    ]
    assert (code["added"], code["removed"]) == (2, 2)
    assert shown(first)["code"]["previous"] is None
    assert shown(first)["code"]["diff"] is None


def test_a_live_run_knows_the_run_before_after_one_look(cells):
    cells("import inlay", "cell-0")
    cells(TRAIN, "cell-1")
    cells.shell.user_ns["look_at"] = lambda run: asked(Details(run))
    cells("%%track now\nlook = look_at(inlay.active_run())\nagain = look.refresh()", "cell-1")
    current = cells.shell.user_ns["look"].current()
    assert cells.shell.user_ns["again"] is False
    assert current["code"]["previous"]["name"] == "train"
    assert current["code"]["source"].startswith("%%track now\n")
    assert current["code"]["added"] > 0


def test_the_same_code_again_has_no_difference(cells):
    cells("import inlay", "cell-0")
    cells(TRAIN, "cell-1")
    cells(TRAIN, "cell-1")
    code = shown(inlay.get_run("train"))["code"]
    assert (code["diff"], code["added"], code["removed"]) == ([], 0, 0)
    assert code["previous"] is not None


def test_runs_of_one_execution_are_no_versions_of_each_other(cells):
    loop = "for n in range(3):\n    with inlay.start_run(f'{name}-{n}', nested=n > 1):\n        pass"
    cells("import inlay\nname = 'a'", "cell-0")
    cells(loop, "cell-1")
    assert shown(run_named("a-1"))["code"]["previous"] is None
    cells("name = 'b'", "cell-0")
    cells(loop, "cell-1")
    assert shown(run_named("b-0"))["code"]["previous"]["name"] == "a-2"


def place(**given):
    known = {
        "run_id": "0192f0c1-0000-7000-8000-00000000ffff",
        "started_at": time.time() + 10,
        "notebook": None,
        "source_name": None,
        "cell_id": None,
        "session_id": None,
        "execution_seq": None,
        "nested": False,
    }
    return run_details.CellPlace(**{**known, **given})


def a_run(store, source, **origin):
    """A run of a notebook as it was recorded by some kernel."""
    code_hash = session_of(store).record_source(source, source)
    with inlay.start_run(origin.pop("name", None)) as run:
        run.record(code_hash=code_hash, session_id="0192f0c1-0000-7000-8000-000000000000", **origin)
    return run


def earlier(store, source, **given):
    len(inlay.runs())
    with store.open() as con:
        found = run_details.earlier_run(con, place(**given), source)
    return found and found.name


def test_which_run_counts_as_the_one_before(store):
    a_run(store, "x = 1", name="old", notebook="a.ipynb", cell_id="c1")
    a_run(store, "x = 2", name="new", notebook="a.ipynb", cell_id="c1")
    a_run(store, "x = 3", name="copy", notebook="b.ipynb", cell_id="c1")
    a_run(store, "x = 4", name="else", notebook="a.ipynb", cell_id="c2")
    assert earlier(store, "x = 5", notebook="a.ipynb", cell_id="c1") == "new"
    assert earlier(store, "x = 5", notebook="b.ipynb", cell_id="c1") == "copy"
    assert earlier(store, "x = 5", notebook="renamed.ipynb", cell_id="c1") == "copy"
    assert earlier(store, "x = 5", notebook="a.ipynb", cell_id="c3") is None
    assert earlier(store, "x = 5", notebook="a.ipynb", cell_id="c1", nested=True) is None
    assert earlier(store, "x = 5", notebook="a.ipynb", cell_id="c1", started_at=time.time() - 100) is None
    inlay.get_run("new").record(deleted_at=time.time())
    run = inlay.get_run("old")
    run.set_note("still here")


def test_without_cell_ids_the_first_line_stands_for_the_cell(store):
    """nbclient and papermill give cells no ids."""
    a_run(store, "%%track train\nx = 1", name="one", source_name="n.ipynb", notebook="n.ipynb")
    a_run(store, "%%track eval\nx = 1", name="two", source_name="n.ipynb", notebook="n.ipynb")
    told = {"source_name": "n.ipynb", "notebook": "n.ipynb"}
    assert earlier(store, "\n%%track train\nx = 2", **told) == "one"
    assert earlier(store, "%%track train\nx = 2", source_name="m.ipynb", notebook="m.ipynb") is None
    assert earlier(store, "%%track other\nx = 2", **told) is None
    same_session = {"session_id": "0192f0c1-0000-7000-8000-000000000000"}
    assert earlier(store, "%%track train\nx = 2", **told, **same_session) is None


def test_the_version_before_of_a_script_is_its_newest_run_whatever_its_first_line(store):
    script = {"source_kind": "script", "source_name": "train.py"}
    a_run(store, "import a\nx = 1", name="old", host="here", **script)
    a_run(store, "import b\nx = 1", name="new", host="here", **script)
    a_run(store, "import b\nx = 1", name="elsewhere", host="there", **script)
    a_run(store, "import c", name="other", source_kind="script", source_name="eval.py", host="here")
    a_run(
        store,
        "import c",
        name="cell",
        source_kind="notebook",
        source_name="train.py",
        notebook="n.ipynb",
        cell_id="c1",
        host="here",
    )
    assert earlier(store, "import c", source_name="train.py") == "elsewhere"
    assert earlier(store, "import c", source_name="nothing.py") is None
    same_session = {"session_id": "0192f0c1-0000-7000-8000-000000000000"}
    assert earlier(store, "import c", source_name="train.py", **same_session) is None
    with inlay.start_run("now") as run:
        run.record(host="here")
    assert earlier(store, "import c", source_name="train.py", run_id=run.run_id) == "new"


def test_differences():
    lines = [f"line {number}" for number in range(30)]
    changed = [*lines[:10], "new", *lines[11:], "last"]
    diff, added, removed = difference("\n".join(lines), "\n".join(changed))
    assert (added, removed) == (2, 1)
    assert [mark for mark, _ in diff] == list("@===-+===@===+")
    assert ["-", "line 10"] in diff
    assert difference("", "a\nb") == ([["+", "a"], ["+", "b"]], 2, 0)
    assert difference("a", "") == ([["-", "a"]], 0, 1)
    assert difference("a\n", "a") == ([], 0, 0)
    middle, *_ = difference("\n".join(["x", *lines]), "\n".join(["y", *lines]))
    assert middle[-1] == ["@", ""]


def test_a_large_difference_is_cut_and_counted():
    diff, added, removed = difference(
        "\n".join("a" * 50 for _ in range(5000)), "\n".join("b" * 50 for _ in range(5000))
    )
    assert (added, removed) == (5000, 5000)
    assert sum(len(text) for _, text in diff) <= 50_000
    assert diff[-1] == ["@", ""]
    (_, long), (_, other) = difference("x" * 40_000, "y" * 40_000)[0]
    assert len(long) == len(other) == 1001


# -- everything else ------------------------------------------------------------------------------------------


def test_a_run_that_did_nothing_shows_next_to_nothing(store):
    with inlay.start_run("r"):
        pass
    found = Details(inlay.get_run("r"))
    found.refresh()
    assert found.current() == details_json(RunDetails())
    assert found.current() == details.Details(inlay.get_run("r")).current()
    assert not found.refresh()


def test_what_was_printed(cells):
    cells("%%track r\nprint('\\x1b[31mred\\x1b[0m and \\x1b]8;;http://x\\x07link')\nprint('password: hunter2hunter2')")
    output = shown(run_named("r"))["output"]
    assert output["tail"].splitlines()[0] == "red and link"
    assert "hunter2" not in output["tail"]
    assert output["bytes"] > len(output["tail"])


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("\x1b[1;32mok\x1b[0m\n", "ok\n"),
        ("\x1b[38;2;1;2;3mx\x1b[K", "x"),
        ("\x1b[?25l\x1b[2Jx", "x"),
        ("\x1b]0;title\x07x\x1b]8;;a\x1b\\y", "xy"),
        ("\x1b(Bx\x1b7y", "xy"),
        ("a\tb\x08\x07\x00c\x9b", "a\tbc"),
        ("\x1b", ""),
        ("\x1b[31", "31"),
        ("\x1b]" * 5_000, ""),
    ],
)
def test_what_is_meant_for_a_terminal_is_left_out(printed, text):
    assert printed_text(printed).replace("[", "").replace("]", "") == text


def test_a_live_run_and_a_stored_one_show_the_same(cells):
    cells("import inlay")
    background.settle()
    cells(
        "%%track r --quiet\ninlay.active_run().log_text('hello', 'b.txt')\ninlay.active_run().log_dict({}, 'a.json')\n"
        "print('hello')\nwith inlay.start_run('inner', nested=True):\n    pass\n"
        "from inlay.views.details import Details\nlook = Details(inlay.active_run())"
    )
    background.settle()
    look = cells.shell.user_ns["look"]
    assert look.refresh()
    live, stored = deepcopy(look.current()), shown(run_named("r"))
    assert live["children"][0].pop("duration_s") == pytest.approx(stored["children"][0].pop("duration_s"), abs=1e-4)
    for one, other in zip(live["artifacts"], stored["artifacts"], strict=True):
        assert one.pop("time") == pytest.approx(other.pop("time"), abs=0.1)
    assert live == stored
    assert [one["path"] for one in live["artifacts"]] == ["a.json", "b.txt"]
    assert live["environment"]["python"]
    assert dict(live["environment"]["packages"])["duckdb"]
    assert live["output"] == {"tail": "hello\n", "bytes": 6}
    assert (live["children"][0]["name"], live["children"][0]["status"], live["children_total"]) == (
        "inner",
        "finished",
        1,
    )
    look.refresh()
    assert look.current()["artifacts"] == shown(run_named("r"))["artifacts"], "from then on it is what the store says"
    assert not look.refresh()


def test_what_changes_in_a_live_run_is_told_and_nothing_else(store_folder, monkeypatch):
    inlay.connect(store_folder)
    monkeypatch.setattr(details, "OUTPUT_EVERY", 0.0)
    with inlay.start_run("r") as run:
        background.settle()
        look = Details(run)
        look.refresh()
        assert not look.refresh()
        run.log({"loss": 1.0})
        run.set_tag("a", "b")
        assert not look.refresh()
        run.log_text("one", "a.txt")
        assert look.refresh()
        run.log_text("two", "a.txt")
        assert look.refresh()
        assert look.current()["artifacts_total"] == 1
        with inlay.start_run("child", nested=True):
            assert look.refresh()
            assert look.current()["children"][0]["status"] == "running"
        assert look.refresh()
        assert look.current()["children"][0]["status"] == "finished"
        assert not look.refresh()
    assert not look.refresh()


def test_looking_at_a_live_run_opens_the_store_once_and_does_not_wait_for_it(store, monkeypatch):
    opened = []
    original = type(store).open

    def counted(self, **given):
        opened.append(threading.current_thread().name)
        return original(self, **given)

    with inlay.start_run("r") as run:
        monkeypatch.setattr(type(store), "open", counted)
        look = Details(run)
        with store.turn():
            for number in range(20):
                run.log_text(str(number), f"{number}.txt")
                look.refresh()
            assert look.current()["artifacts_total"] == 20
            assert not look._source._asked
        asked(look)
        for _ in range(20):
            look.refresh()
        assert [name for name in opened if name != "inlay-upkeep"] == ["inlay-details"]


@pytest.mark.parametrize("error", [StoreBusyError("busy"), OSError("gone"), RuntimeError("whatever DuckDB says")])
def test_a_store_that_cannot_be_had_is_asked_again_later(store, monkeypatch, error):
    with inlay.start_run("r") as run:
        run.log_text("x", "a.txt")
    found = inlay.get_run("r")

    def refuse(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(details, "fresh", refuse)
        stored = Details(found)
        assert not stored.refresh()
        with inlay.start_run("live") as live:
            live.log_text("x", "a.txt")
            look = Details(live)
            assert look.refresh()
            assert look.current()["artifacts_total"] == 1
            patch.undo()
            look._source._tries._next = 0
            asked(look)
    end = time.monotonic() + 20
    while not stored.refresh() and time.monotonic() < end:
        time.sleep(0.02)
    assert stored.current()["artifacts_total"] == 1


def test_a_deleted_store_is_not_made_again(store):
    with inlay.start_run("r"):
        pass
    found = inlay.get_run("r")
    upkeep_of(store).close()
    shutil.rmtree(store.folder)
    assert not Details(found).refresh()
    assert not store.folder.exists()


def test_a_run_of_another_process(store, tmp_path):
    program = """
import inlay, sys
run = inlay.start_run("r")
run.log_text("x", "a.txt")
print("begun", flush=True)
sys.stdin.readline()
run.log_text("y", "b.txt")
run.end()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    while other.stdout.readline().strip() != "begun":
        pass
    found = inlay.get_run("r")
    look = Details(found)
    assert look.refresh()
    assert look.current()["artifacts_total"] == 1
    assert not look.refresh(), "it looks again, but not at once"
    other.communicate("\n", timeout=60)
    assert found.status == "finished"
    assert look.refresh(), "the end is not waited for"
    assert look.current()["artifacts_total"] == 2
    assert not look.refresh()


def test_children_of_other_processes_and_earlier_lives(store, script):
    with inlay.start_run("parent") as parent:
        pass
    with inlay.start_run("one"):
        inlay.active_run().record(parent_run_id=parent.run_id)
    with inlay.start_run(resume=parent.run_id) as again:
        again.log_text("x", "new.txt")
        with inlay.start_run("two", nested=True):
            pass
        len(inlay.runs())
        look = asked(Details(again))
        assert [child["name"] for child in look.current()["children"]] == ["one", "two"]
        assert look.current()["children_total"] == 2
    assert [child["name"] for child in shown(inlay.get_run(parent.run_id))["children"]] == ["one", "two"]


def test_many_children(store):
    with inlay.start_run("parent") as parent:
        look = Details(parent)
        for number in range(120):
            with inlay.start_run(f"child-{number:03}", nested=True):
                pass
        look.refresh()
        live = look.current()
    stored = shown(inlay.get_run("parent"))
    for found in (live, stored):
        assert found["children_total"] == 120
        assert [child["name"] for child in found["children"]] == [f"child-{number:03}" for number in range(20, 120)]


def test_surroundings_that_come_after_the_end_are_announced(store_folder):
    """The card of a short run never said from which commit it was."""
    inlay.connect(store_folder)
    heard = []
    stop = events.subscribe(lambda event: heard.append((event.kind, event.run.ended)))
    with inlay.start_run("r") as run:
        pass
    background.settle(10)
    stop()
    assert ("changed", True) in heard
    assert run.memory.columns["env_hash"]


def test_the_difference_is_found_once(monkeypatch):
    """Of long cells it takes half a second, and whatever is printed sends the details anew."""
    asked = []
    real = details_wire._changes
    monkeypatch.setattr(details_wire, "_changes", lambda *texts: asked.append(texts) or real(*texts))
    earlier = Earlier("0192f0c1-0000-7000-8000-000000000000", "r", "lr = 0.1\nonce()")
    for tail in ("a", "ab"):
        code = details_json(RunDetails("lr = 0.2\nonce()", earlier, Output(tail, 1)))["code"]
        assert (code["added"], code["removed"], len(code["diff"])) == (1, 1, 3)
    assert len(asked) == 1


def test_what_makes_no_sense_costs_only_the_details(store, monkeypatch):
    """A store may come from somebody else."""
    with inlay.start_run("r") as run:
        pass
    monkeypatch.setattr(run_details, "read_details", lambda *_: RunDetails(surroundings=Surroundings(python=3)))
    look = Details(run)
    assert look.refresh() is False
    assert look.current()["environment"] is None


# -- sizes ----------------------------------------------------------------------------------------------------


def test_nothing_is_longer_than_somebody_would_read():
    run_id = "0192f0c1-0000-7000-8000-000000000000"
    found = RunDetails(
        source="x" * 200_000,
        earlier=Earlier(run_id, "n" * 10_000, "y" * 200_000),
        output=Output("o" * 100_000, 10**12),
        artifacts=[Entry("p" * 2000, 1, "m" * 9999, "k" * 9999, "h" * 9999, WHEN)],
        artifacts_total=1,
        surroundings=Surroundings(
            "p" * 9999,
            "q" * 9999,
            {f"package-{n}": "1.0" for n in range(3000)},
            {"cpu": "c" * 9999, "memory": 33_500_000_000, "gpus": ["A", "B", "A"], "odd": {"a": 1}},
            {f"V{n}": "v" * 9999 for n in range(300)},
        ),
        commit=Commit("c" * 9999, None, True, None),
        children=[Child(run_id, "c" * 9999, "running", None)],
        children_total=1,
    )
    made = details_json(found)
    assert len(made["code"]["source"]) == 50_000
    assert sum(len(text) for _, text in made["code"]["diff"]) <= 50_000
    assert len(made["output"]["tail"]) == 16 * 1024
    assert len(made["environment"]["packages"]) == 1000
    hardware = dict(made["environment"]["hardware"])
    assert hardware["Memory"] == "31.2 GB"
    assert hardware["Graphics"] == "2 × A, B"
    assert len(made["environment"]["variables"]) == 200
    assert len(json.dumps(made)) < 700_000


def test_whatever_was_recorded_can_be_encoded():
    odd = "a\ud800\u202e\0"
    run_id = "0192f0c1-0000-7000-8000-000000000000"
    found = RunDetails(
        odd, Earlier(run_id, odd, odd + "\n"), Output(odd, 1),
        [Entry(odd, 1, odd, "model", odd, WHEN, odd, metadata={"format": odd})], 1,
        [HistogramSummary(odd, 1, 0)], [InputSummary(odd, odd, odd, 1, 1, 1, odd, odd, odd)],
        Surroundings(odd, odd, {odd: odd}, {odd: odd}, {odd: odd}), Commit(odd, odd, False, odd),
        [Child(run_id, odd, odd, None)], 1, [odd], 1,
    )  # fmt: skip
    json.dumps(details_json(found), ensure_ascii=False).encode()


def test_the_limits_are_those_of_the_store():
    assert details_wire.SOURCE == run_details.SOURCE
    assert details_wire.TAIL == run_details.TAIL
