"""Showing MIME bundles below a cell, and changing them later from any thread.

A bundle is shown under the request that the cell belongs to, and carries a display id by which front ends
route what comes later. `clear_output()` in the cell takes everything away, the card included: it is shown
again right after.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from IPython.core.interactiveshell import InteractiveShell


@dataclass(slots=True, eq=False)
class Slot:
    """One output below a cell, and what it shows now."""

    display_id: str
    bundle: Mapping[str, Any]
    metadata: Mapping[str, Any]


class CellPublisher:
    """Shows bundles below the cell that was being executed when it was made."""

    def __init__(self, shell: InteractiveShell, stays: Reshown | None = None) -> None:
        """With `stays`, what is shown outlives the cell's own `clear_output()`."""
        self._shell = shell
        self._header = getattr(shell.display_pub, "parent_header", None) or {}
        self._stays = stays
        self._pid = os.getpid()

    @property
    def watched(self) -> bool:
        """Whether somebody may be looking: a program that executes notebooks cannot answer questions, and says so."""
        kernel: Any = getattr(self._shell, "kernel", None)
        request = kernel.get_parent() if kernel is not None else {}
        return bool(request.get("content", {}).get("allow_stdin", True))

    def show(self, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Slot:
        """A new output below the cell."""
        slot = Slot(uuid.uuid4().hex, bundle, metadata or {})
        self._publish(slot, update=False)
        if self._stays is not None:
            self._stays.add(self._header.get("msg_id"), slot, self)
        return slot

    def update(self, slot: Slot, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Let the output show something else."""
        slot.bundle = bundle
        if metadata is not None:
            slot.metadata = metadata
        self._publish(slot, update=True)

    def show_again(self, slot: Slot) -> None:
        """The output was cleared: add it once more."""
        self._publish(slot, update=False)

    def _publish(self, slot: Slot, *, update: bool) -> None:
        if self._pid != os.getpid():
            return  # a forked child has no socket of its own
        with self._under_the_cell():
            self._shell.display_pub.publish(
                data=dict(slot.bundle),
                metadata=dict(slot.metadata),
                transient={"display_id": slot.display_id},
                update=update,
            )

    @contextlib.contextmanager
    def _under_the_cell(self) -> Iterator[None]:
        """Mark what this thread publishes as an answer to the cell's own request."""
        publisher: Any = self._shell.display_pub
        if not self._header or not hasattr(publisher, "set_thread_parent"):
            yield
            return
        token = publisher.set_thread_parent(self._header)
        try:
            yield
        finally:
            publisher.reset_thread_parent(token)


class Reshown:
    """The outputs that come back when their cell calls `clear_output()` while it is executed."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._slots: dict[str, list[tuple[Slot, CellPublisher]]] = {}
        self._hooked = threading.local()

    def add(self, request: str | None, slot: Slot, publisher: CellPublisher) -> None:
        """Show `slot` again after every clearing by the cell of this request."""
        if request is not None:
            self._slots.setdefault(request, []).append((slot, publisher))
            self._listen()

    def forget(self, request: str | None) -> None:
        """The cell is done; what clears its output now is the user."""
        if request is not None:
            self._slots.pop(request, None)

    def _listen(self) -> None:
        # ipykernel keeps hooks per thread, and calls them with each message before it is sent.
        publisher: Any = self._shell.display_pub
        if hasattr(publisher, "register_hook") and not getattr(self._hooked, "done", False):
            publisher.register_hook(self._on_message)
            self._hooked.done = True

    def _on_message(self, message: Any) -> Any:
        if message["header"]["msg_type"] != "clear_output":
            return message
        request = message["parent_header"].get("msg_id")
        slots = list(self._slots.get(request, ()))
        publisher: Any = self._shell.display_pub
        if not slots or not hasattr(publisher, "pub_socket") or _into_output_widget(request):
            return message
        # The clearing must come first, so it is sent from here; None says that it was.
        publisher.session.send(publisher.pub_socket, message, ident=publisher.topic)
        for slot, cell_publisher in slots:
            cell_publisher.show_again(slot)
        return None


def _into_output_widget(request: str | None) -> bool:
    """Whether an ipywidgets `Output` catches the cell's output: then its contents are cleared, not ours."""
    widget = sys.modules.get("ipywidgets.widgets.widget")
    instances = getattr(widget, "_instances", None) or {}
    return any(getattr(one, "msg_id", None) == request for one in list(instances.values()))
