"""Which runs a statement of the run table is about: the end of its FROM, its conditions, and the query's own order.

The filter writes a statement of its own; here it becomes the part of a larger one, so that neither ids nor values cross
into Python in between. Every statement speaks of `runs r` and `experiments e`, as the attributes of a filter do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from inlay.query.filter import Selection, Where, where_runs
from inlay.query.run_query import RunQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Scope:
    """Some runs, as parts of a statement. `whole` says that they are all that the store has, `listed` that they are
    exactly those whose ids are in a parameter.
    """

    where: Where
    whole: bool = False
    listed: bool = False

    def among(self, column: str = "run_id") -> str:
        """The condition that rows of another table belong to these runs."""
        if self.whole:
            return "true"
        return f"{column} IN ({_LISTED if self.listed else self.statement('r.run_id')})"

    def statement(self, columns: str, joins: Sequence[str] = (), rest: str = "") -> str:
        """A SELECT of these columns over the runs, with further joins, and what comes after the conditions."""
        lines = [f"SELECT {columns}", "FROM runs r", "LEFT JOIN experiments e USING (experiment_id)"]
        lines += [self.where.joins, *joins, "" if self.where.condition == "true" else f"WHERE {self.where.condition}"]
        return "\n".join(filter(None, [*lines, rest]))

    @property
    def params(self) -> dict[str, Any]:
        """Of everything in it: no more and no less may be handed over."""
        return {} if self.whole else self.where.params


Chosen: TypeAlias = "RunQuery | Selection | Scope | Sequence[str]"
"""Runs, however they are said: a query, a statement that gives their ids, a scope, or the ids."""


def scope_of(con: DuckDBPyConnection, chosen: Chosen, text: str = "") -> Scope:
    """The runs that are meant, in their own order; with `text`, those of a query that this filter finds, too.

    Raises `QueryError` with the place in a filter.
    """
    if isinstance(chosen, Scope):
        return chosen
    if isinstance(chosen, Selection):
        return _of_selection(chosen)
    if isinstance(chosen, RunQuery):
        return _of_query(con, chosen, text)
    return of_ids(chosen)


def of_ids(ids: Sequence[str]) -> Scope:
    """Exactly these runs, deleted or not, in this order; what is no id of a run is left out."""
    # One text: a list of a hundred thousand takes three times as long to hand over.
    params = {"ids": ",".join(dict.fromkeys(map(encodable, ids)))}
    return Scope(Where(_THESE, "true", "these.place", params), listed=True)


_LISTED = "SELECT try_cast(unnest(string_split($ids, ',')) AS UUID)"
_THESE = """JOIN (
    SELECT try_cast(unnest(ids) AS UUID) AS run_id, generate_subscripts(ids, 1) AS place
    FROM (SELECT string_split($ids, ',') AS ids)
) these ON these.run_id = r.run_id"""


def encodable(text: str) -> str:
    """Text that the database takes: half a surrogate pair, which a browser may send, it does not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _of_query(con: DuckDBPyConnection, query: RunQuery, text: str) -> Scope:
    if query.limit is not None:
        # The limit comes before the filter: these runs, and of them those that it finds.
        base = query.selection()
        query = RunQuery(within=tuple(one for (one,) in con.execute(base.sql, base.params).fetchall()), deleted=None)
    query = query.narrowed(text)
    where = where_runs(
        query.filter,
        order_by=list(query.order_by),
        experiment=query.experiment,
        deleted=query.deleted,
        within=query.within,
    )
    plain = query == RunQuery(order_by=query.order_by, deleted=query.deleted) and not query.order_by
    return Scope(where, plain and (query.deleted is None or (not query.deleted and not _any_deleted(con))))


def _any_deleted(con: DuckDBPyConnection) -> bool:
    return con.execute("SELECT 1 FROM runs WHERE deleted_at IS NOT NULL LIMIT 1").fetchone() is not None


def _of_selection(selection: Selection) -> Scope:
    numbered = "SELECT run_id::UUID AS run_id, row_number() OVER () AS place FROM ({}) AS listed(run_id)"
    joins = f"JOIN ({numbered.format(selection.sql)}) these ON these.run_id = r.run_id"
    return Scope(Where(joins, "true", "these.place", dict(selection.params)))
