"""A run's card below a cell: two outputs, one picture.

Output A is the static picture, refreshed now and then; output B is the widget. A brings the style that hides A
while B is alive, and B when it is not, so that after a restart, a crash or in a saved notebook the picture is
there without anybody having to put it there in time. When the run ends, A is made final and B emptied.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from inlay.tracking import events
from inlay.tracking.points import follow, stored_points
from inlay.views import feed
from inlay.views.curves import RunCurves
from inlay.views.header import header_of
from inlay.views.picture import picture_html
from inlay.views.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inlay.tracking.events import RunEvent
    from inlay.tracking.points import Follower
    from inlay.tracking.run import Run

PICTURE_EVERY = 5.0
"""Seconds between two pictures of a live run."""


class Publisher(Protocol):
    """Shows MIME bundles below a cell, and changes them later."""

    def show(self, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Any:
        """A new output; returns what `update` takes."""

    def update(self, slot: Any, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Let the output show something else."""


class LiveCard:
    """One run below one cell, from the moment it is shown to the end of the run."""

    def __init__(self, run: Run, publisher: Publisher) -> None:
        self._run = run
        self._publisher = publisher
        self._lock = threading.RLock()
        self._curves = RunCurves()
        self._follower: Follower | None = follow(run) if run.live else None
        self._header: dict[str, Any] = {}
        self._seq = 0
        self._drawn_at = 0.0
        self._dirty = False
        self._done = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Show both outputs, and keep them fresh while this process writes the run."""
        with self._lock:
            self._curves.feed(self._follower.poll() if self._follower else stored_points(self._run))
            self._header = self._new_header()
            self._view = RunView(self._header, self._on_ready)
            self._view.set_snapshot(self._seq, self._curves.snapshot())
            self._curves.changes()
            self._picture = self._publisher.show(self._picture_bundle())
            self._live = self._publisher.show(self._view.view_bundle())
            self._drawn_at = time.monotonic()
        if self._follower is not None:
            self._unsubscribe = events.subscribe(self._on_event)
            feed.add(self)
            if not self._run.live:  # it ended in between
                self._end()

    def refresh(self) -> None:
        """One round of the feed: send new points, and every few seconds a new picture."""
        with self._lock:
            if self._done:
                return
            self._push()
            if self._dirty and time.monotonic() - self._drawn_at >= PICTURE_EVERY:
                self._draw()

    def _push(self) -> None:
        if self._follower is not None:
            self._curves.feed(self._follower.poll())
        frame = self._curves.changes()
        if frame is not None:
            self._seq += 1
            self._view.push("points", self._seq, frame)
            self._dirty = True
        header = self._new_header()
        if header != self._header:
            self._header = header
            self._view.set_header(header)
            self._dirty = True

    def _draw(self) -> None:
        """What a reload, a restart or the saved file will show."""
        self._view.set_snapshot(self._seq, self._curves.snapshot())
        self._publisher.update(self._picture, self._picture_bundle())
        self._dirty, self._drawn_at = False, time.monotonic()

    def _end(self) -> None:
        """The last points, the final picture, and no widget any more."""
        self._unsubscribe()
        feed.remove(self)
        with self._lock:
            if self._done:
                return
            self._done = True
            self._push()
            self._draw()
            self._publisher.update(self._live, {"text/plain": ""})
            self._view.close()

    def _on_event(self, event: RunEvent) -> None:
        if event.kind == "ended" and event.run is self._run:
            self._end()

    def _on_ready(self) -> None:
        with self._lock:
            if not self._done:
                self._view.push("snapshot", self._seq, self._curves.snapshot())

    def _new_header(self) -> dict[str, Any]:
        return header_of(self._run.snapshot(), self._curves.metrics_total)

    def _picture_bundle(self) -> dict[str, Any]:
        snapshot = self._run.snapshot()
        html = picture_html(snapshot, self._curves.charts(), self._curves.metrics_total, self._view.token)
        return {"text/html": html, "text/plain": repr(self._run)}
