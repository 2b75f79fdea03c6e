"""The escape hatch: any SQL over the store, read-only.

The store is attached, read-only, to a database in memory; the result is kept there and the file let go at
once, so that a result can be looked at for hours without holding anybody up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inlay.errors import QueryError
from inlay.query.frame import need_pandas
from inlay.query.fresh import fresh
from inlay.store import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store


class Result:
    """The rows of a query, kept in memory. `.df()`, `.arrow()`, `.fetchall()`, `.columns`, `len()`, and `for`."""

    def __init__(self, con: DuckDBPyConnection, store: Store) -> None:
        self._con = con
        self._store = store

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        with self._reading():
            return [column[0] for column in self._con.execute("FROM result LIMIT 0").description or []]

    def __len__(self) -> int:
        with self._reading():
            (count,) = self._con.execute("SELECT count(*) FROM result").fetchone() or (0,)
            return int(count)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row as a tuple."""
        with self._reading():
            return self._con.execute("FROM result").fetchall()

    def df(self) -> pd.DataFrame:
        """A pandas data frame. Needs pandas."""
        need_pandas()
        with self._reading():
            return self._con.execute("FROM result").df()

    def arrow(self) -> pa.Table:
        """An Arrow table. Needs pyarrow."""
        with self._reading():
            table: pa.Table = self._con.sql("FROM result").to_arrow_table()
            return table

    def _reading(self) -> AbstractContextManager[None]:
        """One thread at a time: a connection serves no two, and at the exit none may be inside DuckDB."""
        return self._store.turn_in_process()

    def __repr__(self) -> str:
        rows = len(self)
        return f"Result: {rows:,} row{'' if rows == 1 else 's'}, columns {', '.join(self.columns)}"


def sql(store: Store, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
    """Run one SELECT (or DESCRIBE, SHOW, SUMMARIZE) over the store's tables.

    `params` fill `?` or `$name`. Raises `QueryError` for anything else and for a query DuckDB refuses, with
    the place in the query, `TypeError` for what is no string.
    """
    import duckdb

    if not isinstance(query, str):
        msg = f"a query is a string of SQL; got {query!r} of type {type(query).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    with store.turn_in_process():
        with fresh(store):
            pass
        con = database.connect(":memory:")
        try:
            _keep(con, store, _single_select(con, query), params)
        except duckdb.Error as error:
            con.close()
            raise QueryError(_explained(error)) from None
        except BaseException:
            con.close()
            raise
        return Result(con, store)


def _keep(con: DuckDBPyConnection, store: Store, select: str, params: Sequence[Any] | Mapping[str, Any] | None) -> None:
    """Run the query over the store and keep its rows in the table `result` of `con`, which is in memory."""
    with store.turn():
        con.execute(f"ATTACH '{str(store.readable).replace(chr(39), chr(39) * 2)}' AS store (READ_ONLY)")
        try:
            database.confine(con)
            con.execute("USE store")
            # The query begins a line of its own, so that only the line number needs putting right.
            con.execute(f"CREATE TABLE memory.main.result AS FROM (\n{select}\n)", params or None)
        finally:
            con.execute("USE memory")
            con.execute("DETACH store")


def _single_select(con: DuckDBPyConnection, query: str) -> str:
    """The text of the one statement, without its semicolon."""
    import duckdb

    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise QueryError(str(error)) from None
    kinds = [statement.type.name for statement in statements]
    # One for two statements; before DuckDB 2.0 a type made up for the occasion, and a SELECT.
    if kinds in (["MULTI"], ["CREATE", "SELECT"]) and re.search(r"\bpivot", query, re.IGNORECASE):
        msg = "PIVOT needs its values named here, because it looks for them in a statement of its own otherwise: "
        raise QueryError(msg + "PIVOT ... ON key IN ('a', 'b') USING ...")
    if len(statements) != 1:
        msg = f"sql takes one statement; got {len(statements)}"
        raise QueryError(msg)
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = kinds[0]
        msg = f"sql only reads: SELECT, FROM, WITH, DESCRIBE, SHOW or SUMMARIZE; got a statement of type {kind}"
        raise QueryError(msg)
    text = str(statements[0].query)
    for semicolon in re.finditer(";", text):
        # One may also stand in a comment or a text; comments may follow the one that ends the statement.
        before, behind = text[: semicolon.start()], text[semicolon.end() :]
        if _statements_in(con, before) == 1 and _statements_in(con, behind) == 0:
            return before
    return text


def _statements_in(con: DuckDBPyConnection, text: str) -> int | None:
    """How many statements the text is; None when it is no SQL."""
    import duckdb

    try:
        return len(con.extract_statements(text))
    except duckdb.Error:
        return None


def _explained(error: Exception) -> str:
    """DuckDB's message with the line numbers of the user's own query."""
    return re.sub(r"LINE (\d+):", lambda found: f"LINE {max(1, int(found[1]) - 1)}:", str(error))
