"""Names for runs, sessions and writers: UUIDv7, so that sorting by id is sorting by time.

Python has `uuid.uuid7` from 3.14 on; for older versions the layout of RFC 9562, section 5.7, is built here.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid


def new_id() -> str:
    """A new UUIDv7 as text of 36 characters."""
    if hasattr(uuid, "uuid7"):
        return str(uuid.uuid7())
    milliseconds = time.time_ns() // 1_000_000
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return str(uuid.UUID(bytes=bytes(raw)))


def short_id(run_id: str) -> str:
    """The last eight hexadecimal digits: the first ones of a UUIDv7 are only the time."""
    return run_id[-8:]


def derived_id(milliseconds: int, of: str) -> str:
    """A UUIDv7 that is always the same for the same time (Unix, in ms) and text: the name of a run from elsewhere."""
    time_part = min(max(milliseconds, 0), 2**48 - 1).to_bytes(6, "big")
    raw = bytearray(time_part + hashlib.sha256(of.encode("utf-8", "replace")).digest()[:10])
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return str(uuid.UUID(bytes=bytes(raw)))
