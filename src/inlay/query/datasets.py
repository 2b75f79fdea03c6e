"""`Dataset`: what a run says of data it used, as `run.inputs` gives it back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timezone
from typing import TYPE_CHECKING, Any

from inlay.query.fresh import fresh
from inlay.query.shown import format_bytes, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

_SHOWN = 10
"""Columns that the printed form lists."""
_FACTS = ("missing", "min", "mean", "max", "distinct")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data that a run used. What is not known is None, or empty; `created_at` is in UTC.

    `rows` and `columns` count all there are; `schema` lists {"name", "type"} (and "shape") of the first 2,000 columns,
    `profile` what is known of the first 200 by name: missing, min, max, mean, distinct, histogram {"edges", "counts"},
    top, lengths. `sample_digest` is of a few rows and known at once; `digest` is of all of them, made in the
    background, and None as long as, and where, it is not known.
    """

    name: str
    context: str
    kind: str
    rows: int | None
    columns: int | None
    bytes: int | None
    schema: list[dict[str, Any]] = field(repr=False)
    profile: dict[str, dict[str, Any]] = field(repr=False)
    source: str | None
    sample_digest: str | None
    digest: str | None
    created_at: datetime

    def __repr__(self) -> str:
        of = f" ({one_line(self.context)})" if self.context else ""
        lines = [f"Dataset {one_line(self.name)}{of}: {self.kind}{self._size()}"]
        if self.digest or self.sample_digest:
            lines.append(f"digest {self.digest[:16]}…" if self.digest else f"sample digest {self.sample_digest[:16]}…")  # type: ignore[index]  # one of the two is there
        if self.source:
            lines.append(f"source {_cut(self.source, 100)}")
        return "\n  ".join([*lines, *self._table()])

    def _size(self) -> str:
        counts = [f"{n:,} {word}" for n, word in ((self.rows, "rows"), (self.columns, "columns")) if n is not None]
        said = " × ".join(counts)
        size = "" if self.bytes is None else format_bytes(self.bytes)
        return "".join(f", {part}" for part in (said, size) if part)

    def _table(self) -> list[str]:
        rows: list[tuple[str, ...]] = [("column", "type", *_FACTS)]
        for entry in self.schema[:_SHOWN]:
            name = str(entry.get("name", ""))
            known = self.profile.get(name, {})
            shape = f" {tuple(entry['shape'])}" if isinstance(entry.get("shape"), list) else ""
            kind = _cut(f"{entry.get('type', '')}{shape}", 30)
            rows.append((_cut(name, 30), kind, *(_fact(known.get(fact)) for fact in _FACTS)))
        if len(rows) == 1:
            return []
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        shown = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        arrays = any("shape" in entry for entry in self.schema)  # an entry is no column there
        left = (len(self.schema) if arrays else max(self.columns or 0, len(self.schema))) - _SHOWN
        return [*shown, f"and {left:,} more"] if left > 0 else shown


def datasets_of(store: Store, run_id: str) -> list[Dataset]:
    """The data of a run, in the order it was logged. Raises `StoreError` when the store cannot be read."""
    with fresh(store) as con:
        return read_datasets(con, run_id)


def read_datasets(con: DuckDBPyConnection, run_id: str) -> list[Dataset]:
    """The data of a run as the database has it."""
    rows = con.execute(
        """
        SELECT name, context, kind, rows, columns, bytes, schema, profile, source, sample_digest, digest, created_at
        FROM inputs WHERE run_id = ? ORDER BY created_at, name, context
        """,
        [run_id],
    ).fetchall()
    found = []
    for name, context, kind, rows_, columns, size, schema, profile, source, sampled, digest, created in rows:
        listed = [entry for entry in _value(schema, list) if isinstance(entry, dict)]
        known = {key: entry for key, entry in _value(profile, dict).items() if isinstance(entry, dict)}
        at = created.replace(tzinfo=timezone.utc)
        found.append(
            Dataset(
                name or "", context or "", kind or "", rows_, columns, size, listed, known, source, sampled, digest, at
            )
        )
    return found


def _value(text: str | None, kind: type) -> Any:
    """A JSON value of this kind; an empty one for anything else, which others may have written."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        return kind()
    return value if isinstance(value, kind) else kind()


def _fact(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return _cut(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value), 20)


def _cut(text: str, length: int) -> str:
    text = one_line(text[: length + 1])
    return text if len(text) <= length else text[: length - 1] + "…"
