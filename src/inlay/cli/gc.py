"""`inlay gc`: what the store holds for nobody, and, with --apply, away with it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import counted, harmless, json_text, say
from inlay.store.identity import short_id
from inlay.views.format import format_bytes

if TYPE_CHECKING:
    from inlay.store.collection import Garbage

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LISTED = 10


def seconds_of(_: click.Context, __: click.Parameter, value: str) -> float:
    """The seconds of `30d`, `12h`, `0d`; a bare number is of days."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*", value)
    if match is None:
        msg = f"{value!r} is no span of time; give one such as 30d, 12h or 2w"
        raise click.BadParameter(msg)
    return float(match[1]) * _UNITS[match[2] or "d"]


@click.command(cls=Command)
@click.option("--apply", "apply_", is_flag=True, help="Do it; without, only say what would go.")
@click.option("--deleted", is_flag=True, help="Also the runs that were deleted, for good.")
@click.option(
    "--older-than", default="30d", metavar="SPAN", callback=seconds_of, show_default=True,
    help="With --deleted: only runs deleted longer ago.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def gc(*, apply_: bool, deleted: bool, older_than: float, as_json: bool) -> None:
    """Free what nothing refers to: kept files, half copies of dead processes, and with --deleted, deleted runs.

    Without --apply nothing is changed. Files of the last hour always stay: a process may be about to refer to them.
    """
    from inlay.store.collection import collect, find

    store = reading_store()
    before = time.time() - older_than if deleted else None
    found = (collect if apply_ else find)(store, deleted_before=before)
    if as_json:
        click.echo(json_text(_record(found, applied=apply_)))
        return
    _print(found, applied=apply_)


def _print(found: Garbage, *, applied: bool) -> None:
    word = "freed" if applied else "would free"
    if found.runs:
        points = sum(run.points for run in found.runs)
        say(f"{word} {counted(len(found.runs), 'deleted run')} with {counted(points, 'point')}")
        for run in found.runs[:_LISTED]:
            say(f"  {short_id(run.run_id)}  {harmless(run.name)}")
        _more(len(found.runs))
    if found.blobs:
        size = format_bytes(_sum(found))
        say(f"{word} {counted(len(found.blobs), 'kept file')} that nothing refers to, {size}")
        for blob in found.blobs[:_LISTED]:
            say(f"  {blob.hash[:12]}  {format_bytes(blob.bytes)}")
        _more(len(found.blobs))
    if found.leftovers:
        size = format_bytes(found.leftover_bytes)
        say(f"{word} {len(found.leftovers):,} half copies of processes that are gone, {size}")
    if found.young:
        say(f"{counted(found.young, 'file')} without a run stay: younger than an hour")
    if not found:
        say("nothing to free")
    elif applied:
        shrunk = f"; the database is {format_bytes(found.database)} smaller" if found.database > 0 else ""
        say(f"freed {format_bytes(found.bytes)}{shrunk}")
    else:
        say(f"{format_bytes(found.bytes)} in all; --apply does it")


def _sum(found: Garbage) -> int:
    return sum(blob.bytes for blob in found.blobs)


def _more(count: int) -> None:
    if count > _LISTED:
        say(f"  and {count - _LISTED:,} more")


def _record(found: Garbage, *, applied: bool) -> dict[str, object]:
    return {
        "applied": applied,
        "bytes": found.bytes,
        "database_bytes": found.database,
        "runs": [{"run_id": run.run_id, "name": run.name, "points": run.points} for run in found.runs],
        "files": [{"hash": blob.hash, "bytes": blob.bytes} for blob in found.blobs],
        "leftovers": [path.name for path in found.leftovers],
        "leftover_bytes": found.leftover_bytes,
        "kept_young": found.young,
    }
