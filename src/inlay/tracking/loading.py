"""`run.load`: what was logged, as the value it was.

Bytes are checked against their hash before anything reads them. What could run code when it is read (pickles) is read
only when the user calls for it, and from a store or a run that came from somebody else only when they say that too.
"""

from __future__ import annotations

import difflib
import io
import os
from typing import TYPE_CHECKING, Any

from inlay.content.kept import suffix_of
from inlay.errors import InlayError, UnsafeLoadError
from inlay.store.artifacts import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inlay.query.artifacts import Artifact
    from inlay.tracking.run import Run

_PICKLES = {
    ".pkl": "cloudpickle",
    ".pickle": "cloudpickle",
    ".joblib": "joblib",
    ".pt": "torch",
    ".pth": "torch",
    ".keras": "keras",
}
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_TEXTS = (".txt", ".md", ".html", ".htm", ".csv", ".log", ".svg", ".py", ".rst", ".toml", ".ini", ".tex")
_CHOICES = {
    "table": ("pandas", "polars", "arrow"),
    "safetensors": ("numpy", "torch"),
    "image": ("numpy",),
}


def load(run: Run, name: str, *, unpickle: bool | None, as_: str | None, step: int | None) -> Any:
    """See `Run.load`."""
    if not isinstance(name, str):
        msg = f"load takes the name or path of something logged; got {name!r} of type {type(name).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    _refuse_mlflow(run, name.strip("/"))
    files = _found(run, name)
    if files[0].kind == "table" and files[0].key is not None:
        return _table(files, as_)
    stepped = {one.step: one for one in files if one.step is not None and one.path != name}
    if not stepped:
        return _value(run, max(files, key=lambda one: one.created_at), unpickle=unpickle, as_=as_)
    if step is None:
        return {at: _value(run, stepped[at], unpickle=unpickle, as_=as_) for at in sorted(stepped)}
    if step not in stepped:
        msg = f"{name!r} has no step {step}; it has {len(stepped)}, from {min(stepped)} to {max(stepped)}"
        raise KeyError(msg)
    return _value(run, stepped[step], unpickle=unpickle, as_=as_)


def _refuse_mlflow(run: Run, name: str) -> None:
    """Raise `UnsafeLoadError` for a folder that MLflow made of a model: only MLflow knows what is in it."""
    if any(one.path == f"{name}/MLmodel" for one in run.artifacts):
        msg = (
            f"{name!r} is a model that MLflow wrote, and loading it can run any code. If you trust whoever wrote it: "
            f"mlflow.pyfunc.load_model(run.download({name!r}))"
        )
        raise UnsafeLoadError(msg)


# -- which files ----------------------------------------------------------------------------------------------


def _found(run: Run, name: str) -> list[Artifact]:
    """The file of this path, or all of this key; with `.parquet` or another suffix left out, too."""
    every = list(run.artifacts)
    wanted = name.strip("/").replace("\\", "/")
    tests: list[Callable[[Artifact], bool]] = [
        lambda one: one.path == wanted and one.kind != "table",
        lambda one: one.key == wanted,
        lambda one: one.key == f"{wanted}.parquet",
        lambda one: one.path == wanted,
    ]
    for test in tests:
        files = [one for one in every if test(one)]
        if files:
            return files
    alike = [one for one in every if one.key is None and one.path.rpartition(".")[0] == wanted]
    if len(alike) == 1:
        return alike
    known = {(one.key or one.path).rpartition(".")[0] or one.key or one.path: one.key or one.path for one in every}
    close = [known[short] for short in difflib.get_close_matches(name.rpartition(".")[0] or name, known, 3)]
    near = [one.path for one in alike] or close or sorted(known.values())[:5]
    there = f"it has {', '.join(map(repr, near))}" if near else "it has nothing"
    msg = f"the run has no {name!r} to load; {there}"
    raise KeyError(msg)


def _checked(artifact: Artifact) -> Path:
    """The file in the store, its bytes those that were logged. Raises `InlayError` when they are gone or damaged."""
    file = artifact.local_path
    if hash_of(file) != artifact.hash:
        msg = f"the bytes of {artifact.path!r} are not those that were logged: the file {file.name[:12]}... is damaged"
        raise InlayError(msg)
    return file


# -- what they hold -------------------------------------------------------------------------------------------


def _table(files: list[Artifact], as_: str | None) -> Any:
    from inlay.content.table_parts import read_parts
    from inlay.tracking.kept_tables import parts_of

    _allowed("table", as_)
    return read_parts([_checked(one) for one in parts_of(files)], as_)


def _value(run: Run, artifact: Artifact, *, unpickle: bool | None, as_: str | None) -> Any:  # noqa: PLR0911
    suffix = suffix_of(artifact.path)
    if (artifact.kind == "model" and not _of_mlflow(artifact)) or suffix in _PICKLES or suffix == ".safetensors":
        return _model(run, artifact, unpickle=unpickle, as_=as_)
    if suffix == ".parquet":
        return _table([artifact], as_)
    if suffix in _PICTURES:
        return _image(artifact, as_)
    _allowed("file", as_)
    file = _checked(artifact)
    if suffix in (".json", ".yaml", ".yml"):
        from inlay.content.document import read_document

        return read_document(file.read_bytes(), artifact.path)
    if artifact.kind == "audio" or suffix in (".wav", ".mp3", ".flac", ".ogg"):
        from inlay.content.audio import read_audio

        return read_audio(file.read_bytes())
    if suffix in (".npy", ".npz"):
        return _arrays(file)
    if suffix in _TEXTS or artifact.kind in ("text", "html"):
        return file.read_text("utf-8")
    return file.read_bytes()


def _image(artifact: Artifact, as_: str | None) -> Any:
    from inlay.content.image import read_image

    _allowed("image", as_)
    picture = read_image(_checked(artifact).read_bytes())
    if as_ is None:
        return picture
    import numpy as np

    return np.asarray(picture)


def _arrays(file: Path) -> Any:
    import numpy as np

    loaded = np.load(io.BytesIO(file.read_bytes()), allow_pickle=False)
    return dict(loaded) if hasattr(loaded, "files") else loaded


def _model(run: Run, artifact: Artifact, *, unpickle: bool | None, as_: str | None) -> Any:
    from inlay.content.model import load_model

    suffix = suffix_of(artifact.path)
    said = None if _of_mlflow(artifact) else artifact.metadata.get("format")
    format_ = said or ("safetensors" if suffix == ".safetensors" else _PICKLES.get(suffix))
    _allowed(str(format_), as_)
    weights = artifact.metadata.get("weights") is True
    file = _checked(artifact)
    trusted = unpickle is True or (unpickle is None and _own(run, file))
    try:
        return load_model(file, str(format_), weights=weights, trusted=trusted, as_=as_)
    except UnsafeLoadError as error:
        if unpickle is False:
            why = "unpickle=False was said"
        else:
            why = "the run was imported" if _imported(run) else "another user's file or store is not trusted"
        msg = f"{artifact.path!r} is not loaded, because {why}: {error}"
        raise UnsafeLoadError(msg) from error.__cause__


def _of_mlflow(artifact: Artifact) -> bool:
    """Whether it is one of the files of such a folder: each is what its suffix says."""
    return artifact.metadata.get("format") == "mlflow"


def _allowed(kind: str, as_: str | None) -> None:
    choices = _CHOICES.get(kind, ())
    if as_ is not None and as_ not in choices:
        told = f"one of {', '.join(choices)}" if choices else "left out for what this is"
        msg = f"as_ is {told}; got {as_!r}"
        raise ValueError(msg)


# -- whose it is ----------------------------------------------------------------------------------------------


def _own(run: Run, file: Path) -> bool:
    """Whether a file of the run was written by this user, as far as one can tell. Others may write to one's store."""
    return not _another_users(run.store.folder) and not _another_users(file) and not _imported(run)


def _another_users(path: Path) -> bool:
    return hasattr(os, "getuid") and path.stat().st_uid != os.getuid()


def _imported(run: Run) -> bool:
    from inlay.query.fresh import fresh

    with fresh(run.store) as con:
        return con.execute("SELECT 1 FROM imports WHERE run_id = ? LIMIT 1", [run.run_id]).fetchone() is not None
