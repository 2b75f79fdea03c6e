"""Points on their way to the browser: what is said of each series in words, and all its numbers in one buffer.

A frame is the same in a trait, in a push and in the answer to a zoom, so that one reader serves all three
(js/lib/wire.ts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from inlay.views.format import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inlay.query.reduction import Curve
    from inlay.query.stored_curves import DetailCurve
    from inlay.views.chart_groups import Place


@dataclass(frozen=True, slots=True)
class Frame:
    """A head for each series, and little-endian float64: for each series in order its `n` steps, its `n` times (Unix
    seconds), its `n` values, and the `n` means of the buckets they are of.
    """

    series: list[dict[str, Any]]
    data: bytes


class Known(Protocol):
    """What is known of all points of a series, sent or not."""

    @property
    def total(self) -> int: ...
    @property
    def nonfinite(self) -> int: ...
    @property
    def last(self) -> float: ...
    @property
    def lowest(self) -> float: ...
    @property
    def highest(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one series: they come after the first `start` of those that were sent before."""

    number: int
    key: str
    place: Place
    known: Known
    start: int
    curve: Curve


def frame(parts: Iterable[Part]) -> Frame:
    """These series in one frame."""
    series: list[dict[str, Any]] = []
    columns: list[Any] = []
    for part in parts:
        known = part.known
        series.append(
            {
                "id": part.number,
                "key": encodable(part.key),
                "chart": encodable(part.place.chart),
                "label": encodable(part.place.label),
                "from": part.start,
                "n": len(part.curve.x),
                "total": known.total,
                "nonfinite": known.nonfinite,
                "last": _number(known.last),
                "min": _number(known.lowest),
                "max": _number(known.highest),
            }
        )
        columns += part.curve
    return Frame(series, np.concatenate(columns).astype("<f8", copy=False).tobytes() if columns else b"")


def detail_frame(curves: Mapping[str, DetailCurve]) -> Frame:
    """The answer to a zoom; its series are told apart by their keys."""
    from inlay.views.chart_groups import Place

    return frame(
        Part(number, key, Place(key, key), detail, 0, detail.curve)
        for number, (key, detail) in enumerate(curves.items())
    )


def _number(value: float) -> float | None:
    """JSON has neither NaN nor infinities."""
    return value if math.isfinite(value) else None
