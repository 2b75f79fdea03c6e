"""A table of any library as columns that are read block by block; its schema, sample and full pass.

The sample is chosen by the number of rows and columns alone, so that a slow machine takes the same one as a fast one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.content.datasets import digest
from inlay.content.datasets.description import MOST_IN_PROFILE, MOST_IN_SCHEMA, Findings, by_name, fitted
from inlay.content.datasets.objects import NoDigestError, from_objects, word_of
from inlay.content.datasets.profile import ColumnProfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inlay.content.datasets.block import Block

RUNS, RUN = 8, 8
"""The sample: so many runs of so many rows, spread evenly from the first row to the last."""
SAMPLED_COLUMNS = 24
_BLOCK_ROWS, _BLOCK_BYTES = 65_536, 2 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `read(start, stop)` gives its rows as a block, or, with `plain`, as a list of Python objects."""

    name: str
    type: str
    read: Callable[[int, int], Any]
    plain: bool = False

    def blocks(self, spans: Sequence[tuple[int, int]], check: Callable[[], None]) -> Iterator[Block]:
        """These rows; for Python objects their type is found first, over all of them."""
        if not self.plain:
            for start, stop in spans:
                check()
                yield self.read(start, stop)
            return

        def parts() -> Iterator[Any]:
            for start, stop in spans:
                check()
                yield self.read(start, stop)

        word = word_of(parts())
        for values in parts():
            yield from_objects(values, word)


@dataclass(frozen=True, slots=True)
class Table:
    """`column(i)` gives the i-th of `width` columns."""

    rows: int
    width: int
    column: Callable[[int], Column]
    bytes: int | None = None

    def schema(self) -> list[dict[str, Any]]:
        """Name and type of the first 2,000 columns."""
        columns = map(self.column, range(min(self.width, MOST_IN_SCHEMA)))
        return fitted(({"name": column.name, "type": column.type} for column in columns), MOST_IN_SCHEMA)

    def sample_digest(self) -> str | None:
        """The hash of a few rows of a few columns, and of how many there are of each; None where they have none."""
        spans = sample_spans(self.rows)
        columns = [self.column(i) for i in spread(self.width, SAMPLED_COLUMNS)]
        try:
            hashes = [[column.name, digest.of_blocks(column.blocks(spans, _never))] for column in columns]
        except NoDigestError:
            return None
        return digest.of_parts("table sample", self.rows, self.width, hashes)

    def findings(self, check: Callable[[], None]) -> Findings:
        """Digest and profile out of one pass over each column."""
        hashes, profiles, whole = [], [], True
        per_row = (self.bytes or 0) / max(self.rows * self.width, 1)
        spans = spans_of(self.rows, per_row)
        for i in range(self.width):
            column = self.column(i)
            known = digest.ColumnHash()
            profile = ColumnProfile(column.name) if i < MOST_IN_PROFILE else None
            try:
                for block in column.blocks(spans, check):
                    known.add(block)
                    if profile is not None:
                        profile.add(block)
                if profile is not None and profile.wants_more:
                    for block in column.blocks(spans_for_histogram(spans), check):
                        profile.add_to_histogram(block)
            except NoDigestError:
                whole = False
            else:
                hashes.append([column.name, known.hex()])
            if profile is not None:
                profiles.append(profile.result())
        found = digest.of_parts("table", self.rows, hashes) if whole else None
        return Findings(found, by_name(profiles))


def sample_spans(rows: int) -> list[tuple[int, int]]:
    """Which rows are sampled: all of a small table."""
    if rows <= RUNS * RUN:
        return [(0, rows)]
    return [(start, start + RUN) for start in (i * (rows - RUN) // (RUNS - 1) for i in range(RUNS))]


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers from 0, the first and the last among them."""
    return list(range(count)) if count <= most else [i * (count - 1) // (most - 1) for i in range(most)]


def spans_of(rows: int, bytes_per_row: float) -> list[tuple[int, int]]:
    """Pieces of about two megabytes."""
    size = int(min(_BLOCK_ROWS, max(1, _BLOCK_BYTES // max(bytes_per_row, 1))))
    return [(start, min(start + size, rows)) for start in range(0, rows, size)]


_IN_HISTOGRAM = 1_000_000


def spans_for_histogram(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """All rows up to a million; of more, evenly spread pieces that make up a million."""
    per = max(spans[0][1] - spans[0][0], 1) if spans else 1
    return [spans[i] for i in spread(len(spans), max(_IN_HISTOGRAM // per, 2))]


def _never() -> None:
    """The sample is not interrupted."""
