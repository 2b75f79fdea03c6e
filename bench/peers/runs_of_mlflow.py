"""The questions of `bench/compare.py`, asked of MLflow on SQLite as its documentation asks them.

    python runs_of_mlflow.py FOLDER RUNS

Makes the store first, through MLflow's own calls, then answers a line on standard input, the name of a question, with
the milliseconds it took. Run by the Python of an environment that has MLflow and pandas; nothing of ours is imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}

METRICS, PARAMS, TAGS = 50, 30, 10


def main() -> None:
    """Make, say that it is made, answer."""
    # What MLflow prints must not come between the answers.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import mlflow
    import numpy as np
    from mlflow.entities import Metric, Param, RunTag

    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("bench")
    random = np.random.default_rng(7)
    for i in range(count):
        run_id = client.create_run(experiment, run_name=f"run-{i}").info.run_id
        now = int(time.time() * 1000)
        client.log_batch(
            run_id,
            metrics=[Metric(f"m{k}", float(random.random()), now, 99) for k in range(METRICS)],
            params=[Param(f"p{k}", str(int(random.integers(5)) if k % 3 else f"c{i % 5}")) for k in range(PARAMS)],
            tags=[RunTag(f"t{k}", f"v{int(random.integers(8))}") for k in range(TAGS)],
        )
        client.set_terminated(run_id)

    def found(**asked: object) -> list[object]:
        return list(client.search_runs([experiment], **{"max_results": count, **asked}))

    def frame(**asked: object) -> object:
        return mlflow.search_runs([experiment], **asked)

    def histogram() -> object:
        values = frame()["metrics.m7"]
        return np.histogram(values[np.isfinite(values)], 40)

    questions = {
        "filter": lambda: [run.info.run_name for run in found(filter_string="metrics.m7 > 0.5 and params.p0 != 'c1'")],
        "top": lambda: [run.data.metrics["m7"] for run in found(order_by=["metrics.m7 DESC"], max_results=20)],
        "frame": frame,
        "group": lambda: frame().groupby("params.p0")[[f"metrics.m{k}" for k in range(8)]].agg(["mean", "std"]),
        "page": lambda: found(max_results=60),
        "sort": lambda: found(order_by=["metrics.m9 ASC"], max_results=60),
        "facet": histogram,
    }
    print(json.dumps(mlflow.__version__), file=out, flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        questions[line.strip()]()
        print((time.perf_counter() - started) * 1e3, file=out, flush=True)


if __name__ == "__main__":
    main()
