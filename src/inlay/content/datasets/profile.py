"""The profile of a column, block by block: missing, least, greatest, mean, distinct, histogram, the commonest values.

Everything is of all rows, but for two: beyond 65,536 the distinct values are counted by the smallest of their hashes
(Bar-Yossef et al., RANDOM 2002; off by less than one percent), and histograms of more than a million rows are of a
spread of them.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.store.masking import looks_secret, mask_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inlay.content.datasets.block import Block

BINS, TOP = 20, 10
_KEPT_HASHES = 65_536
_MOST_KINDS = 1_000
"""Different values up to which a column is taken for one of categories."""
_LONGEST_VALUE = 100


class ColumnProfile:
    """What is found out about one column. A column whose name says it is secret tells only what is missing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.secret = looks_secret(name)
        self.rows = self.missing = self.infinite = 0
        self._words: set[str] = set()
        self._low: Any = None
        self._high: Any = None
        self._sum, self._count = 0.0, 0
        self._seen = _Distinct()
        self._kinds: dict[int, list[Any]] | None = {}
        self._histogram: _Histogram | None = None

    def add(self, block: Block) -> None:
        """Take the next values."""
        self.rows += block.size
        self._words.add(block.word)
        present = None if block.nulls is None else ~block.nulls
        if block.word == "null":
            self.missing += block.size
        elif block.nulls is not None:
            self.missing += int(block.nulls.sum())
        if self.secret or block.word == "null" or not block.size:
            return
        if block.lengths is not None:
            self._add_sized(block, present)
        elif block.values is not None:
            self._add_values(block, present)

    @property
    def wants_more(self) -> bool:
        """Whether there is a histogram to be made, now that the range is known."""
        if self._low is None or self._words & {"bool", "string", "binary", "list", "object"}:
            return False
        self._histogram = _Histogram(float(self._low), float(self._high))
        return self._histogram.possible

    def add_to_histogram(self, block: Block) -> None:
        """Take values for the histogram."""
        if self._histogram is not None and block.values is not None:
            values = _scalars(block)
            self._histogram.add(values if block.nulls is None else values[~block.nulls])

    def result(self) -> dict[str, Any]:
        """The profile as JSON: only what is known of such a column."""
        found: dict[str, Any] = {"name": self.name, "missing": self.missing}
        if self.secret or not self._count:
            return found
        if self.infinite:
            found["infinite"] = self.infinite
        if self._low is not None:
            found |= {"lengths": self._range()} if self._words & _SIZED else self._range()
        if not self._words & {"list", "struct"}:
            found |= self._seen.result()
        found |= self._top()
        if self._histogram is not None and self._histogram.possible:
            found["histogram"] = self._histogram.result(self.rows - self.missing - self.infinite)
        return found

    def _add_values(self, block: Block, present: NDArray[np.bool_] | None) -> None:
        values = _scalars(block) if present is None else _scalars(block)[present]
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                nans = int(np.isnan(values).sum())
                self.missing += nans
                self.infinite += len(values) - nans - int(finite.sum())
                self._count += len(values) - nans - int(finite.sum())
                values = values[finite]
        if values.dtype.kind not in "biuf" or not len(values):
            self._count += len(values)
            return
        self._widen(values)
        self._tally(_bits(values), lambda i: values[i].item())

    def _add_sized(self, block: Block, present: NDArray[np.bool_] | None) -> None:
        lengths = block.lengths
        assert lengths is not None  # noqa: S101 - what called this saw it
        known = lengths if present is None else lengths[present]
        if not len(known):
            return
        if block.word == "string":
            inside = _continuations(lengths, block.data)
            known = known - (inside if present is None else inside[present])
        if block.word != "object":
            self._widen(known)
        else:
            self._count += len(known)
        if block.word == "list":
            return
        hashes = text_hashes(lengths, block.data)
        ends = np.cumsum(lengths)
        rows = np.arange(len(lengths)) if present is None else np.flatnonzero(present)
        data = block.data
        self._tally(
            hashes if present is None else hashes[present],
            lambda i: bytes(data[int(ends[rows[i]] - lengths[rows[i]]) : int(ends[rows[i]])]),
        )

    def _widen(self, values: NDArray[Any]) -> None:
        low, high = values.min().item(), values.max().item()
        self._low = low if self._low is None else min(self._low, low)
        self._high = high if self._high is None else max(self._high, high)
        with np.errstate(over="ignore"):
            self._sum += float(values.sum(dtype=np.float64))
        self._count += len(values)

    def _tally(self, hashes: NDArray[np.uint64], value: Any) -> None:
        """Count distinct values, and how often each occurs while they are few."""
        if self._kinds is None:
            self._seen.add(hashes)
            return
        found, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        self._seen.add(found)
        if len(found) > _MOST_KINDS:
            self._kinds = None
            return
        for code, at, count in zip(found.tolist(), first.tolist(), counts.tolist(), strict=True):
            known = self._kinds.setdefault(code, [0, None])
            known[0] += count
            if known[1] is None:
                known[1] = value(at)
        if len(self._kinds) > _MOST_KINDS:
            self._kinds = None

    def _range(self) -> dict[str, Any]:
        mean = self._sum / max(self._count - self.infinite, 1)
        clock = next((word for word in self._words if word.startswith(("datetime", "date"))), None)
        if clock is not None:
            return {"min": _moment(self._low, clock), "max": _moment(self._high, clock), "mean": _moment(mean, clock)}
        return {"min": _plain(self._low), "max": _plain(self._high), "mean": _plain(mean)}

    def _top(self) -> dict[str, Any]:
        """The commonest values of a column of categories: of texts, whole numbers and truth values."""
        word = next(iter(self._words)) if len(self._words) == 1 else ""
        counted = word in ("string", "bool") or word.startswith(("int", "uint"))
        kinds = self._kinds
        if not counted or not kinds or len(kinds) * 2 > self._count + 2:
            return {}
        common = sorted(kinds.values(), key=lambda known: -known[0])[:TOP]
        return {"top": [[_shown(value, word), count] for count, value in common]}


_SIZED = {"string", "binary", "list", "object"}


class _Distinct:
    """The smallest hashes seen: few are all there are, many tell how dense they lie."""

    def __init__(self) -> None:
        self._smallest = np.zeros(0, np.uint64)
        self._fresh: list[NDArray[np.uint64]] = []
        self._waiting = 0

    def add(self, hashes: NDArray[np.uint64]) -> None:
        if len(self._smallest) >= _KEPT_HASHES:
            hashes = hashes[hashes < self._smallest[-1]]
        self._fresh.append(hashes)
        self._waiting += len(hashes)
        if self._waiting > 2 * _KEPT_HASHES:  # sorting is what costs, so seldom
            self._merge()

    def result(self) -> dict[str, Any]:
        self._merge()
        if len(self._smallest) < _KEPT_HASHES:
            return {"distinct": len(self._smallest)}
        share = float(self._smallest[-1]) / 2.0**64
        return {"distinct": round((_KEPT_HASHES - 1) / share), "distinct_approximate": True}

    def _merge(self) -> None:
        if self._fresh:
            self._smallest = np.unique(np.concatenate([self._smallest, *self._fresh]))[:_KEPT_HASHES]
        self._fresh, self._waiting = [], 0


class _Histogram:
    """Counts in equal bins between the least and the greatest value."""

    def __init__(self, low: float, high: float) -> None:
        self.possible = math.isfinite(high - low)
        high = high if high > low else low + max(abs(low), 1.0) * 1e-6
        self._range = (low, high)
        self._counts = np.zeros(BINS, np.int64)

    def add(self, values: NDArray[Any]) -> None:
        low, high = self._range
        inside = values[np.isfinite(values)].astype(np.float64)
        self._counts += np.histogram(np.clip(inside, low, high), BINS, (low, high))[0]

    def result(self, of: int) -> dict[str, Any]:
        said = {
            "edges": [float(f"{edge:.12g}") for edge in np.linspace(*self._range, BINS + 1).tolist()],
            "counts": self._counts.tolist(),
        }
        return said | ({"approximate": True} if int(self._counts.sum()) < of else {})


def _continuations(lengths: NDArray[np.int64], data: bytes | memoryview) -> NDArray[np.int64]:
    """How many bytes of each text are no first byte of a character."""
    found = np.zeros(len(lengths), np.int64)
    filled = np.flatnonzero(lengths)
    if len(filled):
        inside = (np.frombuffer(data, np.uint8) & 0xC0) == 0x80
        found[filled] = np.add.reduceat(inside, (np.cumsum(lengths) - lengths)[filled], dtype=np.int64)
    return found


def text_hashes(lengths: NDArray[np.int64], data: bytes | memoryview) -> NDArray[np.uint64]:
    """A 64-bit hash of every text in `data`, one behind the other: a sum over its bytes, each weighed by its place."""
    hashes = _mixed(lengths.astype(np.uint64))
    filled = np.flatnonzero(lengths)
    if not len(filled):
        return hashes
    codes = np.frombuffer(data, np.uint8)
    starts = np.cumsum(lengths) - lengths
    places = np.arange(len(codes), dtype=np.int64) - np.repeat(starts, lengths)
    weighed = _mixed(_mixed(places.astype(np.uint64)) ^ codes)
    hashes[filled] ^= np.add.reduceat(weighed, starts[filled])
    return _mixed(hashes)


def _mixed(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): spreads every bit over all of them."""
    codes = codes + np.uint64(0x9E3779B97F4A7C15)
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = codes ^ (codes >> np.uint64(31))
    return mixed


def _bits(values: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of each number; 0.0 and -0.0 are one."""
    if values.dtype.kind == "f":
        return _mixed((values.astype(np.float64) + 0.0).view(np.uint64))
    return _mixed(values.astype(np.int64 if values.dtype.kind == "i" else np.uint64).view(np.uint64))


def _scalars(block: Block) -> NDArray[Any]:
    """One number a row: times as seconds, rounded to what a float holds."""
    values = block.values
    assert values is not None  # noqa: S101 - what called this saw it
    if values.ndim == 2:
        return values[:, 0] + values[:, 1] / 1e9
    return values


def _moment(value: Any, word: str) -> Any:
    """Seconds or days since 1970 as ISO 8601."""
    try:
        length = dt.timedelta(days=value) if word == "date" else dt.timedelta(seconds=value)
        moment = dt.datetime(1970, 1, 1) + length  # noqa: DTZ001 - a column's own clock
    except OverflowError:
        return None
    return moment.date().isoformat() if word == "date" else moment.isoformat()


def _plain(value: Any) -> Any:
    """A number as JSON has it: whole ones beyond 2**53 as they are, none that is infinite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(value: Any, word: str) -> Any:
    if word == "string":
        text = mask_text(value.decode("utf-8", "replace"), code=False)
        return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    return bool(value) if word == "bool" else value
