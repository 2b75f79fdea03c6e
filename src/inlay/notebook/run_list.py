"""`Runs` as a cell's value: a small table, readable wherever a notebook is.

Everything in it comes from notebooks and stores of other people, so all text is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inlay.tracking.found import Runs
    from inlay.tracking.run import Run

SHOWN = 20

_HEADINGS = ("run", "name", "experiment", "status", "started", "seconds")


def runs_html(runs: Runs) -> str:
    """The newest runs as an HTML table, with how many there are in all."""
    rows = "".join(_row(run) for run in runs[:SHOWN].to_list())
    headings = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in _HEADINGS)
    return f"<table><caption>{_caption(len(runs))}</caption><tr>{headings}</tr>{rows}</table>"


def _caption(count: int) -> str:
    if count > SHOWN:
        return f"the newest {SHOWN} of {count:,} runs"
    return "no runs yet" if count == 0 else f"{count} run{'s' if count > 1 else ''}"


def _row(run: Run) -> str:
    duration = run.duration_s
    cells = (
        run.short_id,
        run.name,
        run.experiment,
        run.status,
        f"{run.started_at:%Y-%m-%d %H:%M} UTC",
        "" if duration is None else f"{duration:.1f}",
    )
    texts = "".join(f'<td style="text-align:left">{escape(text)}</td>' for text in cells)
    return f"<tr>{texts}</tr>"
