"""Columns of Arrow, and of what lies in its memory: pyarrow tables, pandas' Arrow columns, Hugging Face datasets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets.block import Block, numbers, times
from inlay.content.datasets.objects import from_objects, word_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def from_arrow(given: Any) -> Block:  # noqa: PLR0911 - one return for each kind of column
    """A block of an Array or ChunkedArray; lists and structs become blocks of what they hold."""
    pa = sys.modules["pyarrow"]
    array = _whole(given)
    kind, is_ = array.type, pa.types
    if is_.is_dictionary(kind):
        return from_arrow(array.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return from_arrow(array.storage)
    if is_.is_null(kind):
        return Block("null", len(array))
    nulls = _nulls(array)
    if is_.is_string(kind) or is_.is_large_string(kind) or _is(is_, "is_string_view", kind):
        return _texts(array, nulls, "string")
    if _is_bytes(is_, kind):
        return _texts(array, nulls, "binary")
    if _is_fixed(is_, kind):
        return _fixed(array, nulls)
    if is_.is_struct(kind):
        fields = (kind.field(i).name for i in range(kind.num_fields))
        children = tuple((name, from_arrow(part)) for name, part in zip(fields, array.flatten(), strict=True))
        return Block("struct", len(array), nulls, children=children)
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        lengths = np.zeros(len(array), np.int64)
        known = slice(None) if nulls is None else ~nulls
        lengths[known] = array.drop_null().value_lengths().to_numpy(zero_copy_only=False)
        return Block("list", len(array), nulls, lengths=lengths, children=(("item", from_arrow(array.flatten())),))
    values = array.to_pylist()
    return from_objects(values, word_of([values]))


def _whole(given: Any) -> Any:
    if not hasattr(given, "chunks"):
        return given
    array = given.combine_chunks()
    return sys.modules["pyarrow"].concat_arrays(array.chunks) if hasattr(array, "chunks") else array


def _nulls(array: Any) -> NDArray[np.bool_] | None:
    if not array.null_count:
        return None
    found: NDArray[np.bool_] = array.is_null().to_numpy(zero_copy_only=False)
    return found


def _is(is_: Any, name: str, kind: Any) -> bool:
    """What older versions of Arrow cannot ask, they do not have."""
    return hasattr(is_, name) and bool(getattr(is_, name)(kind))


def _is_bytes(is_: Any, kind: Any) -> bool:
    asked = ("is_binary", "is_large_binary", "is_fixed_size_binary", "is_binary_view")
    return any(_is(is_, name, kind) for name in asked)


def _is_fixed(is_: Any, kind: Any) -> bool:
    asked = ("boolean", "integer", "floating", "date", "timestamp", "duration", "time")
    return any(getattr(is_, f"is_{name}")(kind) for name in asked)


def _fixed(array: Any, nulls: NDArray[np.bool_] | None) -> Block:
    pa = sys.modules["pyarrow"]
    kind, is_ = array.type, pa.types
    if is_.is_floating(kind):
        return numbers(array.to_numpy(zero_copy_only=False))  # nulls become NaN
    if is_.is_boolean(kind) or is_.is_integer(kind):
        return numbers(_filled(array, nulls), nulls)
    if is_.is_date(kind):
        days = _filled(array.cast(pa.date32()).cast(pa.int32()), nulls)
        return Block("date", len(array), nulls, days.astype("<i8"))
    if is_.is_time32(kind):
        array = array.cast(pa.time64("us"))
    counts = _filled(array.cast(pa.int64()), nulls)
    word = "datetime" if is_.is_timestamp(kind) else "duration" if is_.is_duration(kind) else "time"
    return times(counts, array.type.unit, zoned(word, getattr(kind, "tz", None)), nulls)


def zoned(word: str, zone: object) -> str:
    """A type's word with its time zone, if it has one."""
    return word if zone is None else f"{word}, {zone}"


def _filled(array: Any, nulls: NDArray[np.bool_] | None) -> NDArray[Any]:
    empty = False if sys.modules["pyarrow"].types.is_boolean(array.type) else 0
    filled: NDArray[Any] = (array if nulls is None else array.fill_null(empty)).to_numpy(zero_copy_only=False)
    return filled


def _texts(array: Any, nulls: NDArray[np.bool_] | None, word: str) -> Block:
    """Lengths and bytes out of the buffers. A null may have bytes of its own: they are left out."""
    pa = sys.modules["pyarrow"]
    array = array.cast(pa.large_binary())
    if nulls is not None:
        array = array.fill_null(b"")
    if not len(array):
        return Block(word, 0, lengths=np.zeros(0, np.int64))
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, "<i8")[array.offset : array.offset + len(array) + 1]
    held = memoryview(data)[starts[0] : starts[-1]] if data is not None else b""
    return Block(word, len(array), nulls, lengths=np.diff(starts), data=held)
