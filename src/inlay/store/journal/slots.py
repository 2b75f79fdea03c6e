"""The journal's wire format: a stream of 32-byte slots.

A point is one slot: time (float64, Unix seconds), value (float64), step (int64), series id (int64, above 0).
An event is a header slot and a body of JSON: time, body length, CRC-32 of time, kind and body, what it is, and
minus the number of body slots, so that the sign of the last field tells the two apart. Time and last field are
never zero; a slot where one of them is zero has not been written yet.

No write is longer than 60 slots (1,920 bytes), so that what a kill can leave half copied is at most that; in
which order a copy is done is up to the C library. A longer event is cut into parts, each a record with its own
header and checksum.
"""

from __future__ import annotations

import enum
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOT = 32
MAX_SLOTS_PER_WRITE = 60
MAX_BODY = (MAX_SLOTS_PER_WRITE - 1) * SLOT
EARLIEST, LATEST = 1e8, 1e11
"""Unix times a record can have, 1973 to 5138: outside, a "time" is some other eight bytes."""
MAX_EVENT = 1 << 20
"""Bytes of JSON an event may hold; larger payloads belong in `artifacts`, with the event naming the blob."""

POINT = struct.Struct("<ddqq")
HEADER = struct.Struct("<dIIqq")
_CHECKED = struct.Struct("<dq")


class Kind(enum.IntEnum):
    """What an event says. The numbers are on disk: never reuse one."""

    WRITER = 1  # first record of every segment: who writes
    CLOSED = 2  # last record of a writer that ended in order
    SERIES = 3  # {"run", "series": [[id, key], ...]}
    RUN_START = 4
    RUN_END = 5
    RUN = 6  # columns of `runs` to set
    PARAM = 7
    TAG = 8
    ARTIFACT = 9
    SESSION = 10
    EXECUTION = 11
    SOURCE = 12
    ENVIRONMENT = 13
    OUTPUT = 14
    HISTOGRAM = 15
    INPUT = 16


# The kind field holds the kind in its low 16 bits, then 24 bits each for "which part" and "of how many".
_PART_SHIFT = 16
_PARTS_SHIFT = 40
_FIELD = (1 << 24) - 1


def pack_event(kind: Kind, body: dict[str, Any], time: float) -> list[bytes]:
    """The records of one event, in order; each at most `MAX_SLOTS_PER_WRITE` slots long.

    Raises `ValueError` when the body is larger than `MAX_EVENT` bytes of JSON.
    """
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    if len(data) > MAX_EVENT:
        msg = f"an event of {len(data):,} bytes is larger than the journal's {MAX_EVENT:,}"
        raise ValueError(msg)
    pieces = [data[i : i + MAX_BODY] for i in range(0, len(data), MAX_BODY)]
    return [_record(kind, piece, part, len(pieces), time) for part, piece in enumerate(pieces)]


def fitting(text: str, size: int) -> str:
    """The text; of one that takes more than `size` bytes of JSON, as much of its beginning as fits."""
    while len(json.dumps(text)) > size:
        text = text[: len(text) * 3 // 4]
    return text


def _record(kind: Kind, piece: bytes, part: int, parts: int, time: float) -> bytes:
    slots = -(-len(piece) // SLOT)
    what = kind | part << _PART_SHIFT | parts << _PARTS_SHIFT
    header = HEADER.pack(time, len(piece), checksum(time, what, piece), what, -slots)
    return header + piece.ljust(slots * SLOT, b"\0")


def checksum(time: float, what: int, piece: bytes) -> int:
    """CRC-32 of a record: of its body, and of its time and kind, so that an end is never taken for a start."""
    return zlib.crc32(piece, zlib.crc32(_CHECKED.pack(time, what)))


def unpack_kind(what: int) -> tuple[int, int, int]:
    """Kind, part and number of parts out of a header's kind field."""
    return what & 0xFFFF, what >> _PART_SHIFT & _FIELD, what >> _PARTS_SHIFT & _FIELD


def chunked(data: bytes, slots: int = MAX_SLOTS_PER_WRITE) -> Iterator[bytes]:
    """Cut whole slots of points into pieces that may be written at once."""
    size = slots * SLOT
    for start in range(0, len(data), size):
        yield data[start : start + size]
