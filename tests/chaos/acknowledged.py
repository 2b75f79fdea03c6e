"""Programs that log and acknowledge, and the check that nothing acknowledged is missing or there twice.

An acknowledgement is a number in a shared memory map, written right after the call returned: it survives the
process as surely as the page cache does, and costs the program no system call in which it could be caught.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

from typing_extensions import Self

import inlay

ACK = struct.Struct("<q")
BOARD = 4096

PREAMBLE = """
import mmap, os, struct, sys, threading, time
import numpy as np
import inlay

name, board = sys.argv[1], open(sys.argv[2], "r+b")
acknowledged = mmap.mmap(board.fileno(), 0)

def acknowledge(place, count):
    # One copy of eight bytes. `pack_into` would clear the place first, and a kill may come in between.
    acknowledged[8 * place : 8 * place + 8] = struct.pack("<q", count)

def ready():
    print("ready", flush=True)
"""


class Board:
    """What a program has acknowledged, by place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(BOARD))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), BOARD)

    def __getitem__(self, place: int) -> int:
        (count,) = ACK.unpack_from(self._map, ACK.size * place)
        return int(count)


def start(code: str, name: str, board: Board) -> subprocess.Popen[str]:
    """Start a program and wait until it says that it is ready."""
    program = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), name, str(board.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n", program.stderr.read() if program.stderr else ""
    return program


class Cradle:
    """A process that has imported everything and begins programs by forking, in milliseconds; nothing else is open in it."""

    def __init__(self, code: str) -> None:
        loop = """
for line in sys.stdin:
    name, path = line.split("\t")
    child = os.fork()
    if not child:
        board = open(path.strip(), "r+b")
        acknowledged = mmap.mmap(board.fileno(), 0)
        exec(PROGRAM)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
        imports, rest = PREAMBLE.split("name, board = ", 1)
        defined = rest.split("\n\n", 1)[1]
        program = f"{imports}\nPROGRAM = {code!r}\n{defined}\n{loop}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(self, name: str, board: Board) -> int:
        """Begin a program and wait until it says that it is ready; returns its pid."""
        print(f"{name}\t{board.path}", file=self._process.stdin, flush=True)
        said = sorted(self._process.stdout.readline().strip() for _ in range(2))
        assert said[1] == "ready", said
        return int(said[0])

    def kill(self, pid: int) -> None:
        """SIGKILL; returns when it is gone."""
        os.kill(pid, signal.SIGKILL)
        assert self._process.stdout.readline() == "gone\n"


_FACTS = "count(*), count(DISTINCT step), coalesce(max(step) + 1, 0), count(*) FILTER (value <> step)"

Facts = dict[tuple[str, str], tuple[int, int, int, int]]


def facts() -> Facts:
    """What there is to check of every series, in one look."""
    rows = inlay.sql(f"SELECT run_id::VARCHAR, key, {_FACTS} FROM metrics GROUP BY ALL").fetchall()
    return {(run_id, key): tuple(found) for run_id, key, *found in rows}


def check_series(run_id: str, key: str, acknowledged: int, *, in_flight: int, known: Facts | None = None) -> None:
    """Steps 0, 1, 2 ... each once with its value; none of those acknowledged missing, no more than could be under way."""
    if known is None:
        (found,) = inlay.sql(
            f"SELECT {_FACTS} FROM metrics WHERE run_id = ?::UUID AND key = ?", [run_id, key]
        ).fetchall()
    else:
        found = known.get((run_id, key), (0, 0, 0, 0))
    count, distinct, end, wrong = found
    assert count == distinct, f"{key}: {count - distinct} points are there twice"
    assert count == end, f"{key}: {end - count} points are missing in the middle"
    assert wrong == 0, f"{key}: {wrong} points have another value"
    assert acknowledged <= count <= acknowledged + in_flight, f"{key}: {count} there, {acknowledged} acknowledged"
