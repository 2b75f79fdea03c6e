"""inlay: an experiment tracker that lives inside the notebook.

    with inlay.start_run("baseline", params={"lr": 0.1}) as run:
        run.log({"loss": 0.5}, step=0)

In a notebook, `%load_ext inlay` adds `%%track`, which records a cell as a run and draws it while it runs.
Names are loaded when they are first used, so that the import costs a script next to nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from inlay._version import __version__
from inlay.tracking.charting import set_drawer

if TYPE_CHECKING:
    from inlay.errors import InlayError
    from inlay.notebook import load_ipython_extension as load_ipython_extension
    from inlay.notebook import unload_ipython_extension as unload_ipython_extension
    from inlay.query.history import History
    from inlay.settings import configure
    from inlay.store.store import connect
    from inlay.tracking.active import active_run
    from inlay.tracking.comparison import Diff
    from inlay.tracking.found import Runs, compare, runs, sql
    from inlay.tracking.named import get_run
    from inlay.tracking.progress import progress
    from inlay.tracking.run import Run
    from inlay.tracking.start import end_run, log, start_run
    from inlay.transfer.exports import export_runs
    from inlay.transfer.imports import import_runs
    from inlay.views.altair_chart import chart

_WHERE = {
    "InlayError": "inlay.errors",
    "load_ipython_extension": "inlay.notebook",
    "unload_ipython_extension": "inlay.notebook",
    "History": "inlay.query.history",
    "connect": "inlay.store.store",
    "sql": "inlay.tracking.found",
    "active_run": "inlay.tracking.active",
    "Diff": "inlay.tracking.comparison",
    "Runs": "inlay.tracking.found",
    "compare": "inlay.tracking.found",
    "runs": "inlay.tracking.found",
    "get_run": "inlay.tracking.named",
    "progress": "inlay.tracking.progress",
    "Run": "inlay.tracking.run",
    "start_run": "inlay.tracking.start",
    "end_run": "inlay.tracking.start",
    "log": "inlay.tracking.start",
    "export_runs": "inlay.transfer.exports",
    "import_runs": "inlay.transfer.imports",
    "chart": "inlay.views.altair_chart",
    "RunTable": "inlay.views.run_table",
    "configure": "inlay.settings",
}

__all__ = [
    "Diff",
    "History",
    "InlayError",
    "Run",
    "RunTable",
    "Runs",
    "__version__",
    "active_run",
    "chart",
    "compare",
    "configure",
    "connect",
    "end_run",
    "export_runs",
    "get_run",
    "import_runs",
    "log",
    "progress",
    "runs",
    "sql",
    "start_run",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        msg = f"module 'inlay' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    if name == "start_run":  # whoever records, records from what
        import_module("inlay.capture.background").activate()
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "load_ipython_extension"]


def _draw(keys: Any, runs: Any, **options: Any) -> Any:
    """What `Run.chart` asks for; Altair is loaded with the first chart."""
    from inlay.views.altair_chart import chart

    return chart(keys, runs, **options)


def _table(runs: Any, **options: Any) -> Any:
    """What `Runs.compare` asks for."""
    from inlay.views.run_table import RunTable

    return RunTable(runs, **options)


def _diff(found: Any) -> str:
    from inlay.views.diff_html import diff_html

    return diff_html(found)


def _groups(rows: Any) -> str:
    from inlay.views.groups_html import groups_html

    return groups_html(*rows)


set_drawer("chart", _draw)
set_drawer("table", _table)
set_drawer("diff", _diff)
set_drawer("groups", _groups)


def _in_ipython() -> bool:
    """Whether an IPython shell is running here; IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython, "get_ipython", lambda: None)() is not None


if _in_ipython():
    from inlay.notebook import activate

    activate()
