"""What our widget models have in common."""

from __future__ import annotations

import anywidget

EMPTY = {"text/plain": ""}
"""The output of a widget that is not drawn."""


class Model(anywidget.AnyWidget):
    """A widget that other widgets can name, and that leaves nothing behind when it is closed."""

    @property
    def reference(self) -> str:
        """What another model names it by."""
        return f"anywidget:{self.model_id}"

    def close(self) -> None:
        """End the model and the layout made with it; ipywidgets would keep both for as long as the kernel lives."""
        if self.comm is not None:
            self.layout.close()
        super().close()
