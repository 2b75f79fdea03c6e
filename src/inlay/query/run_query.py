"""`RunQuery`: which runs are meant, said once and asked for later.

`Runs` holds one and is lazy by it; the run table puts a filter and an order of its own on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inlay.query.filter import Selection, select_runs

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RunQuery:
    """The runs of a filter, or those of `within`, or both: those of `within` that the filter finds."""

    filter: str = ""
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    experiment: str | None = None
    deleted: bool | None = False
    """False: no deleted runs; True: only those; None: both."""
    within: tuple[str, ...] | None = None
    """Ids of runs, in an order of their own."""

    def selection(self) -> Selection:
        """The statement that finds them. Raises `QueryError` with the place in the filter."""
        return select_runs(
            self.filter,
            order_by=list(self.order_by),
            limit=self.limit,
            experiment=self.experiment,
            deleted=self.deleted,
            within=self.within,
        )

    def among(self, run_ids: Sequence[str]) -> RunQuery:
        """Exactly these runs, in this order, deleted or not."""
        return RunQuery(within=tuple(run_ids), deleted=None)

    def narrowed(self, text: str) -> RunQuery:
        """Those of them that another filter finds, too. A query with a limit has to be asked first: see `among`.

        Raises `QueryError` with the place in `text`.
        """
        if not text.strip():
            return self
        # By itself first: what opens a parenthesis and closes another, `a = 1) OR (b = 2`, would reach other runs, and
        # an error would point at a place in what nobody typed.
        select_runs(text)
        both = f"({self.filter}) AND ({text})" if self.filter.strip() else text
        return replace(self, filter=both)
