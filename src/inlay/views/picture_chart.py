"""One chart of the saved picture, as an SVG document written by hand.

It is shown through `<img>`, where no page can style it and it can style no page: it brings its own opaque ground and
colours, which sit well on light and dark pages alike. Curves are relative moves in quarter pixels, the shortest
form there is, because the picture is saved with the notebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from inlay.query.reduction import Outline, m4
from inlay.views.format import clipped, format_bound, format_count, format_step, format_value, plain, text_width
from inlay.views.picture_band import band_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from inlay.query.reduction import Values
    from inlay.views.curves import Chart, Line
    from inlay.views.picture_band import Band

    Text: TypeAlias = Callable[[float], str]

WIDTH, WIDE, HEIGHT = 256, 388, 148
"""One or two charts are wide, as in the live card they are about to replace."""
BOLD = 13.2
"""What letters of 12 pixels take when they are bold, as if they were of this size."""
MARK_WIDTH = 16
"""Quarter pixels from one mark to the next."""
MIDDLE, END = 'text-anchor="middle"', 'text-anchor="end"'
NAMESPACE = "http://www.w3.org/2000/svg"

# The line colours of the live card on a light ground (js/lib/theme.css).
COLOURS = (
    "#2f66d8", "#d9650b", "#1c9280", "#86222f", "#76207a", "#3198d6", "#b9744e", "#2b2fb8", "#ce35a8", "#b71c0e",
)  # fmt: skip
GROUND, EDGE, GRID, MUTED, INK = "#f3f5f8", "#dde1e8", "#e0e4ea", "#626c7a", "#1d2430"


@dataclass(frozen=True, slots=True)
class Plot:
    """The area curves are drawn in, and the ranges it stands for."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def floor(self) -> int:
        """The lower edge, in quarter pixels."""
        return round(4 * (self.bottom - self.top))

    def quarter_pixels(self, curve: Outline) -> list[tuple[int, int] | None]:
        """Points as whole quarter pixels from the area's corner; None is a gap."""
        width, height = 4 * (self.right - self.left), 4 * (self.bottom - self.top)
        across = _share(curve.x, *self.x) * width
        down = (1 - _share(curve.y, *self.y)) * height
        drawn = zip(across.tolist(), down.tolist(), strict=True)
        return [None if y != y else (round(x), round(y)) for x, y in drawn]  # noqa: PLR0124 - NaN


def chart_svg(
    chart: Chart,
    colours: dict[str, str],
    limit: int,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    step_text: Text = format_step,
    *,
    log: bool = False,
) -> str:
    """The chart as an SVG document; at most `limit` points a line. `step_text` writes the ends of the x-axis."""
    width, height = size
    bands = [None if log else band_of(line, limit) for line in chart.lines]
    curves = [
        m4(*line.curve, limit) if band is None else Outline(np.tile(band.x, 2), np.concatenate((band.low, band.high)))
        for line, band in zip(chart.lines, bands, strict=True)
    ]
    if log:
        curves = [curve._replace(y=_logarithm(curve.y)) for curve in curves]
    bound_text = _bound_of_logarithm if log else format_bound
    plot = _plot(chart, curves, size, bound_text)
    parts = [
        f'<svg xmlns="{NAMESPACE}" width="{width}" height="{height}" font-family="system-ui,sans-serif">',
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6" fill="{GROUND}" stroke="{EDGE}"/>',
        *_heading(chart, colours, width),
    ]
    if plot is None:
        parts.append(_text(width / 2, height / 2 + 8, "no finite values", MIDDLE))
    else:
        parts += [*_axes(chart, curves, plot, step_text, bound_text), *_curves(chart, curves, bands, plot, colours)]
    return "".join([*parts, "</svg>"])


def chart_alt(chart: Chart) -> str:
    """The chart in words, for those who cannot see it."""
    title = plain(chart.title, 80)
    if len(chart.lines) == 1:
        return f"Chart of {title}: {_in_words(chart.lines[0])}."
    lines = "; ".join(f"{plain(line.label, 40)} {_in_words(line)}" for line in chart.lines)
    return f"Chart of {title}: {lines}."


def label_colours(charts: list[Chart]) -> dict[str, str]:
    """One colour for one label on all charts; a line that is alone in its chart takes the first, whatever its name."""
    labels = [line.label for chart in charts if len(chart.lines) > 1 for line in chart.lines]
    return {label: COLOURS[at % len(COLOURS)] for at, label in enumerate(dict.fromkeys(labels))}


def _in_words(line: Line) -> str:
    words = f"last {format_value(line.last)}, min {format_value(line.lowest)}, max {format_value(line.highest)}"
    points = f"{format_count(line.total)} point{'' if line.total == 1 else 's'}"
    return f"{words}, {points}" + (f", {format_count(line.nonfinite)} not finite" if line.nonfinite else "")


def _plot(chart: Chart, curves: list[Outline], size: tuple[int, int], bound_text: Text) -> Plot | None:
    values = np.concatenate([curve.y[~np.isnan(curve.y)] for curve in curves])
    if len(values) == 0:
        return None
    low, high = float(values.min()), float(values.max())
    steps = [step for line in chart.lines for step in line.steps]
    labels = max(text_width(bound_text(bound), 10) for bound in (low, high))
    return Plot(
        left=15 + labels,
        top=50 if len(curves) > 1 else 36,
        right=size[0] - 14,
        bottom=size[1] - 27,
        x=(min(steps), max(steps)),
        y=(low, high),
    )


def _heading(chart: Chart, colours: dict[str, str], width: int) -> list[str]:
    bold = f'font-weight="600" font-size="12" fill="{INK}"'
    title = plain(chart.title, 200)
    if len(chart.lines) == 1:
        value = format_value(chart.lines[0].last)
        return [
            _text(12, 20, clipped(title, width - 34 - text_width(value, BOLD), BOLD), bold),
            _text(width - 12, 20, value, f'text-anchor="end" {bold}'),
        ]
    parts = [_text(12, 20, clipped(title, width - 24, BOLD), bold)]
    left = 12.0
    for at, line in enumerate(chart.lines):
        value = format_value(line.last)
        label = clipped(plain(line.label, 60), 70, 10.5)
        room = 16 + text_width(f"{label} {value}", 10.5) + 12
        if left + room > width and at:
            parts.append(_text(left, 36, f"+{len(chart.lines) - at}", f'font-size="10.5" fill="{MUTED}"'))
            break
        parts.append(f'<path d="M{left:.0f} 32.5h11" stroke="{_colour(line, chart, colours)}" stroke-width="2.5"/>')
        words = f'{escape(label)} <tspan fill="{INK}" font-weight="600">{value}</tspan>'
        parts.append(f'<text x="{left + 15:.0f}" y="36" font-size="10.5" fill="{MUTED}">{words}</text>')
        left += room
    return parts


def _axes(chart: Chart, curves: list[Outline], plot: Plot, step_text: Text, bound_text: Text) -> list[str]:
    """Rules at the smallest and the largest value and half way, the bounds of both axes, and what is left out."""
    flat = plot.y[0] == plot.y[1]
    middle = (plot.top + plot.bottom) / 2
    rules = [middle] if flat else [plot.top, middle, plot.bottom]
    grid = "".join(f"M{plot.left:.1f} {y:.1f}h{plot.right - plot.left:.1f}" for y in rules)
    bounds = [(middle, plot.y[0])] if flat else [(plot.bottom, plot.y[0]), (plot.top, plot.y[1])]
    first, last = plot.x
    left, right = step_text(first), step_text(last)
    below = plot.bottom + 17
    centre = (plot.left + plot.right) / 2
    parts = [f'<path d="{grid}" stroke="{GRID}"/>']
    parts += [_text(plot.left - 5, y + 3.5, bound_text(value), END) for y, value in bounds]
    if first == last:
        return [*parts, _text(centre, below, left, MIDDLE)]
    parts += [_text(plot.left, below, left), _text(plot.right, below, right, END)]
    # Between the steps, as far as they leave room on both sides.
    room = plot.right - plot.left - 2 * max(text_width(left, 10), text_width(right, 10)) - 12
    for note in _left_out(chart, curves):
        if text_width(note, 10) <= room:
            return [*parts, _text(centre, below, note, MIDDLE)]
    return parts


def _curves(
    chart: Chart, curves: list[Outline], bands: list[Band | None], plot: Plot, colours: dict[str, str]
) -> list[str]:
    place = f"translate({plot.left:.1f} {plot.top:.1f})scale(.25)"
    pen = 'fill="none" stroke-width="6.4" stroke-linejoin="round" stroke-linecap="round"'
    parts = [f'<g transform="{place}" {pen}>']
    for line, curve, band in zip(chart.lines, curves, bands, strict=True):
        colour = _colour(line, chart, colours)
        if band is not None:
            around = Outline(np.concatenate((band.x, band.x[::-1])), np.concatenate((band.high, band.low[::-1])))
            edge = path(plot.quarter_pixels(around))
            parts.append(f'<path d="{edge}z" fill="{colour}" fill-opacity=".18" stroke="none"/>')
        points = plot.quarter_pixels(curve if band is None else Outline(band.x, band.mean))
        parts.append(f'<path d="{path(points)}" stroke="{colour}"/>')
        end = next((point for point in reversed(points) if point is not None), None)
        if end is not None:
            parts.append(f'<circle cx="{end[0]}" cy="{end[1]}" r="11" fill="{colour}" stroke="{GROUND}"/>')
        parts.append(_marks(line, plot, colour))
    return [*parts, "</g>"]


def _marks(line: Line, plot: Plot, colour: str) -> str:
    """As in the live card (js/lib/picture.ts): a triangle that points beyond the edge where an infinity would be, and
    for NaN, which is nowhere, a short bar on the floor.
    """
    floor, width = plot.floor, 4 * (plot.right - plot.left)
    parts: list[str] = []
    free: dict[str, float] = {}
    for x, value in zip((_share(line.marks.x, *plot.x) * width).tolist(), line.marks.y.tolist(), strict=True):
        edge, form = (0, "l14 24h-28z") if value > 0 else (floor, "l14-24h-28z" if value < 0 else "v-24h8v24z")
        if x >= free.get(form, 0.0):  # thousands of marks are no more than there is room for
            parts.append(f"M{x:.0f} {edge}{form}")
            free[form] = x + MARK_WIDTH
    return f'<path d="{"".join(parts)}" fill="{colour}" stroke="none"/>' if parts else ""


def path(points: list[tuple[int, int] | None]) -> str:
    """Moves relative to the point before; a point between two gaps becomes a dot."""
    parts: list[str] = []
    at: tuple[int, int] | None = None
    for point in points:
        if point is None:
            at = None
        elif at is None:
            parts.append(f"M{point[0]} {point[1]}h0l0 0")
            at = point
        elif point != at:
            parts += [_move(point[0] - at[0]), _move(point[1] - at[1])]
            at = point
    return "".join(parts)


def _move(distance: int) -> str:
    """A minus sign parts a number from the one before as well as a blank does."""
    return f" {distance}" if distance >= 0 else str(distance)


def _left_out(chart: Chart, curves: list[Outline]) -> list[str]:
    """What the curves do not show, in words; the longest form first."""
    total = sum(line.total for line in chart.lines)
    shown = sum(len(curve.x) for curve in curves)
    missing = sum(line.nonfinite for line in chart.lines)
    not_finite = f"{format_count(missing)} not finite"
    reduced = f"{shown} of {format_count(total)}"
    if shown == total:
        return [not_finite] if missing else []
    return [f"{reduced} · {not_finite}", not_finite] if missing else [f"{reduced} points", reduced]


def _colour(line: Line, chart: Chart, colours: dict[str, str]) -> str:
    return colours[line.label] if len(chart.lines) > 1 else COLOURS[0]


def _text(x: float, y: float, text: str, more: str = "") -> str:
    style = more if "fill" in more else f'font-size="10" fill="{MUTED}" {more}'
    return f'<text x="{x:.0f}" y="{y:.1f}" {style.strip()}>{escape(text)}</text>'


def _logarithm(values: Values) -> Values:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _bound_of_logarithm(value: float) -> str:
    return format_bound(10**value)


def _share(numbers: Values, low: float, high: float) -> Values:
    """Where each number stands between two bounds, 0 to 1; half way when they are one."""
    if high == low:
        return np.where(np.isnan(numbers), np.nan, 0.5)
    # Scaled first: the distance between two floats may be larger or smaller than any float.
    scale = max(abs(low), abs(high))
    return np.asarray((numbers / scale - low / scale) / (high / scale - low / scale))
