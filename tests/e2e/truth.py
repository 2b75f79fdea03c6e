"""What the store says, for comparing it with what is on the screen.

The tests read the store from a process of their own, as a second notebook would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from e2e.shown import StaticCard
from figures import agrees

import inlay


class Truth:
    """The store beside the notebooks of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / ".inlay"

    def run(self, name: str) -> inlay.Run:
        """The newest run of this name as the store has it now."""
        inlay.connect(self.folder)
        return inlay.get_run(name)

    def runs(self) -> list[inlay.Run]:
        inlay.connect(self.folder)
        return inlay.runs().to_list()


def assert_true(card: StaticCard, run: inlay.Run) -> None:
    """The whole card says what the store says."""
    assert card.name == run.name
    assert card.status == run.status
    assert card.id == run.short_id
    assert card.params == {key: str(value) for key, value in run.params.items()}
    assert set(card.last) == set(run.metrics)
    for key, value in run.metrics.items():
        assert agrees(card.last[key], value), f"{key}: {card.last[key]} on the card, {value} in the store"


def assert_live_true(card: dict[str, Any], run: inlay.Run) -> None:
    """The card of an ended run says what the store says, to the last digit where a pointer rests on it."""
    assert card["name"] == run.name
    assert card["status"] == run.status
    assert card["id"] == run.short_id
    assert card["params"] == {key: str(value) for key, value in run.params.items()}
    seen = set()
    for chart, entries in card["charts"].items():
        for label, entry in entries.items():
            (key,) = {chart, f"{label}/{chart}", f"{chart}/{label}"} & set(run.metrics)
            assert float(entry["exact"]) == run.metrics[key]
            assert agrees(entry["text"], run.metrics[key])
            seen.add(key)
    assert seen == set(run.metrics)


def assert_was_true(card: StaticCard, run: inlay.Run) -> None:
    """A card that stopped being refreshed: each number on it was logged at some time, and it claims no end."""
    assert card.name == run.name
    assert card.id == run.short_id
    assert card.status in ("running", run.status)
    assert card.last
    for key, text in card.last.items():
        values = run.history(key).value
        assert any(agrees(text, value) for value in values), f"{key}: {text} was never logged"
