"""Another inlay store's runs. They keep their ids: a run is the same run wherever it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.errors import StoreError
from inlay.store.store import store_at
from inlay.transfer.records import Listing
from inlay.transfer.snapshots import snapshot

if TYPE_CHECKING:
    from pathlib import Path


def list_runs(source: Path) -> Listing:
    """The runs of the store in this folder that are over. Raises `StoreError` when it cannot be read."""
    import duckdb

    try:
        runs, skipped = snapshot(store_at(source)).runs()
    except duckdb.Error as error:
        msg = f"{source} does not hold what a store of inlay's does: {error}"
        raise StoreError(msg) from error
    return Listing("inlay", str(source), runs, skipped)
