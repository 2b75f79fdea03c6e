"""`inlay.progress`: an iterable whose progress shows in the run's card, or on the terminal where there is no card.

The loop itself only counts: per item an addition and an attribute, no lock and no clock. Rate and time left are
worked out by whoever draws, when it looks (`bars`). A bar is a few numbers; it holds neither the iterable nor the run.
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from inlay.tracking import active

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from inlay.tracking.run import Run

Item = TypeVar("Item")

SHOWN = 8
"""The most bars of one run."""
WINDOW = 10.0
"""Seconds, or steps if these take longer, over which the rate is smoothed."""


class Progress(Generic[Item]):
    """What `inlay.progress` returns: iterate over it, once or several times."""

    def __init__(
        self,
        iterable: Iterable[Item] | AsyncIterable[Item],
        total: float | None = None,
        desc: str | None = None,
    ) -> None:
        self._iterable: Any = _iterable(iterable)
        self._total = _length(iterable) if total is None else _total(total)
        self._desc = _desc(desc)
        # Weak: a loop that was left is over when nobody holds its iterator any more.
        self._begun: WeakSet[Generator[Item, None, None]] = WeakSet()

    def __iter__(self) -> Iterator[Item]:
        if not _can(self._iterable, "__iter__", "__getitem__"):
            raise TypeError(f"{type(self._iterable).__name__} is asynchronous: use `async for`")
        run = active.active_run()
        bar = _begin(run, self._total, self._desc)
        items = self._iterable
        if run is None or not run.drawn:
            from inlay.tracking.terminal import on_terminal

            items = on_terminal(items, self._total, self._desc)
        counted = _counted(items, bar)
        self._begun.add(counted)
        return counted

    def __aiter__(self) -> AsyncIterator[Item]:
        if not _can(self._iterable, "__aiter__"):
            raise TypeError(f"{type(self._iterable).__name__} is not asynchronous: use `for`")
        run = active.active_run()
        advance = None
        if run is None or not run.drawn:
            from inlay.tracking.terminal import terminal_bar

            advance = terminal_bar(self._total, self._desc)
        return _awaited(self._iterable, _begin(run, self._total, self._desc), advance)

    def __len__(self) -> int:
        """As many as the iterable has, or `total` where it cannot tell."""
        known = _length(self._iterable)
        if known is None:
            known = self._total
        if known is None:
            raise TypeError(f"{type(self._iterable).__name__} has no len(), and progress was given no total")
        return known

    def __bool__(self) -> bool:
        return _length(self._iterable) != 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the bars begun here end, where the loop was left and somebody still holds its iterator."""
        for counted in list(self._begun):
            counted.close()


def progress(
    iterable: Iterable[Item] | AsyncIterable[Item], total: float | None = None, desc: str | None = None
) -> Progress[Item]:
    """Iterate with a progress bar: `for batch in inlay.progress(loader): ...`.

    While the card of the active run is on screen, the bar is in its header, with rate and time left. Anywhere else it
    is drawn on the terminal by tqdm, or by rich, if one of them is installed (`pip install 'inlay[progress]'`); with
    neither, the loop runs without a bar.

    `total` is how many items there will be; by default `len(iterable)`, and unknown where it has none. `desc` is a
    short text before the bar. Bars of inner loops disappear when their loop ends. Takes asynchronous iterables, too,
    for `async for`.

    Raises `TypeError` for what cannot be iterated over and for a `total` that is no number, `ValueError` for one that
    is negative or not finite.
    """
    return Progress(iterable, total, desc)


def bars(run: Run) -> list[dict[str, Any]]:
    """The run's bars as they are now, outermost first; safe in any thread.

    Each is `{desc, n, total, elapsed_s, rate, left_s, state, unit}`: `rate` in items per second and `left_s` are None
    while they are not known, `state` is running, done or stopped, `unit` is items or bytes. An outermost bar stays when
    it is over, until the next.
    """
    with _lock:
        known = _bars.get(run)
        if not known:
            return []
        now = time.monotonic()
        if run.ended:
            for bar in known:
                bar.end("stopped", now)
        return [bar.now(now) for bar in _pruned(known)[:SHOWN]]


def begin_bar(run: Run, total: int, desc: str, count: Callable[[], int]) -> Bar:
    """A bar of bytes for work in the background, such as a copy: whoever draws asks `count` how many are done. It is
    gone when the work is over.
    """
    bar = Bar(total, desc)
    bar.unit, bar.inner, bar.count = "bytes", True, count
    with _lock:
        _pruned(_bars.setdefault(run, [])).append(bar)
    return bar


# -- bars ---------------------------------------------------------------------------------------------------


class Bar:
    """The numbers of one loop. The loop writes `n`; everything else is worked out by readers."""

    __slots__ = (
        "_at",
        "_ended",
        "_folded",
        "_items",
        "_seconds",
        "_start",
        "count",
        "desc",
        "inner",
        "n",
        "state",
        "thread",
        "total",
        "unit",
    )

    def __init__(self, total: int | None, desc: str) -> None:
        self.n = 0
        self.total = total
        self.desc = desc
        self.state = "running"
        self.unit = "items"
        self.count: Callable[[], int] | None = None
        self.inner = False
        self.thread = threading.get_ident()
        self._start = self._at = time.monotonic()
        self._ended = 0.0
        # Of the last `WINDOW` seconds, older ones fading: how many items, in how many seconds.
        self._folded = 0
        self._items = self._seconds = 0.0

    def end(self, state: str, at: float | None = None) -> None:
        """The loop is over; the first to say so is right."""
        if self.state == "running":
            self._ended = time.monotonic() if at is None else at
            self.state = state

    def now(self, moment: float) -> dict[str, Any]:
        """The bar as it is drawn."""
        n, state = (self.n if self.count is None else self.count()), self.state
        total = self.total if self.total is None or n <= self.total else None
        elapsed = (moment if state == "running" else self._ended) - self._start
        average = n / elapsed if n and elapsed > 0 else None
        rate = self._rate(n, moment) if state == "running" else average
        left = None
        if state == "running" and rate and total is not None:
            # Counts down between two items, but never past the one that is due.
            left = max(0.0, (total - n) / rate - min(moment - self._at, 1 / rate))
        return {
            "desc": self.desc,
            "n": n,
            "total": total,
            "elapsed_s": max(0.0, elapsed),
            "rate": rate,
            "left_s": left,
            "state": state,
            "unit": self.unit,
        }

    def _rate(self, n: int, moment: float) -> float | None:
        """Items per second, smoothed over time; taken anew when there are new ones, so that waiting changes nothing."""
        if n > self._folded:
            fresh, passed = n - self._folded, moment - self._at
            usual = self._seconds / self._items if self._items else passed / fresh
            fading = math.exp(-passed / max(WINDOW, WINDOW * usual))
            self._items = self._items * fading + fresh
            self._seconds = self._seconds * fading + passed
            self._folded, self._at = n, moment
        return self._items / self._seconds if self._items and self._seconds > 0 else None


_lock = threading.Lock()
_bars: WeakKeyDictionary[Run, list[Bar]] = WeakKeyDictionary()


def _begin(run: Run | None, total: int | None, desc: str) -> Bar:
    """A new bar of the run, inside the one that its thread is in."""
    bar = Bar(total, desc)
    if run is None:
        return bar
    with _lock:
        known = _pruned(_bars.setdefault(run, []))
        bar.inner = any(other.state == "running" and other.thread == bar.thread for other in known)
        if not bar.inner:
            known[:] = [other for other in known if other.state == "running"]
        known.append(bar)
    return bar


def _pruned(known: list[Bar]) -> list[Bar]:
    """Without the inner bars whose loop is over."""
    known[:] = [bar for bar in known if bar.state == "running" or not bar.inner]
    return known


def _counted(items: Iterable[Item], bar: Bar) -> Generator[Item, None, None]:
    n = 0
    try:
        for item in items:
            yield item
            n += 1
            bar.n = n
        bar.end("done")
    finally:
        # `break` and an exception in the loop close this generator; after "done" it changes nothing.
        bar.end("stopped")


async def _awaited(items: AsyncIterable[Item], bar: Bar, advance: Any) -> AsyncIterator[Item]:
    try:
        async for item in items:
            yield item
            bar.n += 1
            if advance is not None:
                advance.update(1)
        bar.end("done")
    finally:
        bar.end("stopped")
        if advance is not None:
            advance.close()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# -- arguments ----------------------------------------------------------------------------------------------


def _iterable(given: Any) -> Any:
    if isinstance(given, int):
        raise TypeError(f"progress takes something to iterate over; for {given!r} steps: progress(range({given!r}))")
    if not _can(given, "__iter__", "__aiter__", "__getitem__"):
        raise TypeError(f"progress takes something to iterate over; got {given!r} of type {type(given).__name__}")
    return given


def _can(given: Any, *methods: str) -> bool:
    """Whether its type has one of these, where Python looks for them; so has the type of an enumeration."""
    return any(hasattr(type(given), method) for method in methods)


def _length(iterable: Any) -> int | None:
    try:
        return len(iterable)
    except Exception:  # noqa: BLE001 - loaders of streams raise what they like
        return None


def _total(given: Any) -> int:
    """How many items there will be. Half a batch is one that will come."""
    try:
        number = None if isinstance(given, (str, bytes)) else float(given)
    except (TypeError, ValueError):
        number = None
    if number is None:
        msg = f"total is a number of items, or None where it is unknown; got {given!r} of type {type(given).__name__}"
        raise TypeError(msg)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"total is a number of items, 0 or more, or None where it is unknown; got {given!r}")
    return math.ceil(number)


def _desc(given: object) -> str:
    if given is not None and not isinstance(given, str):
        raise TypeError(f"desc is a short text; got {given!r} of type {type(given).__name__}")
    return given or ""
