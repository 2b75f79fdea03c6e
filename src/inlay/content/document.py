"""Dicts and lists as JSON or YAML, with what else configurations are made of: dates, paths, enums, NumPy, dataclasses.

JSON has no NaN and no infinity, and what Python writes for them (`NaN`) stops JavaScript and DuckDB. They are written
as the texts "NaN", "Infinity" and "-Infinity", as Protocol Buffers do it: `float(...)` takes all three.
"""

from __future__ import annotations

import dataclasses
import json
import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inlay.content.kept import called, suffix_of
from inlay.errors import InlayError

if TYPE_CHECKING:
    from collections.abc import Callable

YAML = (".yaml", ".yml")


def document(data: Any, path: str, masked: Callable[[Any], Any] = lambda plain: plain) -> bytes:
    """The value as JSON, or as YAML where the path's suffix says so; `masked` is asked to take out secrets.

    Raises `TypeError` naming the type that has no JSON form, `ValueError` when the value contains itself, and
    `InlayError` when PyYAML is missing.
    """
    yaml = suffix_of(path) in YAML
    try:
        plain = masked(plain_value(data, exact=yaml))
    except RecursionError:
        msg = f"{path}: the value contains itself, or is nested too deep"
        raise ValueError(msg) from None
    text = _yaml(plain) if yaml else json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")


def read_document(data: bytes, path: str) -> Any:
    """The value again. YAML makes nothing but plain values (`safe_load`)."""
    text = data.decode("utf-8")
    return _need_yaml().safe_load(text) if suffix_of(path) in YAML else json.loads(text)


def plain_value(value: Any, *, exact: bool = False) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line for each kind
    """The value in what JSON has. With `exact` NaN and infinities stay.

    Dates are ISO 8601, timedeltas seconds, Decimals and Fractions texts, bytes base64, enums their values, dataclasses
    and named tuples dicts; arrays, tensors, Series and data frames lists. Raises `TypeError` for everything else.
    """
    if isinstance(value, Enum):
        return plain_value(value.value, exact=exact)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if exact or math.isfinite(value) else _not_finite(value)
    if isinstance(value, Mapping):
        return {_key(key): plain_value(inner, exact=exact) for key, inner in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain_value(value._asdict(), exact=exact)
    if isinstance(value, (list, tuple)):
        return [plain_value(inner, exact=exact) for inner in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain_value(getattr(value, field.name), exact=exact) for field in fields}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (PurePath, UUID, Decimal, Fraction)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return b64encode(value).decode()
    return _of_a_library(value, exact=exact)


def _of_a_library(value: Any, *, exact: bool) -> Any:
    """What NumPy, tensors, Series and data frames, and pydantic give as plain values."""
    for name, options in (("model_dump", {}), ("to_dicts", {}), ("to_dict", {"orient": "records"})):
        give = getattr(value, name, None)
        if callable(give) and not isinstance(value, type) and (name != "to_dict" or hasattr(value, "columns")):
            return plain_value(give(**options), exact=exact)
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in ("M", "m") and getattr(value, "shape", None) is not None:
        return plain_value(value.astype(str).tolist() if hasattr(value, "astype") else str(value), exact=exact)
    for name in ("tolist", "to_list", "numpy", "item"):
        give = getattr(value, name, None)
        if callable(give) and not isinstance(value, type):
            plain = give()
            if type(plain) is not type(value):
                return plain_value(plain, exact=exact)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    msg = f"log_dict has no form for a value of type {called(value)}; turn it into a list, a dict or a text first"
    raise TypeError(msg)


def _key(key: object) -> str:
    if isinstance(key, str) and not isinstance(key, Enum):
        return str(key)
    if isinstance(key, bool) or key is None:
        return json.dumps(key)
    plain = plain_value(key)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _yaml(plain: Any) -> str:
    return str(_need_yaml().safe_dump(plain, allow_unicode=True, sort_keys=False))


def _need_yaml() -> Any:
    try:
        return import_module("yaml")
    except ImportError as error:
        raise InlayError("YAML needs PyYAML: pip install pyyaml; or give the path the suffix .json") from error
