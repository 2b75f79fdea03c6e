"""One store folder, several users: a `chmod` of the folder opens all that is made inside, whatever anybody's umask."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from pathlib import Path

import pytest
from users import GROUP, until, wait_for

import inlay
from inlay.store import database, permissions

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs modes of files")

ALICE, BOB, EVE = 2001, 2002, 2003

LOG = """
inlay.connect({store!r})
for number in range(2):
    with inlay.start_run(f"{name} {{number}}") as run:
        for step in range(200):
            run.log({{"x": float(step)}}, step=step)
        run.log_text("by {name}", "by.txt")
        run.set_tag("who", "{name}")
        len(inlay.runs())
"""

READ = """
inlay.connect({store!r})
for run in inlay.runs().to_list():
    steps = run.history("x").step
    files = ",".join(artifact.path for artifact in run.artifacts)
    print(run.name, run.status, len(steps), run.tags.get("who"), files, sep="|")
"""


@pytest.fixture
def shared(place, request):
    """A store folder of Alice's, open to a group or to everyone."""
    folder = place / f"store-{request.param:o}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chown(folder, ALICE, GROUP)
    folder.chmod(request.param)
    return folder


def modes_in(folder):
    """The modes of everything in a store, folders apart from files."""
    found = {"folders": set(), "files": set()}
    for top, folders, files in os.walk(folder):
        for kind, names in (("folders", folders), ("files", files)):
            found[kind] |= {stat.S_IMODE(Path(top, name).stat().st_mode) for name in names}
    return found


@pytest.mark.parametrize(("shared", "umasks"), [(0o2770, (0o077, 0o022)), (0o777, (0o022, 0o077))], indirect=["shared"])
def test_two_users_log_at_once_and_read_each_other(users, shared, umasks):
    store = str(shared)
    logged = users(
        (ALICE, umasks[0], LOG.format(store=store, name="alice")), (BOB, umasks[1], LOG.format(store=store, name="bob"))
    )
    assert [one.status for one in logged] == [0, 0], logged
    for reader, umask in ((ALICE, 0o077), (BOB, 0o077)):
        (read,) = users((reader, umask, READ.format(store=store)))
        lines = sorted(line for line in read.said.splitlines() if "|" in line)
        assert lines == [f"{who} {n}|finished|200|{who}|by.txt" for who in ("alice", "bob") for n in range(2)], read
    # The last look of either cleared the other's journals away, too.
    assert [path.name for path in (shared / "journal").iterdir()] == []
    mode = stat.S_IMODE(shared.stat().st_mode)
    assert modes_in(shared) == {"folders": {mode}, "files": {mode & 0o666}}


@pytest.mark.parametrize("shared", [0o2770], indirect=True)
@pytest.mark.parametrize("journal", ["map", "append"])
def test_a_killed_user_is_told_by_the_other(users, shared, together, journal):
    begin = f"""
os.environ["INLAY_JOURNAL"] = {journal!r}
inlay.connect({str(shared)!r})
run = inlay.start_run("begun")
run.log({{"x": 1.0}}, step=0)
"""
    seen = together / "seen"
    look = f"inlay.connect({str(shared)!r})\nprint(inlay.get_run('begun').status)\n"
    early = (
        until(f"inlay.connect({str(shared)!r}) and inlay.get_run('begun')") + look + f"open({str(seen)!r}, 'x').close()"
    )
    alive, told = users(
        (ALICE, 0o077, begin + wait_for(seen) + f"os.kill(os.getpid(), {signal.SIGKILL})"), (BOB, 0o077, early)
    )
    assert alive.status == -signal.SIGKILL, alive.said
    assert told.said.splitlines()[-1:] == ["running"]
    (told,) = users((BOB, 0o077, look))
    assert told.said.splitlines()[-1:] == ["killed"], told.said


@pytest.mark.parametrize("shared", [0o2770], indirect=True)
def test_who_was_killed_in_a_commit_leaves_a_log_that_others_go_on_with(users, shared):
    """DuckDB made the log of commits with the umask of whoever committed."""
    killed = f"""
store = inlay.connect({str(shared)!r})
with store.open() as con:
    con.execute("INSERT INTO tags VALUES (uuid(), 'a', 'b')")
    os.kill(os.getpid(), {signal.SIGKILL})
"""
    go_on = f"""
store = inlay.connect({str(shared)!r})
for n in range(2):
    with store.open() as con:
        con.execute("INSERT INTO tags VALUES (uuid(), 'c', 'd')")
print(inlay.sql("select count(*) from tags").fetchall())
"""
    users((ALICE, 0o077, killed))
    assert (shared / "runs.duckdb.wal").exists()
    (done,) = users((BOB, 0o077, go_on))
    assert done.said.splitlines()[-1:] == ["[(3,)]"], done.said
    assert not (shared / "runs.duckdb.wal").exists()


@pytest.mark.parametrize("shared", [0o2770], indirect=True)
def test_who_is_not_of_the_group_stays_outside(users, shared):
    users((ALICE, 0o022, LOG.format(store=str(shared), name="alice")))
    program = f"os.setuid\ninlay.connect({str(shared)!r})"
    shared.chmod(0o700)
    (refused,) = users((EVE, 0o022, program))
    assert "StoreError: Cannot" in refused.said
    assert str(shared) in refused.said


def test_a_store_is_opened_afterwards(users, place):
    """What was made before the `chmod` stayed closed, and nobody but its owner could make sense of the store."""
    store = place / "opened"
    store.mkdir()
    store.chmod(0o700)
    os.chown(store, ALICE, GROUP)
    users((ALICE, 0o022, LOG.format(store=str(store), name="alice")))
    assert modes_in(store) == {"folders": {0o700}, "files": {0o600}}
    store.chmod(0o2770)
    assert [one.status for one in users((ALICE, 0o022, f"inlay.connect({str(store)!r})"))] == [0]
    assert modes_in(store) == {"folders": {0o2770}, "files": {0o660}}
    (logged,) = users((BOB, 0o077, LOG.format(store=str(store), name="bob")))
    assert logged.status == 0, logged.said
    (read,) = users((ALICE, 0o077, READ.format(store=str(store))))
    assert sum("finished|200" in line for line in read.said.splitlines()) == 4


def test_what_root_makes_in_a_user_s_store_is_the_user_s(users, place):
    """A container's root recorded one run, and the owner of the store could not open it any more."""
    store = place / "by-root"
    store.mkdir()
    store.chmod(0o700)
    os.chown(store, ALICE, ALICE)
    users((0, 0o077, LOG.format(store=str(store), name="root")))
    (done,) = users((ALICE, 0o022, LOG.format(store=str(store), name="alice") + READ.format(store=str(store))))
    assert done.status == 0, done.said
    assert sum("finished|200" in line for line in done.said.splitlines()) == 4, done.said


def test_a_private_store_stays_private(store):
    with inlay.start_run("r") as run:
        run.log({"a": 1.0})
        run.log_text("x", "x.txt")
    len(inlay.runs())
    os.umask(os.umask(0))
    assert modes_in(store.folder)["folders"] == {0o700}
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_permissions_that_cannot_be_had_are_let_be(tmp_path, monkeypatch):
    """As on a FAT disk, or a share that knows no owners."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o2777)
    for name in ("fchmod", "fchown"):
        monkeypatch.setattr(os, name, refuse)
    permissions.make_folder(tmp_path / "a")
    permissions.make_folder(tmp_path / "a")
    assert (tmp_path / "a").is_dir()


def test_a_folder_that_two_make_at_once(tmp_path, monkeypatch):
    tmp_path.chmod(0o2777)
    real = Path.mkdir

    def first(path, *args, **options):
        real(tmp_path / "a", exist_ok=True)
        (tmp_path / "a" / "used").touch()
        real(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", first)
    permissions.make_folder(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_name_that_became_a_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("private")
    outside.chmod(0o600)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "link").symlink_to(outside)
    permissions.take_after(shared / "link", shared)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600


def test_a_log_that_cannot_be_taken_over_says_whose_it_is(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "runs.duckdb.wal").write_bytes(b"log")
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        patch.setattr(database.shutil, "copyfile", refuse)
        with pytest.raises(inlay.InlayError, match=r"runs\.duckdb\.wal is another user's"):
            database.take_over_log(tmp_path / "runs.duckdb")
