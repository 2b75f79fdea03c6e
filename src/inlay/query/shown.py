"""Names and sizes as Python's own output shows them, in a `repr` or a line of a list.

Names may come from somebody else's store or tracker: what would move the cursor or hide text is written out.
"""

from __future__ import annotations


def one_line(text: str) -> str:
    """The text as a terminal may have it: control characters and the like are written out."""
    return text if text.isprintable() else repr(text)[1:-1]


def format_bytes(size: float) -> str:
    """`640 B`, `16 KB`, `1.2 MB`: as the card says it (js/lib/size.ts)."""
    number, units = float(max(0, size)), ["B", "KB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number /= 1000
        units.pop(0)
    return f"{number:.0f} {units[0]}" if units[0] == "B" or number >= 9.95 else f"{number:.1f} {units[0]}"


def left_out(skipped: tuple[object, ...], most: int = 5) -> list[str]:
    """Lines that name the first of what was left out."""
    lines = [f"  skipped {one_line(str(one))}" for one in skipped[:most]]
    return lines if len(skipped) <= most else [*lines, f"  and {len(skipped) - most:,} more, see .skipped"]
