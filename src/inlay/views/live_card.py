"""A run's card below a cell: two outputs, one picture.

Output A is the picture, refreshed now and then; output B is the widget. A brings the style that hides A while B is
alive, and B when it is not, so that after a restart, a crash or in a saved notebook the picture is there without
anybody having to put it there in time. When the run ends, A is made final, and B stays for as long as the kernel does:
that is when people begin to look closely.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from inlay.errors import InlayError
from inlay.query.fresh import fresh
from inlay.query.stored_curves import stored_in
from inlay.settings import configured_static
from inlay.tracking import events
from inlay.tracking.following import follow_foreign, unfollow
from inlay.tracking.joined_points import follow_joined
from inlay.tracking.points import follow
from inlay.tracking.progress import bars
from inlay.views import choices, feed
from inlay.views.curves import LIMITS, RunCurves
from inlay.views.details import Details
from inlay.views.header import header_of
from inlay.views.model import EMPTY
from inlay.views.picture import picture_html
from inlay.views.previews import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inlay.query.attributes import Attributes
    from inlay.settings import Static
    from inlay.tracking.events import RunEvent
    from inlay.tracking.following import FollowedRun
    from inlay.tracking.points import Follower
    from inlay.tracking.run import Run
    from inlay.views.frames import Frame
    from inlay.views.run_view import RunView

PICTURE_EVERY = 5.0
"""Seconds between two pictures of a live run whose points change; twice that when drawing one is slow."""
QUIET_EVERY = 30.0
"""Seconds between two pictures of a live run in which nothing happens: it says as of when it is true."""
SLOW = 0.1
KEPT_A_SECOND = 500_000
"""Bytes of points a second that are kept for pages loaded later: thousands of metrics have millions."""
METRICS_A_SECOND, LONGEST = 300, 10.0
"""How many metrics beyond the first few are brought up to date in a second, and the longest that one waits."""
BARS_EVERY = 0.5
DETAILS_EVERY = 1.0
OPEN = 20
"""How many cards of runs that this process does not write any more, or never did, stay interactive; older ones leave
their picture, and their memory is freed."""


class Publisher(Protocol):
    """Shows MIME bundles below a cell, and changes them later."""

    @property
    def watched(self) -> bool:
        """Whether somebody may be looking, or a program executes the notebook."""

    def show(self, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Any:
        """A new output; returns what `update` takes."""

    def update(self, slot: Any, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Let the output show something else."""


class LiveCard:
    """One run below one cell, from the moment it is shown to the end of the run."""

    def __init__(self, run: Run, publisher: Publisher, static: Static | None = None) -> None:
        """`static` is by default as `inlay.configure` says."""
        self._run = run
        self._publisher = publisher
        self._static = static
        self._pid = os.getpid()
        # The feed's thread, the run's and whichever brings a message from the browser meet here.
        self._lock = threading.RLock()
        self._curves = RunCurves()
        self._follower: Follower | None = None
        self._followed: FollowedRun | None = None
        self._joined: FollowedRun | None = None
        self._details: Details | None = None
        self._view: RunView | None = None
        self._token = secrets.token_hex(6)
        self._slots: tuple[Any, Any] = (None, None)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._done = True
        self._asked = False
        # What changed that the browser was not told, and that neither a reload nor the picture would show.
        self._header_changed = False
        self._details_changed = False
        self._unkept = False
        self._metrics_told = 0
        self._words: tuple[str, dict[str, str]] = "", {}
        self._bars: list[dict[str, Any]] = []
        self._bars_at = self._details_at = self._all_at = 0.0
        self._shown_at = self._drawn_at = time.monotonic()
        self._draw_cost = 0.0
        self._kept_bytes = 0

    def start(self) -> None:
        """Show both outputs, and keep them fresh while the run is written, here or by another process."""
        with self._lock:
            self._begin()
            self._view = self._new_view(self._curves.changes() or self._curves.snapshot())
            self._token = self._view.token if self._view else self._token
            # The second output is there also without a widget: what comes after the picture is ours to hide.
            picture = self._publisher.show(self._picture())
            self._slots = picture, self._publisher.show(self._view.output if self._view else EMPTY)
        if self._follower is None and self._view is not None:
            _keep_open(self)
        if self._done:
            return
        self._unsubscribe = events.subscribe(self._on_event)
        feed.add(self)
        if self._follower is not None and not self._run.live:  # it ended in between
            self._finish()

    def refresh(self) -> int:
        """One round of the feed: send new points, and every few seconds what a reload and the saved file show."""
        with self._lock:
            if self._done:
                return 0
            messages = self._send_changes()
            now = time.monotonic()
            if now - self._drawn_at >= self._picture_every(now):
                messages += self._draw()
            if self._followed is not None and self._followed.ended:
                self._finish()
            return messages

    def retire(self) -> None:
        """Leave the picture, and free the widget."""
        with self._lock:
            self._leave()
            if not self._done:
                self._done = True
                self._draw()
            if self._view is not None:
                self._publisher.update(self._slots[1], EMPTY)
                self._view.close()
                self._view = None

    # -- where the points come from -------------------------------------------------------------------------

    def _begin(self) -> None:
        """The points there are, and whoever brings those that come."""
        run = self._run
        if run.live:
            self._done = False
            self._follower = follow(run)
            self._curves.feed(self._follower.poll())
            # Not looked at yet: of a run that has just begun there is little to know, and its cell waits.
            self._details = Details(run)
            return
        if not run.ended:
            self._followed = follow_foreign(run, LIMITS, self._read_details)
            self._run, self._done = self._followed.run, self._followed.ended
            self._take_in(self._followed)
            self._asked = self._unkept = False  # the card is about to be made with it
            return
        with fresh(run.store) as con:
            self._curves.begin_with(stored_in(con, run.run_id, LIMITS))
            self._read_details(run)  # in the same turn: opening the store again takes as long as reading it

    def _take_in(self, followed: FollowedRun) -> tuple[int, int] | None:
        """What was found in the store since the last round; returns `News.behind`."""
        news = followed.take()
        if news.everything is not None:
            self._curves = RunCurves()
            self._curves.begin_with(news.everything)
            self._curves.changes()
            # The browser holds points that may not be the same any more.
            self._asked = self._unkept = True
        self._curves.feed(news.points)
        self._header_changed |= news.changed
        self._details_changed |= news.late
        self._unkept |= news.changed
        return news.behind

    def _take_joined(self, own: Follower) -> None:
        """What other processes logged to a run of this one, as far as the store has it; from then on its own points."""
        if self._joined is not None:
            behind = self._take_in(self._joined)
            if behind is not None:
                own.go_to(behind)
        elif self._run.shared and not self._done and self._details is not None:
            self._joined = follow_joined(self._run, LIMITS, self._details.read_others)

    def _read_details(self, run: Run) -> bool:
        """In the thread that follows the run, for asking the store takes time."""
        if self._details is None:
            self._details = Details(run)
        return self._details.refresh()

    # -- outputs --------------------------------------------------------------------------------------------

    def _new_view(self, points: Frame) -> RunView | None:
        """The widget; where it cannot be made the picture, which is refreshed all the same, has to do.

        A program that executes a notebook (nbclient, papermill) would keep the state of every widget in the file,
        a hundred thousand bytes of code and points each.
        """
        if not self._publisher.watched:
            return None
        try:
            from inlay.views.page import page
            from inlay.views.run_view import RunView

            run = self._run
            details = self._details.current() if self._details is not None else {}
            view = RunView(self._header(), points, details, self._bars, choices.read(run.store), self._on_ready)
            view.redraw = self._reword
            page().know(run)
            run.drawn = run.live
            return view
        except Exception as error:  # noqa: BLE001
            feed.warn(error)
            return None

    def _send_changes(self) -> int:
        """Send what is new to the browser, and a page that has just been loaded everything."""
        if self._follower is not None:
            self._take_joined(self._follower)
            self._curves.feed(self._follower.poll())
        elif self._followed is not None:
            self._take_in(self._followed)
        changes = self._curves.changes(of_all=self._time_for_all())
        self._unkept |= changes is not None
        bars_changed = self._look_around()
        if self._view is None:
            return 0
        messages = 0
        if changes is not None:
            self._view.push(changes)
            messages += 1
        if self._header_changed or self._metrics_told != self._curves.metrics_total:
            self._view.keep(header=self._header())
            messages += 1
        if self._asked:
            self._asked = False
            self._view.answer(self._curves.snapshot())
            messages += 1
        if bars_changed:
            self._view.progress(self._bars)
            messages += 1
        if self._details is not None and self._details_changed:
            self._details_changed = False
            self._view.keep(details=self._details.current())
            messages += 1
        return messages

    def _time_for_all(self) -> bool:
        """Whether it is time to bring all metrics up to date; of a thousand, every few seconds."""
        now = time.monotonic()
        if not self._due(now - self._all_at, min(self._curves.waiting / METRICS_A_SECOND, LONGEST)):
            return False
        self._all_at = now
        return True

    def _look_around(self) -> bool:
        """How far the loops are, and what stands around the charts; whether the loops went on."""
        now = time.monotonic()
        if self._details is not None and self._followed is None and self._due(now - self._details_at, DETAILS_EVERY):
            self._details_at = now
            self._details_changed |= self._details.refresh()
        if not self._due(now - self._bars_at, BARS_EVERY):
            return False
        self._bars_at = now
        before, self._bars = self._bars, bars(self._run)
        self._unkept |= self._bars != before
        return self._bars != before

    def _due(self, passed: float, every: float) -> bool:
        return passed >= every or self._done

    def _draw(self) -> int:
        """Refresh what stays: the trait that a reloaded page begins with, and the picture."""
        began = time.thread_time()
        # Before looking: what changes meanwhile is for the next time.
        unkept, self._unkept = self._unkept, False
        try:
            if self._view is not None and unkept:
                everything = self._curves.snapshot()
                self._kept_bytes = len(everything.data)
                self._view.keep(everything=everything, progress=self._bars)
            self._publisher.update(self._slots[0], self._picture())
        except BaseException:
            self._unkept = unkept
            raise
        self._drawn_at = time.monotonic()
        self._draw_cost = time.thread_time() - began
        return 2

    def _picture_every(self, now: float) -> float:
        if not self._unkept:
            return QUIET_EVERY
        # A run that has just begun changes fast, and may be killed before the first five seconds are over.
        every = min(PICTURE_EVERY * (2 if self._draw_cost > SLOW else 1), max(1.0, now - self._shown_at))
        return max(every, self._kept_bytes / KEPT_A_SECOND)

    def _header(self) -> dict[str, Any]:
        self._header_changed = False  # before looking: what changes meanwhile is told the next time
        snapshot = self._run.snapshot()
        self._metrics_told = self._curves.metrics_total
        return header_of(snapshot, max(self._metrics_told, snapshot.metric_count), self._run.place())

    def _picture(self) -> dict[str, Any]:
        run, charts = self._run.snapshot(), self._curves.charts()
        self._words = run.note, run.tags
        total = max(self._curves.metrics_total, run.metric_count)
        details = self._details.current() if self._details is not None else {}
        files = files_of(details.get("artifacts", []), details.get("artifacts_total", 0), self._run.store.artifacts)
        static = self._static or configured_static()
        html = picture_html(
            run, charts, total, token=self._token, now=time.time(), static=static, progress=self._bars, files=files,
            data=details.get("inputs", []), shapes=self._details.shapes() if self._details is not None else (),
            histograms_total=len(details.get("histograms", [])),
        )  # fmt: skip
        return {"text/html": html, "text/plain": repr(self._run) if static != "off" else f"Run {run.short_id}"}

    # -- what happens to the run ----------------------------------------------------------------------------

    def _on_event(self, event: RunEvent) -> None:
        if event.run is not self._run or os.getpid() != self._pid:
            return
        self._header_changed = self._unkept = True
        if event.kind == "ended":
            self._finish()

    def _on_ready(self) -> None:
        """A browser has drawn the card. A live card answers with the next round, any other at once."""
        self._asked = True
        if self._done:
            with self._lock:
                self._send_changes()

    def _reword(self, now: Attributes) -> None:
        """The run as the store has it after its end: a note that was edited since is in the saved picture, too."""
        with self._lock:
            if self._done and (now.note, now.tags) != self._words:
                self._run.learn(now)
                self._publisher.update(self._slots[0], self._picture())

    def _finish(self) -> None:
        """The last points and the final picture; of a run that this process wrote in the thread that ended it, so that
        the cell's output is complete when the cell is.
        """
        self._leave()
        with self._lock:
            if self._done:
                return
            self._done = self._header_changed = self._unkept = True
            if self._follower is not None and self._run.shared:
                self._take_all()
            self._send_changes()
            self._draw()
        if self._view is not None and self._followed is None:
            _keep_open(self)

    def _take_all(self) -> None:
        """What other processes logged to the run is in the store, not in the journal that was followed."""
        with contextlib.suppress(InlayError, OSError), fresh(self._run.store, wait=5.0) as con:
            stored = stored_in(con, self._run.run_id, LIMITS)
            self._curves, self._follower, self._joined = RunCurves(), None, None
            self._curves.begin_with(stored)
            self._curves.changes()
            self._asked = True  # the browser holds other points

    def _leave(self) -> None:
        """Be told of nothing any more."""
        self._unsubscribe()
        feed.remove(self)
        for followed in filter(None, (self._followed, self._joined)):
            unfollow(followed)


_open: deque[LiveCard] = deque()


def _keep_open(card: LiveCard) -> None:
    """Leave the widget to the page, as the newest of a few."""
    _open.append(card)
    while len(_open) > OPEN:
        _open.popleft().retire()
