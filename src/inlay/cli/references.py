"""The runs that a command is about: named one by one, or those of a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from inlay.cli.printing import harmless, status_text
from inlay.errors import RunNotFoundError
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.attributes import Attributes
    from inlay.store.store import Store


def meant(store: Store, references: Sequence[str], text: str | None, *, deleted: bool) -> list[Attributes]:
    """The runs of these ids or names, or of a filter; deleted ones or those that are not.

    Raises `RunNotFoundError` when one is not found, or none is.
    """
    from inlay.query.attributes import find, load
    from inlay.query.filter import select_runs
    from inlay.query.fresh import fresh

    if bool(references) == (text is not None):
        msg = "name runs, or give a --filter"
        raise click.UsageError(msg)
    if text is None:
        found = {run.run_id: run for run in (find(store, one, deleted=deleted) for one in references)}
        return list(found.values())
    selection = select_runs(text, deleted=deleted)
    with fresh(store) as con:
        ids = [run_id for (run_id,) in con.execute(selection.sql, selection.params).fetchall()]
        runs = load(con, ids)
    if not runs:
        msg = f"no {'deleted ' if deleted else ''}run matches {text!r}"
        raise RunNotFoundError(msg)
    return runs


def named(run: Attributes) -> str:
    """A run on a line: id, name, experiment, status."""
    return f"{short_id(run.run_id)}  {harmless(run.name)} ({harmless(run.experiment)})  {status_text(run.status)}"
