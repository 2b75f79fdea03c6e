"""The schema's version: creating the tables, moving old stores up, refusing newer ones.

A migration runs under the store's lock, in one transaction, after the old file was copied beside the new one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inlay._version import __version__
from inlay.errors import StoreError, StoreVersionError
from inlay.store.database import connect, transaction
from inlay.store.permissions import take_after

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA = Path(__file__).with_name("schema.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """SQL that turns a store of version `to - 1` into one of version `to`."""

    to: int
    sql: str


_VALUES_OF_EVERY_KIND = """
ALTER TABLE artifacts ADD COLUMN key VARCHAR;       -- the series or table that the file is part of
ALTER TABLE artifacts ADD COLUMN step BIGINT;
ALTER TABLE artifacts ADD COLUMN metadata VARCHAR;  -- JSON object
ALTER TABLE runs ADD COLUMN command VARCHAR;        -- JSON list: the arguments of `inlay run`
ALTER TABLE runs ADD COLUMN exit_code INTEGER;
DROP TABLE inputs;                                  -- no version wrote to it
CREATE TABLE inputs (
    run_id        UUID NOT NULL,
    name          VARCHAR NOT NULL,
    context       VARCHAR NOT NULL,   -- training, evaluation ...; empty where none was given
    kind          VARCHAR,            -- pandas, polars, arrow, numpy, file, folder ...
    rows          BIGINT,
    columns       BIGINT,
    bytes         BIGINT,
    schema        VARCHAR,            -- JSON: [{"name", "type"}, ...]
    profile       VARCHAR,            -- JSON: {column: {"missing", "min", "max", ...}}
    source        VARCHAR,
    sample_digest VARCHAR,            -- of a sample, known at once
    digest        VARCHAR,            -- of everything, known a little later
    created_at    TIMESTAMP
);
CREATE TABLE histograms (
    run_id UUID NOT NULL, key VARCHAR NOT NULL, step BIGINT NOT NULL, time TIMESTAMP,
    edges DOUBLE[], counts DOUBLE[]
);
-- Which runs came from elsewhere, and what they looked like there when they did.
CREATE TABLE imports (
    run_id UUID NOT NULL, kind VARCHAR, source VARCHAR, source_id VARCHAR, fingerprint VARCHAR, imported_at TIMESTAMP
);
"""
MIGRATIONS: tuple[Migration, ...] = (Migration(2, _VALUES_OF_EVERY_KIND),)
VERSION = 1 + len(MIGRATIONS)


def version_of(con: DuckDBPyConnection) -> int:
    """The schema version of an open database; 0 when it holds no tables of ours."""
    import duckdb

    try:  # asking the catalog first takes 7 ms of every open of a large store, 0.9 this way
        row = con.execute("SELECT max(version) FROM schema_version").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row and row[0] is not None else 0


def check(con: DuckDBPyConnection, database: Path) -> int:
    """The version of the store, refused when newer than ours: raises `StoreVersionError`."""
    found = version_of(con)
    if found > VERSION:
        msg = (
            f"{database} is a store of schema version {found}; this inlay ({__version__}) knows versions up "
            f"to {VERSION}. Nothing was touched. Update inlay (pip install -U inlay), or choose another store "
            "with inlay.connect('path')."
        )
        raise StoreVersionError(msg)
    return found


def make(database: Path) -> None:
    """A new database, complete before it takes its name: neither a full disk nor a kill leaves half of one.

    Raises `StoreError` when it cannot be made.
    """
    import duckdb

    fresh = database.with_suffix(".new")
    leftovers = [fresh, fresh.with_name(f"{fresh.name}.wal")]
    try:
        for path in (*leftovers, database.with_name(f"{database.name}.wal")):
            path.unlink(missing_ok=True)
        con = connect(fresh)
        try:
            create(con)
            con.execute("CHECKPOINT")  # `close` would not say that it failed
        finally:
            con.close()
        take_after(fresh, fresh.parent)
        fresh.replace(database)
    except (duckdb.Error, OSError) as error:
        msg = f"{database} cannot be made: {error}"
        raise StoreError(msg) from error
    finally:
        for path in leftovers:
            path.unlink(missing_ok=True)


def create(con: DuckDBPyConnection) -> None:
    """Make the tables of the current version in an empty database."""
    with transaction(con):
        con.execute(SCHEMA.read_text(encoding="utf-8"))
        for migration in MIGRATIONS:
            con.execute(migration.sql)
        _stamp(con, VERSION)


def bring_up(con: DuckDBPyConnection, database: Path) -> None:
    """Bring an open database to the present version, whatever it is; raises `StoreVersionError` when it is newer."""
    found = check(con, database)
    if found == 0:
        create(con)
    elif found < VERSION:
        migrate(con, found)


def migrate(con: DuckDBPyConnection, found: int) -> None:
    """Apply what lies between version `found` and ours, all or nothing."""
    with transaction(con):
        for migration in MIGRATIONS:
            if migration.to > found:
                con.execute(migration.sql)
        _stamp(con, VERSION)


def keep_copy(database: Path, version: int) -> Path:
    """Copy the closed database aside before a migration; an earlier copy of the same version stays."""
    copy = database.with_name(f"{database.stem}.v{version}{database.suffix}")
    if not copy.exists():
        temporary = copy.with_suffix(".copying")
        shutil.copy2(database, temporary)
        take_after(temporary, temporary.parent)
        temporary.replace(copy)
    return copy


def _stamp(con: DuckDBPyConnection, version: int) -> None:
    con.execute("INSERT INTO schema_version VALUES (?, ?, now()::TIMESTAMP)", [version, __version__])
