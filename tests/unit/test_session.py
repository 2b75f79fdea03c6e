"""Sessions, executions, sources, environments: how the state a run started from came to be."""

from __future__ import annotations

import hashlib
import os
import sys

import pytest

import inlay
from inlay.tracking import events
from inlay.tracking.session import session, session_of


def test_one_session_a_process_and_store(store, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])  # a worker that runs tests in parallel has none
    first = session()
    assert session() is first
    with inlay.start_run():
        pass
    columns = "session_id::text, kind, python, pid"
    assert inlay.sql(f"select {columns} from sessions").fetchall() == [
        (first.session_id, "script", sys.version.split()[0], os.getpid())
    ]
    other = inlay.connect(tmp_path / "other")
    assert session_of(other).session_id != first.session_id
    session_of(other)._writer.close()


def test_executions_in_order(store):
    here = session()
    for seq in range(1, 4):
        here.record_execution(seq, f"cell{seq}", "hash", 1.7e9 + seq, 1.7e9 + seq + 0.5, ok=seq != 2)
    query = "select seq, cell_id, code_hash, ok, epoch(ended_at - started_at) from executions order by seq"
    assert inlay.sql(query).fetchall() == [
        (1, "cell1", "hash", True, 0.5),
        (2, "cell2", "hash", False, 0.5),
        (3, "cell3", "hash", True, 0.5),
    ]


def test_a_source_is_kept_once_and_masked(store):
    text = "api_key = 'sk-abcdefghijklmnopqrstuvwxyz123456'\nprint('ü 🙂')"
    hashes = {session().record_source(text, text + "\n") for _ in range(3)}
    assert hashes == {hashlib.sha256(text.encode()).hexdigest()}
    ((code_hash, source, transformed),) = inlay.sql("select code_hash, source, transformed from sources").fetchall()
    assert hashes == {code_hash}
    assert "abcdefghij" not in source + transformed
    assert source.endswith("print('ü 🙂')")


@pytest.mark.parametrize("character", ["x", "ü", "🙂", "\n"])
def test_a_source_of_any_length(store, character):
    text = character * 700_000
    session().record_source(text, text)
    ((source, transformed),) = inlay.sql("select source, transformed from sources").fetchall()
    assert source == transformed
    assert text.startswith(source)
    assert len(source) > 30_000


def test_an_environment_is_kept_once(store):
    row = {"env_hash": "h", "python": "3.11", "platform": "linux", "packages": {"numpy": "2"}, "hardware": {"cores": 2}}
    for _ in range(2):
        with inlay.start_run() as run:
            session().record_environment(run, row)
    query = "select r.env_hash, e.packages, e.variables from runs r join environments e using (env_hash)"
    assert inlay.sql(query).fetchall() == [("h", '{"numpy": "2"}', "{}")] * 2
    assert inlay.sql("select count(*) from environments").fetchall() == [(1,)]


def test_output_and_columns_can_come_after_the_end(store):
    with inlay.start_run() as run:
        pass
    run.record(git_commit="abc", git_dirty=True, nonsense="x")
    run.record_output("the end\n", 100_000)
    assert inlay.sql("select git_commit, git_dirty from runs").fetchall() == [("abc", True)]
    assert inlay.sql("select tail, bytes from outputs").fetchall() == [("the end\n", 100_000)]


def test_events_are_announced(store):
    seen = []
    unsubscribe = events.subscribe(lambda event: seen.append((event.kind, event.run.name)))
    with inlay.start_run("r", params={"a": 1}) as run:
        run.log({"m": 1.0})
        run.set_tag("t", 1)
        run.set_note("n")
    unsubscribe()
    unsubscribe()
    inlay.start_run("s").end()
    kinds = [kind for kind, _ in seen]
    assert kinds.count("started") == kinds.count("ended") == 1
    assert kinds[-3:] == ["changed", "changed", "ended"]
    assert {name for _, name in seen} == {"r"}


def test_a_subscriber_that_fails_or_leaves_disturbs_nobody(store):
    seen = []

    def leaves(event):
        unsubscribe[0]()

    def fails(event):
        raise ValueError("broken view")

    unsubscribe = [events.subscribe(leaves), events.subscribe(fails), events.subscribe(lambda e: seen.append(e.kind))]
    with pytest.warns(RuntimeWarning, match="broken view"):
        inlay.start_run().end()
    for stop in unsubscribe:
        stop()
    assert seen == ["started", "ended"]


def test_the_newest_cells_are_remembered_for_their_cards(store):
    """A cell executed again after hundreds of others had no code in its live card."""
    here = session_of(store)
    first = here.record_source("first = 'password'", "x")
    for number in range(300):
        here.record_source(f"x = {number}", "x")
    assert here.source(first) is None
    assert here.record_source("first = 'password'", "x") == first
    assert here.source(first) == "first = 'password'"
    assert here.source(None) is None
    len(inlay.runs())
    assert inlay.sql("select count(*) from sources").fetchall() == [(301,)]
