"""The cells of a run table in words, as the saved picture and the exported page show them; alike in the grid
(js/run-table/cells.ts).
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from inlay.views.format import format_count, format_duration, format_value, plain
from inlay.views.picture import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 120
"""Characters of one cell."""
_NUMERIC = ("number", "duration", "time")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Delta(NamedTuple):
    """How a cell differs from that of the baseline."""

    text: str
    good: bool | None
    """None where nobody can tell."""


def cell_text(cell: Any, kind: str, entity: str = "metrics") -> str:
    """A cell of a column of this type in one line; empty for a missing one."""
    if isinstance(cell, dict):
        return _of_group(cell, kind, entity)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if kind == "status":
        return STATUSES.get(str(cell), (str(cell), "", ""))[0]
    number = number_of(cell)
    if number is None:
        return plain(str(cell), LONGEST)
    return _number_text(number, kind, entity)


def number_of(cell: Any) -> float | None:
    """The number in a cell, of a group its mean; None for a cell without one."""
    if isinstance(cell, dict):
        cell = cell.get("mean")
    if isinstance(cell, str):
        return _WORDS.get(cell)
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


def group_label(values: Sequence[Any], by: Sequence[str]) -> str:
    """What a group of the columns `by` is called: `lr 0.1 · model cnn`."""
    return " · ".join(f"{_key(column)} {_value(value)}" for column, value in zip(by, values, strict=True))


def _key(column: str) -> str:
    return column.partition(".")[2] or column


def _value(cell: Any) -> str:
    return "none" if cell is None else cell_text(cell, "text", "params") or "empty"


def is_figure(column: Mapping[str, Any]) -> bool:
    """Whether the cells of a column stand on the right."""
    return column["type"] in _NUMERIC and column["type"] != "time"


def delta_of(cell: Any, base: Any, how: str, better: str | None) -> Delta | None:
    """The difference from the baseline, `how` being "absolute" or "percent"; None where there is none to tell."""
    mine, other = number_of(cell), number_of(base)
    if how == "off" or mine is None or other is None or not (math.isfinite(mine) and math.isfinite(other)):
        return None
    change = mine - other
    if not math.isfinite(change) or (how == "percent" and other == 0):
        return None
    if how == "percent":
        share = 100 * change / abs(other)
        words = f"{abs(share):.1f} %" if abs(share) < 999.95 else f"{abs(share):,.0f} %"
    else:
        words = format_value(abs(change))
    sign = "+" if change > 0 else "-" if change < 0 else "±"
    good = None if better is None or change == 0 else (change > 0) == (better == "max")
    return Delta(sign + words, good)


def _of_group(cell: Mapping[str, Any], kind: str, entity: str) -> str:
    if "distinct" in cell:
        return f"{format_count(int(cell['distinct']))} values"
    mean = number_of(cell.get("mean"))
    if mean is None:
        return ""
    std = number_of(cell.get("std"))
    # Where all are the same, the value as it was given; else a mean, which has more digits than anybody gave.
    words = _number_text(mean, kind, "metrics" if std else entity)
    return f"{words} ± {_spread(std)}" if std and kind == "number" else words


def _spread(std: float) -> str:
    """How far values are spread: two digits say it."""
    if not math.isfinite(std) or std >= 100:
        return format_value(round(std) if math.isfinite(std) else std)
    return _short_exponent(f"{float(f'{std:.2g}'):g}")


def _short_exponent(number: str) -> str:
    """`1e-5` for `1e-05`."""
    return number.replace("e-0", "e-").replace("e+0", "e+")


def _number_text(number: float, kind: str, entity: str) -> str:
    if kind == "duration" and math.isfinite(number):
        return format_duration(number)
    if kind == "time" and math.isfinite(number):
        return moment(number)
    if entity == "params" and math.isfinite(number):
        # As it was given, as far as that is known: 0.001 is not 0.001000, nor 2024 the number 2,024.
        return repr(int(number)) if number == int(number) and abs(number) < 1e15 else _short_exponent(repr(number))
    return format_value(number)


def moment(seconds: float) -> str:
    """A time as people write it, to the minute, where this is run."""
    try:
        at = datetime.fromtimestamp(seconds).astimezone()
    except (OverflowError, OSError, ValueError):
        return ""
    return f"{at.day} {at:%b %Y, %H:%M}"
