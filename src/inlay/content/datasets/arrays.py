"""Arrays of any shape, dense and sparse, and groups of datasets such as (X, y): their schema, sample and full pass.

An array is its type, its shape and its values in C order, however it lies in memory. A sparse one is what it holds
besides zeros, row by row, in whichever of SciPy's formats it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets import digest
from inlay.content.datasets.block import Block, from_numpy, numbers
from inlay.content.datasets.description import Findings, by_name, fitted
from inlay.content.datasets.objects import from_objects, word_of
from inlay.content.datasets.profile import ColumnProfile
from inlay.content.datasets.table import Column, Table, spans_for_histogram
from inlay.store.masking import looks_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_PIECE_BYTES = 2 << 20
_RUNS, _RUN = 8, 64
"""The sample: so many runs of so many values, evenly spread over all of them."""
_PROFILED_COLUMNS = 200
"""A matrix with at most as many columns is profiled column by column, anything else as a whole."""


@dataclass(frozen=True, slots=True)
class Array:
    """A NumPy array; `type` is what it is called. `halves` are the bits of bfloat16, which NumPy does not know."""

    array: NDArray[Any]
    type: str
    halves: bool = False

    @property
    def rows(self) -> int:
        return int(self.array.shape[0]) if self.array.ndim else 1

    @property
    def width(self) -> int | None:
        return int(self.array.shape[1]) if self.array.ndim == 2 else 1 if self.array.ndim < 2 else None

    @property
    def bytes(self) -> int:
        return int(self.array.nbytes)

    def schema(self) -> list[dict[str, Any]]:
        """One entry: type and shape."""
        return [{"name": "values", "type": self.type, "shape": list(self.array.shape)}]

    def sample_digest(self) -> str:
        """The hash of 512 values, evenly spread."""
        size = self.array.size
        if size <= _RUNS * _RUN:
            places = np.arange(size)
        else:
            starts = np.array([i * (size - _RUN) // (_RUNS - 1) for i in range(_RUNS)])
            places = (starts[:, None] + np.arange(_RUN)).reshape(-1)
        held = self.array[np.unravel_index(places, self.array.shape)] if self.array.ndim else self.array.reshape(-1)
        return self._named("array sample", digest.of_blocks([self._block(held)]))

    def findings(self, check: Callable[[], None]) -> Findings:
        """Digest and profile out of one pass."""
        known = digest.ColumnHash()
        by_column = self.array.ndim == 2 and 0 < self.array.shape[1] <= _PROFILED_COLUMNS
        count = self.array.shape[1] if by_column else 1
        profiles = [ColumnProfile(str(i) if by_column else "values") for i in range(count)]
        word = self._word(check)
        pieces = _pieces(self.array, flat=not by_column)
        for piece in pieces():
            check()
            known.add(self._block(piece, word))
            for i, profile in enumerate(profiles):
                profile.add(self._block(piece[:, i] if by_column else piece, word))
        if any([profile.wants_more for profile in profiles]):  # noqa: C419 - each is to make up its mind
            for piece in pieces(sparse=True):
                check()
                for i, profile in enumerate(profiles):
                    profile.add_to_histogram(self._block(piece[:, i] if by_column else piece, word))
        results = [one.result() for one in profiles]
        return Findings(self._named("array", known.hex()), by_name(results))

    def _named(self, form: str, found: str) -> str:
        return digest.of_parts(form, "bfloat16" if self.halves else "", list(self.array.shape), found)

    def _word(self, check: Callable[[], None]) -> str | None:
        """The type of all values, where they are Python objects."""
        if self.array.dtype.kind not in "OUST":
            return None

        def parts() -> Iterator[list[Any]]:
            for piece in _pieces(self.array, flat=True)():
                check()
                yield piece.reshape(-1).tolist()

        return word_of(parts())

    def _block(self, piece: NDArray[Any], word: str | None = None) -> Block:
        if self.halves:
            return numbers((np.ascontiguousarray(piece).view(np.uint16).astype(np.uint32) << 16).view(np.float32))
        if word is not None:
            return from_objects(piece.reshape(-1).tolist(), word)
        if isinstance(piece, np.ma.MaskedArray):
            return numbers(np.ma.getdata(piece), np.ma.getmaskarray(piece).reshape(-1))
        return from_numpy(piece)


def array_part(array: NDArray[Any]) -> Array | Table:
    """An array; one of records is a table of its fields."""
    if array.dtype.names and array.ndim == 1:
        names = array.dtype.names

        def column(i: int) -> Column:
            return Column(names[i], str(array.dtype[i]), lambda start, stop: from_numpy(array[names[i]][start:stop]))

        return Table(len(array), len(names), column, int(array.nbytes))
    plain = array if isinstance(array, np.ma.MaskedArray) else np.asarray(array)
    return Array(plain, str(plain.dtype))


def _pieces(array: NDArray[Any], *, flat: bool) -> Callable[..., Iterator[NDArray[Any]]]:
    """Reads the array in C order in pieces of about 2 MB: whole rows of a matrix, or any stretch of values."""

    def read(*, sparse: bool = False) -> Iterator[NDArray[Any]]:
        whole = array.reshape(-1) if flat and (array.flags.c_contiguous or not array.ndim) else array
        yield from _stretches(whole, sparse=sparse)

    return read


def _stretches(array: NDArray[Any], *, sparse: bool) -> Iterator[NDArray[Any]]:
    row = array.itemsize * (array.size // max(len(array), 1))
    if row > 8 * _PIECE_BYTES:
        for inner in array:
            yield from _stretches(inner, sparse=sparse)
        return
    step = max(_PIECE_BYTES // max(row, 1), 1)
    spans = [(start, start + step) for start in range(0, len(array), step)]
    for start, stop in spans_for_histogram(spans) if sparse else spans:
        yield array[start:stop]


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse matrix or array of SciPy."""

    matrix: Any

    @property
    def rows(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def width(self) -> int | None:
        return int(self.matrix.shape[1]) if len(self.matrix.shape) == 2 else None

    @property
    def bytes(self) -> int | None:
        """Of its arrays; unknown where it is made of Python objects."""
        held = [getattr(self.matrix, name, None) for name in _PARTS]
        sizes = [int(part.nbytes) for part in held if isinstance(part, np.ndarray) and part.dtype.kind != "O"]
        return sum(sizes) if sizes else None

    def schema(self) -> list[dict[str, Any]]:
        """One entry: type and shape, and the format."""
        kind = f"{self.matrix.dtype}, sparse {self.matrix.format}"
        return [{"name": "values", "type": kind, "shape": list(self.matrix.shape)}]

    def sample_digest(self) -> str:
        """The hash of a few of the stored values and their places; another one in another format."""
        found = []
        for name in _PARTS:
            part = getattr(self.matrix, name, None)
            if isinstance(part, np.ndarray) and part.dtype.kind != "O":
                found.append([name, Array(part, "").sample_digest()])
        return digest.of_parts("sparse sample", self.matrix.format, list(self.matrix.shape), found)

    def findings(self, check: Callable[[], None]) -> Findings:
        """Digest out of its rows; the profile is of the values that are stored."""
        check()
        starts, places, values = _by_rows(self.matrix)
        hashes = []
        for part in (starts, places):
            known = digest.ColumnHash()
            for piece in _pieces(part, flat=True)():
                check()
                known.add(numbers(piece.astype("<i8", copy=False)))
            hashes.append(known.hex())
        inner = Array(values, "").findings(check)
        total = float(np.prod([float(n) for n in self.matrix.shape]))
        density = {"density": float(f"{len(values) / total:.6g}")} if total else {}
        profile = {name: known | {"stored": len(values)} | density for name, known in (inner.profile or {}).items()}
        found = digest.of_parts("sparse", list(self.matrix.shape), *hashes, inner.digest)
        return Findings(found, profile)


_PARTS = ("data", "indices", "indptr", "row", "col", "offsets")


def _by_rows(matrix: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Row starts, columns and values, in order, without what is stored as zero. In another number of dimensions than
    two the first of the three is empty and the places are those in C order.
    """
    if len(matrix.shape) != 2:
        held = matrix.tocoo(copy=True)
        held.sum_duplicates()
        places = np.ravel_multi_index(held.coords, held.shape)
        order = np.argsort(places, kind="stable")
        kept = order[held.data[order] != 0]
        return np.zeros(0, np.int64), places[kept], held.data[kept]
    rows = matrix.tocsr()
    if not (rows.has_canonical_format and (rows.data != 0).all()):
        rows = rows.copy() if rows is matrix else rows
        rows.sum_duplicates()
        rows.eliminate_zeros()
    return rows.indptr, rows.indices, rows.data


@dataclass(frozen=True, slots=True)
class Group:
    """Several datasets under names: (X, y), the splits of a Hugging Face DatasetDict."""

    parts: dict[str, Any]

    @property
    def rows(self) -> int | None:
        """Of each where all have the same, as X and y do."""
        counts = {part.rows for part in self.parts.values()}
        return counts.pop() if len(counts) == 1 else None

    @property
    def width(self) -> int | None:
        return None

    @property
    def bytes(self) -> int | None:
        sizes = [part.bytes for part in self.parts.values()]
        return None if None in sizes else sum(sizes)

    def schema(self) -> list[dict[str, Any]]:
        """The entries of each part, their names behind its own."""
        entries = []
        for name, part in self.parts.items():
            for entry in part.schema():
                alone = isinstance(part, (Array, Sparse))
                entries.append(entry | {"name": name if alone else f"{name}/{entry['name']}"})
        return fitted(entries, len(entries))

    def sample_digest(self) -> str | None:
        """Of the parts'."""
        found = [[name, part.sample_digest()] for name, part in self.parts.items()]
        return digest.of_parts("group sample", found) if all(each for _, each in found) else None

    def findings(self, check: Callable[[], None]) -> Findings:
        """Of the parts', one after the other."""
        found = {name: part.findings(check) for name, part in self.parts.items()}
        profiles = [
            known | {"name": name if column == "values" else f"{name}/{column}"}
            for name, one in found.items()
            for column, known in (one.profile or {}).items()
            if not looks_secret(name)
        ]
        hashes = [[name, one.digest] for name, one in found.items()]
        whole = digest.of_parts("group", hashes) if all(each for _, each in hashes) else None
        return Findings(whole, by_name(profiles))
