"""The arguments of a request from a browser, taken out and checked, and the form of an answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Answer(NamedTuple):
    """What a request was answered with."""

    body: dict[str, Any]
    buffers: tuple[bytes, ...] = ()


def text(request: dict[str, Any], name: str) -> str:
    """A text. Raises `TypeError` for anything else."""
    value = request.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{request.get('op')!r} takes a text as {name!r}; got {value!r:.200}")
    return value


def listing(request: dict[str, Any], name: str) -> list[Any]:
    """A list, of whatever. Raises `TypeError` for anything else."""
    value = request.get(name)
    if not isinstance(value, list):
        raise TypeError(f"{request.get('op')!r} takes a list as {name!r}; got {value!r:.200}")
    return value


def number(request: dict[str, Any], name: str) -> float:
    """A finite number. Raises `TypeError` for anything else."""
    value = request.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"{request.get('op')!r} takes a number as {name!r}; got {value!r:.200}")
    return value


def integer(request: dict[str, Any], name: str, default: int | None = None) -> int:
    """A number without its fraction; `default` where it was not said."""
    if default is not None and request.get(name) is None:
        return default
    return int(number(request, name))


def optional(request: dict[str, Any], name: str, read: Callable[[dict[str, Any], str], T]) -> T | None:
    """None where it was not said, else what `read` makes of it."""
    return None if request.get(name) is None else read(request, name)
