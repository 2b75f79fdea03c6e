"""What is said to the user beside what is done: a warning at the line of theirs that caused it, whoever called whom.

Threads of ours have no such line, and nobody there who could catch a warning that was made an error.
"""

from __future__ import annotations

import sys
import warnings


def say(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside of inlay."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - `warnings` can skip files by itself since Python 3.12
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "inlay":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def say_from_thread(message: str) -> None:
    """Warn from a thread of ours, which goes on: where warnings are errors, the message is printed."""
    try:
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    except RuntimeWarning:
        print(f"RuntimeWarning: {message}", file=sys.stderr)  # noqa: T201
