"""Finding and comparing runs: what a user asks in Python, and what the run table asks, at 1,000 to 100,000 runs.

At 1,000 runs MLflow on SQLite answers the same questions in turns with us (`peers/runs_of_mlflow.py`). Each question
is about another metric than the one before, so that nothing is measured that was remembered. The first page is that of
a table nobody has drawn before: columns, counts and rows, as a browser gets them; what the browser does is in
`browser_table.py`.
"""

from __future__ import annotations

import itertools
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import comm
import comm.base_comm
from figures import Figure, in_turns, milliseconds, progress, ratio
from filled import METRICS, filled
from peer import runs_of_mlflow

import inlay
from inlay.store.store import connect
from inlay.views.page import page
from inlay.views.requests import reply_to
from inlay.views.run_table import RunTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZES = 1_000, 10_000, 100_000
TIMES = 20
"""How many times as fast as MLflow every question has to be at 1,000 runs."""
BARS = {"page": 300, "sort": 250, "filtered": 250}
"""Milliseconds at 100,000 runs."""
QUESTIONS = {
    "filter": "filter on a metric and a param, names",
    "top": "order by a metric, top 20",
    "frame": "to_df()",
    "group": "group by a param, 8 metrics",
    "page": "first page of the table",
    "sort": "... sorted by a metric",
    "filtered": "... filtered by a metric",
    "facet": "... histogram of a metric",
}
LARGE = ("top", "group", "page", "sort", "filtered", "facet")
"""What is asked of all sizes; the others have all runs in their answer, and take as long as they are many."""


def figures(folder: Path, *, quick: bool, mlflow: str | None) -> Iterator[Figure]:
    """In quick mode 200 runs, and 2,000."""
    comm.create_comm = _Silent
    small, *large = (200, 2_000) if quick else SIZES
    yield from _beside_mlflow(folder, small, 3 if quick else 9, mlflow)
    for runs in large:
        yield from _alone(folder, runs, 3 if quick else 9)


def _beside_mlflow(folder: Path, runs: int, rounds: int, python: str | None) -> Iterator[Figure]:
    progress(f"{runs:,} runs of MLflow's, which takes minutes")
    with runs_of_mlflow(folder / "mlflow", runs, python) as peer:
        connect(filled(folder / f"{runs}", runs).folder)
        ours = _questions()
        for name, what in QUESTIONS.items():
            asked = {"ours": _timed(ours[name])}
            if peer is not None and name != "filtered":  # which is `filter` to MLflow
                asked["theirs"] = lambda name=name: peer.ask(name)
            progress(f"{what}, {runs:,} runs")
            taken = in_turns(asked, rounds)
            against, bar, holds = "", "", None
            if "theirs" in taken:
                times = 1 / ratio(taken["ours"], taken["theirs"])
                against = f"{peer.label} {peer.version} {median(taken['theirs']):,.0f} ms: {times:.0f} x"
                bar, holds = f">= {TIMES} x", times >= TIMES
            yield Figure(f"{what}, {runs:,} runs", f"{median(taken['ours']):.1f} ms", against, bar, holds)


def _alone(folder: Path, runs: int, rounds: int) -> Iterator[Figure]:
    progress(f"a store of {runs:,} runs")
    connect(filled(folder / f"{runs}", runs).folder)
    ours = _questions()
    for name in LARGE:
        taken: list[tuple[float, float]] = []
        for _ in range(rounds + 1):
            cpu, wall = time.process_time(), time.perf_counter()
            ours[name]()
            taken.append(((time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3))
        one = milliseconds(f"{QUESTIONS[name]}, {runs:,} runs", taken[1:], BARS.get(name, 0))
        barred = runs == SIZES[-1] and name in BARS
        yield one if barred else Figure(one.what, one.ours)


def _questions() -> dict[str, Callable[[], object]]:
    """Of the store that is connected."""
    metric = map("m{}".format, itertools.cycle(range(METRICS)))
    table = RunTable(inlay.runs())
    table.widget  # noqa: B018 - a page has it
    state = table.state

    def view(**changed: Any) -> object:
        return _ask(table, "view", state={**state, **changed}, start=0, count=60)

    def first_page() -> None:
        shown = RunTable(inlay.runs())
        shown.widget  # noqa: B018 - its first view is what a page gets with it
        shown.close()

    return {
        "filter": lambda: [run.name for run in inlay.runs(f"metrics.{next(metric)} > 0.5 and params.p0 != 'c1'")],
        "top": lambda: [run.metrics["m7"] for run in inlay.runs(order_by=f"metrics.{next(metric)} DESC", limit=20)],
        "frame": lambda: inlay.runs().to_df(),
        "group": lambda: inlay.runs().group_by("params.p0", metrics=[next(metric) for _ in range(8)]).to_df(),
        "page": first_page,
        "sort": lambda: view(order=[[f"metrics.{next(metric)}", "asc"]]),
        "filtered": lambda: view(filter=f"metrics.{next(metric)} > 0.5"),
        "facet": lambda: _ask(table, "facet", column=f"metrics.{next(metric)}", bins=40),
    }


def _ask(table: RunTable, op: str, **arguments: Any) -> object:
    """What a page gets for a request."""
    request = {"id": 1, "op": f"table.{op}", "table": table.token, **arguments}
    return reply_to(request, page().desk).content["ok"]


def _timed(question: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        question()
        return (time.perf_counter() - began) * 1e3

    return measure


class _Silent(comm.base_comm.BaseComm):
    def publish_msg(self, *_: object, **__: object) -> None:
        pass
