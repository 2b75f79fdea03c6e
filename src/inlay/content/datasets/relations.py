"""Relations of DuckDB: a query whose plan says that it is small is run at once, and is a table like any other.

The plan has to promise that nothing else happens: no sequence goes on, no reader is used up, no function of the user's
is called, nothing is fetched from elsewhere. What is not known to be harmless is not run. Before 2.0 DuckDB gives plans
as drawings alone, so that none is asked for.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS = 200_000
"""Of any part of the plan."""
_IN_MEMORY = {"SEQ_SCAN", "TABLE_SCAN", "PANDAS_SCAN", "COLUMN_DATA_SCAN", "RANGE", "GENERATE_SERIES", "CTE_SCAN"}
_NO_ROWS = {"DUMMY_SCAN", "EMPTY_RESULT"}
_FILES = {"READ_PARQUET", "PARQUET_SCAN"}
_GUESSED = {"READ_CSV", "READ_CSV_AUTO"}
"""Files whose rows DuckDB guesses by their bytes, packed or not: read only where the reading can stop at any row."""
_STOPPING = {"PROJECTION", "STREAMING_LIMIT"}
_WORKING = {
    "PROJECTION", "FILTER", "STREAMING_LIMIT", "LIMIT", "LIMIT_PERCENT", "TOP_N", "ORDER_BY", "HASH_GROUP_BY", "CTE",
    "PERFECT_HASH_GROUP_BY", "UNGROUPED_AGGREGATE", "HASH_JOIN", "UNION", "WINDOW", "STREAMING_WINDOW", "CROSS_PRODUCT",
    "PIECEWISE_MERGE_JOIN", "NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN",
}  # fmt: skip
_PLAIN = {
    "cast", "try_cast", "in", "coalesce", "abs", "round", "floor", "ceil", "sqrt", "ln", "log", "exp", "lower", "upper",
    "trim", "length", "substring", "concat", "year", "month", "day", "date_trunc", "date_part", "strftime", "contains",
    "prefix", "suffix", "count", "count_star", "sum", "sum_no_overflow", "avg", "min", "max", "first", "last",
    "any_value", "median", "stddev", "stddev_samp", "var_samp", "row_number", "rank", "dense_rank", "lag", "lead",
    "greatest", "least", "bool_and", "bool_or",
}  # fmt: skip
_CALL = re.compile(r'"?(\w+)"?\(')
_UNWANTED = ("://", ".gz", ".zst")
"""In a query: what lies elsewhere, and packed files, of which no part can be read quickly."""
_ASKED = """
SELECT txid_current(),
       EXISTS (FROM duckdb_databases() WHERE path LIKE '%://%' OR type NOT IN ('duckdb', '')),
       EXISTS (FROM duckdb_views() WHERE NOT internal AND sql LIKE '%://%')
"""


def small_result(relation: Any) -> Any | None:
    """The result as an Arrow table; None where the query may be large, or do more than read what lies here."""
    if _is_old() or find_spec("pyarrow") is None:
        return None
    try:
        if not _is_harmless(json.loads(relation.explain(format="json"))) or not _is_here(relation):
            return None
        found = relation.limit(MOST_ROWS + 1).to_arrow_table()
    except Exception:  # noqa: BLE001 - another form of plan, or a query that fails: the user learns it when they run it
        return None
    return found if found.num_rows <= MOST_ROWS else None


def _is_old() -> bool:
    """Asked for a plan as JSON it would raise, and run the query to show the relation in the message."""
    return int(sys.modules["duckdb"].__version__.partition(".")[0]) < 2


def _is_harmless(plan: list[dict[str, Any]]) -> bool:
    """Whether the plan reads a bounded number of rows, by operators and functions that only compute."""
    steps = list(_steps(plan))
    names = {str(step["name"]) for step in steps}
    if not names <= _IN_MEMORY | _NO_ROWS | _FILES | _GUESSED | _WORKING:
        return False
    if names & _GUESSED and not names <= _GUESSED | _STOPPING:
        return False
    return all(_rows(step) <= MOST_ROWS and _calls(step) <= _PLAIN for step in steps)


def _steps(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in plan:
        yield step
        yield from _steps(step["children"])


def _rows(step: dict[str, Any]) -> int:
    if step["name"] in _NO_ROWS:
        return 1
    unsaid = 0 if step["children"] else MOST_ROWS + 1
    return int(step["extra_info"].get("Estimated Cardinality", unsaid))


def _calls(step: dict[str, Any]) -> set[str]:
    told = {key: value for key, value in step["extra_info"].items() if key not in ("Function", "Table")}
    return {name.lower() for name in _CALL.findall(json.dumps(told).replace('\\"', '"'))}


def _is_here(relation: Any) -> bool:
    """Whether all of it lies on this machine, and a query that fails spoils no transaction of the user's."""
    if any(word in relation.sql_query() for word in _UNWANTED):
        return False
    ((transaction, *elsewhere),) = relation.query("inlay_asked", _ASKED).fetchall()
    if any(elsewhere):
        return False
    return bool(relation.query("inlay_asked", "SELECT txid_current()").fetchall() != [(transaction,)])
