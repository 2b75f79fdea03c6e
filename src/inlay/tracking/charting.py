"""Charts are drawn by a floor above this one, which is loaded when the first chart is asked for.

`inlay/__init__.py`, which stands above all floors, says here who draws; so `Run.chart` works in a script as in a
notebook, and this floor knows neither Altair nor the views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_drawer: Callable[..., Any] | None = None


def set_drawer(drawer: Callable[..., Any]) -> None:
    """Have charts drawn by `drawer`, which takes what `inlay.chart` takes."""
    global _drawer
    _drawer = drawer


def draw(keys: Any, runs: Any, **options: Any) -> Any:
    """A chart of these metrics in these runs."""
    if _drawer is None:
        raise RuntimeError("nobody draws charts here; import the package `inlay`, not one of its parts by its path")
    return _drawer(keys, runs, **options)
