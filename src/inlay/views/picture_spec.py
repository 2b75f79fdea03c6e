"""The picture of an Altair chart of ours, for where no Vega is: drawn by vl-convert, else by hand.

By hand means the rows as lines, in the style of the saved card: what the user changed about the chart is not in it.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.reduction import Outline
from inlay.views.altair_chart import FOR_THE_MOUSE
from inlay.views.curves import Chart, Line
from inlay.views.format import format_step, format_value
from inlay.views.picture_chart import NAMESPACE, chart_svg, label_colours

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = list[dict[str, Any]]

WIDTH, HEIGHT = 560, 260
GAP = 12
POINTS = 500


def spec_svg(spec: dict[str, Any], datasets: dict[str, Rows]) -> str:
    """The chart as an SVG document; `datasets` are those of its rows that are ours."""
    return _converted(spec) or _by_hand(list(datasets.values()), log=_logarithmic(spec))


def _converted(spec: dict[str, Any]) -> str | None:
    try:
        import vl_convert
    except ImportError:
        return None
    try:
        svg = str(vl_convert.vegalite_to_svg(_without_invisible(spec)))
        return re.sub(r' d="[^"]*"', _rounded, svg)
    except Exception:  # noqa: BLE001 - a chart that it cannot draw is one for the hand
        return None


def _rounded(path: re.Match[str]) -> str:
    """Hundredths of a pixel are enough, and a third of the size."""
    return re.sub(r"(\.\d\d)\d+", r"\1", path[0])


def _without_invisible(node: Any) -> Any:
    """Without the points that only the mouse finds: each would be an element of its own."""
    if isinstance(node, list):
        return [_without_invisible(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _without_invisible(item) for key, item in node.items() if key not in ("datasets", "tooltip")}
    if "datasets" in node:
        copy["datasets"] = node["datasets"]
    if copy.get("point") == FOR_THE_MOUSE:
        del copy["point"]
    return copy


def _logarithmic(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_logarithmic, node))
    if not isinstance(node, dict):
        return False
    scale = node.get("scale")
    mine = isinstance(scale, dict) and scale.get("type") == "log"
    return mine or any(_logarithmic(item) for key, item in node.items() if key != "datasets")


def _by_hand(datasets: list[Rows], *, log: bool) -> str:
    """One chart below the other."""
    drawn = [_chart(rows, log=log) for rows in datasets]
    parts, top = [], 0
    for svg in drawn:
        parts.append(svg.replace("<svg ", f'<svg y="{top}" ', 1))
        top += HEIGHT + GAP
    if len(drawn) == 1:
        return drawn[0]
    return f'<svg xmlns="{NAMESPACE}" width="{WIDTH}" height="{top - GAP}">{"".join(parts)}</svg>'


def _chart(rows: Rows, *, log: bool) -> str:
    across = next(name for name in rows[0] if name in ("step", "time", "relative"))
    found: dict[tuple[str, str], Rows] = {}
    for row in rows:
        if row.get("kind", "smoothed") == "smoothed":
            found.setdefault((row["run"], row["metric"]), []).append(row)
    runs, metrics = ({key[at] for key in found} for at in (0, 1))
    lines = []
    for (run, metric), of_line in found.items():
        label = metric if len(runs) == 1 else run if len(metrics) == 1 else f"{run} {metric}"
        lines.append(_line(metric, label, of_line, across))
    title = next(iter(metrics)) if len(metrics) == 1 else next(iter(runs)) if len(runs) == 1 else "metrics"
    chart = Chart(title, tuple(lines))
    return chart_svg(chart, label_colours([chart]), POINTS, (WIDTH, HEIGHT), TEXTS[across], log=log)


def _line(metric: str, label: str, rows: Rows, across: str) -> Line:
    x = np.array([row[across] for row in rows], np.float64)
    y = np.array([math.nan if row["value"] is None else row["value"] for row in rows], np.float64)
    finite = y[np.isfinite(y)]
    last = float(finite[-1]) if len(finite) else math.nan
    lowest, highest = (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)
    ends = (x[0], x[-1])
    return Line(metric, label, Outline(x, y), ends, len(x), len(y) - len(finite), last, lowest, highest)


def _clock(milliseconds: float) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000).astimezone()
    return f"{moment.day} {moment:%b, %H:%M:%S}"


TEXTS: dict[str, Callable[[float], str]] = {"step": format_step, "time": _clock, "relative": format_value}
