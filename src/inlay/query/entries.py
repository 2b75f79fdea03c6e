"""The files of a run as a card lists them: what shares a key, such as the pictures of a series, is one entry.

A run may log ten thousand pictures. What is sent of them, and read again and again while it runs, is one line; the
steps of a series are asked for when somebody looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timezone
from typing import TYPE_CHECKING, Any

from inlay.query.artifacts import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from inlay.query.artifacts import Artifact

ENTRIES = 200
"""The most entries of one card."""
STEPS = 10_000
"""The most steps of a series that are told of; of more, evenly chosen ones with the first and the last."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or all files of one key.

    `path`, `mime`, `kind`, `hash`, `bytes`, `created_at` (UTC) and `metadata` are those of the newest file: the one of
    the largest step. `all_bytes` is the size of all `count` files, `rows` the sum of those that say how many they hold.
    """

    path: str
    bytes: int
    mime: str
    kind: str
    hash: str
    created_at: datetime
    key: str | None = None
    count: int = 1
    all_bytes: int = 0
    first_step: int | None = None
    last_step: int | None = None
    rows: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the list calls it."""
        return self.path if self.key is None else self.key


def entries_of(artifacts: Iterable[Artifact]) -> list[Entry]:
    """The entries of these files, by name; of files of equal step the later one is the newer."""
    groups: dict[tuple[bool, str], list[Artifact]] = {}
    for artifact in artifacts:
        name = artifact.path if artifact.key is None else artifact.key
        groups.setdefault((artifact.key is None, name), []).append(artifact)
    return [_entry(groups[name]) for name in sorted(groups, key=lambda name: (name[1], name[0]))]


def _entry(files: list[Artifact]) -> Entry:
    newest = max(files, key=lambda one: (-1 if one.step is None else one.step, one.created_at))
    steps = [one.step for one in files if one.step is not None]
    rows = [one.metadata["rows"] for one in files if isinstance(one.metadata.get("rows"), int)]
    return Entry(
        newest.path,
        newest.bytes,
        newest.mime,
        newest.kind,
        newest.hash,
        newest.created_at,
        newest.key,
        len(files),
        sum(one.bytes for one in files),
        min(steps, default=None),
        max(steps, default=None),
        sum(rows) if rows else None,
        newest.metadata,
    )


_ENTRIES = """
SELECT path, coalesce(bytes, 0), coalesce(mime, ''), coalesce(kind, ''), coalesce(hash, ''), created_at, key,
       count(*) OVER entry, (sum(coalesce(bytes, 0)) OVER entry)::BIGINT,
       min(step) OVER entry, max(step) OVER entry,
       (sum(CASE WHEN json_valid(metadata) THEN try_cast(json_extract_string(metadata, '$.rows') AS BIGINT) END)
        OVER entry)::BIGINT,
       metadata
FROM artifacts WHERE run_id = ?
WINDOW entry AS (PARTITION BY key IS NULL, coalesce(key, path))
QUALIFY row_number() OVER (
    PARTITION BY key IS NULL, coalesce(key, path) ORDER BY coalesce(step, -1) DESC, created_at DESC
) = 1
ORDER BY coalesce(key, path), key IS NULL LIMIT ?
"""


def read_entries(con: DuckDBPyConnection, run_id: str, limit: int = ENTRIES) -> tuple[list[Entry], int]:
    """The first entries of a run, by name, and how many there are."""
    rows = con.execute(_ENTRIES, [run_id, limit]).fetchall()
    total = len(rows)
    if total == limit:
        (total,) = con.execute(
            "SELECT count(DISTINCT (key IS NULL, coalesce(key, path))) FROM artifacts WHERE run_id = ?", [run_id]
        ).fetchone() or (total,)
    return [_stored(*row) for row in rows], total


def _stored(*row: Any) -> Entry:
    """A row as an entry."""
    path, size, mime, kind, digest, created, key, count, all_bytes, first, last, rows, metadata = row
    at, known = created.replace(tzinfo=timezone.utc), json_object(metadata)
    return Entry(path, size, mime, kind, digest, at, key, count, all_bytes, first, last, rows, known)


# -- the files behind one -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a series in order, with their captions where there are any; `total` before some were left out."""

    steps: list[int]
    captions: list[str] | None
    total: int


def steps_of(files: Iterable[Artifact], after: int | None = None) -> Steps:
    """The steps of these files, the newest file of each, at most `STEPS`; where `after` is given those behind it."""
    by_step = {one.step: one for one in files if one.step is not None}
    chosen = evenly(sorted(step for step in by_step if after is None or step > after), STEPS)
    captions = [_caption(by_step[step]) for step in chosen]
    return Steps(chosen, captions if any(captions) else None, len(by_step))


def evenly(steps: list[int], limit: int) -> list[int]:
    """At most `limit` of the steps, evenly chosen, the first and the last among them."""
    if len(steps) <= limit:
        return steps
    last = len(steps) - 1
    return [steps[round(place * last / (limit - 1))] for place in range(limit)]


def _caption(artifact: Artifact) -> str:
    caption = artifact.metadata.get("caption")
    return caption if isinstance(caption, str) else ""
