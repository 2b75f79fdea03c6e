"""Files of a run: checked paths, blobs in the store, one event each.

A disk that refuses costs a warning and the artifact, not the training.
"""

from __future__ import annotations

import io
import json
import mimetypes
import os
import warnings
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from inlay.query.run_details import Artifact
from inlay.store import artifacts as blobs
from inlay.store.journal.slots import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.tracking.run import Run


def log_bytes(
    run: Run,
    data: bytes,
    path: str,
    kind: str,
    *,
    mime: str | None = None,
    key: str | None = None,
    step: int | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Keep bytes under `path`; `key` and `step` say of which series they are a part, `metadata` is a JSON object."""
    path = checked_path(path)
    said = {"mime": mime, "key": key, "step": step, "metadata": metadata}
    _log(run, path, kind, lambda: blobs.put_bytes(run.store.artifacts, data), said)


def log_text(run: Run, text: object, path: str) -> None:
    """Keep a text. Raises `TypeError` for anything else."""
    if not isinstance(text, str):
        msg = f"log_text takes a text; got one of type {type(text).__name__}. For a file there is log_artifact."
        raise TypeError(msg)
    log_bytes(run, text.encode("utf-8", "replace"), path, kind="text")


def log_json(run: Run, data: Any, path: str) -> None:
    """Keep a JSON value. Raises `TypeError` naming what JSON cannot hold."""
    path = checked_path(path)
    if PurePosixPath(path).suffix in (".yaml", ".yml"):
        msg = f"log_dict writes JSON; give {path!r} the suffix .json, or log_text(yaml.dump(data), {path!r})"
        raise ValueError(msg)
    text = json.dumps(data, indent=2, ensure_ascii=False)
    log_bytes(run, text.encode("utf-8", "replace"), path, kind="json")


def log_figure(run: Run, figure: Any, path: str, options: dict[str, Any]) -> None:
    """Keep what the figure's `savefig` writes."""
    path = checked_path(path)
    save = getattr(figure, "savefig", None)
    if save is None:
        msg = f"log_figure takes a matplotlib figure, something with savefig; got {type(figure).__name__}"
        raise TypeError(msg)
    buffer = io.BytesIO()
    options.setdefault("format", PurePosixPath(path).suffix.lstrip(".") or "png")
    options.setdefault("bbox_inches", "tight")
    save(buffer, **options)
    log_bytes(run, buffer.getvalue(), path, kind="figure")


def log_file(run: Run, local_path: str | os.PathLike[str], artifact_path: str | None) -> None:
    """Keep a file. Raises `FileNotFoundError` or `IsADirectoryError` naming it."""
    source = Path(local_path).expanduser()
    if source.is_dir():
        msg = f"{source} is a folder; use log_artifacts for all files in it"
        raise IsADirectoryError(msg)
    if not source.is_file():
        msg = f"there is no file {source} to log"
        raise FileNotFoundError(msg)
    path = checked_path(f"{artifact_path}/{source.name}" if artifact_path else source.name)
    _log(run, path, "file", lambda: blobs.put_file(run.store.artifacts, source))


def log_folder(run: Run, local_folder: str | os.PathLike[str], artifact_path: str | None) -> None:
    """Keep every file below a folder; symbolic links are left out."""
    folder = Path(local_folder).expanduser()
    if not folder.is_dir():
        msg = f"there is no folder {folder} to log"
        raise NotADirectoryError(msg)
    for source in sorted(folder.rglob("*")):
        if source.is_file() and not source.is_symlink():
            inner = source.parent.relative_to(folder).as_posix()
            parts = [part for part in (artifact_path, inner) if part and part != "."]
            log_file(run, source, "/".join(parts) or None)


def checked_path(path: object) -> str:
    """`path` as a relative path with slashes. Raises `ValueError` for one that leads out of the run."""
    if not isinstance(path, (str, os.PathLike)):
        msg = f"an artifact's path is a string; got {path!r} of type {type(path).__name__}"
        raise TypeError(msg)
    text = os.fspath(path).replace("\\", "/")
    pure = PurePosixPath(text)
    outside = pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0] if pure.parts else True
    if outside or "\0" in text:
        msg = f"an artifact's path is relative and stays inside the run; got {path!r}"
        raise ValueError(msg)
    return str(pure)


def _log(run: Run, path: str, kind: str, put: Callable[[], blobs.Blob], said: dict[str, Any] | None = None) -> None:
    recorder = run.writable()  # an ended run refuses before anything is copied
    try:
        blob = put()
    except OSError as error:
        warnings.warn(f"inlay could not keep the artifact {path!r}: {error}", RuntimeWarning, stacklevel=4)
        return
    given = {name: value for name, value in (said or {}).items() if value is not None}
    mime = given.pop("mime", None) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    recorder.event(Kind.ARTIFACT, path=path, hash=blob.hash, bytes=blob.bytes, mime=mime, kind=kind, **given)
    run.memory.keep_artifact(Artifact(path, blob.bytes, mime, kind, blob.hash, datetime.now(timezone.utc), **given))
