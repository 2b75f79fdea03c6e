"""The state a table begins with: what code said, or how tables of the store were left; and what a comparison adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.fresh import fresh
from inlay.views.table_choices import remembered_state
from inlay.views.table_columns import order_of
from inlay.views.table_state import checked_state

if TYPE_CHECKING:
    from inlay.tracking.found import Runs

CHARTED = 10
"""Runs up to which a comparison begins with their curves."""


def beginning(runs: Runs, state: dict[str, Any] | None, differences: bool | None) -> dict[str, Any]:  # noqa: FBT001
    """The whole state. A state by itself is taken at its word; with `differences` it is put on top of what was left.
    Without one, the order that the runs come in is the table's own, so that heads show it.

    Raises `TypeError` or `ValueError` naming what is wrong in the state.
    """
    if state is None:
        began = {**remembered_state(runs.store), "order": order_of(runs.query)}
    else:
        began = checked_state(state, None if differences is None else remembered_state(runs.store))
    if differences is not None:
        began["differences"] = bool(differences)
    ids = runs.query.within
    if differences and ids is not None and len(ids) <= CHARTED and "charts" not in (state or {}):
        began["charts"] = _first_curve(runs, ids)
    return began


def _first_curve(runs: Runs, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Of the first metric that all of them have, else that most of them have, a chart of lines."""
    with fresh(runs.store) as con:
        rows = con.execute(_COMMON, [list(ids)]).fetchall()
    charts: list[dict[str, Any]] = checked_state({"charts": [{"kind": "lines", "metric": key} for (key,) in rows]})[
        "charts"
    ]
    return charts


_COMMON = """
SELECT key FROM series WHERE count > 1 AND run_id IN (SELECT try_cast(unnest(?) AS UUID))
GROUP BY key ORDER BY count(*) DESC, min(series_id) LIMIT 1
"""
