"""`RunView`: the widget of a run. Glue only: what it shows is made elsewhere and set or sent here.

What must survive a page reload is in traits, which the front end asks for again; points come as messages with
one binary buffer. The widget only pushes: while a cell runs, whether the browser can reach the kernel depends
on the kernel's version, so nothing here waits for an answer.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from inlay.errors import InlayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.views.curves import Frame

_STATIC = Path(__file__).parent.parent / "static"


def bundle(name: str) -> Path:
    """A built file. Raises `InlayError` when the package was installed without building it."""
    path = _STATIC / name
    if not path.is_file():
        msg = f"{path} is missing: this checkout was not built. Run `make bundles`, or install inlay from a wheel."
        raise InlayError(msg)
    return path


class RunView(anywidget.AnyWidget):
    """The live card of one run. Made by `LiveCard`, which keeps it up to date and closes it."""

    _esm = bundle("run-view.js")
    _css = bundle("run-view.css")

    _token = traitlets.Unicode().tag(sync=True)
    _header = traitlets.Dict().tag(sync=True)
    _snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, header: dict[str, Any], on_ready: Callable[[], None]) -> None:
        """`on_ready` is called whenever a browser has drawn the card and asks for its points."""
        super().__init__(_token=secrets.token_hex(6), _header=header)
        self.on_msg(lambda _widget, content, _buffers: on_ready() if content.get("type") == "ready" else None)

    @property
    def token(self) -> str:
        """Marks the live card's element, so that the static picture beside it can tell that it is there."""
        return str(self._token)

    def set_header(self, header: dict[str, Any]) -> None:
        """Show other attributes."""
        self._header = header

    def set_snapshot(self, seq: int, frame: Frame) -> None:
        """What a page that is loaded now begins with; `seq` is the last push it includes."""
        self._snapshot = {"seq": seq, "series": frame.series, "data": frame.data}

    def push(self, kind: str, seq: int, frame: Frame) -> None:
        """Send a frame: `kind` is "points" (a change) or "snapshot" (everything)."""
        self.send({"type": kind, "seq": seq, "series": frame.series}, [frame.data])

    def view_bundle(self) -> dict[str, Any]:
        """The output that shows the widget. Its text is empty: where widgets are not drawn, the picture is."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}

    def __repr__(self) -> str:
        # ipywidgets' own repr prints every trait, the binary ones included.
        return f"RunView({self._header.get('name', '')!r})"
