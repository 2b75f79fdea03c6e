"""`Run`: one class for a run being written and a run read back.

A run begun in this process keeps its attributes in memory and records through a `Recorder`; one that was found
in the store reads them from there. Both draw, query and print the same.
"""

from __future__ import annotations

import threading
import time
from copy import copy
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.query.attributes import latest, refresh, replace
from inlay.query.shown import one_line
from inlay.store.identity import short_id
from inlay.store.journal.slots import Kind
from inlay.store.printed import mask_printed
from inlay.tracking import active, copies
from inlay.tracking.content import RunContent
from inlay.tracking.events import announce
from inlay.tracking.looks import RunLooks
from inlay.tracking.memory import TAIL, RunMemory
from inlay.tracking.outcome import check_status, error_columns, error_of, status_of
from inlay.tracking.snapshot import RunPlace, RunSnapshot
from inlay.tracking.words import RunWords

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from inlay.query.attributes import Attributes, RunError
    from inlay.query.history import History
    from inlay.query.summary import LastValues
    from inlay.store.store import Store
    from inlay.tracking.origin import Origin
    from inlay.tracking.recorder import Recorder


class Run(RunContent, RunLooks, RunWords):
    """A run: its attributes, what was logged to it, and the methods that log more.

    Made by `inlay.start_run` and `inlay.get_run`, not by hand. As a context manager it ends with the truth:
    finished, failed with the exception, or interrupted.
    """

    def __init__(
        self,
        attributes: Attributes,
        store: Store,
        recorder: Recorder | None = None,
        origin: Origin | None = None,
    ) -> None:
        self._attributes = attributes
        self._store = store
        self._recorder = recorder
        self.origin = origin
        self.thread = threading.current_thread()
        """Where it was opened."""
        self.scoped = False
        """Whether it was entered by `with`: then it ends with the block, not with the cell."""
        self.drawn = False
        """Whether a card on screen shows it while it is written; set by what draws the card."""
        self.shared = False
        """Whether other processes may be logging to it, too: then only the store has all of it."""
        self.left = False
        """Whether this process is done with a run that another one began."""
        self.tells_error = False
        """Whether what its block raises is kept, for the process that began the run and will end it."""
        self.reread = True
        """Whether its attributes are read again when they are asked for while another process writes it; somebody else
        keeps them up to date where they are not."""
        self.last_values: LastValues | None = None
        """Those of the runs it was read with, so that a loop over runs asks the store once and not for each."""
        self.memory = RunMemory()
        """What this process knows of it without asking the store."""
        if recorder is not None:
            # Bound here so that a call goes straight to the hot path.
            self.log = recorder.log  # type: ignore[method-assign]
            self.log_metric = recorder.log_metric  # type: ignore[method-assign]

    # -- attributes -----------------------------------------------------------------------------------------

    @property
    def run_id(self) -> str:
        """UUIDv7 as text; runs sort by it in the order they started."""
        return self._attributes.run_id

    @property
    def short_id(self) -> str:
        """The last eight digits of the id; `inlay.get_run` takes them."""
        return short_id(self.run_id)

    @property
    def name(self) -> str:
        return self._now().name

    @property
    def experiment(self) -> str:
        return self._now().experiment

    @property
    def status(self) -> str:
        """running, finished, failed, interrupted or killed."""
        return self._now().status

    @property
    def started_at(self) -> datetime:
        """When it started, in UTC."""
        return datetime.fromtimestamp(self._now().started_at, timezone.utc)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, in UTC; None while it runs."""
        ended = self._now().ended_at
        return None if ended is None else datetime.fromtimestamp(ended, timezone.utc)

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None while it runs."""
        now = self._now()
        return None if now.ended_at is None else now.ended_at - now.started_at

    @property
    def params(self) -> dict[str, Any]:
        """Each param's newest value."""
        return dict(self._by_all().params)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._by_all().tags)

    @property
    def note(self) -> str:
        return self._now().note

    @property
    def error(self) -> RunError | None:
        """The exception that ended it, with `type`, `message` and `traceback`."""
        return self._now().error

    @property
    def parent_run_id(self) -> str | None:
        return self._now().parent_run_id

    @property
    def live(self) -> bool:
        """Whether this process began it and is writing it."""
        return self._recorder is not None and not self.ended and not self._recorder.foreign

    @property
    def ended(self) -> bool:
        """Whether nothing more can be logged to it here."""
        return self.left or self._attributes.status != "running"

    @property
    def store(self) -> Store:
        return self._store

    @property
    def recorder(self) -> Recorder | None:
        """What writes it, when this process does."""
        return self._recorder

    @property
    def env(self) -> dict[str, str]:
        """This process's environment, and what makes a program started with it log into this run:
        `subprocess.run(command, env=run.env)`. Raises `InlayError` when the run has ended.
        """
        if self.ended:
            msg = f"run {self.short_id} has ended: nothing can join it any more. Go on with it by start_run(resume=...)"
            raise InlayError(msg)
        from inlay.tracking.joined import environment_of

        self.shared = True
        return environment_of(self)

    @property
    def metrics(self) -> dict[str, float]:
        """Each metric's last value: that of the largest step."""
        if self.last_values is not None and self.ended:
            return self.last_values.of(self.run_id)
        from inlay.query.summary import last_values

        return last_values(self._store, self.run_id)

    def history(self, key: str) -> History:
        """Every logged point of a metric, ordered by step, then by time of logging.

        Raises `KeyError` naming the nearest metrics when nothing was logged under `key`.
        """
        from inlay.query.history import history

        return history(self._store, self.run_id, key)

    def snapshot(self) -> RunSnapshot:
        """The attributes as they are now, for drawing."""
        now = self._now()
        count = len(self._recorder.series) if self._recorder and not self.ended else now.metric_count
        return RunSnapshot(
            self.run_id, self.short_id, now.name, now.experiment, now.status, now.started_at, now.ended_at,
            dict(now.params), dict(now.tags), now.note, now.error, now.parent_run_id, count,
        )  # fmt: skip

    def attributes(self) -> Attributes:
        """A copy of its attributes as they were read last, or are known to the process that writes it."""
        return copy(self._attributes)

    def learn(self, now: Attributes) -> None:
        """What the store says of it by now, for a run that has ended: others may have changed its note and tags."""
        if self.ended:
            self.last_values = None
            replace(self._attributes, now)

    def place(self) -> RunPlace:
        """Where it is kept and comes from, for drawing."""
        now = self._now()
        following = not self.ended and (self._recorder is None or self._recorder.foreign)
        return RunPlace(self._store.key, following, now.source, now.host, now.user)

    def __repr__(self) -> str:
        now = self._now()
        return f"Run {self.short_id}: {one_line(now.name)} ({one_line(now.experiment)}), {now.status}"

    def _now(self) -> Attributes:
        """The attributes; read again while somebody else may be changing them."""
        elsewhere = self._recorder is None or self.left
        if elsewhere and self.reread and self._attributes.status == "running":
            refresh(self._attributes, self._store)
        return self._attributes

    def _by_all(self) -> Attributes:
        """The attributes with what workers and programs added, which the store alone knows."""
        others = self.shared and self._recorder is not None and not self._recorder.foreign
        return latest(self._attributes, self._store) if others else self._now()

    # -- metrics --------------------------------------------------------------------------------------------

    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log several metrics at one step; a nested dict's keys are joined by `/`.

        Values are as in `log_metric`. All are checked first: bad input raises and logs nothing.
        """
        self.writable().log(metrics, step)

    def log_metric(self, key: str, value: Any, step: int | None = None) -> None:
        """Log one value: an int, float, bool, Decimal, NumPy scalar, or array or tensor without dimensions.

        `step` is a whole number; without it, the key's steps count up from 0. NaN and infinities are kept.
        When this returns, the value survives the process.

        Raises `TypeError` naming the key for any other value, `ValueError` for an empty key or one of more
        than 250 characters, and `InlayError` when the run has ended.
        """
        self.writable().log_metric(key, value, step)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """The same as `log`."""
        self.log(metrics, step)

    def log_metrics_array(
        self, key: str, values: ArrayLike, steps: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> None:
        """Log a whole series of shape (n,) at once.

        `steps` are whole numbers, counting on from the last one by default; `times` are Unix seconds or
        datetime64, now by default. Raises `TypeError` or `ValueError` for other shapes and types.
        """
        self.writable().log_array(key, values, steps, times)

    # -- for the floors above -------------------------------------------------------------------------------

    def record(self, **columns: Any) -> None:
        """Set columns of the table `runs` (git_commit, env_hash ...); allowed after the end, too."""
        self.memory.columns.update(columns)
        if self._recorder is not None:
            self._recorder.writer.event(Kind.RUN, {"run": self.run_id, "set": columns})

    def record_output(self, tail: str, total_bytes: int) -> None:
        """The end of what the run printed, and how much it printed in all."""
        if self._recorder is not None:
            tail = mask_printed(tail)
            self.memory.printed = tail[-TAIL:], total_bytes
            self._recorder.writer.event(Kind.OUTPUT, {"run": self.run_id, "tail": tail, "bytes": total_bytes})

    # -- the end --------------------------------------------------------------------------------------------

    def end(self, status: str = "finished", error: BaseException | RunError | None = None) -> None:
        """End the run; a second call does nothing. Where another process began it, only this one is done with it.

        `status` is finished, failed, interrupted or killed (MLflow's spelling works, too); `error` is kept
        with its traceback. Raises `ValueError` for another status.
        """
        word = check_status(status)
        recorder = self._recorder
        if recorder is None or self.ended:
            return
        failure = error_of(error)
        attributes = self._attributes
        for child in active.open_runs():  # opened inside it by a bare `start_run`: nobody else will end them
            if child.parent_run_id == self.run_id and not child.scoped:
                child.end(word, error)
        stopped = copies.finish(self)
        if self.ended:  # by another thread meanwhile
            return  # type: ignore[unreachable]
        if stopped and word == "finished":
            word = "interrupted"
        if recorder.foreign:
            self._leave(failure)
            if stopped:
                raise KeyboardInterrupt
            return
        now = max(time.time(), attributes.started_at)  # clocks are set back
        recorder.event(Kind.RUN_END, status=word, time=now, **error_columns(failure))
        attributes.error = failure
        attributes.metric_count = len(recorder.series)
        attributes.ended_at, attributes.status = now, word
        recorder.close(
            f"run {self.short_id} ({attributes.name}) has ended ({word}); go on with it by "
            f"inlay.start_run(resume={self.short_id!r}), or start a new one"
        )
        active.closed(self)
        from inlay.store.upkeep import upkeep_of

        upkeep_of(self._store).want_ingest()
        announce("ended", self)
        if stopped and not recorder.leaving:
            raise KeyboardInterrupt

    def _leave(self, failure: RunError | None) -> None:
        """Be done, here, with a run that another process began. It goes on there, and whoever holds another handle on
        it in this process may go on logging.
        """
        if failure is not None and self.tells_error:
            self.record(**error_columns(failure))
        self.left = True
        for bound in ("log", "log_metric"):
            vars(self).pop(bound, None)
        active.closed(self)

    def __enter__(self) -> Self:
        recorder = self.writable()
        if self.ended:
            msg = (
                f"run {self.short_id} ({self._attributes.name}) has ended ({self._attributes.status}); go on with it "
                f"by `with inlay.start_run(resume={self.short_id!r})`, or start a new one"
            )
            raise InlayError(msg)
        self.scoped = True
        if recorder.foreign and self not in active.open_runs():  # handed over: the active one from here on
            active.opened(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.end(status_of(error), error)

    def __reduce__(self) -> tuple[Any, ...]:
        """What is handed over to another process: where the run is, and its attributes as they are known here."""
        from inlay.tracking.joined import handed_over

        self.shared = True
        known = copy(self._attributes)
        known.params, known.tags = dict(known.params), dict(known.tags)
        return handed_over, (self._store, known, self._recorder is not None and not self.ended)

    def writable(self) -> Recorder:
        """What writes it. Raises `InlayError` for a run that was read from the store, or that this process left."""
        if self.left:
            msg = (
                f"this process is done with run {self.short_id}, which another one began: it left its `with` block, or "
                "called end(). Hand the run over again to log more"
            )
            raise InlayError(msg)
        if self._recorder is None:
            msg = (
                f"run {self.short_id} was read from the store; to log to it, go on with it by "
                f"inlay.start_run(resume={self.short_id!r})"
            )
            raise InlayError(msg)
        return self._recorder
