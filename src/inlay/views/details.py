"""What a run's card shows around its charts: code, output, artifacts, environment, git, child runs.

Of a run that this process writes, everything is in its memory but the code of the cell's run before; that is read
once, when the store can be had. Of any other run the store is asked: once when it has ended, now and then while another
process writes it. A store that is busy, or gone, costs the details their freshness and nothing else.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from inlay.query import run_details
from inlay.query.artifacts import stored_artifacts
from inlay.query.entries import ENTRIES, entries_of
from inlay.query.fresh import fresh
from inlay.query.histograms import KEYS, Bins, HistogramSummary, read_histograms, read_last
from inlay.query.inputs import read_inputs, summary_of
from inlay.query.run_details import CellPlace, Child, Commit, Output, RunDetails, Surroundings
from inlay.tracking.session import session_of
from inlay.views.details_wire import details_json
from inlay.views.picture_histogram import MOST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.query.artifacts import Artifact
    from inlay.query.entries import Entry
    from inlay.query.inputs import InputSummary
    from inlay.query.run_details import Earlier
    from inlay.tracking.memory import RunMemory
    from inlay.tracking.run import Run

OUTPUT_EVERY = 2.0
"""Seconds between two looks at the output of a live run: the whole of the details is sent when some of it is new."""
READ_EVERY = 2.0
"""Seconds between two looks into the store at a run that another process writes."""
SHARE = 0.05
"""The most of the time that such looks may take."""
LONGEST = 60.0
"""Seconds between two tries at a store that cannot be read."""
MANY_FILES = 1_000
"""Files of a live run from which on making their entries is felt."""
PATIENCE = 10.0
"""Seconds that the first look waits for the store, where there is nothing to show before it."""


class Details:
    """The trait `_details` of one run's card, kept up to date. Thread-safe."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._source: _Memory | _Stored = _Memory(run) if run.live else _Stored(run)
        self._current = details_json(RunDetails())
        self._shapes: list[tuple[str, Bins]] = []
        self._lock = threading.Lock()

    def refresh(self) -> bool:
        """Look again; whether anything changed. Cheap when nothing did, and never raises."""
        with self._lock:
            ended = self._run.ended
            try:
                found = self._source.look()
                now = None if found is None else details_json(found)
                if found is not None:
                    self._shapes = self._source.shapes
            except Exception:  # noqa: BLE001 - whatever a store that is busy, broken, gone or forged may raise
                return False
            if ended and isinstance(self._source, _Memory):
                # What comes later, as the commit of a very short run, is in the store alone.
                self._source = _Stored(self._run, patience=0.1)
            if now is None:
                return False
            before, self._current = self._current, now
            return before != now

    def read_others(self, _: Run) -> bool:
        """Read what other processes logged to a run that this one writes; `refresh`, in another thread, shows it."""
        source = self._source
        if isinstance(source, _Memory):
            source.read_others()
        return False

    def current(self) -> dict[str, Any]:
        """What is known now, as JSON."""
        return self._current

    def shapes(self) -> list[tuple[str, Bins]]:
        """The first histograms by key, each at its last step: what the picture shows of them."""
        return self._shapes


class _Tries:
    """When the store may be asked, and for how long it is waited for."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._next = 0.0
        self._pause = 1.0

    def due(self) -> bool:
        """Whether it is time to ask; the next time is put off until `done` says how it went."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._pause
        self._pause = min(2 * self._pause, LONGEST)
        return True

    @property
    def patience(self) -> float:
        """Seconds to wait for the store: long the first time, hardly at all after that."""
        patience, self._patience = self._patience, 0.1
        return patience

    def done(self, cost: float) -> None:
        """It answered."""
        self._pause = 1.0
        self._next = time.monotonic() + max(READ_EVERY, cost / SHARE)


class _Stored:
    """Details of a run that has ended, or that another process writes."""

    def __init__(self, run: Run, patience: float = PATIENCE) -> None:
        self._run = run
        self._tries = _Tries(patience)
        self._complete = False
        self.shapes: list[tuple[str, Bins]] = []

    def look(self) -> RunDetails | None:
        """What the store says; None when it need not be asked."""
        ended = self._run.ended
        # The end is not waited for: nobody looks again after it.
        if self._complete or not (self._tries.due() or ended):
            return None
        began = time.monotonic()
        with fresh(self._run.store, wait=self._tries.patience) as con:
            found = run_details.read_details(con, self._run.run_id)
            self.shapes = read_last(con, self._run.run_id, MOST) if found.histograms else []
        self._complete = ended
        self._tries.done(time.monotonic() - began)
        return found


class _Listed:
    """The files of a live run as entries. Of ten thousand pictures these take a while to make: then less often."""

    def __init__(self) -> None:
        self.looks = 0
        """How often there was something new."""
        self._entries: list[Entry] = []
        self._logged = 0
        self._earlier: dict[str, Artifact] = {}
        self._next = 0.0

    def look(self, memory: RunMemory, earlier: dict[str, Artifact], *, now: bool) -> list[Entry]:
        """The entries of the files in memory and of those logged `earlier` or elsewhere; `now` also if they were made
        just before.
        """
        began = time.monotonic()
        known = memory.artifacts_logged == self._logged and earlier is self._earlier
        if known or (began < self._next and not now):
            return self._entries
        self._logged, self._earlier = memory.artifacts_logged, earlier
        files = _logged(memory, earlier)
        self._entries = entries_of(files)
        took = time.monotonic() - began
        self._next = began + took / SHARE if len(files) >= MANY_FILES else 0.0
        self.looks += 1
        return self._entries


def _logged(memory: RunMemory, earlier: dict[str, Artifact]) -> list[Artifact]:
    """All files of the run, but for those that were removed again."""
    removed = set(memory.artifacts_removed)
    return [one for path, one in (earlier | memory.artifacts).items() if path not in removed]


class _Memory:
    """Details of a run that this process writes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tries = _Tries(PATIENCE)
        self._asked = self._asking = False
        self._code: str | None = None
        self._earlier: Earlier | None = None
        self._children: dict[str, Child] = {}
        self._children_elsewhere = 0  # started by other processes, or in an earlier life of the run
        # Of an earlier life of the run, and of other processes: replaced by another dict when there is something new.
        self._artifacts: dict[str, Artifact] = {}
        self._inputs: dict[tuple[str, str], InputSummary] = {}
        self._histograms: list[HistogramSummary] = []
        self._stored_shapes: list[tuple[str, Bins]] = []
        self._listed = _Listed()
        self._output: Output | None = None
        self._output_at = 0.0
        self._seen: object = None

    def look(self) -> RunDetails | None:
        """What this process knows; None when that is what it knew before."""
        run = self._run
        self._ask()
        self._hear()
        children = list(run.memory.children.values())
        entries = self._listed.look(run.memory, self._artifacts, now=not run.live)
        seen = (
            self._asked,
            self._output,
            self._listed.looks,
            run.memory.histograms_logged,
            self._histograms,
            self._inputs,
            list(run.memory.inputs.values()),
            len(run.memory.columns),
            run.memory.columns.get("env_hash"),
            run.memory.children_started,
            [child.ended for child in children],
        )
        if seen == self._seen:
            return None
        self._seen = seen
        return self._found(children, entries)

    @property
    def shapes(self) -> list[tuple[str, Bins]]:
        """The first histograms at the last step that is known."""
        found = dict(self._stored_shapes)
        for key, (step, edges, counts) in dict(self._run.memory.last_bins).items():
            if key not in found or found[key].step <= step:
                found[key] = Bins(step, edges, counts)
        return sorted(found.items())[:MOST]

    def _found(self, children: list[Run], entries: list[Entry]) -> RunDetails:
        memory, session = self._run.memory, session_of(self._run.store)
        columns = dict(memory.columns)
        environment = session.environment(columns.get("env_hash"))
        known = self._children | {child.run_id: _child(child) for child in children}
        commit = Commit(
            columns.get("git_commit"),
            columns.get("git_branch"),
            bool(columns.get("git_dirty")),
            columns.get("git_remote"),
        )
        histograms = [HistogramSummary(key, len(steps), max(steps)) for key, steps in _steps(memory).items()]
        origin = self._run.origin
        self._code = self._code or session.source(origin.code_hash if origin else None)
        return RunDetails(
            source=self._code,
            earlier=self._earlier,
            output=self._output,
            artifacts=entries[:ENTRIES],
            artifacts_total=len(entries),
            histograms=_united(self._histograms, histograms)[:KEYS],
            inputs=list((self._inputs | {name: summary_of(one) for name, one in dict(memory.inputs).items()}).values()),
            command=run_details.command_of(columns.get("command")),
            exit_code=columns.get("exit_code"),
            surroundings=_surroundings(environment),
            commit=commit if "git_commit" in columns else None,
            children=list(known.values())[-run_details.CHILDREN :],
            children_total=max(len(known), self._children_elsewhere + memory.children_started),
        )

    def _hear(self) -> None:
        """Take in what was printed, now and then; at the end the last of it."""
        memory, now = self._run.memory, time.monotonic()
        total = memory.output_bytes()
        if total == (self._output.bytes if self._output else 0):
            return
        if self._run.live and now - self._output_at < OUTPUT_EVERY:
            return
        printed = memory.output()
        self._output, self._output_at = Output(*printed) if printed else None, now

    def _ask(self) -> None:
        """Ask the store, until it answered once, for what this process cannot know.

        In a thread of its own: another process may have left millions of points to be taken in, and neither the cards
        nor the end of the run should wait for that.
        """
        if self._asked or self._asking or not self._run.live or not self._tries.due():
            return
        self._asking = True
        threading.Thread(target=self._ask_aside, name="inlay-details", daemon=True).start()

    def _ask_aside(self) -> None:
        try:
            # With what journals hold: the run before may have died with its kernel, and nobody took it in since.
            with fresh(self._run.store, wait=PATIENCE) as con:
                self._read(con)
            self._asked = True
        except Exception:  # noqa: BLE001 - busy, or gone: it is asked again
            return
        finally:
            self._asking = False

    def _read(self, con: DuckDBPyConnection) -> None:
        run, origin, session = self._run, self._run.origin, session_of(self._run.store)
        source = session.source(origin.code_hash) if origin else None
        if origin is not None and source is not None:
            place = CellPlace(
                run_id=run.run_id,
                started_at=run.started_at.timestamp(),
                notebook=origin.notebook,
                source_name=origin.source_name,
                cell_id=origin.cell_id,
                session_id=session.session_id,
                execution_seq=origin.execution_seq,
                nested=run.parent_run_id is not None,
            )
            self._earlier = run_details.earlier_run(con, place, source)
        stored, total = run_details.children_of(con, run.run_id)
        self._children = {child.run_id: child for child in stored}
        self._children_elsewhere = max(0, total - run.memory.children_started)
        if run.recorder is not None and run.recorder.resumed:
            self._read_stored(con)

    def read_others(self) -> None:
        """What other processes logged. Raises what the store raises when it cannot be had."""
        with fresh(self._run.store, wait=0.1) as con:
            self._read_stored(con)

    def _read_stored(self, con: DuckDBPyConnection) -> None:
        run_id = self._run.run_id
        artifacts = {artifact.path: artifact for artifact in stored_artifacts(con, run_id)}
        if artifacts != self._artifacts:
            self._artifacts = artifacts
        self._inputs = {(one.name, one.context): one for one in read_inputs(con, run_id)}
        self._histograms = read_histograms(con, run_id)
        self._stored_shapes = read_last(con, run_id, MOST) if self._histograms else []


def _steps(memory: RunMemory) -> dict[str, set[int]]:
    return {key: set(steps) for key, steps in dict(memory.histograms).items()}


def _united(stored: list[HistogramSummary], logged: list[HistogramSummary]) -> list[HistogramSummary]:
    """Histograms by key: what the store has, and what was logged here since."""
    found = {one.key: one for one in stored}
    for one in logged:
        known = found.get(one.key, one)
        found[one.key] = HistogramSummary(one.key, max(one.steps, known.steps), max(one.last_step, known.last_step))
    return sorted(found.values(), key=lambda one: one.key)


def _surroundings(row: dict[str, Any] | None) -> Surroundings | None:
    return None if row is None else Surroundings(**{name: row[name] for name in Surroundings.__slots__})


def _child(run: Run) -> Child:
    return Child(run.run_id, run.name, run.status, run.duration_s)
