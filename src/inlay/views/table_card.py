"""A run table below a cell: two outputs, one picture, as a run's card has them (see `live_card`).

The picture is drawn again some seconds after the last change of what the table shows, so that the saved notebook has
what was on screen. The newest few tables of a kernel stay interactive; older ones leave their picture.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from inlay.settings import configured_static
from inlay.views import feed
from inlay.views.model import EMPTY
from inlay.views.table_picture import ROWS, table_picture_html
from inlay.views.table_shots import shot_of

if TYPE_CHECKING:
    from inlay.settings import Static
    from inlay.views.live_card import Publisher
    from inlay.views.run_table import RunTable

OPEN = 20
"""How many tables stay interactive."""
SETTLED = 2.0
"""Seconds without a change before the picture is drawn again."""
LONGEST = 30.0
"""Seconds after which it is, though the values of live runs never settle."""
SHARE = 0.05
"""The most of the time that drawing pictures may take."""


class TableCard:
    """One table below one cell."""

    def __init__(self, table: RunTable, publisher: Publisher, static: Static | None = None) -> None:
        """`static` is by default as `inlay.configure` says."""
        self.table = table
        self._publisher = publisher
        self._static = static
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._slots: tuple[Any, Any] = (None, None)
        self._changed_at = self._first_change_at = 0.0
        self._drawn_at, self._cost = time.monotonic(), 0.0

    def start(self) -> None:
        """Show both outputs."""
        output: dict[str, Any] = dict(EMPTY)
        if self._publisher.watched:
            try:
                output = self.table.widget.output
            except Exception as error:  # noqa: BLE001 - the picture has to do
                feed.warn(error)
        with self._lock:
            picture = self._publisher.show(self._picture())
            self._slots = picture, self._publisher.show(output)
        if self.table.watched:
            self.table.show_in(self)
            _keep_open(self)

    def changed(self) -> None:
        """What the picture shows may be another by now."""
        self._changed_at = time.monotonic()
        self._first_change_at = self._first_change_at or self._changed_at

    def round(self) -> None:
        """Draw the picture again when it is time to; called about once a second."""
        now = time.monotonic()
        settled = now - self._changed_at >= SETTLED or now - self._first_change_at >= LONGEST
        if not self._first_change_at or not settled or now - self._drawn_at < self._cost / SHARE:
            return
        self.draw()

    def draw(self) -> None:
        """Draw the picture again."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._first_change_at, began = 0.0, time.monotonic()
            self._publisher.update(self._slots[0], self._picture())
            self._drawn_at = time.monotonic()
            self._cost = self._drawn_at - began

    def retire(self) -> None:
        """Leave the picture, and free the widget."""
        with contextlib.suppress(Exception):  # a store that is gone leaves the picture there is
            self.draw()
        with self._lock:
            self._publisher.update(self._slots[1], EMPTY)
        self.table.close()

    def _picture(self) -> dict[str, Any]:
        static = self._static or configured_static()
        shot = shot_of(self.table.session, self.table.code_line(), ROWS, charts=static == "full", owners=False)
        html = table_picture_html(shot, token=self.table.token, static=static)
        return {"text/html": html, "text/plain": repr(self.table) if static != "off" else "RunTable"}


_open: deque[TableCard] = deque()


def _keep_open(card: TableCard) -> None:
    """Leave the widget to the page, as the newest of a few; here, for nobody else holds the table of a cell."""
    _open.append(card)
    while len(_open) > OPEN:
        oldest = _open.popleft()
        if not any(other.table is oldest.table for other in _open):
            oldest.retire()
