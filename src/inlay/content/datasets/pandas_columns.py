"""Columns of pandas: NumPy's types, pandas' own with a mask, Arrow's, categories and Python objects."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets.arrow import from_arrow, zoned
from inlay.content.datasets.block import Block, from_numpy, numbers, texts
from inlay.content.datasets.objects import from_objects, word_of
from inlay.content.datasets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable


def pandas_column(name: str, kind: Any, get: Callable[[], Any]) -> Column:
    """A column of what `get` gives, a Series or an Index; it is asked for anew at each block, for a view that is
    kept would make pandas copy the frame when the user writes to it. `kind` is its dtype.
    """
    called, plain = _numpy_type(kind) if isinstance(kind, np.dtype) else (str(kind), _is_plain(kind))
    if plain:
        return Column(name, called, lambda start, stop: _rows(get(), start, stop).tolist(), plain=True)
    return Column(name, called, lambda start, stop: from_pandas(_rows(get(), start, stop)))


@lru_cache(64)
def _numpy_type(kind: np.dtype[Any]) -> tuple[str, bool]:
    """What a type is called, and whether it holds Python objects; asking each of 2,000 columns took 60 ms."""
    return str(kind), kind.kind == "O"


def _is_plain(kind: Any) -> bool:
    text = _is_text(kind) and not _in_arrow(kind)
    return text or kind.name.startswith(("interval", "period"))


def _rows(values: Any, start: int, stop: int) -> Any:
    """Rows by their place: `series[a:b]` goes by label where the index holds floats."""
    return (values.iloc if hasattr(values, "iloc") else values)[start:stop]


def from_pandas(values: Any) -> Block:  # noqa: PLR0911 - one return for each kind of column
    """A block of a Series or Index that does not hold Python objects."""
    kind = values.dtype
    if isinstance(kind, np.dtype):
        return from_numpy(values.to_numpy())
    if type(kind).__name__ == "CategoricalDtype":
        return _categories(values)
    if type(kind).__name__ == "DatetimeTZDtype":
        naive = _accessed(values).tz_convert(None)
        block = numbers(naive.to_numpy())
        return Block(zoned(block.word, kind.tz), block.size, block.nulls, block.values)
    if _in_arrow(kind):
        return from_arrow(sys.modules["pyarrow"].array(values.array))
    if hasattr(kind, "numpy_dtype"):  # a mask beside the values
        gone = np.asarray(values.isna())
        empty = np.nan if kind.numpy_dtype.kind == "f" else kind.numpy_dtype.type(0)
        return numbers(values.to_numpy(dtype=kind.numpy_dtype, na_value=empty), gone if gone.any() else None)
    plain = np.asarray(values)
    if plain.dtype.kind == "O":
        held = plain.tolist()
        return from_objects(held, word_of([held]))
    return from_numpy(plain)


def _accessed(values: Any) -> Any:
    return getattr(values, "dt", values)


def _categories(values: Any) -> Block:
    held = values.array
    codes = np.asarray(held.codes)
    gone = codes < 0
    if not len(held.categories):
        return Block("null", len(codes))
    block = _whole(held.categories.take(np.where(gone, 0, codes)))
    return _with_nulls(block, gone) if gone.any() else block


def _whole(values: Any) -> Block:
    column = pandas_column("", values.dtype, lambda: values)
    found = column.read(0, len(values))
    return from_objects(found, word_of([found])) if column.plain else found


def _with_nulls(block: Block, gone: Any) -> Block:
    """The block with these values taken out."""
    if block.lengths is not None:
        ends = np.cumsum(block.lengths)
        pieces = [
            b"" if away else bytes(block.data[end - length : end])
            for away, end, length in zip(gone, ends, block.lengths, strict=True)
        ]
        return texts(pieces, gone, block.word)
    values = np.array(block.values)
    if values.dtype.kind == "f":
        values[gone] = np.nan
        return Block(block.word, block.size, None, values)
    values[gone] = np.zeros((), values.dtype)
    return Block(block.word, block.size, gone, values)


def _is_text(kind: Any) -> bool:
    return type(kind).__name__ == "StringDtype"


def _in_arrow(kind: Any) -> bool:
    return type(kind).__name__ == "ArrowDtype" or (_is_text(kind) and "pyarrow" in str(getattr(kind, "storage", "")))
