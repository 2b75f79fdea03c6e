"""A folder of Parquet files as `export_runs` writes it: one file a table, and maybe the blobs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from inlay.store import database
from inlay.transfer.records import Listing
from inlay.transfer.store_tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

TABLES = (
    "experiments", "runs", "params", "param_history", "metrics", "metric_summary", "tags", "artifacts", "inputs",
    "histograms", "outputs", "sources", "environments", "sessions", "executions",
)  # fmt: skip
"""Each a file; what they hold is in docs/schema.md."""

_NUMBERED = "SELECT *, file_row_number AS row FROM read_parquet('{file}', file_row_number = true)"


def list_runs(source: Path) -> Listing:
    """The runs in the folder. Raises `ValueError` naming a file that is missing."""
    import duckdb

    missing = [table for table in TABLES if not (source / f"{table}.parquet").is_file()]
    if missing:
        msg = f"{source} lacks {missing[0]}.parquet, one of the files that export_runs writes"
        raise ValueError(msg)

    @contextlib.contextmanager
    def opened() -> Iterator[DuckDBPyConnection]:
        con = database.connect(":memory:")
        try:
            for table in TABLES:
                file = str(source / f"{table}.parquet").replace("'", "''")
                con.execute(f"CREATE VIEW {table} AS FROM read_parquet('{file}')")
                if table == "metrics":
                    con.execute(f"CREATE VIEW numbered_points AS {_NUMBERED.format(file=file)}")
            yield con
        finally:
            con.close()

    try:
        runs, skipped = Tables(opened, source / "artifacts").runs()
    except duckdb.Error as error:
        msg = f"{source} is not what export_runs writes: {error}"
        raise ValueError(msg) from error
    return Listing("inlay", str(source), runs, skipped)
