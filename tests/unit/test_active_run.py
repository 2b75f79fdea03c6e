"""Which run is meant: by threads, pools, tasks, forked children, and a cell that is executed again."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

import inlay
from inlay.errors import RunActiveError
from inlay.tracking import origin
from inlay.tracking.origin import Origin

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def names_by_key():
    query = "select m.key, r.name from metric_summary m join runs r using (run_id) order by all"
    return inlay.sql(query).fetchall()


def in_thread(work, *args):
    caught = []

    def run():
        try:
            work(*args)
        except BaseException as error:  # noqa: BLE001
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if caught:
        raise caught[0]


def test_a_thread_logs_into_the_run_it_was_started_in(store):
    with inlay.start_run("outer"):
        in_thread(inlay.log, {"from outer": 1.0})
        with inlay.start_run("inner", nested=True):
            in_thread(inlay.log, {"from inner": 1.0})
            in_thread(in_thread, inlay.log, {"from inner's inner": 1.0})
    assert names_by_key() == [("from inner", "inner"), ("from inner's inner", "inner"), ("from outer", "outer")]


def test_a_thread_goes_on_with_its_run_when_another_is_started(store):
    started, go_on = threading.Event(), threading.Event()

    def work():
        started.set()
        go_on.wait(10)
        inlay.log({"a": 1.0})

    with inlay.start_run("first"):
        thread = threading.Thread(target=work)
        thread.start()
        started.wait(10)
        with inlay.start_run("second", nested=True):
            go_on.set()
            thread.join()
    assert names_by_key() == [("a", "first")]


def test_a_pool_started_in_a_run(store):
    with inlay.start_run("r"), ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: inlay.log({f"m{n}": 1.0}), range(6)))
    assert names_by_key() == [(f"m{n}", "r") for n in range(6)]


def test_a_pool_older_than_the_run(store):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with inlay.start_run("one"):
            pool.submit(inlay.log, {"a": 1.0}).result()
        with inlay.start_run("two"):
            pool.submit(inlay.log, {"b": 1.0}).result()
        inlay.start_run("bare")
        pool.submit(inlay.log, {"c": 1.0}).result()
        inlay.end_run()
        with pytest.raises(inlay.InlayError, match="no run is open"):
            pool.submit(inlay.log, {"d": 1.0}).result()
    assert names_by_key() == [("a", "one"), ("b", "two"), ("c", "bare")]


@pytest.mark.parametrize("bare", [False, True])
def test_threads_with_runs_of_their_own_side_by_side(store, bare):
    """The second of two threads that trained at once was told that a run was open already."""
    inside = threading.Barrier(3, timeout=20)

    def train(number):
        if number:  # one after the other, so that each finds the others' runs open
            begun[number - 1].wait(20)
        run = inlay.start_run(f"r{number}")
        begun[number].set()
        if bare:
            inside.wait()
            inlay.log({f"m{number}": 1.0})
            run.end()
            return
        with run:
            inside.wait()
            inlay.log({f"m{number}": 1.0})
            in_thread(inlay.log, {f"n{number}": 1.0})

    begun = [threading.Event() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(train, number) for number in range(3)]:
            done.result()
    kinds = "m" if bare else "mn"
    assert names_by_key() == [(f"{kind}{number}", f"r{number}") for kind in kinds for number in range(3)]


def test_a_thread_inside_a_run_may_open_a_nested_one(store):
    with inlay.start_run("outer") as outer:
        with pytest.raises(RunActiveError):
            in_thread(inlay.start_run)

        def work():
            with inlay.start_run("inner", nested=True) as inner:
                assert inner.parent_run_id == outer.run_id
            assert inlay.active_run() is outer

        in_thread(work)
        assert inlay.active_run() is outer


def test_tasks_have_runs_of_their_own(store):
    async def train(number):
        with inlay.start_run(f"r{number}"):
            for step in range(3):
                await asyncio.sleep(0.001)
                inlay.log({f"m{number}": float(step)})
            await asyncio.to_thread(inlay.log, {f"t{number}": 1.0})

    async def main():
        await asyncio.gather(*(train(number) for number in range(5)))

    asyncio.run(main())
    assert names_by_key() == [(f"{kind}{number}", f"r{number}") for kind in "mt" for number in range(5)]
    assert inlay.active_run() is None


def test_a_bare_run_is_found_in_another_context(store):
    """Each cell of a notebook may have a context of its own."""
    import contextvars

    run = contextvars.Context().run(inlay.start_run, "r")
    assert inlay.active_run() is run
    with pytest.raises(RunActiveError):
        contextvars.Context().run(inlay.start_run)
    inlay.end_run()
    assert inlay.active_run() is None


# -- cells --------------------------------------------------------------------------------------------------


@pytest.fixture
def cell():
    """Says which cell is being executed."""

    def execute(seq, cell_id="cell", code="x"):
        origin.set_provider(lambda: Origin("notebook", None, "n.ipynb", cell_id, seq, code))

    return execute


@pytest.mark.parametrize("cell_id", ["cell", None])
def test_a_cell_executed_again_closes_the_run_it_left_open(store, cell, cell_id):
    cell(1, cell_id)
    first = inlay.start_run("first")
    cell(2, cell_id)
    second = inlay.start_run("second")
    assert (first.status, second.status, second.parent_run_id) == ("finished", "running", None)
    assert inlay.active_run() is second


def test_another_cell_does_not(store, cell):
    cell(1)
    first = inlay.start_run("first")
    for changed in ({"cell_id": "other"}, {"cell_id": None}):
        cell(2, **changed)
        with pytest.raises(RunActiveError):
            inlay.start_run("second")
    assert first.status == "running"


def test_one_execution_cannot_start_two(store, cell):
    cell(1)
    inlay.start_run("first")
    with pytest.raises(RunActiveError):
        inlay.start_run("second")


def test_where_it_came_from_is_recorded(store, cell):
    cell(7, "abc", "hash")
    with inlay.start_run():
        pass
    columns = "source_kind, notebook, cell_id, execution_seq, code_hash, pid, session_id = s.session_id"
    rows = inlay.sql(
        f"select {columns.replace('pid', 'r.pid')} from runs r join sessions s using (session_id)"
    ).fetchall()
    assert rows == [("notebook", "n.ipynb", "abc", 7, "hash", os.getpid(), True)]


# -- forked children ----------------------------------------------------------------------------------------


def forked(work):
    """Runs `work` in a forked child that goes away without a goodbye."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_logs_into_the_run_through_a_stream_of_its_own(store, each_journal):
    with inlay.start_run("r") as run:
        run.log({"a": 0.0}, step=0)
        mine = run.recorder.writer.writer_id

        def work():
            run.log({"a": 1.0})
            inlay.log({"a": 2.0, "b": 0.0})
            inlay.log({"a": 3.0, "b": 1.0})
            run.log_param("child", True)
            assert run.recorder.writer.writer_id != mine
            run.end()  # not the child's to say

        forked(work)
        run.log({"a": 4.0}, step=4)
        assert inlay.get_run("r").status == "running"
        run.log({"a": 5.0}, step=5)
    found = inlay.get_run("r")
    assert found.status == "finished"
    assert found.history("a").value.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.history("a").step.tolist() == list(range(6))
    assert found.params == {"child": True}


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_leaves_the_threads_of_the_child_in_order(store, capfd):
    """Python's own handler stumbled over the upkeep thread and left the child's locks as they were."""
    with inlay.start_run("r"):
        forked(lambda: None)
    assert "Traceback" not in capfd.readouterr().err


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_threads_log_and_others_ask(store):
    over = threading.Event()

    def log(key):
        while not over.wait(0.001):
            run.log({key: 1.0})
            run.log_param(key, "x" * 5000)

    def ask():
        while not over.is_set():
            len(inlay.runs())

    inlay.runs()  # a fork in the middle of an import is beyond us

    def work():
        for step in range(20):
            run.log({"child": float(step)}, step=step)
        len(inlay.runs())

    with inlay.start_run("r") as run:
        threads = [threading.Thread(target=log, args=(f"m{number}",)) for number in range(2)]
        threads.append(threading.Thread(target=ask))
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                forked(work)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert len(run.history("child")) == 100
    assert run.history("m0").step.tolist() == list(range(len(run.history("m0"))))


def _train(number):
    inlay.log({f"m{number}": float(number)})
    with inlay.start_run(f"child {number}", nested=True):
        inlay.log({"a": float(number)})
    return os.getpid()


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_pool_of_forked_workers(store):
    with inlay.start_run("r") as run:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pids = pool.map(_train, range(4), chunksize=1)
        assert os.getpid() not in pids
    assert sorted(run.metrics) == [f"m{number}" for number in range(4)]
    rows = inlay.sql(
        "select name, status, parent_run_id::text from runs where name like 'child%' order by 1"
    ).fetchall()
    assert rows == [(f"child {number}", "finished", run.run_id) for number in range(4)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_does_not_wait_for_threads_that_stayed_in_the_parent(script):
    """A thread of the parent was inside one of inlay's locks at the fork: the child waited for it for ever."""
    done = script(
        """
        import os, signal, threading, time
        import inlay
        from inlay.tracking import active, histograms, terminal

        run = inlay.start_run("r")
        held = threading.Event()

        def hold():
            with active._lock, histograms._lock, terminal._lock:
                held.set()
                time.sleep(1)  # over the fork, which waits for it in the parent

        threading.Thread(target=hold, daemon=True).start()
        held.wait()
        child = os.fork()
        if not child:
            signal.alarm(20)
            inlay.log({"a": 1.0}, step=0)
            run.log_histogram("h", [1.0, 2.0], 0)
            with terminal._lock:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        os._exit(0)
        """,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
