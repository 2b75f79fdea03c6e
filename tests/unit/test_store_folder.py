"""Which folder is the store: the nearest, the project's, the one that was named; and which never."""

from __future__ import annotations

import os
import pickle
import shutil
import stat
from pathlib import Path

import pytest

import inlay
from inlay.errors import StoreError, StoreVersionError
from inlay.store import folder
from inlay.store import store as stores
from inlay.store.folder import locate, prepare


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home directory below which the test works, with no store named."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.delenv("INLAY_STORE")
    monkeypatch.setenv("HOME", str(home))
    return home


def within(path, monkeypatch):
    path.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(path)
    return locate()


def test_the_nearest_one_above(home, monkeypatch):
    (home / "a/.inlay").mkdir(parents=True)
    (home / "a/b/.git").mkdir(parents=True)
    assert within(home / "a/b/c", monkeypatch) == home / "a/.inlay"
    (home / "a/b/.inlay").mkdir()
    assert within(home / "a/b/c", monkeypatch) == home / "a/b/.inlay"


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_root_of_the_project(home, monkeypatch, mark):
    (home / "a").mkdir()
    (home / "a" / mark).touch()
    assert within(home / "a/b/c", monkeypatch) == home / "a/.inlay"


def test_the_working_directory(home, monkeypatch):
    assert within(home / "a/b", monkeypatch) == home / "a/b/.inlay"


def test_never_above_the_home_directory(home, monkeypatch):
    (home.parent / ".inlay").mkdir(exist_ok=True)
    (home.parent / "pyproject.toml").touch()
    assert within(home / "a", monkeypatch) == home / "a/.inlay"
    assert within(home, monkeypatch) == home / ".inlay"


def test_a_home_directory_that_is_a_link(home, monkeypatch):
    (home.parent / ".inlay").mkdir(exist_ok=True)
    link = home.parent / "link"
    link.symlink_to(home)
    monkeypatch.setenv("HOME", str(link))
    assert within(link / "a", monkeypatch) == home / "a/.inlay"


def test_no_home_directory_at_all(home, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert within(home / "a", monkeypatch).name == ".inlay"


def test_one_that_another_user_owns_is_passed_over(home, monkeypatch):
    mine, theirs = home / ".inlay", home / "a/.inlay"
    mine.mkdir()
    theirs.mkdir(parents=True)
    monkeypatch.setattr(folder, "_ours", lambda path: path != theirs)
    assert within(home / "a/b", monkeypatch) == mine


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs user ids")
def test_who_owns_it(tmp_path, monkeypatch):
    assert folder._ours(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    assert not folder._ours(tmp_path)


def test_the_environment_and_the_argument(home, monkeypatch):
    (home / "a/.inlay").mkdir(parents=True)
    monkeypatch.setenv("INLAY_STORE", str(home / "named"))
    assert within(home / "a", monkeypatch) == home / "named"
    assert locate(home / "given") == home / "given"
    assert locate("~/given") == home / "given"
    assert locate("given") == home / "a/given"
    assert locate(home / "a") == home / "a/.inlay"
    assert locate(home / "a/.inlay/runs.duckdb") == home / "a/.inlay"
    monkeypatch.setenv("INLAY_STORE", "")
    assert locate() == home / "a/.inlay"


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file; a store is a folder"):
        inlay.connect(tmp_path / "file")


def test_a_new_one_is_private_ignored_by_git_and_said_once(tmp_path, capsys):
    path = tmp_path / "new" / ".inlay"
    assert prepare(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert (path / ".gitignore").read_text() == "*\n"
    assert str(path) in "".join(capsys.readouterr())
    assert not prepare(path)
    assert "".join(capsys.readouterr()) == ""


def test_a_folder_that_cannot_be_written_names_it_and_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file.*inlay.connect\('path/to/folder'\).*INLAY_STORE"):
        inlay.connect(tmp_path / "file" / ".inlay")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match=r"read-only.*permission denied.*inlay.connect"):
        inlay.connect(tmp_path / "read-only")


def test_the_store_chosen_stays_chosen_when_another_cannot_be(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        inlay.connect(tmp_path / "file" / ".inlay")
    assert stores.current() is store
    assert inlay.connect(store.folder) is store


def delete(folder):
    """As `rm -rf` does, until nothing is left: the thread may be making a file there just now."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.filterwarnings("ignore:inlay cannot bring")  # the thread may be at it when the folder goes
def test_a_store_deleted_to_begin_anew(store):
    """`rm -rf .inlay` in a running kernel: what was logged from then on was nowhere."""
    with inlay.start_run("one"):
        pass
    assert len(inlay.runs()) == 1
    delete(store.folder)
    assert len(inlay.runs()) == 0
    delete(store.folder)
    with inlay.start_run("two") as run:
        run.log({"a": 1.0}, step=0)
    assert [found.name for found in inlay.runs()] == ["two"]
    assert len(run.history("a")) == 1


def test_a_store_is_its_folder_when_pickled(store):
    again = pickle.loads(pickle.dumps(store))
    with inlay.start_run("r"):
        pass
    with again.open() as con:
        assert con.execute("select 1").fetchone() == (1,)
    assert repr(again) == repr(store) == f"Store({str(store.folder)!r})"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs user ids")
@pytest.mark.parametrize("mark", [".git", None])
def test_one_that_another_user_owns_is_not_made_one_s_own(home, monkeypatch, mark):
    """It was passed over, and then used all the same as the place where a new one would be made."""
    theirs = home / "a/.inlay"
    theirs.mkdir(parents=True)
    if mark:
        (home / "a" / mark).touch()
    monkeypatch.setattr(folder, "_ours", lambda path: path != theirs)
    uid = theirs.stat().st_uid
    with pytest.raises(
        StoreError, match=rf"a/\.inlay belongs to another user \(uid {uid}\).*inlay\.connect.*INLAY_STORE"
    ):
        within(home / "a/b" if mark else home / "a", monkeypatch)
    assert locate(theirs) == theirs
    monkeypatch.setenv("INLAY_STORE", str(theirs))
    assert locate() == theirs


def test_below_a_folder_that_may_not_be_entered(home, monkeypatch):
    """`inlay.connect` ended with a bare PermissionError."""
    closed = home / "closed"
    real = os.stat

    def stat(path, *args, **kwargs):
        if str(path).startswith(f"{closed}/"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.chdir(home)
    for name in ("stat", "exists", "is_dir"):
        monkeypatch.setattr(Path, name, stat)
    with pytest.raises(StoreError, match=r"Cannot write to the store folder .*closed/store .*INLAY_STORE"):
        locate(closed / "store")
    monkeypatch.setattr(Path, "cwd", lambda: closed / "here")
    with pytest.raises(StoreError, match=r"Cannot write to the store folder .*closed/here/\.inlay"):
        locate()


def test_an_empty_path():
    with pytest.raises(StoreError, match="path of the store is empty"):
        inlay.connect("")


def test_a_deleted_store_says_so_to_its_readers(store):
    """Reading a run of it was a bare FileNotFoundError, and left an empty folder behind."""
    with inlay.start_run("r") as run:
        run.log({"a": 1.0}, step=0)
    len(inlay.runs())
    shutil.rmtree(store.folder)
    with pytest.raises(StoreError, match=r"store folder .*\.inlay was deleted"):
        run.history("a")
    assert not store.folder.exists()


def test_a_store_deleted_while_it_is_being_read(store, monkeypatch):
    def deleted(*_):
        shutil.rmtree(store.folder)
        next(store.journal.iterdir())

    monkeypatch.setattr("inlay.store.ingest.ingest_into", deleted)
    with pytest.raises(StoreError, match="was deleted"):
        len(inlay.runs())


def test_a_known_store_that_became_newer_is_refused(store):
    """Another process brought it up to date: only the first `connect` looked."""
    with store.open() as con:
        con.execute("CHECKPOINT")
    assert inlay.connect(store.folder) is store
    with store.open() as con:
        con.execute("UPDATE schema_version SET version = 999")
    os.utime(store.database, ns=(1, 1))
    with pytest.raises(StoreVersionError):
        inlay.connect(store.folder)
