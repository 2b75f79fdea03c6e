"""Files of a run: checked paths, blobs in the store, one event each.

A disk that refuses costs a warning and the artifact, not the training. Large files are copied in the background.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import re
import stat
import sys
import weakref
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from inlay import settings
from inlay.query.artifacts import Artifact
from inlay.store import artifacts as blobs
from inlay.store.incoming import Incoming
from inlay.store.journal.slots import Kind
from inlay.store.notice import say
from inlay.tracking import copies, values
from inlay.tracking.memory import folders_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inlay.store.store import Store
    from inlay.tracking.run import Run


def log_bytes(
    run: Run,
    data: bytes | Path,
    path: str,
    kind: str,
    *,
    mime: str | None = None,
    key: str | None = None,
    step: int | None = None,
    metadata: dict[str, Any] | None = None,
    instead_of: Sequence[str] = (),
) -> None:
    """Keep bytes, or those of a file of ours, under `path`; `key` and `step` say of which series they are a part,
    `metadata` is a JSON object. The files `instead_of` which it is kept leave the run in the same moment.
    """
    path = checked_path(path)
    said = {"mime": mime, "key": key, "step": step, "metadata": metadata, "instead_of": list(instead_of) or None}
    folder = run.store.artifacts
    put = (lambda: blobs.put_file(folder, data)) if isinstance(data, Path) else (lambda: blobs.put_bytes(folder, data))
    _log(run, path, kind, put, said)


def log_text(run: Run, text: object, path: str) -> None:
    """Keep a text. Raises `TypeError` for anything else."""
    if not isinstance(text, str):
        msg = f"log_text takes a text; got one of type {type(text).__name__}. For a file there is log_artifact."
        raise TypeError(msg)
    log_bytes(run, text.encode("utf-8", "replace"), path, kind="text")


# -- a file -------------------------------------------------------------------------------------------------


def log_file(
    run: Run, local_path: str | os.PathLike[str], artifact_path: str | None, *, link: bool = False, kind: str = "file"
) -> None:
    """Keep a file. Raises `FileNotFoundError` or `IsADirectoryError` naming it, `ValueError` for a pipe or a device."""
    source = _expanded(local_path)
    _refuse_no_file(source)
    name = _printable(source.name)
    path = checked_path(f"{checked_path(artifact_path)}/{name}" if artifact_path else name)
    run.writable().refuse_closed()
    refuse_taken(run, path)
    _sweep(run.store)
    try:
        _take(run, source, path, kind, link=link)
    except OSError as error:
        say(f"inlay could not keep the artifact {path!r}: {_reason(error)}", RuntimeWarning)


def _refuse_no_file(source: Path) -> None:
    """Raise what log_file raises for something that is no file. Whether it can be read, only reading it tells."""
    try:
        mode = source.stat().st_mode
    except PermissionError:  # below a folder that may not be entered
        return
    except (OSError, ValueError):
        msg = f"there is no file {source} to log"
        raise FileNotFoundError(msg) from None
    if stat.S_ISDIR(mode):
        msg = f"{source} is a folder; use log_artifacts for all files in it"
        raise IsADirectoryError(msg)
    if not stat.S_ISREG(mode):
        msg = f"{source} is no regular file (a pipe, a socket or a device) and has no bytes to keep"
        raise ValueError(msg)


def _expanded(path: Any) -> Path:
    """What the user named. Raises `TypeError` and `ValueError` for what names nothing."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        msg = f"what is to be logged is named by a path; got {path!r} of type {type(path).__name__}"
        raise TypeError(msg)
    if not os.fspath(path):
        msg = "the path of what is to be logged is empty; the working directory is '.'"
        raise ValueError(msg)
    try:
        return Path(path).expanduser()
    except RuntimeError:  # `~name` of a user there is not
        return Path(path)


def _take(run: Run, source: Path, path: str, kind: str, *, link: bool = False, follow: bool = True) -> None:
    """Keep a file, in the background when it is large. Raises `OSError`."""
    incoming = Incoming(run.store.artifacts, source, link=link, follow=follow)
    try:
        if _is_large(incoming) and copies.begin(run, path, incoming, lambda blob: _kept(run, path, kind, blob)):
            return
        blob = blobs.take_in(run.store.artifacts, incoming)
    except BaseException:
        incoming.close()
        raise
    incoming.close()
    copies.replace(run, path)
    _kept(run, path, kind, blob)


def _is_large(incoming: Incoming) -> bool:
    # On Windows nobody could delete or replace the file while it is open.
    return incoming.size > float(settings.get("background_copy_mb")) * 1e6 and sys.platform != "win32"


# -- a folder -----------------------------------------------------------------------------------------------

_SMALL = 1 << 20
_TOGETHER = 1000
"""Small files that wait for the disk together."""


def log_folder(run: Run, local_folder: str | os.PathLike[str], artifact_path: str | None) -> None:
    """Keep every file below a folder. Symbolic links below it are left out, and so are pipes, sockets and devices, and
    the folder of the store; what cannot be read is named in one warning.
    """
    folder = _expanded(local_folder)
    if not folder.is_dir():
        msg = f"there is no folder {folder} to log"
        raise NotADirectoryError(msg)
    if artifact_path:
        artifact_path = checked_path(artifact_path)
    run.writable().refuse_closed()
    _sweep(run.store)
    found, missed = _files_below(folder, run.store)
    pairs: list[tuple[Path, str, int]] = []
    for source, inner, size in found:
        try:
            path = checked_path("/".join([artifact_path, inner] if artifact_path else [inner]))
        except ValueError as error:
            missed.append((source, str(error)))
        else:
            pairs.append((source, path, size))
    for _, path, _ in pairs:
        refuse_taken(run, path)
    missed += _log_all(run, pairs)
    if missed:
        named = "; ".join(f"{str(source)!r}: {reason}" for source, reason in missed[:3])
        more = f"; and {len(missed) - 3:,} more" if len(missed) > 3 else ""
        say(f"inlay could not keep {_files(len(missed))} of {folder}: {named}{more}", RuntimeWarning)


def _log_all(run: Run, pairs: list[tuple[Path, str, int]]) -> list[tuple[Path, str]]:
    """Keep these files; returns those that could not be, and why."""
    missed: list[tuple[Path, str]] = []
    small = [pair for pair in pairs if pair[2] <= _SMALL]
    for start in range(0, len(small), _TOGETHER):
        part = small[start : start + _TOGETHER]
        results = blobs.put_small_files(run.store.artifacts, [source for source, _, _ in part])
        for (source, path, _), blob in zip(part, results, strict=True):
            if isinstance(blob, OSError):
                missed.append((source, _reason(blob)))
            else:
                copies.replace(run, path)
                _kept(run, path, "file", blob)
    refused: OSError | None = None
    for source, path, size in pairs:
        if size <= _SMALL:
            continue
        try:
            if refused is not None:
                raise refused
            _take(run, source, path, "file", follow=False)
        except OSError as error:
            refused = error if blobs.disk_refuses(error) else None
            missed.append((source, _reason(error)))
    return missed


def _files_below(folder: Path, store: Store) -> tuple[list[tuple[Path, str, int]], list[tuple[Path, str]]]:
    """Regular files with their relative paths and sizes, by path; and the folders that could not be looked into."""
    files: list[tuple[Path, str, int]] = []
    missed: list[tuple[Path, str]] = []
    waiting = [(os.fspath(folder), "")]
    while waiting:
        place, inner = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            missed.append((Path(place), _reason(error)))
            continue
        for entry in entries:
            name = inner + _printable(entry.name)
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    if not _is_store(entry.path, store):
                        waiting.append((entry.path, f"{name}/"))
                elif stat.S_ISREG(status.st_mode):
                    files.append((Path(entry.path), name, status.st_size))
    return sorted(files, key=lambda file: file[1]), missed


def _is_store(folder: str, store: Store) -> bool:
    """A store that took itself in would never be done."""
    return os.path.basename(folder) == store.folder.name and os.path.realpath(folder) == os.path.realpath(store.folder)  # noqa: PTH119


# -- paths --------------------------------------------------------------------------------------------------


def checked_path(path: object) -> str:
    """`path` as a relative path with slashes. Raises `ValueError` for one that leads out of the run."""
    if not isinstance(path, (str, os.PathLike)):
        msg = f"an artifact's path is a string, and comes after the value; got {values.shown(path)}"
        raise TypeError(msg)
    text = os.fspath(path).replace("\\", "/")
    pure = PurePosixPath(text)
    outside = pure.is_absolute() or ".." in pure.parts or not pure.parts or _DRIVE.match(str(pure))
    if outside or "\0" in text:
        msg = f"an artifact's path is relative and stays inside the run; got {path!r}"
        raise ValueError(msg)
    path = _printable(str(pure))
    long = next((part for part in path.split("/") if len(part.encode()) > MAX_PART), None)
    if long is not None:
        msg = f"each part of an artifact's path has at most {MAX_PART} bytes, as disks have it; got {long[:60]!r}..."
        raise ValueError(msg)
    return path


_DRIVE = re.compile("[A-Za-z]:")
MAX_PART = 255


def refuse_taken(run: Run, path: str) -> None:
    """Raise `ValueError` when a file of the run would have to be a folder, or a folder a file."""
    known, folders = run.memory.artifacts, run.memory.artifact_folders
    above = next((folder for folder in folders_of(path) if folder in known), None)
    if above is not None:
        msg = f"{path!r} cannot be kept: {above!r} is a file of the run, and a path is a file or a folder"
        raise ValueError(msg)
    if path in folders:
        msg = f"{path!r} cannot be kept as a file: the run has files in a folder of that name"
        raise ValueError(msg)


def _printable(name: str) -> str:
    """A file's name as Unicode; bytes that are none are written as in URLs, so that two such names stay two."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return (
            re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)
            .encode("utf-8", "replace")
            .decode()
        )
    return name


# -- keeping ------------------------------------------------------------------------------------------------


def _log(run: Run, path: str, kind: str, put: Callable[[], blobs.Blob], said: dict[str, Any] | None = None) -> None:
    run.writable().refuse_closed()
    refuse_taken(run, path)
    _sweep(run.store)
    try:
        blob = put()
    except OSError as error:
        say(f"inlay could not keep the artifact {path!r}: {_reason(error)}", RuntimeWarning)
        return
    copies.replace(run, path)
    _kept(run, path, kind, blob, said)


def _kept(run: Run, path: str, kind: str, blob: blobs.Blob, said: dict[str, Any] | None = None) -> None:
    """Its bytes are safe: say so in the journal."""
    given = {name: value for name, value in (said or {}).items() if value is not None}
    mime = given.pop("mime", None) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    if blob.changed:
        given["metadata"] = {**given.get("metadata", {}), "changed": True}
    run.writable().event(Kind.ARTIFACT, path=path, hash=blob.hash, bytes=blob.bytes, mime=mime, kind=kind, **given)
    for other in given.pop("instead_of", ()):
        copies.replace(run, other)
        run.memory.drop_artifact(other)
    now = datetime.now(timezone.utc)
    run.memory.keep_artifact(Artifact(path, blob.bytes, mime, kind, blob.hash, now, **given))
    if blob.changed:  # last: where warnings are errors, it is kept all the same
        say(
            f"the file of the artifact {path!r} was written to while it was copied into the store; what is kept may be "
            "a mixture of before and after. Log a file when it is complete, or write the next one under another name.",
            RuntimeWarning,
        )


def _sweep(store: Store) -> None:
    """Once a process: what others left half-copied when they died is of no use to anybody."""
    if store not in _swept:
        _swept.add(store)
        blobs.clear_leftovers(store)


_swept: weakref.WeakSet[Store] = weakref.WeakSet()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _files(count: int) -> str:
    return "a file" if count == 1 else f"{count:,} files"
