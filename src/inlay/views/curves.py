"""A run's metrics as its card draws them: which charts, which points, and what changed since the last push.

One object stands behind both outputs of a card, the live one and the picture, so the two cannot disagree. It knows
neither widgets nor threads; `live_card` feeds it and sends what it hands out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.reduction import POINTS, Curve, Reducer, Splice
from inlay.views.chart_groups import ChartGroups, Place
from inlay.views.format import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inlay.query.reduction import Values
    from inlay.tracking.points import Points

# A backlog of millions is taken in by pieces, so that no single NumPy call keeps the training from the interpreter.
PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Frame:
    """Points on their way to the browser: a head for each series, and all numbers in one buffer (little-endian
    float64; for each series in order its `n` steps, then its `n` values).
    """

    series: list[dict[str, Any]]
    data: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One metric in a chart, with what is known of all its points."""

    key: str
    label: str
    curve: Curve
    steps: tuple[int, int]
    total: int
    nonfinite: int
    last: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: one metric, or the same measure on several parts of the data."""

    title: str
    lines: tuple[Line, ...]


class RunCurves:
    """All metrics of one run; those that found a chart are followed, of the others only the names are known."""

    def __init__(self, limit: int = POINTS) -> None:
        self._limit = limit
        self._groups = ChartGroups()
        self._places: dict[str, Place] = {}
        self._reducers: dict[str, Reducer] = {}
        self._left_out: set[str] = set()
        self._renamed: set[str] = set()

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
            for at in range(0, len(new.step), PIECE):
                reducer.append(new.step[at : at + PIECE], new.value[at : at + PIECE])

    def changes(self) -> Frame | None:
        """What is to be sent since the last call; None when nothing changed."""
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
        return self._frame((key, Splice(0, reducer.curve())) for key, reducer in self._reducers.items())

    def charts(self) -> list[Chart]:
        """The charts, in the order their first metrics were logged."""
        lines: dict[str, list[Line]] = {}
        for key, reducer in self._reducers.items():
            place = self._places[key]
            lines.setdefault(place.chart, []).append(_line(key, place.label, reducer))
        return [Chart(title, tuple(of_chart)) for title, of_chart in lines.items()]

    def _admit(self, key: str) -> Reducer | None:
        if not self._groups.admit(key):
            self._left_out.add(key)
            return None
        before, self._places = self._places, self._groups.places()
        self._renamed.update(other for other, place in before.items() if self._places[other] != place)
        self._reducers[key] = Reducer(self._limit)
        return self._reducers[key]

    def _frame(self, splices: Iterable[tuple[str, Splice]]) -> Frame:
        series: list[dict[str, Any]] = []
        columns: list[Values] = []
        numbers = {key: number for number, key in enumerate(self._reducers)}
        for key, splice in splices:
            place, reducer = self._places[key], self._reducers[key]
            series.append(
                {
                    "id": numbers[key],
                    "key": encodable(key),
                    "chart": encodable(place.chart),
                    "label": encodable(place.label),
                    "from": splice.start,
                    "n": len(splice.curve.x),
                    "total": reducer.total,
                    "nonfinite": reducer.nonfinite,
                }
            )
            columns += [splice.curve.x, splice.curve.y]
        return Frame(series, np.concatenate(columns).astype("<f8").tobytes() if columns else b"")


def _line(key: str, label: str, reducer: Reducer) -> Line:
    return Line(
        key=key,
        label=label,
        curve=reducer.curve(),
        steps=reducer.steps or (0, 0),
        total=reducer.total,
        nonfinite=reducer.nonfinite,
        last=reducer.last,
        lowest=reducer.lowest,
        highest=reducer.highest,
    )
