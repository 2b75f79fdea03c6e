"""JSON files as `export_runs` writes them: one object with a list of runs, or a run a line."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from inlay.transfer.json_values import items_of, parsed_time
from inlay.transfer.paths import digest_of
from inlay.transfer.records import Listing, Skipped, SourceRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inlay.transfer.records import Item

_ENDED = ("finished", "failed", "interrupted", "killed")


def list_runs(source: Path) -> Listing:
    """The runs in the file. Raises `ValueError` for a file that `export_runs` did not write."""
    runs, skipped = [], []
    for number, said in enumerate(_objects(source), 1):
        try:
            run_id = str(uuid.UUID(said["run_id"]))
            started = parsed_time(said["started_at"]) or 0.0
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"it is no run as export_runs writes them: {error!r}"
            skipped.append(Skipped(f"run {number} of {source.name}", why))
            continue
        if said.get("status") not in _ENDED:
            skipped.append(Skipped(f"run {said.get('name')}", "it was still running when it was exported"))
            continue
        digest = digest_of(json.dumps(said, sort_keys=True))
        runs.append(SourceRun(run_id, started, digest, f"run {said.get('name')}", _reader(said), run_id))
    return Listing("inlay", str(source), runs, skipped)


def _reader(said: dict[str, Any]) -> Callable[[], Iterator[Item]]:
    return lambda: items_of(said)


def _objects(source: Path) -> list[Any]:
    try:
        with source.open(encoding="utf-8") as file:
            if source.suffix == ".jsonl":
                return [json.loads(line) for line in file if line.strip()]
            whole = json.load(file)
    except (ValueError, RecursionError) as error:
        msg = f"{source} is no JSON: {error}"
        raise ValueError(msg) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("runs"), list):
        msg = f"{source} is not what export_runs writes: an object with a list of runs"
        raise ValueError(msg)  # noqa: TRY004 - the file is bad, not the argument
    runs: list[Any] = whole["runs"]
    return runs
