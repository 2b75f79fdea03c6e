"""What the store holds of a run beside its attributes and metrics: code, output, artifacts, environment, git, children.

Everything is read over one connection, and no more of anything than somebody would look at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inlay.query.artifacts import Artifact as Artifact  # noqa: PLC0414 - for those who know it from here
from inlay.query.artifacts import artifact_of as artifact_of  # noqa: PLC0414
from inlay.query.artifacts import artifacts_of as artifacts_of  # noqa: PLC0414
from inlay.query.artifacts import json_object
from inlay.query.entries import Entry, read_entries
from inlay.query.fresh import fresh
from inlay.query.histograms import HistogramSummary, read_histograms
from inlay.query.inputs import InputSummary, read_inputs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

SOURCE = 50_000
"""The most characters read of a cell's text."""
TAIL = 16 * 1024
CHILDREN = 100


@dataclass(frozen=True, slots=True)
class Output:
    """The end of what a run printed, and the bytes of all it printed."""

    tail: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment of a run, as far as it was recorded."""

    python: str | None = None
    platform: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """Where the working tree of a run stood."""

    commit: str | None
    branch: str | None
    dirty: bool
    remote: str | None


@dataclass(frozen=True, slots=True)
class Child:
    """A run inside the run."""

    run_id: str
    name: str
    status: str
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The run that the same cell made before, and its code."""

    run_id: str
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Which cell a run comes from, to find the run it made before."""

    run_id: str
    started_at: float
    notebook: str | None
    source_name: str | None
    cell_id: str | None
    session_id: str | None
    execution_seq: int | None
    nested: bool

    @property
    def of_script(self) -> bool:
        """Whether it is no cell, but a script: those of notebooks say in which one."""
        return self.cell_id is None and self.notebook is None and self.source_name is not None


@dataclass(slots=True)
class RunDetails:
    """Everything a card shows of a run around its charts."""

    source: str | None = None
    earlier: Earlier | None = None
    output: Output | None = None
    artifacts: list[Entry] = field(default_factory=list)
    artifacts_total: int = 0
    histograms: list[HistogramSummary] = field(default_factory=list)
    inputs: list[InputSummary] = field(default_factory=list)
    surroundings: Surroundings | None = None
    commit: Commit | None = None
    children: list[Child] = field(default_factory=list)
    children_total: int = 0
    command: list[str] = field(default_factory=list)
    """The arguments of `inlay run`, where that made it, and what the program ended with."""
    exit_code: int | None = None


_RUN = """
SELECT epoch(started_at), notebook, source_name, cell_id, session_id::VARCHAR, execution_seq,
       parent_run_id IS NOT NULL, left(s.source, ?), env_hash, git_commit, git_branch, git_dirty, git_remote,
       command, exit_code
FROM runs r LEFT JOIN sources s USING (code_hash)
WHERE run_id = ?
"""


def run_details(store: Store, run_id: str) -> RunDetails:
    """The details of a run, up to date. Raises `StoreError` when the store cannot be read."""
    with fresh(store) as con:
        return read_details(con, run_id)


def read_details(con: DuckDBPyConnection, run_id: str) -> RunDetails:
    """The details of a run as the database has them; all empty for a run it does not know."""
    row = con.execute(_RUN, [SOURCE, run_id]).fetchone()
    if row is None:
        return RunDetails()
    started, notebook, source_name, cell_id, session, seq, nested, source, env_hash, *git, command, exit_code = row
    found = RunDetails(source=source)
    if source is not None:
        place = CellPlace(run_id, started or 0.0, notebook, source_name, cell_id, session, seq, nested)
        found.earlier = earlier_run(con, place, source)
    found.output = _output(con, run_id)
    found.artifacts, found.artifacts_total = read_entries(con, run_id)
    found.histograms, found.inputs = read_histograms(con, run_id), read_inputs(con, run_id)
    found.surroundings = _surroundings(con, env_hash)
    commit, branch, dirty, remote = git
    if commit is not None or branch is not None:
        found.commit = Commit(commit, branch, bool(dirty), remote)
    found.children, found.children_total = children_of(con, run_id)
    found.command, found.exit_code = command_of(command), exit_code
    return found


_SAME_CELL = """
SELECT r.run_id::VARCHAR, r.name, left(s.source, $source_length)
FROM runs r JOIN sources s USING (code_hash)
WHERE r.cell_id = $cell_id AND r.started_at < make_timestamp(($started_at * 1000000)::BIGINT)
  AND r.run_id <> $run_id AND r.deleted_at IS NULL AND (r.parent_run_id IS NOT NULL) = $nested
  AND NOT (r.session_id IS NOT DISTINCT FROM $session_id AND r.execution_seq IS NOT DISTINCT FROM $execution_seq)
ORDER BY r.notebook IS NOT DISTINCT FROM $notebook DESC, r.started_at DESC
LIMIT 1
"""
_SAME_BEGINNING = """
SELECT r.run_id::VARCHAR, r.name, left(s.source, $source_length)
FROM runs r JOIN sources s USING (code_hash)
WHERE r.cell_id IS NULL AND r.source_name IS NOT DISTINCT FROM $source_name
  AND r.notebook IS NOT DISTINCT FROM $notebook AND r.started_at < make_timestamp(($started_at * 1000000)::BIGINT)
  AND r.run_id <> $run_id AND r.deleted_at IS NULL AND (r.parent_run_id IS NOT NULL) = $nested
  AND r.session_id IS DISTINCT FROM $session_id
  AND split_part(ltrim(s.source), chr(10), 1) = $beginning
ORDER BY r.started_at DESC
LIMIT 1
"""
_SAME_SCRIPT = """
SELECT r.run_id::VARCHAR, r.name, left(s.source, $source_length)
FROM runs r JOIN sources s USING (code_hash)
WHERE r.source_kind = 'script' AND r.source_name = $source_name
  AND r.started_at < make_timestamp(($started_at * 1000000)::BIGINT)
  AND r.run_id <> $run_id AND r.deleted_at IS NULL AND (r.parent_run_id IS NOT NULL) = $nested
  AND r.session_id IS DISTINCT FROM $session_id
ORDER BY r.host = (SELECT host FROM runs WHERE run_id = $run_id) DESC NULLS LAST, r.started_at DESC
LIMIT 1
"""


def earlier_run(con: DuckDBPyConnection, place: CellPlace, source: str) -> Earlier | None:
    """The newest run of an earlier execution of the same cell.

    A cell is known by its id: best in the same notebook, else in one that was renamed or copied. Programs that execute
    notebooks give no ids; then the file's name and the first line of the code stand for the cell, in another session,
    since such a program executes each cell once. The runs of a loop in a cell are no versions of each other. A script
    is known by its file's name alone, for its first line changes, too: best on the same host, else on another, as
    every container is one.
    """
    values = {
        "run_id": place.run_id,
        "started_at": place.started_at,
        "notebook": place.notebook,
        "session_id": place.session_id,
        "nested": place.nested,
        "source_length": SOURCE,
    }
    if place.cell_id is not None:
        values |= {"cell_id": place.cell_id, "execution_seq": place.execution_seq}
        row = con.execute(_SAME_CELL, values).fetchone()
    elif place.of_script:
        del values["notebook"]
        values["source_name"] = place.source_name
        row = con.execute(_SAME_SCRIPT, values).fetchone()
    else:
        values |= {"source_name": place.source_name, "beginning": source.lstrip().split("\n", 1)[0]}
        row = con.execute(_SAME_BEGINNING, values).fetchone()
    return Earlier(row[0], row[1] or "", row[2] or "") if row else None


def children_of(con: DuckDBPyConnection, run_id: str) -> tuple[list[Child], int]:
    """The newest runs inside the run, in the order they started, and how many there are."""
    rows = con.execute(
        """
        SELECT run_id::VARCHAR, name, status, duration_s, count(*) OVER () FROM runs
        WHERE parent_run_id = ? AND deleted_at IS NULL
        ORDER BY started_at DESC, run_id DESC LIMIT ?
        """,
        [run_id, CHILDREN],
    ).fetchall()
    children = [Child(child, name or "", status or "", duration) for child, name, status, duration, _ in rows]
    return children[::-1], rows[0][-1] if rows else 0


def command_of(text: str | None) -> list[str]:
    """The arguments of a command, as the column `runs.command` holds them."""
    try:
        words = json.loads(text or "[]")
    except ValueError:
        return []
    return [str(word) for word in words] if isinstance(words, list) else []


def _output(con: DuckDBPyConnection, run_id: str) -> Output | None:
    row = con.execute("SELECT right(tail, ?), bytes FROM outputs WHERE run_id = ?", [TAIL, run_id]).fetchone()
    return Output(row[0] or "", row[1] or 0) if row else None


def _surroundings(con: DuckDBPyConnection, env_hash: str | None) -> Surroundings | None:
    row = con.execute(
        "SELECT python, platform, packages, hardware, variables FROM environments WHERE env_hash = ?", [env_hash]
    ).fetchone()
    return Surroundings(row[0], row[1], *map(json_object, row[2:])) if row else None
