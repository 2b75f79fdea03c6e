"""`inlay rm`: delete runs, so that `inlay restore` can bring them back."""

from __future__ import annotations

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store
from inlay.cli.printing import counted, say
from inlay.cli.references import meant, named
from inlay.store.identity import short_id


@click.command(cls=Command)
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--filter", "filter_", metavar="FILTER", help="All runs of a filter; see `inlay runs --help`.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rm(runs: tuple[str, ...], filter_: str | None, *, yes: bool) -> None:
    """Delete runs, by id, the end of one, or name.

    They are left out of lists and charts from then on; `inlay restore` brings them back, and only `inlay gc --deleted
    --apply` removes them for good.
    """
    from inlay.tracking.deletion import delete

    store = reading_store()
    found = meant(store, runs, filter_, deleted=False)
    for run in found[:10]:
        say(f"  {named(run)}")
    if len(found) > 10:
        say(f"  and {len(found) - 10:,} more")
    if not yes:
        click.confirm(f"Delete {counted(len(found), 'run')}?", abort=True)
    delete(store, found)
    ids = " ".join(short_id(run.run_id) for run in found[:10])
    more, them = (" ...", "them") if len(found) > 10 else ("", "them" if len(found) > 1 else "it")
    say(f"deleted {counted(len(found), 'run')}; `inlay restore {ids}{more}` brings {them} back")
