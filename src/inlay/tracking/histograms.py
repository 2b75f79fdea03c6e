"""Histograms of a run: counted, numbered, written into the journal, and read back."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inlay.store.journal.slots import Kind
from inlay.tracking import values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inlay.tracking.recorder import Recorder
    from inlay.tracking.run import Run

_next: WeakKeyDictionary[Recorder, dict[str, int]] = WeakKeyDictionary()
"""The next step of each key, by what writes the run in this process."""
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram over the steps of a run: `steps` (n,) int64, and of each step `edges[i]` (bins + 1,) and `counts[i]`
    (bins,), float64.
    """

    key: str
    steps: NDArray[np.int64]
    edges: list[NDArray[np.float64]]
    counts: list[NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        if not len(self):
            return f"Histogram {self.key!r}: no steps"
        return f"Histogram {self.key!r}: {len(self):,} steps, {self.steps[0]} to {self.steps[-1]}"


def log_histogram(run: Run, key: str, given: Any, step: int | None, *, bins: Any, counts: Any, edges: Any) -> None:
    """See `Run.log_histogram`."""
    from inlay.content.histogram import counted
    from inlay.content.histogram import given as checked

    values.check_key(key, "histogram")
    whole = None if step is None else values.step_number(key, step)
    if (given is None) == (counts is None) or (counts is None) != (edges is None):
        msg = f"histogram {key!r} takes values, or counts= and edges= as np.histogram gives them, not both"
        raise ValueError(msg)
    recorder = run.writable()
    bounds, numbers = checked(counts, edges) if given is None else counted(given, bins)
    with _lock:
        steps = _next.setdefault(recorder, {})
        if whole is None:
            whole = steps.get(key) if key in steps else _first(run, recorder, key)
        recorder.event(Kind.HISTOGRAM, key=key, step=whole, edges=bounds, counts=numbers)
        steps[key] = (whole or 0) + 1
        run.memory.keep_histogram(key, whole or 0, bounds, numbers)


def histogram(run: Run, key: str) -> Histogram:
    """See `Run.histogram`."""
    import difflib

    import numpy as np

    from inlay.query.fresh import fresh

    with fresh(run.store) as con:
        rows = con.execute(
            "SELECT step, edges, counts FROM histograms WHERE run_id = ? AND key = ? ORDER BY step", [run.run_id, key]
        ).fetchall()
    if not rows:
        known = histogram_keys(run)
        near = difflib.get_close_matches(key, known, 3) or known[:5]
        there = f"it has {', '.join(map(repr, near))}" if near else "it has none"
        msg = f"the run has no histogram {key!r}; {there}"
        raise KeyError(msg)
    arrays = [[np.asarray(column, np.float64) for column in row[1:]] for row in rows]
    steps = np.asarray([row[0] for row in rows], np.int64)
    return Histogram(key, steps, [one[0] for one in arrays], [one[1] for one in arrays])


def histogram_keys(run: Run) -> list[str]:
    """See `Run.histograms`."""
    from inlay.query.fresh import fresh

    with fresh(run.store) as con:
        rows = con.execute("SELECT DISTINCT key FROM histograms WHERE run_id = ? ORDER BY key", [run.run_id]).fetchall()
    return [key for (key,) in rows]


def _first(run: Run, recorder: Recorder, key: str) -> int:
    """The next step of a key that is new to this process; an earlier life of the run may have logged it."""
    if not (recorder.resumed or recorder.foreign):
        return 0
    from inlay.query.fresh import fresh

    with fresh(run.store) as con:
        (last,) = con.execute(
            "SELECT max(step) FROM histograms WHERE run_id = ? AND key = ?", [run.run_id, key]
        ).fetchone() or (None,)
    return 0 if last is None else int(last) + 1


def _after_fork() -> None:
    """Another thread of the parent may have held it."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
