"""Looking at a run and comparing it: its chart, and how it differs from others. Both are drawn above this floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from inlay.tracking import charting

if TYPE_CHECKING:
    import altair as alt

    from inlay.store.store import Store
    from inlay.tracking.comparison import Diff


class RunLooks:
    """The methods of `Run` that show it, alone or beside others."""

    _store: Store

    def chart(
        self,
        key: str,
        *more: str,
        x: Literal["step", "time", "relative"] = "step",
        smoothing: float = 0.0,
        log: bool = False,
    ) -> alt.Chart:
        """An Altair chart of one or several of its metrics, with its rows inside: `run.chart("loss").save("l.svg")`.

        `x` is "step", "time" or "relative" (to the start); `smoothing` from 0 to below 1 draws a moving average over
        the values; `log` makes the y-axis logarithmic. See `inlay.chart`, which puts several runs into one chart.

        Raises `KeyError` naming the nearest metrics when nothing was logged under a key.
        """
        drawn: alt.Chart = charting.draw([key, *more], self, x=x, smoothing=smoothing, log=log)
        return drawn

    def diff(self, *others: Any) -> Diff:
        """How others differ from this run: `run.diff("baseline")`. Takes runs, ids, names, or `inlay.runs(...)`.

        Params, metrics (last values), tags, attributes, environment, git, data sets and code; see `Diff`.

        Raises `RunNotFoundError` for an unknown run, `ValueError` for no other run, or more than 20 in all.
        """
        from inlay.tracking.comparison import diff_of
        from inlay.tracking.found import several

        return diff_of(self._store, several([self, *others]).run_ids)
