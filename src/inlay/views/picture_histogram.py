"""The histograms of the saved picture: the last step of the first few, each as a small SVG document of bars.

They look like the charts beside them (`picture_chart`), and as there each brings its own ground and colours.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from inlay.views.format import clipped, format_bound, format_count, format_step, plain, text_width
from inlay.views.picture_chart import BOLD, COLOURS, EDGE, GRID, GROUND, HEIGHT, INK, MUTED, NAMESPACE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.histograms import Bins

MOST = 6
"""Histograms that are drawn."""
BARS = 128
"""The most bars of one; where there are more bins, neighbours share a bar."""
LEFT, RIGHT, TOP, BOTTOM = 12, WIDTH - 12, 34, HEIGHT - 27


def histograms_html(shapes: Sequence[tuple[str, Bins]], total: int) -> str:
    """The first of a run's `total` histograms, each at its last step; empty where there are none."""
    images = []
    for key, bins in shapes[:MOST]:
        if not all(map(isfinite, (*bins.edges, *bins.counts))):
            continue
        data = b64encode(histogram_svg(key, bins).encode()).decode()
        values = format_count(round(sum(bins.counts)))
        said = f"Histogram of {plain(key, 80)} at step {format_step(bins.step)}: {values} values"
        images.append(
            f'<img width="{WIDTH}" height="{HEIGHT}" alt="{escape(said)}" '
            f'style="margin:0 8px 8px 0;vertical-align:top" src="data:image/svg+xml;base64,{data}">'
        )
    if not images:
        return ""
    more = total - len(images)
    rest = f'<div style="font-size:12px;line-height:1.5;opacity:.72">and {format_count(more)} more histograms</div>'
    return f'<div style="margin:12px -8px 0 0;line-height:0">{"".join(images)}{rest if more > 0 else ""}</div>'


def histogram_svg(key: str, bins: Bins) -> str:
    """One histogram as an SVG document; bins of different widths are compared by their area."""
    edges, heights = _fewer(bins.edges, bins.counts)
    low, high, highest = edges[0], edges[-1], max(heights)
    scale = (RIGHT - LEFT) / (high - low) if high > low else 0.0
    path = ""
    for at, height in enumerate(heights):
        if height > 0 and scale:
            left, width = LEFT + (edges[at] - low) * scale, (edges[at + 1] - edges[at]) * scale
            tall = max(1.0, height / highest * (BOTTOM - TOP))
            path += f"M{left:.1f} {BOTTOM}v{-tall:.1f}h{max(0.5, width - 0.5):.1f}v{tall:.1f}z"
    step = f"step {format_step(bins.step)}"
    title = clipped(plain(key, 200), WIDTH - 34 - text_width(step, 10), BOLD)
    small = f'font-size="10" fill="{MUTED}"'
    return (
        f'<svg xmlns="{NAMESPACE}" width="{WIDTH}" height="{HEIGHT}" font-family="system-ui,sans-serif">'
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6" fill="{GROUND}" stroke="{EDGE}"/>'
        f'<text x="{LEFT}" y="20" font-weight="600" font-size="12" fill="{INK}">{escape(title)}</text>'
        f'<text x="{RIGHT}" y="20" text-anchor="end" {small}>{step}</text>'
        f'<path d="M{LEFT} {BOTTOM}.5h{RIGHT - LEFT}" stroke="{GRID}"/><path d="{path}" fill="{COLOURS[0]}"/>'
        f'<text x="{LEFT}" y="{HEIGHT - 11}" {small}>{escape(format_bound(low))}</text>'
        f'<text x="{RIGHT}" y="{HEIGHT - 11}" text-anchor="end" {small}>{escape(format_bound(high))}</text></svg>'
    )


def _fewer(edges: Sequence[float], counts: Sequence[float]) -> tuple[list[float], list[float]]:
    """Edges of at most `BARS` bars, and the height of each: counts for one unit of width."""
    each = -(-len(counts) // BARS)
    bounds = [*edges[:-1:each], edges[-1]]
    sums = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
    widths = [after - before for before, after in pairwise(bounds)]
    return bounds, [one / width if width > 0 else 0.0 for one, width in zip(sums, widths, strict=True)]
