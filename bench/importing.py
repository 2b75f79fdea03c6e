"""What `import inlay` costs a script: time over a bare Python, and libraries that come with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from figures import Figure, milliseconds, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = ("pandas", "altair", "anywidget", "duckdb", "numpy", "opentelemetry")


def figures(*, quick: bool) -> Iterator[Figure]:
    """The import, in turns with a Python that imports nothing."""
    progress("import inlay")
    turns = [(_ask("pass"), _ask("import inlay")) for _ in range(5 if quick else 21)]
    more = [(ours[0] - bare[0], ours[1] - bare[1]) for bare, ours in turns]
    yield milliseconds("import inlay, over bare Python", more, 60)
    code = f"import inlay, sys; print(*[name for name in {SLOW} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    yield Figure(f"loads of {', '.join(SLOW)}", loaded or "none", bar="none", holds=not loaded)


def _ask(code: str) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time of a Python that runs `code`."""
    cpu, wall = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    spent = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    return spent * 1e3, (time.perf_counter() - wall) * 1e3
