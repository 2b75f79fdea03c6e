"""`inlay.progress`: what a card is told of a loop, what a terminal shows, and that the loop itself sees no difference."""

import asyncio
import enum
import gc
import io
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import inlay
from inlay.tracking import progress as module
from inlay.tracking.progress import bars


@pytest.fixture
def run(store):
    """An open run whose card is on screen."""
    with inlay.start_run("train") as run:
        run.drawn = True
        yield run


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes only when told to."""

    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock)
    return clock


class OldSequence:
    def __getitem__(self, at):
        return [0, 1][at]


def test_the_items_come_as_they_are(run):
    assert list(inlay.progress([3, 1, 2])) == [3, 1, 2]
    assert list(inlay.progress(x * x for x in range(4))) == [0, 1, 4, 9]
    assert list(inlay.progress({"a": 1, "b": 2})) == ["a", "b"]
    assert list(inlay.progress([])) == []
    colours = enum.Enum("colours", "RED BLUE")
    assert list(inlay.progress(colours)) == [colours.RED, colours.BLUE]
    assert list(inlay.progress(OldSequence())) == [0, 1]


def test_a_card_is_told_how_far_the_loop_is(run, clock):
    for at, _ in enumerate(inlay.progress(range(10), desc="epochs")):
        (bar,) = bars(run)
        assert (bar["desc"], bar["n"], bar["total"], bar["state"]) == ("epochs", at, 10, "running")
        if at:
            assert bar["rate"] == pytest.approx(0.5)
            assert bar["left_s"] == pytest.approx(2 * (10 - at))
            assert bar["elapsed_s"] == pytest.approx(2 * at)
        else:
            assert bar["rate"] is bar["left_s"] is None
        clock.now += 2

    (bar,) = bars(run)
    assert bar == {
        "desc": "epochs", "n": 10, "total": 10, "elapsed_s": 20, "rate": 0.5, "left_s": None, "state": "done", "unit": "items",
    }  # fmt: skip
    clock.now += 100
    assert bars(run)[0]["elapsed_s"] == 20


def test_the_rate_follows_a_loop_that_slows_down(run, clock):
    rates = []
    for at in inlay.progress(range(400)):
        clock.now += 0.1 if at < 200 else 1.0
        rates.append(bars(run)[0]["rate"])
    assert rates[150] == pytest.approx(10, rel=0.1)
    assert rates[205] > 1.5, "no jump at the first slow step"
    assert rates[399] == pytest.approx(1, rel=0.1)


def test_the_time_left_counts_down_within_a_long_step(run, clock):
    loop = iter(inlay.progress(range(4)))
    next(loop)
    clock.now += 60
    next(loop)
    assert bars(run)[0]["left_s"] == pytest.approx(180)
    clock.now += 30
    assert bars(run)[0]["left_s"] == pytest.approx(150)
    clock.now += 500
    assert bars(run)[0]["left_s"] == pytest.approx(120), "never past the step that is due"


def test_without_a_length_there_is_no_time_left(run, clock):
    for _ in inlay.progress(iter(range(3))):
        clock.now += 1
        assert bars(run)[0]["total"] is bars(run)[0]["left_s"] is None
    assert bars(run)[0]["n"] == 3


def test_more_items_than_were_promised(run):
    for at in inlay.progress(range(5), total=3):
        assert bars(run)[0]["total"] == (3 if at <= 3 else None)


@pytest.mark.parametrize(
    ("total", "known"), [(7, 7), (6.5, 7), (np.int64(7), 7), (np.float32(7), 7), (0, 0), (None, 3)]
)
def test_totals(run, total, known):
    bar = inlay.progress(range(3), total)
    next(iter(bar))
    assert bars(run)[0]["total"] == known


class Loader:
    """A stream, as torch has them: its length raises what it likes."""

    def __iter__(self):
        return iter(range(3))

    def __len__(self):
        raise NotImplementedError("a stream")


def test_lengths():
    assert len(inlay.progress([1, 2, 3])) == 3
    assert len(inlay.progress([1, 2, 3], total=9)) == 3
    assert len(inlay.progress(iter([]), total=9)) == 9
    assert list(inlay.progress(Loader())) == [0, 1, 2]
    assert inlay.progress(Loader())
    assert not inlay.progress([])
    with pytest.raises(TypeError, match=r"generator has no len\(\)"):
        len(inlay.progress(x for x in ()))


def test_an_inner_bar_is_there_while_its_loop_is(run):
    for epoch in inlay.progress(range(2), desc="epoch"):
        assert [bar["desc"] for bar in bars(run)] == ["epoch"]
        for batch in inlay.progress(range(3), desc="batch"):
            assert [(bar["desc"], bar["n"]) for bar in bars(run)] == [("epoch", epoch), ("batch", batch)]
            if epoch == 1:
                break
    assert [(bar["desc"], bar["state"]) for bar in bars(run)] == [("epoch", "done")]


def test_the_next_outermost_bar_takes_the_place_of_the_last(run):
    for _ in range(50):
        list(inlay.progress([1]))
    assert len(bars(run)) == 1
    assert len(module._bars[run]) == 1


def left_by_break():
    for at in inlay.progress(range(1000)):
        if at == 340:
            break


def left_by_exception():
    for at in inlay.progress(range(1000)):
        if at == 340:
            raise ValueError("in the loop")


def left_by_its_source():
    def source():
        yield from range(340)
        raise ValueError("in the source")

    for _ in inlay.progress(source(), total=1000):
        pass


def left_by_return():
    bar = inlay.progress(range(1000))
    for at in bar:
        if at == 340:
            return bar
    return None


def left_by_with():
    with inlay.progress(range(1000)) as bar:
        loop = iter(bar)
        for at in loop:
            if at == 340:
                break
    return loop


@pytest.mark.parametrize(
    "leave",
    [left_by_break, left_by_exception, left_by_its_source, left_by_return, left_by_with],
    ids=lambda f: f.__name__,
)
def test_a_loop_that_is_left_says_stopped(run, leave):
    try:
        held = leave()
    except ValueError as error:
        held = error
    (bar,) = bars(run)
    assert (bar["n"], bar["total"], bar["state"], bar["left_s"]) == (340, 1000, "stopped", None)
    assert held is None or held


def test_what_still_goes_on_when_the_run_ends_is_stopped(store):
    run = inlay.start_run()
    run.drawn = True
    loop = iter(inlay.progress(range(3)))
    next(loop)
    run.end()
    assert bars(run)[0]["state"] == "stopped"
    list(loop)
    assert bars(run)[0]["state"] == "stopped"


def test_each_iteration_is_a_bar_of_its_own(run):
    bar = inlay.progress(range(3))
    assert list(bar) == list(bar) == [0, 1, 2]
    assert bars(run)[0]["n"] == 3


def test_bars_of_several_threads(run):
    ready, go = threading.Barrier(3), threading.Event()

    def work(name):
        for _ in inlay.progress(range(2), desc=name):
            if _ == 0:
                ready.wait(10)
                go.wait(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    ready.wait(10)
    assert {bar["desc"] for bar in bars(run)} == {"a", "b"}
    go.set()
    for thread in threads:
        thread.join()
    assert {bar["state"] for bar in bars(run)} == {"done"}


def test_reading_while_it_counts_harms_nothing(run):
    stop = threading.Event()
    seen = []

    def read():
        while not stop.is_set():
            seen.extend(bars(run))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in inlay.progress(range(20)):
        for _ in inlay.progress(range(200)):
            pass
        time.sleep(0)
    stop.set()
    reader.join()
    assert all(0 <= bar["n"] <= 200 for bar in seen)
    assert len(bars(run)) == 1


def test_neither_run_nor_iterable_is_held(store):
    class Batches(list):
        pass

    run, batches = inlay.start_run(), Batches([1, 2])
    run.drawn = True
    list(inlay.progress(batches))
    run.end()
    gone = weakref.ref(run), weakref.ref(batches)
    del run, batches
    gc.collect()
    assert [one() for one in gone] == [None, None]
    assert not any(known for known in module._bars.values())


def test_asynchronous_loops(run):
    async def source():
        for at in range(3):
            await asyncio.sleep(0)
            yield at

    async def train():
        return [(at, bars(run)[0]["n"]) async for at in inlay.progress(source(), total=3, desc="async")]

    assert asyncio.run(train()) == [(0, 0), (1, 1), (2, 2)]
    assert (bars(run)[0]["n"], bars(run)[0]["state"]) == (3, "done")
    with pytest.raises(TypeError, match="use `async for`"):
        iter(inlay.progress(source()))
    with pytest.raises(TypeError, match="use `for`"):
        aiter_of(inlay.progress([1]))


def aiter_of(bar):
    return type(bar).__aiter__(bar)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3,), TypeError, r"progress\(range\(3\)\)"),
        ((None,), TypeError, "got None of type NoneType"),
        ((list,), TypeError, "something to iterate over"),
        ((2.5,), TypeError, "got 2.5 of type float"),
        (([], -1), ValueError, "0 or more.*got -1"),
        (([], float("nan")), ValueError, "got nan"),
        (([], float("inf")), ValueError, "got inf"),
        (([], "10"), TypeError, "got '10' of type str"),
        (([], [10]), TypeError, r"got \[10\] of type list"),
        (([], 10, 7), TypeError, "desc is a short text; got 7"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(arguments, error, words):
    with pytest.raises(error, match=words):
        inlay.progress(*arguments)


# -- where no card is ---------------------------------------------------------------------------------------


@pytest.fixture
def terminal(capsys):
    """What was drawn on the terminal until now."""
    drawn = []

    def text():
        drawn.append(capsys.readouterr().err)
        return "".join(drawn)

    return text


def hide(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_without_a_run_tqdm_draws(terminal):
    assert list(inlay.progress(range(3), desc="epochs")) == [0, 1, 2]
    assert "epochs" in terminal()
    assert "3/3" in terminal()


def test_a_run_without_a_card_is_on_the_terminal_and_counted(store, terminal):
    with inlay.start_run() as run:
        list(inlay.progress(range(3)))
        assert bars(run)[0]["n"] == 3
    assert "3/3" in terminal()


def test_a_run_with_a_card_leaves_the_terminal_alone(run, terminal):
    list(inlay.progress(range(3)))
    assert terminal() == ""


def test_without_tqdm_rich_draws(terminal, monkeypatch):
    hide(monkeypatch, "tqdm", "tqdm.std")
    for _ in inlay.progress(range(2), desc="[red]epochs"):
        assert list(inlay.progress(range(3), desc="inner")) == [0, 1, 2]
    assert "[red]epochs" in terminal()
    assert "2/2" in terminal()
    assert "inner" not in terminal().splitlines()[-1]


def test_with_neither_there_is_silence(terminal, monkeypatch):
    hide(monkeypatch, "tqdm", "tqdm.std", "rich", "rich.progress")
    assert list(inlay.progress(range(3))) == [0, 1, 2]
    assert terminal() == ""


class Leaving(io.StringIO):
    """A stream whose reader leaves after a while."""

    def __init__(self, left):
        super().__init__()
        self.left = left

    def write(self, text):
        self.flush()

    def flush(self):
        if self.left == 0:
            raise BrokenPipeError
        self.left -= 1


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [lambda: None, closed, lambda: Leaving(0), lambda: Leaving(5)])
@pytest.mark.parametrize("hidden", [(), ("tqdm", "tqdm.std")], ids=["tqdm", "rich"])
def test_a_terminal_that_goes_away_does_not_end_the_loop(monkeypatch, hidden, stream):
    hide(monkeypatch, *hidden)
    monkeypatch.setattr(sys, "stderr", stream())
    with inlay.progress(range(3), desc="steps") as outer:
        assert [sum(inlay.progress([item, 1])) for item in outer] == [1, 2, 3]


@pytest.mark.parametrize("hidden", [(), ("tqdm", "tqdm.std"), ("tqdm", "tqdm.std", "rich", "rich.progress")])
def test_asynchronous_loops_on_the_terminal(terminal, monkeypatch, hidden):
    hide(monkeypatch, *hidden)

    async def source():
        for at in range(3):
            yield at

    async def train():
        return [at async for at in inlay.progress(source(), total=3)]

    assert asyncio.run(train()) == [0, 1, 2]
    assert ("3/3" in terminal()) == (len(hidden) < 4)


def test_a_loop_on_the_terminal_that_is_left_ends_there_too(terminal, monkeypatch):
    hide(monkeypatch, "tqdm", "tqdm.std")
    from inlay.tracking import terminal as drawing

    for at in inlay.progress(range(3)):
        if at == 1:
            break
    assert drawing._rows == []
