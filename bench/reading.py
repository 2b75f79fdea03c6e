"""The history of a metric into NumPy, out of a store of 20 million points of 200 runs.

Half of the points are of runs that were alone when they were logged, the other half of runs logged ten at
once, whose points lie between each other's. The store is asked through `Run.history`, which looks into the
journals first: the last figure is for many of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from figures import Figure, milliseconds, new_store, progress
from ingesting import begin, points, stream

import inlay
from inlay.store.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG, SHORT = 1_000_000, 10_000
TOGETHER = 10


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """In quick mode a tenth of everything."""
    scale = 10 if quick else 1
    progress(f"a store of {20 // scale} million points")
    store = new_store(folder / "large")
    known = _build(store, scale)
    for kind, length, bar in (("long", LONG // scale, 150), ("short", SHORT // scale, 50)):
        for how in ("alone", "together"):
            progress(f"histories of {length:,} points, logged {how}")
            asked = known[kind, how] * (3 if kind == "long" else 1)
            taken = [_ask(run_id, length) for run_id in asked]
            yield milliseconds(f"history of {length:,} points, logged {how}", taken, bar)
    dead = 200 // scale
    progress(f"{dead} journals of killed processes")
    run_id = known["short", "alone"][0]
    _leave_journals(store, dead)
    text = ", then ".join(f"{_ask(run_id, SHORT // scale)[0]:.0f}" for _ in range(3))
    yield Figure(f"history after {dead} killed processes", f"{text} ms CPU", "three looks in a row")


def _build(store: Any, scale: int) -> dict[tuple[str, str], list[str]]:
    """The runs' ids by the length of their series and how they were logged.

    10 runs of one series of a million points, and 190 of five or six series of 10,000: 20 million, 200 runs.
    """
    known: dict[tuple[str, str], list[str]] = {(k, h): [] for k in ("long", "short") for h in ("alone", "together")}
    source = stream(store)

    def log(kind: str, runs: int, keys: int, each: int, how: str) -> None:
        begun = [begin(source.writer, keys) for _ in range(runs)]
        known[kind, how] += [run_id for run_id, _ in begun]
        piece = max(1, 2_000_000 // (runs * keys))
        slots = points([one for _, series in begun for one in series], each)
        for start in range(0, each, piece):  # some ingests while they run, as in life
            source.writer.append_points(slots[start * runs * keys : (start + piece) * runs * keys].tobytes())
            ingest(store)

    for _ in range(5):
        log("long", 1, 1, LONG // scale, "alone")
    log("long", 5, 1, LONG // scale, "together")
    for _ in range(90):
        log("short", 1, 6, SHORT // scale, "alone")
    for _ in range(10):
        log("short", TOGETHER, 5, SHORT // scale, "together")
    source.close()
    return known


def _ask(run_id: str, length: int) -> tuple[float, float]:
    """Milliseconds of CPU time, all threads', and of wall time."""
    run = inlay.get_run(run_id)
    cpu, wall = time.process_time(), time.perf_counter()
    assert len(run.history("metric/0")) == length
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3


def _leave_journals(store: Any, count: int) -> None:
    for _ in range(count):
        source = stream(store)
        _, series = begin(source.writer, 10)
        source.writer.append_points(points(series, 100).tobytes())
        source.writer._segment.abandon()  # as a killed process leaves it: neither an end nor a lock
        source.writer._release()
        source.writer.closed = True
