"""Python values into blocks: a column of texts is texts, one of ints is int64, whatever kind of list holds them.

What has no column type of its own (mixed types, huge ints, decimals, nested lists and dicts) is written value by
value, in a form that says its type. What has no bytes that stay the same raises `NoDigestError`.
"""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets.block import Block, numbers, texts, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_PLAIN = (
    "bool", "int", "float", "str", "str_", "bytes", "bytearray", "date", "datetime", "Timestamp", "timedelta",
    "Timedelta",
)  # fmt: skip
_ABSENT = ("NoneType", "NAType", "NaTType")
_WORDS = {
    frozenset({"bool"}): "bool",
    frozenset({"int"}): "int64",
    frozenset({"float"}): "float64",
    frozenset({"int", "float"}): "float64",
    frozenset({"str"}): "string",
    frozenset({"bytes"}): "binary",
    frozenset({"date"}): "date",
    frozenset({"datetime"}): "datetime",
    frozenset({"timedelta"}): "duration",
    frozenset(): "null",
}
_SAME = {"Timestamp": "datetime", "Timedelta": "timedelta", "bytearray": "bytes", "str_": "str"}
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a clock without a zone, as the values are
_DEEPEST = 50


class NoDigestError(Exception):
    """These values have no bytes that would be the same tomorrow."""


def word_of(parts: Iterable[Sequence[Any]]) -> str:
    """The type of a whole column of Python values, given in parts: a block's word, "object" where they are mixed."""
    found: set[str] = set()
    for values in parts:
        kinds = {kind: kind.__name__ for kind in set(map(type, values))}
        if any(_odd(kind, name) for kind, name in kinds.items()):
            return "object"
        names = {_SAME.get(name, name) for name in kinds.values() if name not in _ABSENT}
        if "float" in names and names - {"float", "int"} and all(v != v for v in values if type(v) is float):  # noqa: PLR0124
            names -= {"float"}  # pandas' missing texts
        if "int" in names and not all(-(2**63) <= v < 2**63 for v in values if type(v) is int):
            return "object"
        if "datetime" in names and any(getattr(v, "tzinfo", None) is not None for v in values):
            return "object"
        found |= names
    return _WORDS.get(frozenset(found), "object")


_BYTES: dict[str, Callable[[Any], bytes]] = {
    "string": lambda text: str.encode(text, "utf-8", "surrogatepass"),
    "binary": bytes,
    "object": lambda value: encoded(value),  # noqa: PLW0108 - it stands below
}


def from_objects(values: Sequence[Any], word: str) -> Block:
    """A block of Python values of the type that `word_of` found. Raises `NoDigestError`."""
    nulls = np.fromiter(map(is_missing, values), np.bool_, len(values))
    if word == "null":
        return Block(word, len(values))
    if word in _BYTES:
        encode = _BYTES[word]
        return texts((b"" if gone else encode(v) for v, gone in zip(values, nulls, strict=True)), nulls, word)
    kept: list[Any] = [0 if gone else v for v, gone in zip(values, nulls, strict=True)]
    if word == "datetime":
        return times(_counts(kept), "ns", word, nulls)
    if word == "duration":
        return times(np.array([_nanoseconds(v) if v else 0 for v in kept], "i8"), "ns", word, nulls)
    if word == "date":
        days = [v.toordinal() - _EPOCH.toordinal() if v else 0 for v in kept]
        return Block(word, len(values), nulls if nulls.any() else None, np.array(days, "<i8"))
    kind = {"bool": np.bool_, "int64": np.int64, "float64": np.float64}[word]
    return numbers(np.array(kept, kind), nulls)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, a float NaN, pandas' NA and NaT."""
    return value is None or type(value).__name__ in _ABSENT or (type(value) is float and value != value)  # noqa: PLR0124


def encoded(value: Any) -> bytes:
    """Any value as bytes that name its type; equal values give equal bytes. Raises `NoDigestError`."""
    return _encoded(value)


def _odd(kind: type, name: str) -> bool:
    """Whether a type has no column type of its own; a class of the user's that has a known name is none of ours."""
    known = name in _PLAIN + _ABSENT
    return not known or kind.__module__.split(".")[0] not in ("builtins", "datetime", "pandas", "numpy")


def _counts(moments: list[Any]) -> NDArray[np.int64]:
    """Nanoseconds since 1970. pandas' own have more digits than Python's."""
    return np.array([_nanoseconds(v - _EPOCH) + getattr(v, "nanosecond", 0) if v else 0 for v in moments], "i8")


def _nanoseconds(length: Any) -> int:
    whole = (length.days * 86400 + length.seconds) * 10**9 + length.microseconds * 1000
    return int(whole)


def _encoded(value: Any, depth: int = 0) -> bytes:  # noqa: C901, PLR0911, PLR0912 - one return for each kind of value
    if depth > _DEEPEST:
        msg = "values nested more than 50 deep"
        raise NoDigestError(msg)
    if is_missing(value):
        return b"N"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"I%d;" % value
    if isinstance(value, float):
        return b"D" + struct.pack("<d", value)
    if isinstance(value, str):
        return _sized(b"S", value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _sized(b"B", bytes(value))
    if isinstance(value, (list, tuple)):
        return b"L%d;" % len(value) + b"".join(_encoded(item, depth + 1) for item in value)
    if isinstance(value, np.ndarray):
        return _encoded(value.tolist(), depth)
    if isinstance(value, dict):  # a Parquet file gives every key back, those without a value as None
        kept = sorted((str(key), item) for key, item in value.items() if item is not None)
        return b"M%d;" % len(kept) + b"".join(_encoded(key) + _encoded(item, depth + 1) for key, item in kept)
    if isinstance(value, (dt.date, dt.time)):
        return _sized(b"C", value.isoformat().encode())
    if isinstance(value, (dt.timedelta, Decimal, complex)) or _says_itself(value):
        return _sized(b"X", f"{type(value).__name__} {value}".encode("utf-8", "replace"))
    if isinstance(value, (set, frozenset)):
        return b"".join([b"U%d;" % len(value), *sorted(_encoded(item, depth + 1) for item in value)])
    if type(value).__module__.startswith("polars"):
        return _encoded(value.to_list(), depth)
    msg = f"values of type {type(value).__name__}"
    raise NoDigestError(msg)


def _says_itself(value: Any) -> bool:
    return type(value).__module__.split(".")[0] in ("pandas", "uuid", "ipaddress", "pathlib", "fractions", "numpy")


def _sized(tag: bytes, data: bytes) -> bytes:
    return tag + b"%d;" % len(data) + data
