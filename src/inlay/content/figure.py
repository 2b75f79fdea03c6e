"""Figures of every plotting library as the bytes of one file, told by what they can do.

Pages hold the JavaScript they need, so they are drawn without a network. The user's figure is neither closed nor
changed. Matplotlib and what stands on it is saved by `savefig`; Plotly, Altair and Bokeh have ways of their own.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.content.kept import Kept, called, from_library, suffix_of, with_suffix
from inlay.errors import InlayError

if TYPE_CHECKING:
    from collections.abc import Callable

_PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
_VECTOR = (".png", ".svg", ".pdf")


def kept_figure(figure: Any, path: str, options: dict[str, Any]) -> Kept:
    """The figure under its path; one without a suffix gets `.png` for matplotlib, `.html` for what can be explored.

    `options` go to the library's own way of saving. Raises `TypeError` for what is no figure, `ValueError` for a
    suffix that this kind has no file for, `InlayError` naming what else has to be installed.
    """
    write, best = _writer_of(figure)
    path = with_suffix(path, best)
    data = write(path, dict(options))
    return Kept(path, data if isinstance(data, bytes) else data.encode(), metadata={"library": _library(figure)})


def page_of(figure: Any) -> str | None:
    """The figure as a page of its own; None for what has none."""
    write, best = _writer_of(figure)
    return str(write("page.html", {})) if best == ".html" else None


def _writer_of(figure: Any) -> tuple[Callable[[str, dict[str, Any]], bytes | str], str]:
    """What writes this figure, given path and options, and the suffix that suits it best."""
    drawn = _matplotlib(figure)
    if drawn is not None:
        return lambda path, options: _saved_by_savefig(drawn, path, options), ".png"
    if from_library(figure, "plotly"):
        return lambda path, options: _plotly(figure, path, options), ".html"
    if from_library(figure, "altair"):
        return lambda path, options: _altair(figure, path, options), ".html"
    if from_library(figure, "bokeh") and hasattr(figure, "document"):
        return lambda path, options: _bokeh(figure, path, options), ".html"
    if callable(getattr(figure, "to_html", None)):
        return lambda path, options: _to_html(figure, path, options), ".html"
    if callable(getattr(figure, "save", None)):
        return lambda path, options: _saved(figure, path, options), ".png"
    msg = (
        "log_figure takes a figure of matplotlib, seaborn, plotly, altair or bokeh, or something with savefig, to_html "
        f"or save; got {called(figure)}"
    )
    raise TypeError(msg)


def _library(figure: Any) -> str:
    return (type(figure).__module__ or "").partition(".")[0]


# -- matplotlib and what stands on it -------------------------------------------------------------------------


def _matplotlib(figure: Any) -> Any:
    """What has the `savefig`: the figure itself, or the one that Axes, artists, and arrays of Axes belong to."""
    if isinstance(figure, type):
        return None
    if callable(getattr(figure, "savefig", None)):  # a Figure, pyplot itself, the grids of seaborn
        return figure
    if getattr(getattr(figure, "dtype", None), "kind", "") == "O" and getattr(figure, "size", 0):
        figure = figure.flat[0]  # of plt.subplots(2, 2), or hist of a data frame
    if isinstance(figure, (list, tuple)) and figure:  # a BarContainer, the lines that plot gave
        figure = figure[0]
    owner: Any = figure.get_figure() if hasattr(figure, "get_figure") else getattr(figure, "figure", None)
    while owner is not None and hasattr(owner, "get_figure") and owner.get_figure() not in (None, owner):
        owner = owner.get_figure()  # a SubFigure's
    return owner if callable(getattr(owner, "savefig", None)) else None


def _saved_by_savefig(figure: Any, path: str, options: dict[str, Any]) -> bytes:
    options.setdefault("format", suffix_of(path).lstrip("."))
    options.setdefault("bbox_inches", "tight")
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()


# -- the ones for the browser ---------------------------------------------------------------------------------


def _plotly(figure: Any, path: str, options: dict[str, Any]) -> bytes | str:
    suffix = suffix_of(path)
    if suffix == ".html":
        return str(figure.to_html(**{"include_plotlyjs": True, "include_mathjax": False, **options}))
    if suffix == ".json":
        return str(figure.to_json(**options))
    _only(path, (".html", ".json", *_PICTURES), "plotly")
    try:
        picture: bytes = figure.to_image(**{"format": suffix[1:], **options})
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        if "kaleido" not in str(error).lower() and "chrome" not in str(error).lower():
            raise
        msg = (
            f"a Plotly figure as {suffix} needs kaleido and Chrome: pip install kaleido, then plotly_get_chrome; "
            "or log it as .html or .json"
        )
        raise InlayError(msg) from error
    return picture


def _altair(chart: Any, path: str, options: dict[str, Any]) -> bytes | str:
    suffix = suffix_of(path)
    _only(path, (".html", ".json", *_VECTOR), "altair")
    if suffix == ".json":
        return str(chart.to_json(**options))
    try:
        import vl_convert  # noqa: F401
    except ImportError as error:
        msg = (
            f"an Altair chart as {suffix}, without a network, needs vl-convert: pip install 'inlay[charts]'; "
            "or log it as .json"
        )
        raise InlayError(msg) from error
    if suffix == ".html":  # inline: nothing is loaded from a CDN
        page = io.StringIO()
        chart.save(page, format="html", **{"inline": True, **options})
        return page.getvalue()
    buffer: io.BytesIO | io.StringIO = io.StringIO() if suffix == ".svg" else io.BytesIO()
    chart.save(buffer, format=suffix[1:], **options)
    return buffer.getvalue()


def _bokeh(model: Any, path: str, options: dict[str, Any]) -> bytes | str:
    from bokeh.embed import file_html, json_item
    from bokeh.resources import INLINE

    suffix = suffix_of(path)
    if suffix == ".html":
        return str(file_html(model, **{"resources": INLINE, "title": Path(path).stem, **options}))
    if suffix == ".json":
        return json.dumps(json_item(model, **options))
    _only(path, (".html", ".json", ".png", ".svg"), "bokeh")
    try:
        from bokeh.io import export_png, export_svg

        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"figure{suffix}"
            (export_png if suffix == ".png" else export_svg)(model, filename=str(target), **options)
            return target.read_bytes()
    except (ImportError, RuntimeError) as error:
        msg = f"a Bokeh figure as {suffix} needs selenium and a browser with its driver; or log it as .html or .json"
        raise InlayError(msg) from error


# -- anything else --------------------------------------------------------------------------------------------


def _to_html(figure: Any, path: str, options: dict[str, Any]) -> str:
    _only(path, (".html", ".htm"), called(figure))
    return str(figure.to_html(**options))


def _saved(figure: Any, path: str, options: dict[str, Any]) -> bytes:
    """What `save` writes to a path; it tells the format by the suffix."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"figure{suffix_of(path)}"
        figure.save(str(target), **options)
        if not target.is_file():
            msg = f"the save of {called(figure)} wrote no file for a path such as {path!r}"
            raise TypeError(msg)
        return target.read_bytes()


def _only(path: str, suffixes: tuple[str, ...], whose: str) -> None:
    if suffix_of(path) not in suffixes:
        msg = f"a figure of {whose} is kept as {', '.join(suffixes)}; got the path {path!r}"
        raise ValueError(msg)
