"""Locks and maps have one door each, and a lock that cannot be looked into never makes a living writer dead."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

import pytest

import inlay
from inlay.errors import StoreError
from inlay.store import locks
from inlay.store.locks import HeldLock, LockBusyError, exclusive, is_held, shared

fcntl = pytest.importorskip("fcntl")

PACKAGE = Path(inlay.__file__).parent
DOORS = {"filelock": "store/locks.py", "mmap": "store/journal/segment.py"}


@pytest.mark.parametrize("library", DOORS)
def test_one_module_knows_the_library(library):
    """What differs between platforms is to be looked for in one place."""
    known = [
        file.relative_to(PACKAGE).as_posix()
        for file in sorted(PACKAGE.rglob("*.py"))
        if any(
            line.split()[:2] in (["import", library], ["from", library])
            for line in file.read_text("utf-8").splitlines()
        )
    ]
    assert known == [DOORS[library]]


def test_who_holds_it_is_told(tmp_path):
    path = tmp_path / "x.lock"
    assert not is_held(path)
    assert not path.exists()
    lock = HeldLock(path)
    assert is_held(path)
    assert is_held(path, writable=False)
    with pytest.raises(LockBusyError):
        HeldLock(path)
    lock.release()
    assert not is_held(path)
    assert not is_held(path, writable=False)


def test_readers_share_and_keep_a_writer_out(tmp_path):
    path = tmp_path / "x.lock"
    with shared(path, wait=0):
        assert not path.exists()  # nobody has made one, and a reader does not
    with exclusive(path, wait=0), pytest.raises(LockBusyError), shared(path, wait=0.02):
        pass
    with shared(path, wait=0), shared(path, wait=0), pytest.raises(LockBusyError), exclusive(path, wait=0.02):
        pass
    began = time.monotonic()
    with exclusive(path, wait=0):
        pass
    assert time.monotonic() - began < 1


def test_a_file_that_may_not_be_written_is_looked_at(tmp_path, monkeypatch):
    path = tmp_path / "x.lock"
    lock = HeldLock(path)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(locks, "HeldLock", refuse)
    assert is_held(path)
    lock.release()
    assert not is_held(path)


def test_what_cannot_be_told_counts_as_held(tmp_path, monkeypatch):
    """A network file system without a lock service: every living run was said to be killed."""
    path = tmp_path / "x.lock"
    path.touch()

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert is_held(path)
    assert is_held(path, writable=False)
    with shared(path, wait=0):  # and keeps no reader out
        pass
    monkeypatch.undo()
    with monkeypatch.context() as patch:
        patch.setattr(locks, "_readable", lambda path: None)
        assert is_held(path, writable=False)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "fcntl", None)  # Windows
        assert is_held(path, writable=False)


def test_a_disk_that_takes_no_lock_is_an_error_that_names_the_store(store, monkeypatch):
    """It was a bare OSError out of `inlay.runs()`."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(locks, "HeldLock", full)
    with pytest.raises(StoreError, match=rf"{store.folder} cannot be locked .*No space left"):
        len(inlay.runs())


def test_the_lock_of_a_parent_is_left_to_it(tmp_path):
    path = tmp_path / "x.lock"
    lock = HeldLock(path)
    pid = os.fork()
    if pid == 0:
        try:
            lock.leave_to_parent()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert is_held(path)
    lock.release()
