"""The parts of a table, each a Parquet file, as one: columns by name, types widened, rows in order.

Parts are kept as they came. Which type holds all of a column is decided when they are read or merged.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.content.column_names import quoted
from inlay.content.column_types import WHOLE, common, is_nested, stored
from inlay.content.table import connection, copy, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows of a part, DuckDB's type of each column, and what type its values need: None where there are none, and
    `WHOLE` for whole numbers that a float holds.
    """

    rows: int
    declared: dict[str, str]
    needed: dict[str, str | None]


def merge(con: DuckDBPyConnection, files: Sequence[Path], target: Path) -> None:
    """Write the rows of several parts into one Parquet file."""
    copy(con, _union(con, files), target)


def read_parts(files: Sequence[Path], as_: str | None = None) -> Any:
    """The table of these parts.

    `as_` is "pandas", "polars" or "arrow"; by default the first of pandas and pyarrow that is installed, and a list
    of dicts without them. Raises `ImportError` naming the library asked for when it is not installed.
    """
    kind = as_ or _installed()
    if kind == "pandas":
        return _pandas(files)
    if kind == "dicts":
        return _dicts(files)
    if len(files) == 1:
        return _by_library(files[0], kind)
    folder = Path(tempfile.mkdtemp(prefix="inlay-"))
    try:
        with connection() as con:
            merge(con, files, folder / "table.parquet")
        return _by_library(folder / "table.parquet", kind)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed() -> str:
    from importlib.util import find_spec

    return "pandas" if find_spec("pandas") else "arrow" if find_spec("pyarrow") else "dicts"


def _by_library(file: Path, kind: str) -> Any:
    if kind == "polars":
        import polars as pl

        return pl.read_parquet(file.read_bytes())  # not lazily mapped: the file may go
    import pyarrow.parquet as pq

    return pq.ParquetFile(file, memory_map=False).read()


def _pandas(files: Sequence[Path]) -> Any:
    with connection() as con, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DuckDB speaks to pandas in ways that newer ones deprecate
        return con.execute(_union(con, files)).df()


def _dicts(files: Sequence[Path]) -> list[dict[str, Any]]:
    with connection() as con:
        return _rows(con, files)


def _rows(con: DuckDBPyConnection, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Rows as dicts. Times with a zone are naive UTC: DuckDB needs a package more to give them otherwise."""
    query = _union(con, files)
    types = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {query})").fetchall()  # noqa: S608
    plain = ", ".join(map(_without_zone, *zip(*types, strict=True)))
    rows = con.execute(f"SELECT {plain} FROM ({query})").fetchall()  # noqa: S608
    names = [name for name, _ in types]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _without_zone(name: str, kind: str) -> str:
    column = quoted(name)
    return f"({column} AT TIME ZONE 'UTC') AS {column}" if kind == "TIMESTAMP WITH TIME ZONE" else column


# -- one query of all -----------------------------------------------------------------------------------------


def _union(con: DuckDBPyConnection, files: Sequence[Path]) -> str:
    shapes = [shape_of(con, file) for file in files]
    types: dict[str, str] = {}
    for name in dict.fromkeys(name for shape in shapes for name in shape.declared):
        having = [shape for shape in shapes if name in shape.declared]
        needed = reduce(common, [shape.needed[name] for shape in having])
        types[name] = having[0].declared[name] if needed is None else stored(needed)
    parts = [
        f"SELECT {', '.join(_cast(name, shape, kind) for name, kind in types.items())} FROM {_scan(file)}"  # noqa: S608
        for file, shape in zip(files, shapes, strict=True)
    ]
    return " UNION ALL ".join(parts)


def _cast(name: str, shape: Shape, wanted: str) -> str:
    """The column of a part in the type that all of them have."""
    column, own = quoted(name), shape.declared.get(name)
    if own == wanted:
        return column
    if own is None or (shape.needed[name] is None and not (own.endswith("[]") and wanted.endswith("[]"))):
        return f"NULL::{wanted} AS {column}"
    value = f"to_json({column})" if is_nested(own) and not is_nested(wanted) else column
    return f"{value}::{wanted} AS {column}"


def shape_of(con: DuckDBPyConnection, file: Path) -> Shape:
    """The shape of one Parquet file."""
    scan = _scan(file)
    types = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {scan})").fetchall()  # noqa: S608
    asked = [_filled(quoted(name), kind) for name, kind in types]
    large = [(name, kind) for name, kind in types if kind in ("BIGINT", "BIGINT[]")]
    asked += [_exact(quoted(name), kind) for name, kind in large]
    rows, *found = con.execute(f"SELECT count(*), {', '.join(asked)} FROM {scan}").fetchone() or (0,)  # noqa: S608
    whole = {name for (name, _), exact in zip(large, found[len(types) :], strict=True) if exact}
    needed = {
        name: None if not count else kind.replace("BIGINT", WHOLE) if name in whole else kind
        for (name, kind), count in zip(types, found[: len(types)], strict=True)
    }
    return Shape(rows, dict(types), needed)


def _filled(column: str, kind: str) -> str:
    """How many values a column has; of lists, how many that are not empty."""
    return f"count(*) FILTER (len({column}) > 0)" if kind.endswith("[]") else f"count({column})"


def _exact(column: str, kind: str) -> str:
    """Whether all whole numbers of a column are floats, too."""
    high, low = (f"list_max({column})", f"list_min({column})") if kind.endswith("[]") else (column, column)
    return f"coalesce(max({high}) <= {_EXACT} AND min({low}) >= -{_EXACT}, true)"


def _scan(file: Path) -> str:
    return f"read_parquet('{literal(file)}')"
