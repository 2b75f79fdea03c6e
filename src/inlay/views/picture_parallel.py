"""Parallel coordinates: each run a line through its values on several axes (Inselberg, 1985)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inlay.views.format import clipped, format_bound, plain
from inlay.views.picture_chart import EDGE, INK
from inlay.views.picture_plot import HEIGHT, WIDTH, Area, document, empty, numbers_of, scale_of, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.reduction import Values

LINES = 300
"""The most runs that are drawn."""
AXIS = 74
"""Pixels from one axis to the next, at least; a picture of many axes is wider."""


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """An axis with the shares of its height at which the runs stand, NaN for those without a value."""

    name: str
    low: str
    high: str
    shares: Values


def parallel_axis(name: str, cells: Sequence[object], *, log: bool = False) -> ParallelAxis:
    """An axis of numbers, or where there are texts among the cells of their words in order."""
    numbers = numbers_of(cells)
    scale = scale_of(numbers, log=log)
    words = [one for one in cells if isinstance(one, str) and one not in ("NaN", "Infinity", "-Infinity")]
    if scale is not None and len(words) < np.isfinite(numbers).sum():
        return ParallelAxis(name, format_bound(scale.low), format_bound(scale.high), scale.shares(numbers))
    texts = sorted({str(one) for one in cells if one is not None and not isinstance(one, dict)})
    places = {word: at / max(len(texts) - 1, 1) for at, word in enumerate(texts)}
    shares = np.array([places.get(str(one), np.nan) if one is not None else np.nan for one in cells])
    return ParallelAxis(name, texts[0] if texts else "", texts[-1] if len(texts) > 1 else "", shares)


def parallel_svg(axes: Sequence[ParallelAxis], colours: Sequence[str]) -> str:
    """One line for each run, in its colour."""
    title = "Parallel coordinates"
    if not axes or not colours:
        return empty(title, "no runs to draw")
    width = max(WIDTH, 60 + AXIS * len(axes))
    place = Area(34, 52, width - 34, HEIGHT - 24)
    lefts = place.across(np.linspace(0, 1, len(axes)) if len(axes) > 1 else np.array([0.5]))
    tops = [place.down(axis.shares) for axis in axes]
    parts = [f'<g fill="none" stroke-width="1.3" stroke-opacity=".{60 if len(colours) < 60 else 30}">']
    for run, colour in list(enumerate(colours))[:LINES]:
        moves = [
            f"{'L' if at and np.isfinite(tops[at - 1][run]) else 'M'}{lefts[at]:g} {tops[at][run]:g}"
            for at in range(len(axes))
            if np.isfinite(tops[at][run])
        ]
        parts.append(f'<path d="{"".join(moves)}" stroke="{colour}"/>' if moves else "")
    parts.append("</g>")
    for at, axis in enumerate(axes):
        anchor = f'text-anchor="{"start" if at == 0 else "end" if at == len(axes) - 1 and at else "middle"}"'
        x = lefts[at] - 20 if at == 0 else lefts[at] + 20 if at == len(axes) - 1 and at else lefts[at]
        parts += [
            f'<path d="M{lefts[at]:g} {place.top:g}V{place.bottom:g}" stroke="{EDGE}" stroke-width="1.5"/>',
            text(x, 36, clipped(plain(axis.name, 60), AXIS - 6, 10), f'{anchor} font-size="10" fill="{INK}"'),
            text(x, place.top - 4, clipped(plain(axis.high, 40), AXIS - 8, 10), anchor),
            text(x, place.bottom + 13, clipped(plain(axis.low, 40), AXIS - 8, 10), anchor),
        ]
    return document(title, parts, width)
