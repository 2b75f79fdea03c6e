"""What a process remembers of a run it writes, so that the live card need not ask the store.

The journal has all of this, too; there it is waiting for an ingest, which is too dear to do once a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from inlay.query.datasets import Dataset
    from inlay.query.run_details import Artifact
    from inlay.tracking.run import Run

CHILDREN = 100
HISTOGRAMS = 24
"""Histograms of which the last step is remembered."""
TAIL = 16 * 1024
"""How many characters of the output's end are remembered; the store keeps more."""


class Printing(Protocol):
    """What a cell is printing."""

    @property
    def total_bytes(self) -> int:
        """How much it was in all until now."""

    def text(self, limit: int) -> str:
        """The last `limit` bytes of it, secrets masked."""


@dataclass(slots=True)
class RunMemory:
    """The parts of a run that change while it is written, apart from its attributes and metrics."""

    columns: dict[str, Any] = field(default_factory=dict)
    """Columns of `runs` that were set since the start: `env_hash`, `git_commit` ..."""
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    artifact_folders: set[str] = field(default_factory=set)
    """Every folder that one of them lies in."""
    artifacts_removed: set[str] = field(default_factory=set)
    artifacts_logged: int = 0
    """How often one was logged or removed: a path may be logged again."""
    histograms: dict[str, set[int]] = field(default_factory=dict)
    """Their steps, by key."""
    histograms_logged: int = 0
    last_bins: dict[str, tuple[int, list[float], list[float]]] = field(default_factory=dict)
    """Of the first few, the last step with its edges and counts."""
    inputs: dict[tuple[str, str], Dataset] = field(default_factory=dict)
    """The data it used, by name and context."""
    printed: tuple[str, int] | None = None
    """The end of the output as last recorded, and the bytes of all of it."""
    printing: Printing | None = None
    """While the cell prints."""

    children: dict[str, Run] = field(default_factory=dict)
    """The newest runs started inside it by this process, in order."""
    children_started: int = 0

    def keep_child(self, child: Run) -> None:
        """A run was started inside it."""
        self.children[child.run_id] = child
        self.children_started += 1
        while len(self.children) > CHILDREN:
            del self.children[next(iter(self.children))]

    def keep_artifact(self, artifact: Artifact) -> None:
        """A file was logged."""
        self.artifacts[artifact.path] = artifact
        self.artifact_folders.update(folders_of(artifact.path))
        self.artifacts_removed.discard(artifact.path)
        self.artifacts_logged += 1

    def drop_artifact(self, path: str) -> None:
        """A file was taken out again."""
        self.artifacts.pop(path, None)
        self.artifacts_removed.add(path)
        self.artifacts_logged += 1

    def keep_histogram(self, key: str, step: int, edges: list[float], counts: list[float]) -> None:
        """A histogram was logged."""
        self.histograms.setdefault(key, set()).add(step)
        known = self.last_bins.get(key)
        if step >= known[0] if known else len(self.last_bins) < HISTOGRAMS:
            self.last_bins[key] = step, edges, counts
        self.histograms_logged += 1

    def output_bytes(self) -> int:
        """How much was printed until now."""
        printing = self.printing
        return printing.total_bytes if printing is not None else self.printed[1] if self.printed else 0

    def output(self) -> tuple[str, int] | None:
        """The end of what was printed until now, and how many bytes that was in all."""
        printing = self.printing
        if printing is None:
            return self.printed
        total = printing.total_bytes  # before the text: what comes in between is shown the next time
        return (printing.text(TAIL), total) if total else None


def folders_of(path: str) -> list[str]:
    """`a/b/c` lies in `a/b` and in `a`."""
    names = path.split("/")[:-1]
    return ["/".join(names[:depth]) for depth in range(len(names), 0, -1)]
