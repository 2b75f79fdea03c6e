"""What a reader changes of runs from the table: names, tags, notes, and which runs are deleted. Said through the public
`Run`, as code would; the table and the cards of these runs show it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.tracking import deletion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inlay.tracking.run import Run
    from inlay.views.run_table import RunTable


def rename(table: RunTable, run_ids: Sequence[str], name: str) -> dict[str, Any]:
    """Give runs another name. Raises what `Run.rename` raises."""
    return _each(table, run_ids, lambda run: run.rename(name))


def set_tag(table: RunTable, run_ids: Sequence[str], key: str, value: str | None) -> dict[str, Any]:
    """Set a tag of runs; None removes it."""
    return _each(table, run_ids, lambda run: run.set_tag(key, value), "tags")


def set_note(table: RunTable, run_ids: Sequence[str], text: str) -> dict[str, Any]:
    """Replace the notes of runs."""
    return _each(table, run_ids, lambda run: run.set_note(text), "note")


def delete(table: RunTable, run_ids: Sequence[str]) -> dict[str, Any]:
    """Delete runs, all or, where one is running, none."""
    runs = table.session.runs(run_ids)
    deletion.delete(table.session.store, [run.attributes() for run in runs])
    table.session.remember_deleted(run_ids)
    return _told(table)


def restore(table: RunTable, run_ids: Sequence[str]) -> dict[str, Any]:
    """Bring runs back that were deleted."""
    runs = table.session.runs(run_ids)
    deletion.restore(table.session.store, [run.attributes() for run in runs])
    return _told(table)


def _each(table: RunTable, run_ids: Sequence[str], edit: Callable[[Run], None], *words: str) -> dict[str, Any]:
    from inlay.views.page import page

    runs = table.session.runs(run_ids)  # all are known to be the table's before the first is changed
    for run in runs:
        edit(run)
        page().desk.tell(run, *words)
    return _told(table)


def _told(table: RunTable) -> dict[str, Any]:
    return {"version": table.renew()["version"]}
