"""The files of a run, one row each: what `run.artifacts` hands out, and where a file of a card is found again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timezone
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from inlay.errors import InlayError
from inlay.query.fresh import fresh
from inlay.query.shown import one_line
from inlay.store.artifacts import found

if TYPE_CHECKING:
    import os
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.store.store import Store

Bytes: TypeAlias = bytes
"""The name is taken inside `Artifact`."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a run. `hash` is the SHA-256 of its bytes, `mime` guessed from the path; `created_at` is in UTC.

    `key` is the series or table that it is part of, `step` where it stands in it, `metadata` what else is known of it.
    Its bytes are in the store: `open`, `read_bytes`, `read_text`, `download`.
    """

    path: str
    bytes: int
    mime: str
    kind: str
    hash: str
    created_at: datetime
    key: str | None = None
    step: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = field(default=None, repr=False, compare=False)
    """Where the store keeps the bytes of all its files."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def local_path(self) -> Path:
        """The file in the store that holds its bytes, for libraries that want a path. Read it, never write to it: other
        runs may share it, and its name is its hash, without a suffix; `download` gives it its own name.

        Raises `InlayError` when it is gone or cut short.
        """
        path = None if self.folder is None else found(self.folder, self.hash, self.bytes)
        if path is None:
            msg = f"the bytes of {self.path!r} are not in the store, or not all of them ({self.hash[:12]}...)"
            raise InlayError(msg)
        return path

    def open(self) -> IO[Bytes]:
        """Its bytes as a file object: `with artifact.open() as file`. Raises `InlayError` when they are gone."""
        return self.local_path.open("rb")

    def read_bytes(self) -> Bytes:
        """All of its bytes. Raises `InlayError` when they are gone."""
        return self.local_path.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        """All of it as a text. Raises `InlayError` when it is gone, `UnicodeDecodeError` when it is none."""
        return self.read_bytes().decode(encoding)

    def download(self, to: str | os.PathLike[str] = ".", *, overwrite: bool = False) -> Path:
        """Copy it into the folder `to` under its own name, check its bytes on the way, and return where it is.

        Raises `FileExistsError` when another file is there and `overwrite` is not set, `InlayError` when the bytes are
        gone or damaged.
        """
        from inlay.query.downloads import save

        return save(self, self.name, to, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"Artifact {one_line(self.path)}: {self.bytes:,} bytes, {one_line(self.mime)}"


def artifacts_of(store: Store, run_id: str) -> list[Artifact]:
    """Every file of the run, by path."""
    with fresh(store) as con:
        return stored_artifacts(con, run_id)


def stored_artifacts(con: DuckDBPyConnection, run_id: str) -> list[Artifact]:
    """Every file of the run that the database has, by path."""
    return _artifacts(con, "true ORDER BY path", [run_id])


def artifact_of(store: Store, run_id: str, path: str) -> Artifact | None:
    """The file that was logged under this path last."""
    with fresh(store) as con:
        return next(iter(_artifacts(con, "path = ? LIMIT 1", [run_id, path])), None)


def artifacts_of_key(store: Store, run_id: str, key: str, step: int | None = None) -> list[Artifact]:
    """The files of a key in the order of their steps and paths; only those of `step` where one is given."""
    with fresh(store) as con:
        if step is None:
            return _artifacts(con, "key = ? ORDER BY step, path", [run_id, key])
        return _artifacts(con, "key = ? AND step = ? ORDER BY path", [run_id, key, step])


_COLUMNS = "path, bytes, mime, kind, hash, created_at, key, step, metadata"


def _artifacts(con: DuckDBPyConnection, which: str, values: list[Any]) -> list[Artifact]:
    rows = con.execute(f"SELECT {_COLUMNS} FROM artifacts WHERE run_id = ? AND {which}", values).fetchall()  # noqa: S608
    return [_artifact(*row) for row in rows]


def _artifact(  # noqa: PLR0917 - the columns of a row
    path: str, size: int, mime: str, kind: str, digest: str, created: datetime, key: str, step: int, metadata: str
) -> Artifact:
    """A row as an artifact; rows that others wrote may lack anything."""
    at = created.replace(tzinfo=timezone.utc)
    return Artifact(path, size or 0, mime or "", kind or "", digest or "", at, key, step, json_object(metadata))


def json_object(text: str | None) -> dict[str, Any]:
    """A JSON object; an empty one for anything else, since rows may be written by others."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
