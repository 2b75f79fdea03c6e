"""One column as bars, a run or a group each, from zero; of a group with its standard deviation as a whisker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inlay.views.format import clipped, format_value, plain
from inlay.views.picture_chart import GRID, INK
from inlay.views.picture_plot import WIDTH, document, empty, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.reduction import Values

BARS = 30
ROW = 20
"""Pixels of one bar and the room below it."""
NAMES, NUMBERS = 118, 62
"""Pixels for the labels on the left, and for the values on the right."""


def bars_svg(
    title: str, labels: Sequence[str], values: Values, colours: Sequence[str], *, stds: Values | None = None
) -> str:
    """The first bars; how many more there are stands below them."""
    shown = min(len(labels), BARS)
    kept = values[:shown][np.isfinite(values[:shown])]
    if len(kept) == 0:
        return empty(title, "no finite values" if len(labels) else "no runs to draw")
    low, high = min(0.0, float(kept.min())), max(0.0, float(kept.max()))
    room = WIDTH - 24 - NAMES - NUMBERS
    size = (high - low) or 1.0
    zero = 12 + NAMES + room * (0.0 - low) / size
    parts = []
    for at in range(shown):
        top = 34 + at * ROW
        value = float(values[at])
        parts.append(text(12, top + 11, clipped(plain(labels[at], 60), NAMES - 8, 10.5)))
        if np.isfinite(value):
            end = 12 + NAMES + room * (value - low) / size
            left, wide = min(zero, end), max(abs(end - zero), 0.5)
            parts.append(f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="14" rx="2" fill="{colours[at]}"/>')
            std = float(stds[at]) if stds is not None else 0.0
            if np.isfinite(std) and std > 0:
                half = min(room * std / size, room)
                parts.append(
                    f'<path d="M{end - half:.1f} {top + 7}h{2 * half:.1f}" stroke="{INK}" stroke-opacity=".6"/>'
                )
        style = f'text-anchor="end" font-size="10.5" fill="{INK}"'
        parts.append(text(WIDTH - 12, top + 11, format_value(value), style))
    height = 34 + shown * ROW + 10
    if len(labels) > shown:
        parts.append(text(12, height + 6, f"and {len(labels) - shown:,} more"))
        height += 18
    parts.insert(0, f'<path d="M{zero:.1f} 30V{34 + shown * ROW}" stroke="{GRID}"/>')
    return document(title, parts, WIDTH, height)
