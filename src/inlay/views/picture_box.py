"""Box plots: how a column is distributed in each group. Whiskers reach to the last value within one and a half times
the distance of the quartiles (Tukey, 1977); what lies beyond is drawn by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.views.format import clipped, format_bound, plain
from inlay.views.picture_chart import GRID, GROUND, MUTED
from inlay.views.picture_plot import WIDTH, document, empty, line_colour, numbers_of, scale_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOXES = 20
ROW = 26
NAMES = 118
OUTLIERS = 40
"""The most outliers of one box that are drawn."""


def boxes_svg(title: str, boxes: Sequence[Mapping[str, Any]]) -> str:
    """Boxes `{label, n, low, q1, median, q3, high, outliers: [[key, label, value]]}`, one below the other."""
    shown = list(boxes)[:BOXES]
    marks = [numbers_of([one[name] for name in ("low", "q1", "median", "q3", "high")]) for one in shown]
    beyond = [numbers_of([outlier[2] for outlier in one["outliers"]])[:OUTLIERS] for one in shown]
    scale = scale_of(np.concatenate([*marks, *beyond])) if shown else None
    if scale is None:
        return empty(title, "no finite values" if boxes else "no runs to draw")
    left, right = 20 + NAMES, WIDTH - 18
    bottom = 36 + len(shown) * ROW
    parts = [f'<path d="M{left} 32V{bottom}M{right} 32V{bottom}" stroke="{GRID}"/>']
    for at, one in enumerate(shown):
        low, q1, median, q3, high = (
            round(left + share * (right - left), 1) for share in scale.shares(marks[at]).tolist()
        )
        middle = 36 + at * ROW + 10
        label = clipped(plain(f"{one['label']}", 60), NAMES - 34, 10.5)
        parts += [text(12, middle + 4, label), text(left - 10, middle + 4, f"{one['n']:,}", 'text-anchor="end"')]
        if not np.isfinite(median):
            continue
        colour = line_colour(at)
        parts.append(
            f'<path d="M{low} {middle}H{q1}M{q3} {middle}H{high}M{low} {middle - 4}v8M{high} {middle - 4}v8" '
            f'stroke="{MUTED}"/><rect x="{q1}" y="{middle - 8}" width="{max(q3 - q1, 1):.1f}" height="16" rx="2" '
            f'fill="{colour}" fill-opacity=".75"/><path d="M{median} {middle - 8}v16" stroke="{GROUND}" '
            'stroke-width="2"/>'
        )
        places = left + scale.shares(beyond[at]) * (right - left)
        dots = [f'<circle cx="{x:.1f}" cy="{middle}" r="2.2"/>' for x in places.tolist() if np.isfinite(x)]
        if dots:
            parts.append(f'<g fill="{colour}">{"".join(dots)}</g>')
    parts += [
        text(left, bottom + 14, format_bound(scale.low)),
        text(right, bottom + 14, format_bound(scale.high), 'text-anchor="end"'),
    ]
    return document(title, parts, WIDTH, bottom + 24)
