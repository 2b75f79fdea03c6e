"""The end of what was printed: how much, which lines, without secrets, and streams left as they were."""

from __future__ import annotations

import io
import sys
import time

import pytest

from inlay.notebook.output_tail import OutputTail
from inlay.store.masking import MASK
from inlay.tracking import tail as tails
from inlay.tracking.memory import RunMemory
from inlay.tracking.tail import TAIL_BYTES, Tail


def tail_of(*texts):
    tail = Tail()
    for text in texts:
        tail.feed(text)
    return tail


def test_everything_when_it_is_short():
    tail = tail_of("a\n", "b", "c\n", "rest")
    assert tail.text() == "a\nbc\nrest"
    assert tail.total_bytes == 9


@pytest.mark.parametrize("line", ["x" * 99 + "\n", "é" * 49 + "\n"])
def test_the_last_64_kb_in_whole_lines(line):
    tail = Tail()
    for number in range(5000):
        tail.feed(f"{number:04}{line}")
    text = tail.text()
    assert TAIL_BYTES - 200 < len(text.encode()) <= TAIL_BYTES
    assert text.splitlines()[-1].startswith("4999")
    assert {len(one) for one in text.splitlines()} == {len(line) + 3}
    assert tail.total_bytes == 5000 * len(f"0000{line}".encode())


def test_a_line_without_end():
    tail = Tail()
    for _ in range(300):
        tail.feed("." * 1000)
    assert tail.text() == "." * TAIL_BYTES
    assert tail.total_bytes == 300_000


def test_a_progress_bar_counts_once():
    """A training's tail was 64 KB of one progress bar."""
    tail = Tail()
    tail.feed("before\n")
    for percent in range(20_000):
        tail.feed(f"\r{percent / 200:6.2f}%|{'#' * 30}")
    assert tail.text() == f"before\n{19_999 / 200:6.2f}%|{'#' * 30}"
    tail.feed("\ndone\r\n")
    assert tail.text().endswith("#\ndone\n")


def test_a_bar_that_returns_after_writing():
    assert tail_of("10%\r", "20%\r").text().strip() == "20%"
    assert tail_of("10%\r", "20%\r", "30%\n").text() == "30%\n"


def test_secrets_are_masked_also_where_the_cut_is():
    key = "ghp_" + "a1" * 18
    tail = tail_of(f"x{' ' * 40}key {key} ", "y" * (TAIL_BYTES - 20))
    assert "a1a1a1" not in tail.text()
    assert tail_of(f"password='hunter2' {key}").text() == f"password='{MASK}' {MASK}"


def test_secrets_are_masked_also_where_they_are_coloured():
    """rich and many loggers colour the name and the value of a setting each on its own."""
    coloured = "\x1b[33mpassword\x1b[0m=\x1b[32m'hunter2'\x1b[0m\n"
    assert tail_of(coloured).text() == f"password='{MASK}'\n"
    assert "a1a1a1" not in tail_of("ghp_" + "a1" * 9 + "\x1b[0m" + "a1" * 9).text()
    assert tail_of("\x1b[32mgreen\x1b[0m").text() == "\x1b[32mgreen\x1b[0m"


class FakeRun:
    def __init__(self):
        self.recorded = []
        self.memory = RunMemory()

    def record_output(self, tail, total_bytes):
        self.recorded.append((tail, total_bytes))


def test_what_a_plain_stream_is_given(monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    run = FakeRun()
    tail = OutputTail(run, None)
    print("to out")
    print("to err", file=sys.stderr)
    tail.end()
    print("after")
    assert run.recorded == [("to out\nto err\n", 14)]
    assert out.getvalue() == "to out\nafter\n"


class Stream(io.StringIO):
    """Like a real one: attributes can be set on it."""


def test_the_stream_is_left_as_it_was(monkeypatch):
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    OutputTail(FakeRun(), None).end()
    assert "write" not in vars(stream)

    def own(text):
        return Stream.write(stream, text)

    stream.write = own
    OutputTail(FakeRun(), None).end()
    assert stream.write is own


def test_somebody_else_wraps_the_stream_meanwhile(monkeypatch):
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    tail = OutputTail(FakeRun(), None)
    ours = stream.write

    def theirs(text):
        return ours(text)

    stream.write = theirs
    tail.end()
    assert stream.write is theirs


def test_nothing_printed_records_nothing():
    run = FakeRun()
    OutputTail(run, None).end()
    assert run.recorded == []


def test_a_long_cell_is_recorded_on_the_way(monkeypatch):
    monkeypatch.setattr(tails, "FLUSH_S", 0.02)
    monkeypatch.setattr(sys, "stdout", Stream())
    run = FakeRun()
    tail = OutputTail(run, None)
    print("one")
    deadline = time.monotonic() + 5
    while not run.recorded and time.monotonic() < deadline:
        time.sleep(0.01)
    print("two")
    tail.end()
    assert run.recorded[0] == ("one\n", 4)
    assert run.recorded[-1] == ("one\ntwo\n", 8)


def test_recording_that_fails_is_not_the_cells_business(monkeypatch):
    class Broken(FakeRun):
        def record_output(self, tail, total_bytes):
            raise OSError("disk full")

    monkeypatch.setattr(sys, "stdout", Stream())
    tail = OutputTail(Broken(), None)
    print("x")
    tail.end()


def test_a_card_may_look_while_the_cell_prints(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    run = FakeRun()
    tail = OutputTail(run, None)
    assert run.memory.output() is None
    print("password: hunter2hunter2")
    text, total = run.memory.output()
    assert text == f"password: {MASK}\n"
    assert total == run.memory.output_bytes() == len("password: hunter2hunter2\n")
    for _ in range(1000):
        print("x" * 99)
    assert 15_000 < len(run.memory.output()[0]) <= 16 * 1024
    tail.end()
    assert run.memory.printing is None
