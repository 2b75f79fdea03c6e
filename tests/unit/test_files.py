"""Files read back: `run.artifacts` as a sequence and a tree, and `run.download`, which trusts no path."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import inlay
from inlay.query.artifacts import Artifact
from inlay.query.shown import format_bytes
from inlay.store import artifacts as blobs
from inlay.store.journal.slots import Kind
from inlay.store.upkeep import upkeep_of
from inlay.tracking import artifacts, files


@pytest.fixture
def run(store):
    with inlay.start_run("r") as run:
        run.log_text("a", "plots/a.txt")
        run.log_text("bb", "plots/deep/b.txt")
        run.log_dict({"lr": 0.1}, "config.json")
    return inlay.get_run("r")


def tree_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def foreign(run, path, data=b"evil"):
    """A file as somebody else's program might have logged it."""
    blob = blobs.put_bytes(run.store.artifacts, data)
    body = {"run": run.run_id, "path": path, "hash": blob.hash, "bytes": blob.bytes, "mime": "", "kind": "file"}
    upkeep_of(run.store).writer.event(Kind.ARTIFACT, body)


# -- looking ------------------------------------------------------------------------------------------------


def test_a_sequence_and_a_tree(run):
    found = run.artifacts
    assert [one.path for one in found] == ["config.json", "plots/a.txt", "plots/deep/b.txt"]
    assert (len(found), found[-1].name, found.path) == (3, "b.txt", "")
    assert [one.path for one in found[1:]] == ["plots/a.txt", "plots/deep/b.txt"]
    assert [one.path for one in found.files] == ["config.json"]
    (plots,) = found.folders
    assert (plots.path, len(plots), plots.bytes) == ("plots", 2, 3)
    assert found["plots/deep/b.txt"] == plots["deep/b.txt"] == plots["deep"]["b.txt"] == plots.folders[0][0]
    assert found["plots/"] == plots == list(plots)
    assert "plots" in found
    assert "plots/a.txt" in found
    assert plots[0] in found
    assert "a.txt" in plots
    assert "a.txt" not in found
    assert 3 not in found


def test_what_is_not_there(run):
    for wrong, near in (("plot/a.txt", "plots/a.txt"), ("config.jsn", "config.json"), ("plotz", "plots")):
        with pytest.raises(KeyError, match=f"no file or folder '{wrong}'.*{near}"):
            run.artifacts[wrong]
    with pytest.raises(IndexError):
        run.artifacts[3]
    with inlay.start_run() as empty, pytest.raises(KeyError, match="nothing was logged"):
        empty.artifacts["x"]
    assert repr(empty.artifacts) == "Artifacts: none"


def test_printed_as_a_tree(run):
    assert repr(run.artifacts).splitlines() == [
        "Artifacts: 3 files, 18 B",
        "├─ plots/  2 files, 3 B",
        "│  ├─ deep/  1 file, 2 B",
        "│  │  └─ b.txt  2 B",
        "│  └─ a.txt  1 B",
        "└─ config.json  15 B",
    ]
    assert repr(run.artifacts["plots/deep"]).splitlines() == ["Artifacts in plots/deep: 1 file, 2 B", "└─ b.txt  2 B"]


def test_a_long_tree_is_short(store):
    many = [Artifact(f"{part}/{n:05}.txt", 1, "", "file", "", None) for part in "abc" for n in range(5_000)]
    deep = [Artifact("/".join("d" * 500), 1, "", "file", "", None)]
    shown = repr(files.Artifacts(None, files=many + deep)).splitlines()
    assert len(shown) == files.LINES
    assert shown[0] == "Artifacts: 15,001 files, 15 KB"
    assert "│  └─ ... and 4,990 more" in shown
    assert shown[-1] == "..."
    hostile = files.Artifacts(None, files=[Artifact("a\x1b[31m\nb", 1, "", "file", "", None)])
    assert repr(hostile).splitlines()[1] == r"└─ a\x1b[31m\nb  1 B"


def test_a_file_and_its_bytes(run, tmp_path):
    artifact = run.artifacts["config.json"]
    assert json.loads(artifact.read_text()) == {"lr": 0.1}
    with artifact.open() as file:
        assert file.read(3) == b"{\n "
    assert artifact.local_path.read_bytes() == artifact.read_bytes()
    there = artifact.download(tmp_path / "out")
    assert there == tmp_path / "out/config.json"
    assert there.read_bytes() == artifact.read_bytes()
    assert os.access(there, os.W_OK)


def test_a_live_run_knows_what_it_logged(store, monkeypatch):
    with inlay.start_run() as run:
        upkeep_of(store)  # nothing of it is taken in until the end
        run.log_text("one", "a.txt")
        run.log_text("two", "a.txt")
        run.log_text("b", "b.txt")
        with store.turn():  # somebody else has the database
            monkeypatch.setattr(files, "_stored", lambda _: [])
            assert {one.path: one.read_bytes() for one in run.artifacts} == {"a.txt": b"two", "b.txt": b"b"}
        monkeypatch.undo()
        artifacts.log_bytes(run, b"both", "c.txt", "text", instead_of=["a.txt"])
        assert [one.path for one in run.artifacts] == ["b.txt", "c.txt"]
        run.metrics  # takes everything in  # noqa: B018
        assert [one.path for one in run.artifacts] == ["b.txt", "c.txt"]
        artifacts.log_bytes(run, b"all", "d.txt", "text", instead_of=["b.txt", "c.txt"])
        run.log_text("new", "a.txt")
    assert [one.path for one in inlay.get_run(run.run_id).artifacts] == ["a.txt", "d.txt"]
    with inlay.start_run(resume=run.run_id) as again:
        again.log_text("c", "c.txt")
        assert [one.path for one in again.artifacts] == ["a.txt", "c.txt", "d.txt"]


# -- downloading --------------------------------------------------------------------------------------------


def test_download(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    everything = {"config.json": b'{\n  "lr": 0.1\n}', "plots/a.txt": b"a", "plots/deep/b.txt": b"bb"}
    whole = run.download()
    assert str(whole) == run.short_id
    assert tree_of(tmp_path / run.short_id) == everything
    assert run.download() == whole  # equal files stay
    assert run.download("plots", "some") == whole.parent / "some/plots"
    assert tree_of(tmp_path / "some") == {path: data for path, data in everything.items() if path.startswith("plots")}
    assert run.download("plots/a.txt", tmp_path / "one").read_bytes() == b"a"
    assert list(tree_of(tmp_path / "one")) == ["plots/a.txt"]
    with pytest.raises(KeyError, match="plots"):
        run.download("plotz")
    with pytest.raises(TypeError, match="got 3 of type int"):
        run.download(3)


def test_files_that_are_there_already(run, tmp_path):
    (tmp_path / "out/plots").mkdir(parents=True)
    (tmp_path / "out/plots/a.txt").write_text("z")
    before = tree_of(tmp_path / "out")
    with pytest.raises(FileExistsError, match=r"plots.a\.txt.*overwrite=True"):
        run.download(to=tmp_path / "out")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        run.artifacts["plots/a.txt"].download(tmp_path / "out/plots")
    assert tree_of(tmp_path / "out") == before
    run.download(to=tmp_path / "out", overwrite=True)
    assert tree_of(tmp_path / "out")["plots/a.txt"] == b"a"


def test_a_damaged_blob_is_named(run, tmp_path):
    blob = run.artifacts["plots/a.txt"].local_path
    blob.chmod(0o600)
    blob.write_bytes(b"X")
    with pytest.raises(inlay.InlayError, match=r"'plots/a.txt' are damaged"):
        run.download("plots/a.txt", tmp_path / "out")
    assert tree_of(tmp_path / "out") == {}
    blob.unlink()
    with pytest.raises(inlay.InlayError, match=r"'plots/a.txt' are not in the store"):
        run.download(to=tmp_path / "out")
    assert [name for name in tree_of(tmp_path / "out") if ".inlay" in name] == []


HOSTILE = [
    "../evil", "/tmp/inlay-evil", "a/../../evil", "C:/evil", "c:evil", "a\\..\\..\\evil", "a//b", "./evil", "a/", "..", "n" * 300,
]  # fmt: skip


def test_paths_of_somebody_else(run, tmp_path):
    for path in HOSTILE:
        foreign(run, path)
    found = {one.path: one for one in run.artifacts}
    before = set(tmp_path.rglob("*"))
    with pytest.warns(RuntimeWarning, match=r"left out 11 of the files"):
        run.download(to=tmp_path / "out")
    assert sorted(tree_of(tmp_path / "out")) == ["config.json", "plots/a.txt", "plots/deep/b.txt"]
    assert all(tmp_path / "out" in [path, *path.parents] for path in set(tmp_path.rglob("*")) - before)
    assert not Path("/tmp/inlay-evil").exists()
    for path in HOSTILE:
        assert found[path].read_bytes() == b"evil"
        if found[path].name in ("", ".."):
            with pytest.raises(inlay.InlayError, match="leads out of the folder"):
                found[path].download(tmp_path / "out")


def test_a_download_into_a_file(run, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(NotADirectoryError, match="out is a file; files are downloaded into a folder"):
        run.download("", tmp_path / "out")


def test_links_below_the_folder_are_not_followed(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/plots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(inlay.InlayError, match="is a link"):
        run.download("plots/a.txt", tmp_path / "out", overwrite=True)
    with pytest.raises(inlay.InlayError, match="is a link"):
        run.download("plots/deep/b.txt", tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (tmp_path / "out/config.json").symlink_to(tmp_path / "elsewhere/target")
    with pytest.raises(FileExistsError):
        run.download("config.json", tmp_path / "out")
    run.download("config.json", tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out/config.json").is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    # The folder that was asked for may be a link itself.
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    run.download("config.json", tmp_path / "linked")
    assert list(tree_of(tmp_path / "elsewhere")) == ["config.json"]


def test_a_file_and_a_folder_of_one_name(run, tmp_path):
    foreign(run, "plots", b"a file")
    found = run.artifacts
    assert found["plots"].read_bytes() == b"a file"
    assert len(found["plots/"]) == 2
    with pytest.raises(inlay.InlayError, match=r"file and a folder.*'plots/'"):
        run.download(to=tmp_path / "out")
    assert run.download("plots", tmp_path / "file").read_bytes() == b"a file"
    assert len(tree_of(run.download("plots/", tmp_path / "folder"))) == 2


def test_ten_thousand_files_are_listed_at_once(run):
    many = [Artifact(f"{n % 100}/{n}", 1, "", "file", "", None) for n in range(10_000)]
    began = time.perf_counter()
    found = files.Artifacts(run, files=many)
    assert len(found.folders) == 100
    assert len(found["7"]) == 100
    repr(found)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (16_400, "16 KB"), (999_600, "1.0 MB"), (5e9, "5.0 GB")],
)
def test_sizes(size, said):
    assert format_bytes(int(size)) == said
