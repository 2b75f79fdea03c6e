"""What a table says beside its rows: why there are none, what is wrong with a filter, which columns it has lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inlay.query.filter import strangers
from inlay.query.filter_fields import field_of
from inlay.query.run_query import RunQuery
from inlay.views.format import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from inlay.errors import QueryError

NO_RUNS = 'No runs here yet. A run is recorded by `with inlay.start_run("name") as run: run.log({"loss": 0.5})`.'
NONE_MATCH = "No run matches."
"""Said where no name in the filter is at fault."""


def hint_of(con: DuckDBPyConnection, base: RunQuery, text: str, total: int) -> str:
    """Why a table is empty: `base` are the runs it was made of, `total` of them, and `text` is its own filter. Nothing
    where there are no runs at all, for then nothing is wrong with what was asked.
    """
    if total == 0 and base == RunQuery():
        return ""
    said = strangers(con, text) if total else []
    if not said and base.filter.strip():
        said = strangers(con, base.filter)
    return encodable(". ".join(one[:1].upper() + one[1:] for one in said) if said else NONE_MATCH)


def stranger(name: str) -> dict[str, Any]:
    """A column that no run has any more."""
    entity, _, key = name.partition(".")
    kind = "number" if entity == "metrics" else "text"
    return {"id": name, "entity": entity, "name": key, "type": kind, "field": field_of(name), "runs": 0, "better": None}


def among(base: RunQuery, run_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The statement that tells which of these runs are some of `base`."""
    selection = base.selection()
    sql = f"SELECT run_id FROM ({selection.sql}) AS base(run_id) WHERE run_id IN (SELECT unnest($wanted_runs))"  # noqa: S608
    return sql, {**selection.params, "wanted_runs": [encodable(one) for one in run_ids]}


def error_of(problem: QueryError, text: str) -> dict[str, Any]:
    """`FilterError` of js/run-table/wire.ts."""
    start = min(problem.position or 0, len(text))
    return {"message": encodable(str(problem)), "start": start, "end": _end_of_word(text, start)}


def _end_of_word(text: str, start: int) -> int:
    """Where what begins at `start` ends: a word, something in quotes, or a single sign."""
    found = _TOKEN.match(text, start)
    return found.end() if found else min(start + 1, len(text))


_TOKEN = re.compile(r"""'[^']*'?|"[^"]*"?|`[^`]*`?|[\w.]+|\S""")
