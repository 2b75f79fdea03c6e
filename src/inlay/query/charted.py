"""The points behind a chart in code: some metrics of some runs, and which runs have them at all."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from inlay.query.fresh import fresh
from inlay.query.history import POINTS, ordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inlay.query.history import History
    from inlay.store.store import Store


def newest_with(store: Store, keys: Sequence[str], limit: int) -> list[str]:
    """Ids of the newest runs that logged one of these metrics, newest first."""
    with fresh(store) as con:
        rows = con.execute(
            """
            SELECT r.run_id::VARCHAR FROM runs r
            WHERE r.deleted_at IS NULL AND r.run_id IN (
                SELECT run_id FROM series WHERE count > 0 AND key IN (SELECT unnest(?::VARCHAR[]))
            )
            ORDER BY r.started_at DESC, r.run_id DESC LIMIT ?
            """,
            [list(keys), limit],
        ).fetchall()
    return [run_id for (run_id,) in rows]


def points_of(store: Store, run_ids: Sequence[str], keys: Sequence[str]) -> Iterator[tuple[str, History]]:
    """Run and points of each of these metrics that the runs have: run by run, each in the order of `keys`."""
    for run_id in run_ids:
        with fresh(store) as con:
            rows = con.execute(
                """
                SELECT key, series_id FROM series
                WHERE run_id = ? AND count > 0 AND key IN (SELECT unnest(?::VARCHAR[]))
                """,
                [run_id, list(keys)],
            ).fetchall()
            found = {key: ordered(key, con.execute(POINTS, [number]).fetchnumpy()) for key, number in rows}
        yield from ((run_id, found[key]) for key in keys if key in found)


def missing(store: Store, run_ids: Sequence[str] | None, keys: Sequence[str]) -> list[str]:
    """What is wrong with the keys that none of the runs has (None: none of the store); empty when nothing is."""
    known = "SELECT DISTINCT key FROM series WHERE count > 0 AND ($1 IS NULL OR run_id IN (SELECT unnest($1::UUID[])))"
    with fresh(store) as con:
        there = [key for (key,) in con.execute(known, [None if run_ids is None else list(run_ids)]).fetchall()]
    return [_said(key, there) for key in keys if key not in there]


def _said(key: str, there: list[str]) -> str:
    near = difflib.get_close_matches(key, there, 3) or sorted(there)[:5]
    return f"no metric {key!r}" + (f"; there is {', '.join(map(repr, near))}" if near else "; nothing was logged")
