"""Runs read back: `runs`, `compare`, `sql`, and what they hand out: the list-like, lazy `Runs`.

`Runs` holds a `RunQuery` and asks the store when something is looked at first; from then on it remembers which runs
they are, so that a loop, a table and a deletion are about the same ones. What they say of themselves is read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from inlay.errors import RunNotFoundError
from inlay.query import attributes
from inlay.query import sql as reading
from inlay.query.filter import select_runs, strangers
from inlay.query.fresh import fresh
from inlay.query.run_query import RunQuery
from inlay.query.statement import Statement
from inlay.query.summary import LastValues
from inlay.store.identity import short_id
from inlay.store.store import current
from inlay.tracking import charting, deletion
from inlay.tracking.named import as_run
from inlay.tracking.named import get_run as get_run  # noqa: PLC0414 - for those who know it from here
from inlay.tracking.run import Run

if TYPE_CHECKING:
    import os

    import altair as alt
    import pandas as pd

    from inlay.query.sql import Result
    from inlay.store.store import Store
    from inlay.tracking.comparison import Diff
    from inlay.tracking.groups import Groups

_AT_ONCE = 1_000
"""Runs that a loop reads at a time."""


def runs(
    filter: str = "",  # noqa: A002 - MLflow's users look for it under this name
    *,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    experiment: str | None = None,
    include_deleted: bool = False,
) -> Runs:
    """The runs of a filter, newest first: `inlay.runs("metrics.auc > 0.9 and params.lr < 0.1")`.

    Without a filter, every run. MLflow's filter strings work unchanged; beyond them there are

    - `metrics.KEY` (the last value), `params.KEY`, `tags.KEY`, `datasets.name`, and attributes: `status`, `name`,
      `experiment`, `started_at`, `duration_s`, `note`, `git_commit`, `error_type`, ...
    - `and`, `or`, `not`, parentheses; `in (...)`, `between ... and ...`, `is null`, `like`, `ilike`, `rlike` anywhere
    - arithmetic between numbers: `metrics.train_loss / metrics.val_loss > 0.9`
    - `max(metrics.acc) > 0.9`; also `min`, `first`, `last`, `count`
    - `started_at > now() - interval '1 day'`
    - `code contains 'dropout'`, `error contains 'CUDA'`, `parent.name = 'sweep'`

    `order_by` is a key or several (`"metrics.auc DESC"`), `limit` the most runs wanted, `experiment` the name of one.
    Deleted runs are left out unless `include_deleted`. The store is asked when something is looked at first.

    Raises `QueryError` with the place in the filter, `TypeError` or `ValueError` for anything else that makes no sense.
    """
    deleted = None if include_deleted else False
    # Here, so that what is wrong is said where it was written, not where the first run is looked at.
    select_runs(filter, order_by=order_by, limit=limit, experiment=experiment, deleted=deleted)
    keys = (order_by,) if isinstance(order_by, str) else tuple(order_by or ())
    return Runs(RunQuery(filter, keys, None if limit is None else int(limit), experiment, deleted), current())


def compare(*runs: Run | str | Iterable[Run | str]) -> Any:
    """A table of runs that shows only what differs, the first run as the baseline: `inlay.compare(a, b)`.

    Takes runs, ids or names, or what `inlay.runs()` returned. See `Runs.compare`.

    Raises `RunNotFoundError` for an unknown run, `ValueError` for fewer than two, `TypeError` for what is no run.
    """
    if len(runs) == 1 and isinstance(runs[0], Runs):
        return runs[0].compare()
    chosen = several(runs)
    if len(chosen) < 2:
        msg = f"compare takes two or more runs, ids or names; got {len(chosen)}"
        raise ValueError(msg)
    return chosen.compare()


def sql(query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
    """Run one SELECT over the store's tables: `inlay.sql("select name, status from runs").df()`.

    Read-only. `params` fill `?` or `$name`. The result has `.df()`, `.arrow()`, `.fetchall()`, `.columns`.
    Raises `QueryError` with the place in the query.
    """
    return reading.sql(current(), query, params)


class Runs(Sequence[Run]):
    """Runs in an order: a sequence that asks the store when it is looked at first, and reads a run when that is.

    Made by `inlay.runs(...)`, by slices, and by `+`, which joins two without taking a run twice. Two are equal when
    they are the same runs in the same order.
    """

    def __init__(self, query: RunQuery | Sequence[str], store: Store) -> None:
        self._query = query if isinstance(query, RunQuery) else RunQuery().among(query)
        self._store = store
        self._found: list[str] | None = None if isinstance(query, RunQuery) else list(query)

    @property
    def query(self) -> RunQuery:
        """Which runs are meant."""
        return self._query

    @property
    def store(self) -> Store:
        """The store they are in."""
        return self._store

    @property
    def run_ids(self) -> list[str]:
        """Their ids, in order. The store is asked the first time."""
        if self._found is None:
            selection = self._query.selection()
            with fresh(self._store) as con:
                self._found = [run_id for (run_id,) in con.execute(selection.sql, selection.params).fetchall()]
        return list(self._found)

    @property
    def sql(self) -> Statement:
        """The statement that finds them. `inlay.sql(runs.sql, runs.sql.params)` runs it; values are in `.params`."""
        selection = self._query.selection()
        return Statement(selection.sql, selection.params)

    # -- as a sequence --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.run_ids)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        chosen = self.run_ids[index]
        if not isinstance(chosen, str):
            return Runs(chosen, self._store)
        for run in self._load([chosen]):
            return run
        msg = f"run {short_id(chosen)} is not in the store any more"
        raise RunNotFoundError(msg)

    def __iter__(self) -> Iterator[Run]:
        with self._store.open():  # once for both
            ids = self.run_ids
            first = self._load(ids[:_AT_ONCE])
        yield from first
        for start in range(_AT_ONCE, len(ids), _AT_ONCE):
            yield from self._load(ids[start : start + _AT_ONCE])

    def __reversed__(self) -> Iterator[Run]:
        return iter(self[::-1])

    def __contains__(self, run: object) -> bool:
        """Whether this run is among them, whichever object stands for it."""
        return isinstance(run, Run) and run.run_id in self.run_ids

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The place of a run. Raises `ValueError` when it is not among them."""
        ids = self.run_ids
        if not isinstance(value, Run) or value.run_id not in ids[start:stop]:
            msg = f"{value!r} is not among these runs"
            raise ValueError(msg)
        return ids.index(value.run_id, start)

    def count(self, value: Any) -> int:
        return int(value in self)

    def __add__(self, other: Iterable[Run]) -> Runs:
        more = self._ids_of(other)
        return NotImplemented if more is None else Runs(list(dict.fromkeys([*self.run_ids, *more])), self._store)

    def __radd__(self, other: Iterable[Run]) -> Runs:
        first = self._ids_of(other)
        return NotImplemented if first is None else Runs(list(dict.fromkeys([*first, *self.run_ids])), self._store)

    def _ids_of(self, other: object) -> list[str] | None:
        """The ids of runs to be joined with these; None for what is no runs."""
        if isinstance(other, Runs):
            stores, ids = [other.store], other.run_ids
        elif isinstance(other, (list, tuple)) and all(isinstance(run, Run) for run in other):
            stores, ids = [run.store for run in other], [run.run_id for run in other]
        else:
            return None
        for store in stores:
            if store.folder != self._store.folder:
                raise ValueError(f"these runs are in two stores, {self._store.folder} and {store.folder}")
        return ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Runs):
            return NotImplemented
        return self._store.folder == other._store.folder and self.run_ids == other.run_ids

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        ids = self.run_ids
        if ids:
            first = next(iter(self._load(ids[:1])), None)
            return f"Runs: {len(ids):,}" + ("" if first is None else f", first {first!r}")
        if not self._query.filter.strip():
            return "Runs: none"
        with fresh(self._store) as con:
            return "; ".join(["Runs: none match", *strangers(con, self._query.filter)])

    def to_list(self) -> list[Run]:
        """All of them, read at once."""
        with fresh(self._store):  # once for both
            return self._load(self.run_ids)

    # -- looking at them ------------------------------------------------------------------------------------

    def to_df(self) -> pd.DataFrame:
        """A pandas data frame, a row a run: attributes, `params.*`, `metrics.*` (last values), `tags.*`."""
        from inlay.query.frame import runs_frame

        return runs_frame(self._store, self.run_ids)

    def best(
        self, metric: str, mode: Literal["max", "min"] | None = None, *, of: Literal["last", "min", "max"] = "last"
    ) -> Run:
        """The run with the best value of a metric: `inlay.runs(experiment="churn").best("val/auc")`.

        `mode` is "max" or "min"; without it, the way that the metric's name says (a loss is better when it is lower),
        and "max" where it says none. `of` takes the last value, or the lowest or highest of the run. NaN and infinities
        never win; of equal runs the first does.

        Raises `KeyError` with the nearest name when none of them has the metric, `ValueError` when none has a finite
        value of it, and `RunNotFoundError` when there are no runs.
        """
        from inlay.query.ranking import best_of

        if not isinstance(metric, str):
            msg = f"best takes the name of a metric; got {metric!r} of type {type(metric).__name__}"  # type: ignore[unreachable]
            raise TypeError(msg)
        if mode not in ("max", "min", None):
            raise ValueError(f"mode is 'max', 'min' or None; got {mode!r}")
        if of not in ("last", "min", "max"):
            raise ValueError(f"of is 'last', 'min' or 'max'; got {of!r}")
        ids = self.run_ids
        if not ids:
            raise RunNotFoundError(f"there is no best of no runs: {self!r}")
        with fresh(self._store) as con:
            best = best_of(con, ids, metric, mode, of)
        return self._load([best])[0]

    def group_by(self, *columns: str, metrics: str | Sequence[str] | None = None) -> Groups:
        """Groups of runs that are equal in some columns, with mean, std, min, max and n of each metric's last values.

            inlay.runs().group_by("params.lr", "params.model").to_df()

        A column is `params.KEY`, `tags.KEY`, `metrics.KEY` or an attribute such as `experiment`. Runs without a value
        are a group of their own. `metrics` chooses some; all without it. See `Groups`.
        """
        from inlay.tracking.groups import group

        return group(self, columns, metrics)

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

    def compare(self) -> Any:
        """The table of these runs (`RunTable`): only the columns in which they differ, the first as the baseline."""
        first = self.run_ids[:1]
        return charting.table(self, differences=True, state={"baseline": first[0]} if first else None)

    def diff(self) -> Diff:
        """What differs between them, against the first: params, metrics, tags, environment, code ... See `Diff`.

        Raises `ValueError` for fewer than two runs, or more than 20.
        """
        from inlay.tracking.comparison import diff_of

        return diff_of(self._store, self.run_ids)

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write them to a `.parquet`, `.csv` or `.json` file, one row a run, with the columns of `to_df()`.

        NaN and infinities are kept in all three: in CSV as `NaN`, `inf`, `-inf`, in JSON as the texts "NaN",
        "Infinity", "-Infinity". A file that is there is replaced, when the new one is complete. In CSV, texts that a
        spreadsheet would run as a formula have an apostrophe before them. See `inlay.export_runs` for runs with points.

        Raises `ValueError` for any other suffix, `FileNotFoundError` where there is no such folder.
        """
        from inlay.query.frame import run_columns
        from inlay.query.run_files import check_target, write_runs

        target = check_target(path)
        ids = self.run_ids
        with fresh(self._store) as con:
            columns = run_columns(con, ids)
        write_runs(target, columns)

    # -- changing them --------------------------------------------------------------------------------------

    def set_tag(self, key: str, value: Any) -> None:
        """Set a tag of all of them to a text; None removes it. See `Run.set_tag`."""
        for run in self:
            run.set_tag(key, value)

    def delete(self) -> None:
        """Delete all these runs; see `Run.delete`. Raises `RunActiveError` when one runs; none is deleted then."""
        deletion.delete(self._store, self._attributes(self.run_ids))

    def restore(self) -> None:
        """Bring back those of these runs that were deleted."""
        deletion.restore(self._store, self._attributes(self.run_ids))

    def _load(self, run_ids: list[str]) -> list[Run]:
        """These runs, without those that are gone."""
        by_id = {one.run_id: one for one in self._attributes(run_ids)}
        found = [as_run(by_id[run_id], self._store) for run_id in run_ids if run_id in by_id]
        if len(found) > 1:
            together = LastValues(self._store, run_ids)
            for run in found:
                run.last_values = together
        return found

    def _attributes(self, run_ids: list[str]) -> list[attributes.Attributes]:
        with self._store.open() as con:
            return attributes.load(con, run_ids)


def several(given: Iterable[Any]) -> Runs:
    """Runs, ids and names, or lists of them, as one `Runs` without doubles. Raises `TypeError` for anything else."""
    if isinstance(given, (Run, str)) or not isinstance(given, Iterable):
        given = [given]
    found: dict[str, Run] = {}
    for run in _each(given):
        found.setdefault(run.run_id, run)
    stores = {run.store.folder: run.store for run in found.values()}
    if len(stores) > 1:
        raise ValueError(f"these runs are in several stores: {', '.join(map(str, stores))}")
    return Runs(list(found), next(iter(stores.values()), None) or current())


def _each(given: Iterable[Any]) -> Iterator[Run]:
    for one in given:
        if isinstance(one, Run):
            yield one
        elif isinstance(one, str):
            yield get_run(one)
        elif isinstance(one, (Runs, list, tuple)):
            yield from _each(one)
        else:
            msg = f"runs are what inlay.runs() and inlay.get_run() return, or ids or names; got {one!r}"
            raise TypeError(msg)
