"""`TableWidget`: the widget of a run table. Glue only, as `RunView` is: the table itself is a `TableSession`.

The first view is in a trait, so that a page has a whole table before the kernel answered anything; what the reader
asks for after that goes to `Answers`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets

from inlay.views.bundles import bundle
from inlay.views.model import Model
from inlay.views.page import page

if TYPE_CHECKING:
    from inlay.views.table_session import TableSession


class TableWidget(Model):
    """A run table on a page. Made by `RunTable`, which closes it."""

    _esm = bundle("run-table.js")

    # Browsers never write these, and need not be told what they wrote.
    _library = traitlets.Unicode().tag(sync=True, echo_update=False)
    _answers = traitlets.Unicode().tag(sync=True, echo_update=False)
    _token = traitlets.Unicode().tag(sync=True, echo_update=False)
    _store = traitlets.Unicode().tag(sync=True, echo_update=False)
    _live = traitlets.Bool().tag(sync=True, echo_update=False)
    _columns = traitlets.List(traitlets.Dict()).tag(sync=True, echo_update=False)
    _view = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(self, session: TableSession) -> None:
        """Show what `session` knows, and let it be asked."""
        from inlay.views.table_library import table_library

        shared = page()
        with session.opened():  # once for both
            view, columns = session.view(), session.columns()
        super().__init__(
            _library=table_library().reference,
            _answers=shared.answers.reference,
            _token=session.token,
            _store=session.store.key,
            _live=session.live,
            _columns=columns,
            _view=view,
        )
        self._session = session
        self._keeping = threading.RLock()

    @property
    def output(self) -> dict[str, Any]:
        """The MIME bundle that shows the widget; its text is empty, for where no widget is drawn the picture is."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}

    @property
    def view(self) -> dict[str, Any]:
        """What a page that is loaded now begins with."""
        return dict(self._view)

    def push_view(self, view: dict[str, Any]) -> None:
        """The runs or the state changed here: every page shows it."""
        with self._keeping, self.hold_sync():
            self.remember(view)
            columns = self._session.columns()
            if columns != self._columns:
                self._columns = columns
            if self._live != self._session.live:
                self._live = self._session.live
        self.send({"type": "view", "view": view})

    def push_rows(self, rows: dict[str, Any]) -> None:
        """Values of live runs changed."""
        self.send({"type": "rows", "page": rows})

    def remember(self, view: dict[str, Any]) -> None:
        """What a page that is loaded from now on begins with; the pages there are know it or are told otherwise."""
        # Past the trait, which would send it: it may be a large part of what was asked for and answered just now.
        self._trait_values["_view"] = view

    def __repr__(self) -> str:
        # ipywidgets' own prints every trait.
        return "Widget of a run table"
