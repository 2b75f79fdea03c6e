"""Runs as JSON: one object in a `.json` file, or a run a line in a `.jsonl` file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from inlay._version import __version__
from inlay.store.artifacts import Blob
from inlay.transfer.json_values import run_object
from inlay.transfer.records import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from inlay.transfer.records import Item, SourceRun


def write(file: Path, runs: Iterable[SourceRun], done: Callable[[int], object]) -> None:
    """Write the runs one after the other. `done` is told of each."""
    lines = file.suffixes[-1:] == [".jsonl"] or ".jsonl" in file.suffixes
    with file.open("w", encoding="utf-8") as out:
        if not lines:
            out.write(f'{{"format": "inlay", "version": 1, "inlay": {json.dumps(__version__)}, "runs": [')
        for number, run in enumerate(runs):
            text = json.dumps(_object(run), ensure_ascii=False, allow_nan=False)
            out.write(f"{text}\n" if lines else f"{',' if number else ''}\n{text}")
            done(1)
        if not lines:
            out.write("\n]}\n")


def _object(run: SourceRun) -> dict[str, Any]:
    hashes: dict[str, tuple[str, int]] = {}

    def noted() -> Iterator[Item]:
        for item in run.read():
            if isinstance(item, File):
                hashes[item.path] = _blob(item)
            yield item

    return run_object(run, noted(), hashes)


def _blob(file: File) -> tuple[str, int]:
    """Hash and size: a blob that is there lies under its hash."""
    if isinstance(file.content, Blob):
        return file.content.hash, file.content.bytes
    if isinstance(file.content, bytes):
        return "", len(file.content)
    return file.content.name, file.content.stat().st_size
