"""The data a run used, as its card shows it: which data sets there are, and one of them column by column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

INPUTS = 100
"""The most data sets of a run that are told of."""


@dataclass(frozen=True, slots=True)
class InputSummary:
    """A data set of a run. `sample_digest` is known at once, `digest`, of all of it, a little later."""

    name: str
    context: str
    kind: str | None
    rows: int | None
    columns: int | None
    bytes: int | None
    source: str | None
    sample_digest: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class InputColumns:
    """The columns of a data set: `schema` is a list of `{"name", "type"}`, `profile` what is known of each by name."""

    schema: list[Any]
    profile: dict[str, Any]


def read_inputs(con: DuckDBPyConnection, run_id: str) -> list[InputSummary]:
    """The data sets of a run, in the order it began to use them."""
    rows = con.execute(
        """
        SELECT name, context, kind, rows, columns, bytes, source, sample_digest, digest FROM inputs
        WHERE run_id = ? ORDER BY created_at, name, context LIMIT ?
        """,
        [run_id, INPUTS],
    ).fetchall()
    return [InputSummary(*row) for row in rows]


def columns_of(store: Store, run_id: str, name: str, context: str) -> InputColumns | None:
    """The columns of one data set as the store has them; None for one it does not know."""
    with fresh(store) as con:
        row = con.execute(
            "SELECT schema, profile FROM inputs WHERE run_id = ? AND name = ? AND context = ?", [run_id, name, context]
        ).fetchone()
    if row is None:
        return None
    schema, profile = map(_value, row)
    return InputColumns(schema if isinstance(schema, list) else [], profile if isinstance(profile, dict) else {})


def _value(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None
