"""Runs as points over two columns, coloured by a third where one was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inlay.views.picture_chart import GROUND
from inlay.views.picture_plot import area, axes, document, empty, scale_colour, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.reduction import Values

POINTS = 600
"""The most points that are drawn."""


def scatter_svg(
    names: tuple[str, str],
    x: Values,
    y: Values,
    colours: Sequence[str],
    *,
    by: Values | None = None,
    log_x: bool = False,
    log_y: bool = False,
) -> str:
    """Points at `x` and `y`, named so; each in its colour, or where `by` is given in one between its ends."""
    title = f"{names[1]} over {names[0]}"
    across, up = scale_of(x, log=log_x), scale_of(y, log=log_y)
    if across is None or up is None:
        return empty(title, "no run has a number for both")
    shade = scale_of(by) if by is not None else None
    if by is not None and shade is not None:
        colours = [scale_colour(share) for share in shade.shares(by).tolist()]
    place = area(up, 50)
    lefts, tops = place.across(across.shares(x)), place.down(up.shares(y))
    shown = [at for at in range(len(x)) if np.isfinite(lefts[at]) and np.isfinite(tops[at])][:POINTS]
    parts = [
        f'<circle cx="{lefts[at]}" cy="{tops[at]}" r="3.6" fill="{colours[at]}" fill-opacity=".85" stroke="{GROUND}"/>'
        for at in shown
    ]
    return document(title, [*axes(place, across, up, names), *parts])
