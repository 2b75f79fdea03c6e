"""The cell that makes the same view of runs again: "Copy as code".

As short as it can be: where a table shows what `inlay.runs(...)` shows by itself, that is the cell, with the table's
filter and order put into it. Anything else is said by `RunTable(..., state={...})`, with no more in the state than
differs from the beginning. One thing may change place: the column that runs come sorted by stands next to the name.
"""

from __future__ import annotations

import pprint
from typing import TYPE_CHECKING, Any

from inlay.views.table_state import default_state, differing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inlay.query.run_query import RunQuery

LINE = 100


def code_of(
    query: RunQuery,
    state: Mapping[str, Any],
    *,
    remembered: Mapping[str, Any],
    field_of: Callable[[str], str],
    looks_alike: Callable[[RunQuery], bool],
) -> str:
    """The cell. `query` is what the table was made of, `remembered` the state that a table of this store begins with,
    `field_of` writes a column as an order does, `looks_alike` says whether a table of other runs would choose the same
    columns.
    """
    if query.limit is None and query.within is None and not _summarised(state):
        merged = query.narrowed(state["filter"])
        order = tuple(f"{field_of(column)} {way.upper()}" for column, way in state["order"])
        if _same({**state, "filter": "", "order": []}, remembered) and looks_alike(merged):
            return f"import inlay\n\n{_runs(merged, order or query.order_by)}\n"
    runs = _runs(query, query.order_by) if query.within is None else _listed(query.within)
    return f"import inlay\n\n{_table(runs, differing(state))}\n"


def _summarised(state: Mapping[str, Any]) -> bool:
    """Whether an order is by the least or the greatest value of a metric, for which there is no word in an order."""
    return any(state["summary"].get(column, "last") != "last" for column, _ in state["order"])


def _same(state: Mapping[str, Any], remembered: Mapping[str, Any]) -> bool:
    return all(state[name] == remembered[name] for name in default_state())


def _runs(query: RunQuery, order: tuple[str, ...]) -> str:
    words = []
    if query.filter.strip():
        words.append(_text(query.filter))
    if order:
        words.append(f"order_by={_text(order[0]) if len(order) == 1 else repr(list(order))}")
    if query.limit is not None:
        words.append(f"limit={query.limit}")
    if query.experiment is not None:
        words.append(f"experiment={query.experiment!r}")
    if query.deleted is not False:
        words.append("include_deleted=True")
    return f"inlay.runs({', '.join(words)})"


def _listed(run_ids: Sequence[str]) -> str:
    """Runs that were given one by one: in their order, deleted or not."""
    line = f"[{', '.join(map(repr, run_ids))}]"
    return line if len(line) <= LINE else "[\n" + "".join(f"        {one!r},\n" for one in run_ids) + "    ]"


def _text(text: str) -> str:
    """In double quotes where that needs no backslash: filters hold single ones."""
    return f'"{text}"' if '"' not in text and "\\" not in text and text.isprintable() else repr(text)


def _table(runs: str, said: Mapping[str, Any]) -> str:
    state = _literal(said)
    line = f"inlay.RunTable({runs}, state={state})"
    if len(line) <= LINE and "\n" not in line:
        return line
    return f"inlay.RunTable(\n    {runs},\n    state={_indented(said)},\n)"


def _literal(said: Mapping[str, Any]) -> str:
    return pprint.pformat(dict(said), width=LINE, sort_dicts=False, compact=True)


def _indented(said: Mapping[str, Any]) -> str:
    inside = "".join(
        f"        {name!r}: {pprint.pformat(value, width=LINE - 16, sort_dicts=False, compact=True)},\n"
        for name, value in said.items()
    )
    inside = "\n".join(line if line.startswith("        ") else "        " + line for line in inside.splitlines())
    return f"{{\n{inside}\n    }}" if inside else "{}"
