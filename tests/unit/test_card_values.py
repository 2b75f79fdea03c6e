"""Series, tables in parts, histograms and data sets, as a card is told of them and asks for them.

The values are written as events here: what the card needs is their form in the store, whoever logged them.
"""

from __future__ import annotations

import json
import time
from array import array
from itertools import pairwise

import duckdb
import pytest

import inlay
from inlay.query.entries import evenly
from inlay.store.journal.slots import Kind
from inlay.tracking.artifacts import log_bytes
from inlay.views.desk import Desk
from inlay.views.details import Details
from inlay.views.requests import reply_to

PNG = b"\x89PNG\r\n\x1a\n"
WAV = b"RIFF\0\0\0\0WAVEfmt "


@pytest.fixture
def desk(store):
    return Desk()


def log_series(run, key, steps, captions=False):
    for step in steps:
        metadata = {"caption": f"step {step}"} if captions else None
        data = PNG + bytes([step % 251])
        log_bytes(run, data, f"{key}/{step:08d}.png", "image", mime="image/png", key=key, step=step, metadata=metadata)


def parquet(folder, rows, name="part.parquet"):
    duckdb.sql(f"SELECT i AS id, 'n' || i AS name FROM range({rows.start}, {rows.stop}) t(i)").write_parquet(
        str(folder / name)
    )
    return (folder / name).read_bytes()


def log_table(run, folder, *parts):
    for number, rows in enumerate(parts):
        log_bytes(
            run, parquet(folder, rows), f"t.parquet/part-{number:05d}.parquet", "table", key="t.parquet",
            metadata={"rows": len(rows), "columns": ["id", "name"]},
        )  # fmt: skip


def log_histogram(run, key, step, counts, edges=None):
    edges = edges or [float(edge) for edge in range(len(counts) + 1)]
    run.recorder.event(Kind.HISTOGRAM, key=key, step=step, edges=edges, counts=counts)
    run.memory.keep_histogram(key, step, edges, counts)


def log_input(run, name, **more):
    known = {"kind": "pandas", "rows": 3, "columns": None, "bytes": 48, "source": None, "sample_digest": "s" * 64}
    run.recorder.event(Kind.INPUT, **{"context": "", "name": name, "time": time.time(), **known, **more})


def details_of(run):
    look = Details(run)
    look.refresh()
    json.dumps(look.current(), allow_nan=False)
    return look.current()


def ask(desk, run, op, **arguments):
    reply = reply_to({"id": 1, "op": op, "run": run.run_id, **arguments}, desk)
    json.dumps(reply.content, allow_nan=False)
    assert "error" not in reply.content, reply.content["error"]["message"]
    return reply.content["ok"], reply.buffers


def refused(desk, run, op, **arguments):
    return reply_to({"id": 1, "op": op, "run": run.run_id, **arguments}, desk).content["error"]["message"]


# -- what the card is told --------------------------------------------------------------------------------------


def test_a_series_is_one_entry_alike_live_and_stored(store):
    with inlay.start_run("r") as run:
        log_series(run, "samples/cat", [30, 10, 20])
        run.log_text("x", "a.txt")
        live = details_of(run)["artifacts"]
    stored = details_of(inlay.get_run("r"))["artifacts"]
    for one, other in zip(live, stored, strict=True):
        assert one.pop("time") == pytest.approx(other.pop("time"), abs=0.5)
    assert live == stored
    text, series = live
    assert text["path"] == "a.txt"
    assert "key" not in text
    assert series["path"] == "samples/cat/00000030.png", "the newest is the one of the largest step"
    assert (series["key"], series["count"], series["first_step"], series["last_step"]) == ("samples/cat", 3, 10, 30)
    assert (series["bytes"], series["all_bytes"], series["kind"]) == (9, 27, "image")


def test_a_table_in_parts_counts_its_rows_and_a_model_its_files(store, tmp_path):
    with inlay.start_run("r") as run:
        log_table(run, tmp_path, range(3), range(3, 5))
        for name in ("model.pt", "requirements.txt"):
            metadata = {"format": "torch", "class": "net.Net", "unsafe": True}
            log_bytes(run, b"weights", f"net/{name}", "model", key="net", metadata=metadata)
        live = details_of(run)["artifacts"]
    stored = details_of(inlay.get_run("r"))["artifacts"]
    for found in (live, stored):
        model, table = found
        assert (table["key"], table["kind"], table["count"], table["rows"]) == ("t.parquet", "table", 2, 5)
        assert (model["key"], model["count"], model["all_bytes"]) == ("net", 2, 14)
        assert model["model"] == {"format": "torch", "class": "net.Net", "unsafe": True}


def test_ten_thousand_pictures_are_a_line_and_do_not_slow_the_run(store):
    with inlay.start_run("r") as run:
        log_bytes(run, PNG, "s/00000000.png", "image", key="s", step=0)
        blob = run.memory.artifacts["s/00000000.png"]
        look = Details(run)
        look.refresh()
        for step in range(1, 10_000):
            run.memory.keep_artifact(type(blob)(f"s/{step:08d}.png", 8, "image/png", "image", blob.hash,
                                                blob.created_at, "s", step))  # fmt: skip
        began = time.perf_counter()
        while look.current()["artifacts"][0]["count"] < 10_000:
            look.refresh()
        took = time.perf_counter() - began
        assert took < 2, "it was never told"
        assert len(json.dumps(look.current())) < 2_000
        run.memory.keep_artifact(blob)
        began, looks = time.perf_counter(), 0
        while time.perf_counter() - began < 0.05:
            look.refresh()
            looks += 1
        assert looks > 100, "every look made the entries anew"


def test_entries_beyond_the_limit_are_counted(store):
    with inlay.start_run("r") as run:
        for number in range(205):
            log_bytes(run, b"x", f"{number:03}.txt", "text")
            log_bytes(run, b"x", f"{number:03}", "text", key=f"{number:03}", step=0)
        live = details_of(run)
    for found in (live, details_of(inlay.get_run("r"))):
        assert (len(found["artifacts"]), found["artifacts_total"]) == (200, 410)


def test_histograms_and_data_are_told_in_a_line_each(store):
    with inlay.start_run("r") as run:
        log_histogram(run, "w", 0, [1.0])
        log_histogram(run, "w", 5, [1.0])
        log_histogram(run, "b", 3, [1.0])
        assert details_of(run)["histograms"] == [
            {"key": "b", "steps": 1, "last_step": 3},
            {"key": "w", "steps": 2, "last_step": 5},
        ]
        log_input(run, "train", source="/home/ada/data/train.parquet")
        log_input(run, "train", context="evaluation", digest="d" * 64)
    found = details_of(inlay.get_run("r"))
    assert [one["key"] for one in found["histograms"]] == ["b", "w"]
    first, second = found["inputs"]
    assert (first["name"], first["rows"], first["columns"], first["sampled"]) == ("train", 3, None, True)
    assert first["source"] == "~/data/train.parquet"
    assert (second["context"], second["digest"], second["sampled"]) == ("evaluation", "d" * 64, False)


def test_the_command_of_a_run_and_its_exit_code(store):
    with inlay.start_run("r") as run:
        run.record(command=json.dumps(["python", "train.py", "--lr=0.1"]), exit_code=3)
        live = details_of(run)
    for found in (live, details_of(inlay.get_run("r"))):
        assert (found["command"], found["exit_code"]) == (["python", "train.py", "--lr=0.1"], 3)


# -- what it asks for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
def test_the_steps_of_a_series_and_the_picture_of_one(desk, live):
    run = inlay.start_run("r")
    log_series(run, "cat", [30, 10, 20], captions=True)
    log_bytes(run, PNG + b"again", "cat/00000010b.png", "image", key="cat", step=10)
    if not live:
        run.end()
    desk.know(run)
    found, _ = ask(desk, run, "series", key="cat")
    assert found == {"steps": [10, 20, 30], "captions": ["", "step 20", "step 30"], "total": 3}
    later, _ = ask(desk, run, "series", key="cat", after=10)
    assert later == {"steps": [20, 30], "captions": ["step 20", "step 30"], "total": 3}
    look, buffers = ask(desk, run, "artifact", key="cat", step=20)
    assert (look["kind"], look["path"], buffers) == ("image", "cat/00000020.png", [PNG + bytes([20])])
    assert ask(desk, run, "artifact", key="cat", step=10)[1] == [PNG + b"again"], "the later one of a step"
    assert "at step 11" in refused(desk, run, "artifact", key="cat", step=11)
    assert "under the key 'dog'" in refused(desk, run, "series", key="dog")
    assert "takes a number as 'step'" in refused(desk, run, "artifact", key="cat", step="x")


def test_many_steps_are_thinned_out_evenly():
    assert evenly([1, 2, 3], 3) == [1, 2, 3]
    few = evenly(list(range(1_000)), 100)
    assert len(few) == 100
    assert (few[0], few[-1]) == (0, 999)
    assert max(after - before for before, after in pairwise(few)) <= 11


def test_a_table_in_parts_shows_its_first_rows_and_is_downloaded_as_one(desk, tmp_path):
    with inlay.start_run("r") as run:
        log_table(run, tmp_path, range(60), range(60, 130), range(130, 150))
    desk.know(run)
    look, _ = ask(desk, run, "artifact", key="t.parquet")
    assert (look["kind"], look["path"], look["table"]["total"]) == ("table", "t.parquet", 150)
    assert [row[0] for row in look["table"]["rows"]] == [str(number) for number in range(100)]
    _, (data,) = ask(desk, run, "artifact", key="t.parquet", whole=True)
    whole = tmp_path / "whole.parquet"
    whole.write_bytes(data)
    assert duckdb.sql(f"SELECT count(*), max(id) FROM '{whole}'").fetchall() == [(150, 149)]


def test_a_sound(desk):
    with inlay.start_run("r") as run:
        log_bytes(run, WAV, "a.wav", "audio")
        log_bytes(run, b"\xff\xfbmp3", "b.mp3", "audio", mime="audio/mpeg")
    desk.know(run)
    look, buffers = ask(desk, run, "artifact", path="a.wav")
    assert (look["kind"], look["mime"], buffers) == ("audio", "audio/wav", [WAV])
    assert ask(desk, run, "artifact", path="b.mp3")[0]["mime"] == "audio/mpeg"


@pytest.mark.parametrize(("page", "scripts"), [("<p>fine", False), ("<SCRIPT>x</SCRIPT>", True), ("x" * 2**21, True)])
def test_whether_a_page_has_scripts(desk, page, scripts):
    with inlay.start_run("r") as run:
        run.log_text(page, "a.html")
    desk.know(run)
    assert ask(desk, run, "artifact", path="a.html")[0].get("scripts", False) is scripts


def test_a_histogram_over_its_steps(desk):
    with inlay.start_run("r") as run:
        log_histogram(run, "w", 2, [1.0, 2.0, 3.0])
        log_histogram(run, "w", 0, [5.0])
        log_histogram(run, "w", 7, [1.0], edges=[0.0])  # makes no sense, and is left out
    desk.know(run)
    found, buffers = ask(desk, run, "histogram", key="w")
    steps, bins, edges, counts = (array("d", one).tolist() for one in buffers)
    assert found == {"shown": 2, "total": 3}
    assert (steps, bins) == ([0, 2], [1, 3])
    assert (edges, counts) == ([0, 1, 0, 1, 2, 3], [5, 1, 2, 3])
    assert ask(desk, run, "histogram", key="none")[0] == {"shown": 0, "total": 0}


def test_the_columns_of_a_data_set(desk):
    schema = [{"name": "age", "type": "int64"}, {"name": "city", "type": "string"}, {"name": "odd", "type": 3}, 7]
    profile = {
        "age": {"missing": 2, "min": 18, "max": 90, "mean": 41.5, "distinct": 60, "histogram": {"counts": [1, 2]}},
        "city": {"missing": 0, "top": [["Paris", 7], ["\ud800", 1], "x"], "min": float("nan")},
        "odd": "nonsense",
    }
    with inlay.start_run("r") as run:
        log_input(run, "train", schema=schema, profile=profile)
        log_input(run, "wide", schema=[{"name": f"c{n}", "type": "x"} for n in range(300)], profile=None)
        log_input(run, "bare", schema=None, profile=None)
        log_input(run, "array", schema=[{"name": "values", "type": "f", "shape": [9, 2]}], profile=None, columns=2)
        log_input(run, "cut", schema=[{"name": "a", "type": "x"}] * 2000, profile=None, columns=30_000)
        files = [{"name": "a.jpg", "type": "file"}] * 2000
        log_input(run, "folder", schema=files, profile=None, kind="folder", rows=5_000, columns=None)
    desk.know(run)
    found, _ = ask(desk, run, "input", name="train", context="")
    age, city, odd = found["columns"]
    assert age["counts"] == [1, 2]
    assert [age[fact] for fact in ("missing", "min", "mean", "max", "distinct")] == [2, 18, 41.5, 90, 60]
    assert city["top"] == [["Paris", 7], ["?", 1]]
    assert (odd["type"], odd["missing"], odd["counts"], odd["top"]) == ("3", None, None, [])
    wide, _ = ask(desk, run, "input", name="wide", context="")
    assert (len(wide["columns"]), wide["total"]) == (200, 300)
    assert ask(desk, run, "input", name="bare", context="")[0] == {"columns": [], "total": 0}
    for name, total in (("array", 1), ("cut", 30_000), ("folder", 5_000)):
        assert ask(desk, run, "input", name=name, context="")[0]["total"] == total
    assert "no data set 'train'" in refused(desk, run, "input", name="train", context="other")
