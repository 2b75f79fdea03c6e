"""`export_runs`: runs of a store as Parquet, as JSON, or in an MLflow store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from inlay.store.store import Store
    from inlay.transfer.records import Skipped


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: where, how many runs, how many were there already (MLflow), and what was left out."""

    target: str
    runs: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = field(default=())


def export_runs(
    target: str | os.PathLike[str],
    *,
    kind: str = "parquet",
    runs: Sequence[Any] | None = None,
    store: Store | None = None,
    artifacts: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> Exported:
    """Write runs to `target`."""
    raise NotImplementedError
