"""The feed: one thread that keeps every live card of this process up to date.

All cards together get at most ten messages a second. A round that cost much makes the next one wait, so that drawing
never takes more than a twentieth of the interpreter's time from the training. Nothing here survives a fork: the child
has neither the thread nor the sockets, and its parent draws.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import warnings
from typing import Protocol

INTERVAL = 0.1
"""Seconds between two messages."""
SHARE = 0.05
"""The most of the interpreter's time that drawing may take."""
LONGEST = 2.0
"""Seconds between two rounds however dear they are: fewer would look as if the run stood still."""


class Card(Protocol):
    """What the feed asks of a card."""

    def refresh(self) -> int:
        """Show what is new; returns how many messages that took."""


class Feed(threading.Thread):
    """Refreshes the cards given to it until none is left."""

    def __init__(self) -> None:
        super().__init__(name="inlay-feed", daemon=True)
        self.cards: list[Card] = []
        self._warned = False
        self._cost = 0.0

    def run(self) -> None:
        """Rounds, as long as there is a card."""
        messages = 0
        while True:
            time.sleep(self._pause(messages))
            with _lock:
                cards = tuple(self.cards)
                if not cards:
                    _forget(self)
                    return
            began = time.thread_time()
            messages = sum(map(self._refresh, cards))
            # Smoothed: a picture now and then, dear as it is, must not make the points wait.
            self._cost += 0.2 * (time.thread_time() - began - self._cost)

    def _pause(self, messages: int) -> float:
        return max(INTERVAL * messages, INTERVAL, min(self._cost / SHARE, LONGEST))

    def _refresh(self, card: Card) -> int:
        try:
            return card.refresh()
        except Exception as error:  # noqa: BLE001 - one broken card must not stop the others, nor this one for good
            if not self._warned:
                self._warned = True
                with contextlib.suppress(RuntimeWarning):  # where warnings are errors, this thread goes on all the same
                    warn(error)
            return 1


def add(card: Card) -> None:
    """Keep a card up to date from now on."""
    global _feed
    with _lock:
        if _feed is None:
            _feed = Feed()
            _feed.cards.append(card)
            _feed.start()
        else:
            _feed.cards.append(card)


def remove(card: Card) -> None:
    """The card is done."""
    with _lock:
        if _feed is not None and card in _feed.cards:
            _feed.cards.remove(card)


def warn(error: Exception) -> None:
    """Say that drawing failed; the run goes on."""
    message = f"inlay cannot draw this run ({error!r}); it is recorded all the same"
    warnings.warn(message, RuntimeWarning, stacklevel=3)


_lock = threading.Lock()
_feed: Feed | None = None


def _forget(feed: Feed) -> None:
    global _feed
    if _feed is feed:
        _feed = None


def _after_fork() -> None:
    global _lock, _feed
    _lock, _feed = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
