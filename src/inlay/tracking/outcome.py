"""How a run ends: the status words, and what is kept of the exception that ended it."""

from __future__ import annotations

import sys
import traceback as tracebacks

from inlay.query.attributes import RunError
from inlay.store.masking import mask_text
from inlay.tracking import origin

STATUSES = ("running", "finished", "failed", "interrupted", "killed")
# MLflow's spelling is accepted wherever a status is.
_SYNONYMS = {"scheduled": "running", "canceled": "interrupted", "cancelled": "interrupted"}


def error_of(error: BaseException | RunError | None) -> RunError | None:
    """Type, message and formatted traceback of an exception, masked; what was found out otherwise is taken as it is."""
    if error is None:
        return None
    if isinstance(error, RunError):
        return RunError(
            error.type,
            mask_text(error.message[:_MESSAGE], code=False),
            mask_text(error.traceback[-_TRACEBACK:], code=False),
        )
    text = "".join(tracebacks.format_exception(type(error), error, error.__traceback__))
    try:
        message = str(error)
    except Exception as worse:  # noqa: BLE001 - the user's own `__str__`
        message = f"(its message could not be had: {worse!r})"
    return RunError(
        type(error).__name__,
        mask_text(message[:_MESSAGE], code=False),
        mask_text(text[-_TRACEBACK:], code=False),
    )


# Characters kept, of a traceback the last ones: where it was raised. In any spelling both fit one event.
_MESSAGE, _TRACEBACK = 10_000, 60_000


def error_columns(failure: RunError | None) -> dict[str, str]:
    """The columns of `runs` that say what ended it; none without an error."""
    if failure is None:
        return {}
    return {"error_type": failure.type, "error_message": failure.message, "traceback": failure.traceback}


def check_status(status: str) -> str:
    """The status word, from ours or MLflow's spelling. Raises `ValueError` for any other."""
    word = str(status).lower()
    word = _SYNONYMS.get(word, word)
    if word not in STATUSES or word == "running":
        msg = f"a run ends as {', '.join(STATUSES[1:])}; got {status!r}"
        raise ValueError(msg)
    return word


def at_exit() -> tuple[str, BaseException | None]:
    """How runs end that are open when the interpreter goes away.

    A script's uncaught exception is left in `sys`; a kernel that goes down in mid-cell was killed.
    """
    busy = origin.busy()
    if busy is not None:
        return ("killed" if busy else "finished"), None
    if hasattr(sys, "ps1"):  # at a prompt, `sys` has the last exception of all, however long ago
        return "finished", None
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return status_of(error), error


def status_of(error: BaseException | None) -> str:
    """How a run ends whose code raised `error`."""
    if error is None or isinstance(error, GeneratorExit):
        return "finished"
    if isinstance(error, SystemExit):
        return "finished" if error.code in (None, 0) else "failed"
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "interrupted"
    return "failed"
