"""Which rows of a table its charts show: the runs that are selected, else the first ten; with groups on, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.table_page import run_rows, value_cell
from inlay.views.format import encodable, plain
from inlay.views.table_texts import group_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from inlay.query.table_arrangement import Arrangement, GroupHead

FIRST = 10
MOST = 200
"""Runs that are charted when many are selected."""
LABEL = 80


def charted_of(
    con: DuckDBPyConnection,
    arrangement: Arrangement,
    selected: Sequence[str],
    told: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """`Charted` records of js/run-table/wire.ts, in the order of the rows or of the selection, the baseline before
    them. `told` are rows of runs that were read just now.
    """
    if arrangement.by and not selected:
        heads = arrangement.groups[:FIRST]
        return [{"key": head.key, "label": head_name(head, arrangement.by), "n": head.n} for head in heads]
    wanted = list(selected[:MOST]) or arrangement.ids[:FIRST]
    baseline = arrangement.baseline
    if baseline is not None and not arrangement.by and baseline not in wanted:
        wanted = [baseline, *wanted[: MOST - 1 if selected else FIRST - 1]]
    known = {row["run"]: row for row in told if "run" in row}
    known |= {row["run"]: row for row in run_rows(con, [one for one in wanted if one not in known])}
    rows = [known[one] for one in wanted]
    return [{"key": row["run"], "label": run_name(row), "n": 1} for row in rows if row["status"] or row["name"]]


def run_name(row: Mapping[str, Any]) -> str:
    """What a chart calls a run."""
    return encodable(plain(row["name"], LABEL)) or str(row["short"])


def head_name(head: GroupHead, by: Sequence[str]) -> str:
    """What a group is called, as it is arranged."""
    return group_name([value_cell(value) for value in head.values], by)


def group_name(values: Sequence[Any], by: Sequence[str]) -> str:
    """What a group is called."""
    return encodable(plain(group_label(values, by), LABEL))
