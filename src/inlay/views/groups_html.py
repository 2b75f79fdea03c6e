"""Groups of runs as an HTML table, readable wherever a notebook is. Names are other people's: all is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from inlay.views.format import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 100


def groups_html(headings: Sequence[str], rows: Sequence[Sequence[str]], left_out: str) -> str:
    """The table: the columns grouped by, how many runs, and mean ± std of each metric."""
    keys = list(headings).index("runs") if "runs" in headings else 0
    head = "".join(f'<th scope="col"{_align(place, keys)}>{_text(name)}</th>' for place, name in enumerate(headings))
    body = "".join(
        "<tr>" + "".join(f"<td{_align(place, keys)}>{_text(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    caption = f'<caption style="caption-side:bottom;text-align:left">{escape(left_out)}</caption>' if left_out else ""
    return f"<table>{caption}<tr>{head}</tr>{body}</table>" if rows else "<p>No groups: there are no runs.</p>"


def _align(place: int, keys: int) -> str:
    side = "left" if place < keys else "right;font-variant-numeric:tabular-nums"
    return f' style="text-align:{side}"'


def _text(text: str) -> str:
    return escape(plain(text, _LONGEST))
