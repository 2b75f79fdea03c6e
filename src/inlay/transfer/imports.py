"""`import_runs`: runs of other trackers, of files and of other stores, into a store of ours.

A source is told by what lies there and read by an adapter of its own (`sources.py`); everything after that is the same
for all: what is unchanged is left alone, the rest is gathered run by run and written in transactions of whole runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inlay.errors import StoreError
from inlay.query.fresh import fresh
from inlay.query.shown import left_out
from inlay.store import imported
from inlay.store.store import current
from inlay.tracking.values import check_key
from inlay.transfer.progress import bar
from inlay.transfer.records import Skipped

if TYPE_CHECKING:
    import os

    from duckdb import DuckDBPyConnection

    from inlay.store.imported import Known, RunRows
    from inlay.store.store import Store
    from inlay.transfer.gathering import Gathering
    from inlay.transfer.records import Listing, SourceRun

__all__ = ["Imported", "Skipped", "import_runs"]

_RUNS_AT_ONCE = 200
_POINTS_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: how many runs are new, went on since, are as they were; and what was left out."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = field(default=())
    run_ids: tuple[str, ...] = field(default=(), repr=False)
    """Ids of all these runs in the store, in the source's order."""

    def __repr__(self) -> str:
        lines = [f"Imported: {self.new:,} new, {self.updated:,} updated, {self.unchanged:,} unchanged"]
        if self.skipped:
            lines[0] += f", {len(self.skipped):,} skipped"
        return "\n".join([*lines, *left_out(self.skipped)])


def import_runs(
    source: str | os.PathLike[str],
    *,
    kind: str | None = None,
    experiment: str | None = None,
    store: Store | None = None,
    progress: bool = True,
) -> Imported:
    """Bring runs from elsewhere into the store; doing so again brings what is new since.

    `source` is an `mlruns` folder or an `mlflow.db` (or its `sqlite:///` address) of MLflow, event files or a log
    folder of TensorBoard, a `wandb` folder or one offline run of it, CSV files, the folder of another inlay store, or
    what `export_runs` wrote as Parquet or JSON. `kind` says which of these ("mlflow", "tensorboard", "wandb", "csv",
    "inlay", "parquet", "json") where it cannot be told from what lies there. `experiment` puts all runs into one
    experiment. `progress=False` draws no bar.

    Raises `FileNotFoundError` when there is no such source, `ValueError` when it is of no kind known here,
    `ImportError` naming what to install, `StoreError` when the store cannot be written.
    """
    from inlay.transfer.sources import listing_of

    if experiment is not None:
        check_key(experiment, "experiment")
    store = store or current()
    listing = listing_of(source, kind)
    if listing.source == str(store.folder):
        msg = f"{store.folder} is the store to import into; choose another with inlay.connect() or store="
        raise ValueError(msg)
    work = _Import(listing, store, experiment)
    with bar("import", len(listing.runs), progress=progress) as done:
        for run in listing.runs:
            work.take(run)
            done(1)
        work.write()
    return work.result()


class _Import:
    """One import under way."""

    def __init__(self, listing: Listing, store: Store, experiment: str | None) -> None:
        self._listing = listing
        self._store = store
        self._experiment = experiment
        self._counts: Counter[str] = Counter()
        self._skipped = list(listing.skipped)
        self._ids: dict[str, str] = {}
        self._gathered: list[tuple[Gathering, RunRows]] = []
        self._points = 0
        with fresh(store) as con:
            self._known = imported.known(con, listing.kind, [run.source_id for run in listing.runs])

    def take(self, run: SourceRun) -> None:
        """Read a run, if there is anything new in it."""
        from inlay.transfer.gathering import Gathering, imported_id

        if run.source_id in self._ids:
            self._skipped.append(Skipped(run.label, "it is a copy of another run in this source"))
            return
        before: Known | None = self._known.get(run.source_id)
        derived = run.run_id or imported_id(self._listing.kind, run.source_id, run.started_at)
        run_id = (before.run_id if before else None) or derived
        self._ids[run.source_id] = run_id
        if before and before.there and before.said.get("source") == run.digest:
            self._counts["unchanged"] += 1
            return
        gathering = Gathering(run, self._listing, self._store, run_id)
        try:
            gathering.take(run.read())
            rows = gathering.rows(self._experiment)
        except BaseException as error:
            gathering.spool.close()
            if not isinstance(error, Exception) or isinstance(error, (StoreError, ImportError)):
                raise
            # One bad run must not keep the others out, whatever library stumbles over it.
            self._leave_out(run.source_id, Skipped(run.label, f"it could not be taken along: {error}"))
            return
        self._gathered.append((gathering, rows))
        self._points += gathering.spool.count
        if len(self._gathered) >= _RUNS_AT_ONCE or self._points >= _POINTS_AT_ONCE:
            self.write()

    def write(self) -> None:
        """What was gathered into the store, all of it or, when that fails, none."""
        gathered, self._gathered, self._points = self._gathered, [], 0
        if not gathered:
            return
        try:
            with fresh(self._store) as con:
                outcomes = _written(con, [rows for _, rows in gathered])
        finally:
            for gathering, _ in gathered:
                gathering.spool.close()
        for (gathering, rows), outcome in zip(gathered, outcomes, strict=True):
            if outcome in ("new", "updated", "unchanged"):
                self._counts[outcome] += 1
                self._skipped += gathering.skipped
            else:
                self._leave_out(rows.source_id, Skipped(gathering.run.label, outcome))

    def result(self) -> Imported:
        """What was done."""
        new, updated, unchanged = (self._counts[what] for what in ("new", "updated", "unchanged"))
        return Imported(new, updated, unchanged, tuple(self._skipped), tuple(self._ids.values()))

    def _leave_out(self, source_id: str, why: Skipped) -> None:
        self._skipped.append(why)
        if source_id not in self._known:
            self._ids.pop(source_id, None)


def _written(con: DuckDBPyConnection, runs: list[RunRows]) -> list[str]:
    """Write all at once; where one has something that no column takes, one by one, and leave that out."""
    import duckdb

    refused = (duckdb.DataError, duckdb.InvalidInputException, TypeError, ValueError)
    try:
        return imported.write(con, runs)
    except refused as error:
        if len(runs) == 1:
            return [f"it could not be taken along: {error}"]
    outcomes = []
    for run in runs:
        outcomes += _written(con, [run])
    return outcomes
