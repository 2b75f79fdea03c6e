"""`Answers`: the model that browsers ask, and on which nothing is ever sent but what they asked for.

While a cell is executed, whether the kernel hears a browser depends on its version, and in ipykernel 7.4 on who sent
last on that comm: a comm on which a training pushes is deaf until the cell ends. So asking has a comm of its own.
Requests come in threads of the kernel's choice; what may be asked is in `requests.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.views.bundles import bundle
from inlay.views.model import Model
from inlay.views.requests import reply_to

if TYPE_CHECKING:
    from inlay.views.desk import Desk


class Answers(Model):
    """Answers requests `{id, op, ...}` with `{id, ok}` or `{id, error}`. Made by `page()`, once for a kernel."""

    _esm = bundle("answers.js")

    def __init__(self, desk: Desk) -> None:
        """`desk` knows what may be asked about."""
        super().__init__()
        self._desk = desk
        self.on_msg(self._on_message)
        _listen_where_asked(self.comm)

    def __repr__(self) -> str:
        return "Answers to the widgets"

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        reply = reply_to(content, self._desk)
        if reply is not None:
            self.send(*reply)
            _listen_where_asked(self.comm)


def _listen_where_asked(comm: Any) -> None:
    """Have ipykernel 7.4 hand requests to the subshell they were sent to. It remembers which shell sent last on a comm,
    and routes there what comes in: to the main one, busy for as long as the cell trains, or to that of a page since
    closed. Where it remembers nothing it does as it is told. Of every reply it also remembers the id, for good.
    """
    vars(comm).pop("_reply_subshell_id", None)
    vars(comm).get("_reply_subshell_ids", {}).clear()
