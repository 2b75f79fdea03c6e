"""Pages: a text, or what an object gives as its own page."""

from __future__ import annotations

from typing import Any

from inlay.content.figure import page_of
from inlay.content.kept import Kept, called, from_library, suffix_of, with_suffix


def kept_html(html: Any, path: str) -> Kept:
    """The page under its path; `.html` is added to one without a suffix.

    Raises `TypeError` for what is neither a text nor has `to_html` or `_repr_html_`, `ValueError` for another suffix.
    """
    path = with_suffix(path, ".html")
    if suffix_of(path) not in (".html", ".htm"):
        msg = f"a page is kept as .html; got the path {path!r}"
        raise ValueError(msg)
    return Kept(path, _text(html).encode("utf-8", "replace"), "text/html")


def _text(html: Any) -> str:
    if isinstance(html, str):
        return html
    if from_library(html, "plotly", "altair", "bokeh"):  # their own `to_html` loads from a CDN
        return page_of(html) or ""
    for name in ("to_html", "_repr_html_"):
        page = getattr(html, name, None)
        text = page() if callable(page) and not isinstance(html, type) else None
        if isinstance(text, str):
            return text
    msg = f"log_html takes a text, or something with to_html or _repr_html_; got {called(html)}"
    raise TypeError(msg)
