"""What a call costs: logging, and starting and ending a run, against a list append and the peers.

The loops are compiled as a notebook cell is, because that is where they run. Ours and the list's are measured
in CPU time of the calling thread, so that other work on the machine does not count, but page faults and
locks do; the peers' in wall time, because they wait for a database, a socket or a queue.
"""

from __future__ import annotations

import gc
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from figures import Figure, in_turns, new_store, progress, ratio
from peer import Peer, peers

import inlay
from inlay.store.upkeep import close_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CELLS = {
    "list append with a clock read": "for i in range(n): l.append((time(), v))",
    "log_metric(key, float, step=i)": "for i in range(n): run.log_metric('loss', v, step=i)",
    "log_metric(key, float)": "for i in range(n): run.log_metric('counted', v)",
    "log, 1 scalar": "for i in range(n): run.log({'alone': v}, step=i)",
    "log, 50 scalars, each": "for i in range(n // 50): run.log(fifty, step=i)",
    "log, 50 scalars, no step, each": "for i in range(n // 50): run.log(fifty_counted)",
}
REFERENCE = "list append with a clock read"
BARS = {"log_metric(key, float, step=i)": 3.0, "log, 50 scalars, each": 1.5}


def figures(folder: Path, *, quick: bool, mlflow: str | None) -> Iterator[Figure]:
    """Per value, and per run; then what the peers take for the same."""
    with peers(folder, mlflow) as others:
        names = ", ".join(peer.label for peer in others) or "no peer"
        progress(f"logging, in turns with a list append and {names}")
        store = new_store(folder / "calls")
        taken = _calls(store, 5_000 if quick else 20_000, 11 if quick else 41)
        theirs = {peer.label: _asked(peer, quick=quick) for peer in others}
        runs = in_turns({"ours": _run_ms(store), **{peer.label: _their_run_ms(peer) for peer in others}}, 5)
        runs["ours"] += in_turns({"ours": _run_ms(store)}, 5 if quick else 30)["ours"]
        close_all()
        yield from _ours(taken, runs["ours"])
        one, fifty = median(taken["log_metric(key, float, step=i)"]), median(taken["log, 50 scalars, each"])
        for peer in others:
            single, each, size = theirs[peer.label]
            run, times = median(runs[peer.label]), median(runs[peer.label]) / median(runs["ours"])
            said = (
                f"one scalar {single:,.0f} µs ({single / one:,.0f} of ours), of 50 each {each:,.1f} µs "
                f"({each / fifty:,.0f}), a run {run:,.1f} ms ({times:,.0f}), {size:,.0f} bytes a point"
            )
            yield Figure(f"{peer.label} {peer.version}", "", said)


def _ours(taken: dict[str, list[float]], runs: list[float]) -> Iterator[Figure]:
    listed = taken[REFERENCE]
    for what, ours in taken.items():
        if what == REFERENCE:
            continue
        times = ratio(ours, listed)
        bar = BARS.get(what)
        against = f"list append {median(listed):.2f} µs: {times:.1f} x"
        yield Figure(
            what, f"{median(ours):.2f} µs", against, f"<= {bar:g} x list" if bar else "", times <= bar if bar else None
        )
    yield Figure("start_run and end", f"{median(runs):.2f} ms", "", "<= 4 ms", median(runs) <= 4)


def _asked(peer: Peer, *, quick: bool) -> tuple[float, float, float]:
    """Microseconds of one scalar and of each of fifty, in turns, and bytes a point."""
    size = 10 if quick else 200
    taken = in_turns(
        {"one": lambda: peer.ask("log_metric", size), "fifty": lambda: peer.ask("log_metrics", max(2, size // 20))},
        3 if quick else 5,
    )
    return median(taken["one"]), median(taken["fifty"]), peer.ask("bytes", 1_000 if quick else 20_000)


def _calls(store: Any, size: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU a value, by cell."""
    with inlay.start_run("bench", store=store) as run:
        fifty = {f"metric/{i}": i / 7 for i in range(50)}
        # The list keeps what it is given, as the journal does: memory used again would cost it no page faults.
        names = {
            "l": [],
            "run": run,
            "fifty": fifty,
            "fifty_counted": {f"{key}/counted": v for key, v in fifty.items()},
        }
        measures = {what: _cell(code, names, size) for what, code in CELLS.items()}
        return in_turns(measures, rounds)


def _cell(code: str, names: dict[str, Any], size: int) -> Callable[[], float]:
    compiled = compile(code, "<cell>", "exec")

    def measure() -> float:
        scope = {"n": size, "time": time.time, "v": 0.5, **names}
        gc.collect()
        began = time.thread_time()
        exec(compiled, scope)
        return (time.thread_time() - began) / size * 1e6

    return measure


def _run_ms(store: Any) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        inlay.start_run(store=store).end()
        return (time.perf_counter() - began) * 1e3

    return measure


def _their_run_ms(peer: Peer) -> Callable[[], float]:
    return lambda: peer.ask("run", 1) / 1e3
