"""Outputs that come back when their cell is cleared, without a kernel to ask."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from inlay.notebook.publisher import CellPublisher, Reshown


class FakePublisher:
    """As much of ipykernel's display publisher as is used."""

    pub_socket, topic = object(), b"display_data"

    def __init__(self):
        self.parent_header = {"msg_id": "cell-1"}
        self.sent = []
        self.hooks = []
        self.session = SimpleNamespace(send=lambda socket, message, ident: self._send(message))

    def register_hook(self, hook):
        self.hooks.append(hook)

    def set_thread_parent(self, header):
        before, self.parent_header = self.parent_header, header
        return before

    def reset_thread_parent(self, token):
        self.parent_header = token

    def publish(self, data, metadata, transient, update):
        self.sent.append((self.parent_header["msg_id"], "update" if update else "show", data))

    def clear_output(self):
        message = {"header": {"msg_type": "clear_output"}, "parent_header": self.parent_header}
        for hook in self.hooks:
            message = hook(message)
            if message is None:
                return
        self._send(message)

    def _send(self, message):
        self.sent.append((message["parent_header"]["msg_id"], "clear_output", None))


@pytest.fixture
def shell():
    return SimpleNamespace(display_pub=FakePublisher())


def test_shown_again_with_what_it_shows_now(shell):
    slot_of = CellPublisher(shell, Reshown(shell))
    slot = slot_of.show({"text/plain": "one"}, {})
    slot_of.update(slot, {"text/plain": "two"})
    shell.display_pub.clear_output()
    kinds = [(kind, data) for _, kind, data in shell.display_pub.sent]
    assert kinds[2:] == [("clear_output", None), ("show", {"text/plain": "two"})]


def test_forgotten_when_the_cell_is_done(shell):
    reshown = Reshown(shell)
    CellPublisher(shell, reshown).show({"text/plain": "one"})
    reshown.forget("cell-1")
    shell.display_pub.clear_output()
    assert [kind for _, kind, _ in shell.display_pub.sent] == ["show", "clear_output"]


def test_what_the_user_displayed_stays_cleared(shell):
    CellPublisher(shell).show({"text/plain": "one"})
    shell.display_pub.clear_output()
    assert [kind for _, kind, _ in shell.display_pub.sent] == ["show", "clear_output"]


def test_another_cell_is_cleared(shell):
    CellPublisher(shell, Reshown(shell)).show({"text/plain": "one"})
    shell.display_pub.parent_header = {"msg_id": "cell-2"}
    shell.display_pub.clear_output()
    assert [kind for _, kind, _ in shell.display_pub.sent] == ["show", "clear_output"]


def test_an_update_is_sent_for_the_cell_that_showed_it(shell):
    publisher = CellPublisher(shell)
    slot = publisher.show({"text/plain": "one"})
    shell.display_pub.parent_header = {"msg_id": "cell-2"}
    publisher.update(slot, {"text/plain": "two"})
    assert [cell for cell, _, _ in shell.display_pub.sent] == ["cell-1", "cell-1"]
    assert shell.display_pub.parent_header == {"msg_id": "cell-2"}
