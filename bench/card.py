"""The card of a run with very many points, or very many metrics: from `get_run` to the picture, without a browser.

The kernel's part of it, with a publisher that shows nothing and comms that lead nowhere; a browser's part is in
`browser.py`. Beside each figure stands what DuckDB takes to scan the same points in the same file, opened for it: a
bar in milliseconds says little on another machine, the ratio says the same.
"""

from __future__ import annotations

import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import comm
import comm.base_comm
import numpy as np
from figures import Figure, in_turns, milliseconds, new_store, progress
from ingesting import begin, points, stream

import inlay
from inlay.query.stored_curves import detail
from inlay.store import database
from inlay.store.ingest import ingest
from inlay.store.store import connect
from inlay.tracking.points import Points
from inlay.views.curves import RunCurves
from inlay.views.live_card import LiveCard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inlay.store.store import Store

METRICS, LONG = 5, 1_000_000
MANY, SHORT = 1_000, 1_000


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """In quick mode a tenth of the points."""
    scale = 10 if quick else 1
    rounds = 3 if quick else 7
    comm.create_comm = _Silent
    progress(f"a run of {METRICS} metrics of {LONG // scale:,} points, and one of {MANY:,} metrics")
    store = new_store(folder / "card")
    long = _build(store, METRICS, LONG // scale)
    many = _build(store, MANY, SHORT // scale)
    connect(store.folder)
    name = f"{METRICS} metrics of {LONG // scale:,} points"
    yield from _against_scan(store, f"card, {name}", long, lambda: _card(long), rounds, 500)
    yield from _against_scan(store, f"card, {MANY:,} metrics", many, lambda: _card(many), rounds, 1_000)
    keys = [f"metric/{i}" for i in range(METRICS)]
    last = LONG // scale - 1
    for what, share in (("a half", 2), ("a tenth", 10)):
        zoom = partial(detail, store, long, keys, "step", last // 4, last // 4 + last // share)
        yield from _against_scan(store, f"zoom to {what}, {METRICS} metrics", long, zoom, rounds, 150)
    progress(f"a round of {MANY:,} metrics that are being logged")
    yield _round(rounds)


def _build(store: Store, metrics: int, each: int) -> str:
    """A run as it is logged: all metrics at each step, taken in as by the background thread."""
    source = stream(store)
    run_id, series = begin(source.writer, metrics)
    slots = points(series, each)
    for start in range(0, len(slots), LONG):
        source.writer.append_points(slots[start : start + LONG].tobytes())
        ingest(store)
    source.close()
    return run_id


def _against_scan(  # noqa: PLR0917
    store: Store, what: str, run_id: str, measure: Callable[[], object], rounds: int, bar: float
) -> Iterator[Figure]:
    progress(what)
    taken: list[tuple[float, float]] = []

    def ours() -> float:
        cpu, wall = time.process_time(), time.perf_counter()
        measure()
        taken.append(((time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3))
        return taken[-1][1]

    found = in_turns({"ours": ours, "scan": lambda: _scan(store, run_id)}, rounds)
    one = milliseconds(what, taken[1:], bar)
    times = median(a / b for a, b in zip(found["ours"], found["scan"], strict=True))
    yield Figure(one.what, one.ours, f"a scan {median(found['scan']):.0f} ms: {times:.1f} x", one.bar, one.holds)
    if what.startswith("card"):
        cpu, wall = taken[0]
        yield Figure(f"{what}, the first one", f"{cpu:.0f} ms CPU, {wall:.0f} wall")


def _scan(store: Store, run_id: str) -> float:
    """Milliseconds to open the file, read each of the run's points once, and close it."""
    began = time.perf_counter()
    con = database.connect(store.database)
    con.execute(
        """
        SELECT series_id, step // 1000, min(step), max(step), min(time), max(time), min(value), max(value), sum(value)
        FROM points WHERE series_id IN (SELECT series_id FROM series WHERE run_id = ?) GROUP BY ALL
        """,
        [run_id],
    ).fetchnumpy()
    con.close()
    return (time.perf_counter() - began) * 1e3


def _card(run_id: str) -> None:
    LiveCard(inlay.get_run(run_id), _Nowhere()).start()


def _round(rounds: int) -> Figure:
    """What the feed does with ten new points of each metric, all of them brought up to date."""
    curves, taken, at = RunCurves(), [], 0
    for _ in range(rounds + 1):
        new = {f"metric/{i}": _some(at, 500 if not at else 10) for i in range(MANY)}
        at += len(new["metric/0"])
        began = time.thread_time()
        curves.feed(new)
        curves.changes()
        taken.append((time.thread_time() - began) * 1e3)
    return Figure(f"a round of {MANY:,} live metrics", f"{median(taken[1:]):.0f} ms CPU", "every 3 s at most")


def _some(at: int, size: int) -> Points:
    steps = np.arange(at, at + size)
    return Points(steps, steps * 0.1, np.random.default_rng(at).random(size))


class _Nowhere:
    """A publisher of a notebook that is watched, which shows nothing."""

    watched = True

    def show(self, *_: object) -> None: ...

    def update(self, *_: object) -> None: ...


class _Silent(comm.base_comm.BaseComm):
    def publish_msg(self, *_: object, **__: object) -> None:
        pass
