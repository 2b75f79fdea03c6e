"""A run's metrics as its card draws them: which charts, which points, and what changed since the last push.

One object stands behind both outputs of a card, the live one and the picture, so the two cannot disagree. It knows
neither widgets nor threads; `live_card` feeds it and sends what it hands out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inlay.query.reduction import POINTS, Outline, Reducer, Splice
from inlay.tracking.points import Points
from inlay.views.chart_groups import ChartGroups, Place
from inlay.views.frames import Frame, Part, frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inlay.query.reduction import Curve, Values
    from inlay.query.stored_curves import StoredCurves

AT_ONCE = 48
"""How many metrics are brought up to date each time points come; the others take their turn now and then, because a
thousand curves cost a tenth of a second however few points there are.
"""
LIMITS = (POINTS,) * AT_ONCE + (100,) * 1_952
"""The most points that are sent of each metric, in the order they were first logged: every one of two thousand has its
curve in the card, and those that are drawn at once their full resolution. Of further metrics only the names are known.
"""
CHARTS = 24
"""The most charts of the saved picture."""
NO_MARKS = Outline(np.empty(0), np.empty(0))
# A backlog of millions is taken in by pieces, so that no single NumPy call keeps the training from the interpreter.
PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """One metric in a chart, with what is known of all its points."""

    key: str
    label: str
    curve: Outline
    steps: tuple[int, int]
    total: int
    nonfinite: int
    last: float
    lowest: float
    highest: float
    marks: Outline = NO_MARKS
    """Where values are not finite, as far as they were kept."""
    mean: Values | None = None
    """Of a reduced line without gaps, the mean around each point of `curve`."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: one metric, or the same measure on several parts of the data."""

    title: str
    lines: tuple[Line, ...]


class RunCurves:
    """All metrics of one run, as far as `limits` goes; of the others only the names are known."""

    def __init__(self, limits: Sequence[int] = LIMITS) -> None:
        self.limits = limits
        self._groups = ChartGroups()
        self._places: dict[str, Place] = {}
        self._reducers: dict[str, Reducer] = {}
        self._numbers: dict[str, int] = {}
        self._left_out: set[str] = set()
        self._renamed: set[str] = set()
        self._waiting: dict[str, list[Points]] = {}

    @property
    def metrics_total(self) -> int:
        """How many metrics were logged, drawn or not."""
        return len(self._reducers) + len(self._left_out)

    def feed(self, points: Mapping[str, Points]) -> None:
        """Take in new points, by metric in the order they were first logged."""
        for key, new in points.items():
            if key in self._left_out:
                continue
            reducer = self._reducers.get(key) or self._admit(key)
            if reducer is None:
                continue
            if self._numbers[key] < AT_ONCE:
                _append(reducer, new)
            else:
                self._waiting.setdefault(key, []).append(new)

    def begin_with(self, stored: StoredCurves) -> None:
        """Start from what the store holds of a run; nothing was fed before."""
        for key, reducer in stored.curves.items():
            self._place(key)
            self._reducers[key] = reducer
        self._left_out.update(stored.left_out)

    @property
    def waiting(self) -> int:
        """How many metrics have points that were not taken in yet."""
        return len(self._waiting)

    def changes(self, *, of_all: bool = True) -> Frame | None:
        """What is to be sent since the last call; None when nothing changed. Without `of_all`, metrics after the first
        few wait.
        """
        if of_all:
            self._catch_up()
        splices = [
            (key, splice)
            for key, reducer in self._reducers.items()
            if (splice := reducer.splice(always=key in self._renamed)) is not None
        ]
        self._renamed.clear()
        return self._frame(splices) if splices else None

    def snapshot(self) -> Frame:
        """Everything, for a browser that holds nothing. What changed since the last `changes` is in it too, and stays
        to be sent.
        """
        self._catch_up()
        return self._frame((key, Splice(0, reducer.curve())) for key, reducer in self._reducers.items())

    def charts(self, limit: int = CHARTS) -> list[Chart]:
        """The first `limit` charts, in the order their first metrics were logged."""
        self._catch_up()
        found: dict[str, list[Line]] = {}
        for key, reducer in self._reducers.items():
            place = self._places[key]
            if place.chart in found or len(found) < limit:
                found.setdefault(place.chart, []).append(_line(key, place.label, reducer))
        return [Chart(title, tuple(lines)) for title, lines in found.items()]

    def _catch_up(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for key, parts in waiting.items():
            _append(self._reducers[key], parts[0] if len(parts) == 1 else Points.joined(parts))

    def _admit(self, key: str) -> Reducer | None:
        if len(self._reducers) >= len(self.limits):
            self._left_out.add(key)
            return None
        self._reducers[key] = Reducer(self.limits[len(self._reducers)])
        self._place(key)
        return self._reducers[key]

    def _place(self, key: str) -> None:
        places = self._groups.admit(key)
        self._renamed.update(other for other, place in places.items() if self._places.get(other, place) != place)
        self._places.update(places)
        self._numbers[key] = len(self._numbers)

    def _frame(self, splices: Iterable[tuple[str, Splice]]) -> Frame:
        return frame(
            Part(self._numbers[key], key, self._places[key], self._reducers[key], splice.start, splice.curve)
            for key, splice in splices
        )


def _append(reducer: Reducer, new: Points) -> None:
    for at in range(0, len(new.step), PIECE):
        piece = slice(at, at + PIECE)
        reducer.append(new.step[piece], new.time[piece], new.value[piece])


def _line(key: str, label: str, reducer: Reducer) -> Line:
    outline, curve = reducer.outline(), reducer.curve()
    return Line(
        key=key,
        label=label,
        curve=outline,
        steps=reducer.steps or (0, 0),
        total=reducer.total,
        nonfinite=reducer.nonfinite,
        last=reducer.last,
        lowest=reducer.lowest,
        highest=reducer.highest,
        marks=_marks(curve) if reducer.nonfinite else NO_MARKS,
        mean=None if reducer.nonfinite else curve.mean,
    )


def _marks(curve: Curve) -> Outline:
    marked = ~np.isfinite(curve.y)
    return Outline(curve.x[marked], curve.y[marked])
