"""Which metrics share a chart: the same measure on different parts of the data, such as `train/loss` and `val/loss`.

Metrics are admitted one by one, in the order they were first logged, and an admitted one keeps its chart; so a chart
never jumps while a run goes on, and the live card and the saved picture of one run group alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The words for a part of the data, and the label each gets.
PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "eval": "eval",
    "evaluation": "eval",
    "dev": "dev",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a metric is drawn: the chart's title, and the metric's name in its legend."""

    chart: str
    label: str


class ChartGroups:
    """The charts of one run, as its metrics come."""

    def __init__(self) -> None:
        self._charts: dict[str, list[str]] = {}

    def admit(self, key: str) -> dict[str, Place]:
        """Give a metric its place: returns its own, and those of the metrics it shares the chart with, in order of
        admission, for they may have been called otherwise before. Not to be called twice for a key.
        """
        measure, _ = split(key)
        keys = self._charts.setdefault(measure, [])
        keys.append(key)
        return _places(measure, keys)


def split(key: str) -> tuple[str, str | None]:
    """A metric's measure and the part of the data it is of: `val_loss` and `loss/val` are `loss` of `val`."""
    folders = key.split("/")
    parts = [PARTS.get(folder.lower()) for folder in folders]
    if len(folders) > 1 and sum(part is not None for part in parts) == 1:
        at = next(i for i, part in enumerate(parts) if part is not None)
        return "/".join(folders[:at] + folders[at + 1 :]), parts[at]
    *above, name = folders
    for pattern in (_BEFORE, _AFTER):
        if (found := pattern.fullmatch(name)) and not any(parts):
            return "/".join([*above, found["measure"]]), PARTS[found["part"].lower()]
    return key, None


_WORD = "(?P<part>" + "|".join(sorted(PARTS, key=len, reverse=True)) + ")"
_BEFORE = re.compile(rf"{_WORD}[_.-](?P<measure>.+)", re.IGNORECASE | re.DOTALL)
_AFTER = re.compile(rf"(?P<measure>.+)[_.-]{_WORD}", re.IGNORECASE | re.DOTALL)


def _places(measure: str, keys: list[str]) -> dict[str, Place]:
    """A metric alone is shown by its own name; several by their parts, unless two would be called the same."""
    if len(keys) == 1:
        return {keys[0]: Place(keys[0], keys[0])}
    # Keras logs `loss` beside `val_loss`: without a word it is the training's.
    labels = [split(key)[1] or "train" for key in keys]
    return {
        key: Place(measure, label if labels.count(label) == 1 else key) for key, label in zip(keys, labels, strict=True)
    }
