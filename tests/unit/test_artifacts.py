"""Files of a run: kept by content, under paths that stay inside the run."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import PurePosixPath

import pytest

import inlay
from inlay.store import artifacts as blobs
from inlay.store import incoming
from inlay.store.incoming import pieces


def files_of(run):
    query = "select path, hash, bytes, mime, kind from artifacts where run_id = ? order by path"
    return {path: rest for path, *rest in inlay.sql(query, [run.run_id]).fetchall()}


def bytes_of(store, run, path):
    return blobs.path_of(store.artifacts, files_of(run)[path][0]).read_bytes()


def blobs_in(store):
    return sorted(path.name for path in store.artifacts.rglob("*") if path.is_file())


def test_text_and_json(store):
    with inlay.start_run() as run:
        run.log_text("héllo 🙂", "notes/report.md")
        run.log_dict({"a": [1, None], "ü": 2}, "config.json")
    assert bytes_of(store, run, "notes/report.md") == "héllo 🙂".encode()
    assert json.loads(bytes_of(store, run, "config.json")) == {"a": [1, None], "ü": 2}
    assert files_of(run)["notes/report.md"][1:] == [11, "text/markdown", "text"]
    assert files_of(run)["config.json"][2:] == ["application/json", "json"]


def test_a_figure(store):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure = plt.figure()
    figure.add_subplot().plot([1, 2])
    with inlay.start_run() as run:
        run.log_figure(figure, "plots/loss.png", dpi=50)
        run.log_figure(figure, "loss.svg")
        with pytest.raises(TypeError, match="savefig"):
            run.log_figure([1], "x.png")
    plt.close(figure)
    assert bytes_of(store, run, "plots/loss.png").startswith(b"\x89PNG")
    assert b"<svg" in bytes_of(store, run, "loss.svg")
    assert files_of(run)["plots/loss.png"][3] == "figure"


def test_files_and_folders(store, tmp_path):
    folder = tmp_path / "out"
    (folder / "deep/er").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"\0" * 3_000_000)
    (folder / "deep/b.txt").write_text("b")
    (folder / "deep/er/c.txt").write_text("c")
    (folder / "link.txt").symlink_to(folder / "a.bin")
    with inlay.start_run() as run:
        run.log_artifact(folder / "a.bin")
        run.log_artifact(str(folder / "deep/b.txt"), "sub/folder")
        run.log_artifacts(folder, "all")
    assert sorted(files_of(run)) == ["a.bin", "all/a.bin", "all/deep/b.txt", "all/deep/er/c.txt", "sub/folder/b.txt"]
    assert bytes_of(store, run, "all/a.bin") == b"\0" * 3_000_000
    with inlay.start_run() as again:
        again.log_artifacts(folder)
        with pytest.raises(FileNotFoundError, match="nothing"):
            again.log_artifact(folder / "nothing")
        with pytest.raises(IsADirectoryError, match="log_artifacts"):
            again.log_artifact(folder)
        with pytest.raises(NotADirectoryError):
            again.log_artifacts(folder / "a.bin")
    assert sorted(files_of(again)) == ["a.bin", "deep/b.txt", "deep/er/c.txt"]


def test_equal_bytes_are_kept_once(store, tmp_path):
    (tmp_path / "f").write_bytes(b"same")
    for name in ("a", "b"):
        with inlay.start_run() as run:
            run.log_text("same", f"{name}.txt")
            run.log_artifact(tmp_path / "f", name)
    digest = hashlib.sha256(b"same").hexdigest()
    assert blobs_in(store) == [digest]
    assert blobs.path_of(store.artifacts, digest) == store.artifacts / digest[:2] / digest


def test_a_second_file_of_a_path_replaces_the_first(store):
    with inlay.start_run() as run:
        run.log_text("one", "a.txt")
        run.log_text("two", "a.txt")
    assert bytes_of(store, run, "a.txt") == b"two"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../../b",
        "/etc/passwd",
        "C:/x",
        "c:x",
        "\\\\host\\share",
        "a\\..\\b",
        "a\0b",
        "/",
        "~\0",
    ],
)
def test_paths_that_lead_out_of_the_run(store, path):
    with inlay.start_run() as run:
        with pytest.raises(ValueError, match="relative and stays inside"):
            run.log_text("x", path)
        if path.strip("."):
            with pytest.raises(ValueError, match="relative and stays inside"):
                run.log_artifact(__file__, path)
    assert files_of(run) == {}
    assert blobs_in(store) == []


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a.txt", "a.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("a\\b.txt", "a/b.txt"),
        ("q\"uote's/🙂\n<script>.txt", "q\"uote's/🙂\n<script>.txt"),
        (PurePosixPath("a/b"), "a/b"),
        ("a/b:c", "a/b:c"),
        ("...", "..."),
    ],
)
def test_paths_that_stay_inside(store, path, kept):
    with inlay.start_run() as run:
        run.log_text("x", path)
    assert list(files_of(run)) == [kept]


def test_a_path_is_a_text(store):
    with inlay.start_run() as run:
        for bad in (3, None, b"a"):
            with pytest.raises(TypeError, match="path is a string"):
                run.log_text("x", bad)


def test_what_json_cannot_hold(store):
    with inlay.start_run() as run:
        with pytest.raises(TypeError, match="set"):
            run.log_dict({"a": {1}}, "a.json")
        with pytest.raises(ValueError, match=r"\.json"):
            run.log_dict({}, "a.yaml")
    assert files_of(run) == {}


def test_a_disk_that_refuses_costs_the_artifact_and_leaves_no_half_file(store, tmp_path, monkeypatch):
    real = os.fsync

    def full(fd):
        raise OSError(28, "No space left on device")

    (tmp_path / "f").write_bytes(b"x" * 10_000)
    with inlay.start_run() as run:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.warns(RuntimeWarning, match=r"could not keep the artifact 'a.txt'.*No space"):
            run.log_text("y" * 10_000, "a.txt")
        with pytest.warns(RuntimeWarning, match="could not keep the artifact 'f'"):
            run.log_artifact(tmp_path / "f")
        monkeypatch.setattr(os, "fsync", real)
        run.log({"a": 1.0})
    assert blobs_in(store) == []
    assert files_of(run) == {}
    assert len(run.history("a")) == 1


def test_a_copy_that_is_interrupted_leaves_no_name(tmp_path, monkeypatch):
    folder, source = tmp_path / "artifacts", tmp_path / "f"
    source.write_bytes(b"x" * 5_000_000)
    seen = []

    def interrupted(file, size=None):
        for piece in pieces(file, size):
            seen.extend(path.name for path in folder.iterdir())
            if seen:
                raise KeyboardInterrupt
            yield piece

    folder.mkdir()
    monkeypatch.setattr(incoming, "pieces", interrupted)
    with pytest.raises(KeyboardInterrupt):
        blobs.put_file(folder, source)
    assert len(seen) == 1
    assert seen[0].startswith(".new-")
    assert list(folder.iterdir()) == []
