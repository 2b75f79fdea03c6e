"""Choices are remembered, and whatever stands in their file, a card can be drawn."""

from __future__ import annotations

import json
import os
import threading

import pytest

from inlay.views import choices

BEGINNING = {"x": "step", "smoothing": 0.0, "log": [], "panel": None}


def test_none_yet(store):
    assert choices.read(store) == BEGINNING


def test_written_and_read_again(store):
    chosen = {"x": "relative", "smoothing": 0.9, "log": ["loss", "<b>"], "panel": "code"}
    assert choices.write(store, chosen) == chosen
    assert choices.read(store) == chosen
    assert [path.name for path in store.folder.iterdir() if "choices" in path.name] == ["choices.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "null", '"x"', "[" * 100_000, "{" + '"a":' * 100_000, "\0", "\ud800"],
)
def test_a_bad_file_counts_as_none(store, text):
    (store.folder / "choices.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert choices.read(store) == BEGINNING


def test_a_huge_file_is_not_read(store):
    (store.folder / "choices.json").write_text(json.dumps({"x": "time", "more": "x" * 2_000_000}))
    assert choices.read(store) == BEGINNING


def test_a_link_is_not_followed(store):
    """A store may come from somebody else, and the link lead to a device that never ends."""
    outside = store.folder / "outside.json"
    outside.write_text('{"x": "time"}')
    (store.folder / choices.FILE).symlink_to(outside)
    assert choices.read(store)["x"] == "step"


def test_a_folder_in_its_place(store):
    (store.folder / "choices.json").mkdir()
    assert choices.read(store) == BEGINNING
    assert choices.write(store, {"x": "time"})["x"] == "time"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"x": "wall"}, {}),
        ({"x": ["step"]}, {}),
        ({"smoothing": 0.999}, {"smoothing": 0.999}),
        ({"smoothing": 1}, {}),
        ({"smoothing": -0.1}, {}),
        ({"smoothing": float("nan")}, {}),
        ({"smoothing": True}, {}),
        ({"smoothing": "0.5"}, {}),
        ({"log": "loss"}, {}),
        ({"log": ["a", 3, "", "b" * 301, "a", "c"]}, {"log": ["a", "c"]}),
        ({"log": [str(n) for n in range(600)]}, {"log": [str(n) for n in range(100, 600)]}),
        ({"log": ["a\ud800"]}, {"log": ["a?"]}),
        ({"panel": 3}, {}),
        ({"panel": ""}, {"panel": ""}),
        ({"panel": "x" * 301}, {}),
        ({"panel": "code"}, {"panel": "code"}),
        ({"other": "x" * 1000}, {}),
        (None, {}),
        ([], {}),
    ],
)
def test_what_is_out_of_bounds_is_as_in_the_beginning(store, given, kept):
    assert choices.write(store, given) == choices.read(store) == BEGINNING | kept


def test_a_disk_that_refuses_is_not_spoken_of(store, monkeypatch):
    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    choices.write(store, {"x": "time"})
    monkeypatch.setattr("tempfile.mkstemp", full)
    assert choices.write(store, {"x": "relative"})["x"] == "relative"
    assert choices.read(store)["x"] == "time"


def test_half_a_file_is_never_read(store, monkeypatch):
    """Two kernels write and a third reads, which saw the charts of the beginning now and then."""
    choices.write(store, {"log": ["a" * 300]})
    monkeypatch.setattr(os, "fsync", lambda _: None)
    over = threading.Event()

    def write(letter):
        while not over.is_set():
            choices.write(store, {"log": [letter * 300] * 1})

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "bc"]
    for writer in writers:
        writer.start()
    seen = [choices.read(store)["log"] for _ in range(300)]
    over.set()
    for writer in writers:
        writer.join()
    assert all(len(log) == 1 and len(log[0]) == 300 for log in seen)
    assert [path.name for path in store.folder.iterdir() if "choices" in path.name] == ["choices.json"]
