"""Columns of Python values, as in lists of dicts, dicts of lists and pandas' object columns: what type they are.

One that holds a single kind of value gets its type; numbers of several kinds get the one that holds them all; what is
left is text, where lists and dicts are JSON. Nothing is refused because a column is mixed.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inlay.content.document import plain_value
from inlay.content.kept import called

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS: dict[type, str] = {
    bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bytes: "BLOB", datetime: "TIMESTAMP",
    date: "DATE", time: "TIME", timedelta: "INTERVAL", UUID: "UUID", Decimal: "DECIMAL",
}  # fmt: skip
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Column:
    """The values of a column: a list of Python's for DuckDB's type `kind`, or a NumPy array when that is None."""

    values: Any
    kind: str | None = None

    def __len__(self) -> int:
        return len(self.values)


def column_of(name: object, values: Any) -> Column:
    """A column of an array, a Series, or anything that can be iterated. Raises `TypeError` naming it for one value."""
    dtype = getattr(values, "dtype", None)
    if dtype is not None:
        array = _plain_array(values)
        if array is not None:
            return Column(array)
        values = values.tolist() if hasattr(values, "tolist") else list(values)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        msg = f"the column {name!r} is a list or an array; got {values!r:.60} of type {called(values)}"
        raise TypeError(msg)
    return typed(list(values))


def from_records(records: Sequence[Mapping[Any, Any]]) -> dict[Any, Column]:
    """The columns of a list of dicts, in the order their names first come up; what a dict lacks is missing."""
    names: dict[Any, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return {name: typed([record.get(name) for record in records]) for name in names}


def typed(values: list[Any]) -> Column:
    """The values in one type; None, NaT and pandas' NA are missing, and so is NaN among texts."""
    plain = [_plain(value) for value in values]
    kinds = {type(value) for value in plain} - {type(None)}
    if kinds == {str, float} and all(math.isnan(value) for value in plain if type(value) is float):
        plain, kinds = [None if type(value) is float else value for value in plain], {str}
    kind = _kind(plain, kinds)
    if kind is None:
        plain, kind = [as_text(value) for value in plain], "VARCHAR"
    return Column(_encodable(plain) if kind == "VARCHAR" else plain, kind)


def _kind(plain: list[Any], kinds: set[type]) -> str | None:  # noqa: PLR0911 - one return for each kind
    """DuckDB's type of these; None for text of all of them."""
    if not kinds:
        return "VARCHAR"
    given = [value for value in plain if value is not None]
    if kinds == {list}:
        inner = {type(item) for value in given for item in value} - {type(None)}
        element = _kind([item for value in given for item in value], inner) if inner <= set(_KINDS) else None
        return f"{element}[]" if element else None
    if kinds == {int, float}:
        exact = all(abs(value) <= _EXACT for value in given if type(value) is int)
        return "DOUBLE" if exact else None
    if len(kinds) > 1 or not kinds <= set(_KINDS):
        return None
    (kind,) = kinds
    if kind is int:
        low, high = min(given), max(given)
        return "BIGINT" if low >= -(2**63) and high < 2**63 else "UBIGINT" if low >= 0 and high < 2**64 else None
    if kind is datetime:
        aware = {value.tzinfo is not None for value in given}
        return None if len(aware) > 1 else "TIMESTAMPTZ" if aware == {True} else "TIMESTAMP"
    if kind is Decimal:
        return _decimal(given)
    return _KINDS[kind]


def _encodable(texts: list[str | None]) -> list[str | None]:
    """The texts as valid Unicode."""
    try:
        "".join(filter(None, texts)).encode()
    except UnicodeEncodeError:
        return [text if text is None else text.encode("utf-8", "replace").decode() for text in texts]
    return texts


def _decimal(given: list[Decimal]) -> str | None:
    before = behind = 0
    for value in given:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):  # NaN, infinity
            return None
        behind = max(behind, -exponent)
        before = max(before, len(digits) + exponent)
    width = max(before + behind, 1)
    return f"DECIMAL({width},{behind})" if width <= 38 else None


def _plain(value: Any) -> Any:  # noqa: C901, PLR0911 - one return for each kind
    """The value as one of Python's own types, where it has one; arrays and tuples as lists."""
    if value is None or type(value) in _KINDS:
        return value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "M" and hasattr(value, "astype"):
        return _plain(value.astype("datetime64[us]").tolist())
    if kind == "m" and hasattr(value, "astype"):
        return _plain(value.astype("timedelta64[us]").tolist())
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return _plain(value.tolist())
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    for own in (str, bool, int, float, datetime, date, timedelta):
        if isinstance(value, own):
            return _own(own, value)
    return value


def _own(own: type, value: Any) -> Any:
    """A value of a class derived from one of Python's as one of Python's."""
    return own(value) if own in (str, int, float) else value


def as_text(value: Any) -> str | None:
    """What a mixed column keeps of a value: texts as they are, everything else as JSON, or as it prints."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        plain = plain_value(value)
        return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)


# -- arrays ---------------------------------------------------------------------------------------------------


def _plain_array(values: Any) -> Any:
    """One row of numbers, bools or times that DuckDB scans as it is; None for everything else."""
    import numpy as np

    from inlay.content.arrays import as_array

    kind = getattr(values.dtype, "kind", None)
    if kind is None:  # a tensor's
        values = as_array(values, "a column is an array of numbers")
        kind = values.dtype.kind
    if not isinstance(values, np.ndarray):
        return None
    if values.ndim != 1 or kind not in "biufMm":
        return None
    if kind == "f" and values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    if kind in "Mm" and np.datetime_data(values.dtype)[0] not in ("s", "ms", "us", "ns"):
        values = values.astype(f"{kind}8[us]")
    return np.ascontiguousarray(values)


# -- pandas ---------------------------------------------------------------------------------------------------


def with_index(frame: Any) -> Any:
    """The data frame with its index as columns, where it says something.

    Named levels always do; a nameless one does unless it counts, as the rows that are left of others do.
    """
    import pandas as pd

    index = frame.index
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return frame.reset_index(drop=True)
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    nameless = ["index"] if len(levels) == 1 else [f"level_{at}" for at in range(len(levels))]
    named = [nameless[at] if name is None else name for at, name in enumerate(index.names)]
    first = [level.to_series(index=range(len(frame)), name=name) for level, name in zip(levels, named, strict=True)]
    joined = pd.concat([*first, frame.reset_index(drop=True)], axis=1)
    joined.columns = [*named, *frame.columns]
    return joined


def is_scanned(dtype: Any) -> bool:
    """Whether DuckDB reads a pandas column of this type as what it is."""
    import numpy as np
    import pandas as pd

    if isinstance(dtype, np.dtype):
        return dtype.kind in "biuMm" or (dtype.kind == "f" and dtype.itemsize <= 8)
    if isinstance(dtype, pd.CategoricalDtype):
        return bool(pd.api.types.is_string_dtype(dtype.categories.dtype))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return True
    return type(dtype).__name__ in (
        "Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype", "UInt16Dtype", "UInt32Dtype",
        "UInt64Dtype", "Float32Dtype", "Float64Dtype", "BooleanDtype", "StringDtype",
    )  # fmt: skip
