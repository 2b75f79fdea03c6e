"""What happens to runs, announced: the floors above subscribe, so that this one need not know them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.tracking.run import Run


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A run was started, changed (params, tags, note; not metrics), or ended."""

    kind: Literal["started", "changed", "ended"]
    run: Run


_subscribers: list[Callable[[RunEvent], None]] = []


def subscribe(callback: Callable[[RunEvent], None]) -> Callable[[], None]:
    """Call `callback` with every event, in the thread that caused it; returns a function that stops that."""
    _subscribers.append(callback)

    def unsubscribe() -> None:
        if callback in _subscribers:
            _subscribers.remove(callback)

    return unsubscribe


def announce(kind: Literal["started", "changed", "ended"], run: Run) -> None:
    """Tell the subscribers; what fails there is a warning, never an error of the user's code."""
    for callback in tuple(_subscribers):
        try:
            callback(RunEvent(kind, run))
        except Exception as error:  # noqa: BLE001 - a broken view must not break a training
            warnings.warn(f"inlay: showing the run failed: {error!r}", RuntimeWarning, stacklevel=2)
