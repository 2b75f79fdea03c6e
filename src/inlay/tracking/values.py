"""What may be logged: checking keys, turning values into numbers, params into text.

Everything here runs before anything is written, so that bad input raises at the call and leaves nothing
half-recorded.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from inlay.store.journal.slots import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_KEY = 250
MAX_NOTE = 100_000
MAX_SHOWN = 80
MAX_PARAM = 500_000
"""Characters of a note, and of a param's text."""
_ROOM = MAX_EVENT - 1000
"""Bytes of one event for what a user gave; the rest is for the names around it."""


_NAMES = {
    "run": "a run's name", "experiment": "an experiment's name", "dataset": "a dataset's name",
    "context": "a dataset's context",
}  # fmt: skip
"""What has a name rather than a key."""


def check_key(key: object, what: str = "metric") -> str:
    """`key` itself. Raises `TypeError` when it is no string, `ValueError` when empty or over 250 characters."""
    called = _NAMES.get(what, f"a {what} key")
    if not isinstance(key, str):
        msg = f"{called} is a string; got {shown(key)}"
        raise TypeError(msg)
    if not key:
        msg = f"{called} cannot be empty"
        raise ValueError(msg)
    if len(key) > MAX_KEY:
        msg = f"{called} can have {MAX_KEY} characters; this one has {len(key)}: {key[:60]!r}..."
        raise ValueError(msg)
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        msg = f"{called} must be valid Unicode; got {key!r}"
        raise ValueError(msg) from None
    return key


def shown(value: object) -> str:
    """A value that is of the wrong type, in one line: a data frame in a text's place fills the screen."""
    kind = type(value).__name__
    text = "" if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else repr(value)
    return f"{text} of type {kind}" if 0 < len(text) <= MAX_SHOWN and "\n" not in text else f"a value of type {kind}"


def number(key: str, value: Any) -> float:
    """A metric's value as a float; NaN and infinities are kept.

    Takes int, float, bool, Decimal, NumPy scalars, and arrays or tensors without dimensions (through
    `.item()`). Raises `TypeError` naming the key and the type for anything else.
    """
    if isinstance(value, (int, float)):
        return _float(key, value)
    try:
        plain = float(value) if isinstance(value, Decimal) else _item(value)
    except Exception as error:  # a tensor without data, a signalling NaN: whatever it says, say for which key
        raise TypeError(f"{_not_a_number(key, value)} ({error})") from error
    if isinstance(plain, (int, float)):
        return _float(key, plain)
    raise TypeError(_not_a_number(key, value))


def step_number(key: str, step: Any) -> int:
    """A step as an int. Raises `TypeError` when it is none, `ValueError` beyond 64 bits."""
    try:
        whole = int(step)
        exact = whole == step
    except (TypeError, ValueError, OverflowError):
        exact = False
    if not exact or isinstance(step, str):
        msg = f"the step of {key!r} is a whole number; got {shown(step)}"
        raise TypeError(msg)
    if not -(2**63) <= whole < 2**63:
        msg = f"the step of {key!r} does not fit 64 bits: {step!r}"
        raise ValueError(msg)
    return whole


def flat(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Every leaf of a nested dict, its keys joined by `/`. Raises `ValueError` where two spellings give one key."""
    found: dict[str, Any] = {}
    for keys, value in _leaves(metrics, ()):
        path = check_key("/".join(keys))
        if path in found:
            both = " and as ".join(_spelling(one) for one, _ in _leaves(metrics, ()) if "/".join(one) == path)
            msg = f"metric {path!r} is given twice, as {both}; give it once"
            raise ValueError(msg)
        found[path] = value
    return found


def _leaves(metrics: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in metrics.items():
        check_key(key)
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _spelling(keys: tuple[str, ...]) -> str:
    return "".join(f"[{key!r}]" for key in keys)


def portions(values: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """The values in parts that fit one event of the journal each. Raises `ValueError` naming one too large."""
    parts: list[dict[str, Any]] = [{}]
    used = 0
    for key, value in values.items():
        size = len(json.dumps([key, value])) + 2
        if size > _ROOM:
            msg = f"{what} {key!r} takes {size:,} bytes, more than {_ROOM:,}; keep it with log_dict or log_text"
            raise ValueError(msg)
        if used + size > _ROOM:
            parts.append({})
            used = 0
        parts[-1][key] = value
        used += size
    return parts


def note_text(text: object) -> str:
    """A note as it is. Raises `TypeError` when it is no text, `ValueError` over 100,000 characters."""
    if not isinstance(text, str):
        msg = f"a note is a text; got {text!r} of type {type(text).__name__}"
        raise TypeError(msg)
    if len(text) > MAX_NOTE:
        msg = f"a note can have {MAX_NOTE:,} characters; this one has {len(text):,}. Keep long texts with log_text."
        raise ValueError(msg)
    return text


def pairs(given: Any, what: str) -> dict[Any, Any]:
    """A dict of what was given. Raises `TypeError` when it is none."""
    if not hasattr(given, "items"):
        msg = f"{what}s are a dict, such as {{'name': 'value'}}; got {given!r} of type {type(given).__name__}"
        raise TypeError(msg)
    return dict(given.items())


def param_text(value: Any) -> tuple[str, float | None, str]:
    """A param as (text, number or None, "string" or "json"): what the `params` table holds.

    Never raises: what has no text (it refers to itself, it is too deep, its `__str__` fails) is kept as its type.
    Beyond 500,000 characters the text is cut.
    """
    try:
        text, number_, kind = _param_text(_jsonable(value))
    except Exception:  # noqa: BLE001 - a param must never end a training
        return f"<{type(value).__qualname__}>", None, "string"
    if len(text) > MAX_PARAM:
        return f"{text[:MAX_PARAM]}… ({len(text):,} characters)", None, "string"
    return text, number_, kind


def _param_text(value: Any) -> tuple[str, float | None, str]:
    if isinstance(value, str):
        return value, None, "string"
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        as_number = float(value) if numeric else None
    except OverflowError:
        as_number = None
    return json.dumps(value, ensure_ascii=False), as_number, "json"


def _jsonable(value: Any) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """A value JSON can hold that says the same; text for what has no JSON form."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_jsonable(inner) for inner in value), key=str)
    if isinstance(value, PurePath):
        return str(value)
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape) == 0 and hasattr(value, "item"):
        return _jsonable(value.item())
    return str(value)


def _float(key: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        msg = f"the value of metric {key!r} is too large for a float: an int of {value.bit_length()} bits"  # type: ignore[attr-defined]
        raise ValueError(msg) from None


def _item(value: Any) -> Any:
    """The Python number in a scalar, array or tensor without dimensions; None when it is none of them."""
    if len(getattr(value, "shape", ())) or getattr(getattr(value, "dtype", None), "kind", "f") not in "biuf":
        return None
    if hasattr(value, "item"):
        plain = value.item()
        # NumPy's long double has no Python number to become.
        return float(plain) if hasattr(plain, "dtype") else plain
    return value.numpy().item() if hasattr(value, "numpy") else None


def _not_a_number(key: str, value: Any) -> str:
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    try:
        shape = tuple(getattr(value, "shape", ()))
    except TypeError:  # some other thing of that name
        shape = ()
    of_shape = f" and shape {shape}" if shape else ""
    if of_shape:
        remedy = "log one number, such as its .mean(), or log_metrics_array for a series"
    elif isinstance(value, str):
        remedy = "use log_param or set_tag for text"
    else:
        remedy = "pass an int, a float, or something with .item()"
    return f"metric {key!r} must be a number, got {name}{of_shape}: {remedy}"
