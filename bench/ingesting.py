"""From the journal into the database: time and memory of an ingest, bytes a point, compaction.

The points are random doubles at steps in order, of several metrics logged together, written to a real journal
by `stream`, which the other parts use as well.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from figures import Figure, new_store, progress, ratio

from inlay.store import database
from inlay.store.compaction import compact
from inlay.store.identity import new_id
from inlay.store.ingest import ingest
from inlay.store.journal.reader import POINT
from inlay.store.journal.slots import Kind
from inlay.store.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inlay.store.journal.writer import Writer
    from inlay.store.store import Store

MILLION = 1_000_000
_random = np.random.default_rng(1)


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """Sizes mean little in small: a database file has half a megabyte of its own."""
    size = 100_000 if quick else MILLION
    progress(f"ingest of {size:,} points, in turns with a bare insert")
    yield _ingest(folder, size, rounds=2 if quick else 5)
    progress("many small ingests")
    yield from _small_ingests(folder, 20 if quick else 1000, told=not quick)
    progress("memory of a large ingest")
    yield _memory(folder, size if quick else 10 * MILLION)


def begin(writer: Writer, keys: int) -> tuple[str, list[int]]:
    """A run in a writer's stream: its id, and those of its series."""
    run_id = new_id()
    body = {"run": run_id, "name": "bench", "experiment": "bench", "time": time.time()}
    writer.event(Kind.RUN_START, body)
    return run_id, writer.define(run_id, [f"metric/{i}" for i in range(keys)])


def points(series: list[int], each: int) -> np.ndarray:
    """Slots of several series logged together, one step after the other."""
    slots = np.empty(each * len(series), POINT)
    slots["time"] = time.time() + np.arange(len(slots)) * 1e-4
    slots["value"] = _random.random(len(slots))
    slots["step"] = np.repeat(np.arange(each), len(series))
    slots["series"] = np.tile(series, each)
    return slots


def stream(store: Store) -> Upkeep:
    """A writer whose background thread was not started: nothing is ingested unless asked for."""
    return Upkeep(store)


def _ingest(folder: Path, size: int, rounds: int) -> Figure:
    ours, bare = [], []
    for turn in range(rounds + 1):
        store = new_store(folder / f"ingest-{turn}")
        source = stream(store)
        _, series = begin(source.writer, 10)
        slots = points(series, size // 10)
        source.writer.append_points(slots.tobytes())
        with store.open():
            pass  # the tables are there in an ordinary store
        began = time.perf_counter()
        assert ingest(store) == size
        ours.append(time.perf_counter() - began)
        bare.append(_bare_insert(folder / f"bare-{turn}.duckdb", slots))
        source.close(ingest=False)
    times, seconds = ratio(ours[1:], bare[1:]), median(ours[1:])
    return Figure(
        f"ingest of {size:,} points", f"{seconds:.2f} s", f"bare insert {median(bare[1:]):.2f} s: {times:.1f} x",
        "<= 1 s or <= 4 x", seconds <= 1 or times <= 4,
    )  # fmt: skip


def _bare_insert(path: Path, slots: np.ndarray) -> float:
    """Seconds that DuckDB takes for the same columns in a file of their own."""
    columns = {
        "series": slots["series"].astype(np.int32),
        "step": slots["step"].copy(),
        "time": (slots["time"] * 1e6).astype("int64").astype("datetime64[us]"),
        "value": slots["value"].copy(),
    }
    con = database.connect(path)
    con.execute("CREATE TABLE points (series_id INTEGER, step BIGINT, time TIMESTAMP, value DOUBLE)")
    began = time.perf_counter()
    con.register("columns_", columns)
    con.execute("INSERT INTO points SELECT * FROM columns_")
    con.close()
    return time.perf_counter() - began


def _small_ingests(folder: Path, times: int, *, told: bool) -> Iterator[Figure]:
    """The same million points at once, and a thousand at a time with what upkeep does when the process ends."""
    size = times * 1000
    at_once = new_store(folder / "at-once")
    source = stream(at_once)
    _, series = begin(source.writer, 10)
    slots = points(series, size // 10)
    source.writer.append_points(slots.tobytes())
    source.close()
    once = _bytes_a_point(at_once, size)
    yield Figure("bytes a point, one ingest", f"{once:.1f}", bar="<= 16", holds=once <= 16 if told else None)

    store = new_store(folder / "small")
    source = stream(store)
    begin(source.writer, 10)
    for start in range(0, size, 1000):
        source.writer.append_points(slots[start : start + 1000].tobytes())
        ingest(store)
    grown = _bytes_a_point(store, size)
    source.close()
    closed = _bytes_a_point(store, size)
    what = f"bytes a point, {times:,} ingests and a closing one"
    yield Figure(what, f"{closed:.1f}", f"{grown:.1f} before", "<= 16", closed <= 16 if told else None)

    began = time.perf_counter()
    compact(store)
    seconds = time.perf_counter() - began
    left = _bytes_a_point(store, size)
    yield Figure("bytes a point, compacted", f"{left:.1f}", f"{seconds:.2f} s", "<= 11", left <= 11 if told else None)


def _bytes_a_point(store: Store, size: int) -> float:
    return store.database.stat().st_size / size


def _memory(folder: Path, size: int) -> Figure:
    """In a process of its own, because what Python once took it does not give back."""
    code = f"import ingesting; ingesting.print_peak({str(folder / 'memory')!r}, {size})"
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    peak = float(done.stdout)
    return Figure(f"memory for {size:,} points", f"{peak:.0f} MB", "the whole process", "<= 1000 MB", peak <= 1000)


def print_peak(folder: str, size: int) -> None:
    """Ingest `size` points and print the most memory this process had, in megabytes."""
    import resource

    store = new_store(Path(folder))
    source = stream(store)
    _, series = begin(source.writer, 10)
    for _ in range(10):
        source.writer.append_points(points(series, size // 100).tobytes())
    assert ingest(store) == size
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(kilobytes / 1e3)
