"""Offline runs of W&B: `wandb/offline-run-*/run-*.wandb`, and the files beside each.

History becomes metrics (and pictures, sounds, tables, histograms at their steps), config becomes params, project the
experiment. A run without an exit record was killed.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.tracking.values import param_text
from inlay.transfer.paths import digest_of, files_below, inside
from inlay.transfer.records import (
    About,
    Environment,
    Experiment,
    File,
    Histogram,
    Listing,
    Output,
    Param,
    Points,
    Skipped,
    SourceRun,
)
from inlay.transfer.wandb_records import record_type, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inlay.transfer.records import Item

_A_PAGE = 200_000
_TAIL = 64 * 1024
_MEDIA = {"image-file": "image", "audio-file": "audio", "html-file": "html", "table-file": "json"}
_INTERNAL = ("_step", "_timestamp", "_runtime", "_wandb")


def list_runs(source: Path) -> Listing:
    """The offline runs at `source`: a `.wandb` file, the folder of a run, or the folder `wandb` with many.

    Raises `ImportError` saying what to install.
    """
    record_type()
    files = [source] if source.is_file() else [*source.glob("run-*.wandb"), *source.glob("*run-*/run-*.wandb")]
    runs, skipped = [], []
    for file in sorted(files):
        if file.parent.is_symlink() and source not in (file, file.parent):
            continue  # `latest-run`
        try:
            runs.append(_listed(file))
        except (OSError, ValueError) as error:
            skipped.append(Skipped(str(file), str(error)))
    return Listing("wandb", str(source), runs, skipped)


def _listed(file: Path) -> SourceRun:
    head = next((record.run for record in records(file) if record.WhichOneof("record_type") == "run"), None)
    if head is None:
        msg = "it has no run in it; it was killed before anything was written"
        raise ValueError(msg)
    started = _seconds(head.start_time)
    run_id = f"{head.project}/{head.run_id}"
    reading = _Reading(file, started)
    digest = digest_of(file.stat().st_size, [path.name for path in sorted((file.parent / "files").glob("*"))])
    return SourceRun(run_id, started, digest, f"run {head.display_name or head.run_id}", reading.items)


@dataclass(slots=True)
class _Reading:
    """A run being read."""

    file: Path
    started: float
    ended: float = 0.0
    head: Any = None
    exit_code: int | None = None
    steps: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    points: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)
    logged: set[str] = field(default_factory=set)
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=5000))
    printed_bytes: int = 0
    environment: dict[str, Any] = field(default_factory=dict)
    stats: int = 0

    def items(self) -> Iterator[Item]:
        self.__init__(self.file, self.started)  # type: ignore[misc]  # read again
        for record in records(self.file):
            yield from self._record(record)
        yield from self._from_summary()
        for key, rows in self.points.items():
            yield _points(key, rows)
        yield from self._from_files()
        yield self._about()

    def _record(self, record: Any) -> Iterator[Item]:  # noqa: C901 - one branch for each kind
        kind = record.WhichOneof("record_type")
        if kind == "history":
            yield from self._history(record.history)
        elif kind == "summary":
            _update(self.summary, record.summary.update)
            for item in record.summary.remove:
                self.summary.pop(item.key, None)
        elif kind == "run":
            self.head = record.run
            _update(self.config, record.run.config.update)
            _update(self.summary, record.run.summary.update)
        elif kind == "config":
            _update(self.config, record.config.update)
            for item in record.config.remove:
                self.config.pop(item.key, None)
        elif kind == "exit":
            self.exit_code = record.exit.exit_code
            self.ended = max(self.ended, self.started + record.exit.runtime)
        elif kind == "stats":
            self._system(record.stats)
        elif kind == "output_raw":
            self._printed(record.output_raw.line, _seconds(record.output_raw.timestamp))
        elif kind == "environment":
            self._surroundings(record.environment)

    def _history(self, history: Any) -> Iterator[Item]:
        values: dict[str, Any] = {}
        _update(values, history.item)
        step = values.get("_step", history.step.num)
        step = int(step) if isinstance(step, (int, float)) else self.steps
        time = values.get("_timestamp")
        time = float(time) if isinstance(time, (int, float)) else self.started
        self.steps, self.ended = step, max(self.ended, time)
        for key, value in _leaves({key: value for key, value in values.items() if key not in _INTERNAL}):
            self.logged.add(key)
            if isinstance(value, dict):
                yield from self._media(key, value, step, time)
            elif isinstance(value, (int, float)):
                yield from self._point(key, step, time, float(value))

    def _point(self, key: str, step: int, time: float, value: float) -> Iterator[Points]:
        rows = self.points.setdefault(key, [])
        rows.append((step, time, value))
        if len(rows) >= _A_PAGE:
            yield _points(key, rows)
            self.points[key] = []

    def _media(self, key: str, value: dict[str, Any], step: int, time: float) -> Iterator[Item]:
        kind = value["_type"]
        if kind == "histogram":
            histogram = _histogram(key, value, step, time)
            yield histogram if histogram is not None else Skipped(f"histogram {key}", "it has no edges")
            return
        if kind == "images/separated":
            paths = [name for name in value.get("filenames") or () if isinstance(name, str)]
            ours = "image"
        else:
            path_ = value.get("path")
            paths, ours = [path_] if isinstance(path_, str) else [], _MEDIA.get(kind, "file")
        for place, relative in enumerate(paths):
            path = inside(self.file.parent / "files", relative)
            if path is None:
                yield Skipped(f"{key} at step {step}", f"there is no file {relative!r} in the run's folder")
                continue
            series = f"{key}/{place}" if place else key
            ending = "".join(path.suffixes[-2:]) if kind == "table-file" else path.suffix
            yield File(f"{series}/{step:08d}{ending}", path, ours, None, series, step, None, time)
        if not paths:
            yield Skipped(f"{key} at step {step}", f"inlay has no place for values of W&B's type {kind!r}")

    def _system(self, stats: Any) -> None:
        time = _seconds(stats.timestamp)
        self.ended = max(self.ended, time)
        for item in stats.item:
            value = _value(item.value_json)
            if isinstance(value, (int, float)):
                self.points.setdefault(f"system/{item.key}", []).append((self.stats, time, float(value)))
        self.stats += 1

    def _printed(self, text: str, time: float) -> None:
        self.printed.append(text)
        self.printed_bytes += len(text.encode("utf-8", "replace"))
        self.ended = max(self.ended, time)

    def _surroundings(self, found: Any) -> None:
        for name in ("os", "python", "program", "host", "code_path", "username"):
            if getattr(found, name, ""):
                self.environment[name] = getattr(found, name)
        for name in ("commit", "remote_url"):
            if getattr(found.git, name, ""):
                self.environment[name] = getattr(found.git, name)

    # -- when all records were read ---------------------------------------------------------------------------

    def _from_summary(self) -> Iterator[Item]:
        """What only the summary has, set by hand: a number is a metric of one point."""
        for key, value in _leaves({key: value for key, value in self.summary.items() if key not in _INTERNAL}):
            if key not in self.logged and isinstance(value, (int, float)):
                yield from self._point(key, self.steps, self.ended or self.started, float(value))

    def _from_files(self) -> Iterator[Item]:
        folder = self.file.parent / "files"
        self.environment = _metadata(inside(folder, "wandb-metadata.json")) | self.environment
        tail = "".join(self.printed)
        output = inside(folder, "output.log")
        if not tail and output is not None:
            tail = output.read_text(encoding="utf-8", errors="replace")
            self.printed_bytes = output.stat().st_size
        if tail:
            yield Output(tail[-_TAIL:], self.printed_bytes)
        said = {name: self.environment.get(name) for name in ("python", "os")}
        yield Environment(said["python"], said["os"], _packages(inside(folder, "requirements.txt")))
        for file in files_below(folder):
            media = isinstance(file, File) and file.path.startswith("media/")
            if not media and not (isinstance(file, File) and file.path == "output.log"):
                yield file

    def _about(self) -> About:
        head = self.head
        tags = dict.fromkeys(head.tags, "true")
        for name, value in (("group", head.run_group), ("job_type", head.job_type), ("sweep", head.sweep_id)):
            if value:
                tags[f"wandb.{name}"] = value
        for key, value in _leaves(self.summary):
            if isinstance(value, str) and not key.startswith("_"):
                tags[f"summary.{key}"] = value
        self.config.pop("_wandb", None)
        params = tuple(Param(key, *param_text(value)) for key, value in _leaves(self.config, whole=False))
        if self.exit_code is None:
            status = "killed"
        else:
            status = {0: "finished", 255: "interrupted"}.get(self.exit_code, "failed")
        program = str(self.environment.get("code_path") or self.environment.get("program") or "")
        remote = self.environment.get("remote_url") or head.git.remote_url
        columns = {
            "exit_code": self.exit_code,
            "host": self.environment.get("host") or head.host or None,
            "user_name": self.environment.get("username"),
            "source_name": program.replace("\\", "/").rpartition("/")[2] or None,
            "source_kind": "notebook" if program.endswith(".ipynb") else "script",
            "git_commit": self.environment.get("commit") or head.git.commit or None,
            "git_remote": remote or None,
        }
        name = head.display_name or head.run_id
        experiment = Experiment(head.project or "uncategorized")
        ended = self.ended or self.started
        return About(experiment, name, status, ended, head.notes or None, None, None, params, tags, columns)


def _points(key: str, rows: list[tuple[int, float, float]]) -> Points:
    steps, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Points(key, np.array(steps, np.int64), np.array(times, np.float64), np.array(values, np.float64))


def _update(into: dict[str, Any], items: Any) -> None:
    """Set what the items say; a nested key is a path of names."""
    for item in items:
        *outer, last = list(item.nested_key) or [item.key]
        place = into
        for name in outer:
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
        place[last] = _value(item.value_json)


def _value(text: str) -> Any:
    """The value of a JSON text; W&B writes the numbers that JSON lacks as words."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return float(value.replace("Infinity", "inf")) if value in ("NaN", "Infinity", "-Infinity") else value


def _leaves(values: dict[str, Any], prefix: str = "", *, whole: bool = True) -> Iterator[tuple[str, Any]]:
    """Key and value of every leaf, names joined by `/`; what is of one of W&B's own types stays `whole`."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value and not (whole and "_type" in value):
            yield from _leaves(value, f"{key}/", whole=whole)
        else:
            yield key, value


def _histogram(key: str, value: dict[str, Any], step: int, time: float) -> Histogram | None:
    counts, edges, packed = value.get("values"), value.get("bins"), value.get("packedBins")
    if isinstance(packed, dict) and counts:
        low, width = float(packed.get("min", 0)), float(packed.get("size", 1))
        edges = [low + width * place for place in range(len(counts) + 1)]
    if not counts or not edges or len(edges) != len(counts) + 1:
        return None
    return Histogram(key, step, time, [float(edge) for edge in edges], [float(count) for count in counts])


def _packages(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    named = (line.partition("==") for line in lines if "==" in line)
    return {name.strip(): version.strip() for name, _, version in named}


def _metadata(path: Path | None) -> dict[str, Any]:
    """Where W&B kept the environment before it had a record for it."""
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
    except (OSError, ValueError):
        return {}
    said = said if isinstance(said, dict) else {}
    git: dict[str, Any] = {}
    if isinstance(said.get("git"), dict):
        git = said["git"]
    named = {name: said.get(name) for name in ("os", "python", "program", "host", "username")}
    named |= {"code_path": said.get("codePath"), "commit": git.get("commit"), "remote_url": git.get("remote")}
    return {name: value for name, value in named.items() if isinstance(value, str) and value}


def _seconds(timestamp: Any) -> float:
    return float(timestamp.seconds + timestamp.nanos / 1e9)
