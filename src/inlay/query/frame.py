"""Runs as columns: one row a run, one column an attribute, param, metric or tag. What data frames and exports are of.

A thousand runs with fifty metrics are fifty thousand values. They are put in their places by NumPy, an array at a time,
from what DuckDB gives with the numbers of row and column already in it; so a value never becomes a Python object
unless it is a text. What is missing is told apart from NaN by a mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inlay.query.attributes import param_value
from inlay.query.fresh import fresh

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pandas as pd
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from inlay.store.store import Store

Kind = Literal["float", "int", "bool", "time", "text", "mixed"]


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A column: its values, an element a run, and where there is none (`missing`; None where all have one).

    Floats, ints, bools and times (`datetime64[us]`, UTC) are in arrays of NumPy's types, the others in arrays of
    objects with None for what is missing. A mixed column has values of several kinds, as they were logged.
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    missing: NDArray[np.bool_] | None


_PLACES = "CREATE OR REPLACE TEMP TABLE places AS SELECT unnest(?::UUID[]) AS run_id, unnest(range(?)) AS place"
_ATTRIBUTES = """
SELECT r.run_id::VARCHAR AS run_id, r.name, coalesce(e.name, 'default') AS experiment, r.status,
       r.started_at, r.ended_at, r.duration_s,
       r.parent_run_id::VARCHAR AS parent_run_id, r.notebook, r.source_name, r.git_commit, r.git_dirty,
       r.error_type, r.note
FROM runs r JOIN places USING (run_id) LEFT JOIN experiments e USING (experiment_id)
ORDER BY place
"""
_KINDS: dict[str, Kind] = {"started_at": "time", "ended_at": "time", "duration_s": "float", "git_dirty": "bool"}
_METRICS = """
SELECT key, list(place), list(last) FROM series JOIN places USING (run_id) WHERE count > 0 GROUP BY key ORDER BY key
"""
# Whole numbers of more digits than a float holds are read from their text; so is NaN, which older DuckDB kept as NULL.
_PARAMS = """
SELECT key, CASE WHEN n IS NULL OR (abs(n) >= 1e15 AND isfinite(n)) THEN type ELSE 'number' END AS kind,
       list(place), list(n), list(value) FILTER (WHERE n IS NULL OR abs(n) >= 1e15),
       bool_and(isfinite(n) AND n = trunc(n) AND NOT contains(value, '.') AND NOT contains(value, 'e'))
FROM (
    SELECT key, value, type, place,
           CASE WHEN number IS NULL AND value = 'NaN' AND type = 'json' THEN 'nan'::DOUBLE ELSE number END AS n
    FROM params JOIN places USING (run_id)
) GROUP BY key, kind ORDER BY key
"""
_MIXED = "SELECT place, value, type FROM params JOIN places USING (run_id) WHERE key = ?"
_TAGS = "SELECT key, list(place), list(value) FROM tags JOIN places USING (run_id) GROUP BY key ORDER BY key"


def need_pandas() -> None:
    """Raises `ImportError` saying how to get pandas, when it is not installed."""
    try:
        import pandas as pd  # noqa: F401
    except ImportError as error:
        msg = "a data frame needs pandas: pip install pandas"
        raise ImportError(msg) from error


def runs_frame(store: Store, run_ids: Sequence[str]) -> pd.DataFrame:
    """A data frame of these runs in this order, indexed 0 to n - 1. Needs pandas."""
    need_pandas()
    import pandas as pd

    with fresh(store) as con:
        columns = run_columns(con, run_ids)
    return pd.DataFrame({column.name: _as_pandas(column) for column in columns})


def run_columns(con: DuckDBPyConnection, run_ids: Sequence[str]) -> list[RunColumn]:
    """The columns of these runs, in the order of their ids: attributes, then `params.*`, `metrics.*` (last values) and
    `tags.*`, each by key. Ids of runs that are gone are passed over.
    """
    con.execute(_PLACES, [list(run_ids), len(run_ids)])
    try:
        attributes = con.execute(_ATTRIBUTES).fetchnumpy()
        found = len(attributes["run_id"])
        if found < len(run_ids):  # some are gone
            return run_columns(con, [str(one) for one in attributes["run_id"]])
        columns = [_attribute(name, values) for name, values in attributes.items()]
        columns += _params(con, found)
        columns += [_numbers(f"metrics.{key}", places, values, found) for key, places, values in _rows(con, _METRICS)]
        columns += [_objects(f"tags.{key}", "text", places, values, found) for key, places, values in _rows(con, _TAGS)]
        return columns
    finally:
        con.execute("DROP TABLE IF EXISTS temp.places")


def _rows(con: DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, its lists as arrays: as lists they would take three times as long."""
    return zip(*con.execute(query).fetchnumpy().values(), strict=True)


def _attribute(name: str, values: Any) -> RunColumn:
    """A column as DuckDB gives it: a masked array where something is missing, else a plain one."""
    import numpy as np

    missing = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else None
    data = np.ma.getdata(values)
    kind = _KINDS.get(name, "text")
    if kind == "text":
        data = np.array(data, dtype=object)
        if missing is None:
            missing = np.array([value is None for value in data], dtype=bool)
        data[missing] = None
    elif kind == "time" and missing is not None:
        data = np.where(missing, np.datetime64("NaT", "us"), data)
    return RunColumn(name, kind, data, missing if missing is not None and missing.any() else None)


def _params(con: DuckDBPyConnection, count: int) -> Iterator[RunColumn]:
    by_key: dict[str, list[list[Any]]] = {}
    for key, *kinds in _rows(con, _PARAMS):
        by_key.setdefault(key, []).append(kinds)
    for key, kinds in by_key.items():
        name = f"params.{key}"
        kind, places, numbers, texts, whole = kinds[0]
        if len(kinds) > 1:
            rows = con.execute(_MIXED, [key]).fetchall()
            values = [param_value(text, kind) for _, text, kind in rows]
            yield _objects(name, "mixed", [place for place, _, _ in rows], values, count)
        elif kind == "number":
            yield _numbers(name, places, numbers, count, whole=bool(whole))
        elif kind == "json":
            values = [param_value(text, kind) for text in texts]
            plain = all(isinstance(value, bool) for value in values)
            yield _objects(name, "bool" if plain else "mixed", places, values, count)
        else:
            yield _objects(name, "text", places, texts, count)


def _numbers(name: str, places: Any, values: Any, count: int, *, whole: bool = False) -> RunColumn:
    import numpy as np

    missing = None
    filled: NDArray[Any] = np.zeros(count, dtype=np.int64) if whole else np.full(count, np.nan)
    filled[places] = values
    if len(places) < count:
        missing = np.ones(count, dtype=bool)
        missing[places] = False
    return RunColumn(name, "int" if whole else "float", filled, missing)


def _objects(name: str, kind: Kind, places: Any, values: Any, count: int) -> RunColumn:
    import numpy as np

    missing = None
    filled: NDArray[Any] = np.zeros(count, dtype=bool) if kind == "bool" else np.empty(count, dtype=object)
    if kind == "mixed":
        for place, value in zip(places, values, strict=True):  # NumPy would take lists apart
            filled[place] = value
    else:
        filled[places] = values
    if len(places) < count:
        missing = np.ones(count, dtype=bool)
        missing[places] = False
    return RunColumn(name, kind, filled, missing)


def _as_pandas(column: RunColumn) -> Any:
    """The column as pandas people expect it: NaN, NaT or None where nothing is."""
    import pandas as pd

    values, missing = column.values, column.missing  # noqa: PD011 - no series
    if missing is None:
        return values
    if column.kind == "int":
        values = values.astype(float)
        values[missing] = float("nan")
    elif column.kind == "bool":
        return pd.arrays.BooleanArray(values, missing)
    return values
