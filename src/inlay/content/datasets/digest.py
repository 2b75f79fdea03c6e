"""Digests of data: the values, types, names and order of columns and rows, and nothing of how they lie in memory.

A column is hashed in three streams (where nulls are, lengths, values) so that it makes no difference in what pieces it
came. All are SHA-256; hashing pieces of more than 2 KB lets other threads run.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inlay.content.datasets.block import Block

_FORM = 1
"""Counts up when the same data gets another digest."""


class ColumnHash:
    """The hash of a column that is given block by block."""

    def __init__(self) -> None:
        self.rows = 0
        self._words: set[str] = set()
        self._nulls, self._lengths, self._data = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
        self._children: dict[str, ColumnHash] = {}

    def add(self, block: Block) -> None:
        """Take the next values."""
        self._words.add(block.word)
        if block.nulls is not None:
            self._nulls.update((np.flatnonzero(block.nulls) + self.rows).astype("<i8").tobytes())
        if block.lengths is not None:
            self._lengths.update(np.ascontiguousarray(block.lengths, "<i8").data)
        if block.values is not None and block.values.size:
            self._data.update(np.ascontiguousarray(block.values).reshape(-1).view(np.uint8).data)
        self._data.update(block.data)
        for name, child in block.children:
            self._children.setdefault(name, ColumnHash()).add(child)
        self.rows += block.size

    def hex(self) -> str:
        """The hash so far."""
        streams = [stream.hexdigest() for stream in (self._nulls, self._lengths, self._data)]
        children = [[name, child.hex()] for name, child in self._children.items()]
        return of_parts("column", sorted(self._words), self.rows, *streams, children)


def of_blocks(blocks: Iterable[Block]) -> str:
    """The hash of a column out of its blocks."""
    column = ColumnHash()
    for block in blocks:
        column.add(block)
    return column.hex()


def of_parts(form: str, *parts: Any) -> str:
    """A hash of JSON values under the name of what they are: 64 hexadecimal digits."""
    text = json.dumps([_FORM, form, *parts], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
