"""Charts, tables and HTML are drawn by floors above this one, which are loaded when the first is asked for.

`inlay/__init__.py`, which stands above all floors, says here who draws what; so `Run.chart` and `Runs.compare` work in
a script as in a notebook, and this floor knows neither Altair nor the views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Drawn = Literal["chart", "table", "diff", "groups"]

_drawers: dict[Drawn, Callable[..., Any]] = {}


def set_drawer(drawn: Drawn, drawer: Callable[..., Any]) -> None:
    """Have `drawer` draw charts (it takes what `inlay.chart` takes), tables of runs (what `RunTable` takes), or a
    difference or groups as HTML.
    """
    _drawers[drawn] = drawer


def draw(keys: Any, runs: Any, **options: Any) -> Any:
    """A chart of these metrics in these runs."""
    return _drawer("chart")(keys, runs, **options)


def table(runs: Any, **options: Any) -> Any:
    """A table of these runs."""
    return _drawer("table")(runs, **options)


def html(drawn: Literal["diff", "groups"], of: Any) -> str:
    """A difference or groups as HTML for a notebook."""
    return str(_drawer(drawn)(of))


def _drawer(drawn: Drawn) -> Callable[..., Any]:
    if drawn not in _drawers:
        raise RuntimeError("nobody draws here; import the package `inlay`, not one of its parts by its path")
    return _drawers[drawn]
