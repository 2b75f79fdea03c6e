"""What a run keeps beside its metrics: files, figures, images, tables, models, datasets.

`Run` inherits these methods; each hands on to the module that knows its kind of value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from inlay.tracking import artifacts, histograms, kept_tables, kept_values

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from inlay.query.datasets import Dataset
    from inlay.tracking.files import Artifacts
    from inlay.tracking.histograms import Histogram
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
        """Keep a dict or list as JSON (`.json` where there is no suffix), or as YAML under a path that ends in `.yaml`
        (with PyYAML). Secrets are masked.

        Dates, paths, enums, Decimals, dataclasses, NumPy scalars, arrays and data frames become what JSON has. It has
        no NaN and no infinity: they become the texts "NaN", "Infinity", "-Infinity" (YAML has its own). Raises
        `TypeError` naming the type of anything else.
        """
        kept_values.log_dict(_run(self), data, path)

    # -- values -----------------------------------------------------------------------------------------------

    def log_figure(self, figure: Any, path: str, step: int | None = None, **options: Any) -> None:
        """Keep a figure; the path's suffix is the format.

        Matplotlib and seaborn (figures, Axes, grids, pyplot itself): .png where there is no suffix, .svg, .pdf and
        whatever else `savefig` knows. Plotly, Altair and Bokeh: .html where there is no suffix, drawn without a
        network, or .json, .png, .svg. Anything else with `savefig`, `to_html` or `save`. The figure is neither closed
        nor changed. With a `step` it is one of a series; `options` go to the library's own way of saving.

        Raises `TypeError` for what is no figure, `ValueError` for a suffix that it has no file for, and `InlayError`
        naming what has to be installed.
        """
        kept_values.log_figure(_run(self), figure, path, step, options)

    def log_image(
        self, image: Any, path: str, step: int | None = None, *, caption: str | None = None, **options: Any
    ) -> None:
        """Keep a picture: a Pillow image, an array or tensor, a file, or the bytes of one. PNG where `path` has no
        suffix; .jpg and .webp are honoured, and `options` go to Pillow's `save` (`quality=80`).

        Arrays are (height, width), (height, width, channels) or (channels, height, width) with 1 to 4 channels; where
        both could be, as in (3, 3, 3), the channels are last. Floats that all lie within 0 to 1 are multiplied by 255;
        other floats, and whole numbers, are cut to 0 to 255; NaN is 0. uint16 stays 16 bits when it is grey. With a
        `step` the picture is one of a series, through which the card has a slider.

        Raises `ValueError` for other shapes and for batches, `InlayError` without Pillow (`inlay[images]`).
        """
        kept_values.log_image(_run(self), image, path, step, caption=caption, options=options)

    def log_audio(
        self, audio: Any, path: str, rate: int | None = None, step: int | None = None, *, caption: str | None = None
    ) -> None:
        """Keep sound: an array of shape (n,), (n, channels) or (channels, n) with at most 8 channels, as WAV; or a
        WAV, MP3, FLAC or Ogg file, or the bytes of one, as it is.

        Floats are -1 to 1, and cut beyond; int16, int32 and uint8 are taken as they are. `rate`, samples a second, is
        needed for arrays. Raises `TypeError` and `ValueError` naming what is wrong.
        """
        kept_values.log_audio(_run(self), audio, path, rate, step=step, caption=caption)

    def log_html(self, html: Any, path: str, step: int | None = None) -> None:
        """Keep a page: a text, or what has `to_html` or `_repr_html_`. The card shows it in a sandbox."""
        kept_values.log_html(_run(self), html, path, step)

    def log_histogram(
        self,
        key: str,
        values: Any = None,
        step: int | None = None,
        *,
        bins: Any = 64,
        counts: Any = None,
        edges: Any = None,
    ) -> None:
        """Log how values are spread: an array or tensor of any shape, or the `counts` and `edges` of `np.histogram`.

        `bins` is a number of equal bins, at most 512, or their edges. NaN and infinities are left out. Without a
        `step` the key's steps count up from 0; one of a step that was logged before replaces it. Raises `TypeError` and
        `ValueError` naming what is wrong.
        """
        histograms.log_histogram(_run(self), key, values, step, bins=bins, counts=counts, edges=edges)

    def log_table(self, table: Any, path: str, *, columns: Sequence[str] | None = None) -> None:
        """Keep a table as Parquet under `path`, which ends in `.parquet` or gets that; rows logged under the same path
        are added to it.

        Takes data frames of pandas and polars (lazy ones, too), Arrow tables and batches, whatever has
        `__arrow_c_stream__` or `__dataframe__`, DuckDB relations, lists of dicts, dicts of columns, and 2-d arrays with
        `columns`. Columns are matched by name, and new ones may come. One whose type changes is widened where that
        loses nothing, else read as text, with one warning. Mixed columns are text, lists and dicts in them JSON; a
        second column of a name gets a number; a named index is kept, a nameless count of rows is not. Values are kept
        as they are: secrets in them are not masked.

        Raises `TypeError` for what is no table, `ValueError` for one without columns.
        """
        kept_tables.log_table(_run(self), table, path, columns)

    def log_model(self, model: Any, name: str = "model", *, format: str | None = None) -> None:  # noqa: A002 - as users call it
        """Keep a model below `name`, in the format that suits its type; `run.load(name)` gives it back.

        - The weights of a torch module or state dict, and dicts of arrays: `"safetensors"` (`run.load` gives the state
          dict). A whole module with `format="torch"`.
        - What has `fit` (scikit-learn, XGBoost, LightGBM): `"joblib"`. Keras: `"keras"`.
        - Everything else: `"cloudpickle"`.

        All but the weights are pickles or the like: **loading one runs code that is inside it**, so load only those
        whose origin you know.

        Raises `TypeError` for what the format cannot hold, `ValueError` for an unknown format, `InlayError` naming what
        has to be installed (`inlay[models]`).
        """
        kept_values.log_model(_run(self), model, name, format)

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

    def load(self, name: str, *, unpickle: bool | None = None, as_: str | None = None, step: int | None = None) -> Any:
        """What was logged under this name or path, as the value it was.

        A table as a data frame of pandas (of `as_`: "pandas", "polars" or "arrow"), a model, an image of Pillow
        (`as_="numpy"`: an array), a dict, a text, audio as (rate, samples), arrays; of a series a dict by step, or one
        `step`. Other files as bytes. The bytes are checked against their hash first.

        **Loading joblib, cloudpickle, Keras and whole torch modules runs code that is inside them.** Such a file of a
        run that was imported, or of a store that another user owns, raises `UnsafeLoadError` unless `unpickle=True`
        says that it is trusted; with `unpickle=False` it always does.

        Raises `KeyError` naming the nearest names, and `InlayError` for bytes that are gone or damaged, and for what
        has to be installed.
        """
        from inlay.tracking.loading import load

        return load(_run(self), name, unpickle=unpickle, as_=as_, step=step)

    @property
    def histograms(self) -> list[str]:
        """The keys of its histograms."""
        return histograms.histogram_keys(_run(self))

    def histogram(self, key: str) -> Histogram:
        """A histogram over its steps: `steps`, and of each step `edges` and `counts`.

        Raises `KeyError` naming the nearest ones when nothing was logged under `key`.
        """
        return histograms.histogram(_run(self), key)

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
