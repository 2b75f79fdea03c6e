"""The schema's version: made, moved up with a copy kept, and a newer one left as it is."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

import inlay
from inlay.errors import StoreVersionError
from inlay.store import schema
from inlay.store import store as stores
from inlay.store.schema import Migration


def ended(name):
    with inlay.start_run(name) as run:
        run.log({"a": 1.0}, step=0)
    return run


def make_newer(path, version=99):
    with duckdb.connect(str(path)) as con:
        con.execute("INSERT INTO schema_version VALUES (?, '9.9.9', now()::TIMESTAMP)", [version])


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def filled(store):
    """A store of the present version whose background thread has nothing more to do."""
    ended("before")
    stores_upkeep = inlay.store.upkeep.upkeep_of(store)
    stores_upkeep.close()
    return store


def test_a_new_store_has_the_present_version(store):
    with store.open() as con:
        assert schema.version_of(con) == schema.VERSION
        assert con.execute("select count(*) from schema_version").fetchone() == (1,)
    with store.open() as con:
        assert con.execute("select count(*) from schema_version").fetchone() == (1,)


def test_a_newer_store_is_refused_and_left_as_it_is(filled, monkeypatch):
    make_newer(filled.database)
    before = digest(filled.database)
    with pytest.raises(StoreVersionError, match=rf"version 99.*up to {schema.VERSION}\b.*pip install -U inlay"):
        len(inlay.runs())
    assert digest(filled.database) == before
    other = stores._current
    monkeypatch.setattr(stores, "_stores", {})
    with pytest.raises(StoreVersionError, match="version 99"):
        inlay.connect(filled.folder)
    assert stores._current is other
    assert digest(filled.database) == before
    assert not list(filled.folder.glob("*.wal"))


@pytest.fixture
def migrations(monkeypatch):
    def use(*sql):
        steps = tuple(Migration(number, one) for number, one in enumerate(sql, schema.VERSION + 1))
        monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS + steps)
        monkeypatch.setattr(schema, "VERSION", schema.VERSION + len(steps))

    return use


def test_an_older_store_is_moved_up_and_its_copy_kept(filled, migrations):
    before, present = digest(filled.database), schema.VERSION
    migrations("CREATE TABLE colours (name VARCHAR)", "INSERT INTO colours VALUES ('red')")
    assert inlay.sql("select name from colours").fetchall() == [("red",)]
    assert [run.name for run in inlay.runs()] == ["before"]
    copy = filled.folder / f"runs.v{present}.duckdb"
    assert digest(copy) == before
    assert inlay.sql("select max(version), count(*) from schema_version").fetchall() == [(present + 2, 2)]
    assert inlay.sql("select count(*) from colours").fetchall() == [(1,)]
    ended("after")
    assert len(inlay.runs()) == 2


def test_a_new_store_gets_every_migration(tmp_path, migrations):
    migrations("CREATE TABLE colours (name VARCHAR)")
    inlay.connect(tmp_path / "fresh")
    assert inlay.sql("select count(*) from colours").fetchall() == [(0,)]
    assert not list((tmp_path / "fresh").glob("*.v*"))


def test_a_migration_that_fails_changes_nothing(filled, migrations, monkeypatch):
    present = schema.VERSION
    failing = (Migration(present + 1, "CREATE TABLE colours (x INTEGER)"), Migration(present + 2, "oops"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", failing)
        patch.setattr(schema, "VERSION", present + 2)
        with pytest.raises(duckdb.Error):
            len(inlay.runs())
    with filled.open() as con:
        assert schema.version_of(con) == present
        assert con.execute("select count(*) from duckdb_tables() where table_name = 'colours'").fetchone() == (0,)
    migrations("CREATE TABLE colours (x INTEGER)")
    assert len(inlay.runs()) == 1


def test_two_processes_move_it_up_once(filled, migrations):
    migrations("CREATE TABLE colours (name VARCHAR)")
    other = stores.Store(filled.folder)
    with filled.open():
        pass
    with other.open() as con:
        assert con.execute("select count(*) from schema_version").fetchone() == (2,)


def test_a_file_that_is_no_database(filled):
    filled.database.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(inlay.InlayError, match=r"runs\.duckdb cannot be opened"):
        len(inlay.runs())


def test_a_store_of_the_first_version_is_moved_up(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    with duckdb.connect(str(folder / "runs.duckdb"), config={"storage_compatibility_version": "v1.2.0"}) as con:
        con.execute(schema.SCHEMA.read_text("utf-8"))
        con.execute("INSERT INTO schema_version VALUES (1, '0.1.0', now()::TIMESTAMP)")
        con.execute("INSERT INTO artifacts VALUES (uuid(), 'a.txt', 'ab', 2, 'text/plain', 'text', now()::TIMESTAMP)")
    inlay.connect(folder)
    assert inlay.sql("select path, key, step, metadata from artifacts").fetchall() == [("a.txt", None, None, None)]
    assert inlay.sql("select count(*) from histograms").fetchall() == [(0,)]
    ended("after")
    assert len(inlay.runs()) == 1
