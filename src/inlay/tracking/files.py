"""`run.artifacts`: the files of a run as a sequence and as a tree, and `run.download`.

Nothing is read before somebody looks. Of a run that this process is writing, what it has logged is known here; the
store is asked for the rest, without taking in what waits in journals.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, overload

from inlay.errors import InlayError
from inlay.query.artifacts import Artifact, artifacts_of, stored_artifacts
from inlay.query.shown import format_bytes, one_line
from inlay.store.database import StoreBusyError
from inlay.tracking import copies

if TYPE_CHECKING:
    import os

    from inlay.tracking.run import Run

LINES = 40
"""The most lines of a tree."""
OF_ONE_FOLDER = 10
"""Entries of a folder that are shown where the whole tree is longer."""


class Artifacts(Sequence[Artifact]):
    """The files of a run, or of one of its folders, ordered by path.

    A sequence of `Artifact`; `artifacts["plots/a.png"]` is a file, `artifacts["plots"]` the folder. Read from the store
    when it is first looked at, and as it was then from there on.
    """

    def __init__(self, run: Run, path: str = "", files: list[Artifact] | None = None) -> None:
        self._run = run
        self._known = files
        self.path = path
        """The folder these files lie in; empty for all of the run."""

    @property
    def files(self) -> list[Artifact]:
        """The files directly in it, without those in its folders."""
        start = len(self._prefix)
        return [one for one in self._all if "/" not in one.path[start:]]

    @property
    def folders(self) -> list[Artifacts]:
        """The folders directly in it."""
        start = len(self._prefix)
        grouped: dict[str, list[Artifact]] = {}
        for one in self._all:
            name, slash, _ = one.path[start:].partition("/")
            if slash:
                grouped.setdefault(name, []).append(one)
        return [Artifacts(self._run, self._prefix + name, files) for name, files in grouped.items()]

    @property
    def bytes(self) -> int:
        """The size of all of them."""
        return sum(one.bytes for one in self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self._all)

    @overload
    def __getitem__(self, at: int) -> Artifact: ...
    @overload
    def __getitem__(self, at: slice) -> list[Artifact]: ...
    @overload
    def __getitem__(self, at: str) -> Artifact | Artifacts: ...
    def __getitem__(self, at: int | slice | str) -> Artifact | list[Artifact] | Artifacts:
        """By number, or by path from here: a file, else a folder; `"plots/"` is the folder where there are both.

        Raises `KeyError` naming the nearest paths.
        """
        if not isinstance(at, str):
            return self._all[at]
        found = self._find(at)
        if found is None:
            raise KeyError(self._unknown(at))
        return found

    def __contains__(self, one: object) -> bool:
        return self._find(one) is not None if isinstance(one, str) else one in self._all

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Artifacts, list)):
            return list(self) == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # files may have been added when it is read again

    def __repr__(self) -> str:
        where = f" in {one_line(self.path)}" if self.path else ""
        if not self._all:
            return f"Artifacts{where}: none"
        lines = list(islice(_tree(self, None, ""), LINES))
        if len(lines) == LINES:
            lines = list(islice(_tree(self, OF_ONE_FOLDER, ""), LINES - 1))
            if len(lines) == LINES - 1:
                lines[-1] = "..."
        return "\n".join([f"Artifacts{where}: {_count(self)}", *lines])

    @property
    def _all(self) -> list[Artifact]:
        if self._known is None:
            self._known = _read(self._run)
        return self._known

    @property
    def _prefix(self) -> str:
        return f"{self.path}/" if self.path else ""

    def _find(self, path: str) -> Artifact | Artifacts | None:
        name = path.replace("\\", "/").removeprefix("./")
        whole = self._prefix + name.rstrip("/")
        if not name.endswith("/"):
            exact = next((one for one in self._all if one.path == whole), None)
            if exact is not None:
                return exact
        below = [one for one in self._all if one.path.startswith(f"{whole}/")]
        return Artifacts(self._run, whole, below) if below else None

    def _unknown(self, path: str) -> str:
        if any(copy.path == self._prefix + path for copy in copies.under_way(self._run)):
            return f"{path!r} is still being copied into the store"
        start = len(self._prefix)
        paths = [one.path[start:] for one in self._all]
        folders = {path.rpartition("/")[0] for path in paths} - {""}
        near = difflib.get_close_matches(path, [*paths, *sorted(folders)], 3) or paths[:5]
        there = f"nearest: {', '.join(map(repr, near))}" if near else "nothing was logged there"
        return f"no file or folder {path!r} in the run; {there}"


def download(run: Run, path: str, to: str | os.PathLike[str] | None, *, overwrite: bool) -> Path:
    """See `Run.download`."""
    from inlay.query.downloads import save, save_all

    if not isinstance(path, str):
        msg = f"download takes the path of a file or folder of the run; got {path!r} of type {type(path).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    target = Path(run.short_id) if to is None else Path(to)
    files = Artifacts(run)
    if not path.strip("/"):
        save_all(files, target, overwrite=overwrite)
        return target
    found = files[path]
    if isinstance(found, Artifact):
        return save(found, found.path, target, overwrite=overwrite)
    save_all(found, target, overwrite=overwrite)
    return target / found.path


# -- reading ------------------------------------------------------------------------------------------------


def _read(run: Run) -> list[Artifact]:
    """Every file of the run, by path."""
    if not run.live:
        files = {one.path: one for one in artifacts_of(run.store, run.run_id)}
    else:
        files = {one.path: one for one in _stored(run) if one.path not in run.memory.artifacts_removed}
        files |= dict(run.memory.artifacts)
    folder = run.store.artifacts
    return [replace(files[path], folder=folder) for path in sorted(files)]


def _stored(run: Run) -> list[Artifact]:
    """What the database has by now; nothing while others keep it busy, as this process knows its own files."""
    try:
        with run.store.open(wait=1.0) as con:
            return stored_artifacts(con, run.run_id)
    except (StoreBusyError, InlayError):
        return []


# -- the tree -----------------------------------------------------------------------------------------------


def _tree(artifacts: Artifacts, limit: int | None, indent: str) -> Iterator[str]:
    """Its lines: folders first; of each folder at most `limit` entries."""
    entries: list[Artifact | Artifacts] = [*artifacts.folders, *artifacts.files]
    shown = entries if limit is None or len(entries) <= limit + 1 else entries[:limit]
    for number, entry in enumerate(shown):
        last = number == len(entries) - 1
        name = one_line(entry.path.rpartition("/")[2])
        if isinstance(entry, Artifact):
            yield f"{indent}{'└─' if last else '├─'} {name}  {format_bytes(entry.bytes)}"
        else:
            yield f"{indent}{'└─' if last else '├─'} {name}/  {_count(entry)}"
            yield from _tree(entry, limit, indent + ("   " if last else "│  "))
    if len(shown) < len(entries):
        yield f"{indent}└─ ... and {len(entries) - len(shown):,} more"


def _count(artifacts: Artifacts) -> str:
    count = "1 file" if len(artifacts) == 1 else f"{len(artifacts):,} files"
    return f"{count}, {format_bytes(artifacts.bytes)}"
