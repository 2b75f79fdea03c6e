"""A figure of the benchmark, and how figures are taken: everything that is compared is measured in turns.

Two programs measured one after the other meet two different machines, when others work on it. Here each round
measures every one of them, and what counts is the median of the rounds' ratios. Where a bar is in milliseconds
there is nothing to divide by: then CPU time, which others do not add to, stands beside wall time.
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import statistics
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    ours: str
    against: str = ""
    bar: str = ""
    holds: bool | None = None
    """Whether the bar is held; None where there is none, or where the size measured cannot tell."""


def in_turns(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each measure once a round; the first round only warms up."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds + 1):
        for name, measure in measures.items():
            value = measure()
            if turn:
                taken[name].append(value)
    return taken


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def milliseconds(what: str, taken: list[tuple[float, float]], bar: float) -> Figure:
    """Medians of pairs of CPU and wall time, in milliseconds, against a bar.

    Our code waits for nothing here, so an idle machine takes no longer than the CPU time of all threads.
    """
    cpu, wall = (statistics.median(column) for column in zip(*taken, strict=True))
    return Figure(what, f"{cpu:.0f} ms CPU, {wall:.0f} wall", bar=f"<= {bar:g} ms", holds=min(cpu, wall) <= bar)


def new_store(path: Path) -> Store:
    """A store at `path`, without the line that says where it is."""
    from inlay.store.store import connect

    with contextlib.redirect_stderr(io.StringIO()):
        return connect(path)


def progress(text: str) -> None:
    """What is being measured, for whoever waits."""
    print(f"  {text} ...", file=sys.stderr, flush=True)


def print_table(figures: Iterable[Figure]) -> bool:
    """The table; returns whether every bar was held."""
    rows = [("", "ours", "against", "bar", "")]
    for one in figures:
        mark = {True: "ok", False: "MISSED", None: ""}[one.holds]
        rows.append((one.what, one.ours, one.against, one.bar, mark))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return not any(row[-1] == "MISSED" for row in rows)


def machine() -> str:
    """What the figures were taken on."""
    import duckdb

    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.system()}, "
        f"{os.cpu_count()} cores{load}"
    )
