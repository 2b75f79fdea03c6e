"""The rows that a filter's statement joins, and its parameters: every value and every name of the user's is one.

A run that lacks a metric, param or tag has NULL there. Each that is asked for is joined by its key, once; more than
three of a kind come from one pass over the table instead. Measured at 100,000 runs of 50 metrics on two busy cores: for
ten metrics 315 ms by joins, 154 in one pass. For one or two the joins are faster, as DuckDB takes conditions into the
scan.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from inlay.query.filter_fields import KEYED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inlay.query.filter_fields import Attribute
    from inlay.query.filter_tokens import Source
    from inlay.query.filter_tree import Key

_ROWS = {
    "metrics": "SELECT run_id, {columns} FROM series WHERE key {keys} AND count > 0",
    "params": "SELECT run_id, {columns} FROM params WHERE key {keys}",
    "tags": "SELECT run_id, {columns} FROM tags WHERE key {keys}",
    "means": "SELECT run_id, {columns} FROM series JOIN points USING (series_id) WHERE key {keys} GROUP BY run_id",
}
_COLUMNS = {
    ("params", "number"): "coalesce(number, try_cast(value AS DOUBLE))",
    ("tags", "number"): "try_cast(value AS DOUBLE)",
    ("means", "mean"): "avg(points.value) FILTER (NOT isnan(points.value))",  # NaN is left out as of min and max
}
_LINKED = {"sources": "code_hash", "outputs": "run_id"}
_MANY_KEYS = 200
_JOINED_ALONE = 3


class Joins:
    """The joins and the parameters of a statement in the making, which asks for `keys` in all."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.params: dict[str, Any] = {}
        self._keyed: dict[tuple[str, str, bool], _Keyed] = {}
        self._linked: dict[tuple[str, bool], str] = {}
        self._computed: dict[str, list[str]] = {}
        self._lines: list[str] = []
        kinds = Counter((entity, parent) for entity, parent, _ in {(key.entity, key.parent, key.name) for key in keys})
        self._at_once = {kind for kind, number in kinds.items() if number > _JOINED_ALONE and kind[0] in KEYED}

    def param(self, value: Any) -> str:
        """A parameter that holds the value."""
        name = f"p{len(self.params) + 1}"
        self.params[name] = value
        return f"${name}"

    def keyed(self, rows: str, key: Key, column: str, source: Source) -> str:
        """A column of the rows that hold this key's value of each run; `rows`: an entity, or `means` of a metric.

        `present` is a column of all of them: NULL where the run has none.
        """
        known = self._keyed.get((rows, key.name, key.parent))
        if known is None:
            if len(self._keyed) >= _MANY_KEYS:
                raise source.error(f"a filter asks for at most {_MANY_KEYS} metrics, params and tags", key.at)
            known = _Keyed(f"k{len(self._keyed) + 1}", self.param(key.name))
            self._keyed[rows, key.name, key.parent] = known
        known.columns[column] = None
        return known.column(column, at_once=_name(rows, key.parent) if (rows, key.parent) in self._at_once else None)

    def attribute(self, attribute: Attribute, *, parent: bool) -> str:
        """The SQL of an attribute of the run or of its parent."""
        run, experiment = "r", "coalesce(e.name, 'default')"
        if parent:
            run = self._link("parent", "LEFT JOIN runs {t} ON {t}.run_id = r.parent_run_id")
            if "{e}" in attribute.template:
                named = self._link(
                    "experiment", f"LEFT JOIN experiments {{t}} ON {{t}}.experiment_id = {run}.experiment_id"
                )
                experiment = f"CASE WHEN {run}.run_id IS NOT NULL THEN coalesce({named}.name, 'default') END"
        table = ""
        if attribute.table is not None:
            column = _LINKED[attribute.table]
            line = f"LEFT JOIN {attribute.table} {{t}} ON {{t}}.{column} = {run}.{column}"
            table = self._link(attribute.table, line, parent=parent)
        return attribute.template.format(r=run, e=experiment, t=table)

    def once_a_row(self, condition: str, sql: str) -> str:
        """A condition on a linked row, found out once for each row and not for each run: many runs share a source."""
        table = sql.partition(".")[0]
        if table not in [known for (what, _), known in self._linked.items() if what in _LINKED]:
            return condition
        computed = self._computed.setdefault(table, [])
        computed.append(condition)
        return f"{table}.found_{len(computed)}"

    def among(self, ids: str) -> str:
        """Keep only runs of these ids; what has their order."""
        self._lines.append(_AMONG.format(ids=self.param(ids)))
        return "among.place"

    def lines(self) -> list[str]:
        """The joins, once everything was asked for."""
        lines = [self._with_computed(line) for line in self._lines]
        together: dict[tuple[str, bool], list[_Keyed]] = {}
        for (rows, _, parent), one in self._keyed.items():
            if (rows, parent) in self._at_once:
                together.setdefault((rows, parent), []).append(one)
                continue
            columns = ", ".join(f"{_column(rows, column)} AS {column}" for column in one.columns)
            sql = _ROWS[rows].format(columns=columns, keys=f"= {one.key}")
            lines.append(_joined(sql, one.name, parent=parent))
        for (rows, parent), several in together.items():
            columns = ", ".join(
                f"any_value(CASE WHEN key = {one.key} THEN {_column(rows, column)} END) AS {one.name}_{column}"
                for one in several
                for column in one.columns
            )
            sql = _ROWS[rows].format(columns=columns, keys=f"IN ({', '.join(one.key for one in several)})")
            lines.append(_joined(f"{sql} GROUP BY run_id", _name(rows, parent), parent=parent))
        return lines

    def _with_computed(self, line: str) -> str:
        for table, conditions in self._computed.items():
            for name in _LINKED:
                columns = "".join(f", {one} AS found_{number}" for number, one in enumerate(conditions, 1))
                rows = _FOUND.format(t=table, columns=columns, table=name)
                line = line.replace(f"LEFT JOIN {name} {table} ON", f"LEFT JOIN {rows} ON")
        return line

    def _link(self, what: str, line: str, *, parent: bool = True) -> str:
        known = self._linked.get((what, parent))
        if known is None:
            known = self._linked[what, parent] = f"l{len(self._linked) + 1}"
            self._lines.append(line.format(t=known))
        return known


class _Keyed:
    """What is asked for of one key: its parameter, and the columns."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self.columns: dict[str, None] = {}

    def column(self, column: str, *, at_once: str | None) -> str:
        return f"{self.name}.{column}" if at_once is None else f"{at_once}.{self.name}_{column}"


def _column(rows: str, column: str) -> str:
    if column == "present":
        return "1"
    return _COLUMNS.get((rows, column), column)


def _name(rows: str, parent: bool) -> str:  # noqa: FBT001 - a part of the name
    return f"{'parent_' if parent else ''}{rows}_asked"


def _joined(sql: str, name: str, *, parent: bool) -> str:
    return f"LEFT JOIN ({sql}) {name} ON {name}.run_id = {'r.parent_run_id' if parent else 'r.run_id'}"


_FOUND = "(SELECT {t}.*{columns} FROM {table} {t}) {t}"
# One text: a list of a hundred thousand parameters takes three times as long to hand over.
_AMONG = (
    "JOIN (SELECT unnest(ids)::UUID AS run_id, generate_subscripts(ids, 1) AS place"
    " FROM (SELECT string_split({ids}, ',') AS ids)) among ON among.run_id = r.run_id"
)
