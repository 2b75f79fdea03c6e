"""What the small pictures of a run table's charts have in common: the ground, the title, scales, axes and a legend.

As in `picture_chart`: shown through `<img>`, so each is a document of its own that brings its colours; numbers are
written short, because the picture is saved with the notebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from inlay.views.format import clipped, format_bound, plain, text_width
from inlay.views.picture_chart import COLOURS, EDGE, GRID, GROUND, INK, MUTED, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inlay.query.reduction import Values

WIDTH, HEIGHT = 388, 208
FAINT, STRONG = (158, 195, 245), (23, 51, 122)
"""The ends of a scale of colours, by their red, green and blue."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The numbers along an axis."""

    low: float
    high: float
    log: bool = False

    def shares(self, numbers: Values) -> Values:
        """Where each stands between the ends, 0 to 1; NaN for what has no place."""
        low, high = self.low, self.high
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers = np.where(numbers > 0, np.log10(numbers), np.nan)
            low, high = float(np.log10(low)), float(np.log10(high))
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        if high == low:
            return np.where(np.isnan(numbers), np.nan, 0.5)
        size = max(abs(low), abs(high))  # the distance between two floats may be larger than any float
        return np.asarray((numbers / size - low / size) / (high / size - low / size))


def scale_of(numbers: Values, *, log: bool = False) -> Scale | None:
    """From the least to the greatest number that has a place; None when none has."""
    kept = numbers[np.isfinite(numbers) & ((numbers > 0) | (not log))]
    return Scale(float(kept.min()), float(kept.max()), log) if len(kept) else None


@dataclass(frozen=True, slots=True)
class Area:
    """Where a chart is drawn, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def across(self, shares: Values) -> list[float]:
        """Pixels from the left of the picture."""
        return [round(one, 1) for one in (self.left + shares * (self.right - self.left)).tolist()]

    def down(self, shares: Values) -> list[float]:
        """Pixels from the top of the picture, a share of 1 being the highest."""
        return [round(one, 1) for one in (self.bottom - shares * (self.bottom - self.top)).tolist()]


def area(y: Scale | None, top: float, width: int = WIDTH, height: int = HEIGHT) -> Area:
    """What is left between the labels of the axes."""
    labels = max((text_width(format_bound(bound), 10) for bound in (y.low, y.high)), default=0.0) if y else 0.0
    return Area(15 + labels, top, width - 14, height - 27)


def document(title: str, parts: Iterable[str], width: int = WIDTH, height: int = HEIGHT) -> str:
    """A picture with its title."""
    head = clipped(plain(title, 200), width - 24, 13.2)
    return (
        f'<svg xmlns="{NAMESPACE}" width="{width}" height="{height}" font-family="system-ui,sans-serif">'
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6" fill="{GROUND}" stroke="{EDGE}"/>'
        f'{text(12, 20, head, f"""font-weight="600" font-size="12" fill="{INK}" """)}{"".join(parts)}</svg>'
    )


def empty(title: str, why: str) -> str:
    """A picture that says why it shows nothing."""
    return document(title, [text(WIDTH / 2, HEIGHT / 2, why, 'text-anchor="middle"')])


def axes(place: Area, x: Scale, y: Scale, names: tuple[str, str] = ("", "")) -> list[str]:
    """Rules at both ends and half way, the ends in numbers, and below what runs along x."""
    middle = (place.top + place.bottom) / 2
    grid = "".join(
        f"M{place.left:.1f} {at:.1f}h{place.right - place.left:.1f}" for at in (place.top, middle, place.bottom)
    )
    below, end = place.bottom + 17, 'text-anchor="end"'
    name = clipped(plain(names[0], 80), (place.right - place.left) * 0.6, 10)
    parts = [
        f'<path d="{grid}" stroke="{GRID}"/>',
        text(place.left - 5, place.bottom + 3.5, format_bound(y.low), end),
        text(place.left - 5, place.top + 3.5, format_bound(y.high), end) if y.high != y.low else "",
        text(place.left, below, format_bound(x.low)),
        text(place.right, below, format_bound(x.high), end) if x.high != x.low else "",
        text((place.left + place.right) / 2, below, name + (" (log)" if x.log else ""), 'text-anchor="middle"'),
    ]
    if names[1]:
        parts.append(text(12, 35, clipped(plain(names[1], 80), 200, 10) + (" (log)" if y.log else "")))
    return parts


def legend(entries: Sequence[tuple[str, str]], top: float = 36, width: int = WIDTH) -> str:
    """Labels with their colours on one line, as many as there is room for, and how many more there are."""
    parts, left = [], 12.0
    for at, (label, colour) in enumerate(entries):
        words = clipped(plain(label, 60), 96, 10.5)
        room = 16 + text_width(words, 10.5) + 12
        if left + room > width - 30 and at:
            parts.append(text(left, top, f"+{len(entries) - at}"))
            break
        parts.append(f'<path d="M{left:.0f} {top - 3.5}h11" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(text(left + 15, top, words))
        left += room
    return "".join(parts)


def text(x: float, y: float, words: str, more: str = "") -> str:
    """A line of text; small and muted where `more` does not say otherwise."""
    style = more if "fill" in more else f'font-size="10" fill="{MUTED}" {more}'
    return f'<text x="{x:.0f}" y="{y:.1f}" {style.strip()}>{escape(words)}</text>'


def line_colour(place: int) -> str:
    """The colour at a place of the palette, which begins again after its end."""
    return COLOURS[place % len(COLOURS)]


def scale_colour(share: float) -> str:
    """A colour between faint and strong; grey for what has no place."""
    if not 0 <= share <= 1:
        return "#a9b1bc"
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(FAINT, STRONG, strict=True))


def numbers_of(cells: Sequence[object]) -> Values:
    """Cells of a table as numbers: of a group its mean; NaN for whatever is none."""
    return np.array([_number(cell) for cell in cells], dtype=float)


def _number(cell: object) -> float:
    if isinstance(cell, dict):
        cell = cell.get("mean")
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, (int, float)):
        return float(cell)
    return {"Infinity": np.inf, "-Infinity": -np.inf}.get(cell, np.nan) if isinstance(cell, str) else np.nan
