"""The peers, each in a Python of its own: which ones are here, and asking them what their calls cost.

    python bench/peer.py    # makes an environment for each under .venvs/peers, and says which do not install

A peer answers in turns with us (peers/answering.py), so that all of them meet the same machine.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

PACKAGES = {
    "mlflow": ("MLflow on SQLite", ["mlflow-skinny", "sqlalchemy", "alembic", "pandas"]),
    "wandb": ("W&B offline", ["wandb"]),
    "tensorboard": ("TensorBoard", ["tensorboard"]),
    "trackio": ("Trackio", ["trackio"]),
    "aim": ("Aim", ["aim"]),
    "swanlab": ("SwanLab offline", ["swanlab"]),
}
ENVIRONMENTS = Path(__file__).parents[1] / ".venvs" / "peers"
SCRIPTS = Path(__file__).parent / "peers"


class Peer:
    """A tracker, told by lines what to measure."""

    def __init__(self, name: str, python: str, script: str, *arguments: object) -> None:
        self.label = PACKAGES[name][0]
        command = [python, str(SCRIPTS / script), *map(str, arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        answer = self._process.stdout.readline()
        self.version: str = json.loads(answer) if answer else ""
        """Empty when it did not start."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def ask(self, what: str, *more: object) -> float:
        """Of `trackers.py`: microseconds a value (`log_metric`, `log_metrics`: so many calls) or a run (`run`), or
        `bytes` a point. Of `runs_of_mlflow.py`: milliseconds of a question.
        """
        print(what, *more, file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def peers(folder: Path, mlflow: str | None) -> Iterator[list[Peer]]:
    """Those that are here; MLflow from the Python `mlflow`, if given."""
    with contextlib.ExitStack() as opened:
        found = []
        for name in PACKAGES:
            python = _python(name, mlflow)
            if not Path(python).exists():
                continue
            peer = opened.enter_context(Peer(name, python, "trackers.py", name, folder / name))
            if peer.version:
                found.append(peer)
        yield found


@contextlib.contextmanager
def runs_of_mlflow(folder: Path, runs: int, mlflow: str | None) -> Iterator[Peer | None]:
    """MLflow with so many runs on SQLite, from the Python `mlflow` if given; None where there is none."""
    python = _python("mlflow", mlflow)
    if not Path(python).exists():
        yield None
        return
    with Peer("mlflow", python, "runs_of_mlflow.py", folder, runs) as peer:
        yield peer if peer.version else None


def _python(name: str, mlflow: str | None) -> str:
    return mlflow if name == "mlflow" and mlflow else str(ENVIRONMENTS / name / "bin" / "python")


def install() -> None:
    """An environment for each peer that installs here."""
    for name, (label, packages) in PACKAGES.items():
        place = ENVIRONMENTS / name
        if (place / ".ready").exists():
            continue
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        command = [place / "bin" / "pip", "install", "--quiet", *packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{label} does not install here: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        else:
            (place / ".ready").touch()


if __name__ == "__main__":
    install()
