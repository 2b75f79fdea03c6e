"""`TableSession`: what a run table knows, apart from any page it is on.

Which runs it was made of, the state it is in, and the arrangement of rows that the two come to. Everything that is
asked of a table, by code, by a page, or for its picture, is asked here, in threads of the kernel's choice; the rows
themselves stay in the store, and each question opens it for as long as the answer takes.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError, QueryError
from inlay.query.fresh import fresh
from inlay.query.refinement import refine as refined
from inlay.query.statement import Statement
from inlay.query.table_arrangement import arrange
from inlay.query.table_page import read_page
from inlay.query.table_ranges import ranges as ranges_of
from inlay.store.identity import short_id
from inlay.tracking import active
from inlay.tracking.found import Runs
from inlay.views.format import encodable
from inlay.views.table_charted import charted_of, group_name
from inlay.views.table_choices import remember_state, remembered_state
from inlay.views.table_clause import clause_of
from inlay.views.table_columns import sent_columns
from inlay.views.table_known_columns import KnownColumns
from inlay.views.table_remarks import among, error_of, hint_of, stranger
from inlay.views.table_state import checked_state, cleaned_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.run_query import RunQuery
    from inlay.query.table_arrangement import Arrangement
    from inlay.store.store import Store
    from inlay.tracking.run import Run

PAGE = 60
"""Rows of the page that travels with a view nobody asked for."""
CELLS = 60
"""Columns of such a page; further ones are asked for when they come into sight."""


class TableSession:
    """A table of the runs of a query. Thread-safe."""

    def __init__(self, store: Store, query: RunQuery, state: Mapping[str, Any] | None = None) -> None:
        """`state` is whole; by default the one that tables of the store begin with."""
        self.store = store
        self.query = query
        self.token = secrets.token_hex(6)
        self.asked_at = time.monotonic()
        self._lock = threading.RLock()
        self._con: DuckDBPyConnection | None = None
        self._state = dict(state) if state is not None else remembered_state(store)
        self._base = query
        self._asked_base = query.limit is None
        self._version = 0
        self._arrangement: Arrangement | None = None
        self._columns = KnownColumns(query)
        self._shown: list[str] = []
        self._live: frozenset[str] = frozenset()
        self._deleted: set[str] = set()
        self._places: dict[str, tuple[int, int]] = {}
        self._told: dict[str, Any] = {}
        self._last_page: tuple[int, int, list[str]] = (0, PAGE, [])
        if self._state["filter"].strip():
            query.narrowed(self._state["filter"]).selection()  # raises now, not when it is drawn

    # -- the state --------------------------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """As it is now; the caller's own."""
        with self._lock:
            return cleaned_state(self._state)

    def set_state(self, given: object) -> None:
        """What code says of the state, whole. Raises `ValueError` or `QueryError` and leaves it as it was."""
        state = checked_state(given)
        if state["filter"].strip():
            self.query.narrowed(state["filter"]).selection()
        with self._lock:
            self._state = state

    def keep(self, given: object) -> dict[str, Any]:
        """What a page says of the state where rows do not depend on it; returns which runs its charts show."""
        with self.opened() as con:
            now = cleaned_state(given)
            now["filter"] = self._state["filter"]
            self._take(now)
            charted = self.charted(con)
        return {"charted": charted}

    def _take(self, now: dict[str, Any]) -> None:
        before, self._state = self._state, now
        remember_state(self.store, before, now)

    # -- rows -------------------------------------------------------------------------------------------------

    def view(
        self,
        given: object = None,
        *,
        refine: tuple[str, object] | None = None,
        start: int = 0,
        count: int = PAGE,
        columns: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """What a state comes to, as js/run-table/wire.ts has it; without one, what the present one does.

        A filter that cannot be read is told in `error`; the rows are those of the filter before, then.
        """
        with self.opened() as con:
            error = None
            wanted = dict(self._state) if given is None else cleaned_state(given)
            before = self._state["filter"]
            if isinstance(given, dict) and isinstance(given.get("filter"), str):
                wanted["filter"] = encodable(given["filter"])  # also one that is too long, which is to be told
            try:
                if refine is not None:
                    wanted["filter"] = refined(wanted["filter"], refine[0], clause_of(refine[1], refine[0]))
                self._arrange(con, wanted)
            except QueryError as problem:
                if wanted["filter"] == before:
                    raise
                error = error_of(problem, wanted["filter"])
                wanted["filter"] = before
                self._arrange(con, wanted)
            if given is not None or refine is not None:
                self._take(wanted)
            return self._view(con, wanted, start, count, columns) | {"error": error}

    def rows(self, version: int, start: int, count: int, columns: Sequence[str]) -> dict[str, Any]:
        """A part of the rows; `{"stale": True}` for those of another arrangement."""
        with self._lock:
            if version != self._version or self._arrangement is None:
                return {"stale": True}
            with self.opened() as con:
                page = self._page(con, start, count, list(columns))
        return page

    def still(self, rows: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The view with its first rows and all columns shown, and what these columns are; a look that leaves no trace
        in what is told to pages.
        """
        with self.opened() as con:
            self._arrange(con, self._state)
            view = self._view(con, self._state, 0, 0, [], told=False)
            view["page"] = self._read(con, 0, rows, self._shown, self._state)
            known = {one.id: one.as_json() for one in self._columns.columns}
            return view, [known.get(name) or stranger(name) for name in self._shown]

    def refresh(self) -> dict[str, Any] | None:
        """The view as it is now, where runs came, went or changed since; else None."""
        with self._lock:
            before = self._version, self._columns.runs, self._live, self._columns.as_json()
            self._columns.forget()
            start, count, columns = self._last_page
            view = self.view(start=start, count=count, columns=columns or None)
            now = self._version, self._columns.runs, self._live, self._columns.as_json()
            return None if now == before else view

    def renew(self) -> dict[str, Any]:
        """A view in which every row is told anew: something in them changed, though not their order."""
        with self._lock:
            self._arrangement = None
            self._columns.forget()
            return self.view()

    # -- what else is asked -----------------------------------------------------------------------------------

    def columns(self) -> list[dict[str, Any]]:
        """The columns there are; of many thousands those that a reader may look for first."""
        with self.opened() as con:
            self._columns.look(con, self._base)
            return sent_columns(self._columns.columns, self._shown)

    def shown(self) -> list[str]:
        """The columns that are shown."""
        return list(self.still(0)[0]["columns"])

    def all_columns(self) -> list[dict[str, Any]]:
        """Every column there is."""
        with self.opened() as con:
            self._columns.look(con, self._base)
            return self._columns.as_json()

    def arrangement(self, con: DuckDBPyConnection) -> Arrangement:
        """The rows in their order, over an open connection."""
        with self._lock:
            return self._arranged(con)

    @property
    def base(self) -> RunQuery:
        """The runs it was made of, whatever the filter says; those of a limit by their ids."""
        if not self._asked_base:
            with self.opened():
                pass
        return self._base

    @property
    def live(self) -> bool:
        """Whether runs on the page that was asked for last are still running."""
        return bool(self._live)

    @property
    def live_runs(self) -> frozenset[str]:
        """Their ids."""
        return self._live

    def ids(self) -> list[str]:
        """The runs that match now, in order."""
        with self.opened() as con:
            self._arrange(con, self._state)
            assert self._arrangement is not None  # noqa: S101 - it was just made
            return list(self._arrangement.ids)

    @property
    def sql(self) -> Statement:
        """The statement behind the rows."""
        with self.opened() as con:
            arrangement = self._arranged(con)
            return Statement(arrangement.sql, arrangement.params)

    def counts(self) -> tuple[int, int]:
        """How many runs match, and how many there are."""
        view, _ = self.still(0)
        return view["runs"], view["all"]

    def known(self, run_ids: Sequence[str]) -> list[str]:
        """Those of these ids that are runs of this table, in their order."""
        if not run_ids:
            return []
        with self.opened() as con:
            found = con.execute(*among(self._base, run_ids)).fetchall()
            here = {run_id for (run_id,) in found} | self._deleted
        return [one for one in run_ids if one in here]

    def charted(
        self, con: DuckDBPyConnection, state: Mapping[str, Any] | None = None, told: Sequence[dict[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        """What charts show, over an open connection; `told` are rows that were read just now."""
        selected = (state or self._state)["selected"]
        chosen = self.known(selected)
        return [] if selected and not chosen else charted_of(con, self._arranged(con), chosen, told)

    def runs(self, run_ids: Sequence[str]) -> list[Run]:
        """Runs of this table. Raises `InlayError` for any other."""
        known = self.known(run_ids)
        for run_id in run_ids:
            if run_id not in known:
                raise InlayError(f"run {short_id(run_id)} is not one of this table's, or was deleted elsewhere")
        return Runs(known, self.store).to_list()

    def remember_deleted(self, run_ids: Sequence[str]) -> None:
        """These were deleted from here, and may be brought back from here."""
        with self._lock:
            self._deleted.update(run_ids)

    def place_of(self, run_id: str) -> tuple[int, int] | None:
        """Up to where in this process's journal the store had everything of a live run when a page was read last."""
        return self._places.get(run_id)

    def last_page(self) -> dict[str, Any]:
        """The page that was asked for last, as it was told."""
        return self._told

    # -- making it --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def opened(self) -> Iterator[DuckDBPyConnection]:
        """This table's turn, and the store's. A question inside another one is of the same moment."""
        with self._lock:
            if self._con is not None:
                yield self._con
                return
            # Before what was logged is taken in: from here on the journal has all that the store may lack.
            places = {
                run.run_id: run.recorder.writer.position()
                for run in active.open_runs()
                if run.live and run.recorder is not None and run.store.folder == self.store.folder
            }
            with fresh(self.store) as con:
                self._places, self._con = places, con
                try:
                    self._settle_base(con)
                    yield con
                finally:
                    self._con = None

    def _settle_base(self, con: DuckDBPyConnection) -> None:
        if not self._asked_base:
            selection = self.query.selection()
            found = con.execute(selection.sql, selection.params).fetchall()
            self._base, self._asked_base = self.query.among([one for (one,) in found]), True

    def _arranged(self, con: DuckDBPyConnection) -> Arrangement:
        if self._arrangement is None:
            self._arrange(con, self._state)
        assert self._arrangement is not None  # noqa: S101 - it was just made
        return self._arrangement

    def _arrange(self, con: DuckDBPyConnection, state: Mapping[str, Any]) -> None:
        baseline = state["baseline"]
        found = arrange(
            con,
            self._base,
            filter=state["filter"],
            order=[(column, way) for column, way in state["order"]],
            group=state["group"],
            open=set(state["open"]),
            baseline=baseline if baseline and self.known([baseline]) else None,
            summary=state["summary"],
        )
        if found != self._arrangement:
            self._version += 1
            self._arrangement = found

    def _view(
        self,
        con: DuckDBPyConnection,
        state: dict[str, Any],
        start: int,
        count: int,
        columns: Sequence[str] | None,
        *,
        told: bool = True,
    ) -> dict[str, Any]:
        arrangement = self._arranged(con)
        self._columns.look(con, self._base)
        self._shown = self._columns.shown(con, self._base, arrangement, state)
        asked = list(columns) if columns is not None else self._shown[:CELLS]
        heat = [one for one in state["heat"] if one in self._shown]
        page = self._page(con, start, count, asked, state) if told else {}
        return {
            "version": self._version,
            "state": cleaned_state(state),
            "rows": arrangement.rows,
            "runs": arrangement.runs,
            "all": self._columns.runs,
            "columns": self._shown,
            "ranges": ranges_of(con, arrangement, heat) if heat else {},
            "charted": self.charted(con, state, page.get("rows", ())),
            "sql": encodable(Statement(arrangement.sql, arrangement.params)),
            "hint": hint_of(con, self._base, state["filter"], self._columns.runs) if arrangement.runs == 0 else "",
            "error": None,
            "page": page,
        }

    def _page(
        self,
        con: DuckDBPyConnection,
        start: int,
        count: int,
        columns: list[str],
        state: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        page = self._read(con, start, count, columns, state or self._state)
        self._last_page = start, count, columns
        self._live = frozenset(row["run"] for row in page["rows"] if row.get("status") == "running")
        self.asked_at = time.monotonic()
        self._told = page
        return page

    def _read(
        self, con: DuckDBPyConnection, start: int, count: int, columns: list[str], state: Mapping[str, Any]
    ) -> dict[str, Any]:
        arrangement = self._arranged(con)
        page = read_page(con, arrangement, start, count, columns, state["summary"]).as_json()
        for row in page["rows"]:
            if "key" in row:
                row["label"] = group_name(row["values"], arrangement.by)
        return {**page, "version": self._version}
