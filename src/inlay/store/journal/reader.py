"""The reading end of the journal: whole records out of a segment, from any offset, while it is being written.

Reading never trusts a byte: an event must match its checksum, a point must have a plausible time and series
id. What does not fit is stepped over and returned as damage, so that a bad block costs itself and nothing
behind it. A record cut off at the very end is not damage: while the writer lives it is read later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.store.journal.slots import (
    EARLIEST,
    HEADER,
    LATEST,
    MAX_SLOTS_PER_WRITE,
    SLOT,
    checksum,
    unpack_kind,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

POINT = np.dtype([("time", "<f8"), ("value", "<f8"), ("step", "<i8"), ("series", "<i8")])
_LARGEST_ID = 1 << 40
_WINDOW = 1 << 17  # bytes per look at a segment that is still being written: it ends in megabytes of zeros


@dataclass(slots=True)
class Event:
    """One event: its kind (`slots.Kind`; a number from a newer inlay is kept as it is), Unix time, body."""

    kind: int
    time: float
    body: dict[str, Any]


@dataclass(slots=True)
class Records:
    """What lies between two offsets of a segment."""

    offset: int
    """Bytes read for good: where the next read starts."""
    blocks: list[NDArray[np.void]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    damage: list[tuple[int, int]] = field(default_factory=list)
    """Byte ranges that hold no record, to be set aside."""
    last_time: float = 0.0

    def points(self) -> NDArray[np.void]:
        """The points in order of writing, as one array of dtype `POINT`."""
        if not self.blocks:
            return np.empty(0, POINT)
        return np.concatenate(self.blocks)


def read_segment(
    path: Path, offset: int = 0, *, final: bool = False, cut_off: bool = False, end: int | None = None
) -> Records:
    """Read whole records from `offset` to the end of what is written, or to `end`, where an earlier read stopped.

    `final` says that nobody will write to the segment again, `cut_off` that its writer may have been killed in
    the middle of a write. Raises `OSError` when the file cannot be read.
    """
    records = Records(offset)
    parse = _Parse(records)
    with path.open("rb") as file:
        file.seek(offset)
        if final or end is not None:
            data = _without_trailing_zeros(file.read() if end is None else file.read(max(0, end - offset)))
            parse.all_of(_without_cut_off_write(data) if cut_off else data)
            return records
        while True:
            file.seek(records.offset)
            data = file.read(_WINDOW)
            if not parse.more_of(data):
                break
    parse.wait_for_parts()
    return records


def _without_trailing_zeros(data: bytes) -> bytes:
    """The written part of a preallocated file, in whole slots."""
    data = data[: len(data) // SLOT * SLOT]
    written = np.flatnonzero(np.frombuffer(data, np.int64))
    slots = 0 if len(written) == 0 else int(written[-1]) * 8 // SLOT + 1
    return data[: slots * SLOT]


def _without_cut_off_write(data: bytes) -> bytes:
    """What lies before the last write, when that is not whole.

    The C library may store the first bytes of a copy last: a process that is killed meanwhile leaves a hole,
    and points behind it that nobody was told of.
    """
    slots = np.frombuffer(data, np.int64).reshape(-1, SLOT // 8)
    start = max(0, len(slots) - MAX_SLOTS_PER_WRITE)
    holes = np.flatnonzero(~slots[start:, :2].any(axis=1))
    return data[: (start + int(holes[0])) * SLOT] if len(holes) else data


class _Parse:
    """Takes records off successive pieces of a segment and adds them to `records`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._parts: list[bytes] = []  # of a long event: points may lie between them, other events cannot
        self._parts_of: tuple[int, float, int] = (0, 0.0, 0)  # its kind, time and number of parts
        self._parts_from = 0
        self._suspect = -1
        self._blocks_before = 0

    def all_of(self, data: bytes) -> None:
        """`data` is everything there will ever be: step over what is no record."""
        start, position = self._records.offset, 0
        slots = np.frombuffer(data, POINT)
        stops = _not_points(slots)
        damage = self._records.damage
        while (position := self._take(data, slots, stops, position)) < len(slots):
            skipped = position + _damaged_slots(data, position, len(slots))
            at = start + position * SLOT
            if damage and damage[-1][1] == at:
                at = damage.pop()[0]
            damage.append((at, start + skipped * SLOT))
            position = skipped
        end = start + len(data)
        if damage and damage[-1][1] == end and end - damage[-1][0] <= MAX_SLOTS_PER_WRITE * SLOT:
            damage.pop()  # the last record of a process that died while writing it
        self._records.offset = end

    def more_of(self, data: bytes) -> bool:
        """`data` may go on, and may still be written to; returns whether to look at what follows."""
        start, position = self._records.offset, 0
        data = data[: len(data) // SLOT * SLOT]
        slots = np.frombuffer(data, POINT)
        stops = _not_points(slots)
        while (position := self._take(data, slots, stops, position)) < len(slots):
            slot = slots[position]
            unwritten = slot["time"] == 0 or slot["series"] == 0
            near_end = position + MAX_SLOTS_PER_WRITE >= len(slots)
            if unwritten or near_end:
                break
            skipped = position + _damaged_slots(data, position, len(slots))
            if not np.any(slots["series"][skipped:]):
                break  # perhaps only half written yet
            if self._suspect != start + position * SLOT:
                # Perhaps half written when its bytes were read, and whole when those behind it were: look again.
                self._suspect = start + position * SLOT
                self._records.offset = self._suspect
                return True
            self._records.damage.append((start + position * SLOT, start + skipped * SLOT))
            position = skipped
        self._records.offset = start + position * SLOT
        return position > 0

    def wait_for_parts(self) -> None:
        """An event whose later parts are not there yet is read again, from its first part, next time.

        Behind damage they may never come: then nothing waits for them.
        """
        if self._parts and not any(end > self._parts_from for _, end in self._records.damage):
            self._records.offset = self._parts_from
            del self._records.blocks[self._blocks_before :]

    def _take(self, data: bytes, slots: NDArray[np.void], stops: NDArray[np.intp], position: int) -> int:
        """Take records from slot `position` on; returns the first slot that starts none."""
        records = self._records
        cursor = int(np.searchsorted(stops, position))
        while position < len(slots):
            while cursor < len(stops) and stops[cursor] < position:
                cursor += 1
            stop = int(stops[cursor]) if cursor < len(stops) else len(slots)
            if stop > position:
                block = slots[position:stop]
                records.blocks.append(block)
                records.last_time = max(records.last_time, float(block["time"].max()))
                position = stop
                continue
            size = self._event(data, position, len(slots))
            if size == 0:
                break
            position += size
        return position

    def _event(self, data: bytes, position: int, count: int) -> int:
        """Slots of the event at `position`, which is added to the records; 0 when no whole one is there."""
        time, length, expected, what, minus = HEADER.unpack_from(data, position * SLOT)
        if not _plausible_header(time, length, minus) or position + 1 - minus > count:
            return 0
        start = (position + 1) * SLOT
        body = data[start : start + length]
        if checksum(time, what, body) != expected:
            return 0
        kind, part, parts = unpack_kind(what)
        whole = self._whole(body, part, (kind, time, parts), self._records.offset + position * SLOT)
        if whole is not None:
            self._records.events.append(Event(kind, time, _read_json(whole)))
        self._records.last_time = max(self._records.last_time, time)
        return 1 - int(minus)

    def _whole(self, body: bytes, part: int, event: tuple[int, float, int], at: int) -> bytes | None:
        """The event's whole body once its last part is there; `event` is its kind, time and number of parts."""
        if part == 0:
            self._parts, self._parts_of, self._parts_from = [], event, at
            self._blocks_before = len(self._records.blocks)
        if part != len(self._parts) or event != self._parts_of:
            self._parts = []  # some parts of it were damaged
            return None
        self._parts.append(body)
        if len(self._parts) < event[2]:
            return None
        whole, self._parts = b"".join(self._parts), []
        return whole


def _not_points(slots: NDArray[np.void]) -> NDArray[np.intp]:
    """Indices of the slots that cannot be points: event headers, bodies, unwritten and damaged ones."""
    times, ids = slots["time"], slots["series"]
    with np.errstate(invalid="ignore"):
        points = (ids > 0) & (ids < _LARGEST_ID) & (times > EARLIEST) & (times < LATEST)
    return np.flatnonzero(~points)


def _read_json(data: bytes) -> dict[str, Any]:
    """The body of an event. Half of a surrogate pair is valid in JSON and in nothing else: replaced by `?`."""
    body: dict[str, Any] = json.loads(data)
    if b"\\ud" in data:
        body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    return body


def _plausible_header(time: float, length: int, minus: int) -> bool:
    slots = -minus
    return 0 < slots < MAX_SLOTS_PER_WRITE and -(-length // SLOT) == slots and EARLIEST < time < LATEST


def _damaged_slots(data: bytes, position: int, count: int) -> int:
    """How many slots to step over: a whole event when its header can be believed, one otherwise."""
    time, length, _, _, minus = HEADER.unpack_from(data, position * SLOT)
    if _plausible_header(time, length, minus) and position + 1 - minus <= count:
        return 1 - int(minus)
    return 1
