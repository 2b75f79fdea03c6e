"""DuckDB instances outlive a use of the store, and nothing else does: no file, no lock, no transaction, no thread."""

from __future__ import annotations

import contextlib
import os
import shutil

import duckdb
import pytest

from inlay.errors import StoreError
from inlay.store import instances
from inlay.store.database import StoreBusyError
from inlay.store.store import Store

COUNT = "SELECT count(*) FROM tags"
ADD = "INSERT INTO tags VALUES (uuid(), 'a', 'b')"


def asked(store, query, *parameters):
    with store.open() as con:
        return con.execute(query, parameters).fetchall()


def kept(store):
    return instances._idle.get(str(store.database))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a tag in it, whose instance is kept."""
    folder = tmp_path_factory.mktemp("instances") / ".inlay"
    (folder / "journal").mkdir(parents=True)
    store = Store(folder)
    asked(store, ADD)
    return store


@pytest.fixture(autouse=True)
def clean(made):
    asked(made, COUNT)
    yield
    instances.close_idle()


def test_one_instance_serves_every_use_and_none_holds_the_file(made, script):
    first = kept(made)
    assert first is not None
    before = asked(made, COUNT)[0][0]
    for number in range(3):
        asked(made, ADD)
        assert asked(made, COUNT) == [(before + number + 1,)]
    assert kept(made) is first
    assert not made.database.with_name("runs.duckdb.wal").exists()
    done = script(f"import duckdb\nprint(duckdb.connect({str(made.database)!r}).execute({COUNT!r}).fetchone()[0])")
    assert done.stdout == f"{before + 3}\n", done.stderr


def test_a_use_sees_nothing_of_an_earlier_one(made):
    before = asked(made, COUNT)
    with made.open() as con:
        con.execute("CREATE TEMP TABLE mine AS SELECT 1")
        con.execute("BEGIN")
        con.execute(ADD)
    assert kept(made) is not None
    with made.open() as con:
        assert con.execute(COUNT).fetchall() == before
        with pytest.raises(duckdb.CatalogException):
            con.execute("FROM mine")
        query = "SELECT current_database(), current_setting('TimeZone'), current_setting('enable_progress_bar')"
        assert con.execute(query).fetchone() == ("runs", "UTC", False)


def fail(con):
    con.execute("oops")


def fail_in_a_transaction(con):
    con.execute("BEGIN")
    with contextlib.suppress(duckdb.Error):
        con.execute("SELECT 1 / 'x'")


def detach(con):
    con.execute("USE memory")
    con.execute("DETACH runs")


@pytest.mark.parametrize("spoil", [fail, detach, duckdb.DuckDBPyConnection.close, fail_in_a_transaction])
def test_whatever_goes_wrong_the_file_is_let_go(made, spoil):
    """A DETACH that fails, for one, would leave it attached."""
    before, first = asked(made, COUNT), kept(made)
    with contextlib.suppress(duckdb.Error), made.open() as con:
        spoil(con)
    assert kept(made) is (None if spoil in (fail, detach) else first)
    duckdb.connect(str(made.database)).close()
    assert asked(made, COUNT) == before


def test_an_instance_that_no_longer_works_is_replaced(made):
    kept(made).close()
    assert asked(made, COUNT)[0][0] > 0


def of_its_own(path):
    return duckdb.connect(str(path))


def attached_elsewhere(path):
    con = duckdb.connect()
    con.execute(f"ATTACH '{path}' AS x")
    return con


@pytest.mark.parametrize("hold", [of_its_own, attached_elsewhere])
def test_a_connection_of_the_user_s_is_noticed_and_keeps_its_lock(made, hold, script):
    """The locks of an operating system keep out other processes alone, and are lost when this one closes the file."""
    other = f"import duckdb\ntry: duckdb.connect({str(made.database)!r})\nexcept duckdb.IOException: print('kept out')"
    with hold(made.database) as con:
        with pytest.raises(StoreBusyError, match=r"runs\.duckdb is held open by this process"):
            asked(made, COUNT)
        assert script(other).stdout == "kept out\n"
        con.execute("SELECT 1")
    with made.open(), pytest.raises(duckdb.Error, match="conflict"):
        hold(made.database)
    assert asked(made, COUNT)[0][0] > 0


def test_a_file_that_was_replaced_is_read_anew(made, tmp_path):
    """By a compaction of another process, or a backup put back."""
    older = tmp_path / "older.duckdb"
    shutil.copy(made.database, older)
    before, first = asked(made, COUNT)[0][0], kept(made)
    asked(made, ADD)
    older.replace(made.database)
    assert asked(made, COUNT) == [(before,)]
    assert kept(made) is first


def test_what_somebody_put_into_a_store_reaches_no_other_file(made, tmp_path):
    secret = made.folder / "secret.csv"
    secret.write_text("password\n")
    asked(made, "CREATE OR REPLACE VIEW telling AS SELECT 1")
    with duckdb.connect(str(made.database)) as con:
        con.execute(f"CREATE OR REPLACE VIEW telling AS FROM read_csv('{secret}')")
    for _ in range(2):
        with pytest.raises(duckdb.PermissionException), made.open() as con:
            con.execute("FROM telling")
    for attempt in (
        f"ATTACH '{tmp_path / 'x.duckdb'}'",
        f"COPY tags TO '{tmp_path / 'x.csv'}'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        f"FROM read_text('{made.database}.tmp/../secret.csv')",
    ):
        asked(made, COUNT)
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)), made.open() as con:
            con.execute(attempt)


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own")
@pytest.mark.parametrize("place", [".wal", ".wal.checkpoint", ".wal.recovery", ".tmp", ".tmp/x"])
def test_a_link_out_of_the_store_is_refused(made, tmp_path, place):
    """DuckDB takes where `runs.duckdb.wal.checkpoint` leads for a file that the store may read."""
    link = made.folder / f"runs.duckdb{place}"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(StoreError, match=r"is a link, which DuckDB never makes there"):
            asked(made, COUNT)
    finally:
        link.unlink()
        shutil.rmtree(f"{made.database}.tmp", ignore_errors=True)


def test_nothing_large_is_kept(made, tmp_path, monkeypatch):
    monkeypatch.setattr(instances, "_SMALL_FILE", 0)
    asked(made, COUNT)
    assert kept(made) is not None
    asked(made, "SELECT max(a) OVER (ORDER BY a) FROM range(2000) t(a)")
    monkeypatch.setattr(instances, "_SMALL_USE", 0)
    asked(made, COUNT)
    assert kept(made) is None
    monkeypatch.undo()
    spilled = made.database.with_name("runs.duckdb.tmp")
    spilled.mkdir()
    asked(made, COUNT)
    assert kept(made) is None
    spilled.rmdir()
    for number in range(3):
        with instances.opened(tmp_path / f"{number}.duckdb") as con:
            con.execute("CREATE TABLE t (i INTEGER)")
    assert [key.rpartition(os.sep)[2] for key in instances._idle] == ["1.duckdb", "2.duckdb"]
    assert int.from_bytes((tmp_path / "0.duckdb").read_bytes()[12:20], "little") <= 65  # readable by 1.2


@pytest.mark.skipif(os.name != "posix", reason="needs modes of files")
def test_how_a_shared_store_is_written_is_not_how_a_private_one_is(made):
    query = "SELECT current_setting('checkpoint_threshold')"
    private = asked(made, query)
    made.folder.chmod(0o2770)
    try:
        assert asked(made, query) != private
    finally:
        made.folder.chmod(0o700)
    assert asked(made, query) == private


FORKS = """
import gc, os, sys, threading, time, warnings
import inlay
from inlay.store import instances
warnings.simplefilter("ignore", DeprecationWarning)

store = inlay.connect()
len(inlay.runs())
assert len(instances._idle) == 1

def forked(work):
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        work()
        sys.exit(7)
    assert os.waitpid(child, 0)[1] == 7 << 8
    assert len(inlay.runs()) == 0
    assert time.monotonic() - began < 20

def ask():
    assert len(inlay.runs()) == 0

forked(gc.collect)
forked(ask)
with store.open():  # and in the middle of a use
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # DuckDB says there what is never taken down
        sys.exit(7)
assert os.waitpid(child, 0)[1] == 7 << 8
ask()
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_leaves_the_instances_of_its_parent_alone(script):
    """It would wait for ever for threads that it does not have."""
    done = script(FORKS, timeout=60)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert done.stderr.splitlines() == [f"inlay: new store in {os.environ['INLAY_STORE']}"]


def test_what_is_kept_goes_before_the_interpreter(script):
    done = script("""
        import atexit, inlay
        from inlay.store import instances

        @atexit.register  # called last but for what was registered by imports
        def look():
            print(len(inlay.runs()), len(instances._idle))

        len(inlay.runs())
        print(len(instances._idle))
        instances.keep_none()
        print(len(instances._idle))
    """)
    assert done.stdout == "1\n0\n0 0\n", done.stderr
    assert done.returncode == 0
