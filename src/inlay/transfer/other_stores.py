"""Another inlay store's runs. They keep their ids: a run is the same run wherever it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.store.store import Store
from inlay.transfer.records import Listing
from inlay.transfer.snapshots import snapshot

if TYPE_CHECKING:
    from pathlib import Path


def list_runs(source: Path) -> Listing:
    """The runs of the store in this folder that are over. Raises `StoreError` when it cannot be read."""
    runs, skipped = snapshot(Store(source)).runs()
    return Listing("inlay", str(source), runs, skipped)
