"""Requests from the browser, one function each: `{id, op, ...}` in, `{id, ok}` or `{id, error}` out.

Nothing here knows a widget. Whatever goes wrong becomes an answer, which is drawn under the card: an exception raised
in a comm's callback would be seen by nobody.
"""

from __future__ import annotations

import math
import traceback as tracebacks
from typing import TYPE_CHECKING, Any, NamedTuple

from inlay.errors import InlayError
from inlay.store.masking import mask_text
from inlay.views import choices
from inlay.views.format import encodable
from inlay.views.paths import without_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.run_details import Artifact
    from inlay.tracking.run import Run
    from inlay.views.desk import Desk

TRACEBACK = 20_000
"""The most characters of a message or traceback that are sent; of a traceback the last ones."""
KEYS = 48
"""The most metrics of one zoom."""
POINTS = 2_000
"""The most points of one series."""


class Reply(NamedTuple):
    """What is sent back: JSON, and the buffers that go with it."""

    content: dict[str, Any]
    buffers: list[bytes]


class Answer(NamedTuple):
    """What a request was answered with."""

    body: dict[str, Any]
    buffers: tuple[bytes, ...] = ()


def reply_to(request: object, desk: Desk) -> Reply | None:
    """The reply to one message; None to one that asks nothing."""
    if not isinstance(request, dict) or not isinstance(request.get("id"), (int, str)):
        return None
    try:
        answer = _handler(request.get("op"))(request, desk)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the card says it, whatever it is
        return Reply({"id": request["id"], "error": error_of(error)}, [])
    return Reply({"id": request["id"], "ok": answer.body}, list(answer.buffers))


def error_of(error: BaseException) -> dict[str, str]:
    """Type, message and traceback as they may be shown: secrets masked, the home directory shortened."""
    text = "".join(tracebacks.format_exception(type(error), error, error.__traceback__))
    return {
        "type": type(error).__name__,
        "message": _shown(str(error)[:TRACEBACK]),
        "traceback": _shown(text[-TRACEBACK:]),
    }


def _shown(text: str) -> str:
    return encodable(without_owner(mask_text(text, code=False)))


# -- one function for each request ----------------------------------------------------------------------------


def _hello(_request: dict[str, Any], _desk: Desk) -> Answer:
    """The first round trip, after which ipykernel knows where to hear from."""
    return Answer({})


def _detail(request: dict[str, Any], desk: Desk) -> Answer:
    """The points of some metrics between `lo` and `hi`."""
    from inlay.query.stored_curves import detail
    from inlay.views.frames import detail_frame

    run = desk.run(_text(request, "run"))
    keys = _list(request, "keys")
    if not keys or len(keys) > KEYS or not all(isinstance(key, str) for key in keys):
        raise ValueError(f"'keys' holds 1 to {KEYS} names of metrics; got {keys!r:.200}")
    x = _text(request, "x")
    if x not in ("step", "time"):
        raise ValueError(f"'x' is 'step' or 'time'; got {x!r:.200}")
    lo, hi = _number(request, "lo"), _number(request, "hi")
    limit = max(10, min(int(_number(request, "points")), POINTS))
    frame = detail_frame(detail(run.store, run.run_id, keys, x, lo, hi, limit))
    return Answer({"series": frame.series}, (frame.data,))


def _artifact(request: dict[str, Any], desk: Desk) -> Answer:
    """A look at a file of the run, or all of it."""
    from inlay.views.artifact_preview import preview, whole_file

    run, path = desk.run(_text(request, "run")), _text(request, "path")
    look = (whole_file if request.get("whole") is True else preview)(_record(run, path), run.store)
    return Answer(look.as_json(), look.buffers)


def _record(run: Run, path: str) -> Artifact:
    from inlay.query.run_details import artifact_of

    # A browser was told the path as it can be encoded, which for half a surrogate pair is another.
    known = {encodable(one): artifact for one, artifact in dict(run.memory.artifacts).items()}
    artifact = known.get(path) or artifact_of(run.store, run.run_id, path)
    if artifact is None:
        raise InlayError(f"run {run.short_id} has no artifact {path!r:.300}")
    return artifact


def _set_note(request: dict[str, Any], desk: Desk) -> Answer:
    run = desk.run(_text(request, "run"))
    run.set_note(_text(request, "text"))
    desk.tell(run, "note")
    return Answer({"note": encodable(run.note)})


def _set_tag(request: dict[str, Any], desk: Desk) -> Answer:
    run, value = desk.run(_text(request, "run")), request.get("value")
    if value is not None and not isinstance(value, str):
        raise TypeError(f"the value of a tag is a text, or null to remove it; got {value!r:.200}")
    run.set_tag(_text(request, "key"), value)
    desk.tell(run, "tags")
    return Answer({"tags": {encodable(key): encodable(text) for key, text in run.tags.items()}})


def _choose(request: dict[str, Any], desk: Desk) -> Answer:
    """Remember how the charts of a store are looked at, for the cards drawn from now on."""
    key = _text(request, "store")
    store = next((run.store for run in desk.runs() if run.store.key == key), None)
    if store is None:
        raise InlayError("no run of this store was shown by this kernel")
    kept = choices.write(store, request.get("choices"))
    for view in desk.views():
        if view.header.get("store") == key:
            view.remember(kept)
    return Answer({})


_HANDLERS: dict[str, Callable[[dict[str, Any], Desk], Answer]] = {
    "hello": _hello,
    "detail": _detail,
    "artifact": _artifact,
    "set_note": _set_note,
    "set_tag": _set_tag,
    "choose": _choose,
}


def _handler(op: object) -> Callable[[dict[str, Any], Desk], Answer]:
    handler = _HANDLERS.get(op) if isinstance(op, str) else None
    if handler is None:
        raise InlayError(f"there is no request {op!r:.200}; there are {', '.join(_HANDLERS)}")
    return handler


# -- arguments ------------------------------------------------------------------------------------------------


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{request.get('op')!r} takes a text as {name!r}; got {value!r:.200}")
    return value


def _list(request: dict[str, Any], name: str) -> list[Any]:
    value = request.get(name)
    if not isinstance(value, list):
        raise TypeError(f"{request.get('op')!r} takes a list as {name!r}; got {value!r:.200}")
    return value


def _number(request: dict[str, Any], name: str) -> float:
    value = request.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"{request.get('op')!r} takes a number as {name!r}; got {value!r:.200}")
    return value
