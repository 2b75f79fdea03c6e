"""Data frames, series and tables of pandas, Polars and Arrow, Hugging Face datasets, and lists of dicts or texts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets.arrow import from_arrow
from inlay.content.datasets.pandas_columns import pandas_column
from inlay.content.datasets.polars_columns import from_polars
from inlay.content.datasets.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable


def pandas_table(frame: Any) -> Table:
    """A data frame; an index that is no plain count of the rows becomes columns behind the others, as Arrow has it."""
    pd = sys.modules["pandas"]
    width = frame.shape[1]
    levels = [] if isinstance(frame.index, pd.RangeIndex) else list(range(frame.index.nlevels))

    names, kinds = frame.columns, frame.dtypes.array
    first = names[:_NAMED].tolist()  # one by one they take 10 µs each

    def column(i: int) -> Column:
        if i < width:
            name = first[i] if i < len(first) else names[i]
            return pandas_column(_text(name), kinds[i], lambda: frame.iloc[:, i])
        level = i - width
        name = frame.index.names[level]
        name = f"__index_level_{level}__" if name is None else _text(name)
        values = frame.index.get_level_values(level)
        return pandas_column(name, values.dtype, lambda: values)

    return Table(frame.shape[0], width + len(levels), column, _size(frame, kinds) if width <= _WIDE else None)


def _size(frame: Any, kinds: Any) -> int | None:
    """Bytes in memory, of Python objects those of the references; `memory_usage` takes 15 µs for each column."""
    plain = [kind.itemsize for kind in kinds if isinstance(kind, np.dtype)]
    others = [i for i, kind in enumerate(kinds) if not isinstance(kind, np.dtype)]
    if len(others) > _MANY:
        return None
    sizes = (frame.iloc[:, i].array.nbytes for i in others)
    return int(frame.shape[0] * sum(plain) + sum(sizes) + frame.index.memory_usage(deep=False))


def pandas_series_table(series: Any) -> Table:
    """A series as a table of one column, and its index as above."""
    name = "" if series.name is None else series.name
    frame = series.to_frame() if series.name is not None else series.to_frame(name=name)
    return pandas_table(frame)


_WIDE, _MANY, _NAMED = 10_000, 500, 2_000


def polars_table(frame: Any) -> Table:
    """A Polars data frame."""

    def column(i: int) -> Column:
        series = frame.to_series(i)
        return Column(series.name, str(series.dtype), lambda start, stop: from_polars(series[start:stop]))

    size = int(frame.estimated_size()) if frame.width <= _WIDE else None
    return Table(frame.height, frame.width, column, size)


def polars_series_table(series: Any) -> Table:
    """A Polars series as a table of one column."""
    return polars_table(series.to_frame())


def arrow_table(table: Any) -> Table:
    """An Arrow Table or RecordBatch."""

    def column(i: int) -> Column:
        values, field = table.column(i), table.schema.field(i)
        return Column(field.name, str(field.type), _sliced(values))

    return Table(table.num_rows, table.num_columns, column, int(table.nbytes) if table.num_columns <= _WIDE else None)


def _sliced(values: Any) -> Callable[[int, int], Any]:
    return lambda start, stop: from_arrow(values.slice(start, stop - start))


def huggingface_table(dataset: Any) -> Table:
    """A Hugging Face dataset, read from its Arrow table: what decodes pictures and sounds is not called."""
    names = list(dataset.column_names)
    if getattr(dataset, "_indices", None) is None:
        whole = dataset.data.table
        return arrow_table(whole.select(names) if hasattr(whole, "select") else whole)
    plain = dataset.with_format("arrow")

    def column(i: int) -> Column:
        name = names[i]
        one = plain.select_columns([name])
        return Column(name, str(dataset.features[name]), lambda start, stop: from_arrow(one[start:stop].column(name)))

    return Table(len(dataset), len(names), column, int(dataset.data.nbytes))


def records_table(records: list[dict[Any, Any]], names: list[Any]) -> Table:
    """A list of dicts as a table; a key that a dict lacks is missing there."""

    def column(i: int) -> Column:
        key = names[i]
        return Column(
            _text(key), "object", lambda start, stop: [row.get(key) for row in records[start:stop]], plain=True
        )

    return Table(len(records), len(names), column)


def texts_table(lines: list[str]) -> Table:
    """A list of texts as a table of one column, `text`."""
    read = lambda start, stop: lines[start:stop]  # noqa: E731
    return Table(len(lines), 1, lambda _: Column("text", "str", read, plain=True))


def _text(name: Any) -> str:
    return name if isinstance(name, str) else str(name)
