"""How a peer is measured: from inside a Python of its own, told by lines on its standard input what to do.

A line is what to measure and a size; the answer is a number as JSON: microseconds a value, or bytes a point. What the
peer prints goes to standard error. Each script beside this one says what its tracker's words are.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIFTY = {f"metric/{i}": i / 7 for i in range(50)}
LOSS = {"loss": 0.5}

os.environ |= {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "HF_HUB_OFFLINE": "1",
    "SWANLAB_MODE": "offline",
}


class Tracker(Protocol):
    """A peer, in three words. `folder` is where it keeps what it is told."""

    def begin(self, folder: Path) -> None:
        """Open a run that everything is logged to until `end`."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log several metrics at one step, in the way its documentation shows first."""

    def end(self) -> None:
        """End the run, with everything on disk."""


def answer(package: str, folder: Path, tracker: Tracker) -> None:
    """Measure what standard input asks for, until it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)  # also what its helpers print
    tracker.begin(folder)
    print(json.dumps(version(package)), file=answers, flush=True)
    for line in sys.stdin:
        what, size = line.split()
        print(json.dumps(_measures[what](tracker, folder, int(size))), file=answers, flush=True)
    tracker.end()


def _one(tracker: Tracker, _: Path, size: int) -> float:
    began = time.perf_counter()
    for step in range(size):
        tracker.log(LOSS, step)
    return (time.perf_counter() - began) / size * 1e6


def _fifty(tracker: Tracker, _: Path, size: int) -> float:
    began = time.perf_counter()
    for step in range(size):
        tracker.log(FIFTY, step)
    return (time.perf_counter() - began) / size / len(FIFTY) * 1e6


def _run(tracker: Tracker, folder: Path, _: int) -> float:
    """One run begun and ended, beside the one that is open."""
    tracker.end()
    began = time.perf_counter()
    tracker.begin(folder)
    tracker.end()
    taken = time.perf_counter() - began
    tracker.begin(folder)
    return taken * 1e6


def _bytes(tracker: Tracker, folder: Path, size: int) -> float:
    """Bytes that so many points, of ten metrics and different values, add on disk."""
    tracker.end()
    before = _size(folder)
    tracker.begin(folder)
    for step in range(size // 10):
        tracker.log({f"m{i}": (step * 10 + i) ** 0.5 for i in range(10)}, step)
    tracker.end()
    taken = _size(folder) - before
    tracker.begin(folder)
    return taken / size


_measures = {"log_metric": _one, "log_metrics": _fifty, "run": _run, "bytes": _bytes}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
