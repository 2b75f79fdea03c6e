"""Requests from the browser, one function each: `{id, op, ...}` in, `{id, ok}` or `{id, error}` out.

Nothing here knows a widget. Whatever goes wrong becomes an answer, which is drawn under the card: an exception raised
in a comm's callback would be seen by nobody.
"""

from __future__ import annotations

import traceback as tracebacks
from typing import TYPE_CHECKING, Any, NamedTuple

from inlay.errors import InlayError
from inlay.store.masking import mask_text
from inlay.views import choices
from inlay.views.arguments import Answer, listing, number, text
from inlay.views.format import encodable
from inlay.views.paths import without_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.artifacts import Artifact
    from inlay.tracking.run import Run
    from inlay.views.desk import Desk

TRACEBACK = 20_000
"""The most characters of a message or traceback that are sent; of a traceback the last ones."""
KEYS = 48
"""The most metrics of one zoom."""
POINTS = 2_000
"""The most points of one series."""
CAPTION = 300
"""The most characters of the caption of a picture."""


class Reply(NamedTuple):
    """What is sent back: JSON, and the buffers that go with it."""

    content: dict[str, Any]
    buffers: list[bytes]


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

    run = desk.run(text(request, "run"))
    keys = listing(request, "keys")
    if not keys or len(keys) > KEYS or not all(isinstance(key, str) for key in keys):
        raise ValueError(f"'keys' holds 1 to {KEYS} names of metrics; got {keys!r:.200}")
    x = text(request, "x")
    if x not in ("step", "time"):
        raise ValueError(f"'x' is 'step' or 'time'; got {x!r:.200}")
    lo, hi = number(request, "lo"), number(request, "hi")
    limit = max(10, min(int(number(request, "points")), POINTS))
    frame = detail_frame(detail(run.store, run.run_id, keys, x, lo, hi, limit))
    return Answer({"series": frame.series}, (frame.data,))


def _artifact(request: dict[str, Any], desk: Desk) -> Answer:
    """A look at a file of the run, at a step of a series (`key`, `step`), at a table in parts (`key`); or all of it."""
    from inlay.views import artifact_preview as looks

    run, whole = desk.run(text(request, "run")), request.get("whole") is True
    if request.get("key") is None:
        file = _file(run, text(request, "path"))
    else:
        step = None if request.get("step") is None else int(number(request, "step"))
        *earlier, file = _files_of_key(run, text(request, "key"), step)
        if step is None and earlier:
            parts = [*earlier, file]
            look = (looks.whole_table if whole else looks.preview_parts)(parts, run.store)
            return Answer(look.as_json() | {"path": encodable(file.key or file.path)}, look.buffers)
    look = (looks.whole_file if whole else looks.preview)(file, run.store)
    return Answer(look.as_json() | {"path": encodable(file.path)}, look.buffers)


def _file(run: Run, path: str) -> Artifact:
    from inlay.query.artifacts import artifact_of

    # A browser was told the path as it can be encoded, which for half a surrogate pair is another.
    known = {encodable(one): artifact for one, artifact in dict(run.memory.artifacts).items()}
    artifact = known.get(path) or artifact_of(run.store, run.run_id, path)
    if artifact is None:
        raise InlayError(f"run {run.short_id} has no artifact {path!r:.300}")
    return artifact


def _files_of_key(run: Run, key: str, step: int | None = None) -> list[Artifact]:
    """The files of a series or table in their order; all of a live run that this process alone writes are in memory."""
    from inlay.query.artifacts import artifacts_of_key

    files = []
    if run.live and not (run.recorder is not None and run.recorder.resumed):
        keyed = [one for one in dict(run.memory.artifacts).values() if one.key is not None]
        files = [one for one in keyed if encodable(one.key or "") == key and step in {None, one.step}]
        files.sort(key=lambda one: (-1 if one.step is None else one.step, one.path))
    files = files or artifacts_of_key(run.store, run.run_id, key, step)
    if not files:
        where = "" if step is None else f" at step {step}"
        raise InlayError(f"run {run.short_id} has nothing under the key {key!r:.300}{where}")
    return files


def _series(request: dict[str, Any], desk: Desk) -> Answer:
    """The steps and captions of a series, or of those behind the step `after`; `total` counts all of them."""
    from inlay.query.entries import steps_of

    run = desk.run(text(request, "run"))
    after = None if request.get("after") is None else int(number(request, "after"))
    found = steps_of(_files_of_key(run, text(request, "key")), after)
    captions = found.captions and [encodable(caption[:CAPTION]) for caption in found.captions]
    return Answer({"steps": found.steps, "captions": captions, "total": found.total})


def _histogram(request: dict[str, Any], desk: Desk) -> Answer:
    """A histogram over its steps: steps, numbers of bins, and all edges and counts one after the other."""
    from array import array

    from inlay.query.histograms import histogram_steps

    run = desk.run(text(request, "run"))
    found = histogram_steps(run.store, run.run_id, text(request, "key"))
    numbers = (
        (one.step for one in found.bins),
        (len(one.counts) for one in found.bins),
        (edge for one in found.bins for edge in one.edges),
        (count for one in found.bins for count in one.counts),
    )
    return Answer({"shown": len(found.bins), "total": found.total}, tuple(array("d", one).tobytes() for one in numbers))


def _input(request: dict[str, Any], desk: Desk) -> Answer:
    """The columns of a data set."""
    from inlay.views.data_wire import columns_json

    run = desk.run(text(request, "run"))
    return Answer(columns_json(run, text(request, "name"), text(request, "context")))


def _set_note(request: dict[str, Any], desk: Desk) -> Answer:
    run = desk.run(text(request, "run"))
    run.set_note(text(request, "text"))
    desk.tell(run, "note")
    return Answer({"note": encodable(run.note)})


def _set_tag(request: dict[str, Any], desk: Desk) -> Answer:
    run, value = desk.run(text(request, "run")), request.get("value")
    if value is not None and not isinstance(value, str):
        raise TypeError(f"the value of a tag is a text, or null to remove it; got {value!r:.200}")
    run.set_tag(text(request, "key"), value)
    desk.tell(run, "tags")
    return Answer({"tags": {encodable(key): encodable(text) for key, text in run.tags.items()}})


def _choose(request: dict[str, Any], desk: Desk) -> Answer:
    """Remember how the charts of a store are looked at, for the cards drawn from now on."""
    key = text(request, "store")
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
    "series": _series,
    "histogram": _histogram,
    "input": _input,
    "set_note": _set_note,
    "set_tag": _set_tag,
    "choose": _choose,
}


def _handler(op: object) -> Callable[[dict[str, Any], Desk], Answer]:
    if isinstance(op, str) and op.startswith("table."):
        from inlay.views.table_requests import handler_of  # with the first table, not with the first card

        return handler_of(op)
    handler = _HANDLERS.get(op) if isinstance(op, str) else None
    if handler is None:
        raise InlayError(f"there is no request {op!r:.200}; there are {', '.join(_HANDLERS)}")
    return handler
