"""A store full of runs, made by SQL: 100,000 of them through a journal would take minutes, and come to the same rows.

What is in them is what `peers/runs_of_mlflow.py` logs: 50 metrics, 30 params of which every third is a text, 10 tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from figures import new_store

if TYPE_CHECKING:
    from pathlib import Path

    from inlay.store.store import Store

METRICS, PARAMS, TAGS = 50, 30, 10

# Ids are those of runs that began one a minute: their first half is the time, as in UUIDv7.
_STATEMENTS = (
    """
    CREATE TEMP TABLE made AS SELECT range AS i, format(
        '{:s}-{:s}-7000-8000-{:s}', lpad(to_hex((29500000000000 + range * 60000) // 65536), 8, '0')[:8],
        lpad(to_hex((29500000000000 + range * 60000) % 65536), 4, '0'), md5(range::VARCHAR)[:12])::UUID AS id
    FROM range($runs)
    """,
    "INSERT INTO experiments SELECT 1, 'bench', NULL, NULL, now()::TIMESTAMP",
    """
    INSERT INTO runs (run_id, experiment_id, name, status, started_at, ended_at, duration_s, source_kind, source_name,
                      host, user_name, pid)
    SELECT id, 1, 'run-' || i, CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'finished' END,
           TIMESTAMP '2026-01-01' + to_minutes(i), TIMESTAMP '2026-01-01' + to_minutes(i) + INTERVAL 50 SECOND, 50,
           'notebook', 'bench.ipynb', 'host', 'user', 1
    FROM made ORDER BY i
    """,
    """
    INSERT INTO series
    SELECT i * $metrics + m, id, 'm' || m, 100, 0, 1.0, 0, v, 99, v / 2, v * 2
    FROM (SELECT i, id, m, (hash(i * $metrics + m) % 1000000) / 1e6 AS v FROM made, range($metrics) keys(m))
    ORDER BY i, m
    """,
    """
    INSERT INTO params
    SELECT id, 'p' || m, CASE WHEN m % 3 = 0 THEN 'c' || i % 5 ELSE v::VARCHAR END,
           CASE WHEN m % 3 = 0 THEN NULL ELSE v END, CASE WHEN m % 3 = 0 THEN 'string' ELSE 'json' END, NULL
    FROM (SELECT i, id, m, hash(i * 31 + m) % 5 AS v FROM made, range($params) keys(m)) ORDER BY i, m
    """,
    """
    INSERT INTO tags SELECT id, 't' || m, 'v' || hash(i * 13 + m) % 8 FROM made, range($tags) keys(m) ORDER BY i, m
    """,
    "DROP TABLE made",
)


def filled(folder: Path, runs: int, metrics: int = METRICS) -> Store:
    """A store of so many runs."""
    store = new_store(folder)
    sizes = {"runs": runs, "metrics": metrics, "params": PARAMS, "tags": TAGS}
    with store.open() as con:
        for statement in _STATEMENTS:
            con.execute(statement, {name: size for name, size in sizes.items() if f"${name}" in statement})
    return store
