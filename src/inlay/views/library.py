"""`Library`: the code of every widget, once for a page.

The text of a module travels with each instance of a widget. So one model carries all of it, and the cards, of which
there may be dozens, are a few lines that ask the page for what this one exports.
"""

from __future__ import annotations

import anywidget

from inlay.views.bundles import bundle


class Library(anywidget.AnyWidget):
    """Nothing to see: a model whose module exports the views. Made by `page()`, once for a kernel."""

    _esm = bundle("library.js")

    @property
    def reference(self) -> str:
        """What a card names it by."""
        return f"anywidget:{self.model_id}"

    def close(self) -> None:
        """End the model and the layout made with it."""
        if self.comm is not None:
            self.layout.close()
        super().close()

    def __repr__(self) -> str:
        return "Library of the widgets"
