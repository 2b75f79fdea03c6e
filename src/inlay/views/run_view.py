"""`RunView`: the widget of a run. Glue only: what it shows is made elsewhere and set or sent here.

What must survive a page reload is in traits, which the front end asks for again; points come as messages with
one binary buffer. The widget only pushes: while a cell runs, whether the browser can reach the kernel depends
on the kernel's version, so nothing here waits for an answer. What a browser asks goes to `Answers`.
"""

from __future__ import annotations

import difflib
import secrets
import threading
from typing import TYPE_CHECKING, Any

import traitlets

from inlay.views.bundles import bundle
from inlay.views.model import Model
from inlay.views.page import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.attributes import Attributes
    from inlay.views.frames import Frame

_ARGUMENTS = ("header", "frame", "details", "progress", "choices", "on_ready")


class RunView(Model):
    """The live card of one run. Made by `LiveCard`, which keeps it up to date and closes it."""

    _esm = bundle("run-view.js")

    # Browsers never write these, and need not be told what they wrote.
    _library = traitlets.Unicode().tag(sync=True, echo_update=False)
    _answers = traitlets.Unicode().tag(sync=True, echo_update=False)
    _token = traitlets.Unicode().tag(sync=True, echo_update=False)
    _header = traitlets.Dict().tag(sync=True, echo_update=False)
    _details = traitlets.Dict().tag(sync=True, echo_update=False)
    _progress = traitlets.List(traitlets.Dict()).tag(sync=True, echo_update=False)
    _choices = traitlets.Dict().tag(sync=True, echo_update=False)
    _snapshot = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(  # noqa: PLR0917
        self,
        header: dict[str, Any],
        frame: Frame,
        details: dict[str, Any] | None = None,
        progress: list[dict[str, Any]] | None = None,
        choices: dict[str, Any] | None = None,
        on_ready: Callable[[], object] | None = None,
        **unknown: object,
    ) -> None:
        """Show a run as it is now; `on_ready` is called when a browser has drawn it and asks for its points."""
        for name in unknown:
            # traitlets would take the name and forget the value.
            near = difflib.get_close_matches(name, _ARGUMENTS, n=1)
            raise TypeError(f"RunView takes no {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        shared = page()
        super().__init__(
            _library=shared.library.reference,
            _answers=shared.answers.reference,
            _token=secrets.token_hex(6),
            _header=header,
            _details=details or {},
            _progress=progress or [],
            _choices=choices or {},
            _snapshot=_snapshot(0, frame),
        )
        self._on_ready = on_ready
        # The card's feed and whoever answers the browser; ipywidgets gathers changes for one thread.
        self._keeping = threading.RLock()
        self._seq = 0
        self.redraw: Callable[[Attributes], None] | None = None
        """Called with what the store says of the run, when that may have changed after its end."""
        self.on_msg(self._on_message)
        shared.desk.show(self)

    @property
    def token(self) -> str:
        """Marks the live card's element, so that the picture beside it can tell whether it is there."""
        return str(self._token)

    @property
    def run_id(self) -> str:
        """The run it shows."""
        return str(self._header.get("run_id", ""))

    @property
    def header(self) -> dict[str, Any]:
        """What it says of the run in words."""
        return dict(self._header)

    @property
    def details(self) -> dict[str, Any]:
        """What it shows around the charts."""
        return dict(self._details)

    @property
    def output(self) -> dict[str, Any]:
        """The MIME bundle that shows the widget; its text is empty, for where no widget is drawn the picture is."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}

    def push(self, changes: Frame) -> None:
        """Send what changed since the last push or the first frame."""
        self._seq += 1
        self.send({"type": "points", "seq": self._seq, "series": changes.series}, [changes.data])

    def answer(self, everything: Frame) -> None:
        """Send all points; every change pushed so far must be in them."""
        self.send({"type": "snapshot", "seq": self._seq, "series": everything.series}, [everything.data])

    def progress(self, bars: list[dict[str, Any]]) -> None:
        """Send how far the bars are."""
        self.send({"type": "progress", "bars": bars})

    def keep(
        self,
        header: dict[str, Any] | None = None,
        everything: Frame | None = None,
        details: dict[str, Any] | None = None,
        progress: list[dict[str, Any]] | None = None,
    ) -> None:
        """Set what a page that is loaded from now on begins with, in one message."""
        with self._keeping, self.hold_sync():
            if header is not None:
                self._header = header
            if everything is not None:
                self._snapshot = _snapshot(self._seq, everything)
            if details is not None:
                self._details = details
            if progress is not None:
                self._progress = progress

    def remember(self, choices: dict[str, Any]) -> None:
        """What a page that is loaded from now on begins with; the pages there are know, for they made the choice."""
        # Past the trait, which would send it: an older choice would overtake the next one on its way to the kernel.
        self._trait_values["_choices"] = choices

    def __repr__(self) -> str:
        # ipywidgets' own prints every trait, the binary one as well.
        return f"RunView of run {self._header.get('short_id', '')}"

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, dict) and content.get("type") == "ready" and self._on_ready is not None:
            self._on_ready()


def _snapshot(seq: int, frame: Frame) -> dict[str, Any]:
    return {"seq": seq, "series": frame.series, "data": frame.data}
