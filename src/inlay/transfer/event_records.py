"""The records of a TensorBoard event file: a length, its checksum, an event, its checksum, one after the other.

Read here rather than by TensorBoard's loader, which ends at the first damaged record without a word and takes seconds
to check a few pictures.
"""

from __future__ import annotations

import struct
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD = struct.Struct("<QI")
_CHECKED = 4096
"""Bytes of the longest record whose checksum is looked at: TensorBoard's is Python, and takes 0.1 µs a byte."""
_LONGEST = 1 << 30


class Damage(ValueError):  # noqa: N818 - it is what was found, not a refusal
    """Bytes in a file that are no records."""


def event_type() -> Any:
    """TensorBoard's `Event`. Raises `ImportError` saying what to install."""
    try:
        module = import_module("tensorboard.compat.proto.event_pb2")
    except ImportError as error:
        msg = "reading event files needs TensorBoard: pip install 'inlay[tensorboard]'"
        raise ImportError(msg) from error
    return module.Event


def events(path: Path) -> Iterator[Any]:
    """The events of a file in order. A last record that is not complete is left out, for it may still be written.

    Raises `Damage` where a record is damaged; those before it have been given out by then.
    """
    parse = event_type().FromString
    checksum_of = import_module("tensorboard.compat.tensorflow_stub.pywrap_tensorflow").masked_crc32c
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            if length > _LONGEST or checksum_of(head[:8]) != checksum:
                if any(head):
                    raise Damage(_damaged(file.tell() - _HEAD.size))
                return  # room that was reserved and never written
            body = file.read(length)
            tail = file.read(4)
            if len(tail) < 4:
                return
            if length <= _CHECKED and checksum_of(body) != int.from_bytes(tail, "little"):
                raise Damage(_damaged(file.tell() - length - 16))
            try:
                event = parse(body)
            except Exception as error:  # protobuf has several; a long record's checksum was not looked at
                raise Damage(
                    f"a damaged record at byte {file.tell() - length - 16:,}; what follows was left out"
                ) from error
            yield event


def _damaged(place: int) -> str:
    return f"a damaged record at byte {place:,}; what follows was left out"
