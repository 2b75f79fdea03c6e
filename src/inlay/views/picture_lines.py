"""Curves of several runs or groups in one picture; of a group the mean, in a band around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inlay.views.picture_chart import path
from inlay.views.picture_plot import Area, Scale, area, axes, document, empty, legend, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.reduction import Values

POINTS = 150
"""The most points of a line."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line and its band: columns of equal length, NaN where there is a gap."""

    label: str
    colour: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None


def lines_svg(
    title: str,
    curves: Sequence[Curve],
    x_name: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    smoothing: float = 0.0,
) -> str:
    """The curves as an SVG document."""
    drawn = [_thinned(curve) for curve in curves]
    if smoothing:
        drawn = [Curve(one.label, one.colour, one.x, _smoothed(one.y, smoothing), one.low, one.high) for one in drawn]
    none = np.empty(0)
    x = scale_of(np.concatenate([one.x[np.isfinite(one.y)] for one in drawn] or [none]), log=log_x)
    heights = [column for one in drawn for column in (one.y, one.low, one.high) if column is not None]
    y = scale_of(np.concatenate(heights or [none]), log=log_y)
    if x is None or y is None:
        return empty(title, "no finite values" if curves else "no runs to draw")
    place = area(y, 50)
    parts = [legend([(one.label, one.colour) for one in drawn]), *axes(place, x, y, (x_name, ""))]
    parts.append(
        f'<g transform="translate({place.left:.1f} {place.top:.1f})scale(.25)" fill="none" stroke-width="6.4" '
        'stroke-linejoin="round" stroke-linecap="round">'
    )
    parts += [_band(one, x, y, place) for one in drawn]
    parts += [f'<path d="{path(_points(one.x, one.y, x, y, place))}" stroke="{one.colour}"/>' for one in drawn]
    return document(title, [*parts, "</g>"])


def _band(curve: Curve, x: Scale, y: Scale, place: Area) -> str:
    if curve.low is None or curve.high is None:
        return ""
    around = _points(
        np.concatenate((curve.x, curve.x[::-1])), np.concatenate((curve.high, curve.low[::-1])), x, y, place
    )
    edge = path([one for one in around if one is not None])
    return f'<path d="{edge}z" fill="{curve.colour}" fill-opacity=".16" stroke="none"/>' if edge else ""


def _points(across: Values, up: Values, x: Scale, y: Scale, place: Area) -> list[tuple[int, int] | None]:
    """Quarter pixels from the corner of the area."""
    lefts = x.shares(across) * 4 * (place.right - place.left)
    tops = (1 - y.shares(up)) * 4 * (place.bottom - place.top)
    pairs = zip(lefts.tolist(), tops.tolist(), strict=True)
    return [None if a != a or b != b else (round(a), round(b)) for a, b in pairs]  # noqa: PLR0124 - NaN


def _thinned(curve: Curve) -> Curve:
    """No more than `POINTS` points, evenly taken; what comes from the database is reduced already."""
    if len(curve.x) <= POINTS:
        return curve
    at = np.unique(np.linspace(0, len(curve.x) - 1, POINTS).round().astype(int))
    low, high = (None if column is None else column[at] for column in (curve.low, curve.high))
    return Curve(curve.label, curve.colour, curve.x[at], curve.y[at], low, high)


def _smoothed(values: Values, weight: float) -> Values:
    """A moving average that forgets by `weight` from one point to the next, without the pull of the beginning, as
    TensorBoard draws it.
    """
    found, last, count = values.copy(), 0.0, 0
    for at, value in enumerate(values.tolist()):
        if np.isfinite(value):
            last, count = weight * last + (1 - weight) * value, count + 1
            found[at] = last / (1 - weight**count)
    return np.asarray(found)
