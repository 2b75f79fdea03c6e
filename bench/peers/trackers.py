"""The words of each peer: how its documentation opens a run, logs to it, and ends it, everything kept on this machine.

    python trackers.py NAME FOLDER

Run by the Python of an environment that has the peer; nothing of ours is imported.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answering import Tracker, answer

if TYPE_CHECKING:
    from collections.abc import Mapping


class MLflow(Tracker):
    """On SQLite, its default store."""

    def begin(self, folder: Path) -> None:
        import mlflow

        self._mlflow = mlflow
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.start_run()

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        if len(metrics) == 1:
            ((key, value),) = metrics.items()
            self._mlflow.log_metric(key, value, step=step)
        else:
            self._mlflow.log_metrics(dict(metrics), step=step)

    def end(self) -> None:
        self._mlflow.end_run()


class WandB(Tracker):
    """Offline: into a file that is uploaded later. Steps must grow, so they are counted on."""

    def begin(self, folder: Path) -> None:
        import wandb

        self._run: Any = wandb.init(project="bench", dir=folder, mode="offline")

    def log(self, metrics: Mapping[str, float], step: int) -> None:  # noqa: ARG002 - a lower one would be dropped
        self._run.log(metrics)

    def end(self) -> None:
        self._run.finish()


class TensorBoard(Tracker):
    """Event files, as PyTorch's `SummaryWriter` writes them, by TensorBoard's own writer."""

    _count = 0

    def begin(self, folder: Path) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        TensorBoard._count += 1
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._writer = EventFileWriter(str(folder / f"run-{self._count}"))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        from time import time

        for key, value in metrics.items():
            summary = self._summary(value=[self._summary.Value(tag=key, simple_value=value)])
            self._writer.add_event(self._event(wall_time=time(), step=step, summary=summary))

    def end(self) -> None:
        self._writer.close()


class Trackio(Tracker):
    """Into SQLite, without its dashboard."""

    def begin(self, folder: Path) -> None:
        import os

        os.environ["TRACKIO_DIR"] = str(folder)
        import trackio

        self._trackio = trackio
        trackio.init(project="bench", embed=False)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        self._trackio.log(dict(metrics), step=step)

    def end(self) -> None:
        self._trackio.finish()


class Aim(Tracker):
    """Into RocksDB."""

    def begin(self, folder: Path) -> None:
        from aim import Run

        self._run: Any = Run(repo=str(folder), experiment="bench", system_tracking_interval=None)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        self._run.track(dict(metrics), step=step)

    def end(self) -> None:
        self._run.close()


class SwanLab(Tracker):
    """Offline, into files that its board reads."""

    def begin(self, folder: Path) -> None:
        import swanlab

        self._swanlab = swanlab
        swanlab.init(project="bench", logdir=str(folder / "swanlog"), mode="offline")

    def log(self, metrics: Mapping[str, float], step: int) -> None:  # noqa: ARG002 - a lower one would be dropped
        self._swanlab.log(dict(metrics))

    def end(self) -> None:
        self._swanlab.finish()


TRACKERS: dict[str, tuple[str, type[Tracker]]] = {
    "mlflow": ("mlflow-skinny", MLflow),
    "wandb": ("wandb", WandB),
    "tensorboard": ("tensorboard", TensorBoard),
    "trackio": ("trackio", Trackio),
    "aim": ("aim", Aim),
    "swanlab": ("swanlab", SwanLab),
}

if __name__ == "__main__":
    package, tracker = TRACKERS[sys.argv[1]]
    answer(package, Path(sys.argv[2]), tracker())
