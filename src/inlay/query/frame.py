"""Runs as a data frame: one row a run, one column an attribute, param, metric or tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inlay.query.fresh import fresh

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

_ATTRIBUTES = """
SELECT r.run_id::VARCHAR AS run_id, r.name, e.name AS experiment, r.status,
       r.started_at, r.ended_at, r.duration_s,
       r.parent_run_id::VARCHAR AS parent_run_id, r.notebook, r.source_name, r.git_commit, r.git_dirty,
       r.error_type, r.note
FROM runs r LEFT JOIN experiments e USING (experiment_id)
WHERE r.run_id IN (SELECT unnest(?::UUID[]))
ORDER BY r.started_at DESC, r.run_id DESC
"""
_LONG = {
    "params": """
        SELECT run_id::VARCHAR AS run_id, key, value, type FROM params
        WHERE run_id IN (SELECT unnest(?::UUID[]))
    """,
    "metrics": """
        SELECT run_id::VARCHAR AS run_id, key, last AS value FROM series
        WHERE count > 0 AND run_id IN (SELECT unnest(?::UUID[]))
    """,
    "tags": """
        SELECT run_id::VARCHAR AS run_id, key, value FROM tags
        WHERE run_id IN (SELECT unnest(?::UUID[]))
    """,
}


def need_pandas() -> None:
    """Raises `ImportError` saying how to get pandas, when it is not installed."""
    try:
        import pandas as pd  # noqa: F401
    except ImportError as error:
        msg = "a data frame needs pandas: pip install pandas"
        raise ImportError(msg) from error


def runs_frame(store: Store, run_ids: list[str]) -> pd.DataFrame:
    """A data frame of these runs, newest first, indexed 0 to n - 1. Needs pandas."""
    need_pandas()
    with fresh(store) as con:
        frame = con.execute(_ATTRIBUTES, [run_ids]).df()
        for prefix in _LONG:
            wide = _wide(con, prefix, run_ids)
            if wide is not None:
                frame = frame.merge(wide, how="left", left_on="run_id", right_index=True)
    return frame


def _wide(con: DuckDBPyConnection, prefix: str, run_ids: list[str]) -> pd.DataFrame | None:
    """Key and value pairs as columns `prefix.key`."""
    long = con.execute(_LONG[prefix], [run_ids]).df()
    if long.empty:
        return None
    if prefix == "params":
        pairs = zip(long["value"], long["type"], strict=True)
        long["value"] = [json.loads(text) if kind == "json" else text for text, kind in pairs]
    wide = long.set_index(["run_id", "key"])["value"].unstack().infer_objects()  # noqa: PD010 - not aggregated
    wide.columns = [f"{prefix}.{key}" for key in wide.columns]
    return wide
