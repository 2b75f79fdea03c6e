"""The picture of a run table that is saved with the notebook: the first rows, and the charts as images.

Made of tables and `<img>` alone, as the picture of a run is (see `picture`), for the same readers: a notebook without
a kernel, an untrusted one, converted HTML. It never names users or machines, whatever columns are shown.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

from inlay.views.format import format_count, plain
from inlay.views.paths import without_owner
from inlay.views.picture import QUIET, RULE, STATUSES, switch
from inlay.views.table_remarks import NO_RUNS
from inlay.views.table_texts import Delta, cell_text, is_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inlay.settings import Static
    from inlay.views.table_shot import TableShot

ROWS = 50
COLUMNS = 20
"""The most columns beside the name."""
PRIVATE = ("user_name", "host")
CELL = 60
GOOD, BAD = "#1a7a3c", "#c8252f"


def table_picture_html(shot: TableShot, *, token: str, static: Static) -> str:
    """The picture of a table; `token` is that of its live view."""
    parts = [_heading(shot, static)]
    if static != "off":
        parts.append(_table(shot))
        if static == "full":
            parts.append(_images(shot.charts))
    code = shot.code if static != "off" and "\n" not in shot.code and len(shot.code) <= 160 else "inlay.runs()"
    parts.append(
        f'<div style="margin-top:12px;padding-top:8px;border-top:{RULE};font-size:12px">'
        f'<span style="{QUIET}">Live view:</span> <code>{escape(without_owner(code), quote=False)}</code></div>'
    )
    return (
        f"<style>{switch(token)}</style>"
        f'<div class="inlay-picture inlay-picture-{token}" style="box-sizing:border-box;'
        f"margin:2px 0;padding:14px 18px 12px;border:{RULE};border-radius:8px;font-size:13px;line-height:1.5;"
        f'overflow-x:auto">{"".join(parts)}</div>'
    )


def _heading(shot: TableShot, static: Static) -> str:
    view = shot.view
    found, total = view["runs"], view["all"]
    of = "" if found == total else f" of {format_count(total)}"
    words = f"<b>{format_count(found)}{of} run{'' if total == 1 else 's'}</b>"
    if static == "off":
        return f"<div>{words}</div>"
    said = " and ".join(f"({one})" if len(shot.filters) > 1 else one for one in shot.filters)
    if said:
        words += f'&ensp;<code style="{QUIET}">{escape(plain(without_owner(said), 300), quote=False)}</code>'
    if not view["rows"]:
        words += f'<div style="{QUIET}">{escape(plain(view["hint"] or NO_RUNS, 400))}</div>'
    return f"<div>{words}</div>"


def _table(shot: TableShot) -> str:
    page = shot.view["page"]
    if not page["rows"] and page["baseline"] is None:
        return ""
    shown = [one for one in shot.shown if one["id"] not in PRIVATE]
    columns = [one for one in shown if one["id"] != "name"][:COLUMNS]
    heads = "".join(
        f'<th scope="col" style="{_aligned(one)};font-weight:600;padding:3px 0 3px 16px;white-space:nowrap">'
        f"{_head(one, shot)}</th>"
        for one in columns
    )
    rows = []
    baseline = page["baseline"]
    if baseline is not None:
        rows.append(_row(baseline["row"], {key: [cell] for key, cell in baseline["cells"].items()}, 0, columns, shot))
    rows += [_row(row, page["cells"], at, columns, shot) for at, row in enumerate(page["rows"][:ROWS])]
    notes = []
    left = shot.view["rows"] - min(len(page["rows"]), ROWS)
    if left > 0:
        notes.append(f"{format_count(left)} more row{'' if left == 1 else 's'}")
    if len(shown) - 1 > len(columns):
        notes.append(f"{len(shown) - 1 - len(columns)} more columns")
    more = f'<div style="{QUIET};margin-top:4px">and {" and ".join(notes)}</div>' if notes else ""
    return (
        '<table style="border-collapse:collapse;margin:8px 0 0;font-size:13px">'
        f'<tr style="background:none"><th scope="col" style="text-align:left;padding:3px 0">run</th>{heads}</tr>'
        f"{''.join(rows)}</table>{more}"
    )


def _head(column: Mapping[str, Any], shot: TableShot) -> str:
    name = escape(plain(column["name"], 40))
    summary = shot.view["state"]["summary"].get(column["id"], "last")
    order = dict(shot.view["state"]["order"]).get(column["id"])
    arrow = {"asc": " ↑", "desc": " ↓"}.get(order or "", "")
    return name + (f' <span style="{QUIET}">{summary}</span>' if summary != "last" else "") + arrow


def _row(
    row: Mapping[str, Any], cells: Mapping[str, Any], at: int, columns: Sequence[Mapping[str, Any]], shot: TableShot
) -> str:
    baseline = shot.view["page"]["baseline"]
    is_base = baseline is not None and row is baseline["row"]
    style = f"background:none;border-top:{RULE}" + (";font-weight:600" if is_base else "")
    texts = []
    for column in columns:
        cell = (cells.get(column["id"]) or [None] * (at + 1))[at]
        delta = None
        if baseline is not None and not is_base:
            delta = shot.delta(column, cell, baseline["cells"].get(column["id"]))
        texts.append(_cell(cell, column, delta))
    return f'<tr style="{style}">{_name(row, is_base=is_base)}{"".join(texts)}</tr>'


def _name(row: Mapping[str, Any], *, is_base: bool) -> str:
    indent = 16 if row.get("level") else 0
    style = f"text-align:left;padding:3px 0 3px {indent}px;white-space:nowrap"
    if "key" in row:
        label = escape(plain(row["label"], CELL))
        return f'<th scope="row" style="{style}">{label} <span style="{QUIET}">{format_count(row["n"])}</span></th>'
    name = escape(plain(row["name"], CELL) or row["short"])
    note = f' <span style="{QUIET}">baseline</span>' if is_base else ""
    if row["deleted"]:
        note += f' <span style="{QUIET}">deleted</span>'
    return f'<th scope="row" style="{style};font-weight:{600 if is_base else 500}">{name}{note}</th>'


def _cell(cell: Any, column: Mapping[str, Any], delta: Delta | None) -> str:
    text = escape(plain(without_owner(cell_text(cell, column["type"], column["entity"])), CELL))
    if column["type"] == "status" and isinstance(cell, str):
        word, sign, colour = STATUSES.get(cell, (cell, "●", "#66707c"))
        text = f'<span style="color:{colour}">{sign}</span> {escape(plain(word, 20))}'
    if delta is not None:
        colour = "" if delta.good is None else f";color:{GOOD if delta.good else BAD}"
        text += f' <span style="font-size:12px;white-space:nowrap{colour}">{escape(delta.text)}</span>'
    return f'<td style="{_aligned(column)};padding:3px 0 3px 16px;white-space:nowrap">{text}</td>'


def _aligned(column: Mapping[str, Any]) -> str:
    return "text-align:right" if is_figure(column) else "text-align:left"


def _images(charts: Sequence[tuple[str, str]]) -> str:
    if not charts:
        return ""
    images = "".join(
        f'<img alt="{escape(alt)}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{b64encode(svg.encode("utf-8", "replace")).decode()}">'
        for alt, svg in charts
    )
    return f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;gap:8px;margin-top:10px">{images}</div>'
