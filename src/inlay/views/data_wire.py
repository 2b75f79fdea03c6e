"""The columns of a data set, as js/lib/data.ts reads them: what somebody may look at, of a size that can be sent.

Schema and profile were written as JSON by somebody else's program, so nothing of them is taken for granted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.query.datasets import datasets_of
from inlay.views.format import encodable

if TYPE_CHECKING:
    from inlay.query.datasets import Dataset
    from inlay.tracking.run import Run

COLUMNS = 200
"""The most columns that are sent."""
TEXT = 200
BINS = 40
"""The most bars of one column."""
TOP = 5
"""The most values named of a column of texts."""


def columns_json(run: Run, name: str, context: str) -> dict[str, Any]:
    """The first columns of the run's data set with what is known of each, or the first files of a folder; `total`
    counts those left out, too.

    Raises `InlayError` for a data set that is not known.
    """
    known = dict(run.memory.inputs).get((name, context))
    if known is None:
        stored = datasets_of(run.store, run.run_id)
        known = next((one for one in stored if (encodable(one.name), encodable(one.context)) == (name, context)), None)
    if known is None:
        raise InlayError(f"run {run.short_id} has no data set {name!r:.300}")
    columns = [_column(one, known.profile) for one in known.schema[:COLUMNS]]
    return {"columns": columns, "total": _total(known)}


def _total(data: Dataset) -> int:
    """How many columns or files there are: the schema holds the first of them, and of an array one entry for all."""
    entries = len(data.schema)
    if entries == 1 and "shape" in data.schema[0]:
        return 1
    return max(entries, (data.rows if data.kind == "folder" else data.columns) or 0)


def _column(column: dict[str, Any], profile: dict[str, dict[str, Any]]) -> dict[str, Any]:
    name = column.get("name")
    known = profile.get(name) if isinstance(name, str) else None
    known = known or {}
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
