"""A session: the life of one kernel or process, and every cell it executed.

Executions and their sources are recorded whether or not a run is open: they say, later, how the state that a
run started from came to be.
"""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import threading
from typing import TYPE_CHECKING, Any

from inlay.store.identity import new_id
from inlay.store.journal.slots import MAX_EVENT, Kind, fitting
from inlay.store.masking import mask_text
from inlay.store.store import current
from inlay.tracking import origin

if TYPE_CHECKING:
    from inlay.store.journal.writer import Writer
    from inlay.store.store import Store
    from inlay.tracking.run import Run

_MAX_SOURCE = MAX_EVENT // 2 - 1000  # twice in one event

_REMEMBERED, _REMEMBERED_LENGTH = 200, 50_000
"""How many cells are remembered for the cards that show them, and characters of each."""


class Session:
    """This process's session in one store."""

    def __init__(self, store: Store) -> None:
        self.session_id = new_id()
        self._store = store
        self._seen: set[str] = set()
        self._sources: dict[str, str] = {}
        self._environments: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._writer.event(
            Kind.SESSION,
            {
                "session": self.session_id,
                "kind": origin.current().source_kind,
                "python": platform.python_version(),
                "host": socket.gethostname(),
                "pid": os.getpid(),
            },
        )

    @property
    def _writer(self) -> Writer:
        from inlay.store.upkeep import writer_of

        return writer_of(self._store)

    def record_source(self, raw: str, transformed: str) -> str:
        """Keep a cell's text, secrets masked, and return its hash: SHA-256 of the text as typed."""
        code_hash = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()
        new = self._new(code_hash)
        if not new and code_hash in self._sources:
            return code_hash
        source = fitting(mask_text(raw), _MAX_SOURCE)
        self._remember(self._sources, code_hash, source[:_REMEMBERED_LENGTH])
        if new:
            texts = {"source": source, "transformed": fitting(mask_text(transformed), _MAX_SOURCE)}
            self._writer.event(Kind.SOURCE, {"code_hash": code_hash, **texts})
        return code_hash

    def record_execution(
        self, seq: int, cell_id: str | None, code_hash: str, started_at: float, ended_at: float, *, ok: bool
    ) -> None:
        """One execution of a cell; times are Unix seconds."""
        body = {
            "session": self.session_id,
            "seq": seq,
            "cell_id": cell_id,
            "code_hash": code_hash,
            "started_at": started_at,
            "ended_at": ended_at,
            "ok": ok,
        }
        self._writer.event(Kind.EXECUTION, body)

    def record_environment(self, run: Run, environment: dict[str, Any]) -> None:
        """The environment of a run: python, platform, packages, hardware, variables, under its `env_hash`."""
        env_hash = environment["env_hash"]
        if self._new(env_hash):
            self._writer.event(Kind.ENVIRONMENT, environment)
        self._remember(self._environments, env_hash, environment)
        run.record(env_hash=env_hash)

    def source(self, code_hash: str | None) -> str | None:
        """The beginning of a cell's text as it was recorded, of one of the newest cells of this session."""
        return self._sources.get(code_hash or "")

    def environment(self, env_hash: str | None) -> dict[str, Any] | None:
        """An environment that was recorded in this session."""
        return self._environments.get(env_hash or "")

    def _remember(self, where: dict[str, Any], name: str, what: Any) -> None:
        with self._lock:
            where[name] = what
            while len(where) > _REMEMBERED:
                del where[next(iter(where))]

    def _new(self, name: str) -> bool:
        with self._lock:
            if name in self._seen:
                return False
            self._seen.add(name)
            return True


def session() -> Session:
    """This process's session in the current store."""
    return session_of(current())


def session_of(store: Store) -> Session:
    """This process's session in a store, begun on first use."""
    with _lock:
        if store not in _sessions:
            _sessions[store] = Session(store)
        return _sessions[store]


_sessions: dict[Store, Session] = {}
_lock = threading.RLock()


def _after_fork() -> None:
    """A forked child is a process of its own, and so a session of its own."""
    global _lock
    _lock = threading.RLock()
    _sessions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
