"""`inlay.configure`: what holds for this process until it ends."""

from __future__ import annotations

import difflib
from typing import Literal, TypeAlias, get_args

Static: TypeAlias = Literal["full", "summary", "off"]
"""How much of a run is saved with the notebook: all, the outcome without charts and params, or only its id."""

_static: Static = "full"


def configure(*, static: Static | None = None, **unknown: object) -> None:
    """Choose how much of a run is saved with the notebook; pictures are drawn so from now on.

    `static` is "full" (charts, metrics, params, images; the default), "summary" (how it ended and its final values), or
    "off" (its id and the line that brings the live view back). The live card shows everything, and so does the store.

    Raises `ValueError` for another word, `TypeError` for an option that there is not.
    """
    global _static
    for name in unknown:
        near = difflib.get_close_matches(name, ("static",), 1)
        raise TypeError(
            f"configure takes no {name!r}; " + (f"did you mean {near[0]!r}?" if near else "it takes static")
        )
    if static is None:
        return
    if static not in get_args(Static):
        raise ValueError(f"static is 'full', 'summary' or 'off'; got {static!r}")
    _static = static


def configured_static() -> Static:
    """How much of a run is saved, where nothing else is said."""
    return _static
