"""`%runs`: the table of the runs that a filter finds, with the filter completed as it is typed.

The line is the filter and nothing else, taken as it stands: whoever wants an order or a limit writes `inlay.runs(...)`.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.query.completion import Names
    from inlay.tracking.found import Runs

HELP = """\
The table of the runs that a filter finds; of all runs without one.

    %runs
    %runs metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')

The same as inlay.runs("..."), which takes an order and a limit, too. Tab completes names, operators and values.
"""
FRESH = 30.0
"""Seconds for which the names of a store hold while a filter is typed."""
PATIENCE = 2.0
"""Seconds that a completion waits for a busy store."""


def add_runs_magic(shell: Any) -> Callable[[], None]:
    """Register the magic and its completion with the shell; returns what removes them."""

    @no_var_expand
    def runs(line: str) -> Runs:
        __tracebackhide__ = True
        return runs_of(line)

    runs.__doc__ = HELP
    shell.register_magic_function(runs, "line", "runs")
    completer = Completer()
    shell.set_hook("complete_command", lambda _, event: completer.after_magic(event), str_key="%runs")

    def remove() -> None:
        registered = shell.magics_manager.magics["line"]
        if registered.get("runs") is runs:
            del registered["runs"]

    return remove


def runs_of(line: str) -> Runs:
    """The runs of the filter. Raises `UsageError`, which shows no traceback, with the place in it."""
    __tracebackhide__ = True
    from inlay.errors import QueryError
    from inlay.tracking.found import runs

    text = line.strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        text = text[1:-1]  # as it would stand in inlay.runs("...")
    try:
        return runs(text)
    except QueryError as error:
        raise UsageError(str(error)) from None


class Completer:
    """What IPython offers after `%runs`; the names of the store are kept for a while."""

    def __init__(self) -> None:
        self._known: tuple[str, float, Names] | None = None

    def after_magic(self, event: Any) -> list[str]:
        """The completions at the cursor, each with what IPython takes for the word that is being typed before it."""
        with contextlib.suppress(Exception):  # a completion that fails is none
            _, _, text = event.text_until_cursor.partition("%runs")
            return self.offered(text.removeprefix(" "), event.symbol)
        return []

    def offered(self, text: str, symbol: str) -> list[str]:
        """Items for the end of `text`; `symbol` is the part before the cursor that IPython replaces."""
        from inlay.query.completion import column_at, complete, values_of
        from inlay.query.fresh import fresh
        from inlay.store.store import current

        names, column = self._names(), column_at(text, len(text))
        if column is not None:
            with fresh(current(), wait=PATIENCE) as con:
                names = names.with_values(column, values_of(con, column))
        found = complete(text, len(text), names)
        # IPython cuts words at other places than the filter does: `metrics.val/lo` is two of them to it.
        before = text[found.start : max(found.start, len(text) - len(symbol))]
        return [one.text[len(before) :] for one in found.items if one.text.startswith(before)]

    def _names(self) -> Names:
        from inlay.query.completion import names_of
        from inlay.query.fresh import fresh
        from inlay.store.store import current

        store, now = current(), time.monotonic()
        if self._known is None or self._known[0] != store.key or now - self._known[1] > FRESH:
            with fresh(store, wait=PATIENCE) as con:
                self._known = store.key, now, names_of(con)
        return self._known[2]
