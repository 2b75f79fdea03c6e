"""`RunTable`: a table of runs to sort, filter, group, compare and chart, and the same table as Python sees it.

What the mouse does is in `table.state`, `table.sql` and `table.selected`; what code sets is on screen at once. The rows
are a `TableSession`'s, the widget is a `TableWidget`, made when the table is first shown; without a browser, or without
IPython, everything but the screen works.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.query.filter_fields import field_of
from inlay.query.run_query import RunQuery
from inlay.store.store import current
from inlay.tracking.found import Runs, several
from inlay.views.table_beginning import beginning
from inlay.views.table_choices import remembered_state
from inlay.views.table_code import code_of
from inlay.views.table_html import ROWS, table_html
from inlay.views.table_live import TableLive, unwatch, watch
from inlay.views.table_session import TableSession

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from inlay.query.statement import Statement
    from inlay.tracking.run import Run
    from inlay.views.table_card import TableCard
    from inlay.views.table_widget import TableWidget


class RunTable:
    """A table of runs; the value of a cell that ends with one, and of `inlay.compare(a, b)`.

    Sort, filter, group, choose columns, pick runs and chart them with the mouse or the keyboard; then read what came of
    it: `table.selected`, `table.runs`, `table.sql`, `table.state`. "Copy as code" gives the cell that makes the view.
    """

    def __init__(
        self,
        runs: Runs | Sequence[Run | str] | None = None,
        *,
        state: dict[str, Any] | None = None,
        differences: bool | None = None,
    ) -> None:
        """A table of `runs`: those of `inlay.runs(...)`, or a list of runs, ids or names; by default all of the store.

        `state` is what `table.state` gave; what it does not say is as in the beginning. Without one, columns are as
        they were left in the last table of the store. `differences` says whether only columns in which the runs differ
        are shown.

        Raises `ValueError` or `TypeError` naming what is wrong in a state, `QueryError` for its filter.
        """
        if runs is None:
            runs = Runs(RunQuery(), current())
        elif not isinstance(runs, Runs):
            runs = several(runs)
        began = beginning(runs, state, differences)
        ids = runs.query.within or ()
        self._compared = differences is True and len(ids) > 1 and began["baseline"] == ids[0]
        self.session = TableSession(runs.store, runs.query, began)
        self._began = began
        self._widget: TableWidget | None = None
        self._live: TableLive | None = None
        self._closed = False
        self._cards: list[TableCard] = []

    # -- what it shows ----------------------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """What is shown and how: filter, order, groups, columns, baseline, selection, charts. Setting it changes what
        is on screen; `RunTable(state=...)` brings the same view back. What a state does not say is as in the beginning.
        """
        return self.session.state

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self.session.set_state(state)
        self.push(self.session.view())

    @property
    def sql(self) -> Statement:
        """The statement behind the rows; `inlay.sql(table.sql, table.sql.params)` runs it."""
        return self.session.sql

    @property
    def runs(self) -> Runs:
        """The runs that match now, in the order of the rows."""
        return Runs(self.session.ids(), self.session.store)

    @property
    def selected(self) -> Runs:
        """The runs that are selected, in the order they were picked."""
        return Runs(self.session.known(self.session.state["selected"]), self.session.store)

    def code(self) -> str:
        """The cell that makes the same view."""
        session = self.session
        ids = session.query.within
        state = session.state
        if self._compared and ids and state == self._began:
            return f"import inlay\n\ninlay.compare({', '.join(map(repr, ids))})\n"
        remembered = remembered_state(session.store)

        def looks_alike(query: RunQuery) -> bool:
            if query == session.query or state["columns"] is not None:
                return True
            return TableSession(session.store, query, remembered).shown() == session.shown()

        return code_of(session.query, state, remembered=remembered, field_of=field_of, looks_alike=looks_alike)

    def code_line(self) -> str:
        """The same without the import, for where there is room for a line."""
        return self.code().removeprefix("import inlay\n\n").strip()

    def html(self) -> str:
        """The view as one HTML file, whole in itself: at most 5,000 rows, the columns shown, the charts."""
        from inlay.views.table_shots import shot_of

        return table_html(shot_of(self.session, self.code(), rows=ROWS), now=time.time())

    def save_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the view as one HTML file that needs no network and no kernel, and return its path."""
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            msg = f"save_html writes a file that ends with .html; got {str(path)!r}"
            raise ValueError(msg)
        target.write_text(self.html(), "utf-8")
        return target

    def __repr__(self) -> str:
        found, total = self.session.counts()
        of = "" if found == total else f" of {total:,}"
        return f"RunTable: {found:,}{of} run{'' if total == 1 else 's'}"

    def _repr_html_(self) -> str:
        """Where nothing else draws it."""
        from inlay.settings import configured_static
        from inlay.views.table_picture import ROWS as SHOWN
        from inlay.views.table_picture import table_picture_html
        from inlay.views.table_shots import shot_of

        static = configured_static()
        shot = shot_of(self.session, self.code_line(), SHOWN, charts=static == "full", owners=False)
        return table_picture_html(shot, token=self.token, static=static)

    # -- on screen --------------------------------------------------------------------------------------------

    @property
    def token(self) -> str:
        """Names it in questions of a page, and marks its element there."""
        return self.session.token

    @property
    def widget(self) -> TableWidget:
        """The widget, to be put into a layout of ipywidgets. Raises `InlayError` once the table was closed."""
        from inlay.views.page import page
        from inlay.views.table_widget import TableWidget

        if self._closed:
            raise InlayError("this table is closed; make a new one")
        if self._widget is None or self._widget.comm is None:
            self._widget = TableWidget(self.session)
            page().desk.show_table(self)
            self._live = TableLive(self)
            watch(self)
        return self._widget

    @property
    def watched(self) -> bool:
        """Whether it may be on a page."""
        return self._widget is not None and self._widget.comm is not None

    def push(self, view: dict[str, Any]) -> None:
        """Show a view on every page the table is on."""
        if self._widget is not None:
            self._widget.push_view(view)
        self._changed()

    def push_rows(self, page: dict[str, Any]) -> None:
        """Show new values of live runs."""
        if self._widget is not None:
            self._widget.push_rows(page)
        self._changed()

    def renew(self) -> dict[str, Any]:
        """Something in the rows was edited: show all of them anew."""
        view = self.session.renew()
        self.push(view)
        return view

    def remember(self, view: dict[str, Any]) -> None:
        """A page was told this; pages loaded from now on begin with it."""
        if self._widget is not None:
            self._widget.remember(view)
        self._changed()

    def remember_state(self, charted: list[dict[str, Any]]) -> None:
        """A page changed what rows do not depend on; what its charts show may be other runs."""
        if self._widget is not None:
            self._widget.remember({**self._widget.view, "state": self.session.state, "charted": charted})
        self._changed()

    def round(self) -> None:
        """Look for what is new, when it is time to; called by the thread of `table_live`."""
        if self._live is not None:
            self._live.round()
        for card in tuple(self._cards):
            card.round()

    def show_in(self, card: TableCard) -> None:
        """Tell this card when its picture may have to be drawn again."""
        self._cards.append(card)

    def _changed(self) -> None:
        for card in tuple(self._cards):
            card.changed()

    def close(self) -> None:
        """Take the table off the page, and answer for it no more."""
        from inlay.views.page import page

        self._closed, self._cards = True, []
        unwatch(self)
        if self._live is not None:
            self._live.close()
        if self._widget is not None:
            page().desk.forget_table(self.token)
            self._widget.close()
            self._widget = None
