"""What the live card costs the loop it draws: 20,000 logged steps under a kernel, with the card and with --quiet.

A real kernel executes the same tracked cell in turns, with the card and without. Counted is the CPU time of the
kernel's main thread, in the loop and over the whole cell, its start and end included; the thread that draws
is not the loop's, but what it makes the loop wait for shows in the wall time beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

from figures import Figure, in_turns, progress, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Self

# Some 60 µs of work a step, a small model's: the loop has to last for the card to be redrawn.
CELL = """\
%%track {options}
import math, time
began, wall = time.thread_time(), time.perf_counter()
for step in range({steps}):
    loss = sum(math.exp(-i / (step + 1)) for i in range(400))
    run_log({{"train/loss": loss, "val/loss": loss * 1.1, "accuracy": 1 - 1 / (step + 1)}}, step=step)
loop = time.thread_time() - began, time.perf_counter() - wall
"""
READY = "%load_ext inlay\nimport inlay, json, time\nrun_log = inlay.log\n"
BEFORE = "before = time.thread_time()"
AFTER = "print(json.dumps([*loop, time.thread_time() - before]))"


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """The same cell in turns; as many runs as rounds pile up in one kernel, as in a long session."""
    steps = 2_000 if quick else 20_000
    progress(f"a tracked cell of {steps:,} steps, with its card and without")
    with Kernel(folder) as kernel:
        kernel.execute(READY)
        loops: dict[str, list[tuple[float, ...]]] = {"card": [], "quiet": []}

        def measure(kind: str, options: str) -> Callable[[], float]:
            def once() -> float:
                kernel.execute(BEFORE)
                kernel.execute(CELL.format(options=options, steps=steps))
                assert (kernel.shown["display_data"] > 0) == (kind == "card"), kernel.shown
                taken = tuple(json.loads(kernel.execute(AFTER)))
                loops[kind].append(taken)
                return taken[0]

            return once

        in_turns({"card": measure("card", "seen"), "quiet": measure("quiet", "unseen --quiet")}, 3 if quick else 15)
    for place, what, bar in ((0, "the loop", 1.10), (2, "the whole cell", None)):
        card, quiet = ([one[place] for one in loops[kind][1:]] for kind in ("card", "quiet"))
        times = ratio(card, quiet)
        yield Figure(
            f"live card, {what}: main thread's CPU", f"{median(card) * 1e3:.0f} ms",
            f"--quiet {median(quiet) * 1e3:.0f} ms: {times - 1:+.1%}",
            "<= +10%" if bar else "", times <= bar if bar and not quick else None,
        )  # fmt: skip
    walls = [[one[1] for one in loops[kind][1:]] for kind in ("card", "quiet")]
    yield Figure(
        "live card, the loop: wall time", f"{median(walls[0]) * 1e3:.0f} ms",
        f"--quiet {median(walls[1]) * 1e3:.0f} ms: {ratio(*walls) - 1:+.1%}",
    )  # fmt: skip


class Kernel:
    """A kernel of this Python in a folder of its own, spoken to as a notebook would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "kernel"
        self.shown: Counter[str] = Counter()
        """Messages of each type that the last cell sent."""

    def __enter__(self) -> Self:
        from jupyter_client.manager import start_new_kernel

        self._folder.mkdir()
        store = {"INLAY_STORE": str(self._folder / ".inlay")}
        self._manager, self._client = start_new_kernel(
            cwd=str(self._folder), env={**os.environ, **store}, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def execute(self, code: str) -> str:
        """What the cell printed; raises `RuntimeError` with the traceback when it failed."""
        printed: list[str] = []
        self.shown.clear()

        def take(message: dict[str, Any]) -> None:
            self.shown[message["msg_type"]] += 1
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(code, output_hook=take, timeout=600)["content"]
        if reply["status"] != "ok":
            raise RuntimeError("\n".join(reply["traceback"]))
        return "".join(printed)
