"""What type holds the values of two: the parts of a table that grew over many calls, seen as one.

A type is DuckDB's name for it. A column is widened where every value of both stays what it is; where that cannot be,
its values are kept as text, which says everything and can be cast by whoever knows better.
"""

from __future__ import annotations

import re

TEXT = "VARCHAR"
WHOLE = "WHOLE"
"""Not DuckDB's: a BIGINT column whose values all fit a float exactly, at most 2 ** 53 away from 0."""
_SIGNED = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, WHOLE: 54, "BIGINT": 64}
_UNSIGNED = {"UTINYINT": 8, "USMALLINT": 16, "UINTEGER": 32, "UBIGINT": 64}
_FLOATS = {"FLOAT": 25, "DOUBLE": 54}
"""The bits of the whole numbers that they hold exactly, with the sign."""
_TIMES = ("DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS")


def common(one: str | None, other: str | None) -> str | None:
    """The type that holds both; None stands for a column without values, which any type holds."""
    if one is None or other is None or one == other:
        return one if other is None else other
    if one.endswith("[]") and other.endswith("[]"):
        inner = common(one[:-2], other[:-2])
        return TEXT if inner in (TEXT, None) else f"{inner}[]"
    if one in _TIMES and other in _TIMES:
        return max(one, other, key=_TIMES.index)
    if _is_number(one) and _is_number(other):
        return _number(one, other)
    return _decimal(one, other) or TEXT


def is_nested(kind: str) -> bool:
    """Whether its values are lists, structs or maps, whose text is JSON."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def stored(kind: str) -> str:
    """DuckDB's name for what `common` gave."""
    return kind.replace(WHOLE, "BIGINT")


def _is_number(kind: str) -> bool:
    return kind in _SIGNED or kind in _UNSIGNED or kind in _FLOATS


def _number(one: str, other: str) -> str:
    floats = [kind for kind in (one, other) if kind in _FLOATS]
    bits = max(_bits(kind) for kind in (one, other) if kind not in _FLOATS) if len(floats) < 2 else 0
    if floats:
        enough = [kind for kind in ("FLOAT", "DOUBLE") if _FLOATS[kind] >= max(bits, *map(_FLOATS.__getitem__, floats))]
        return enough[0] if enough else TEXT
    if one in _UNSIGNED and other in _UNSIGNED:
        return max(one, other, key=_UNSIGNED.__getitem__)
    return next((kind for kind, size in _SIGNED.items() if size >= bits), TEXT)


def _bits(kind: str) -> int:
    """Of the whole numbers of a type, with the sign."""
    return _SIGNED[kind] if kind in _SIGNED else _UNSIGNED[kind] + 1


def _decimal(one: str, other: str) -> str | None:
    """The decimal that holds both, with as many digits on either side of the point."""
    sides = [_digits(kind) for kind in (one, other)]
    if any(side is None for side in sides):
        return None
    before, behind = (max(side[place] for side in sides if side) for place in (0, 1))
    return f"DECIMAL({before + behind},{behind})" if before + behind <= 38 else None


def _digits(kind: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if found:
        return int(found[1]) - int(found[2]), int(found[2])
    bits = _SIGNED.get(kind) or _UNSIGNED.get(kind)
    return (20 if bits == 64 else 17 if bits == 54 else 10 if bits == 32 else 5, 0) if bits else None
