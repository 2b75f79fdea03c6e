"""Numbers as cards write them, read back: how the tests compare what is shown with what is stored.

At least four digits of a number count on a card, so that is how closely the two must agree.
"""

from __future__ import annotations

import math

# Half a unit of the fourth digit, relative to a number that begins with 1.
CLOSE = 5.1e-4
UNITS = {"M": 1e6, "B": 1e9, "T": 1e12}


def agrees(text: str, value: float) -> bool:
    """Whether a card that shows `text` tells the truth about `value`."""
    return math.isclose(number(text), value, rel_tol=CLOSE, abs_tol=0)


def number(text: str) -> float:
    """`1,234`, `15.10B`, `3.142e-7` as a float."""
    return float(text.replace(",", "").rstrip("".join(UNITS))) * UNITS.get(text[-1:], 1)
