"""Requests from the browser, one function each: `{id, op, ...}` in, `{id, ok}` or `{id, error}` out.

Nothing here knows a widget. Whatever goes wrong becomes an answer, which is drawn under the card: an exception raised
in a comm's callback would be seen by nobody.
"""

from __future__ import annotations

import traceback as tracebacks
from typing import TYPE_CHECKING, Any, NamedTuple

from inlay.errors import InlayError
from inlay.store.masking import mask_text
from inlay.views.format import encodable
from inlay.views.paths import without_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.views.desk import Desk

TRACEBACK = 20_000
"""The most characters of a traceback that are sent, the last ones."""


class Reply(NamedTuple):
    """What is sent back: JSON, and the buffers that go with it."""

    content: dict[str, Any]
    buffers: list[bytes]


def reply_to(request: object, desk: Desk) -> Reply | None:
    """The reply to one message; None to one that asks nothing."""
    if not isinstance(request, dict) or not isinstance(request.get("id"), (int, str)):
        return None
    try:
        body, buffers = _answer(request, desk)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the card says it, whatever it is
        return Reply({"id": request["id"], "error": error_of(error)}, [])
    return Reply({"id": request["id"], "ok": body}, buffers)


def error_of(error: BaseException) -> dict[str, str]:
    """Type, message and traceback as they may be shown: secrets masked, the home directory shortened."""
    text = "".join(tracebacks.format_exception(type(error), error, error.__traceback__))
    return {
        "type": type(error).__name__,
        "message": _shown(str(error))[:TRACEBACK],
        "traceback": _shown(text)[-TRACEBACK:],
    }


def _shown(text: str) -> str:
    return encodable(without_owner(mask_text(text, code=False)))


Answer = tuple[dict[str, Any], list[bytes]]


def _answer(request: dict[str, Any], desk: Desk) -> Answer:
    op = request.get("op")
    handler = _HANDLERS.get(op) if isinstance(op, str) else None
    if handler is None:
        raise InlayError(f"no request {op!r}; there are {', '.join(_HANDLERS)}")
    return handler(request, desk)


def _hello(_request: dict[str, Any], _desk: Desk) -> Answer:
    return {}, []


_HANDLERS: dict[str, Callable[[dict[str, Any], Desk], Answer]] = {"hello": _hello}
