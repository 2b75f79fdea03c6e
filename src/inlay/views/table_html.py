"""A view of runs as one HTML file for other people: all its rows, the charts, the filter, the SQL, and the code.

Whole in itself: nothing is fetched, its policy forbids that, and without its few lines of script, which sort the rows,
it reads the same. Light and dark as the reader's system is. The template lies beside, as a page one can open.
"""

from __future__ import annotations

import math
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from inlay._version import __version__
from inlay.views.format import encodable, format_count, plain
from inlay.views.table_texts import cell_text, is_figure, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inlay.views.table_shot import TableShot

ROWS = 5_000
"""The most rows of a file: 5,000 with 30 columns are about 10 MB."""
_FOLDER = Path(__file__).parent


def table_html(shot: TableShot, *, now: float) -> str:
    """The file's text; `now` (Unix seconds) is the moment of the view."""
    view = shot.view
    script = (_FOLDER / "table_sort.js").read_text("utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    at = datetime.fromtimestamp(now).astimezone()
    total = f"{format_count(view['runs'])} run{'' if view['runs'] == 1 else 's'}"
    of = "" if view["runs"] == view["all"] else f" of {format_count(view['all'])}"
    left = view["rows"] - len(view["page"]["rows"])
    page = Template((_FOLDER / "table_page.html").read_text("utf-8")).substitute(
        version=escape(__version__),
        script_hash=f"sha256-{digest}",
        title=f"{total}{of}",
        facts=f"As of {at.day} {at:%B %Y, %H:%M} (UTC{at:%z})",
        filter="".join(f"<p><code>{_said(one, 4_000)}</code></p>" for one in shot.filters),
        charts="".join(_image(*one) for one in shot.charts),
        heads='<th scope="col">run</th>' + "".join(_head(one, shot) for one in _columns(shot)),
        rows=_rows(shot),
        more=f"<p>{format_count(left)} more rows; this file holds the first {ROWS:,}.</p>" if left > 0 else "",
        code=_said(shot.code, 100_000),
        sql=_said(view["sql"], 100_000),
        script=script,
    )
    return encodable(page)


def _columns(shot: TableShot) -> list[dict[str, Any]]:
    return [one for one in shot.shown if one["id"] != "name"]


def _head(column: Mapping[str, Any], shot: TableShot) -> str:
    summary = shot.view["state"]["summary"].get(column["id"], "last")
    more = f" <small>{summary}</small>" if summary != "last" else ""
    order = dict(shot.view["state"]["order"]).get(column["id"])
    way = {"asc": ' aria-sort="ascending"', "desc": ' aria-sort="descending"'}.get(order or "", "")
    kind = ' class="figure"' if is_figure(column) else ""
    return f'<th scope="col"{kind}{way}>{escape(plain(column["name"], 200))}{more}</th>'


def _rows(shot: TableShot) -> str:
    page, columns = shot.view["page"], _columns(shot)
    above = page["baseline"]
    parts = []
    if above is not None:
        cells = [above["cells"].get(one["id"]) for one in columns]
        parts.append(f'<tbody><tr class="baseline">{_row(above["row"], cells, columns, shot, None)}</tr></tbody>')
    # Runs of an open group stay below it, so such rows are not sorted.
    grouped = any("key" in row and row["open"] for row in page["rows"])
    parts.append("<tbody>" if grouped else '<tbody class="sorted">')
    lists = [page["cells"].get(one["id"], []) for one in columns]
    base = above["cells"] if above is not None else None
    for at, row in enumerate(page["rows"]):
        cells = [one[at] if at < len(one) else None for one in lists]
        inside = ' class="inside"' if row.get("level") else ""
        parts.append(f"<tr{inside}>{_row(row, cells, columns, shot, base)}</tr>")
    return "".join([*parts, "</tbody>"])


def _row(
    row: Mapping[str, Any],
    cells: Sequence[Any],
    columns: Sequence[Mapping[str, Any]],
    shot: TableShot,
    base: Mapping[str, Any] | None,
) -> str:
    if "key" in row:
        name = f"{_said(row['label'], 300)} <small>{format_count(row['n'])}</small>"
    else:
        more = "" if not row["deleted"] else " <small>deleted</small>"
        name = f"{_said(row['name'] or row['short'], 300)} <small>{escape(row['short'])}</small>{more}"
    parts = [f'<th scope="row" data-v="{escape(_sorted_by(row))}">{name}</th>']
    for cell, column in zip(cells, columns, strict=True):
        delta = None if base is None else shot.delta(column, cell, base.get(column["id"]))
        more = ""
        if delta is not None:
            kind = "" if delta.good is None else ' class="good"' if delta.good else ' class="bad"'
            more = f" <small{kind}>{escape(delta.text)}</small>"
        number = number_of(cell)
        value = f' data-v="{_js_number(number)}"' if number is not None else ' data-v=""' if cell is None else ""
        kind = ' class="figure"' if is_figure(column) else ""
        text = escape(cell_text(cell, column["type"], column["entity"]))
        parts.append(f"<td{kind}{value}>{text}{more}</td>")
    return "".join(parts)


def _sorted_by(row: Mapping[str, Any]) -> str:
    return plain(str(row.get("name") or row.get("label", "")), 300)


def _js_number(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return repr(number) if math.isfinite(number) else "Infinity" if number > 0 else "-Infinity"


def _image(alt: str, svg: str) -> str:
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{b64encode(svg.encode("utf-8")).decode()}">'


def _said(text: str, limit: int) -> str:
    return escape(encodable(text[:limit]), quote=False)
