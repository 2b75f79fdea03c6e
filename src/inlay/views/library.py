"""`Library`: the code of every widget, once for a page.

The text of a module travels with each instance of a widget. So one model carries all of it, and the cards, of which
there may be dozens, are a few lines that ask the page for what this one exports.
"""

from __future__ import annotations

from inlay.views.bundles import bundle
from inlay.views.model import Model


class Library(Model):
    """Nothing to see: a model whose module exports the views. Made by `page()`, once for a kernel."""

    _esm = bundle("library.js")

    def __repr__(self) -> str:
        return "Library of the widgets"
