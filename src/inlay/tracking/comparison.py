"""`Diff`: what differs between runs, as people look at it. What is in it comes from query/difference.py."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from inlay.query.difference import difference
from inlay.query.difference_text import difference_text
from inlay.query.fresh import fresh
from inlay.tracking import charting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.store.store import Store


class Diff:
    """What differs between two or more runs, each against the first. Made by `run.diff(...)` and `runs.diff()`.

    Params, metrics (last values), tags, attributes, environment (packages added, removed, changed), git, data sets and
    code. Values are compared as they were logged: `1` and `"1"` differ, NaN equals NaN, and a run without a key differs
    from one where it is null. Printed, it shows what differs; in a notebook also what is equal, folded.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def to_dict(self) -> dict[str, Any]:
        """All of it as values that JSON can hold.

        `runs` are [{"run", "short", "name", "status"}]. `sections` are [{"name", "rows", "equal"}], whose rows have a
        `key`, the `values` by run (None where a run has none; NaN and infinities as texts), `same`, and the `change`:
        "added", "removed", "changed" or None. `code` has an entry for each run whose code differs: `run`, `against`,
        `missing`, `added`, `removed`, and the lines `unified` and side by `side`.
        """
        return deepcopy(self._found)

    def __repr__(self) -> str:
        return difference_text(self._found)

    def _repr_html_(self) -> str:
        return charting.html("diff", self._found)


def diff_of(store: Store, run_ids: Sequence[str]) -> Diff:
    """The differences of these runs. Raises `ValueError` for fewer than two, or too many."""
    with fresh(store) as con:
        return Diff(difference(con, run_ids))
