"""TensorBoard's event files: a run is a folder that holds some, as TensorBoard sees it.

Several files of one run (restarts) are read one after the other and all their points are kept; TensorBoard would hide
those that a restart went over again.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.tracking.values import param_text
from inlay.transfer.event_records import Damage, event_type, events
from inlay.transfer.paths import digest_of
from inlay.transfer.records import (
    About,
    Experiment,
    File,
    Histogram,
    Listing,
    Param,
    Points,
    Skipped,
    SourceRun,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inlay.transfer.records import Item

_SIGN = ".tfevents."
_A_PAGE = 200_000
_STATUSES = {1: "finished", 2: "failed", 3: "killed"}
"""By the number of TensorBoard's hparams status: success, failure, running."""


def list_runs(source: Path) -> Listing:
    """The runs below a log folder, or the one that an event file belongs to.

    Raises `ImportError` saying what to install.
    """
    event_type()
    root = source if source.is_dir() else source.parent
    folders = _event_folders(root) if source.is_dir() else {root: [source]}
    runs, skipped = [], []
    for folder, files in sorted(folders.items()):
        try:
            runs.append(_listed(root, folder, sorted(files)))
        except (Damage, OSError, ValueError) as error:
            skipped.append(Skipped(str(folder), str(error)))
    return Listing("tensorboard", str(source), runs, skipped)


def _event_folders(root: Path) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for here, folders, names in os.walk(root):
        folders.sort()
        files = [Path(here, name) for name in names if _SIGN in name and not name.endswith(".profile-empty")]
        if files:
            found[Path(here)] = files
    return found


def _listed(root: Path, folder: Path, files: list[Path]) -> SourceRun:
    """A run goes by the name of its first event file, which tells when, where and by which process it was made."""
    first = next((event for file in files for event in events(file)), None)
    if first is None:
        msg = "there is no event in it"
        raise ValueError(msg)
    inner = folder.relative_to(root).as_posix()
    name, experiment = (inner, root.name) if inner != "." else (folder.name, folder.parent.name)
    sizes = [(file.name, file.stat().st_size) for file in files]
    source_id = f"{files[0].name} {first.wall_time!r}"
    run = _Reading(name or "run", experiment or "tensorboard", files, first.wall_time)
    return SourceRun(source_id, first.wall_time, digest_of(sizes), f"run {name}", run.items)


@dataclass(slots=True)
class _Series:
    """Points of one tag that were not handed on yet."""

    step: array[int] = field(default_factory=lambda: array("q"))
    time: array[float] = field(default_factory=lambda: array("d"))
    value: array[float] = field(default_factory=lambda: array("d"))

    def points(self, key: str) -> Points:
        return Points(key, np.array(self.step), np.array(self.time), np.array(self.value))


@dataclass(slots=True)
class _Reading:
    """A run being read. What a tag holds is said with its first value only."""

    name: str
    experiment: str
    files: list[Path]
    started: float
    ended: float = 0.0
    status: str = "finished"
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    series: dict[str, _Series] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)

    def items(self) -> Iterator[Item]:
        self.__init__(self.name, self.experiment, self.files, self.started)  # type: ignore[misc]  # read again
        for file in self.files:
            try:
                for event in events(file):
                    self.ended = max(self.ended, event.wall_time)
                    for value in event.summary.value:
                        yield from self._value(event, value)
            except Damage as damage:
                yield Skipped(file.name, str(damage))
        for key, series in self.series.items():
            yield series.points(key)
        for plugin, count in self.unknown.items():
            yield Skipped(f"{count:,} values of the plugin {plugin!r}", "inlay has no place for them")
        params = tuple(Param(key, *param_text(value)) for key, value in self.params.items())
        experiment = Experiment(self.experiment)
        yield About(experiment, self.name, self.status, self.ended, params=params, tags=self.tags)

    def _value(self, event: Any, value: Any) -> Iterator[Item]:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            yield from self._point(event, value.tag, value.simple_value)
            return
        plugin = value.metadata.plugin_data.plugin_name
        if plugin:
            self.plugins[value.tag] = plugin
        plugin = self.plugins.get(value.tag, "")
        if plugin == "hparams":
            self._hparams(value.metadata.plugin_data.content)
        elif kind == "histo":
            yield _histogram(event, value.tag, value.histo)
        elif kind == "image":
            yield _media(event, value.tag, value.image.encoded_image_string, "image", 0)
        elif kind == "audio":
            yield _media(event, value.tag, value.audio.encoded_audio_string, "audio", 0)
        elif kind == "tensor":
            yield from self._tensor(event, value, plugin)

    def _point(self, event: Any, key: str, value: float) -> Iterator[Points]:
        series = self.series.setdefault(key, _Series())
        series.step.append(event.step)
        series.time.append(event.wall_time)
        series.value.append(value)
        if len(series.step) >= _A_PAGE:
            yield series.points(key)
            self.series[key] = _Series()

    def _tensor(self, event: Any, value: Any, plugin: str) -> Iterator[Item]:
        content = import_module("tensorboard.util.tensor_util").make_ndarray(value.tensor)
        if plugin == "scalars" or (not plugin and content.size == 1 and content.dtype.kind in "fiub"):
            yield from self._point(event, value.tag, float(content.reshape(-1)[0]))
        elif plugin == "images":
            for place, data in enumerate(content.reshape(-1)[2:]):  # width and height come first
                yield _media(event, value.tag, data, "image", place)
        elif plugin == "audio":
            for place, data in enumerate(content.reshape(len(content), -1)[:, 0]):
                yield _media(event, value.tag, data, "audio", place)
        elif plugin == "histograms":
            yield _buckets(event, value.tag, content)
        elif plugin == "text":
            lines = [part.decode("utf-8", "replace") for part in content.reshape(-1).tolist()]
            text = "\n\n".join(lines).encode()
            path = f"{value.tag}/{event.step:08d}.md"
            yield File(path, text, "text", "text/markdown", value.tag, event.step, None, event.wall_time)
        else:
            self.unknown[plugin or "tensor"] += 1

    def _hparams(self, content: bytes) -> None:
        data = import_module("tensorboard.plugins.hparams.plugin_data_pb2").HParamsPluginData.FromString(content)
        start = data.session_start_info
        for key, value in start.hparams.items():
            self.params[key] = _plain(value)
        if start.group_name:
            self.tags["tensorboard.group"] = start.group_name
        if data.HasField("session_end_info"):
            self.status = _STATUSES.get(data.session_end_info.status, self.status)


def _plain(value: Any) -> Any:
    """A hparam: protobuf has no whole numbers, so that one without a fraction is taken for whole."""
    kind = value.WhichOneof("kind")
    plain = getattr(value, kind) if kind in ("number_value", "string_value", "bool_value") else None
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _media(event: Any, tag: str, data: bytes, kind: str, place: int) -> File:
    """A picture or a sound at a step; the second and further ones of a step are a series of their own."""
    key = f"{tag}/{place}" if place else tag
    ending = "wav" if kind == "audio" else _picture_ending(data)
    return File(f"{key}/{event.step:08d}.{ending}", bytes(data), kind, None, key, event.step, None, event.wall_time)


def _picture_ending(data: bytes) -> str:
    signs = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"))
    return next((ending for sign, ending in signs if data.startswith(sign)), "img")


def _histogram(event: Any, tag: str, histo: Any) -> Histogram:
    """The older form: each bucket's upper limit, of which the outermost are as far as floats go."""
    limits = np.clip(np.array(histo.bucket_limit, np.float64), histo.min, max(histo.max, histo.min))
    edges = [float(histo.min), *limits.tolist()]
    return Histogram(tag, event.step, event.wall_time, edges, list(histo.bucket))


def _buckets(event: Any, tag: str, content: Any) -> Histogram:
    """The newer form: an array (k, 3) of left edge, right edge and count."""
    rows = content.reshape(-1, 3).astype(np.float64)
    edges = [*rows[:1, 0].tolist(), *rows[:, 1].tolist()]
    return Histogram(tag, event.step, event.wall_time, edges, rows[:, 2].tolist())
