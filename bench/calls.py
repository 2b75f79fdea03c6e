"""What a call costs: logging, and starting and ending a run, against a list append and MLflow on SQLite.

The loops are compiled as a notebook cell is, because that is where they run. Ours and the list's are measured
in CPU time of the calling thread, so that other work on the machine does not count, but page faults and
locks do; MLflow's in wall time, because it waits for its database.
"""

from __future__ import annotations

import gc
import json
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from figures import Figure, in_turns, new_store, progress, ratio

import inlay
from inlay.store.upkeep import close_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

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


def figures(folder: Path, *, quick: bool, mlflow: str) -> Iterator[Figure]:
    """Per value, and per run."""
    progress("logging, in turns with a list append and MLflow")
    store = new_store(folder / "calls")
    with Peer(mlflow, folder) as peer:
        taken = _calls(store, 5_000 if quick else 20_000, 11 if quick else 41)
        theirs = peer.calls(10 if quick else 100, 3 if quick else 5)
        runs = in_turns({"ours": _run_ms(store), "MLflow": peer.run_ms}, 5 if quick else 30)
    close_all()
    listed = taken[REFERENCE]
    for what, ours in taken.items():
        if what == REFERENCE:
            continue
        times = ratio(ours, listed)
        bar = BARS.get(what)
        against = f"list append {median(listed):.2f} µs: {times:.1f} x"
        if what in theirs:
            against += f"; MLflow {theirs[what]:,.0f} µs: {theirs[what] / median(ours):,.0f} of ours"
        yield Figure(
            what, f"{median(ours):.2f} µs", against, f"<= {bar:g} x list" if bar else "", times <= bar if bar else None
        )
    ms = median(runs["ours"])
    against = f"MLflow {median(runs['MLflow']):.0f} ms" if peer.version else ""
    yield Figure("start_run and end", f"{ms:.2f} ms", against, "<= 4 ms", ms <= 4)
    yield Figure("peer", f"MLflow {peer.version}" if peer.version else peer.missing)


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


class Peer:
    """MLflow in a Python of its own, told by lines what to measure."""

    def __init__(self, python: str, folder: Path) -> None:
        self._command = [python, str(Path(__file__).with_name("mlflow_peer.py")), str(folder / "mlflow")]
        self.version = ""
        self.missing = f"no MLflow in {python}; give a Python that has it: --mlflow venv/bin/python"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        answer = self._process.stdout.readline()
        self.version = json.loads(answer) if answer else ""
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def calls(self, size: int, rounds: int) -> dict[str, float]:
        """Microseconds a value of the calls it has, too."""
        if not self.version:
            return {}
        measures = {
            "log_metric(key, float, step=i)": lambda: self._ask("log_metric", size),
            "log, 50 scalars, each": lambda: self._ask("log_metrics", max(2, size // 50)),
        }
        return {what: median(values) for what, values in in_turns(measures, rounds).items()}

    def run_ms(self) -> float:
        """Milliseconds of one run begun and ended; 0 without MLflow."""
        return self._ask("run", 1) / 1e3 if self.version else 0.0

    def _ask(self, what: str, size: int) -> float:
        print(what, size, file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))
