"""What every source is turned into: a list of runs, and of each run a stream of items.

A listing is cheap and says of each run who it is and whether it went on; the items are read only of runs that are
new or changed, one after the other, so that a large source never stands in memory whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from inlay.store.artifacts import Blob


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not taken along: what it is, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment by name; the rest is used when it is made. `created_at` in Unix seconds."""

    name: str
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class RunReference:
    """Another run of the same source: its own id there, its start in Unix seconds, and our id of it, if it has one."""

    source_id: str
    started_at: float
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A param as the table has it: `text`, the number it is (if it is one), and "string" or "json"."""

    key: str
    text: str
    number: float | None
    type: str
    time: float | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a run's header says. Times in Unix seconds; `columns` are further columns of the table `runs`."""

    experiment: Experiment
    name: str
    status: str
    ended_at: float | None = None
    note: str | None = None
    parent: RunReference | str | None = None
    """A run of the same source, or an id of ours."""
    deleted_at: float | None = None
    params: tuple[Param, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one metric, in the order they were logged: `step` int64, `time` Unix seconds, `value`, each (n,)."""

    key: str
    step: NDArray[np.int64]
    time: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class File:
    """A file of the run: where it lies, or its bytes, or only what they are, should the store have them already."""

    path: str
    content: Path | bytes | Blob
    kind: str = "file"
    mime: str | None = None
    key: str | None = None
    step: int | None = None
    metadata: dict[str, Any] | None = None
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram: `edges` one longer than `counts`."""

    key: str
    step: int
    time: float
    edges: list[float]
    counts: list[float]


@dataclass(frozen=True, slots=True)
class Input:
    """A data set used, by the columns of the table `inputs`; `schema` and `profile` as JSON values."""

    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """The end of what the run printed, and the bytes of all of it."""

    tail: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Environment:
    """What the run ran in; `env_hash` where the source has one of ours."""

    python: str | None = None
    platform: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    env_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of another store's table, by column: `sources`, `sessions`, `executions`, `param_history`."""

    table: str
    columns: dict[str, Any]


Item: TypeAlias = "About | Points | File | Histogram | Input | Output | Environment | Row | Skipped"


@dataclass(frozen=True, slots=True)
class SourceRun:
    """A run as its source lists it."""

    source_id: str
    """Its own id there, which stays when the source is moved."""
    started_at: float
    digest: str
    """Differs when the run changed."""
    label: str
    """What its user calls it."""
    read: Callable[[], Iterator[Item]]
    run_id: str | None = None
    """Its id, where the source has ids of ours."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of a source, and what in it is none."""

    kind: str
    source: str
    runs: list[SourceRun]
    skipped: list[Skipped] = field(default_factory=list)
