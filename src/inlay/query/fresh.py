"""An up-to-date connection: journals taken in first, for every question alike."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store


@contextlib.contextmanager
def fresh(store: Store, *, wait: float = 60.0) -> Iterator[DuckDBPyConnection]:
    """Open the store with everything logged so far in it. Raises `StoreBusyError` after `wait` seconds,
    `StoreError` when the store was deleted.
    """
    # Here, not above: a script that only records need not load NumPy.
    from inlay.store.ingest import ingest_into

    with store.open(wait=wait) as con:
        try:
            ingest_into(con, store)
        except FileNotFoundError:
            store.refuse_deleted()  # between the opening and here
            raise
        yield con
