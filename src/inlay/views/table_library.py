"""`TableLibrary`: the code of the run table, once for a page, as `Library` is that of the cards.

Apart from it, because a page without a table should not have to load one.
"""

from __future__ import annotations

import threading

from inlay.views.bundles import bundle
from inlay.views.model import Model


class TableLibrary(Model):
    """Nothing to see: a model whose module exports the table. Made by `table_library()`, once for a kernel."""

    _esm = bundle("table-library.js")

    def __repr__(self) -> str:
        return "Library of the run table"


def table_library() -> TableLibrary:
    """The library that all tables of this kernel share; made on first use, and again when it was closed."""
    global _library
    with _lock:
        if _library is None or _library.comm is None:
            _library = TableLibrary()
        return _library


_lock = threading.Lock()
_library: TableLibrary | None = None
