"""inlay inside IPython: the only floor that knows it.

`activate` (called by `import inlay` in a notebook) draws runs under their cells and ends what a raising cell
leaves open. `%load_ext inlay` adds `%%track` and records every executed cell. Each concern is a module;
`activation` alone connects them to a shell and takes them off again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inlay.notebook.activation import activation_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["activate", "load_ipython_extension", "unload_ipython_extension"]


def activate(shell: InteractiveShell | None = None) -> None:
    """Show runs in this shell's cells (the running one by default); harmless when done before."""
    from IPython.core.getipython import get_ipython

    shell = shell or get_ipython()
    if shell is not None:
        activation_of(shell)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext inlay`: add `%%track` and record every cell from this one on."""
    activation_of(shell).load()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext inlay`: take away what `%load_ext` added; runs still draw themselves."""
    activation_of(shell).unload()
