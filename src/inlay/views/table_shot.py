"""A run table at one moment, as the saved picture and the exported page draw it: rows, columns, charts, code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.views.table_texts import Delta, delta_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class TableShot:
    """`view` is as on the wire (js/run-table/wire.ts), with as many rows in its page as are wanted."""

    view: dict[str, Any]
    shown: Sequence[dict[str, Any]]
    """The columns shown, in order."""
    charts: Sequence[tuple[str, str]]
    """Each in words, and as an SVG document."""
    code: str
    """The cell that makes the view."""
    filters: Sequence[str]
    """What the runs were chosen by: the query's, and the table's own."""

    def delta(self, column: Mapping[str, Any], cell: Any, base: Any) -> Delta | None:
        """How a metric differs from the baseline's."""
        if column["entity"] != "metrics":
            return None
        state = self.view["state"]
        return delta_of(cell, base, state["delta"], state["better"].get(column["id"], column["better"]))
