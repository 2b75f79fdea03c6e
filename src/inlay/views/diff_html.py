"""A difference between runs as HTML that needs nothing: tables, `<details>`, inline styles, no script.

It is what `Diff` shows in a notebook, and stays when the notebook is saved, untrusted or converted. Colours are tints
over whatever is behind them, so that it reads in light and dark; each stands beside a sign or a word. Keys, values and
code come from other people's stores: everything is escaped. User and host names are left out, as of every picture that
is saved with a notebook.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from inlay.query.difference_text import value_texts
from inlay.views.format import plain, plain_lines
from inlay.views.paths import without_owner
from inlay.views.table_owners import OWNERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LINES = 400
"""Lines of a run's code that are shown."""
_RULE = "border-top:1px solid rgba(128,128,128,.25)"
_CELL = f"padding:3px 14px 3px 0;text-align:left;vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere;{_RULE}"
_MUTED = "opacity:.72"
_CODE = "padding:0 8px 0 0;text-align:left;vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere;border:0"
_NUMBER = f"padding:0 10px 0 0;text-align:right;vertical-align:top;border:0;{_MUTED}"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px;line-height:1.5"
_TINTS = {"+": "background:rgba(46,160,67,.16)", "-": "background:rgba(218,54,51,.15)"}
_WORDS = {"k": "font-weight:600", "c": f"font-style:italic;{_MUTED}", "f": "font-weight:600"}
_CHANGES = {"added": "+", "removed": "-"}
_TABLE = "border-collapse:collapse;margin:0;font-size:13px;color:inherit"
_PLAIN = "background:none"  # JupyterLab stripes rows


def diff_html(found: Mapping[str, Any]) -> str:
    """The HTML of `Diff.to_dict()`: what differs as tables, what is equal folded below each, the code line by line."""
    runs = found["runs"]
    sections = [
        {**one, "rows": [row for row in one["rows"] if not _names_owner(one, row)]} for one in found["sections"]
    ]
    body = [_section(section, runs) for section in sections]
    names = {run["run"]: f"{plain(run['name'], 60)} {run['short']}".strip() for run in runs}
    body += [_code(entry, names) for entry in found["code"]]
    if not found["code"] and all(not _differing(section) for section in sections):
        body.insert(0, f"<p>No differences between {len(runs)} runs.</p>")
    return f'<div style="max-width:100%;overflow-x:auto;font-size:13px;line-height:1.5">{"".join(body)}</div>'


def _section(section: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> str:
    differing = _differing(section)
    equal = [row for row in section["rows"] if row["same"]]
    title = f"<b>{escape(section['name'].capitalize())}</b>"
    folded = ""
    if equal:
        head = f'<summary style="cursor:pointer;{_MUTED}">{len(equal):,} equal</summary>'
        folded = f'<details style="margin:4px 0 0">{head}{_table(equal, runs[:1])}</details>'
    if not differing:
        return f'<div style="margin:10px 0">{title}{folded}</div>'
    return f'<div style="margin:10px 0">{title}{_table(differing, runs)}{folded}</div>'


def _table(rows: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]) -> str:
    heads = "".join(
        f'<th scope="col" style="{_CELL};border-top:0">{escape(plain(run["name"], 60))} '
        f'<span style="font-weight:400;{_MUTED}">{escape(run["short"])}</span></th>'
        for run in runs
    )
    head = (
        f'<tr style="{_PLAIN}"><th scope="col" style="{_CELL};border-top:0"></th>{heads}</tr>' if len(runs) > 1 else ""
    )
    return f'<table style="{_TABLE}">{head}{"".join(_row(row, len(runs)) for row in rows)}</table>'


def _row(row: Mapping[str, Any], count: int) -> str:
    sign = _CHANGES.get(row["change"] or "", "")
    tint = _TINTS.get(sign, _PLAIN)
    mark = f' <span style="{_MUTED}">{row["change"]}</span>' if sign else ""
    pairs = zip(row["values"][:count], value_texts(row["values"]), strict=False)
    cells = "".join(_cell(value, text) for value, text in pairs)
    key = f'<th scope="row" style="{_CELL};font-weight:400">{escape(plain(row["key"], 250))}{mark}</th>'
    return f'<tr style="{tint}">{key}{cells}</tr>'


def _cell(value: Any, text: str) -> str:
    if value is None:
        return f'<td style="{_CELL};{_MUTED}" title="none">{text}</td>'
    align = ";font-variant-numeric:tabular-nums" if not isinstance(value, str) else ""
    return f'<td style="{_CELL}{align}">{escape(plain_lines(without_owner(text)))}</td>'


def _names_owner(section: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return section["name"] == "attributes" and row["key"] in OWNERS


def _differing(section: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in section["rows"] if not row["same"]]


# -- code ---------------------------------------------------------------------------------------------------


def _code(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    title = f"<b>Code</b> of {escape(names[entry['run']])} against {escape(names[entry['against']])}"
    if entry["missing"]:
        return f'<div style="margin:10px 0">{title}: one of them has none.</div>'
    count = f'<span style="{_MUTED}">+{entry["added"]:,} −{entry["removed"]:,}</span>'
    unified = "".join(map(_unified, entry["unified"][:LINES]))
    side = "".join(_side(*pair) for pair in entry["side"][:LINES])
    more = _more(len(entry["unified"]) - LINES)
    beside = (
        f'<details style="margin:4px 0 0"><summary style="cursor:pointer;{_MUTED}">Side by side</summary>'
        f'<table style="{_TABLE};{_MONO};width:100%">{side}</table>{more}</details>'
    )
    return (
        f'<details open style="margin:10px 0"><summary style="cursor:pointer">{title} {count}</summary>'
        f'<table style="{_TABLE};{_MONO}">{unified}</table>{more}{beside}</details>'
    )


def _more(count: int) -> str:
    return f'<div style="{_MUTED}">{count:,} more lines</div>' if count > 0 else ""


def _unified(line: Mapping[str, Any]) -> str:
    if line["op"] == "@":
        text = f'<td style="{_CODE};{_MUTED}">{_equal(line)}</td>'
        return f'<tr style="{_PLAIN}">{_number(None)}{_number(None)}<td style="border:0"></td>{text}</tr>'
    tint = _TINTS.get(line["op"], _PLAIN)
    cells = f'{_number(line["old"])}{_number(line["new"])}{_sign(line)}<td style="{_CODE}">{_spans(line)}</td>'
    return f'<tr style="{tint}">{cells}</tr>'


def _side(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> str:
    return f'<tr style="{_PLAIN}">{_half(left, "old")}{_half(right, "new")}</tr>'


def _half(line: Mapping[str, Any] | None, of: str) -> str:
    width, margin = "width:50%", '<td style="border:0"></td><td style="border:0"></td>'
    if line is None or line["op"] == "@":
        text = "" if line is None else _equal(line)
        return f'{margin}<td style="{_CODE};{width};{_MUTED}">{text}</td>'
    tint = _TINTS.get(line["op"], "")
    return f'{_number(line[of])}{_sign(line)}<td style="{_CODE};{width};{tint}">{_spans(line)}</td>'


def _equal(line: Mapping[str, Any]) -> str:
    return f"{line['no']:,} equal line{'' if line['no'] == 1 else 's'}"


def _number(number: int | None) -> str:
    return f'<td style="{_NUMBER}">{"" if number is None else number}</td>'


def _sign(line: Mapping[str, Any]) -> str:
    return f'<td style="{_CODE}">{line["op"].replace("=", "").replace("-", "−")}</td>'


def _spans(line: Mapping[str, Any]) -> str:
    made = []
    for kind, text in line["spans"]:
        shown = escape(plain_lines(text))
        made.append(f'<span style="{_WORDS[kind]}">{shown}</span>' if kind in _WORDS else shown)
    return "".join(made)
