"""The points of one run on their way into the store: in memory, and beyond two million in a temporary file.

They are read from the source before the store is opened, so that nobody waits for the store while a source is read.
"""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

import numpy as np

from inlay.store.journal.reader import POINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inlay.transfer.records import Points

_IN_MEMORY = 2_000_000
_A_PART = 1_000_000


class Spool:
    """Points in the order they came; iterating gives them in parts of about a million, as often as asked."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.count = 0
        self._parts: list[NDArray[np.void]] = []
        self._waiting = 0
        self._file: IO[bytes] | None = None

    def add(self, points: Points, key: str) -> None:
        """Points of the metric `key`."""
        part = np.empty(len(points.step), POINT)
        part["time"], part["value"], part["step"] = points.time, points.value, points.step
        part["series"] = self.keys.setdefault(key, len(self.keys) + 1)
        self._parts.append(part)
        self.count += len(part)
        self._waiting += len(part)
        if self._waiting >= _IN_MEMORY:
            self._to_file()

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        if self._file is not None:
            self._file.seek(0)
            while data := self._file.read(_A_PART * POINT.itemsize):
                yield np.frombuffer(data, POINT)
        if self._parts:
            self._parts = [np.concatenate(self._parts)]
            yield from np.array_split(self._parts[0], -(-len(self._parts[0]) // _A_PART) or 1)

    def _to_file(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="inlay-import-")  # noqa: SIM115 - closed with the spool
        self._file.seek(0, 2)
        for part in self._parts:
            self._file.write(part.tobytes())
        self._parts, self._waiting = [], 0

    def close(self) -> None:
        """Give the temporary file back."""
        if self._file is not None:
            self._file.close()
