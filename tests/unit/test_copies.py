"""Large files are copied in the background: the cell goes on, the end of the run waits, nothing is half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

import inlay
from inlay import settings
from inlay.store import artifacts as blobs
from inlay.store import cloning, incoming, unfinished
from inlay.tracking import copies
from inlay.tracking.progress import bars

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="copied in the foreground there")


class Gate:
    """Holds copies after their first piece until it is opened."""

    def __init__(self, monkeypatch):
        self.reached, self._open = threading.Event(), threading.Event()
        real = incoming.pieces

        def held(file, size=None):
            for number, piece in enumerate(real(file, size)):
                yield piece
                if number == 0 and threading.current_thread().name == "inlay-copies":
                    self.reached.set()
                    assert self._open.wait(20)

        monkeypatch.setattr(incoming, "pieces", held)

    def open(self):
        self._open.set()

    def finish(self, run):
        self.open()
        copies.finish(run)


@pytest.fixture
def gate(monkeypatch, store):
    monkeypatch.setitem(settings._configured, "background_copy_mb", 0.5)
    gate = Gate(monkeypatch)
    yield gate
    gate.open()
    copies.finish_all()


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(os.urandom(3_000_000))
    return path


def kept(run):
    return {one.path: one.read_bytes() for one in inlay.get_run(run.run_id).artifacts}


def unnamed(store):
    return [path.name for path in store.artifacts.rglob(".new-*")]


def test_the_cell_goes_on_and_the_end_waits(gate, store, large):
    data = large.read_bytes()
    with inlay.start_run() as run:
        run.log_artifact(large, "models")
        assert gate.reached.wait(10)
        run.log_metric("x", 1.0)
        assert run.artifacts == []
        with pytest.raises(KeyError, match=r"model.bin.*is still being copied"):
            run.artifacts["models/model.bin"]
        (bar,) = bars(run)
        assert (bar["desc"], bar["n"], bar["total"], bar["unit"]) == ("model.bin", 1 << 20, 3_000_000, "bytes")
        assert len(unnamed(store)) == 1
        threading.Timer(0.3, gate.open).start()
        ending = time.monotonic()
    assert time.monotonic() - ending > 0.2
    assert kept(run) == {"models/model.bin": data}
    assert bars(run) == []
    assert unnamed(store) == []
    assert len(run.history("x")) == 1


def test_it_is_the_file_of_the_moment_it_was_logged(gate, large):
    data = large.read_bytes()
    with warnings.catch_warnings(), inlay.start_run() as run:
        warnings.simplefilter("error")
        run.log_artifact(large)
        other = large.with_name("other")
        other.write_bytes(b"new")
        other.replace(large)
        large.unlink()
        gate.open()
    assert kept(run) == {"model.bin": data}


@pytest.mark.parametrize("change", ["written", "cut", "longer"])
def test_a_file_that_is_written_to_meanwhile_is_told_once(gate, large, change):
    with inlay.start_run() as run:
        run.log_artifact(large)
        assert gate.reached.wait(10)
        with large.open("r+b") as file:
            if change == "cut":
                file.truncate(2_000_000)
            else:
                file.seek(0, os.SEEK_END if change == "longer" else os.SEEK_SET)
                file.write(b"x")
        with pytest.warns(RuntimeWarning, match=r"'model.bin' was written to while it was copied") as told:
            gate.finish(run)
        assert len(told) == 1
    (artifact,) = inlay.get_run(run.run_id).artifacts
    assert artifact.metadata == {"changed": True}
    assert artifact.bytes == {"written": 3_000_000, "cut": 2_000_000, "longer": 3_000_000}[change]


def test_of_two_files_under_one_path_the_later_one_counts(gate, store, large):
    with inlay.start_run() as run:
        run.log_artifact(large)
        assert gate.reached.wait(10)
        run.log_text("small", "model.bin")
        gate.open()
    assert kept(run) == {"model.bin": b"small"}
    with inlay.start_run() as again:
        again.log_artifact(large)
        other = large.with_name("a")
        other.mkdir()
        (other / "model.bin").write_bytes(b"z" * 2_000_000)
        again.log_artifact(other / "model.bin")
    assert kept(again) == {"model.bin": b"z" * 2_000_000}
    assert unnamed(store) == []


def test_a_copy_that_is_nearly_done_does_not_replace_what_came_later(gate, large, monkeypatch):
    monkeypatch.setattr(incoming.Incoming, "stop", lambda _: None)  # too late for that
    with inlay.start_run() as run:
        run.log_artifact(large)
        assert gate.reached.wait(10)
        run.log_text("small", "model.bin")
        gate.open()
    assert kept(run) == {"model.bin": b"small"}


def test_a_disk_that_is_full_in_the_middle(gate, store, large, monkeypatch):
    def full(file):
        raise OSError(28, "No space left on device")

    with inlay.start_run() as run:
        run.log_artifact(large)
        assert gate.reached.wait(10)
        real = os.fsync
        monkeypatch.setattr(os, "fsync", full)
        with pytest.warns(RuntimeWarning, match=r"could not keep the artifact 'model.bin'.*No space") as told:
            gate.finish(run)
        monkeypatch.setattr(os, "fsync", real)
        assert len(told) == 1
        run.log_metric("x", 1.0)
    assert kept(run) == {}
    assert unnamed(store) == []
    assert run.status == "finished"


def test_a_folder_with_a_large_file_in_it(gate, large):
    (large.parent / "some").mkdir()
    large.rename(large.parent / "some/model.bin")
    (large.parent / "some/small.txt").write_text("s")
    with inlay.start_run() as run:
        run.log_artifacts(large.parent / "some")
        assert gate.reached.wait(10)
        assert [one.path for one in run.artifacts] == ["small.txt"]
        gate.open()
    assert sorted(kept(run)) == ["model.bin", "small.txt"]


def test_ctrl_c_while_the_end_waits(store_folder, large):
    """The copy stops, the run says how it ended, and the program is interrupted as it would be anywhere."""
    code = f"""
    import os, signal, threading, time
    import inlay
    from inlay.store import incoming
    from inlay.tracking import copies
    inlay.configure(background_copy_mb=0.5)
    real, interrupted = incoming.pieces, threading.Event()
    def held(file, size=None):
        for piece in real(file, size):
            yield piece
            interrupted.wait(30)
    incoming.pieces = held
    really_wait = copies._wait
    def wait(run):
        def interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
            interrupted.set()
        threading.Timer(0.3, interrupt).start()
        really_wait(run)
    copies._wait = wait
    with inlay.start_run("r") as run:
        run.log_metric("x", 1.0)
        run.log_artifact({str(large)!r})
        run.log_artifact({str(large)!r}, "again")
    print("went on")
    """
    done = python(code)
    assert "went on" not in done.stdout
    assert done.returncode in (-signal.SIGINT, 130, 1)
    assert "not kept: 'model.bin', 'again/model.bin'" in done.stderr
    assert "KeyboardInterrupt" in done.stderr
    store = inlay.connect(store_folder)
    run = inlay.get_run("r")
    assert (run.status, list(run.artifacts), len(run.history("x"))) == ("interrupted", [], 1)
    assert list(store.artifacts.iterdir()) == []


def test_the_end_of_the_process_waits(store_folder, large):
    code = f"""
    import threading, time
    import inlay
    from inlay.store import incoming
    from inlay.tracking import copies
    copies.PATIENCE = 0.1
    inlay.configure(background_copy_mb=0.5)
    real = incoming.pieces
    def slow(file, size=None):
        for piece in real(file, size):
            time.sleep(0.2)
            yield piece
    incoming.pieces = slow
    run = inlay.start_run("r")
    run.log_artifact({str(large)!r})
    """
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert "'model.bin' still being copied into the store" in done.stderr
    inlay.connect(store_folder)
    run = inlay.get_run("r")
    assert kept(run) == {"model.bin": large.read_bytes()}
    assert run.status == "finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_leaves_the_copies_to_its_parent(store_folder, large):
    code = f"""
    import os, threading, time
    import inlay
    from inlay.store import incoming
    from inlay.tracking import copies
    inlay.configure(background_copy_mb=0.5)
    real, reached, go = incoming.pieces, threading.Event(), threading.Event()
    def slow(file, size=None):
        for piece in real(file, size):
            yield piece
            reached.set()
            go.wait(10)
    incoming.pieces = slow
    run = inlay.start_run("r")
    run.log_artifact({str(large)!r})
    reached.wait(10)
    if os.fork() == 0:
        assert copies.under_way(run) == []
        copies.finish_all()
        raise SystemExit(0)
    assert os.wait()[1] == 0
    go.set()
    """
    done = python(code)
    assert done.returncode == 0, done.stderr
    inlay.connect(store_folder)
    assert kept(inlay.get_run("r")) == {"model.bin": large.read_bytes()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_children_of_multiprocessing_wait_for_their_copies(store_folder, large):
    """They leave by `os._exit`, and what `atexit` knows is not called."""
    code = f"""
    import multiprocessing, threading, time
    import inlay
    from inlay.store import incoming

    def work(run):
        inlay.configure(background_copy_mb=0.5)
        real = incoming.pieces
        def slow(file, size=None):
            for piece in real(file, size):
                time.sleep(0.1)
                yield piece
        incoming.pieces = slow
        run.log_artifact({str(large)!r})

    if __name__ == "__main__":
        with inlay.start_run("r") as run:
            child = multiprocessing.get_context("fork").Process(target=work, args=(run,))
            child.start()
            child.join()
            assert child.exitcode == 0
    """
    done = python(code, large.parent)
    assert done.returncode == 0, done.stderr
    inlay.connect(store_folder)
    assert kept(inlay.get_run("r")) == {"model.bin": large.read_bytes()}


def test_many_wait_for_room(gate, store, tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "WAITING", 3)
    files = []
    for number in range(8):
        files.append(tmp_path / f"f{number}")
        files[-1].write_bytes(bytes([number]) * 600_000)
    gate.open()
    with inlay.start_run() as run:
        for file in files:
            run.log_artifact(file)
    assert sorted(kept(run)) == [file.name for file in files]


# -- links and clones ---------------------------------------------------------------------------------------


def test_a_link_is_the_same_file(store, large):
    with inlay.start_run() as run:
        run.log_artifact(large, link=True)
    (artifact,) = run.artifacts
    assert artifact.local_path.samefile(large)
    assert large.stat().st_mode & 0o222 == 0
    assert artifact.hash == blobs.hash_of(large)
    with inlay.start_run() as again:  # it is kept already, and stays as it is
        again.log_artifact(large, link=True)
    assert large.stat().st_nlink == 2
    assert kept(again) == {"model.bin": large.read_bytes()}
    assert unnamed(store) == []


def test_a_link_that_cannot_be_is_a_copy(store, large, monkeypatch):
    def refused(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    with inlay.start_run() as run:
        run.log_artifact(large, link=True)
    assert large.stat().st_mode & 0o200
    assert kept(run) == {"model.bin": large.read_bytes()}


def test_a_link_in_the_background(gate, store, large):
    with inlay.start_run() as run:
        run.log_artifact(large, link=True)
        gate.open()
    assert run.artifacts[0].local_path.samefile(large)
    assert unnamed(store) == []


def test_a_link_to_bytes_that_are_kept_leaves_the_file_alone(store, large):
    with inlay.start_run() as run:
        run.log_artifact(large)
        mode = large.stat().st_mode
        run.log_artifact(large, "again", link=True)
    assert (large.stat().st_mode, large.stat().st_nlink) == (mode, 1)


def test_a_clone_is_a_picture_of_the_moment(gate, store, large, monkeypatch):
    """Stands in for a file system with clones: the clone is made at once, and read later."""
    data = large.read_bytes()

    def cloned(source, target):
        target.write_bytes(data)
        return True

    monkeypatch.setattr(incoming, "clone", cloned)
    with warnings.catch_warnings(), inlay.start_run() as run:
        warnings.simplefilter("error")
        run.log_artifact(large)
        large.write_bytes(b"other")
        gate.open()
    assert kept(run) == {"model.bin": data}
    assert unnamed(store) == []


def test_where_there_are_no_clones_nothing_is_left(large, tmp_path):
    with large.open("rb") as file:
        made = cloning.clone(file.fileno(), tmp_path / "clone")
    assert made is (tmp_path / "clone").exists()
    if made:
        assert (tmp_path / "clone").read_bytes() == large.read_bytes()


@pytest.fixture
def copying_disk(tmp_path):
    """A file system with clones, where one can be made."""
    place, image = tmp_path / "disk", tmp_path / "image"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(400 << 20)
    for command in (["mkfs.xfs", "-q", "-m", "reflink=1", image], ["mount", "-o", "loop", image, place]):
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip(f"{command[0]} is not installed")
        if done.returncode:
            pytest.skip(f"no loop mount: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_file_system_with_clones(copying_disk):
    store = inlay.connect(copying_disk / "store")
    source = copying_disk / "model.bin"
    source.write_bytes(os.urandom(5_000_000))
    data = source.read_bytes()
    with blobs.Incoming(store.artifacts, source) as taken:
        assert taken._cloned
        source.write_bytes(b"other")
        blob = blobs.take_in(store.artifacts, taken)
    assert blobs.path_of(store.artifacts, blob.hash).read_bytes() == data
    assert unnamed(store) == []


# -- what is left of dead processes -------------------------------------------------------------------------


def test_leftovers(store, tmp_path):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    here = unfinished.new_name(store.artifacts)
    dead = here.with_name(here.name.replace(f"-{os.getpid()}-", f"-{gone.stdout.strip()}-"))
    elsewhere = here.with_name(".new-00000000-1-ab")
    old_elsewhere, old_form = here.with_name(".new-00000000-1-cd"), here.with_name(".new-abcdefgh")
    for path in (here, dead, elsewhere, old_elsewhere, old_form):
        path.write_bytes(b"half")
    for path in (old_elsewhere, old_form):
        os.utime(path, (time.time() - 2 * unfinished.FORGOTTEN,) * 2)
    assert blobs.leftovers(store) == sorted([dead, old_elsewhere, old_form])
    assert blobs.clear_leftovers(store) == 12
    assert sorted(store.artifacts.iterdir()) == sorted([here, elsewhere])


def test_what_others_left_is_cleared_with_the_first_file(store):
    dead = store.artifacts / f".new-{unfinished._place()}-{2**22 + 1}-ab"  # above the largest number of a process
    dead.write_bytes(b"half")
    with inlay.start_run() as run:
        run.log_text("x", "a.txt")
    assert not dead.exists()


def test_a_damaged_blob_is_replaced(store, tmp_path):
    with inlay.start_run() as run:
        run.log_text("whole", "a.txt")
        blob = run.artifacts[0].local_path
        blob.chmod(0o600)
        blob.write_bytes(b"wh")
        with pytest.raises(inlay.InlayError, match=r"'a.txt' are not in the store"):
            run.artifacts[0].read_bytes()
        run.log_text("whole", "b.txt")
    assert kept(run) == {"a.txt": b"whole", "b.txt": b"whole"}


def python(code, folder=None):
    """A program in a process of its own; with `folder` as a file, for those that are imported again."""
    import textwrap

    text = textwrap.dedent(code)
    argument = ["-c", text]
    if folder is not None:
        Path(folder, "program.py").write_text(text)
        argument = [str(Path(folder, "program.py"))]
    return subprocess.run([sys.executable, *argument], capture_output=True, text=True, timeout=60)


@pytest.mark.filterwarnings("error")
def test_a_disk_that_refuses_ends_no_thread_where_warnings_are_errors(store, large, monkeypatch, capsys):
    monkeypatch.setitem(settings._configured, "background_copy_mb", 0.5)
    real = copies.take_in

    def refuse_first(folder, copied):
        monkeypatch.setattr(copies, "take_in", real)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "take_in", refuse_first)
    with inlay.start_run() as run:
        run.log_artifact(large, "lost")
        run.log_artifact(large, "kept")
    assert list(kept(run)) == ["kept/model.bin"]
    assert "could not keep the artifact 'lost/model.bin'" in capsys.readouterr().err
