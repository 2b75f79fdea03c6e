"""What all cards of one page share: the code they are drawn with, and the model that answers them.

Both are made once for a kernel, when the first card is drawn or, where somebody is watching, right after the cell that
loaded inlay: by the time that a later cell trains, the browser has them.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from inlay.errors import InlayError
from inlay.views.answers import Answers
from inlay.views.desk import Desk
from inlay.views.library import Library

if TYPE_CHECKING:
    from inlay.tracking.run import Run


class Page:
    """The two shared models, and what the one that answers knows."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.library = Library()
        self.answers = Answers(desk)

    @property
    def closed(self) -> bool:
        """Whether somebody closed one of the models, as `Widget.close_all()` does."""
        return self.library.comm is None or self.answers.comm is None

    def know(self, run: Run) -> None:
        """Answer for this run from now on."""
        self.desk.know(run)

    def close(self) -> None:
        """End both models."""
        self.library.close()
        self.answers.close()


def page() -> Page:
    """What the cards of this kernel share; made on first use, and again when it was closed.

    Raises `InlayError` in a forked process, which has no connection to the browser, and where the bundles are missing.
    """
    global _page
    if _forked:
        raise InlayError("a forked process draws nothing: the page belongs to the process it was forked from")
    with _lock:
        if _page is None or _page.closed:
            _page = Page(_page.desk if _page is not None else Desk())
        return _page


_lock = threading.Lock()
_page: Page | None = None
_forked = False


def _after_fork() -> None:
    global _lock, _page, _forked
    _lock, _page, _forked = threading.Lock(), None, True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
