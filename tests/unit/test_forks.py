"""A child that is forked while other threads hold locks: it must never wait for them, for they do not exist in it."""

from __future__ import annotations

import importlib
import os
import sys
import threading

import pytest

LOCKS = [
    "store.store._choosing", "store.upkeep._starting", "tracking.copies._changed", "tracking.following._lock",
    "tracking.histograms._lock", "tracking.input_pass._lock", "tracking.inputs._lock", "tracking.joined._lock",
    "tracking.kept_tables._lock", "tracking.progress._lock", "tracking.session._lock", "tracking.terminal._lock",
    "capture.background._lock",
]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_another_thread_held_is_free_in_a_child(name):
    module, _, word = f"inlay.{name}".rpartition(".")
    importlib.import_module(module)
    held, leave = threading.Event(), threading.Event()

    def hold():
        with getattr(sys.modules[module], word):
            held.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    child = os.fork()
    if child == 0:
        os._exit(0 if getattr(sys.modules[module], word).acquire(timeout=0.5) else 1)
    leave.set()
    assert os.waitpid(child, 0)[1] == 0
    thread.join()
