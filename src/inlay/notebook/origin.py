"""Where a run comes from, when it comes from a cell.

No kernel knows its notebook: JupyterLab's server tells it in the environment, VS Code in a variable; others
do not, and then the cell's text stands for its place.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.tracking.origin import Origin

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from inlay.notebook.executions import Executions


def notebook_path(shell: InteractiveShell) -> str | None:
    """The notebook's file, as far as the front end tells."""
    path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    # A console has a session, too, under a made-up name without a suffix.
    return path if isinstance(path, str) and Path(path).suffix else None


def origin_of(shell: InteractiveShell, executions: Executions) -> Origin:
    """What starts a run now: the cell being executed, as the user sees it."""
    kind = "notebook" if hasattr(shell, "kernel") else "terminal"
    path = notebook_path(shell) if kind == "notebook" else None
    name = Path(path).name if path else None
    cell = executions.anywhere()
    if cell is None:
        return Origin(kind, source_name=name, notebook=path)
    outermost = cell.outermost
    return Origin(
        kind,
        source_name=name,
        notebook=path,
        cell_id=outermost.cell_id,
        execution_seq=executions.seq_of(outermost),
        code_hash=outermost.code_hash,
    )
