"""The feed: one thread that keeps every live card of a session up to date.

At most ten rounds a second, each one message a card with all its series. A round that took long makes the next
one wait, so that drawing never takes more than a twentieth of the interpreter's time from the training.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from typing import Protocol

INTERVAL = 0.1
_SHARE = 0.05


class Card(Protocol):
    """What the feed asks of a card."""

    def refresh(self) -> None:
        """Send what is new."""


class Feed(threading.Thread):
    """Refreshes the cards given to it until none is left."""

    def __init__(self) -> None:
        super().__init__(name="inlay-feed", daemon=True)
        self.cards: list[Card] = []
        self._warned = False

    def run(self) -> None:
        """Rounds, as long as there is a card."""
        pause = INTERVAL
        while True:
            time.sleep(pause)
            with _lock:
                cards = tuple(self.cards)
                if not cards:
                    _forget(self)
                    return
            began = time.thread_time()
            for card in cards:
                self._refresh(card)
            pause = max(INTERVAL, (time.thread_time() - began) / _SHARE)

    def _refresh(self, card: Card) -> None:
        try:
            card.refresh()
        except Exception as error:  # noqa: BLE001 - one broken card must not stop the others
            if not self._warned:
                self._warned = True
                warnings.warn(f"inlay cannot draw a run ({error!r}); it is recorded all the same", stacklevel=2)


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
