"""Tables of every library as Parquet, written by DuckDB, which is there anyway.

Arrow comes through its C stream (polars, pyarrow, DuckDB relations, whatever else speaks it), pandas and NumPy as they
are, and Python values column by column (`table_columns.py`). A table that was logged in many calls lies in parts, which
`table_parts.py` reads as one.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.content.column_names import column_names, quoted
from inlay.content.kept import called, from_library
from inlay.content.table_columns import Column, as_text, column_of, from_records, is_scanned, typed, with_index
from inlay.errors import InlayError
from inlay.store.notice import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

_TAKES = (
    "log_table takes a data frame of pandas or polars, an Arrow table, anything with __arrow_c_stream__ or "
    "__dataframe__, a DuckDB relation, a list of dicts, a dict of columns, or a 2-d array with columns="
)
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_KEPT_AS = {
    "HUGEINT": "{}::VARCHAR", "UHUGEINT": "{}::VARCHAR", "BIGNUM": "{}::VARCHAR", "VARINT": "{}::VARCHAR",
    "UUID": "{}::VARCHAR", "BIT": "{}::VARCHAR", "JSON": "{}::VARCHAR", '"NULL"': "{}::VARCHAR",
    "INTERVAL": "epoch({})", "TIMETZ": "{}::VARCHAR", "TIME WITH TIME ZONE": "{}::VARCHAR",
}  # fmt: skip
"""Types that Parquet has no word for, or readers of it none; without this 128 bits became floats."""


class _Stream:
    """Nothing but the stream of an Arrow table: told what library it comes from, DuckDB goes through pyarrow."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._source.__arrow_c_stream__(requested_schema)


@dataclass(frozen=True, slots=True)
class _Source:
    """A table as DuckDB takes it: what it scans, the columns it gets as lists, and the name of each column in order.

    What is scanned holds its columns under `c0`, `c1` ... by their place in the table, unless it is a stream.
    """

    names: list[str]
    scanned: Any = None
    lists: dict[str, Column] = field(default_factory=dict)


def write_table(con: DuckDBPyConnection, table: Any, file: Path, columns: Sequence[str] | None = None) -> None:
    """Write the table as a Parquet file, by a connection that serves only this call. Warns when columns of one name had
    to be told apart.

    Raises `TypeError` for what is no table, `ValueError` for one without columns or with columns of different
    lengths, `InlayError` naming what DuckDB says of it, `OSError` when the disk refuses.
    """
    import duckdb

    source = _source(con, table, columns)
    if not source.names:
        msg = f"a table has at least one column; this {called(table)} has none"
        raise ValueError(msg)
    try:
        query = _rows(con, source)
        copy(con, _select(con, query, source.names), file)
    except duckdb.IOException as error:
        raise OSError(errno.EIO, str(error).splitlines()[0]) from error
    except duckdb.Error as error:
        msg = f"this {called(table)} cannot be kept as a table: {str(error).splitlines()[0]}"
        raise InlayError(msg) from error


@contextlib.contextmanager
def connection() -> Iterator[DuckDBPyConnection]:
    """A DuckDB in memory that fetches nothing and looks at no variables of Python. It takes 20 ms: one a call."""
    import duckdb

    # What finds no room in memory goes there: a folder of a known name could be somebody else's.
    spilled = tempfile.mkdtemp(prefix="inlay-")
    try:
        con = duckdb.connect(":memory:", config=_SETTINGS)
        try:
            con.execute("SET TimeZone = 'UTC'")
            con.execute("SET enable_progress_bar = false")
            con.execute("SET python_enable_replacements = false")
            con.execute(f"SET temp_directory = '{literal(Path(spilled))}'")
            yield con
        finally:
            con.close()
    finally:
        shutil.rmtree(spilled, ignore_errors=True)


def copy(con: DuckDBPyConnection, query: str, file: Path) -> None:
    """Write the rows of a query as a Parquet file."""
    con.execute(f"COPY ({query}) TO '{literal(file)}' (FORMAT parquet, COMPRESSION zstd)")


def literal(path: Path) -> str:
    """The path as the inside of a text of SQL."""
    return str(path).replace("'", "''")


# -- what was given -------------------------------------------------------------------------------------------


def _source(con: DuckDBPyConnection, table: Any, columns: Sequence[str] | None) -> _Source:  # noqa: C901, PLR0911 - one line for each kind
    if from_library(table, "polars") and callable(getattr(table, "collect", None)):
        table = table.collect()  # a lazy one
    if callable(getattr(table, "to_frame", None)) and not hasattr(table, "columns"):
        table = table.to_frame()  # a Series
    if from_library(table, "pandas") and hasattr(table, "columns"):
        return _from_pandas(table)
    if hasattr(table, "__arrow_c_stream__"):
        return _from_arrow(con, table)
    if hasattr(table, "__arrow_c_array__") or hasattr(table, "__dataframe__"):
        return _from_arrow(con, _by_pyarrow(table))
    if isinstance(table, Mapping):
        return _from_columns(list(table), [column_of(name, values) for name, values in table.items()])
    if hasattr(table, "shape") and hasattr(table, "dtype"):
        return _from_array(table, columns)
    if isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        return _from_rows(table)
    for name in ("to_arrow", "to_pandas"):
        if callable(getattr(table, name, None)) and not isinstance(table, type):
            return _source(con, getattr(table, name)(), columns)
    msg = f"{_TAKES}; got {called(table)}"
    raise TypeError(msg)


def _from_pandas(frame: Any) -> _Source:
    frame = with_index(frame)
    names = _unique(frame.columns)
    frame.columns = [f"c{at}" for at in range(len(names))]  # its own by now, of which only this list is changed
    lists = {}
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not is_scanned(dtype):
            lists[column] = typed(frame[column].astype(object).tolist())
    scanned = frame.drop(columns=list(lists))
    return _Source(names, scanned if len(scanned.columns) else None, lists)


def _from_arrow(con: DuckDBPyConnection, table: Any) -> _Source:
    if from_library(table, "pyarrow"):
        table = _with_known_types(table)
    elif from_library(table, "polars"):
        table = _with_known_columns(table)
    given = getattr(table, "columns", None)  # of polars and DuckDB; of pyarrow they are the data
    if from_library(table, "pyarrow"):
        given = table.schema.names
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        con.register("given", _Stream(table))
        given = [row[0] for row in con.execute("SELECT column_name FROM (DESCRIBE given)").fetchall()]
    names = _unique(given)
    if len(set(given)) < len(given):
        table = table.rename_columns([f"c{at}" for at in range(len(names))])
    return _Source(names, _Stream(table))


def _with_known_columns(frame: Any) -> Any:
    """A frame of polars whose columns all have values in Arrow: objects come as their addresses, and of columns without
    a type DuckDB 2.0 refuses the batches.
    """
    import polars as pl

    objects = [
        pl.Series(one.name, [as_text(value) for value in one], pl.String) for one in frame.select(pl.col(pl.Object))
    ]
    return frame.with_columns(pl.col(pl.Null).cast(pl.String), *objects)


def _with_known_types(table: Any) -> Any:
    """A pyarrow table in types that DuckDB knows: it has no half floats and no decimals of 256 bits."""
    import pyarrow as pa

    if not hasattr(table, "cast"):  # a reader of batches
        return table
    changed = table.schema
    for at, one in enumerate(table.schema):
        wider = (
            pa.float32() if pa.types.is_float16(one.type) else pa.string() if pa.types.is_decimal256(one.type) else None
        )
        if wider is not None:
            changed = changed.set(at, one.with_type(wider))
    return table if changed.equals(table.schema) else table.cast(changed)


def _by_pyarrow(table: Any) -> Any:
    try:
        import pyarrow as pa
        from pyarrow.interchange import from_dataframe
    except ImportError as error:
        msg = f"reading {called(table)} needs pyarrow: pip install pyarrow"
        raise InlayError(msg) from error
    if hasattr(table, "__arrow_c_array__"):
        return pa.Table.from_batches([pa.record_batch(table)])
    return from_dataframe(table)


def _from_array(array: Any, columns: Sequence[str] | None) -> _Source:
    import numpy as np

    array = array.detach().cpu().numpy() if hasattr(array, "detach") else np.asarray(array)
    if array.dtype.names:
        return _from_columns(array.dtype.names, [column_of(name, array[name]) for name in array.dtype.names])
    if array.ndim != 2:
        msg = f"an array is a table when it is 2-d; got one of shape {array.shape}"
        raise ValueError(msg)
    names = list(columns) if columns is not None else [f"column_{number}" for number in range(array.shape[1])]
    if len(names) != array.shape[1]:
        msg = f"the array has {array.shape[1]} columns, but columns= names {len(names)}"
        raise ValueError(msg)
    return _from_columns(names, [column_of(name, array[:, at]) for at, name in enumerate(names)])


def _from_rows(rows: Sequence[Any]) -> _Source:
    odd = next((row for row in rows if not isinstance(row, Mapping)), None)
    if odd is not None:
        msg = f"{_TAKES}; got a {called(rows)} that holds {called(odd)}"
        raise TypeError(msg)
    columns = from_records(rows)
    return _from_columns(list(columns), list(columns.values()))


def _from_columns(given: Sequence[Any], columns: list[Column]) -> _Source:
    if len({len(column) for column in columns}) > 1:
        told = ", ".join(f"{name!r}: {len(column):,}" for name, column in zip(given, columns, strict=True))
        msg = f"the columns of a table are equally long; got {told}"
        raise ValueError(msg)
    arrays = {f"c{at}": column.values for at, column in enumerate(columns) if column.kind is None}
    lists = {f"c{at}": column for at, column in enumerate(columns) if column.kind is not None}
    return _Source(_unique(given), arrays or None, lists)


def _unique(given: Any) -> list[str]:
    names, twice = column_names(given)
    if twice:
        told = ", ".join(sorted(map(repr, set(twice))))
        say(f"columns of a table that share a name got a number: {told}")
    return names


# -- into DuckDB ----------------------------------------------------------------------------------------------


def _rows(con: DuckDBPyConnection, source: _Source) -> str:
    """The name of a table or view that holds the rows."""
    sides = []
    if source.scanned is not None:
        con.register("scanned", source.scanned)
        sides.append("scanned")
    if source.lists:
        columns = ", ".join(f"unnest(?::{column.kind}[]) AS {name}" for name, column in source.lists.items())
        values = [column.values for column in source.lists.values()]
        con.execute(f"CREATE TEMP TABLE listed AS SELECT {columns}", values)
        sides.append("listed")
    if isinstance(source.scanned, _Stream):  # some can be read once, and of chosen columns only by pyarrow
        con.execute("CREATE TEMP TABLE streamed AS FROM scanned")
        return "streamed"
    if len(sides) == 1:
        return sides[0]
    columns = ", ".join(f"c{at}" for at in range(len(source.names)))
    con.execute(f"CREATE TEMP VIEW beside AS SELECT {columns} FROM scanned POSITIONAL JOIN listed")  # noqa: S608 - own names
    return "beside"


def _select(con: DuckDBPyConnection, rows: str, names: list[str]) -> str:
    """The query of the rows under their own names, in types that every reader of Parquet knows."""
    found = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {rows})").fetchall()  # noqa: S608
    if len(found) != len(names):
        msg = f"a table of {len(names)} columns came as {len(found)}"
        raise InlayError(msg)
    kept = [
        f"{_kept_as(kind, quoted(column))} AS {quoted(name)}" for (column, kind), name in zip(found, names, strict=True)
    ]
    return f"SELECT {', '.join(kept)} FROM {rows}"  # noqa: S608 - names are quoted


def _kept_as(kind: str, column: str) -> str:
    if kind.startswith("ENUM("):
        return f"{column}::VARCHAR"
    return _KEPT_AS[kind].format(column) if kind in _KEPT_AS else column
