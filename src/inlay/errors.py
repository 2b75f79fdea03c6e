"""The errors inlay raises on purpose.

Each says what happened, with the offending value, and what to do next. They sit on the lowest floor so
that every other part of the package can raise them; `ValueError` and `TypeError` are used as they are
where Python users expect them.
"""

from __future__ import annotations


class InlayError(Exception):
    """Any error of inlay's own; catch this to catch them all."""


class StoreError(InlayError):
    """The store on disk cannot be used as asked."""


class StoreVersionError(StoreError):
    """The store was written by a newer inlay; nothing in it was touched."""


class QueryError(InlayError):
    """A query could not be run; the message shows the place in the query.

    `position` is that place, in characters from the beginning of the query; None where none is known.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class RunNotFoundError(InlayError, LookupError):
    """No run, or more than one, answers to the id, prefix or name given."""


class NoActiveRunError(InlayError):
    """Something was logged with no run open."""


class RunActiveError(InlayError):
    """A run is already open here, and neither `nested=True` nor an end was asked for."""


class UnsafeLoadError(InlayError):
    """Loading this could run code that somebody else wrote, and nobody said that this is wanted."""
