"""Where a run comes from: a cell, a script, a terminal.

A script is known from `sys.argv`. In a notebook the floor that knows IPython provides the cell, through
`set_provider`, and says whether one is being executed, through `set_busy`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Origin:
    """What started a run; the fields are columns of `runs`."""

    source_kind: str
    """notebook, script or terminal"""
    source_name: str | None = None
    notebook: str | None = None
    cell_id: str | None = None
    execution_seq: int | None = None
    code_hash: str | None = None

    def same_cell(self, other: Origin) -> bool:
        """Whether both were started by the same cell, in different executions of it."""
        if self.execution_seq is None or self.execution_seq == other.execution_seq:
            return False
        if self.cell_id is not None or other.cell_id is not None:
            return self.cell_id == other.cell_id
        return self.code_hash is not None and ((self.notebook, self.code_hash) == (other.notebook, other.code_hash))


def _script() -> Origin:
    name = sys.argv[0] if sys.argv else ""
    if name in ("", "-c"):
        return Origin("terminal")
    return Origin("script", source_name=Path(name).name)


_provider: Callable[[], Origin] = _script
_busy: Callable[[], bool] | None = None


def set_provider(provider: Callable[[], Origin] | None) -> None:
    """Ask `provider` where runs come from; None goes back to scripts."""
    global _provider
    _provider = provider or _script


def set_busy(probe: Callable[[], bool] | None) -> None:
    """`probe` tells whether a cell is being executed right now; None where there are no cells."""
    global _busy
    _busy = probe


def current() -> Origin:
    """Where a run started now would come from."""
    return _provider()


def busy() -> bool | None:
    """Whether a cell is being executed; None outside notebooks."""
    return None if _busy is None else _busy()
