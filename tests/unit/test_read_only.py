"""A store that may not be written to is read all the same, with everything logged in it, and nothing in it changes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from users import until, wait_for

import inlay
from inlay.errors import StoreError, StoreVersionError
from inlay.store import folder, private_copy, schema
from inlay.store import store as stores
from inlay.store.database import StoreBusyError
from inlay.store.journal.slots import POINT, Kind
from inlay.store.journal.writer import Writer, new_id
from inlay.store.upkeep import close_all
from inlay.tracking import events
from inlay.views import live_card
from inlay.views.live_card import LiveCard

ALICE, EVE = 2001, 2003


@pytest.fixture
def filled(store):
    """A store with a run in its database, and nobody writing."""
    with inlay.start_run("r", params={"lr": 0.1}, tags={"a": "b"}) as run:
        run.log({"x": 1.0}, step=0)
        run.log_text("a report", "report.txt")
    len(inlay.runs())
    close_all()
    return store


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where copies lie until the process ends: with the test's own files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def locked(monkeypatch):
    """From the call on, nothing in a store may be written to, as far as permissions tell."""

    def lock():
        monkeypatch.setattr(stores, "_stores", {})
        monkeypatch.setattr(stores, "_current", None)
        monkeypatch.setattr(folder, "_said_read_only", set())
        monkeypatch.setattr(folder, "may_write", lambda path: False)

    return lock


@pytest.fixture
def copies(monkeypatch):
    """Every file that is copied to be read."""
    made = []
    real = shutil.copyfile

    def counted(source, target):
        made.append(Path(source).name)
        return real(source, target)

    monkeypatch.setattr(private_copy.shutil, "copyfile", counted)
    return made


def everything_in(top):
    """Every file in a folder with its content and the times it was written."""
    return {
        str(path.relative_to(top)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(top.rglob("*"))
    }


def dead(store, points, name="late"):
    """A run of a writer that is gone, which no database has heard of."""
    stream = Writer(store.journal)
    run_id = new_id()
    stream.event(Kind.RUN_START, {"run": run_id, "name": name, "experiment": "x", "time": 1.7e9}, 1.7e9)
    (series,) = stream.define(run_id, ["x"])
    for step in range(points):
        stream.append(POINT.pack(1.7e9 + step, float(step), step, series))
    return stream


def test_everything_can_be_read_and_nothing_changes(filled, locked, capsys):
    before = everything_in(filled.folder)
    locked()
    assert inlay.connect(filled.folder).read_only
    run = inlay.get_run("r")
    assert (run.status, run.params, run.tags, run.metrics) == ("finished", {"lr": 0.1}, {"a": "b"}, {"x": 1.0})
    assert run.history("x").step.tolist() == [0]
    assert [found.path for found in run.artifacts] == ["report.txt"]
    assert inlay.sql("select name from runs").fetchall() == [("r",)]
    inlay.connect(filled.folder)
    assert everything_in(filled.folder) == before
    said = capsys.readouterr()
    assert (said.out + said.err).count("is read-only: its runs can be read, and none recorded") == 1


def test_a_card_is_drawn(filled, locked):
    dead(filled, 4).close()
    before = everything_in(filled.folder)
    locked()
    shown = []
    outputs = SimpleNamespace(watched=True, show=lambda bundle, _=None: shown.append(bundle), update=lambda *_: None)
    for name in ("r", "late"):
        LiveCard(inlay.get_run(name), outputs).start()
    assert "report.txt" in shown[0]["text/html"]
    assert "Killed" in shown[2]["text/html"]
    while live_card._open:
        live_card._open.popleft().retire()
    assert everything_in(filled.folder) == before


@pytest.mark.parametrize(
    "record",
    [
        lambda: inlay.start_run("new"),
        lambda: inlay.start_run(resume="r"),
        lambda: inlay.get_run("r").set_tag("a", "c"),
        lambda: inlay.get_run("r").set_note("n"),
    ],
)
def test_nothing_is_recorded_and_the_way_out_is_named(filled, locked, record):
    before = everything_in(filled.folder)
    locked()
    with pytest.raises(StoreError, match=rf"{filled.folder} is read-only.*inlay\.connect.*INLAY_STORE.*chmod"):
        record()
    assert inlay.active_run() is None
    assert everything_in(filled.folder) == before


def test_the_database_is_opened_as_it_is_when_it_has_everything(filled, locked, copies):
    locked()
    assert len(inlay.runs()) == 1
    assert inlay.sql("select count(*) from metrics").fetchall() == [(1,)]
    assert copies == []


def test_what_waits_in_journals_is_read_from_a_copy_made_once(filled, locked, copies, each_journal):
    stream = dead(filled, 10)
    before = everything_in(filled.folder)
    locked()
    for _ in range(3):
        assert inlay.get_run("late").history("x").step.tolist() == list(range(10))
        assert inlay.get_run("late").status == "running"
    assert copies.count("runs.duckdb") == 1
    assert everything_in(filled.folder) == before
    stream.append(POINT.pack(1.7e9 + 10, 10.0, 10, 1))
    assert len(inlay.get_run("late").history("x")) == 11
    assert inlay.sql("select count(*) from metrics").fetchall() == [(12,)]
    assert copies.count("runs.duckdb") == 1
    stream._segment.abandon()
    stream._release()
    stream.closed = True
    assert inlay.get_run("late").status == "killed"
    assert stream.folder.exists()


def test_a_database_that_changed_is_looked_at_anew(filled, locked, copies):
    stream = dead(filled, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "may_write", lambda path: False)
        reader = stores.Store(filled.folder)
        with reader.open() as con:
            assert con.execute("select count(*) from metrics").fetchone() == (11,)
    stream.close()
    with inlay.start_run("another"):
        pass
    for _ in range(2):
        len(inlay.runs())  # taken in by its owner
    close_all()
    locked()
    with reader.open() as con:
        assert con.execute("select count(*) from runs").fetchone() == (3,)
    assert copies.count("runs.duckdb") <= 2


def test_journals_without_a_database(store, locked):
    dead(store, 5).close()
    locked()
    assert len(inlay.get_run("late").history("x")) == 5
    assert not store.database.exists()


def test_a_database_without_journals(filled, locked):
    """As it is handed on."""
    shutil.rmtree(filled.journal)
    locked()
    assert inlay.get_run("r").metrics == {"x": 1.0}
    assert not filled.journal.exists()


def test_an_older_one_is_moved_up_in_a_copy(tmp_path, locked):
    old = tmp_path / "old"
    old.mkdir()
    with duckdb.connect(str(old / "runs.duckdb"), config={"storage_compatibility_version": "v1.2.0"}) as con:
        con.execute(schema.SCHEMA.read_text("utf-8"))
        con.execute("INSERT INTO schema_version VALUES (1, '0.1.0', now()::TIMESTAMP)")
    before = everything_in(old)
    locked()
    inlay.connect(old)
    assert inlay.sql("select count(*) from histograms").fetchall() == [(0,)]
    assert inlay.sql("select max(version) from schema_version").fetchall() == [(schema.VERSION,)]
    assert everything_in(old) == before


def test_a_newer_one_is_refused(filled, locked):
    with duckdb.connect(str(filled.database)) as con:
        con.execute("INSERT INTO schema_version VALUES (99, '9.9.9', now()::TIMESTAMP)")
    locked()
    with pytest.raises(StoreVersionError, match="version 99"):
        inlay.connect(filled.folder)


def test_commits_that_lie_in_a_log_are_read(filled, locked, script):
    script(
        f"""
        import os, inlay
        with inlay.connect({str(filled.folder)!r}).open() as con:
            con.execute("INSERT INTO tags VALUES (uuid(), 'late', 'b')")
            os.kill(os.getpid(), 9)
        """
    )
    assert filled.database.with_name("runs.duckdb.wal").exists()
    before = everything_in(filled.folder)
    locked()
    assert inlay.sql("select count(*) from tags where key = 'late'").fetchall() == [(1,)]
    assert everything_in(filled.folder) == before


def test_no_room_for_the_copy_says_where(filled, locked, monkeypatch):
    dead(filled, 3).close()
    locked()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_copy.shutil, "copyfile", full)
    with pytest.raises(StoreError, match=r"has to be copied to be read.*No space left.*TMPDIR"):
        len(inlay.runs())


def test_a_database_written_to_all_the_time_is_no_reason_to_read_half_of_it(filled, locked, monkeypatch):
    """Where the lock keeps nobody out."""
    dead(filled, 3).close()
    locked()
    times = iter(range(100))
    monkeypatch.setattr(private_copy, "_stamp", lambda path: ((next(times), 0, 0),))
    with pytest.raises(StoreBusyError, match="written to all the time"):
        len(inlay.runs())


def test_the_copy_goes_with_the_process(filled, script, tmp_path, monkeypatch):
    dead(filled, 3).close()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    done = script(
        """
        import os, sys, inlay
        from inlay.store import folder
        folder.may_write = lambda path: False
        print(len(inlay.runs()))
        there = os.listdir(os.environ["TMPDIR"])
        if os.fork() == 0:
            sys.exit()
        os.wait()
        assert there == os.listdir(os.environ["TMPDIR"]), "a forked child took the copy with it"
        print(len(inlay.runs()), len(there))
        """
    )
    assert done.stdout.split() == ["2", "2", "1"], done.stderr
    assert list(temporary.iterdir()) == []


def test_a_reader_waits_for_the_turn_of_a_writer(filled, locked):
    with stores.Store(filled.folder).turn():
        locked()
        with pytest.raises(StoreBusyError, match="busy in other processes"), stores.Store(filled.folder).open(wait=0.1):
            pass


def test_a_folder_with_nothing_in_it_is_no_store(tmp_path, locked):
    (tmp_path / "empty").mkdir()
    locked()
    with pytest.raises(StoreError, match="Cannot write to the store folder"):
        inlay.connect(tmp_path / "empty")


# -- for real -----------------------------------------------------------------------------------------------

READ = """
inlay.connect({store!r})
for run in inlay.runs().to_list():
    print(run.name, run.status, len(run.history("x")), [a.path for a in run.artifacts], sep="|")
print(inlay.sql("select count(*) from runs").fetchall())
try:
    inlay.start_run("mine")
except inlay.InlayError as error:
    print(type(error).__name__, error)
"""


def test_another_user_reads_while_its_owner_writes(users, place, together):
    store, seen = place / "readable", together / "seen"
    store.mkdir()
    os.chown(store, ALICE, ALICE)
    record = f"""
import time
inlay.connect({str(store)!r})
with inlay.start_run("done") as run:
    run.log({{"x": 1.0}}, step=0)
    run.log_text("x", "x.txt")
run = inlay.start_run("going")
for step in range(200):
    run.log({{"x": float(step)}}, step=step)
{wait_for(seen)}
os.kill(os.getpid(), {signal.SIGKILL})
"""
    logged = f"len(inlay.connect({str(store)!r}).folder.name) and len(inlay.get_run('going').history('x')) == 200"
    look = until(logged) + READ.format(store=str(store)) + f"open({str(seen)!r}, 'x').close()\n"
    writer, reader = users((ALICE, 0o077, record), (EVE, 0o022, look))
    assert writer.status == -signal.SIGKILL, writer.said
    lines = reader.said.splitlines()
    assert "going|running|200|[]" in lines, reader.said
    assert "done|finished|1|['x.txt']" in lines
    assert any(line.startswith(f"StoreError The store in {store} is read-only") for line in lines)
    before = everything_in(store)
    (reader,) = users((EVE, 0o022, READ.format(store=str(store))))
    assert "going|killed|200|[]" in reader.said.splitlines(), reader.said
    assert everything_in(store) == before
    assert list((place / "temporary").glob("inlay-*")) == []


@pytest.fixture
def read_only_disk(tmp_path):
    """A file system that is made read-only by the call."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "inlay", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.decode().strip()}")

    def close():
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)

    yield place, close
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_read_only_file_system(read_only_disk, script, monkeypatch):
    monkeypatch.setattr(events, "_subscribers", [])  # whoever records git and packages would keep a file open
    place, close = read_only_disk
    store = inlay.connect(place / "store")
    with inlay.start_run("done") as run:
        run.log({"x": 1.0}, step=0)
    close_all()
    dead(store, 7).close()
    before = everything_in(place)
    close()
    done = script("import os, inlay\n" + READ.format(store=str(place / "store")))
    assert "done|finished|1|[]" in done.stdout.splitlines(), done.stderr
    assert "late|killed|7|[]" in done.stdout.splitlines()
    assert "[(2,)]" in done.stdout
    assert f"StoreError The store in {place / 'store'} is read-only" in done.stdout
    assert done.returncode == 0
    assert everything_in(place) == before
