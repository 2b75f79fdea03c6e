"""What `inlay demo` makes: example runs of a few days, and a notebook that walks through them.

The runs are told to the journal like all others, only with times that have passed; their curves are made up.
"""

from __future__ import annotations

import json
import math
import random
import time
from typing import TYPE_CHECKING, Any

from inlay.store.identity import derived_id
from inlay.store.journal.slots import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inlay.store.journal.writer import Writer
    from inlay.store.store import Store

_MODELS = ("logistic", "forest", "boosting")
_STEPS = 40
_HOURS_APART = 5


def example_runs(store: Store) -> int:
    """Record the example runs; returns how many."""
    from inlay.store.journal.slots import POINT
    from inlay.store.upkeep import writer_of
    from inlay.tracking.values import param_text

    writer = writer_of(store)
    examples = list(_examples())
    for example in examples:
        run_id, started = example["run"], example["started"]
        writer.event(
            Kind.RUN_START,
            {"run": run_id, "name": example["name"], "experiment": "churn", "time": started, "note": example["note"],
             "source_kind": "notebook", "source_name": "tour.ipynb", "notebook": "tour.ipynb"},
            at=started,
        )  # fmt: skip
        params = {key: param_text(value) for key, value in example["params"].items()}
        writer.event(Kind.PARAM, {"run": run_id, "params": params}, at=started)
        writer.event(Kind.TAG, {"run": run_id, "tags": {"team": "growth", "example": "yes"}}, at=started)
        for key, values in example["curves"].items():
            (number,) = writer.define(run_id, [key])
            points = [(started + 3.0 * (step + 1), value, step, number) for step, value in enumerate(values)]
            writer.append_points(b"".join(POINT.pack(*point) for point in points))
        _end(writer, example, started + 3.0 * (len(values) + 1))
        writer.forget(run_id)
    return len(examples)


def _end(writer: Writer, example: dict[str, Any], ended: float) -> None:
    error = {}
    if example["status"] == "failed":
        line = "MemoryError: cannot hold 4,096 trees of depth 64"
        error = {"error_type": "MemoryError", "error_message": line.partition(": ")[2],
                 "traceback": f"Traceback (most recent call last):\n{line}\n"}  # fmt: skip
    body = {"run": example["run"], "status": example["status"], "time": ended} | error
    writer.event(Kind.RUN_END, body, at=ended)


def _examples() -> Iterator[dict[str, Any]]:
    """Three models with four learning rates each: one ran out of memory, one was stopped."""
    chance = random.Random(7)  # noqa: S311 - the same pictures each time
    now = time.time()
    for number in range(12):
        model, rate = _MODELS[number % 3], (0.3, 0.1, 0.03, 0.01)[number // 3]
        started = now - (12 - number) * _HOURS_APART * 3600 - chance.random() * 3600
        status = {7: "failed", 9: "interrupted"}.get(number, "finished")
        steps = _STEPS if status == "finished" else chance.randrange(8, 20)
        yield {
            "run": derived_id(int(started * 1000), f"inlay demo {number} {started}"),
            "name": f"{model}-{number // 3 + 1}",
            "started": started,
            "status": status,
            "params": {"model": model, "lr": rate, "seed": number, "rows": 120_394},
            "note": "the one in production" if number == 5 else "",
            "curves": _curves(chance, _MODELS.index(model), rate, steps),
        }


def _curves(chance: random.Random, quality: int, rate: float, steps: int) -> dict[str, list[float]]:
    pace = 0.02 + rate / 3
    floor = 0.42 - 0.05 * quality + 0.1 * max(0.0, rate - 0.15)
    train = [floor * 0.8 + 0.5 * math.exp(-pace * step) + chance.gauss(0, 0.004) for step in range(steps)]
    held = [
        floor + 0.45 * math.exp(-pace * step) + rate * step * 0.0008 + chance.gauss(0, 0.006) for step in range(steps)
    ]
    return {"train/loss": train, "val/loss": held, "val/auc": [1 - value * 0.45 for value in held]}


# -- the notebook -------------------------------------------------------------------------------------------

_TOUR = (
    ("markdown", """
# A tour of inlay

Twelve example runs lie beside this notebook, in `.inlay`. Run the cells one after another; nothing leaves this machine.
"""),
    ("code", "import inlay\n\n%load_ext inlay"),
    ("markdown", """
## Find runs

By params, metrics, tags and attributes; MLflow's filters work unchanged.
"""),
    ("code", "inlay.runs(\"metrics.val/auc > 0.8 and (params.lr < 0.2 or tags.team = 'research')\")"),
    ("code", 'best = inlay.runs("status = \'finished\'", order_by="metrics.val/auc DESC", limit=1)[0]\nbest.params'),
    ("markdown", """
## Look at one

A run as the last line of a cell is its card: drag over a curve to zoom, double click to go back.
"""),
    ("code", "best"),
    ("markdown", """
## Record your own

`%%track` makes a cell a run. The curves move while it runs, and `rate` and `epochs` are kept as its params.
"""),
    ("code", """
%%track mine -e churn
import math
import time

rate = 0.2
epochs = 30

for epoch in inlay.progress(range(epochs), desc="epochs"):
    time.sleep(0.05)
    inlay.log({"val/loss": 0.3 + 0.45 * math.exp(-rate * epoch)}, step=epoch)
"""),
    ("markdown", """
## Ask anything

Everything is SQL, over one DuckDB file.
"""),
    ("code", '''
inlay.sql("""
    SELECT params.value AS model, count(*) AS runs, round(max(summary.max), 3) AS best_auc
    FROM metric_summary summary
    JOIN params USING (run_id)
    WHERE summary.key = 'val/auc' AND params.key = 'model'
    GROUP BY 1 ORDER BY best_auc DESC
""").fetchall()
'''),
    ("markdown", """
On the command line, in this folder: `inlay runs`, `inlay show boosting-2`, `inlay --help`.
"""),
)  # fmt: skip


def tour() -> dict[str, Any]:
    """The notebook, as its file has it."""
    cells = []
    for number, (kind, text) in enumerate(_TOUR):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"tour-{number:02}",
            "metadata": {},
            "source": text.strip("\n").splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write_tour(path: Path) -> None:
    """Write the notebook. Raises `OSError`, also when there is such a file."""
    with path.open("x", encoding="utf-8") as file:
        json.dump(tour(), file, indent=1)
        file.write("\n")
