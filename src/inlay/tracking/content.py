"""What a run keeps beside its metrics: files, figures, images, tables, models, datasets.

`Run` inherits these methods; each hands on to the module that knows its kind of value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from inlay.tracking import artifacts

if TYPE_CHECKING:
    import os

    from inlay.query.run_details import Artifact
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

    # -- back again -------------------------------------------------------------------------------------------

    @property
    def artifacts(self) -> list[Artifact]:
        """Its files, by path: `path`, `bytes`, `mime`, `kind`, `hash`, `created_at`."""
        from inlay.query.run_details import artifacts_of

        run = _run(self)
        return artifacts_of(run.store, run.run_id)


def _run(content: RunContent) -> Run:
    return cast("Run", content)
