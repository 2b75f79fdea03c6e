"""What a run keeps beside its metrics: files, figures, images, tables, models, datasets.

`Run` inherits these methods; each hands on to the module that knows its kind of value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from inlay.tracking import artifacts

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from inlay.query.datasets import Dataset
    from inlay.tracking.files import Artifacts
    from inlay.tracking.run import Run


class RunContent:
    """The methods of `Run` that keep content, and those that give it back."""

    # -- files ------------------------------------------------------------------------------------------------

    def log_artifact(
        self, local_path: str | os.PathLike[str], artifact_path: str | None = None, *, link: bool = False
    ) -> None:
        """Keep a file under its own name, in the folder `artifact_path` of the run if given.

        A large file (`background_copy_mb`, 64) is copied in the background, and the end of the run waits for it; it may
        be deleted or replaced meanwhile, but not written to. With `link=True` it is not copied, where the store is on
        the same file system: store and file are one then, and the file becomes read-only.

        Raises `FileNotFoundError`, `IsADirectoryError`, and `ValueError` for a pipe or device and for a path that leads
        out of the run.
        """
        artifacts.log_file(_run(self), local_path, artifact_path, link=link)

    def log_artifacts(self, local_folder: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep every file below a folder, with its relative path; symbolic links below it are left out.

        What cannot be read is named in one warning, and the others are kept. Raises `NotADirectoryError`.
        """
        artifacts.log_folder(_run(self), local_folder, artifact_path)

    def log_text(self, text: str, path: str) -> None:
        """Keep a text under a path such as `notes/report.md`."""
        artifacts.log_text(_run(self), text, path)

    def log_dict(self, data: Any, path: str) -> None:
        """Keep a dict or list as JSON (`.yaml` paths are refused: there is no YAML writer in the core)."""
        artifacts.log_json(_run(self), data, path)

    # -- values -----------------------------------------------------------------------------------------------

    def log_figure(self, figure: Any, path: str, **options: Any) -> None:
        """Keep a matplotlib figure; the path's suffix is the format, `options` go to `savefig`."""
        artifacts.log_figure(_run(self), figure, path, options)

    # -- data -------------------------------------------------------------------------------------------------

    def log_input(self, data: Any, name: str | None = None, *, context: str = "", source: Any = None) -> Dataset:
        """Record which data the run used: kind, size, schema, profile, source and digests, never the data itself.

        `data` is a pandas, Polars or Arrow table or series, a NumPy array, a SciPy sparse matrix, a tensor, a Hugging
        Face or torch dataset, a DuckDB relation, a dict or tuple of these such as (X, y), a list of dicts or texts, a
        path to a file or folder, or a URL, which is not fetched. `name` is by default a file's or a Hugging Face
        dataset's, else "data"; other data without a name gets a number, while data with a name replaces what had it.
        `context` says what for, such as "training"; `source` where the data is from.

        The call takes at most 50 ms. The full digest and the profile follow from the background, `run.inputs` has
        them; data that is changed before it was read has none. The same values in the same rows and columns of the
        same types have the same digest, in whichever of pandas, Polars and Arrow they are, whatever their layout,
        chunks and plain index; see docs/datasets.md.

        Raises `TypeError` for anything else, and `FileNotFoundError` for a path where nothing is.
        """
        from inlay.tracking.inputs import log_input

        return log_input(_run(self), data, name, context, source)

    @property
    def inputs(self) -> list[Dataset]:
        """The data it used, in the order it was logged."""
        from inlay.query.datasets import datasets_of

        run = _run(self)
        return datasets_of(run.store, run.run_id)

    # -- back again -------------------------------------------------------------------------------------------

    @property
    def artifacts(self) -> Artifacts:
        """Its files, ordered by path, as a sequence and a tree: `run.artifacts["plots/a.png"].read_bytes()`.

        Each has `path`, `bytes`, `mime`, `kind`, `hash`, `created_at`, and `open()`, `read_text()`, `download()`.
        """
        from inlay.tracking.files import Artifacts

        return Artifacts(_run(self))

    def download(self, path: str = "", to: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> Path:
        """Copy a file, a folder or (without `path`) everything of the run into the folder `to`, under the same paths,
        and return where it is. `to` is by default a folder named after the run's short id.

        Bytes are checked on the way, and a file is whole or not there. Raises `KeyError` naming the nearest paths,
        `FileExistsError` when other files are there and `overwrite` is not set (then nothing is written), and
        `InlayError` for bytes that are gone or damaged and for a path that leads out of the folder.
        """
        from inlay.tracking.files import download

        return download(_run(self), path, to, overwrite=overwrite)


def _run(content: RunContent) -> Run:
    return cast("Run", content)
