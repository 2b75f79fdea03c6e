"""Runs read back: `get_run` and the list-like `Runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from inlay.query import attributes, frame
from inlay.query import sql as reading
from inlay.query.filter import select_runs
from inlay.query.fresh import fresh
from inlay.store.store import current
from inlay.tracking import active, charting, deletion, values
from inlay.tracking.run import Run

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from inlay.query.sql import Result
    from inlay.store.store import Store


def get_run(reference: str) -> Run:
    """The run with this id, or the beginning or end of one, or this name (the newest run of it).

    A run this process is writing is returned as it is. Raises `RunNotFoundError` naming near misses.
    """
    if not isinstance(reference, str):
        msg = f"get_run takes the id or the name of a run; got {reference!r} of type {type(reference).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    if not reference:
        msg = "get_run takes the id or the name of a run; got an empty string"
        raise ValueError(msg)
    values.check_key(reference, "run")
    for run in active.open_runs():
        if reference in (run.run_id, run.short_id):
            return run
    return _as_run(attributes.find(current(), reference), current())


def runs(
    filter: str = "",  # noqa: A002 - MLflow's users look for it under this name
    *,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    experiment: str | None = None,
    include_deleted: bool = False,
) -> Runs:
    """The runs of a filter, newest first: `inlay.runs("metrics.auc > 0.9 and params.lr < 0.1")`.

    MLflow's filter strings work; beyond them OR, NOT, parentheses, IN, BETWEEN. Without a filter, every run.
    `order_by` is a key or several (`"metrics.auc DESC"`), `limit` the most runs wanted, `experiment` the name of one.
    Deleted runs are left out unless `include_deleted`.

    Raises `QueryError` with the place in the filter.
    """
    selection = select_runs(
        filter, order_by=order_by, limit=limit, experiment=experiment, deleted=None if include_deleted else False
    )
    store = current()
    with fresh(store) as con:
        rows = con.execute(selection.sql, selection.params).fetchall()
    return Runs([run_id for (run_id,) in rows], store)


def sql(query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
    """Run one SELECT over the store's tables: `inlay.sql("select name, status from runs").df()`.

    Read-only. `params` fill `?` or `$name`. The result has `.df()`, `.arrow()`, `.fetchall()`, `.columns`.
    Raises `QueryError` with the place in the query.
    """
    return reading.sql(current(), query, params)


class Runs(Sequence[Run]):
    """Runs, newest first: a sequence that reads a run when it is looked at."""

    def __init__(self, run_ids: list[str], store: Store) -> None:
        self._ids = run_ids
        self._store = store

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        if isinstance(index, slice):
            return Runs(self._ids[index], self._store)
        return self._load([self._ids[index]])[0]

    def __contains__(self, run: object) -> bool:
        """Whether this run is among them, whichever object stands for it."""
        return isinstance(run, Run) and run.run_id in self._ids

    def to_list(self) -> list[Run]:
        """All of them, read at once."""
        return self._load(self._ids)

    def to_df(self) -> pd.DataFrame:
        """A pandas data frame, a row a run: attributes, `params.*`, `metrics.*` (last values), `tags.*`."""
        return frame.runs_frame(self._store, self._ids)

    def chart(
        self,
        key: str,
        *more: str,
        x: Literal["step", "time", "relative"] = "step",
        smoothing: float = 0.0,
        log: bool = False,
    ) -> alt.Chart:
        """An Altair chart of one or several metrics of all these runs; see `inlay.chart`."""
        drawn: alt.Chart = charting.draw([key, *more], self, x=x, smoothing=smoothing, log=log)
        return drawn

    def delete(self) -> None:
        """Delete all these runs; see `Run.delete`. Raises `RunActiveError` when one runs; none is deleted then."""
        deletion.delete(self._store, self._attributes())

    def restore(self) -> None:
        """Bring back those of these runs that were deleted."""
        deletion.restore(self._store, self._attributes())

    def __repr__(self) -> str:
        if not self._ids:
            return "Runs: none"
        return f"Runs: {len(self._ids):,}, first {self[0]!r}"

    def _load(self, run_ids: list[str]) -> list[Run]:
        by_id = {one.run_id: one for one in self._attributes(run_ids)}
        return [_as_run(by_id[run_id], self._store) for run_id in run_ids if run_id in by_id]

    def _attributes(self, run_ids: list[str] | None = None) -> list[attributes.Attributes]:
        with self._store.open() as con:
            return attributes.load(con, self._ids if run_ids is None else run_ids)


def _as_run(found: attributes.Attributes, store: Store) -> Run:
    """The run object that is being written, if it is in this process; one to read otherwise."""
    for run in active.open_runs():
        if run.run_id == found.run_id:
            return run
    return Run(found, store)
