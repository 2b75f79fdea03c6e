"""The background thread: it syncs, ingests when it is worth it, compacts, and never stands in the way."""

from __future__ import annotations

import os
import shutil
import threading
import time

import duckdb
import pytest

import inlay
from inlay.store import compaction, upkeep
from inlay.store.database import StoreBusyError
from inlay.store.upkeep import upkeep_of, writer_of


def waits_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def runs_in(store):
    """Runs the database has, without taking in any."""
    if not store.database.exists():
        return []
    with store.open() as con:
        return [name for (name,) in con.execute("select name from runs where status = 'finished'").fetchall()]


def test_a_run_is_taken_in_soon_after_its_end(store):
    for number in range(5):
        with inlay.start_run(f"r{number}"):
            pass
    assert waits_for(lambda: len(runs_in(store)) == 5)


def test_many_points_are_taken_in_while_the_run_goes_on(store, monkeypatch):
    monkeypatch.setattr(upkeep, "ENOUGH_POINTS", 1000)
    run = inlay.start_run()
    run.log_metrics_array("a", range(500))
    time.sleep(1.3)
    assert not store.database.exists()
    run.log_metrics_array("a", range(1000))
    assert waits_for(store.database.exists)


def test_what_was_logged_is_put_on_the_disk_within_a_second_or_so(store, monkeypatch):
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append(fd) or real(fd))
    run = inlay.start_run()
    run.log({"a": 1.0})
    assert waits_for(lambda: synced, 5)


def test_one_thread_and_one_stream_a_store(store):
    found = set()
    threads = [threading.Thread(target=lambda: found.add(writer_of(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert sum(thread.name == "inlay-upkeep" for thread in threading.enumerate()) >= 1


def test_a_file_grown_gaps_is_compacted(store, monkeypatch):
    compacted = []
    monkeypatch.setattr(compaction, "worthwhile", lambda *_: True)
    monkeypatch.setattr(compaction, "compact", compacted.append)
    with inlay.start_run():
        pass
    assert waits_for(lambda: compacted)
    assert compacted[0] is store


def test_trouble_is_said_once_and_mended_by_itself(store, monkeypatch, recwarn):
    monkeypatch.setattr(upkeep, "SYNC_EVERY", 0.01)
    with inlay.start_run("r"):
        pass
    keeper = upkeep_of(store)
    keeper._over.set()  # by hand from here on
    keeper.join()
    good = store.database.read_bytes() if store.database.exists() else None
    store.database.write_bytes(b"no database" * 1000)
    with pytest.warns(RuntimeWarning, match=r"cannot bring .* up to date .*Nothing is lost"):
        keeper._ingest()
    keeper._ingest()
    assert not recwarn.list
    assert keeper._wanted_at is not None
    if good is None:
        store.database.unlink()
    else:
        store.database.write_bytes(good)
    keeper._ingest()
    assert runs_in(store) == ["r"]
    assert keeper._wanted_at is None


def test_a_store_that_is_deleted_while_it_is_taken_in_is_no_trouble(store, monkeypatch, recwarn):
    """The warning named a database that its owner had just thrown away."""
    with inlay.start_run("r"):
        pass
    keeper = upkeep_of(store)
    keeper._over.set()  # by hand from here on
    keeper.join()

    def deleted(*_, **__):
        shutil.rmtree(store.folder)
        raise FileNotFoundError(store.database)

    monkeypatch.setattr("inlay.store.ingest.ingest_into", deleted)
    keeper._ingest()
    assert not recwarn.list


def test_a_busy_store_is_tried_again_without_a_word(store, monkeypatch):
    with inlay.start_run("r"):
        pass
    keeper = upkeep_of(store)
    keeper._over.set()
    keeper.join()

    def busy(*_, **__):
        raise StoreBusyError("busy")

    with monkeypatch.context() as patch:
        patch.setattr("inlay.store.ingest.ingest_into", busy)
        keeper._ingest()
    assert keeper._wanted_at is not None


def test_a_reader_that_comes_too_late_is_told_who_is_busy(store):
    taken, over = threading.Event(), threading.Event()

    def hold():
        with store.open():
            taken.set()
            over.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(20)
    with pytest.raises(StoreBusyError, match="busy in this process"), store.open(wait=0.1):
        pass
    other = inlay.store.store.Store(store.folder)
    with pytest.raises(StoreBusyError, match="busy in other processes"), other.open(wait=0.1):
        pass
    over.set()
    thread.join()
    with store.open() as con, store.open() as same:
        assert same is con


def test_no_transaction_is_left_open_by_an_exception(store):
    from inlay.store.database import transaction

    def interrupted(con):
        with transaction(con):
            con.execute("insert into tags values (uuid(), 'a', 'b')")
            raise KeyboardInterrupt

    with store.open() as con:
        with pytest.raises(KeyboardInterrupt):
            interrupted(con)
        assert con.execute("select count(*) from tags").fetchone() == (0,)


def test_settings_of_every_connection(store):
    with store.open() as con:
        query = "select current_setting('TimeZone'), current_setting('autoinstall_known_extensions')"
        assert con.execute(query).fetchone() == ("UTC", False)
    assert isinstance(con, duckdb.DuckDBPyConnection)


def test_a_store_deleted_under_a_run_is_said_once(store):
    """A run went on for hours after `rm -rf .inlay`, and nobody said that nothing of it was kept."""
    run = inlay.start_run("r")
    keeper = upkeep_of(store)
    keeper._over.set()
    keeper.join()
    shutil.rmtree(store.folder)
    run.log({"a": 1.0})
    keeper._sync()  # may have been logged before it was deleted
    run.log({"a": 2.0})
    with pytest.warns(RuntimeWarning, match=r"store folder .*\.inlay was deleted .*lost") as said:
        keeper._sync()
    run.log({"a": 3.0})
    keeper._sync()
    assert len(said) == 1
