"""MLflow on SQLite, measured by `calls.py` from inside the Python that has it.

Reads lines of what to measure and how often from its standard input, and answers each with microseconds a
value. MLflow's tables are made before the first question.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false"}

import mlflow


def log_metric(size: int) -> float:
    began = time.perf_counter()
    for step in range(size):
        mlflow.log_metric("loss", 0.5, step=step)
    return (time.perf_counter() - began) / size


def log_metrics(size: int) -> float:
    metrics = {f"metric/{i}": i / 7 for i in range(50)}
    began = time.perf_counter()
    for step in range(size):
        mlflow.log_metrics(metrics, step=step)
    return (time.perf_counter() - began) / size / 50


def run(_: int) -> float:
    began = time.perf_counter()
    mlflow.start_run(nested=True)
    mlflow.end_run()
    return time.perf_counter() - began


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir()
    answers, sys.stdout = sys.stdout, sys.stderr
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment("bench")
    with mlflow.start_run():
        print(json.dumps(mlflow.__version__), file=answers, flush=True)
        for line in sys.stdin:
            what, size = line.split()
            seconds = {"log_metric": log_metric, "log_metrics": log_metrics, "run": run}[what](int(size))
            print(json.dumps(seconds * 1e6), file=answers, flush=True)


main()
