"""The charts of a table's state, checked: lines, scatter, parallel coordinates, bars, box plots (`ChartSpec` in
js/run-table/state.ts). What a chart does not say is as in its kind's beginning; what it cannot do without is asked for.
"""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any, TypeAlias

from inlay.views.format import encodable

if TYPE_CHECKING:
    from collections.abc import Callable

    Complain: TypeAlias = Callable[[str], None]
    IsColumn: TypeAlias = Callable[[object], bool]

SMOOTHEST = 0.999
AXES = 60

_DEFAULTS: dict[str, dict[str, Any]] = {
    "lines": {"metric": None, "x": "step", "smoothing": 0.0, "log_x": False, "log_y": False, "band": "std"},
    "scatter": {"x": None, "y": None, "colour": None, "log_x": False, "log_y": False},
    "parallel": {"axes": None, "colour": None, "log": []},
    "bars": {"column": None},
    "box": {"column": None, "by": None},
}
_WORDS = {"x": ("step", "time", "relative"), "band": ("std", "range")}


def chart_spec(value: object, complain: Complain, is_column: IsColumn) -> dict[str, Any] | None:
    """One chart, whole; None for one that cannot be drawn, after a complaint."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or kind not in _DEFAULTS:
        complain(f'a chart is a dict with a "kind", one of {", ".join(map(repr, _DEFAULTS))}; got {value!r:.100}')
        return None
    spec = {"kind": kind, **_DEFAULTS[kind]}
    for name, given in value.items():
        if name == "kind":
            continue
        if name not in spec:
            near = difflib.get_close_matches(str(name), _DEFAULTS[kind], n=1)
            complain(f"a chart of kind {kind!r} has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            continue
        if _fits(kind, name, given, is_column):
            spec[name] = _clean(given)
        else:
            complain(f"{name!r} of a chart of kind {kind!r} is {_wanted(kind, name)}; got {given!r:.100}")
    missing = [name for name in spec if spec[name] is None and name != "colour"]
    if missing:
        complain(f"a chart of kind {kind!r} needs {' and '.join(map(repr, missing))}")
        return None
    return spec


def _fits(kind: str, name: str, value: object, is_column: IsColumn) -> bool:
    if name.startswith("log_"):
        return isinstance(value, bool)
    if name == "smoothing":
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return number and 0 <= value <= SMOOTHEST  # type: ignore[operator]
    if name == "metric":
        return isinstance(value, str) and len(value) <= 2_000
    if kind == "lines":
        return value in _WORDS[name]
    if name in ("axes", "log"):
        return isinstance(value, (list, tuple)) and len(value) <= AXES and all(map(is_column, value))
    # An empty one is still to be chosen.
    return is_column(value) or value == "" or (name == "colour" and value is None)


def _wanted(kind: str, name: str) -> str:
    if name.startswith("log_"):
        return "True or False"
    if name == "smoothing":
        return f"a number from 0 to {SMOOTHEST}"
    if kind == "lines":
        return f"one of {', '.join(map(repr, _WORDS[name]))}" if name in _WORDS else "the key of a metric"
    return f"a list of at most {AXES} columns" if name in ("axes", "log") else 'a column such as "params.lr"'


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    return [encodable(one) for one in value] if isinstance(value, (list, tuple)) else value
