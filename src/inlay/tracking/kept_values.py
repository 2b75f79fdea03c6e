"""Figures, images, audio, pages, documents and models on their way into a run: made into bytes, named, logged.

What they are made of is the business of `inlay.content`; here they get their place in the run. A value that is logged
at a step is one of a series: `samples.png` at step 3 is kept as `samples/00000003.png` under the key `samples`.
"""

from __future__ import annotations

import difflib
import errno
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from inlay.store.masking import mask_text, mask_value
from inlay.store.notice import say
from inlay.tracking import artifacts, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.content.kept import Kept
    from inlay.tracking.run import Run


_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


def log_figure(run: Run, figure: Any, path: str, step: int | None, options: dict[str, Any]) -> None:
    """See `Run.log_figure`."""
    from inlay.content.figure import kept_figure

    _refuse_misspelt(options, "step")
    _log(run, kept_figure(figure, _checked(run, path, step), options), "figure", step)


def log_image(
    run: Run, image: Any, path: str, step: int | None, *, caption: str | None, options: dict[str, Any]
) -> None:
    """See `Run.log_image`."""
    from inlay.content.image import kept_image

    _refuse_misspelt(options, "caption", "step")
    said = _caption(caption)
    _log(run, kept_image(image, _checked(run, path, step), options), "image", step, said)


def log_audio(run: Run, audio: Any, path: str, rate: int | None, *, step: int | None, caption: str | None) -> None:
    """See `Run.log_audio`."""
    from inlay.content.audio import kept_audio

    said = _caption(caption)
    _log(run, kept_audio(audio, _checked(run, path, step), rate), "audio", step, said)


def log_html(run: Run, html: Any, path: str, step: int | None) -> None:
    """See `Run.log_html`."""
    from inlay.content.html import kept_html

    _log(run, kept_html(html, _checked(run, path, step)), "html", step)


def log_dict(run: Run, data: Any, path: str) -> None:
    """See `Run.log_dict`."""
    from inlay.content.document import document
    from inlay.content.kept import with_suffix

    path = with_suffix(_checked(run, path, None), ".json")
    artifacts.log_bytes(run, document(data, path, lambda plain: mask_value("", plain)), path, kind="json")


def log_model(run: Run, model: Any, name: str, format_: str | None) -> None:
    """See `Run.log_model`."""
    from inlay.content.model import save_model

    name = _checked(run, name, None)

    def keep(folder: Path) -> None:
        saved = save_model(model, folder, format_)
        path = f"{name}/{saved.file.name}"
        earlier = {one.path for one in run.memory.artifacts.values() if (one.key, one.kind) == (name, "model")}
        others = sorted(earlier - {path})  # of another format
        artifacts.log_bytes(run, saved.file, path, "model", key=name, metadata=saved.metadata, instead_of=others)

    in_scratch(f"the model {name!r}", keep)


def in_scratch(what: str, work: Callable[[Path], None]) -> None:
    """Have `work` make files in a folder that is removed again. A disk that refuses costs a warning and `what`."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="inlay-"))
    except OSError as error:
        say(f"inlay could not keep {what}: {error.strerror or error}", RuntimeWarning)
        return
    try:
        work(folder)
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise  # the user's: a data frame that reads a file which is not there
        say(f"inlay could not keep {what}: {error.strerror or error}", RuntimeWarning)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def series_path(path: str, step: int) -> tuple[str, str]:
    """The path of one step, and the key of all of them."""
    pure = PurePosixPath(path)
    key = str(pure.with_suffix("")) if pure.suffix else path
    return f"{key}/{step:08d}{pure.suffix}", key


def _log(run: Run, kept: Kept, kind: str, step: int | None, said: dict[str, Any] | None = None) -> None:
    path, key = (kept.path, None) if step is None else series_path(kept.path, int(step))
    metadata = {**kept.metadata, **(said or {})} or None
    artifacts.log_bytes(
        run, kept.data, path, kind, mime=kept.mime, key=key, step=None if step is None else int(step), metadata=metadata
    )


def _checked(run: Run, path: str, step: int | None) -> str:
    """The path, before any time is spent on the value: the run takes more, the path stays inside, the step is one."""
    run.writable()
    path = artifacts.checked_path(path)
    if step is not None:
        values.step_number(path, step)
    return path


def _refuse_misspelt(options: dict[str, Any], *ours: str) -> None:
    """Raise `TypeError` for an option that is meant for us: some libraries pass over what they do not know."""
    for name in options:
        for meant in difflib.get_close_matches(name, ours, 1, cutoff=0.75):
            msg = f"there is no option {name!r}; did you mean {meant!r}?"
            raise TypeError(msg)


def _caption(caption: str | None) -> dict[str, Any]:
    if caption is None:
        return {}
    if not isinstance(caption, str):
        msg = f"a caption is a text; got {caption!r} of type {type(caption).__name__}"  # type: ignore[unreachable]
        raise TypeError(msg)
    return {"caption": mask_text(caption[:10_000], code=False)}
