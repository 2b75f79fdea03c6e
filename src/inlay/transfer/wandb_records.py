"""The records of a W&B offline file (`run-*.wandb`): protobuf in blocks of 32 KiB, framed as LevelDB's log is.

W&B has no reader of its own for it any more. A run that was killed has a torn end; what is damaged in the middle costs
its block, for each block begins with a whole frame or the rest of one.
"""

from __future__ import annotations

import struct
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SIGN = b":W&B"
_HEADER = 7
_BLOCK = 32 * 1024
_FRAME = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CHECKSUMS = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}


def record_type() -> Any:
    """W&B's `Record`. Raises `ImportError` saying what to install."""
    try:
        module = import_module("wandb.proto.wandb_internal_pb2")
    except ImportError as error:
        msg = "reading offline runs of W&B needs its package: pip install 'inlay[wandb]'"
        raise ImportError(msg) from error
    return module.Record


def records(path: Path) -> Iterator[Any]:
    """The records of a file in order, as far as they are whole. Raises `ValueError` for a file of another kind."""
    parse = record_type().FromString
    for data in _payloads(path):
        try:
            yield parse(data)
        except Exception:  # noqa: BLE001, S112 - protobuf has several errors; the next record may be whole
            continue


def _payloads(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(_HEADER)[:4] != _SIGN:
            msg = f"{path.name} is no offline file of W&B"
            raise ValueError(msg)
        file.seek(0)
        parts: list[bytes] | None = None
        while block := file.read(_BLOCK):
            start = _HEADER if file.tell() == len(block) else 0
            for kind, body in _frames(block, start):
                if kind in (_FULL, _FIRST):
                    parts = []
                if parts is None:
                    continue  # the beginning was damaged
                parts.append(body)
                if kind in (_FULL, _LAST):
                    yield b"".join(parts)
                    parts = None


def _frames(block: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Kind and contents of a block's frames; ends at one that is not whole."""
    position = start
    while position + _FRAME.size <= len(block):
        checksum, length, kind = _FRAME.unpack_from(block, position)
        body = block[position + _FRAME.size : position + _FRAME.size + length]
        if kind not in _CHECKSUMS or len(body) < length or zlib.crc32(body, _CHECKSUMS[kind]) != checksum:
            return
        yield kind, body
        position += _FRAME.size + length
