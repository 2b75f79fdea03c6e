"""A store as it is now, to be read at leisure: a copy of its database, so that nobody waits while its runs are read."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.query.fresh import fresh
from inlay.store import database
from inlay.transfer.store_tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

_NUMBERED = """
CREATE TEMP VIEW numbered_points AS
SELECT s.run_id, s.key, p.rowid AS row, p.step, p.time, p.value FROM points p JOIN series s USING (series_id)
"""


def snapshot(store: Store, *, confined: bool = True) -> Tables:
    """The tables of a store, everything logged so far in them. Its connections reach no other files, unless they are
    not `confined`. Raises `StoreError` when it cannot be read.
    """
    with fresh(store):
        pass
    folder = Path(tempfile.mkdtemp(prefix="inlay-"))
    copy = folder / store.database.name
    with store.turn():
        for ending in ("", ".wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{store.database}{ending}", f"{copy}{ending}")

    @contextlib.contextmanager
    def opened() -> Iterator[DuckDBPyConnection]:
        con = database.connect(copy)
        try:
            con.execute(_NUMBERED)
            if confined:
                database.confine(con)
            yield con
        finally:
            con.close()

    weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)  # gone when nobody reads it any more
    return Tables(opened, store.artifacts)
