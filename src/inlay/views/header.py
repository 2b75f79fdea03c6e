"""The header of a card, as the browser gets it: a run's attributes in JSON, all values as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from inlay.store.identity import short_id
from inlay.views.curves import encodable

if TYPE_CHECKING:
    from inlay.tracking.snapshot import RunSnapshot

MAX_PARAMS = 500
_LONGEST = 2_000


def header_of(run: RunSnapshot, metrics_total: int) -> dict[str, Any]:
    """The trait `_header` of `RunView`."""
    error = run.error
    return {
        "run_id": run.run_id,
        "short_id": run.short_id,
        "name": encodable(run.name),
        "experiment": encodable(run.experiment),
        "status": run.status,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "tags": {encodable(key): encodable(value) for key, value in run.tags.items()},
        "note": encodable(run.note),
        "error": error
        and {
            "type": encodable(error.type),
            "message": encodable(error.message),
            "traceback": encodable(error.traceback),
        },
        "params": [[encodable(key), param_text(value)] for key, value in list(run.params.items())[:MAX_PARAMS]],
        "params_total": len(run.params),
        "metrics_total": metrics_total,
        "load": load_line(run),
        "parent": run.parent_run_id and short_id(run.parent_run_id),
    }


def load_line(run: RunSnapshot) -> str:
    """The line of code that brings the run back."""
    return f'inlay.get_run("{run.short_id}")'


def param_text(value: Any) -> str:
    """A param as the reader would write it: text bare, everything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return encodable(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
