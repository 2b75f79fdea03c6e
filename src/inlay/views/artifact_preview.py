"""A look at a file of a run, small enough to be drawn in a card: a picture, a table, the beginning of a text.

What kind of file it is, is told from its bytes where that is possible, and nothing in it is executed: no pickle is
loaded, SVG is shown as an image and HTML in a sandbox (js/run-view). The file is found by its hash alone, which is
checked, since a store may come from somebody else.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import dataclass
from itertools import islice, starmap
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from inlay.errors import InlayError
from inlay.store.artifacts import found
from inlay.store.database import SETTINGS
from inlay.views.format import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inlay.query.artifacts import Artifact
    from inlay.store.store import Store

Kind = Literal["image", "svg", "audio", "text", "table", "html", "none", "gone"]

LARGEST_IMAGE = 5 << 20
LARGEST_AUDIO = 20 << 20
TEXT = 64 << 10
"""Bytes read of a text."""
HTML = 1 << 20
"""Bytes read of a page: the beginning of one is seldom worth drawing."""
PARSED = 5 << 20
"""The largest file that is read as a whole: to count its rows, or because JSON cannot be read in part."""
ROWS = 100
COLUMNS = 50
CELL = 200
"""Characters of one cell of a table."""
DIGITS = 8
"""Characters of a number in a table that is written as it is; a longer one is rounded to six digits."""
PARTS = 50
"""Parts of a table that are looked into for its first rows."""
LARGEST_WHOLE = 64 << 20
"""The largest file that is sent for downloading."""


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows and columns of a table, as text; `total` rows in all where that is cheap to know."""

    columns: list[str]
    rows: list[list[str]]
    total: int | None
    cut: bool
    """Whether there is more of it than this."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is sent of a file."""

    kind: Kind
    mime: str
    size: int
    truncated: bool = False
    text: str | None = None
    table: Table | None = None
    data: bytes | None = None
    scripts: bool = False
    """Whether a page has any."""

    def as_json(self) -> dict[str, Any]:
        """What the reply says; the bytes of a picture or of a whole file go beside it."""
        said: dict[str, Any] = {"kind": self.kind, "mime": self.mime, "bytes": self.size, "truncated": self.truncated}
        if self.text is not None:
            said["text"] = encodable(self.text)
        if self.scripts:
            said["scripts"] = True
        if self.table is not None:
            said["table"] = {
                "columns": self.table.columns,
                "rows": self.table.rows,
                "total": self.table.total,
            }
        return said

    @property
    def buffers(self) -> tuple[bytes, ...]:
        return () if self.data is None else (self.data,)


def preview(artifact: Artifact, store: Store) -> Look:
    """What can be shown of the file; "none" where that is nothing, "gone" where the file is."""
    blob = blob_of(artifact, store)
    if blob is None:
        return _gone(artifact)
    try:
        look = _look(artifact, blob)
    except FileNotFoundError:  # this very moment
        return _gone(artifact)
    return look or Look("none", _mime(artifact), artifact.bytes)


def whole_file(artifact: Artifact, store: Store) -> Look:
    """All bytes of the file. Raises `InlayError` for one too large to be sent."""
    blob = blob_of(artifact, store)
    if blob is None:
        return _gone(artifact)
    if artifact.bytes > LARGEST_WHOLE:
        raise _too_large(artifact.path, artifact.bytes, f"it is kept as {blob}")
    return Look("none", _mime(artifact), artifact.bytes, data=blob.read_bytes())


def preview_parts(parts: Sequence[Artifact], store: Store) -> Look:
    """The first rows of a table that is kept in parts, in their order."""
    said = [one.metadata.get("rows") for one in parts]
    rows = [count if isinstance(count, int) else 0 for count in said]
    total = sum(rows) if None not in said else None
    blobs: list[Path] = []
    needed = ROWS + 1
    for part, count in list(zip(parts, rows, strict=True))[:PARTS]:
        blob = blob_of(part, store)
        if blob is None:
            return _gone(part)
        blobs.append(blob)
        needed -= count
        if needed <= 0:
            break
    table = _parquet(blobs, total)
    size = sum(one.bytes for one in parts)
    return Look("none" if table is None else "table", _mime(parts[0]), size, table is None or table.cut, table=table)


def whole_table(parts: Sequence[Artifact], store: Store) -> Look:
    """A table that is kept in parts as one Parquet file. Raises `InlayError` for one too large to be sent."""
    from tempfile import TemporaryDirectory

    import duckdb

    if len(parts) == 1:
        return whole_file(parts[0], store)
    blobs = [blob_of(part, store) for part in parts]
    if None in blobs:
        return _gone(parts[blobs.index(None)])
    size = sum(one.bytes for one in parts)
    if size > LARGEST_WHOLE:
        raise _too_large(parts[0].key or parts[0].path, size, "it is read back with run.load(...)")
    with TemporaryDirectory() as folder, duckdb.connect(config=SETTINGS) as con:
        target = Path(folder) / "table.parquet"
        rows = con.read_parquet([str(blob) for blob in blobs], union_by_name=True)
        rows.write_parquet(str(target))
        return Look("none", _mime(parts[0]), size, data=target.read_bytes())


def blob_of(artifact: Artifact, store: Store) -> Path | None:
    """Where the file lies; None when it is no longer there, or is not the one that was logged."""
    return found(store.artifacts, artifact.hash, artifact.bytes)


def _too_large(name: str, size: int, remedy: str) -> InlayError:
    return InlayError(f"{name} has {size >> 20:,} MB, and a page takes at most {LARGEST_WHOLE >> 20} MB; {remedy}")


def _gone(artifact: Artifact) -> Look:
    return Look("gone", _mime(artifact), artifact.bytes)


def _mime(artifact: Artifact) -> str:
    return encodable(artifact.mime[:200])


def _look(artifact: Artifact, blob: Path) -> Look | None:
    """The first way of showing it that succeeds."""
    with blob.open("rb") as file:
        head = file.read(TEXT)
    suffix = PurePosixPath(artifact.path).suffix.lower()
    image = _image_type(head, artifact.mime)
    if image is not None:
        return _whole(artifact, blob, "image", image)
    if suffix == ".svg" or artifact.mime == "image/svg+xml":
        return _whole(artifact, blob, "svg", "image/svg+xml")
    audio = _audio_type(head, artifact.mime)
    if audio is not None:
        return _whole(artifact, blob, "audio", audio)
    table = _table(blob, head, suffix, artifact)
    if table is not None:
        return Look("table", _mime(artifact), artifact.bytes, table.cut, table=table)
    if suffix in (".html", ".htm") or artifact.mime == "text/html":
        return _page(artifact, blob)
    text = _text(head, sure=artifact.mime.startswith("text/"), whole=artifact.bytes <= len(head))
    return None if text is None else Look("text", _mime(artifact), artifact.bytes, artifact.bytes > len(head), text)


# -- pictures and sounds --------------------------------------------------------------------------------------

_SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def _image_type(head: bytes, mime: str) -> str | None:
    """Which picture these are the first bytes of: what the path says is up to whoever logged it."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if mime == "image/bmp" and head.startswith(b"BM"):
        return mime
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


_SOUNDS = ((b"fLaC", "audio/flac"), (b"OggS", "audio/ogg"), (b"ID3", "audio/mpeg"))


def _audio_type(head: bytes, mime: str) -> str | None:
    """Which sound these are the first bytes of. MP3 without a title begins like many another file."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:11] == b"ftypM4A":
        return "audio/mp4"
    if mime == "audio/mpeg" and head[:1] == b"\xff":
        return mime
    return next((name for signature, name in _SOUNDS if head.startswith(signature)), None)


def _whole(artifact: Artifact, blob: Path, kind: Literal["image", "svg", "audio"], mime: str) -> Look:
    """A picture or sound; of one too large only that it is one."""
    if artifact.bytes > (LARGEST_AUDIO if kind == "audio" else LARGEST_IMAGE):
        return Look(kind, mime, artifact.bytes, truncated=True)
    return Look(kind, mime, artifact.bytes, data=blob.read_bytes())


# -- texts ----------------------------------------------------------------------------------------------------

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _text(head: bytes, *, sure: bool, whole: bool) -> str | None:
    """The bytes as text; None when they are none, unless one is sure that they must be."""
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(head, final=whole)  # a letter may be cut in two
    except UnicodeDecodeError:
        text = head.decode(encoding, "replace") if sure else "\0"
    return text if sure or "\0" not in text else None


def _page(artifact: Artifact, blob: Path) -> Look:
    with blob.open("rb") as file:
        data = file.read(HTML)
    text = _text(data, sure=True, whole=artifact.bytes <= len(data)) or ""
    cut = artifact.bytes > len(data)
    return Look("html", "text/html", artifact.bytes, cut, text, scripts=cut or "<script" in text.lower())


# -- tables ---------------------------------------------------------------------------------------------------


def _table(blob: Path, head: bytes, suffix: str, artifact: Artifact) -> Table | None:
    if suffix in (".csv", ".tsv") or artifact.mime in ("text/csv", "text/tab-separated-values"):
        return _separated(blob, head, "\t" if suffix == ".tsv" or artifact.mime.startswith("text/tab") else None)
    if head.startswith(b"PAR1"):
        return _parquet([blob])
    if (suffix == ".json" or artifact.mime == "application/json") and artifact.bytes <= PARSED:
        return _records(blob.read_bytes())
    return None


def _separated(blob: Path, head: bytes, separator: str | None) -> Table | None:
    """A table of separated values; None for one that cannot be read as such."""
    beginning = _text(head, sure=True, whole=False) or ""
    line = beginning.split("\n", 1)[0]
    separator = separator or max(",;\t", key=line.count)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    with blob.open("rb") as file:
        # A file may be one line, however large.
        data, whole = file.read(PARSED), not file.read(1)
    try:
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, "replace", newline=""), delimiter=separator)
        rows = list(islice(reader, ROWS + 1))
        following = sum(1 for _ in reader)
    except csv.Error:
        return None
    if not whole and not following:
        rows = rows[:-1]  # cut in two
    total = following + len(rows) - 1 if whole else None
    if not rows:
        return None
    width = max(map(len, rows))
    names = rows[0] + [""] * (width - len(rows[0]))
    return _cut(names, rows[1:], total)


def _records(data: bytes) -> Table | None:
    """A JSON list of records as a table; None for any other JSON."""
    try:
        records = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        return None
    shown = records[:ROWS]
    names = list(dict.fromkeys(name for one in shown for name in one))
    # Records that share no names have as many columns as names, and a table of them is as large as all that squared.
    return _cut(names, [[one.get(name) for name in names[:COLUMNS]] for one in shown], len(records))


def _parquet(blobs: list[Path], total: int | None = None) -> Table | None:
    """Parquet files as one table, by a DuckDB that may read these files and nothing else; rows are counted unless
    `total` says how many there are.
    """
    import duckdb

    files = [str(blob) for blob in blobs]
    table = "read_parquet(?, union_by_name = true)"
    with duckdb.connect(config=SETTINGS | {"memory_limit": "512MB", "threads": 2}) as con:
        try:
            con.execute("SET allowed_paths = ?", [files])
            con.execute("SET enable_external_access = false")
            con.execute("SET lock_configuration = true")
            told = con.execute(f"DESCRIBE SELECT * FROM {table}", [files]).fetchall()  # noqa: S608
            names = [name for name, *_ in told]
            columns = ", ".join(starmap(_short_column, ((name, kind) for name, kind, *_ in told[:COLUMNS])))
            rows = con.execute(f"SELECT {columns} FROM {table} LIMIT ?", [files, ROWS]).fetchall()  # noqa: S608
            if total is None:
                (total,) = con.execute(f"SELECT count(*) FROM {table}", [files]).fetchone() or (None,)  # noqa: S608
        except duckdb.Error:
            return None
    return _cut(names, rows, total)


def _short_column(name: str, kind: str) -> str:
    """A column in SQL, with no more of each value than is shown: a file of few bytes may hold texts of gigabytes."""
    column = '"' + name.replace('"', '""') + '"'
    if kind == "BLOB":
        return f"format('{{:,}} bytes', octet_length({column}))"
    long = kind in ("VARCHAR", "JSON") or kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION("))
    return f"left({column}::VARCHAR, {CELL + 1})" if long else column


def _cut(names: Sequence[str], rows: Iterable[Sequence[object]], total: int | None) -> Table:
    """As much of a table as is shown."""
    columns = [_cell(name) for name in names[:COLUMNS]]
    cells = [[_cell(value) for value in row[: len(columns)]] for row in rows]
    return Table(columns, cells, total, cut=total is None or total > len(cells) or len(names) > len(columns))


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _written(value)
    return encodable(text if len(text) <= CELL else text[:CELL] + "…")


def _written(value: object) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value):,} bytes"
    text = str(value)
    if isinstance(value, float) and len(text) > DIGITS:
        return f"{value:.{6 if abs(value) < 1e6 else 12}g}"
    return text
