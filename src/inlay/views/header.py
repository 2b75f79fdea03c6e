"""What a card says of a run in words: the trait `_header` of the live card, and the same facts for its picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from inlay.store.identity import short_id
from inlay.views.format import encodable

if TYPE_CHECKING:
    from inlay.tracking.snapshot import RunPlace, RunSnapshot

PARAMS = 500
"""The most params a card lists."""
LONGEST = 2_000
"""The most characters of one text in the live card; a traceback may be ten times as long."""


def header_of(run: RunSnapshot, metrics_total: int, place: RunPlace) -> dict[str, Any]:
    """The trait `_header` of `RunView`, as js/lib/wire.ts reads it: everything of the run but its points, as JSON."""
    return {
        "run_id": run.run_id,
        "short_id": run.short_id,
        "name": _sent(run.name),
        "experiment": _sent(run.experiment),
        "status": run.status,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        **words_of(run),
        "error": run.error
        and {
            "type": _sent(run.error.type),
            "message": _sent(run.error.message),
            "traceback": encodable(run.error.traceback[-10 * LONGEST :]),
        },
        "params": [[_sent(key), _sent(text)] for key, text in param_texts(run, PARAMS)],
        "params_total": len(run.params),
        "metrics_total": metrics_total,
        "load": load_line(run),
        "parent": run.parent_run_id and short_id(run.parent_run_id),
        "store": place.store,
        "following": place.following,
        "source": place.source and _sent(place.source),
        "host": place.host and _sent(place.host),
        "user": place.user and _sent(place.user),
    }


def words_of(run: RunSnapshot) -> dict[str, Any]:
    """What people say of a run, and may change at any time. The note is whole, for it is edited in the card."""
    return {
        "tags": {_sent(key): _sent(str(text)) for key, text in run.tags.items()},
        "note": encodable(run.note),
    }


def load_line(run: RunSnapshot) -> str:
    """The line of code that brings the live view of a run back."""
    return f'inlay.get_run("{run.short_id}")'


def param_texts(run: RunSnapshot, limit: int) -> list[tuple[str, str]]:
    """The first `limit` params: text as it is, anything else as JSON writes it."""
    return [(key, _as_text(value)) for key, value in list(run.params.items())[:limit]]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)


def _sent(text: str) -> str:
    return encodable(text if len(text) <= LONGEST else text[:LONGEST] + "…")
