"""A run recorded and read back: every kind of thing that can be logged, in every spelling."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime, timezone
from decimal import Decimal

import numpy as np
import pytest

import inlay
from inlay.errors import NoActiveRunError, RunActiveError
from inlay.store.journal.slots import Kind
from inlay.store.journal.writer import Writer
from inlay.store.upkeep import upkeep_of

STRANGE = [
    'quote"s',
    "it's",
    "a/b\\c",
    "🙂 émoji",
    "new\nline",
    "<script>alert(1)</script>",
    "semi;colon--",
    " ",
    "\0x",
]


def points_of(run, key):
    history = inlay.get_run(run.run_id).history(key)
    return list(zip(history.step.tolist(), history.value.tolist(), strict=True))


def test_everything_comes_back(store, each_journal):
    with inlay.start_run("r", experiment="e", params={"lr": 0.1}, tags={"team": "x"}, note="why") as run:
        run.log({"loss": 0.5, "acc": 1}, step=0)
        run.log_metrics({"loss": 0.25}, step=1)
        run.log_metric("loss", 0.125, step=2)
        run.log_param("depth", 3)
        run.log_params({"model": "gbm", "sizes": [1, 2]})
        run.set_tag("host", 7)
    found = inlay.get_run("r")
    assert (found.name, found.experiment, found.status, found.note) == ("r", "e", "finished", "why")
    assert found.params == {"lr": 0.1, "depth": 3, "model": "gbm", "sizes": [1, 2]}
    assert found.tags == {"team": "x", "host": "7"}
    assert found.metrics == {"loss": 0.125, "acc": 1.0}
    assert points_of(run, "loss") == [(0, 0.5), (1, 0.25), (2, 0.125)]
    assert found.started_at.tzinfo is timezone.utc
    assert found.started_at <= found.ended_at <= datetime.now(timezone.utc)
    assert found.duration_s == pytest.approx((found.ended_at - found.started_at).total_seconds(), abs=2e-6)
    assert found.error is None
    assert not found.live
    assert repr(found) == f"Run {run.short_id}: r (e), finished"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", run.run_id)


def test_a_live_run_and_a_stored_one_say_the_same(store):
    run = inlay.start_run("r", params={"a": [1]}, tags={"t": "x"}, note="n")
    run.log({"m": 1.0}, step=0)
    run.end()
    stored = inlay.store.store.Store(store.folder)
    found = inlay.tracking.run.Run(inlay.query.attributes.find(stored, run.run_id), stored)
    live, back = run.snapshot(), found.snapshot()
    assert back.started_at == pytest.approx(live.started_at, abs=1e-5)
    assert back.ended_at == pytest.approx(live.ended_at, abs=1e-5)
    names = [name for name in type(live).__slots__ if name not in ("started_at", "ended_at")]
    assert [getattr(live, name) for name in names] == [getattr(back, name) for name in names]


def test_values_with_and_without_steps_on_the_fast_and_the_slow_way(store):
    given = [1, 0.5, True, np.float32(0.5), np.int64(2), np.array(1.5), Decimal("0.25"), math.inf, -math.inf, 2**70]
    with inlay.start_run() as run:
        for number, value in enumerate(given):
            one, many, other = (f"{name}{number}" for name in ("one", "many", "other"))
            for _ in range(2):
                run.log_metric(one, value)
                run.log({many: value, other: 1.0})
                run.log_metric(one, value, step=10)
                run.log({many: value, other: 1.0}, step=10)
    rows = inlay.sql("select key, list(step), list(value) from metrics group by key").fetchall()
    found = {key: list(zip(steps, values, strict=True)) for key, steps, values in rows}
    for number, value in enumerate(map(float, given)):
        expected = [(0, value), (10, value), (11, value), (10, value)]
        assert found[f"one{number}"] == found[f"many{number}"] == expected
        assert [step for step, _ in found[f"other{number}"]] == [0, 10, 11, 10]


def test_nan_is_kept(store):
    with inlay.start_run() as run:
        run.log({"a": math.nan}, step=0)
        run.log({"a": np.float32("nan")}, step=1)
        run.log({"a": 1.0}, step=2)
    history = run.history("a")
    assert np.isnan(history.value).tolist() == [True, True, False]
    with inlay.start_run() as run:
        run.log({"a": 1.0}, step=0)
        run.log({"a": math.nan}, step=1)
    assert math.isnan(run.metrics["a"])
    assert inlay.sql("select count(*) from metrics where isnan(value)").fetchall() == [(3,)]


def test_bad_input_raises_and_logs_nothing(store):
    with inlay.start_run() as run:
        for bad in ({"good": 1.0, "bad": "x"}, {"good": 1.0, "": 1.0}, {"good": 1.0, "deep": {"bad": [1]}}):
            with pytest.raises((TypeError, ValueError), match=r"bad|empty"):
                run.log(bad)
        with pytest.raises(TypeError, match=r"'bad'.*list"):
            run.log_metric("bad", [1.0])
        with pytest.raises(TypeError, match="step"):
            run.log({"good": 1.0}, step="1")
        with pytest.raises(TypeError, match="dict of metrics"):
            run.log([("good", 1.0)])
    assert run.metrics == {}


def test_steps_count_up_by_key_and_go_on_after_explicit_ones(store):
    with inlay.start_run() as run:
        run.log({"a": 0.0})
        run.log({"a": 1.0, "b": 0.0})
        run.log_metric("a", 2.0, step=10)
        run.log_metric("a", 3.0)
        run.log_metrics_array("a", [4.0, 5.0])
        run.log({"a": 6.0, "b": 1.0})
        run.log_metrics_array("a", [7.0], steps=[100])
        run.log({"a": 8.0})
    assert [step for step, _ in points_of(run, "a")] == [0, 1, 10, 11, 12, 13, 14, 100, 101]
    assert [step for step, _ in points_of(run, "b")] == [0, 1]


def test_a_small_numpy_step_does_not_wrap_around(store):
    with inlay.start_run() as run:
        run.log_metric("a", 1.0, step=np.uint8(255))
        run.log_metric("a", 2.0, step=np.uint8(255))
        run.log_metric("a", 3.0)
    assert points_of(run, "a") == [(255, 1.0), (255, 2.0), (256, 3.0)]


def test_the_last_step_there_is(store):
    with inlay.start_run() as run:
        run.log({"a": 1.0, "b": 1.0}, step=2**63 - 1)
        with pytest.raises(ValueError, match="64 bits"):
            run.log({"a": 1.0, "b": 1.0})
        with pytest.raises(ValueError, match="64 bits"):
            run.log_metric("a", 1.0)
    assert points_of(run, "a") == [(2**63 - 1, 1.0)]
    with inlay.start_run(resume=run.run_id) as again:
        again.log({"c": 1.0})


def test_nested_dicts(store):
    with inlay.start_run() as run:
        for step in range(3):
            run.log({"loss": 1.0, "val": {"loss": 2.0, "acc": {"top1": 0.5}}}, step=step)
    assert run.metrics == {"loss": 1.0, "val/loss": 2.0, "val/acc/top1": 0.5}
    assert len(run.history("val/acc/top1")) == 3


@pytest.mark.parametrize("count", [1, 11, 12, 13, 59, 60, 61, 200])
def test_any_number_of_metrics_at_once(store, count):
    with inlay.start_run() as run:
        for step in range(4):
            run.log({f"m{number}": float(number + step) for number in range(count)}, step=step)
            run.log({f"m{number}": float(number) for number in range(count)})
    rows = inlay.sql("select key, count(*), sum(step), sum(value) from metrics group by key").fetchall()
    assert sorted(rows) == sorted((f"m{n}", 8, 6 + 10, 4.0 * n + 6 + 4.0 * n) for n in range(count))


def test_ten_thousand_metrics(store):
    with inlay.start_run() as run:
        for step in range(3):
            run.log({f"layer/{number}": float(number) for number in range(10_000)}, step=step)
    assert len(run.metrics) == 10_000
    assert inlay.sql("select count(*), sum(value) from metrics").fetchall() == [(30_000, 3.0 * sum(range(10_000)))]


def test_strange_names_are_stored_exactly(store, each_journal):
    for name in STRANGE:
        with inlay.start_run(name, experiment=name, note=name) as run:
            run.log({name: 1.0}, step=0)
            run.log_param(name, name)
            run.log_param("nested", {name: [name]})
            run.set_tag(name, name)
        found = inlay.get_run(run.run_id)
        assert (found.name, found.experiment, found.note) == (name, name, name)
        assert found.params == {name: name, "nested": {name: [name]}}
        assert found.tags == {name: name}
        assert list(found.metrics) == [name]
        assert len(found.history(name)) == 1
        assert inlay.get_run(name).run_id == run.run_id


def test_half_a_surrogate_pair_in_a_text_is_replaced(store):
    with inlay.start_run(params={"p": "a\ud800"}, tags={"t": "b\udfff"}, note="c\ud800") as run:
        pass
    found = inlay.get_run(run.run_id)
    assert (found.params, found.tags, found.note) == ({"p": "a?"}, {"t": "b?"}, "c?")


def test_a_tag_is_replaced_and_removed(store):
    with inlay.start_run(tags={"a": "1", "b": "2"}) as run:
        run.set_tags({"a": "3", "b": None, "never": None})
        assert run.tags == {"a": "3"}
    assert inlay.get_run(run.run_id).tags == {"a": "3"}
    with inlay.start_run(resume=run.run_id) as again:
        again.set_tag("a", None)
    assert inlay.get_run(run.run_id).tags == {}


def test_the_note_is_replaced(store):
    with inlay.start_run(note="one") as run:
        run.set_note("two")
    assert inlay.get_run(run.run_id).note == "two"


def test_arrays(store):
    with inlay.start_run() as run:
        run.log_metrics_array("a", np.arange(1000) / 2)
        run.log_metrics_array("b", [1, 2, 3], steps=[10, 20, 30], times=[1.7e9, 1.7e9 + 1, 1.7e9 + 2])
        times = np.array(["2024-01-01", "2024-01-02T03:04:05.678"], "datetime64[ms]")
        run.log_metrics_array("c", np.array([1, 0], np.float32), times=times)
        run.log_metrics_array("empty", [])
    assert points_of(run, "a") == [(step, step / 2) for step in range(1000)]
    assert points_of(run, "b") == [(10, 1.0), (20, 2.0), (30, 3.0)]
    assert run.history("c").time.tolist() == times.tolist()
    assert "empty" not in run.metrics


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"values": [[1.0]]}, TypeError, "shape"),
        ({"values": 1.0}, TypeError, "shape"),
        ({"values": ["a"]}, TypeError, "one row of numbers"),
        ({"values": [1.0, 2.0], "steps": [1]}, ValueError, "2 values but 1 steps"),
        ({"values": [1.0], "steps": [0.5]}, TypeError, "whole"),
        ({"values": [1.0], "steps": [math.nan]}, TypeError, "whole"),
        ({"values": [1.0], "times": [5.0]}, ValueError, "Unix seconds"),
        ({"values": [1.0], "times": np.array(["NaT"], "datetime64[s]")}, ValueError, "Unix seconds"),
    ],
)
def test_arrays_of_another_shape_or_type(store, given, error, says):
    with inlay.start_run() as run, pytest.raises(error, match=says):
        run.log_metrics_array("a", **given)
    assert run.metrics == {}


def test_an_ended_run_refuses_and_says_how_to_go_on(store):
    with inlay.start_run("r") as run:
        run.log({"a": 1.0}, step=0)
    for late in (
        lambda: run.log({"a": 1.0}, step=1),
        lambda: run.log_metric("a", 1.0, step=1),
        lambda: run.log_metrics_array("a", [1.0]),
        lambda: run.log_param("p", 1),
        lambda: run.log_text("x", "x.txt"),
        lambda: inlay.get_run("r").log({"a": 1.0}),
    ):
        with pytest.raises(inlay.InlayError, match="resume="):
            late()
    run.end("failed")
    assert inlay.get_run("r").status == "finished"
    assert len(run.history("a")) == 1


def test_words_about_a_run_can_be_said_at_any_time(store, script):
    """What a run was good for is known when it is over; the note had to be written before."""
    with inlay.start_run("r", tags={"a": "1", "b": "2"}, note="before") as run:
        pass
    run.set_note("after")
    run.set_tags({"a": "3", "b": None})
    assert (run.note, run.tags) == ("after", {"a": "3"})
    found = inlay.get_run("r")
    assert (found.note, found.tags) == ("after", {"a": "3"})
    found.set_note("read back")
    found.set_tag("c", "4")
    assert (found.note, found.tags) == ("read back", {"a": "3", "c": "4"})
    assert inlay.get_run("r").note == "read back"
    done = script("""
        import inlay
        run = inlay.get_run("r")
        run.set_note("from elsewhere, password: hunter2hunter2")
        run.set_tag("api_key", "hunter2hunter2")
    """)
    assert done.returncode == 0, done.stderr
    found = inlay.get_run("r")
    assert found.note.startswith("from elsewhere, password: ")
    assert found.tags["api_key"] != "hunter2hunter2"
    assert "hunter2" not in found.note
    assert (found.status, found.ended_at) == ("finished", inlay.get_run("r").ended_at)


def test_words_about_a_run_that_another_process_writes(store, tmp_path):
    program = """
import inlay, sys
run = inlay.start_run("r", note="mine", tags={"a": "1"})
run.log({"x": 1.0})
print("begun", flush=True)
sys.stdin.readline()
run.log({"x": 2.0})
run.end()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert other.stdout.readline().endswith("begun\n") or other.stdout.readline() == "begun\n"
    found = inlay.get_run("r")
    assert found.place().following
    found.set_note("theirs")
    found.set_tag("a", "2")
    assert (found.note, found.tags, found.status) == ("theirs", {"a": "2"}, "running")
    other.communicate("\n", timeout=60)
    assert (found.note, found.tags, found.status) == ("theirs", {"a": "2"}, "finished")
    assert not found.place().following
    assert found.metrics == {"x": 2.0}


def test_of_words_said_by_two_processes_the_last_count(store):
    """Each journal is taken in as a whole, so that those of the process that started last won."""
    with inlay.start_run("r") as run:
        pass
    len(inlay.runs())
    earlier, later = Writer(store.journal), Writer(store.journal)
    now = time.time()
    for writer, note, at in ((later, "first", now), (earlier, "second", now + 1), (later, "zeroth", now - 1)):
        writer.event(Kind.RUN, {"run": run.run_id, "set": {"note": note}}, at=at)
        writer.event(Kind.TAG, {"run": run.run_id, "tags": {"said": note, note: "x"}}, at=at)
    found = inlay.get_run("r")
    assert found.note == "second"
    assert found.tags == {"said": "second", "first": "x", "second": "x", "zeroth": "x"}
    earlier.close()
    later.close()


def test_of_a_deletion_and_a_restoration_by_two_processes_the_last_counts(store):
    with inlay.start_run("r") as run:
        pass
    len(inlay.runs())
    earlier, later = Writer(store.journal), Writer(store.journal)
    now = time.time()
    for writer, deleted_at, at in ((later, now, now), (earlier, None, now + 1), (later, now - 1, now - 1)):
        writer.event(Kind.RUN, {"run": run.run_id, "set": {"deleted_at": deleted_at}}, at=at)
    assert [one.name for one in inlay.runs()] == ["r"]
    earlier.close()
    later.close()


def test_words_about_a_run_of_a_deleted_store(store):
    with inlay.start_run("r") as run:
        pass
    upkeep_of(store).close()
    shutil.rmtree(store.folder)
    with pytest.raises(inlay.InlayError, match="was deleted"):
        run.set_note("late")
    assert not store.folder.exists()


def test_artifacts(store, tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n")
    with inlay.start_run("r") as run:
        run.log_text("one", "notes/b.txt")
        run.log_text("two", "notes/b.txt")
        run.log_artifact(tmp_path / "data.csv")
        live = run.artifacts
    found = inlay.get_run("r").artifacts
    assert found == live
    assert [(one.path, one.bytes, one.mime, one.kind) for one in found] == [
        ("data.csv", 4, "text/csv", "file"),
        ("notes/b.txt", 3, "text/plain", "text"),
    ]
    assert found[1].hash == hashlib.sha256(b"two").hexdigest()
    assert found[1].created_at.tzinfo is timezone.utc
    assert repr(found[0]) == "Artifact data.csv: 4 bytes, text/csv"


def test_logging_without_a_run(store):
    with pytest.raises(NoActiveRunError, match=r"start_run.*%%track"):
        inlay.log({"a": 1.0})
    inlay.end_run()


def test_a_second_run_must_be_nested(store):
    with inlay.start_run("outer", experiment="e") as outer:
        with pytest.raises(RunActiveError, match="nested=True"):
            inlay.start_run("inner")
        with inlay.start_run("inner", nested=True) as inner:
            inlay.log({"a": 1.0})
            assert inlay.active_run() is inner
        assert inlay.active_run() is outer
        inlay.log({"b": 1.0})
    assert inlay.active_run() is None
    found = inlay.get_run("inner")
    assert (found.parent_run_id, found.experiment, list(found.metrics)) == (outer.run_id, "e", ["a"])
    assert list(inlay.get_run("outer").metrics) == ["b"]
    assert inlay.get_run("outer").parent_run_id is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": ""}, ValueError),
        ({"name": 3}, TypeError),
        ({"name": "a" * 251}, ValueError),
        ({"experiment": ""}, ValueError),
        ({"params": [1]}, TypeError),
        ({"params": {"": 1}}, ValueError),
        ({"tags": {3: 1}}, TypeError),
        ({"note": "x" * 2_000_000}, ValueError),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_a_run_that_cannot_start_leaves_none_open(store, given, error):
    with pytest.raises(error):
        inlay.start_run(**given)
    assert inlay.active_run() is None
    inlay.start_run("next").end()


def test_secrets_are_masked(store):
    with inlay.start_run(params={"api_key": "hunter2hunter2"}, note="https://me:hunter2@example.com") as run:
        run.log_param("nested", {"password": "hunter2"})
    len(inlay.runs())
    assert b"hunter2" not in store.database.read_bytes() + run.recorder.writer.path.read_bytes()
    assert inlay.get_run(run.run_id).params["api_key"] != "hunter2hunter2"


def test_mlflow_spellings_of_a_status(store):
    run = inlay.start_run("r")
    with pytest.raises(ValueError, match="finished, failed"):
        run.end("done")
    with pytest.raises(ValueError, match="RUNNING"):
        run.end("RUNNING")
    run.end("KILLED")
    assert inlay.get_run("r").status == "killed"
    inlay.start_run("s")
    inlay.end_run("FINISHED")
    assert inlay.get_run("s").status == "finished"
