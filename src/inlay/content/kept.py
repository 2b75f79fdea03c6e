"""What a value has become on its way into a run: its bytes, their kind, and what else is said of them.

Every module of this part turns a value it knows into `Kept` and back; none of them knows of runs or stores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of a value, or the file that holds them, under a path of the run.

    `mime` is None where the path's suffix says it; `metadata` is a JSON object.
    """

    path: str
    data: bytes | Path
    mime: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def suffix_of(path: str) -> str:
    """The suffix of a path in small letters, with its dot; empty when it has none."""
    return PurePosixPath(path).suffix.lower()


def with_suffix(path: str, suffix: str) -> str:
    """The path itself when it has a suffix; else with this one."""
    return path if suffix_of(path) else f"{path}{suffix}"


def called(value: object) -> str:
    """The type of a value as a user would name it: `torch.Tensor`, `list`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def from_library(value: object, *names: str) -> bool:
    """Whether the value's class, or one it descends from, is at home in one of these packages; none is imported."""
    return any((kind.__module__ or "").partition(".")[0] in names for kind in type(value).__mro__)
