"""The columns of a data set, as js/lib/data.ts reads them: what somebody may look at, of a size that can be sent.

Schema and profile were written as JSON by somebody else's program, so nothing of them is taken for granted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.query.inputs import InputColumns, columns_of
from inlay.views.format import encodable

if TYPE_CHECKING:
    from inlay.tracking.run import Run

COLUMNS = 200
"""The most columns that are sent."""
TEXT = 200
BINS = 40
"""The most bars of one column."""
TOP = 5
"""The most values named of a column of texts."""


def columns_json(run: Run, name: str, context: str) -> dict[str, Any]:
    """The columns of the run's data set; `total` counts those left out, too. Raises `InlayError` for one not known."""
    found = columns_of(run.store, run.run_id, name, context)
    if found is None:
        raise InlayError(f"run {run.short_id} has no data set {name!r:.300}")
    return told_columns(found)


def told_columns(found: InputColumns) -> dict[str, Any]:
    """The first columns with what is known of each."""
    named = [one for one in found.schema if isinstance(one, dict)]
    return {"columns": [_column(one, found.profile) for one in named[:COLUMNS]], "total": len(named)}


def _column(column: dict[str, Any], profile: dict[str, Any]) -> dict[str, Any]:
    name = column.get("name")
    known = profile.get(name) if isinstance(name, str) else None
    known = known if isinstance(known, dict) else {}
    said: dict[str, Any] = {"name": _text(name), "type": _text(column.get("type"))}
    said |= {fact: _plain(known.get(fact)) for fact in ("missing", "min", "mean", "max", "distinct")}
    return {**said, "counts": _counts(known.get("histogram")), "top": _top(known.get("top"))}


def _counts(histogram: Any) -> list[float] | None:
    counts = histogram.get("counts") if isinstance(histogram, dict) else None
    if not isinstance(counts, list) or not 0 < len(counts) <= BINS:
        return None
    return counts if all(_is_number(one) for one in counts) else None


def _top(top: Any) -> list[list[Any]]:
    """The most frequent values, each with how often it is there."""
    pairs = [one for one in top if isinstance(one, list) and len(one) == 2] if isinstance(top, list) else []
    return [[_text(value), count] for value, count in pairs[:TOP] if _is_number(count)]


def _plain(value: Any) -> Any:
    """A figure as it is; of anything else its text."""
    if value is None or _is_number(value):
        return value
    return _text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return encodable(text if len(text) <= TEXT else text[:TEXT] + "…")
