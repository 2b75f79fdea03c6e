"""What goes to the terminal: tables that fit it, text that cannot take it over, colours only beside words.

Names, notes and output come from whoever logged them. An escape sequence in one could write anywhere on the screen, so
none leaves this file. Piped, a table is plain: nothing is cut and nothing coloured.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from inlay.views.format import format_duration, format_value, plain, plain_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

STATUS = {
    "running": ("●", "blue"), "finished": ("✓", "green"), "failed": ("✗", "red"),
    "interrupted": ("◼", "yellow"), "killed": ("☠", "red"),
}  # fmt: skip
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_LONGEST = 100_000


def on_terminal() -> bool:
    """Whether a person looks at the output."""
    return sys.stdout.isatty()


def console() -> Console:
    """Where tables are drawn. Piped, it is as wide as they need; NO_COLOR is respected."""
    from rich.console import Console

    width = shutil.get_terminal_size().columns if on_terminal() else 100_000
    return Console(
        file=sys.stdout, width=width, highlight=False, markup=False, emoji=False, soft_wrap=not on_terminal(),
        no_color=bool(os.environ.get("NO_COLOR")) or None,
    )  # fmt: skip


def harmless(text: object) -> str:
    """Text on one line that a terminal only shows: no control characters, nothing that turns or hides text."""
    return plain(_SEQUENCES.sub("", str(text)), _LONGEST)


def harmless_lines(text: str) -> str:
    """Text of several lines that a terminal only shows."""
    return plain_lines(_SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def say(text: object = "") -> None:
    """Print lines."""
    click.echo(harmless_lines(str(text)))


def counted(count: int, what: str) -> str:
    """`1 run`, `2,000 runs`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def status_text(status: str) -> str:
    """The word with its sign: never the colour alone."""
    return f"{STATUS.get(status, ('?', ''))[0]} {harmless(status)}"


def status_style(status: str) -> str:
    return STATUS.get(status, ("?", ""))[1]


def ago(moment: float, now: float | None = None) -> str:
    """How long ago: `12s ago`, `3h ago`; with the date when it is more than a week."""
    passed = (time.time() if now is None else now) - moment
    if passed < 0 or passed >= 7 * 86400:
        return time.strftime("%Y-%m-%d", time.localtime(moment))
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        if passed >= seconds:
            return f"{int(passed // seconds)}{unit} ago"
    return f"{int(passed)}s ago"


def duration(seconds: float | None) -> str:
    return "" if seconds is None else format_duration(seconds)


def value_text(value: object) -> str:
    """A metric, an attribute or a tag in a cell; nothing where there is none."""
    return format_value(value) if isinstance(value, float) else param_text(value)


def param_text(value: object) -> str:
    """A param in a cell, as it was given."""
    if value is None:
        return ""
    return harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, styles: Mapping[tuple[int, int], str]) -> None:
    """Draw a table; `styles` colours cells by (row, column)."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        drawn.add_column(Text(harmless(heading)), no_wrap=True, overflow="ellipsis")
    for number, row in enumerate(rows):
        cells = [Text(harmless(cell), style=styles.get((number, column), "")) for column, cell in enumerate(row)]
        drawn.add_row(*cells)
    to = console()
    with to.capture() as captured:
        to.print(drawn)
    lines = captured.get().splitlines()
    click.echo("\n".join(line.rstrip() for line in lines), color=None if on_terminal() else False)


def json_text(value: Any) -> str:
    """JSON as every reader takes it: NaN and infinities as null, what a terminal would obey escaped."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_HIDDEN = re.compile("[\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; empty where there is nothing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([plain_lines(heading) for heading in headings])
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return buffer.getvalue().rstrip("\n")


def _csv_cell(cell: Any) -> Any:
    if cell is None:
        return ""
    if isinstance(cell, (dict, list, tuple)):
        cell = json.dumps(cell, ensure_ascii=False, default=str)
    return plain_lines(cell) if isinstance(cell, str) else cell
