"""CSV files: one file a run with a column a metric, or the long form with a row a point and many runs in a file.

A column is told by its name: steps, times, the run, the key. A column of words is a param when it always says the same,
and left out otherwise.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.query.attributes import DEFAULT_EXPERIMENT
from inlay.transfer.mlflow_words import param
from inlay.transfer.paths import digest_of
from inlay.transfer.records import About, Experiment, Listing, Points, Skipped, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inlay.transfer.records import Item

_STEPS = ("step", "_step", "global_step", "trainer/global_step", "iteration", "iter", "epoch")
_TIMES = ("_timestamp", "timestamp", "wall_time", "wall time", "time", "datetime")
_RUNS = ("run", "run_id", "run_name", "run name")
_KEYS = ("key", "metric", "name", "tag")
_VALUE = "value"
_A_PAGE = 50_000
_EPOCHS = 1e8
"""Seconds since 1970 in March 1973: a smaller time is one since the start of the run."""
_MILLISECONDS = 1e11


@dataclass(frozen=True, slots=True)
class _Form:
    """Which column is what, by place; `metrics` of the wide form."""

    header: tuple[str, ...]
    delimiter: str
    step: int | None
    time: int | None
    run: int | None = None
    key: int | None = None
    value: int | None = None
    metrics: tuple[int, ...] = ()


def list_runs(source: Path) -> Listing:
    """The runs of a CSV file, or of every one below a folder. Raises `ValueError` for a file that is no table."""
    files = [source] if source.is_file() else _files(source)
    experiment = Experiment(DEFAULT_EXPERIMENT if source.is_file() else source.name or DEFAULT_EXPERIMENT)
    runs: list[SourceRun] = []
    skipped = []
    for file in files:
        try:
            runs += _listed(file, experiment)
        except (OSError, ValueError, csv.Error) as error:
            if source.is_file():
                raise
            skipped.append(Skipped(str(file), str(error)))
    return Listing("csv", str(source), runs, skipped)


def _files(folder: Path) -> list[Path]:
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(here, name) for name in sorted(names) if name.lower().endswith((".csv", ".tsv"))]
    return found


def _listed(file: Path, experiment: Experiment) -> list[SourceRun]:
    """A file's runs. A run goes by the file's name and folder, the header and the first row: all of these stay when
    more is written, and when the folder is moved.
    """
    form = _form(file)
    stat = file.stat()
    digest = digest_of(stat.st_size, stat.st_mtime_ns)
    first = next(_rows(file, form), None)
    if first is None:
        msg = f"{file} has no row below its header"
        raise ValueError(msg)
    called = f"{file.parent.name}/{file.name} {digest_of(form.header, first)[:16]}"
    time = _unix(first[form.time]) if form.time is not None and form.time < len(first) else None
    started = time if time is not None and time >= _EPOCHS else stat.st_mtime
    names = [file.stem] if form.run is None else _runs_in(file, form)
    runs = []
    for name in names:
        reading = _Reading(file, form, experiment, name, started)
        source_id = called if form.run is None else f"{called} {name}"
        runs.append(SourceRun(source_id, started, digest, f"run {name}", reading.items))
    return runs


def _form(file: Path) -> _Form:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        line = text.readline()
    if not line.strip() or "\0" in line:
        msg = f"{file} is no table with names in its first line"
        raise ValueError(msg)
    delimiter = max(",;\t|", key=line.count)
    header = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter)))
    places = {name.lower(): place for place, name in reversed(list(enumerate(header)))}

    def first(names: Sequence[str]) -> int | None:
        return next((places[name] for name in names if name in places), None)

    step, time, run, key, value = first(_STEPS), first(_TIMES), first(_RUNS), first(_KEYS), places.get(_VALUE)
    if key is not None and value is not None:
        return _Form(header, delimiter, step, time, run, key, value)
    taken = {step, time}
    return _Form(header, delimiter, step, time, metrics=tuple(n for n in range(len(header)) if n not in taken))


def _rows(file: Path, form: _Form) -> Iterator[list[str]]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        rows = csv.reader(text, delimiter=form.delimiter)
        next(rows, None)
        yield from (row for row in rows if any(row))


def _runs_in(file: Path, form: _Form) -> list[str]:
    place = form.run or 0
    return list(dict.fromkeys(row[place] for row in _rows(file, form) if place < len(row)))


@dataclass(slots=True)
class _Reading:
    """A run being read."""

    file: Path
    form: _Form
    experiment: Experiment
    name: str
    started: float
    ended: float = 0.0
    row: int = 0
    texts: dict[int, set[str]] = field(default_factory=dict)
    """Of each column with words in it: which ones, as long as there is one."""
    numeric: set[int] = field(default_factory=set)

    def items(self) -> Iterator[Item]:
        self.__init__(self.file, self.form, self.experiment, self.name, self.started)  # type: ignore[misc]  # again
        self.ended = self.started
        rows = _rows(self.file, self.form)
        read = self._wide if self.form.key is None else self._long
        while page := list(islice(rows, _A_PAGE)):
            yield from read(page)
        named = {place: self.form.header[place] or f"column {place + 1}" for place in self.texts}
        params = []
        for place, words in self.texts.items():
            if len(words) == 1 and place not in self.numeric:
                params.append(param(named[place], *words))
            else:
                yield Skipped(f"column {named[place]!r}", "it has words where a metric has numbers")
        yield About(self.experiment, self.name, "finished", self.ended, params=tuple(params))

    def _wide(self, page: list[list[str]]) -> Iterator[Points]:
        width = len(self.form.header)
        columns = list(zip(*(row[:width] + [""] * (width - len(row)) for row in page), strict=True))
        count = len(page)
        steps, whole = self._steps(columns[self.form.step] if self.form.step is not None else None, count)
        times = self._times(columns[self.form.time] if self.form.time is not None else None, count)
        self.row += count
        metrics = self.form.metrics if whole or self.form.step is None else (self.form.step, *self.form.metrics)
        for place in metrics:
            values, there = self._numbers(place, columns[place])
            if there.any():
                self.numeric.add(place)
                yield Points(self._key(place), steps[there], times[there], values[there])

    def _long(self, page: list[list[str]]) -> Iterator[Points]:
        form = self.form
        needed = [place for place in (form.run, form.key, form.value, form.step, form.time) if place is not None]
        rows = [row for row in page if len(row) > max(needed)]
        if form.run is not None:
            rows = [row for row in rows if row[form.run] == self.name]
        by_key: dict[str, list[list[str]]] = {}
        for row in rows:
            by_key.setdefault(row[form.key or 0], []).append(row)
        for key, own in by_key.items():
            steps, _ = self._steps([row[form.step] for row in own] if form.step is not None else None, len(own))
            times = self._times([row[form.time] for row in own] if form.time is not None else None, len(own))
            values, there = self._numbers(form.value or 0, [row[form.value or 0] for row in own])
            if form.step is None:
                self.row += len(own)
            if there.any():
                self.numeric.add(form.value or 0)
                yield Points(key, steps[there], times[there], values[there])

    def _key(self, place: int) -> str:
        """TensorBoard's own download names the column "Value", and the file after the tag."""
        name = self.form.header[place]
        return self.name if name.lower() == _VALUE else name or f"column {place + 1}"

    def _numbers(self, place: int, texts: Sequence[str]) -> tuple[Any, Any]:
        """Values, and which rows have one. An empty cell has none."""
        try:
            values = np.array([text or "nan" for text in texts], np.float64)  # in C, where all are numbers
        except ValueError:
            values = np.array([self._number(place, text) for text in texts], np.float64)
            return values, np.array([_float(text) is not None for text in texts])
        return values, np.array([bool(text) for text in texts])

    def _number(self, place: int, text: str) -> float:
        value = _float(text)
        if value is None and text.strip():
            words = self.texts.setdefault(place, set())
            if len(words) < 2:
                words.add(text.strip())
        return float("nan") if value is None else value

    def _steps(self, texts: Sequence[str] | None, count: int) -> tuple[Any, bool]:
        """Steps, and whether the column has whole numbers only; else rows are counted."""
        rows = np.arange(self.row, self.row + count, dtype=np.int64)
        if texts is None:
            return rows, True
        values = np.array([value if (value := _float(text)) is not None else np.nan for text in texts])
        missing = np.isnan(values)
        if np.any(np.abs(values[~missing]) > 2**53) or np.any(values[~missing] % 1):
            return rows, False
        return np.where(missing, rows, np.where(missing, 0, values)).astype(np.int64), True

    def _times(self, texts: Sequence[str] | None, count: int) -> Any:
        if texts is None:
            return np.full(count, self.started)
        times = np.array([self.started if (time := _unix(text)) is None else time for text in texts])
        times = np.where(times < _EPOCHS, self.started + times, times)
        self.ended = max(self.ended, float(times.max(initial=0)))
        return times


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unix(text: str) -> float | None:
    """Seconds, of a number (also one of milliseconds) or of a date and time, which is UTC where it says no zone."""
    number = _float(text)
    if number is not None:
        if not np.isfinite(number):
            return None
        return number / 1000 if number > _MILLISECONDS else number
    try:
        time = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
