"""How the run tables of a store are looked at, kept beside it in `table-choices.json`, as the cards' choices are.

Kept is what a reader sets once for all tables: the columns and how they are drawn. What a table is about just now
(filter, order, groups, selection, baseline, charts) is not: the next one is about something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.views.choices import read_file, write_file
from inlay.views.table_state import cleaned_state, differing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inlay.store.store import Store

FILE = "table-choices.json"
KEPT = ("columns", "pinned", "widths", "summary", "differences", "delta", "better", "heat", "spark", "height")


def remembered_state(store: Store) -> dict[str, Any]:
    """The state that a table of this store begins with."""
    return cleaned_state(_kept(read_file(store.folder / FILE)))


def remember_state(store: Store, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Keep what was changed and is for all tables, for those drawn from now on. A table that began otherwise, as
    `inlay.compare` has it, changes nothing by that.
    """
    changed = {name: after[name] for name in KEPT if after[name] != before[name]}
    if changed:
        write_file(store.folder / FILE, differing({**remembered_state(store), **changed}))


def _kept(state: object) -> dict[str, Any]:
    return {name: state[name] for name in KEPT if name in state} if isinstance(state, dict) else {}
