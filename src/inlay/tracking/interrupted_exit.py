"""A program that Ctrl-C ended dies of SIGINT, as without inlay: a loop of the shell around it ends with it.

Python remembers that by a flag, which any code compiled from text clears, and so does many a module that is imported
while a run is ended at the exit. After all that the flag is set again.
"""

from __future__ import annotations

import contextlib
import sys


def die_of_it() -> None:
    """At the exit: where an interrupt ended the program, let it be what it dies of."""
    if getattr(sys, "last_type", None) is not KeyboardInterrupt or hasattr(sys, "ps1"):
        return  # in a terminal the last error was another line's
    with contextlib.suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102 - nothing else sets it
