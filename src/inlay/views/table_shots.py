"""Making a `TableShot`: the rows, and the charts of the state drawn as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.views.picture_bars import bars_svg
from inlay.views.picture_box import boxes_svg
from inlay.views.picture_lines import POINTS, Curve, lines_svg
from inlay.views.picture_parallel import parallel_axis, parallel_svg
from inlay.views.picture_plot import empty, line_colour, numbers_of, scale_colour
from inlay.views.picture_scatter import scatter_svg
from inlay.views.table_owners import CODE, OWNERS, chart_names_owners, filter_without_owners, view_without_owners
from inlay.views.table_questions import boxes_answer, curves_answer, values_answer
from inlay.views.table_shot import TableShot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inlay.views.table_session import TableSession

CHARTS = 8
"""The most charts of a picture."""
RUNS = 600


def shot_of(session: TableSession, code: str, rows: int, *, charts: bool = True, owners: bool = True) -> TableShot:
    """The table as it is now, with so many rows, and its charts; without `owners`, users and hosts are not named."""
    view, shown = session.still(rows)
    specs = [one for one in view["state"]["charts"] if "" not in one.values()] if charts else []
    group = view["state"]["group"]
    if not owners:
        specs = [one for one in specs if not chart_names_owners(one, group)]
    drawn = [_chart(session, spec, view) for spec in specs[:CHARTS]]
    filters = [one for one in (session.query.filter, view["state"]["filter"]) if one.strip()]
    if owners:
        return TableShot(view, shown, drawn, code, filters)
    shown = [one for one in shown if one["id"] not in OWNERS]
    said = [filter_without_owners(one) for one in filters]
    code = code if said == filters and not any(one in OWNERS for one in group) else CODE
    return TableShot(view_without_owners(view), shown, drawn, code, said)


def _chart(session: TableSession, spec: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    """A chart in words, and drawn. What cannot be drawn says so instead of hiding the rows."""
    try:
        return _DRAWN[spec["kind"]](session, spec, view)
    except Exception as error:  # noqa: BLE001 - a picture must not fail for one of its charts
        title = f"Chart of {spec.get('metric') or spec.get('column') or spec['kind']}"
        return title, empty(title, f"could not be drawn: {type(error).__name__}")


def _lines(session: TableSession, spec: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    keys = [one["key"] for one in view["charted"]]
    body, data = curves_answer(session, keys, spec["metric"], x=spec["x"], points=POINTS, band=spec["band"])
    numbers, at, curves = np.frombuffer(data, "<f8"), 0, []
    for one in body["series"]:
        n = one["n"]
        x, y, low, high = numbers[at : at + 4 * n].reshape(4, n)
        at += 4 * n
        banded = one["group"]
        colour = _colour(one["key"], keys, view)
        curves.append(Curve(one["label"], colour, x, y, low if banded else None, high if banded else None))
    svg = lines_svg(
        spec["metric"], curves, _X[spec["x"]], log_x=spec["log_x"], log_y=spec["log_y"], smoothing=spec["smoothing"]
    )
    return f"Curves of {spec['metric']}: {_named([one['label'] for one in body['series']])}.", svg


_X = {"step": "step", "time": "time", "relative": "seconds since the start"}


def _scatter(session: TableSession, spec: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    colour = spec["colour"]
    columns = list(dict.fromkeys([spec["x"], spec["y"], *([colour] if colour else [])]))
    found = values_answer(session, columns, "view", RUNS)
    x, y = numbers_of(found["columns"][spec["x"]]), numbers_of(found["columns"][spec["y"]])
    by = None
    colours = _colours(found["keys"], view)
    if colour:
        cells = found["columns"][colour]
        numbers = numbers_of(cells)
        if np.isfinite(numbers).any():
            by = numbers
        else:
            words = list(dict.fromkeys(map(str, cells)))
            colours = [line_colour(words.index(str(cell))) for cell in cells]
    svg = scatter_svg(
        (_name(spec["x"]), _name(spec["y"])), x, y, colours, by=by, log_x=spec["log_x"], log_y=spec["log_y"]
    )
    return f"{_name(spec['y'])} over {_name(spec['x'])} of {len(found['keys'])} runs.", svg


def _parallel(session: TableSession, spec: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    columns = list(dict.fromkeys([*spec["axes"], *([spec["colour"]] if spec["colour"] else [])]))
    found = values_answer(session, columns, "view", RUNS)
    axes = [parallel_axis(_name(one), found["columns"][one], log=one in spec["log"]) for one in spec["axes"]]
    colours = _colours(found["keys"], view)
    if spec["colour"]:
        shares = parallel_axis("", found["columns"][spec["colour"]]).shares
        colours = [scale_colour(share) for share in shares.tolist()]
    names = ", ".join(map(_name, spec["axes"]))
    return f"Parallel coordinates of {len(found['keys'])} runs: {names}.", parallel_svg(axes, colours)


def _bars(session: TableSession, spec: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    column = spec["column"]
    found = values_answer(session, [column], "charted", RUNS)
    cells = found["columns"][column]
    stds = numbers_of([cell.get("std") if isinstance(cell, dict) else None for cell in cells])
    svg = bars_svg(_name(column), found["labels"], numbers_of(cells), _colours(found["keys"], view), stds=stds)
    return f"{_name(column)} of {_named(found['labels'])}.", svg


def _box(session: TableSession, spec: Mapping[str, Any], _view: Mapping[str, Any]) -> tuple[str, str]:
    found = boxes_answer(session, spec["column"], spec["by"], "view")["boxes"]
    title = f"{_name(spec['column'])} by {_name(spec['by'])}"
    return f"Box plots of {title}: {_named([one['label'] for one in found])}.", boxes_svg(title, found)


_DRAWN = {"lines": _lines, "scatter": _scatter, "parallel": _parallel, "bars": _bars, "box": _box}


def _colours(keys: Sequence[str], view: Mapping[str, Any]) -> list[str]:
    charted = [one["key"] for one in view["charted"]]
    return [_colour(key, charted, view) for key in keys]


def _colour(key: str, charted: Sequence[str], view: Mapping[str, Any]) -> str:
    """The one it has on screen, else its place among those that are charted."""
    place = view["state"]["colours"].get(key)
    if place is None:
        place = charted.index(key) if key in charted else 0
    return line_colour(place)


def _name(column: str) -> str:
    entity, dot, key = column.partition(".")
    return key if dot else entity


def _named(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
    return ", ".join(labels[:8]) + more
