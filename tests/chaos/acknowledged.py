"""Programs that log and acknowledge, and the check that nothing acknowledged is missing or there twice.

An acknowledgement is a number in a shared memory map, written right after the call returned: it survives the
process as surely as the page cache does, and costs the program no system call in which it could be caught.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

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


def check_series(run_id: str, key: str, acknowledged: int, *, in_flight: int) -> None:
    """Steps 0, 1, 2 ... each once with its value; none of those acknowledged missing, no more than could be under way."""
    rows = inlay.sql(
        """
        SELECT count(*), count(DISTINCT step), coalesce(max(step) + 1, 0), count(*) FILTER (value <> step)
        FROM metrics WHERE run_id = ?::UUID AND key = ?
        """,
        [run_id, key],
    ).fetchall()
    count, distinct, end, wrong = rows[0]
    assert count == distinct, f"{key}: {count - distinct} points are there twice"
    assert count == end, f"{key}: {end - count} points are missing in the middle"
    assert wrong == 0, f"{key}: {wrong} points have another value"
    assert acknowledged <= count <= acknowledged + in_flight, f"{key}: {count} there, {acknowledged} acknowledged"
