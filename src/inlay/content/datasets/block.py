"""A stretch of a column in one form, whatever library it came from.

Digests and profiles are taken of blocks, so that equal values are equal whether pandas, Polars, Arrow or NumPy holds
them. A block carries fixed-width little-endian values, or lengths and bytes, or the blocks of what is nested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Block:
    """`size` values of a type named by `word`. Where `nulls` (shape (size,), None for no null) is set, the value is
    zero or empty. A missing float is NaN and no null: libraries take the one for the other when they read a file.
    """

    word: str
    size: int
    nulls: NDArray[np.bool_] | None = None
    values: NDArray[Any] | None = None
    """Shape (size,), or (size, 2) for seconds and nanoseconds."""
    lengths: NDArray[np.int64] | None = None
    """Of texts and bytes in bytes, of lists in items."""
    data: bytes | memoryview = b""
    children: tuple[tuple[str, Block], ...] = ()


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def numbers(array: NDArray[Any], nulls: NDArray[np.bool_] | None = None) -> Block:
    """A block of booleans, numbers, times or raw bytes out of an array of any shape, in C order."""
    flat = array.reshape(-1)
    kind = flat.dtype.kind
    if kind in "mM":
        return _clock(flat, nulls)
    if kind == "V" and flat.dtype.names:
        children = tuple((name, from_numpy(flat[name])) for name in flat.dtype.names)
        return Block("struct", len(flat), children=children)
    if kind == "f":
        return _floats(flat, nulls)
    word = flat.dtype.name if kind in "biuc" else flat.dtype.str
    return Block(word, len(flat), _some(nulls), _zeroed(_little(flat), nulls))


def from_numpy(array: NDArray[Any]) -> Block:
    """A block of any NumPy array; texts and objects become what they hold."""
    if array.dtype.kind in "OUST":
        from inlay.content.datasets.objects import from_objects, word_of

        values = array.reshape(-1).tolist()
        return from_objects(values, word_of([values]))
    return numbers(array)


def times(counts: NDArray[np.int64], unit: str, word: str, nulls: NDArray[np.bool_] | None) -> Block:
    """A block of times counted in s, ms, us or ns: as seconds and nanoseconds, so that the unit makes no difference."""
    per = _PER_SECOND[unit]
    counts = counts if nulls is None else np.where(nulls, 0, counts)
    pairs = np.empty((len(counts), 2), "<i8")
    np.floor_divide(counts, per, out=pairs[:, 0])
    np.multiply(counts - pairs[:, 0] * per, 10**9 // per, out=pairs[:, 1])
    return Block(word, len(counts), _some(nulls), pairs)


def texts(values: Iterable[bytes], nulls: NDArray[np.bool_] | None, word: str) -> Block:
    """A block of texts, given as UTF-8, or of bytes."""
    pieces = list(values)
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    return Block(word, len(pieces), _some(nulls), lengths=lengths, data=b"".join(pieces))


def _floats(flat: NDArray[Any], nulls: NDArray[np.bool_] | None) -> Block:
    word = flat.dtype.name
    if flat.dtype.itemsize > 8:  # has padding, which holds anything
        word, flat = "longdouble", flat.astype(np.float64)
    flat = _little(flat)
    odd = np.isnan(flat) if nulls is None else np.isnan(flat) | nulls
    if odd.any():  # one NaN of the many
        flat = flat.copy()
        flat[odd] = np.nan
    return Block(word, len(flat), values=flat)


def _clock(flat: NDArray[Any], nulls: NDArray[np.bool_] | None) -> Block:
    unit, step = np.datetime_data(flat.dtype)
    moment = flat.dtype.kind == "M"
    if moment and unit == "D" and step == 1:
        gone = np.isnat(flat) if nulls is None else nulls | np.isnat(flat)
        return Block("date", len(flat), _some(gone), _zeroed(_little(flat.view("i8")), gone))
    if unit not in _PER_SECOND or step != 1:
        if not moment or unit in ("ps", "fs", "as"):
            return Block(flat.dtype.str[1:], len(flat), _some(nulls), _little(flat.view("i8")))
        flat, unit = flat.astype("datetime64[s]"), "s"
    gone = np.isnat(flat) if nulls is None else nulls | np.isnat(flat)
    native = flat.astype(flat.dtype.newbyteorder("=")).view("i8")
    return times(native, unit, "datetime" if moment else "duration", _some(gone))


def _little(flat: NDArray[Any]) -> NDArray[Any]:
    return flat.astype(flat.dtype.newbyteorder("<"), copy=False)


def _some(nulls: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return nulls if nulls is not None and nulls.any() else None


def _zeroed(flat: NDArray[Any], nulls: NDArray[np.bool_] | None) -> NDArray[Any]:
    if nulls is None or not nulls.any():
        return flat
    flat = flat.copy()
    flat[nulls] = np.zeros((), flat.dtype)
    return flat
