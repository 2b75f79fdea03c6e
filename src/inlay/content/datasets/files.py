"""Files and folders as datasets: the bytes of a file, the manifest of a folder, and what is in a table on disk.

The digest of a file is the SHA-256 of its bytes, as that of an artifact is. Nothing of a folder is looked at before the
background does, for how much there is to look at is not known.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inlay.content.datasets import digest
from inlay.content.datasets.block import from_numpy, numbers
from inlay.content.datasets.description import MOST_IN_SCHEMA, Description, Findings, by_name, fitted
from inlay.content.datasets.profile import ColumnProfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path, PurePath

    import duckdb

MOST_FILES = 1_000_000
"""A folder with more is counted so far, and has no digest."""
_PIECE = 1 << 20
_RUNS, _RUN = 8, 4096
"""The sample: so many pieces of so many bytes, evenly spread over the file."""
ROWS_READ = 100_000
"""The most rows of a file of a table that are profiled."""
_READERS = {
    ".csv": "read_csv(?)",
    ".tsv": "read_csv(?, delim = '\\t')",
    ".parquet": "read_parquet(?)",
    ".jsonl": "read_json(?, format = 'newline_delimited')",
    ".ndjson": "read_json(?, format = 'newline_delimited')",
}


def describe_path(path: Path) -> Description:
    """A file or a folder. Raises `FileNotFoundError`, or `ValueError` for what is neither."""
    shown = shortened(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        msg = f"there is no file or folder {path} to log; texts are logged as a list: log_input([text])"
        raise FileNotFoundError(msg) from None
    name = path.name or path.resolve().name or None
    if stat.S_ISDIR(found.st_mode):
        return Description("folder", source=shown, name=name, full_pass=lambda check: folder_findings(path, check))
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path} is neither a file nor a folder: log_input reads no pipes, sockets or devices"
        raise ValueError(msg)
    try:
        sampled = _sample_digest(path, found.st_size)
    except OSError as error:
        raise type(error)(f"{path} cannot be read: {error.strerror or error}") from error
    return Description(
        "file", bytes=found.st_size, source=shown, name=name, sample_digest=sampled,
        full_pass=lambda check: _file_findings(path, found, check),
    )  # fmt: skip


def shortened(path: PurePath | str) -> str:
    """An absolute path with `~` for the home directory."""
    text = os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow links
    home = os.path.expanduser("~")  # noqa: PTH111
    return f"~{text[len(home) :]}" if text == home or text.startswith(home.rstrip(os.sep) + os.sep) else text


def _sample_digest(path: Path, size: int) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        for i in range(_RUNS):
            file.seek(max(size - _RUN, 0) * i // (_RUNS - 1))
            hashed.update(file.read(_RUN))
    return digest.of_parts("file sample", size, hashed.hexdigest())


def _file_findings(path: Path, before: os.stat_result, check: Callable[[], None]) -> Findings:
    content = _content(path, before, check)
    rows, schema, profile = None, None, None
    reader = _READERS.get(_suffix(path))
    if reader is not None and not set(str(path)) & set("*?[{"):  # which DuckDB would take for a pattern
        rows, schema, profile = _tabular(path, reader, check)
    return Findings(content, profile, rows, len(schema) if schema is not None else None, schema=_named(schema))


def _named(schema: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    return None if schema is None else fitted(schema, MOST_IN_SCHEMA)


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"] and suffixes[-2:-1] != [".parquet"]
    return "".join(suffixes[:-1][-1:] if packed else suffixes[-1:])


def _content(path: Path, before: os.stat_result | None, check: Callable[[], None]) -> str | None:
    """The SHA-256 of a file; None of one that is changed meanwhile."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        opened = os.fstat(file.fileno())
        while piece := file.read(_PIECE):
            check()
            hashed.update(piece)
        after = os.fstat(file.fileno())
    same = all(_version(one) == _version(after) for one in (before or opened, opened))
    return hashed.hexdigest() if same else None


def _version(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


# --- tables on disk -------------------------------------------------------------------------------------------


def _tabular(
    path: Path, reader: str, check: Callable[[], None]
) -> tuple[int | None, list[dict[str, Any]] | None, dict[str, Any] | None]:
    """Rows, schema and profile; nothing of a file that is not what its name says."""
    import duckdb

    try:
        con = duckdb.connect(":memory:", config=_CONFIG)
    except duckdb.Error:
        return None, None, None
    _reading.append(con)
    try:
        return _read_table(con, os.path.abspath(path), reader, check)  # noqa: PTH100 - as above
    except duckdb.Error:
        return None, None, None
    finally:
        _reading.remove(con)
        con.close()


_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
}
_reading: list[duckdb.DuckDBPyConnection] = []


def interrupt() -> None:
    """Stop what DuckDB is reading: a thread inside it at the end of the interpreter takes the process with it."""
    for con in tuple(_reading):
        con.interrupt()


def _read_table(
    con: duckdb.DuckDBPyConnection, path: str, reader: str, check: Callable[[], None]
) -> tuple[int | None, list[dict[str, Any]], dict[str, Any]]:
    described = con.execute(f"DESCRIBE SELECT * FROM {reader}", [path]).fetchall()  # noqa: S608 - own text
    check()
    schema = [{"name": name, "type": str(kind)} for name, kind, *_ in described]
    profiled = [i for i in range(len(described)) if i < _PROFILED]
    chosen = ", ".join(f"#{i + 1} AS c{i}" for i in profiled)
    # By place: names may be anything, and come twice.
    query = f"SELECT {chosen} FROM (SELECT * FROM {reader} LIMIT {ROWS_READ})"  # noqa: S608
    columns = list(con.execute(query, [path]).fetchnumpy().values())
    check()
    read = len(columns[0]) if columns else 0
    profiles = []
    for i, values in zip(profiled, columns, strict=False):
        check()
        profiles.append(_profile(schema[i]["name"], values) | ({"of_rows": read} if read == ROWS_READ else {}))
    rows: int | None = read if read < ROWS_READ else None
    if rows is None and reader.startswith("read_parquet"):
        rows = (con.execute("SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)", [path]).fetchone() or [None])[
            0
        ]
    return rows, schema, by_name(profiles)


_PROFILED = 200


def _profile(name: str, values: Any) -> dict[str, Any]:
    import numpy as np

    mask = np.ma.getmaskarray(values)
    data = np.ma.getdata(values)
    if data.dtype.kind in "OUST":
        data = data.astype(object)
        data[mask] = None
        block = from_numpy(data)
    else:
        block = numbers(data, mask if mask.any() else None)
    profile = ColumnProfile(name)
    profile.add(block)
    if profile.wants_more:
        profile.add_to_histogram(block)
    return profile.result()


# --- folders --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    """A file below the folder, by its path with slashes; of a link to a folder its target, which is not entered."""

    path: str
    bytes: int
    target: str | None = None


def folder_findings(folder: Path, check: Callable[[], None]) -> Findings:
    """The manifest: paths and sizes for the sample digest, paths and hashes for the digest."""
    entries = []
    for entry in _walk(str(folder), check):
        entries.append(entry)
        if len(entries) > MOST_FILES:
            return Findings(rows=len(entries))
    return _manifest(folder, sorted(entries), check)


def files_findings(folder: Path, paths: Sequence[str], check: Callable[[], None]) -> Findings:
    """What is to be said of these files below a folder, as of the whole of one."""
    entries = []
    for path in paths:
        check()
        entries.append(_Entry(os.path.relpath(path, folder).replace(os.sep, "/"), os.stat(path).st_size))  # noqa: PTH116
    return replace(_manifest(folder, sorted(entries), check), rows=None, schema=None)


def _manifest(folder: Path, entries: Sequence[_Entry], check: Callable[[], None]) -> Findings:
    sampled = digest.of_parts("folder sample", [[entry.path, entry.bytes] for entry in entries])
    hashes: list[list[str | None]] = []
    for entry in entries:
        check()
        try:
            known = entry.target if entry.target is not None else _content(folder / entry.path, None, check)
        except OSError:  # vanished, or not for us to read
            known = None
        hashes.append([entry.path, known])
    whole = digest.of_parts("folder", hashes) if all(known is not None for _, known in hashes) else None
    schema: list[dict[str, Any]] = [
        {"name": _clean(entry.path), "type": "link" if entry.target else "file", "bytes": entry.bytes}
        for entry in entries[:MOST_IN_SCHEMA]
    ]
    size = sum(entry.bytes for entry in entries)
    return Findings(whole, None, len(entries), None, size, fitted(schema, MOST_IN_SCHEMA), sampled)


def _walk(top: str, check: Callable[[], None]) -> Iterator[_Entry]:
    """Every file below a folder; what cannot be looked into is left out."""
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        check()
        try:
            with os.scandir(os.path.join(top, inner)) as found:  # noqa: PTH118 - a million paths are dear as objects
                listed = list(found)
        except OSError:
            continue
        for one in listed:
            path = f"{inner}/{one.name}" if inner else one.name
            try:
                if one.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif one.is_dir():
                    yield _Entry(path, 0, os.readlink(one.path))  # noqa: PTH115
                elif one.is_file():
                    yield _Entry(path, one.stat().st_size)
            except OSError:
                continue


def _clean(path: str) -> str:
    """A file's name as text: on Linux names are bytes, and need not be UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
