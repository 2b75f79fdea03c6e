"""A clause from a column's facet, as a browser sends it (`Clause` in js/run-table/wire.ts), read without trust."""

from __future__ import annotations

import math

from inlay.query.refinement import Between, Clause, In, Missing, NotIn

VALUES = 1_000
LONGEST = 2_000


TIMES = ("started_at", "ended_at", "deleted_at")
"""Columns whose numbers are Unix seconds here, and milliseconds in a filter."""


def clause_of(given: object, column: str) -> Clause | None:
    """The clause; None takes away what there is on the column. Raises `TypeError` for what is none."""
    if given is None:
        return None
    if isinstance(given, dict) and len(given) == 1:
        ((kind, value),) = given.items()
        if kind == "missing" and value is True:
            return Missing()
        if kind == "between" and isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
            scale = 1000 if column in TIMES else 1
            return Between(value[0] * scale, value[1] * scale)
        if kind in ("in", "not_in") and isinstance(value, list) and len(value) <= VALUES and all(map(_is_value, value)):
            return In(tuple(value)) if kind == "in" else NotIn(tuple(value))
    msg = f"a clause is 'between' two numbers, 'in' or 'not_in' a list of values, or 'missing'; got {given!r:.200}"
    raise TypeError(msg)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_value(value: object) -> bool:
    return _is_number(value) or (isinstance(value, str) and len(value) <= LONGEST)
