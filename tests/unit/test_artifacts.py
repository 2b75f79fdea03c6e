"""Files of a run: kept by content, under paths that stay inside the run."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import warnings
from pathlib import Path, PurePosixPath

import pytest

import inlay
from inlay.store import artifacts as blobs
from inlay.store import incoming
from inlay.store.incoming import pieces
from inlay.tracking import artifacts


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


OUTSIDE = [
    "", ".", "..", "../a", "a/../../b", "/etc/passwd", "C:/x", "c:x", "\\\\host\\share", "a\\..\\b", "a\0b", "/", "~\0",
]  # fmt: skip


def test_paths_that_lead_out_of_the_run(store):
    with inlay.start_run() as run:
        for path in OUTSIDE:
            with pytest.raises(ValueError, match="relative and stays inside"):
                run.log_text("x", path)
            if path.strip("."):
                with pytest.raises(ValueError, match="relative and stays inside"):
                    run.log_artifact(__file__, path)
    assert files_of(run) == {}
    assert blobs_in(store) == []


INSIDE = {
    "a.txt": "a.txt",
    "./a//b.txt": "a/b.txt",
    "a\\c.txt": "a/c.txt",
    "q\"uote's/🙂\n<script>.txt": "q\"uote's/🙂\n<script>.txt",
    PurePosixPath("a/b"): "a/b",
    "a/b:c": "a/b:c",
    "12:30": "12:30",
    "...": "...",
}


def test_paths_that_stay_inside(store):
    with inlay.start_run() as run:
        for path in INSIDE:
            run.log_text("x", path)
    assert sorted(files_of(run)) == sorted(INSIDE.values())


def test_a_path_is_a_text(store):
    with inlay.start_run() as run:
        for bad in (3, None, b"a"):
            with pytest.raises(TypeError, match="path is a string"):
                run.log_text("x", bad)


def test_a_path_is_one_that_a_file_can_have(store, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with inlay.start_run("r") as run:
        with pytest.raises(ValueError, match=r"at most 255 bytes.*'nnn"):
            run.log_text("x", f"{'n' * 256}/a.txt")
        with pytest.raises(TypeError, match="got 3 of type int"):
            run.log_artifact(tmp_path / "a.txt", 3)
        run.log_text("x", "n" * 255)
        run.log_text("x", "a\udcff.txt")
    assert [one.path for one in run.artifacts] == ["a%FF.txt", "n" * 255]
    assert [one.path for one in inlay.get_run("r").artifacts] == ["a%FF.txt", "n" * 255]


def test_what_json_cannot_hold(store):
    with inlay.start_run() as run, pytest.raises(TypeError, match="set"):
        run.log_dict({"a": {1}}, "a.json")
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


# -- files that are odd -------------------------------------------------------------------------------------


def test_a_folder_of_odd_things(store, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    (folder / "empty").mkdir(parents=True)
    (folder / "deep").mkdir()
    (folder / "deep/a.txt").write_text("a")
    (folder / "none").touch()
    (folder / "deep/loop").symlink_to(folder)
    (folder / "outside").symlink_to(tmp_path)
    (folder / "broken").symlink_to(tmp_path / "nothing")
    (folder / "12:30.log").write_text("time")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder)  # a socket's path is short
        listening.bind("s")
        with warnings.catch_warnings(), inlay.start_run() as run:
            warnings.simplefilter("error")
            run.log_artifacts(folder)
            (tmp_path / "link").symlink_to(folder)
            run.log_artifacts(tmp_path / "link", "linked")
            run.log_artifacts(folder / "empty")
            for special in (folder / "pipe", folder / "s", "/dev/null"):
                with pytest.raises(ValueError, match="no regular file"):
                    run.log_artifact(special)
            with pytest.raises(FileNotFoundError, match="broken"):
                run.log_artifact(folder / "broken")
    expected = ["12:30.log", "deep/a.txt", "none"]
    assert sorted(files_of(run)) == sorted(expected + [f"linked/{path}" for path in expected])
    assert bytes_of(store, run, "none") == b""


def test_what_is_no_path(store):
    with inlay.start_run() as run:
        for log in (run.log_artifact, run.log_artifacts):
            for path, error in ((None, TypeError), (3, TypeError), (b"a", TypeError), ("", ValueError)):
                with pytest.raises(error, match="what is to be logged"):
                    log(path)


def test_a_file_there_is_not(store):
    with inlay.start_run() as run:
        for path in ("a\0b", "~nobody-of-this-name/x", "x" * 5_000, "nothing/at/all", __file__ + "/x"):
            with pytest.raises(FileNotFoundError, match="there is no file"):
                run.log_artifact(path)


def test_a_store_does_not_take_itself_in(store, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with inlay.start_run() as run:
        run.log_artifacts(tmp_path)
    assert list(files_of(run)) == ["a.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
def test_names_that_are_not_unicode(store, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for name in (b"a\xff.txt", b"a\xfe.txt", "ü.txt".encode()):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(name)
    with inlay.start_run() as run:
        run.log_artifacts(folder)
        run.log_artifact(os.fsdecode(bytes(folder) + b"/a\xff.txt"), "one")
    assert sorted(files_of(run)) == ["a%FE.txt", "a%FF.txt", "one/a%FF.txt", "ü.txt"]
    assert bytes_of(store, run, "a%FE.txt") == b"a\xfe.txt"
    assert json.loads(json.dumps([one.path for one in run.artifacts], ensure_ascii=False).encode())


@pytest.mark.skipif(sys.platform != "linux", reason="a backslash is a separator elsewhere")
def test_names_that_would_lead_out_are_told_of(store, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "..\\x").write_text("x")
    (folder / "c:x").write_text("x")
    (folder / "a.txt").write_text("a")
    told = pytest.warns(RuntimeWarning, match=r"could not keep 2 files of.*stays inside the run")
    with inlay.start_run() as run, told:
        run.log_artifacts(folder)
    assert list(files_of(run)) == ["a.txt"]


def test_files_that_cannot_be_read_or_are_gone(store, tmp_path, monkeypatch):
    for name in ("a", "gone", "locked", "z"):
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "f").write_text(name)
    real = blobs.opened

    def opened(path, **how):
        if path.parent.name == "gone":
            path.unlink()
        if path.parent.name == "locked":  # as root reads everything
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **how)

    monkeypatch.setattr(blobs, "opened", opened)
    with inlay.start_run() as run:
        with pytest.warns(
            RuntimeWarning, match=r"could not keep 2 files of.*gone.*No such file.*locked.*denied"
        ) as told:
            run.log_artifacts(tmp_path / "out")
        assert len(told) == 1
        assert told[0].filename == __file__
        monkeypatch.setattr(incoming, "opened", opened)
        with pytest.warns(RuntimeWarning, match=r"could not keep the artifact 'f': Permission denied"):
            run.log_artifact(tmp_path / "out/locked/f")
    assert sorted(files_of(run)) == ["a/f", "z/f"]


def test_a_folder_that_cannot_be_looked_into(store, tmp_path, monkeypatch):
    (tmp_path / "out/locked").mkdir(parents=True)
    (tmp_path / "out/a").write_text("a")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    with inlay.start_run() as run:
        monkeypatch.setattr(os, "scandir", scandir)
        with pytest.warns(RuntimeWarning, match="locked.*Permission denied"):
            run.log_artifacts(tmp_path / "out")
        monkeypatch.undo()
    assert list(files_of(run)) == ["a"]


def test_a_disk_that_fills_up_costs_one_warning_for_a_folder(store, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number:02}").write_text(str(number))
    (folder / "99-large").write_bytes(b"x" * 2_000_000)
    tried = []

    def full(temporary, data, *, sync):
        tried.append(data)
        if len(tried) > 10:
            raise OSError(28, "No space left on device")
        real(temporary, data, sync=sync)

    real = blobs._write
    with inlay.start_run() as run:
        monkeypatch.setattr(blobs, "_write", full)
        monkeypatch.setattr(incoming.Incoming, "_write", lambda *_: full(None, b"", sync=False))
        with pytest.warns(RuntimeWarning, match=r"could not keep 41 files of.*No space.*and 38 more") as told:
            run.log_artifacts(folder)
        run.log_metric("x", 1.0)
    assert len(told) == 1
    assert len(tried) <= 12
    assert len(files_of(run)) == len(blobs_in(store)) == 10
    assert list(store.artifacts.glob(".new-*")) == []


def test_a_path_is_a_file_or_a_folder(store, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_text("b")
    (tmp_path / "a/c").write_text("c")
    with inlay.start_run() as run:
        run.log_text("x", "a/b/c")
        with pytest.raises(ValueError, match="'a/b' cannot be kept as a file"):
            run.log_text("x", "a/b")
        with pytest.raises(ValueError, match="'a/b/c' is a file of the run"):
            run.log_text("x", "a/b/c/d")
        with pytest.raises(ValueError, match="'a/b' cannot be kept as a file"):
            run.log_artifacts(tmp_path)
    assert list(files_of(run)) == ["a/b/c"]


def test_many_small_files_wait_for_the_disk_together(store, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(250):
        (folder / f"{number}.txt").write_text(str(number % 240))
    monkeypatch.setattr(artifacts, "_TOGETHER", 100)
    waits = []
    monkeypatch.setattr(blobs, "_sync_file_system", lambda folder: waits.append(folder) or True)
    with inlay.start_run() as run:
        run.log_artifacts(folder)
    assert len(waits) == 3
    assert len(run.artifacts) == 250
    assert len(blobs_in(store)) == 240
    assert run.artifacts["234.txt"].read_text() == "234"


def test_an_ended_run_takes_no_file(store, tmp_path):
    (tmp_path / "f").write_text("f")
    with inlay.start_run() as run:
        pass
    for log in (
        lambda: run.log_artifact(tmp_path / "f"),
        lambda: run.log_text("x", "a"),
        lambda: run.log_artifacts(tmp_path),
    ):
        with pytest.raises(inlay.InlayError, match="has ended"):
            log()
    assert blobs_in(store) == []
