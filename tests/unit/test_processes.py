"""Runs handed over to other processes: every value arrives once, and only who began the run ends it."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from joblib import Parallel, delayed

import inlay
from inlay.errors import InlayError, NoActiveRunError
from inlay.tracking import joined, origin
from inlay.tracking.origin import Origin

METHODS = multiprocessing.get_all_start_methods()
fork_warns = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def points(run):
    """Every point of a run: key, step, value."""
    query = "select key, step, value from metrics where run_id = ?::UUID order by all"
    return inlay.sql(query, [run.run_id]).fetchall()


@pytest.fixture
def joining(store, writer, monkeypatch):
    """The run of another process, which this one was started to log into."""
    monkeypatch.setattr(joined, "_named", None)
    monkeypatch.setenv("INLAY_RUN_ID", writer.run_id)
    return writer


# -- the same process ---------------------------------------------------------------------------------------


def test_in_its_own_process_a_run_stays_itself(store):
    run = inlay.start_run("r")
    assert pickle.loads(pickle.dumps(run)) is run
    assert copy.deepcopy({"run": run})["run"] is run
    assert pickle.loads(pickle.dumps(run.log)).__self__ is run.recorder
    run.end()
    again = pickle.loads(pickle.dumps(run))
    assert again is run
    with pytest.raises(InlayError, match="has ended"):
        again.log({"a": 1.0})


def test_runs_read_from_the_store(store):
    with inlay.start_run("r", params={"lr": 0.1}) as run:
        run.log({"a": 1.0})
    run_id = run.run_id
    del run
    found = pickle.loads(pickle.dumps(inlay.get_run(run_id)))
    assert (found.name, found.status, found.params, found.metrics) == ("r", "finished", {"lr": 0.1}, {"a": 1.0})
    with pytest.raises(InlayError, match="resume"):
        found.log({"a": 1.0})
    assert pickle.loads(pickle.dumps(inlay.runs()))[0].run_id == run_id


def test_a_store_is_one_in_a_process(store):
    assert pickle.loads(pickle.dumps(store)) is store


def test_with_on_a_run_that_has_ended(store):
    """It was entered without a word, and the first `log` inside failed."""
    with inlay.start_run("r") as run:
        pass
    for ended in (run, inlay.get_run(run.run_id)):
        with pytest.raises(InlayError, match=f"resume='{run.short_id}'"), ended:
            pass


# -- workers ------------------------------------------------------------------------------------------------


def work(run, number):
    """What a worker does: logs through the run, inside its block through the module, and in a child of it."""
    run.log({"direct": float(number)}, step=number)
    run.log_metric("more", number, step=number)
    with run:
        inlay.log({"active": float(number)}, step=number)
        assert inlay.active_run() is run
        with inlay.start_run(f"child {number}", nested=True) as child:
            child.log({"a": 1.0})
    assert inlay.active_run() is not run
    if os.getpid() != run.params["pid"]:
        try:
            run.log({"late": 1.0})
        except InlayError as error:
            assert "Hand the run over again" in str(error)  # noqa: PT017
    return os.getpid(), run


def log_only(log, number):
    """Returns whether it cost a database."""
    log({"method": float(number)}, step=number)
    return "duckdb" in sys.modules


@fork_warns
@pytest.mark.parametrize("method", METHODS)
def test_pools(store, method):
    context = multiprocessing.get_context(method)
    with inlay.start_run("r", params={"pid": os.getpid()}) as run:
        with context.Pool(1 if method == "forkserver" else 2) as pool:
            done = pool.starmap(work, [(run, number) for number in range(4)], chunksize=1)
            pool.starmap(log_only, [(run.log, number) for number in range(2)])
        assert all(back is run for _, back in done)
        assert os.getpid() not in [pid for pid, _ in done]
        assert run.status == "running"
        run.log({"mine": 1.0}, step=0)
    expected = [(key, n, float(n)) for key in ("active", "direct") for n in range(4)]
    expected += [("method", n, float(n)) for n in range(2)] + [("mine", 0, 1.0)]
    expected += [("more", n, float(n)) for n in range(4)]
    assert points(run) == expected
    children = inlay.sql("select name, status, parent_run_id::text from runs where name <> 'r' order by 1").fetchall()
    assert children == [(f"child {n}", "finished", run.run_id) for n in range(4)]
    assert inlay.get_run("r").status == "finished"


@fork_warns
def test_executor_and_joblib_with_a_run_in_a_closure(store):
    with inlay.start_run("r") as run:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert not any(pool.map(log_only, [run.log] * 4, range(4)))

        def closure(number):
            run.log({"loky": float(number)}, step=number)
            run.log_param(f"p{number}", number)

        Parallel(2)(delayed(closure)(number) for number in range(4))
    assert points(run) == [(key, n, float(n)) for key in ("loky", "method") for n in range(4)]
    assert inlay.get_run("r").params == {f"p{n}": n for n in range(4)}


def say(run, number):
    run.log_param(f"p{number}", number)
    run.set_tag(f"t{number}", "said")


def test_what_workers_say_of_the_run_is_said_by_the_run(store):
    with (
        inlay.start_run("r", params={"lr": 0.1}) as run,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
    ):
        pool.submit(say, run, 1).result()
        assert (run.params, run.tags) == ({"lr": 0.1, "p1": 1}, {"t1": "said"})
        pool.submit(say, run, 2).result()
    assert (run.params, run.tags) == ({"lr": 0.1, "p1": 1, "p2": 2}, {"t1": "said", "t2": "said"})


def log_until(run, started, ended):
    run.log({"before": 1.0}, step=0)
    started.set()
    ended.wait(30)
    run.log({"after": 1.0}, step=0)


def test_workers_that_outlive_the_run(store):
    context = multiprocessing.get_context("spawn")
    started, ended = context.Event(), context.Event()
    with inlay.start_run("r") as run:
        worker = context.Process(target=log_until, args=(run, started, ended))
        worker.start()
        assert started.wait(30)
    before = inlay.get_run("r").ended_at
    ended.set()
    worker.join(30)
    assert worker.exitcode == 0
    assert points(run) == [("after", 0, 1.0), ("before", 0, 1.0)]
    assert (inlay.get_run("r").status, inlay.get_run("r").ended_at) == ("finished", before)


def log_and_die(run, by):
    for step in range(1000):
        run.log({"x": float(step)})
    os.kill(os.getpid(), by)


@pytest.mark.parametrize("by", [signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)])
def test_a_worker_that_dies_takes_nothing_with_it(store, by):
    with inlay.start_run("r") as run:
        worker = multiprocessing.get_context("spawn").Process(target=log_and_die, args=(run, by), daemon=True)
        worker.start()
        worker.join(30)
        assert worker.exitcode == -by
        assert len(run.history("x")) == 1000
        time.sleep(0.1)
        assert inlay.get_run(run.run_id).status == "running"
        stored = inlay.sql("select status from runs").fetchall()
    assert stored == [("running",)]
    assert points(run) == [("x", n, float(n)) for n in range(1000)]
    assert inlay.get_run("r").status == "finished"


def test_a_store_that_is_not_there(store, tmp_path):
    """On another machine, for instance: nothing is made there, and who logs is told."""
    elsewhere = pickle.loads(pickle.dumps(inlay.tracking.run.Run(
        inlay.query.attributes.Attributes("0" * 36, "r"),
        inlay.store.store.store_at(tmp_path / "nowhere"),
        joined.recorder_of(inlay.store.store.store_at(tmp_path / "nowhere"), "0" * 36),
    )))  # fmt: skip
    with pytest.raises(InlayError, match="nowhere"):
        elsewhere.log({"a": 1.0})
    assert not (tmp_path / "nowhere").exists()


# -- programs -----------------------------------------------------------------------------------------------

JOINING = """
import inlay, os
inlay.log({"first": 1.0}, step=0)
run = inlay.active_run()
with inlay.start_run("its name", experiment="its own", params={"lr": 0.1}, tags={"a": "b"}, note="why") as mine:
    assert mine.run_id == run.run_id == os.environ["INLAY_RUN_ID"]
    mine.log({"second": 2.0}, step=0)
    try:
        inlay.start_run()
    except inlay.InlayError as error:
        assert "is open already" in str(error)
    with inlay.start_run("inner", nested=True) as inner:
        assert inner.parent_run_id == run.run_id
try:
    mine.log({"third": 3.0})
except inlay.InlayError:
    inlay.log({"third": 3.0}, step=0)
inlay.end_run()  # not its own to end
with inlay.start_run("next") as following:
    assert following.parent_run_id == run.run_id
    assert following.experiment == run.experiment
print(run.status, mine.name, run.params)
"""


def children_of(run_id):
    query = "select name, status from runs where parent_run_id = ?::UUID order by 1"
    return inlay.sql(query, [run_id]).fetchall()


def test_a_program_that_was_started_for_the_run(store, script):
    with inlay.start_run("r", experiment="e") as run:
        assert run.env["INLAY_STORE"] == str(store.folder)
        done = script(JOINING, env=run.env)
        assert (done.stdout, done.stderr) == ("running r {'lr': 0.1}\n", "")
        assert inlay.get_run("r").status == "running"
    found = inlay.get_run(run.run_id)
    assert (found.name, found.experiment, found.status, found.error) == ("r", "e", "finished", None)
    with pytest.raises(InlayError, match="has ended"):
        _ = run.env


def test_named_by_hand_the_run_takes_the_words_of_the_script(joining, capsys):
    exec(JOINING, {})
    found = joined.Run(inlay.query.attributes.find(inlay.connect(), joining.run_id), inlay.connect())
    assert (found.name, found.experiment, found.note) == ("its name", "its own", "why")
    assert (found.status, found.params, found.tags) == ("running", {"lr": 0.1}, {"a": "b"})
    assert points(found) == [("first", 0, 1.0), ("second", 0, 2.0), ("third", 0, 3.0)]
    assert children_of(joining.run_id) == [("inner", "finished"), ("next", "finished")]
    joining("run.end()")
    assert found.status == "finished"


def test_cells_of_a_notebook_open_children(joining):
    origin.set_provider(lambda: Origin("notebook", None, "n.ipynb", "cell", 1, "x"))
    with inlay.start_run("cell") as run:
        assert run.parent_run_id == joining.run_id
    inlay.log({"between": 1.0})  # the cells belong to it all the same
    assert children_of(joining.run_id) == [("cell", "finished")]


def test_what_its_block_raises_is_kept_for_whoever_ends_the_run(joining):
    with pytest.raises(ZeroDivisionError), inlay.start_run():
        1 / 0  # noqa: B018
    error = joined.learned(inlay.active_run(), 5)
    assert (error.type, error.message) == ("ZeroDivisionError", "division by zero")
    assert "1 / 0" in error.traceback
    joining("run.end()")
    stored = inlay.sql("select status, error_type from runs where name = 'other'").fetchall()
    assert stored == [("finished", None)]  # who began it says how it ended


def test_what_ends_a_program_is_kept(store, script):
    """Also where it opened nothing; and of a program that outlives the run it is not."""
    code = "import inlay, sys\ninlay.log({'a': 1.0})\nprint(flush=True)\nsys.stdin.readline()\n1 / 0"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with inlay.start_run("r") as run:
        programs = [subprocess.Popen([sys.executable, "-c", code], env=run.env, **pipes) for _ in range(2)]
        for program in programs:
            program.stdout.readline()
        programs[0].communicate(b"\n")
        assert joined.learned(run, 5).type == "ZeroDivisionError"
    programs[1].communicate(b"\n")
    assert [program.returncode for program in programs] == [1, 1]
    assert inlay.sql("select status, error_type from runs").fetchall() == [("finished", None)]


@pytest.mark.parametrize(
    ("named", "why"),
    [("01a1ffb7-5dbf-71de-97e5-0e1eb26a4225", "no run with id"), ("ended", "has ended"), ("x/../y", "no run with id")],
)
def test_a_run_that_cannot_be_joined(store, monkeypatch, named, why):
    with inlay.start_run("ended"):
        pass
    monkeypatch.setenv("INLAY_RUN_ID", named)
    with pytest.warns(RuntimeWarning, match=f"INLAY_RUN_ID={named}.*{why}"):
        assert inlay.active_run() is None
    with pytest.raises(NoActiveRunError):  # and no warning more
        inlay.log({"a": 1.0})
    with inlay.start_run("own") as run:
        assert run.parent_run_id is None


def test_a_store_that_is_not_there_is_not_made(store, monkeypatch, tmp_path):
    monkeypatch.setenv("INLAY_RUN_ID", "01a1ffb7-5dbf-71de-97e5-0e1eb26a4225")
    monkeypatch.setenv("INLAY_STORE", str(tmp_path / "nowhere"))
    with pytest.warns(RuntimeWarning, match="nowhere"):
        assert inlay.active_run() is None
    assert not (tmp_path / "nowhere").exists()


def test_another_store_is_left_alone(joining, tmp_path):
    first = inlay.active_run()
    inlay.connect(tmp_path / "other")
    with inlay.start_run("own") as run:
        assert (run.parent_run_id, run.store.folder) == (None, tmp_path / "other")
    inlay.log({"a": 1.0}, step=0)
    assert [run.name for run in inlay.runs()] == ["own"]
    assert first.metrics == {"a": 1.0}


def test_workers_open_children(store, script):
    """A sweep whose trials are the tasks of a pool: not one of them is the sweep."""
    code = """
        import inlay, multiprocessing

        def trial(number):
            inlay.log({"seen": 1.0}, step=number)
            with inlay.start_run(f"trial {number}") as run:
                return run.parent_run_id

        if __name__ == "__main__":
            for method in {"spawn", multiprocessing.get_all_start_methods()[0]}:
                with multiprocessing.get_context(method).Pool(1) as pool:
                    print(*pool.map(trial, range(2)))
            with inlay.start_run() as run:
                print(run.run_id, run.parent_run_id)
    """
    with inlay.start_run("sweep") as run:
        done = script(code, env=run.env)
    assert set(done.stdout.split()) == {run.run_id, "None"}
    assert done.stderr == ""
    assert len(points(run)) == len(done.stdout.split()) - 2


def test_a_run_that_names_itself_for_its_children(store, monkeypatch):
    """`os.environ.update(run.env)`: the process that began the run does not join it."""
    with inlay.start_run("r") as run:
        for name, value in run.env.items():
            monkeypatch.setenv(name, value)
        assert inlay.active_run() is run
    with pytest.raises(NoActiveRunError):
        inlay.log({"a": 1.0})
    with inlay.start_run("next") as following:
        assert following.parent_run_id is None


def test_names_are_masked(store):
    with inlay.start_run("try token=ghp_16C7e42F292c6912E7710c838347Ae178B4a") as run:
        assert "ghp_" not in run.name
    assert "ghp_" not in inlay.sql("select name from runs").fetchall()[0][0]
