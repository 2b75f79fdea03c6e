"""`Groups`: runs that are equal in some columns, and what their metrics are on average. Made by `Runs.group_by`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.fresh import fresh
from inlay.query.shown import one_line
from inlay.tracking import charting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from duckdb import DuckDBPyConnection

    from inlay.query.grouping import Group
    from inlay.tracking.found import Runs

STATS = ("mean", "std", "min", "max", "n")
SHOWN_METRICS, SHOWN_GROUPS, WIDEST = 6, 40, 24
"""What the printed form shows; `to_df` has all."""


class Groups:
    """Groups of runs, sorted by the values they share. Runs without a value are a group of their own, with None for it.

    A loop gives the values (of one column the value itself, of several a tuple) and the `Runs`:
    `for lr, runs in inlay.runs().group_by("params.lr")`. `to_df()` has a row a group. Means are of last values, NaN and
    infinities left out; std is the standard deviation of a sample (n - 1), None for a single run.
    """

    def __init__(self, groups: list[Group], columns: tuple[str, ...], runs: Runs) -> None:
        self._groups = groups
        self._columns = columns
        self._runs = runs

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[tuple[Any, Runs]]:
        of = type(self._runs)
        for group in self._groups:
            yield (group.key[0] if len(self._columns) == 1 else group.key), of(group.run_ids, self._runs.store)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns grouped by."""
        return self._columns

    @property
    def metrics(self) -> list[str]:
        """The metrics there are statistics of."""
        return list(dict.fromkeys(key for group in self._groups for key in group.stats))

    def to_dict(self) -> list[dict[str, Any]]:
        """A record a group: the columns, `runs` (how many), and `metrics.KEY.mean`, `.std`, `.min`, `.max`, `.n`.

        Where no run of a group has a finite value of a metric, its n is 0 and the others are None.
        """
        metrics = self.metrics
        records = []
        for group in self._groups:
            record: dict[str, Any] = {**dict(zip(self._columns, group.key, strict=True)), "runs": group.n}
            for key in metrics:
                stat = group.stats.get(key)
                for what in STATS:
                    record[f"metrics.{key}.{what}"] = getattr(stat, what) if stat else 0 if what == "n" else None
            records.append(record)
        return records

    def to_df(self) -> pd.DataFrame:
        """A pandas data frame, a row a group, with the columns of `to_dict`."""
        from inlay.query.frame import need_pandas

        need_pandas()
        import pandas as pd

        names = [*self._columns, "runs", *(f"metrics.{key}.{what}" for key in self.metrics for what in STATS)]
        frame = pd.DataFrame(self.to_dict(), columns=names)
        numbers = {name: float for name in names if name.endswith((".mean", ".std", ".min", ".max")) and name in frame}
        return frame.astype({name: kind for name, kind in numbers.items() if name not in self._columns})

    def rows(self) -> tuple[list[str], list[list[str]], str]:
        """The table as people read it: headings, cells (mean ± std), and what was left out."""
        metrics = sorted(self.metrics, key=lambda key: key.startswith("system/"))
        shown = metrics[:SHOWN_METRICS]
        cells = []
        for group in self._groups[:SHOWN_GROUPS]:
            row = [_text(value) for value in group.key] + [f"{group.n:,}"]
            cells.append(row + [_mean(group.stats.get(key)) for key in shown])
        left = [
            f"{count:,} more {word}{'s' if count > 1 else ''}"
            for count, word in ((len(self) - len(cells), "group"), (len(metrics) - len(shown), "metric"))
            if count > 0
        ]
        headings = [*self._columns, "runs", *(f"metrics.{key}" for key in shown)]
        return [one_line(heading) for heading in headings], cells, f"and {' and '.join(left)}: to_df()" if left else ""

    def __repr__(self) -> str:
        if not self._groups:
            return "Groups: none"
        headings, cells, left = self.rows()
        table = [[_cut(cell) for cell in row] for row in (headings, *cells)]
        widths = [max(len(row[place]) for row in table) for place in range(len(headings))]
        keys = len(self._columns)
        lines = [
            "  ".join(
                f"{cell:<{width}}" if place < keys else f"{cell:>{width}}"
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        return "\n".join([*lines, left] if left else lines)

    def _repr_html_(self) -> str:
        return charting.html("groups", self.rows())


def group(runs: Runs, columns: Sequence[str], metrics: str | Sequence[str] | None) -> Groups:
    """The groups of some runs. Raises `KeyError` with the nearest name for a column that none of them has, `TypeError`
    and `ValueError` for no column at all.
    """
    from inlay.query.grouping import grouped

    if not columns:
        raise ValueError('group_by takes columns, such as "params.lr" or "experiment"')
    wanted = [metrics] if isinstance(metrics, str) else None if metrics is None else list(metrics)
    for one in (*columns, *(wanted or ())):
        if not isinstance(one, str):
            msg = f"group_by takes the names of columns; got {one!r} of type {type(one).__name__}"
            raise TypeError(msg)
    by = tuple(dict.fromkeys(_column(one) or one for one in columns))
    keys = wanted and [key.removeprefix("metrics.") for key in wanted]
    ids = runs.run_ids
    with fresh(runs.store) as con:
        if strange := [column for column in columns if _column(column) is None]:
            raise KeyError(_unknown(con, ids, strange[0]))
        groups = grouped(con, ids, by, keys)
        # Which columns there are takes as long as the groups do: asked only where one seems not to be there.
        empty = [column for place, column in enumerate(by) if all(group.key[place] is None for group in groups)]
        empty += [f"metrics.{key}" for key in keys or () if all(key not in group.stats for group in groups)]
        for column in empty if groups else ():
            if said := _unknown(con, ids, column):
                raise KeyError(said)
    return Groups(groups, by, runs)


def _column(name: str) -> str | None:
    """The column that is meant, in whatever spelling of its entity; None for no attribute that is a column."""
    from inlay.query.filter_fields import ATTRIBUTES, attribute_of, entity_of

    word, dot, key = name.partition(".")
    entity = entity_of(word) if dot else None
    if entity is None or entity == "attributes":
        found = attribute_of(key if entity else name)
        return found if found and ATTRIBUTES[found].table is None else None
    return f"{entity}.{key}"


def _unknown(con: DuckDBPyConnection, ids: Sequence[str], column: str) -> str:
    """What is wrong with a column that no run has a value of; empty when it is only that no run has one."""
    from inlay.query.filter_fields import nearest
    from inlay.query.run_columns import catalogue

    known = [one.id for one in catalogue(con, ids)]
    if column in known:
        return ""
    near = nearest(column, known) or next((one for one in known if one.partition(".")[2] == column), None)
    hint = f"; did you mean {near!r}?" if near else "; a param is written params.KEY, a metric metrics.KEY"
    return f"no run has a column {column!r}{hint}"


def _mean(stat: Any) -> str:
    if stat is None or stat.mean is None:
        return "–"
    return f"{stat.mean:.4g}" + (f" ± {stat.std:.2g}" if stat.std is not None else "")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else one_line(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
