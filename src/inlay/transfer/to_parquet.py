"""Runs as Parquet: a folder with one file a table, as docs/schema.md has them, and the blobs if they are wanted.

DuckDB writes them; anything that reads Parquet opens them.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from inlay.store import artifacts as blobs
from inlay.store import database
from inlay.transfer.records import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from inlay.transfer.store_tables import Tables

_BY_RUN = ("params", "param_history", "tags", "artifacts", "inputs", "histograms", "outputs", "metric_summary")
_RUN = "WHERE run_id IN (SELECT run_id FROM chosen)"
_OF_RUNS = f"FROM runs {_RUN}"
_SESSION = f"WHERE session_id IN (SELECT session_id {_OF_RUNS})"
_CODES = f"SELECT code_hash {_OF_RUNS} UNION SELECT code_hash FROM executions {_SESSION}"  # noqa: S608 - own names
_QUERIES = {
    "experiments": f"FROM experiments WHERE experiment_id IN (SELECT experiment_id {_OF_RUNS})",
    "runs": f"{_OF_RUNS} ORDER BY started_at, run_id",
    "metrics": f"SELECT run_id, key, step, time, value FROM numbered_points {_RUN} ORDER BY run_id, key, row",  # noqa: S608
    **{table: f"FROM {table} {_RUN} ORDER BY run_id" for table in _BY_RUN},
    "environments": f"FROM environments WHERE env_hash IN (SELECT env_hash {_OF_RUNS})",
    "sessions": f"FROM sessions {_SESSION}",
    "executions": f"FROM executions {_SESSION} ORDER BY session_id, seq",
    "sources": f"FROM sources WHERE code_hash IN ({_CODES})",
}
_BLOBS = f"SELECT hash, bytes, min(path) FROM artifacts {_RUN} GROUP BY ALL"  # noqa: S608 - own names


def write(
    folder: Path, tables: Tables, run_ids: Sequence[str], done: Callable[[int], object], *, artifacts: bool
) -> list[Skipped]:
    """Write the runs' rows into the empty `folder`; with `artifacts` also the blobs, under their hashes as in a store.

    Returns the files whose bytes are not there.
    """
    with tables.opened() as con:
        con.execute("SET allowed_directories = ?", [[str(folder)]])
        database.confine(con)
        con.execute("CREATE TEMP TABLE chosen AS SELECT unnest(?::UUID[]) AS run_id", [list(run_ids)])
        for table, query in _QUERIES.items():
            target = str(folder / f"{table}.parquet").replace("'", "''")
            con.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        kept = con.execute(_BLOBS).fetchall()
    skipped = _copied(folder / "artifacts", tables.files, kept) if artifacts else []
    done(len(run_ids))
    return skipped


def _copied(target: Path, source: Path | None, kept: list[tuple[str, int, str]]) -> list[Skipped]:
    skipped = []
    for digest, size, path in kept:
        found = None if source is None else blobs.found(source, digest or "", size or 0)
        if found is None:
            skipped.append(Skipped(path, "its bytes are not there"))
            continue
        to = blobs.path_of(target, digest)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, to)
        os.chmod(to, 0o644)  # noqa: PTH101 - blobs are for their owner; what is exported is for others
    return skipped
