"""Tables of a run, which grow call by call: each call is a part, and many small parts become one.

A part is one Parquet file. Sixteen of a size are merged into the next size, as in a log-structured tree, so that a row
is written a few times at most however many calls there are. A merged part names those it stands for by their numbers
(`part-00000-to-00015.parquet`) and takes their place in one event: no row is there twice, or not at all, for anybody.
A process knows its files before the database does; where it puts both together, the names tell which stand for which.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inlay.content.kept import suffix_of, with_suffix
from inlay.store.artifacts import path_of
from inlay.store.notice import say
from inlay.tracking import artifacts
from inlay.tracking.kept_values import in_scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from inlay.content.table_parts import Shape
    from inlay.query.artifacts import Artifact
    from inlay.tracking.recorder import Recorder
    from inlay.tracking.run import Run

MERGED = 16
"""Parts of a size that become one."""
LARGEST = 64 << 20
"""Bytes beyond which parts are large enough to stay as they are."""
_MIME = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class _Part:
    """A part this process wrote: the numbers it stands for, how often its rows were merged, its size."""

    path: str
    first: int
    last: int
    level: int
    rows: int


@dataclass(slots=True)
class _Growing:
    """A table as this process knows it. `mark` is in the names of its parts, where other processes may write some."""

    next: int = 0
    mark: str = ""
    pid: int = field(default_factory=os.getpid)
    parts: list[_Part] = field(default_factory=list)
    types: dict[str, str | None] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    """Columns of which it was said that they are kept as text."""
    lock: threading.Lock = field(default_factory=threading.Lock)


_growing: WeakKeyDictionary[Recorder, dict[str, _Growing]] = WeakKeyDictionary()
_lock = threading.Lock()


def log_table(run: Run, table: Any, path: str, columns: Sequence[str] | None) -> None:
    """See `Run.log_table`."""
    from inlay.content.table import connection, write_table

    recorder = run.writable()
    name = with_suffix(artifacts.checked_path(path), ".parquet")
    if suffix_of(name) != ".parquet":
        msg = f"a table is kept as Parquet: give {path!r} the suffix .parquet, or none"
        raise ValueError(msg)
    artifacts.refuse_taken(run, f"{name}/part")

    def keep(folder: Path) -> None:
        file = folder / "part.parquet"
        with connection() as con:
            write_table(con, table, file, columns)
            _append(run, recorder, name, file, con)

    in_scratch(f"the table {name!r}", keep)


def parts_of(found: Iterable[Artifact]) -> list[Artifact]:
    """The parts of a table in order, without those that another one stands for."""
    parts = list(found)
    ranges = {one.path: _numbers(one.path) for one in parts}
    whole = [numbers for numbers in ranges.values() if numbers[0] < numbers[1]]

    def stood_for(one: Artifact) -> bool:
        first, last, mark = ranges[one.path]
        return any(
            mark == other[2] and other[0] <= first and last <= other[1] and other != ranges[one.path] for other in whole
        )

    return sorted((one for one in parts if not stood_for(one)), key=lambda one: (ranges[one.path], one.path))


# -- one more part --------------------------------------------------------------------------------------------


def _append(run: Run, recorder: Recorder, name: str, file: Path, con: DuckDBPyConnection) -> None:
    from inlay.content.table_parts import shape_of

    shape = shape_of(con, file)
    with _lock:
        tables = _growing.setdefault(recorder, {})
        growing = tables.get(name)
        if growing is None or growing.pid != os.getpid():
            growing = tables[name] = _begun(run, recorder, name)
    with growing.lock:
        number = growing.next
        growing.next += 1
        part = _Part(_path(name, growing, number, number), number, number, 0, shape.rows)
        if _keep(run, name, part, file, list(shape.declared)):
            _learn(growing, name, shape)
            growing.parts.append(part)
            _merge(run, name, growing, con, file.parent)


def _begun(run: Run, recorder: Recorder, name: str) -> _Growing:
    """A table that this process has not logged to yet: of a run that others wrote, too, there may be parts already."""
    if not (recorder.resumed or recorder.foreign):
        return _Growing()
    from inlay.query.artifacts import artifacts_of_key

    numbers = [_numbers(one.path)[1] for one in artifacts_of_key(run.store, run.run_id, name)]
    return _Growing(max(numbers, default=-1) + 1, f"-{secrets.token_hex(3)}")


def _keep(run: Run, name: str, part: _Part, file: Path, columns: list[str], *, instead_of: Sequence[str] = ()) -> bool:
    metadata = {"rows": part.rows, "columns": columns}
    artifacts.log_bytes(run, file, part.path, "table", mime=_MIME, key=name, metadata=metadata, instead_of=instead_of)
    return part.path in run.memory.artifacts  # a disk that refused was told of


def _learn(growing: _Growing, name: str, shape: Shape) -> None:
    """Say it once when a column comes with values that its type does not hold."""
    from inlay.content.column_types import TEXT, common, stored

    for column, kind in shape.needed.items():
        known = growing.types.get(column)
        growing.types[column] = common(known, kind)
        odd = {known, kind} - {None, TEXT}
        if growing.types[column] == TEXT and odd and known is not None and column not in growing.mixed:
            growing.mixed.add(column)
            told = " and ".join(sorted(stored(one) for one in (known, kind) if one))
            say(f"the column {column!r} of the table {name!r} holds {told}: it is read as text from now on")


def _merge(run: Run, name: str, growing: _Growing, con: DuckDBPyConnection, folder: Path) -> None:
    """Merge the last parts for as long as there are enough of a size."""
    from inlay.content.table_parts import merge

    while True:
        last = growing.parts[-MERGED:]
        known = [run.memory.artifacts.get(part.path) for part in last]
        alike = len(last) == MERGED and len({part.level for part in last}) == 1
        if not alike or None in known or sum(one.bytes for one in known if one) > LARGEST:
            return
        first, end = last[0].first, last[-1].last
        file = folder / f"{first}.parquet"
        try:
            merge(con, [path_of(run.store.artifacts, one.hash) for one in known if one], file)
        except Exception:  # noqa: BLE001 - the parts are there, and can be read as they are
            return
        one = _Part(_path(name, growing, first, end), first, end, last[0].level + 1, sum(part.rows for part in last))
        columns = list(dict.fromkeys(column for part in known if part for column in part.metadata["columns"]))
        if not _keep(run, name, one, file, columns, instead_of=[part.path for part in last]):
            return
        growing.parts[-MERGED:] = [one]


def _after_fork() -> None:
    """Another thread of the parent may have held it."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# -- names ----------------------------------------------------------------------------------------------------


def _path(name: str, growing: _Growing, first: int, last: int) -> str:
    numbers = f"{first:05d}" if first == last else f"{first:05d}-to-{last:05d}"
    return f"{name}/part-{numbers}{growing.mark}.parquet"


_NAME = re.compile(r"part-(\d+)(?:-to-(\d+))?(-[0-9a-f]+)?\.parquet$")


def _numbers(path: str) -> tuple[int, int, str]:
    """The first and last number that a part stands for, and the mark of who wrote it."""
    found = _NAME.search(path)
    if found is None:  # written by others
        return 0, 0, path
    return int(found[1]), int(found[2] or found[1]), found[3] or ""
