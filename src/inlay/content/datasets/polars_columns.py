"""Columns of Polars, read without pyarrow: it is not there wherever Polars is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets.arrow import zoned
from inlay.content.datasets.block import Block, numbers, times
from inlay.content.datasets.objects import from_objects, word_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def from_polars(series: Any) -> Block:  # noqa: C901, PLR0911 - one return for each kind of column
    """A block of a Series; lists and structs become blocks of what they hold."""
    pl = sys.modules["polars"]
    kind = series.dtype
    if kind in (pl.Categorical, pl.Enum):
        return from_polars(series.cast(pl.String))
    if kind == pl.Null:
        return Block("null", len(series))
    nulls = series.is_null().to_numpy() if series.null_count() else None
    if kind == pl.String:
        return _texts(series, nulls)
    if kind.is_float():
        return numbers(series.to_numpy(), nulls)
    if kind == pl.Boolean or (kind.is_integer() and str(kind) not in ("Int128", "UInt128")):
        return numbers(_filled(series), nulls)
    if kind == pl.Date:
        return Block("date", len(series), nulls, _filled(series.to_physical()).astype("<i8"))
    if kind in (pl.Datetime, pl.Duration, pl.Time):
        word = {pl.Datetime: "datetime", pl.Duration: "duration", pl.Time: "time"}[kind.base_type()]
        unit = getattr(kind, "time_unit", "ns")
        return times(_filled(series.to_physical()), unit, zoned(word, getattr(kind, "time_zone", None)), nulls)
    if kind == pl.Array and len(getattr(kind, "shape", (0,))) == 1:
        return from_polars(series.arr.to_list())
    if kind == pl.List:
        return _lists(series, nulls)
    if kind == pl.Struct:
        children = tuple((name, from_polars(series.struct.field(name))) for name in series.struct.fields)
        return Block("struct", len(series), nulls, children=children)
    values = series.to_list()
    return from_objects(values, word_of([values]))


def _filled(series: Any) -> NDArray[Any]:
    empty = False if series.dtype == sys.modules["polars"].Boolean else 0
    filled: NDArray[Any] = (series.fill_null(empty) if series.null_count() else series).to_numpy()
    return filled


def _texts(series: Any, nulls: NDArray[np.bool_] | None) -> Block:
    filled = series.fill_null("") if nulls is not None else series
    lengths = filled.str.len_bytes().to_numpy().astype(np.int64)
    joined = filled.str.join("").item() if len(filled) else ""
    return Block("string", len(series), nulls, lengths=lengths, data=joined.encode("utf-8"))


def _lists(series: Any, nulls: NDArray[np.bool_] | None) -> Block:
    sizes = series.list.len()
    lengths = (sizes.fill_null(0) if nulls is not None else sizes).to_numpy().astype(np.int64)
    filled = series.filter(sys.modules["polars"].Series(lengths > 0))  # an empty list would explode into a null
    return Block("list", len(series), nulls, lengths=lengths, children=(("item", from_polars(filled.explode())),))
