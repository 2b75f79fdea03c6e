"""`inlay diff`: what differs between runs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import console, harmless_lines, json_text, on_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

STYLES = {"head": "bold", "added": "green", "removed": "red", "changed": "yellow", "same": "dim"}
_ALL = 1_000_000


@click.command(cls=Command)
@click.argument("runs", nargs=-1, metavar="RUN RUN...", required=True)
@click.option("--full", is_flag=True, help="Whole values, and every line of the code.")
@click.option("--json", "as_json", is_flag=True, help="As JSON: with what is equal, too.")
def diff(runs: tuple[str, ...], *, full: bool, as_json: bool) -> None:
    """Show how runs differ from the first one: params, metrics, tags, environment, git, data, code.

    A run is named by its id, the end of it, or its name (the newest of that name). At most 20 runs.
    """
    from inlay.query.attributes import find
    from inlay.query.difference import MOST, difference
    from inlay.query.difference_text import CODE_LINES, difference_lines
    from inlay.query.fresh import fresh

    store = reading_store()
    ids = list(dict.fromkeys(find(store, one).run_id for one in runs))
    if not 2 <= len(ids) <= MOST:
        raise click.UsageError(f"diff takes two to {MOST} different runs; got {len(ids)}")
    with fresh(store) as con:
        found = difference(con, ids)
    if as_json:
        click.echo(json_text(found))
        return
    width = None
    if full or not on_terminal():
        width = _ALL
    elif len(ids) <= 3:
        width = max(12, (shutil.get_terminal_size().columns - 24) // len(ids) - 2)
    _print(difference_lines(found, width=width, code=_ALL if full else CODE_LINES))


def _print(lines: Iterable[list[tuple[str, str]]]) -> None:
    from rich.text import Text

    to = console()
    with to.capture() as captured:
        for line in lines:
            shown = Text()
            for style, text in line:
                shown.append(harmless_lines(text), style=STYLES.get(style, ""))
            to.print(shown, soft_wrap=True)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines())
    click.echo(text, color=None if on_terminal() else False)
