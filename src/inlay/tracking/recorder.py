"""The hot path: metrics of one run into the journal.

`log_metric` and `log` cost a few list appends, because in the ordinary case (a number, a key seen before) they
are one dictionary lookup, one struct packing and one copy into a memory map, without a lock. Whatever is not
ordinary raises on the way and is done again, carefully, under a lock.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
from itertools import count
from time import time
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.store.journal.slots import EARLIEST, LATEST, MAX_SLOTS_PER_WRITE, POINT
from inlay.tracking import values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inlay.store.journal.slots import Kind
    from inlay.store.journal.writer import Writer
    from inlay.store.store import Store

_pack = POINT.pack
_PLAIN: dict[type, type[float]] = {float: float, int: float, bool: float}
"""Types whose values may be packed without a closer look; NumPy's scalars join when one was logged."""
_FEW = 12
"""Metrics in one `log` up to which packing them one by one is quicker: 0.7 µs for two, where a row takes 1.4."""
_MANY_ROWS = 1000
"""Sets of keys remembered: a program that logs ever new ones must not fill the memory with them."""


class Series:
    """One metric of the run in this process's stream, and the next step of a point logged without one.

    `take` counts in one step under the GIL, so two threads never get the same number; it is valid while `last`
    is None. Where the last point came with a step, `last` is that step.
    """

    __slots__ = ("id", "last", "take")

    def __init__(self, series_id: int, next_step: int) -> None:
        self.id = series_id
        self.last: int | None = None
        self.take = count(next_step).__next__

    def next(self) -> int:
        """The next step; where threads may be counting, the caller holds the recorder's lock."""
        if self.last is not None:
            self.take = count(int(self.last) + 1).__next__
            self.last = None
        return self.take()


class _Row:
    """The same keys logged together again and again: their slots, packed in one go.

    `blank` holds time, value, step and series id of each key; only the ids are filled in for good.
    """

    __slots__ = ("blank", "pack", "series")

    def __init__(self, series: list[Series]) -> None:
        self.series = series
        self.pack = struct.Struct("<" + "ddqq" * len(series)).pack
        self.blank: list[Any] = [0.0, 0.0, 0, 0] * len(series)
        self.blank[3::4] = [one.id for one in series]

    def packed(self, numbers: list[float], steps: list[int]) -> bytes:
        slots = self.blank[:]
        slots[0::4] = [time()] * len(numbers)
        slots[1::4] = numbers
        slots[2::4] = steps
        return self.pack(*slots)


class Recorder:
    """Writes one run's records into this process's stream."""

    def __init__(
        self, run_id: str, store: Store, steps: Mapping[str, int] | None = None, *, joined: bool = False
    ) -> None:
        """`steps` holds the next step of metrics logged before, when the run is resumed. `joined` says that another
        process began the run; then the stream is opened with the first record.
        """
        self.run_id = run_id
        self.store = store
        self.series: dict[str, Series] = {}
        self._rows: dict[tuple[str, ...], _Row] = {}
        self._steps = dict(steps or {})
        self._lock = threading.RLock()
        self._pid = 0 if joined else os.getpid()
        self._closed: str | None = None
        self.leaving = False
        """The interpreter goes away: what other threads still log is dropped, for nobody could act on an error."""
        self._keys: dict[int, str] = {}
        self._writer: Writer | None = None
        self.resumed = steps is not None
        self.began_at = (1, 0) if joined else self.writer.position()
        """Segment and offset in the stream behind which the run's points lie."""
        self.began_at_time = time()

    def keys_by_id(self) -> dict[int, str]:
        """The metric of each series id in the stream; what was logged stays known after the end."""
        return self._keys or {one.id: key for key, one in list(self.series.items())}

    @property
    def writer(self) -> Writer:
        """This process's stream; a forked child finds its own."""
        if self._writer is None:
            from inlay.store.upkeep import writer_of

            if self._pid == 0:
                self.store.refuse_deleted()  # handed over to another machine, perhaps
            self._writer = writer_of(self.store)
        return self._writer

    @property
    def foreign(self) -> bool:
        """Whether another process began the run: the one this was forked from, or one that handed the run over."""
        return self._pid != os.getpid()

    def __reduce__(self) -> tuple[Any, ...]:
        """Handed over with `run.log`, which is a method of this."""
        from inlay.tracking.joined import recorder_of

        return recorder_of, (self.store, self.run_id)

    # -- metrics --------------------------------------------------------------------------------------------

    def log_metric(self, key: str, value: Any, step: int | None = None) -> None:
        """See `Run.log_metric`."""
        try:
            series = self.series[key]
            if type(value) is not float:
                value = _PLAIN[type(value)](value)
            if step is not None:
                write = self._writer.write  # type: ignore[union-attr]  # on a line of its own: 15 ns less
                write(_pack(time(), value, step, series.id))
                series.last = step
                return
            if series.last is None:
                record = _pack(time(), value, series.take(), series.id)
                try:
                    self._writer.write(record)  # type: ignore[union-attr]
                except ValueError:  # a full segment; the step is taken, so this cannot be done again below
                    self.writer.append(record)
                return
        except Exception:  # noqa: BLE001, S110 - done again below, where every cause has its own answer
            pass
        try:
            self._log_one(key, value, step)
        except (InlayError, RuntimeError):  # the run has ended, or the journal is closed
            if not self.leaving:
                raise

    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """See `Run.log`."""
        try:
            if len(metrics) == 1:
                ((key, value),) = metrics.items()
                self.log_metric(key, value, step)
                return
            if step is not None and not _FEW < len(metrics) <= MAX_SLOTS_PER_WRITE:
                self._log_each(metrics, step)
                return
            row = self._rows[tuple(metrics)]
            numbers = [*metrics.values()]
            if _PLAIN.keys() >= {*map(type, numbers)}:
                if step is None:
                    self._log_counted(row, [*map(float, numbers)])
                    return
                self._writer.write(row.packed(numbers, [step] * len(numbers)))  # type: ignore[union-attr]
                for series in row.series:
                    series.last = step
                return
        except Exception:  # noqa: BLE001, S110 - as above
            pass
        try:
            self._log_many(metrics, step)
        except (InlayError, RuntimeError):
            if not self.leaving:
                raise

    def _log_each(self, metrics: Mapping[str, Any], step: int) -> None:
        """One by one, at one step; raises before anything is written."""
        table, now, points = self.series, time(), []
        for key, value in metrics.items():
            if type(value) not in _PLAIN:
                raise TypeError
            points.append(_pack(now, value, step, table[key].id))
        if len(points) <= MAX_SLOTS_PER_WRITE:
            self._writer.write(b"".join(points))  # type: ignore[union-attr]
        else:
            self.writer.append_points(b"".join(points))
        for key in metrics:
            table[key].last = step

    def _log_counted(self, row: _Row, numbers: list[float]) -> None:
        """Each at the next step of its own."""
        steps = [one.take() if one.last is None else self._next(one) for one in row.series]
        records = row.packed(numbers, steps)
        try:
            self._writer.write(records)  # type: ignore[union-attr]
        except ValueError:  # a full segment; the steps are taken
            self.writer.append(records)

    def _next(self, series: Series) -> int:
        with self._lock:
            return series.next()

    def log_array(self, key: str, values_: Any, steps: Any, times: Any) -> None:
        """See `Run.log_metrics_array`."""
        import numpy as np

        from inlay.store.journal.reader import POINT as SLOTS

        values.check_key(key)
        column = _column(key, "values", values_, np.float64)
        given = None if steps is None else _column(key, "steps", steps, np.int64, len(column))
        clock = None if times is None else _times(key, times, len(column))
        if len(column) == 0:
            return
        slots = np.empty(len(column), SLOTS)
        with self._lock:
            series = self._defined([key])[0]
            if given is None:
                first = series.next()
                given = np.arange(first, first + len(column))
            slots["time"], slots["value"] = time() if clock is None else clock, column
            slots["step"], slots["series"] = given, series.id
            self.writer.append_points(slots.tobytes())
            series.last = int(given[-1])

    def _log_one(self, key: str, value: Any, step: int | None) -> None:
        if isinstance(value, dict):
            self._log_many({key: value}, step)
            return
        values.check_key(key)
        converted = values.number(key, value)
        whole = None if step is None else values.step_number(key, step)
        with self._lock:
            series = self._defined([key])[0]
            at = values.step_number(key, series.next()) if whole is None else whole
            self.writer.append(_pack(time(), converted, at, series.id))
            if whole is not None:
                series.last = whole
        _learn(value)

    def _log_many(self, metrics: Mapping[str, Any], step: int | None) -> None:
        if not hasattr(metrics, "items"):
            msg = f"log takes a dict of metrics, such as {{'loss': 0.1}}; got {metrics!r}"
            raise TypeError(msg)
        flat = values.flat(metrics)
        numbers = {key: values.number(key, value) for key, value in flat.items()}
        if not numbers:
            return
        keys = tuple(numbers)
        whole = None if step is None else values.step_number(keys[0], step)
        with self._lock:
            series = self._defined(keys)
            now, points = time(), []
            for one, value in zip(series, numbers.values(), strict=True):
                at = values.step_number(keys[0], one.next()) if whole is None else whole
                points.append(_pack(now, value, at, one.id))
                if whole is not None:
                    one.last = whole
            self.writer.append_points(b"".join(points))
            if keys == tuple(metrics) and len(keys) <= MAX_SLOTS_PER_WRITE and len(self._rows) < _MANY_ROWS:
                self._rows.setdefault(keys, _Row(series))
        for value in flat.values():
            _learn(value)

    def _defined(self, keys: Sequence[str]) -> list[Series]:
        """The series of these keys, defined in the journal where they are new."""
        if self._closed is not None:
            raise InlayError(self._closed)
        fresh = [key for key in keys if key not in self.series]
        if fresh:
            ids = self.writer.define(self.run_id, fresh)
            for key, series_id in zip(fresh, ids, strict=True):
                self.series[key] = Series(series_id, self._steps.get(key, 0))
        return [self.series[key] for key in keys]

    # -- everything else ------------------------------------------------------------------------------------

    def event(self, kind: Kind, /, **body: Any) -> None:
        """Append an event about this run."""
        self.refuse_closed()
        self.writer.event(kind, {"run": self.run_id, **body})

    def refuse_closed(self) -> None:
        """Raise `InlayError` when the run has ended, for what takes long to prepare."""
        if self._closed is not None:
            raise InlayError(self._closed)

    def close(self, why: str) -> None:
        """Nothing more can be logged; `why` is what whoever tries is told."""
        with self._lock:
            self._closed = why
            self._keys = self.keys_by_id()
            self.series, self._rows = {}, {}
            if self._writer is not None:
                self._writer.forget(self.run_id)

    def after_fork(self) -> None:
        """In a forked child: start over in a stream of its own, with the same next steps."""
        self._lock = threading.RLock()
        self._steps.update({key: series.next() for key, series in self.series.items()})
        self._writer = None
        self.series, self._rows = {}, {}
        self.began_at = (1, 0)


def _learn(value: Any) -> None:
    """A NumPy scalar that was found to be a number: the next of its type takes the fast path."""
    numpy = sys.modules.get("numpy")
    if type(value) not in _PLAIN and numpy is not None and isinstance(value, numpy.generic):
        _PLAIN[type(value)] = float


def _column(key: str, what: str, given: Any, kind: Any, length: int | None = None) -> Any:
    """A one-dimensional array of numbers, of the length of the values."""
    import numpy as np

    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        msg = f"{what} of metric {key!r} must be one row of numbers; got shape {array.shape}, {array.dtype}"
        raise TypeError(msg)
    if length is not None and len(array) != length:
        msg = f"metric {key!r} has {length} values but {len(array)} {what}"
        raise ValueError(msg)
    with np.errstate(invalid="ignore"):  # NaN is no whole number, which is what the comparison finds
        whole = kind is not np.int64 or np.array_equal(array, array.astype(np.int64))
    if not whole:
        msg = f"{what} of metric {key!r} must be whole numbers"
        raise TypeError(msg)
    return array.astype(kind)


def _times(key: str, times: Any, length: int) -> Any:
    """Times as Unix seconds; takes numbers or datetime64."""
    import numpy as np

    array = np.asarray(times)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    column = _column(key, "times", array, np.float64, length)
    if not np.all((column > EARLIEST) & (column < LATEST)):
        msg = f"times of metric {key!r} are Unix seconds or datetime64; these are not: {column[:3]}..."
        raise ValueError(msg)
    return column
