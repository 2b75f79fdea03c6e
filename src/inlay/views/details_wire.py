"""The trait `_details` of `RunView`, as js/lib/wire.ts reads it: details as JSON, of a size that can be sent.

Everything in it was written by somebody else's program, so nothing is longer than somebody would read, and all of it
can be encoded.
"""

from __future__ import annotations

import difflib
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inlay.store.identity import short_id
from inlay.store.printed import printed_text
from inlay.views.format import encodable
from inlay.views.paths import home_as_tilde, without_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inlay.query.entries import Entry
    from inlay.query.inputs import InputSummary
    from inlay.query.run_details import Child, Commit, Earlier, Output, RunDetails, Surroundings

LONGEST = 2_000
"""The most characters of one name or value."""
SOURCE = 50_000
DIFF = 50_000
DIFF_LINE = 1_000
TAIL = 16 * 1024
PACKAGES = 1_000
VARIABLES = 200
WORDS = 200
"""The most words of a command."""
CONTEXT = 3
"""Unchanged lines kept around a change."""

Line = list[str]
"""What became of a line, `=` `+` `-` or `@` for lines left out, and the line."""


def details_json(found: RunDetails) -> dict[str, Any]:
    """All details as JSON; what is not known is None or empty."""
    return {
        "code": None if found.source is None else _code(found.source, found.earlier),
        "output": found.output and _output(found.output),
        "artifacts": [_artifact(one) for one in found.artifacts],
        "artifacts_total": found.artifacts_total,
        "histograms": [
            {"key": _short(one.key), "steps": one.steps, "last_step": one.last_step} for one in found.histograms
        ],
        "inputs": [_input(one) for one in found.inputs],
        "environment": found.surroundings and _environment(found.surroundings),
        "git": found.commit and _git(found.commit),
        "children": [_child(one) for one in found.children],
        "children_total": found.children_total,
        "command": [_short(without_owner(word)) for word in found.command[:WORDS]],
        "exit_code": found.exit_code,
    }


def _code(source: str, earlier: Earlier | None) -> dict[str, Any]:
    code: dict[str, Any] = {"source": encodable(source[:SOURCE]), "previous": None}
    code |= {"diff": None, "added": 0, "removed": 0}
    if earlier is not None:
        code["previous"] = {
            "run_id": earlier.run_id,
            "short_id": short_id(earlier.run_id),
            "name": _short(earlier.name),
        }
        code["diff"], code["added"], code["removed"] = difference(earlier.source, source[:SOURCE])
    return code


# Remembered: of long cells it takes half a second, and everything is sent anew whenever something was printed.
@lru_cache(maxsize=8)
def difference(before: str, after: str) -> tuple[list[Line], int, int]:
    """The changed lines with those around them, and how many lines were added and removed."""
    lines: list[Line] = []
    added = removed = size = 0
    cut = False
    for mark, text in _changes(before.splitlines(), after.splitlines()):
        added, removed = added + (mark == "+"), removed + (mark == "-")
        text = encodable(text if len(text) <= DIFF_LINE else text[:DIFF_LINE] + "…")  # noqa: PLW2901 - the shorter one
        size += len(text) + 1
        if size <= DIFF:
            lines.append([mark, text])
        elif not cut:
            cut = True
            lines.append(["@", ""])
    return lines, added, removed


def _changes(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Each line that a reader of the difference sees, with what became of it."""
    if before == after:
        return
    end_before, end_after = 0, 0
    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT):
        if group[0][1] > end_before or group[0][3] > end_after:
            yield "@", ""
        for what, start, end_before, start_after, end_after in group:
            if what == "equal":
                yield from (("=", line) for line in before[start:end_before])
            else:
                yield from (("-", line) for line in before[start:end_before])
                yield from (("+", line) for line in after[start_after:end_after])
    if end_before < len(before):
        yield "@", ""


def _output(output: Output) -> dict[str, Any]:
    tail = output.tail
    if len(tail) > TAIL:
        tail = tail[-TAIL:].partition("\n")[2] or tail[-TAIL:]
    return {"tail": encodable(printed_text(tail)), "bytes": output.bytes}


def _artifact(entry: Entry) -> dict[str, Any]:
    """An entry; what concerns several files only where there may be some. Steps and captions are asked for."""
    said: dict[str, Any] = {
        "path": encodable(entry.path),
        "bytes": entry.bytes,
        "mime": _short(entry.mime),
        "kind": _short(entry.kind),
        "hash": _short(entry.hash),
        "time": entry.created_at.timestamp(),
    }
    if entry.key is not None:
        said |= {"key": encodable(entry.key), "count": entry.count, "all_bytes": entry.all_bytes, "rows": entry.rows}
        said |= {"first_step": entry.first_step, "last_step": entry.last_step}
    if entry.kind == "model":
        said["model"] = {name: _short(str(entry.metadata.get(name) or "")) for name in ("format", "class")}
        # Not known to be safe: it is not.
        said["model"]["unsafe"] = entry.metadata.get("unsafe") is not False
    return said


def _input(data: InputSummary) -> dict[str, Any]:
    return {
        "name": _short(data.name),
        "context": _short(data.context),
        "kind": _short(data.kind or ""),
        "rows": data.rows,
        "columns": data.columns,
        "bytes": data.bytes,
        "source": _short(home_as_tilde(data.source or "")),
        "digest": _short(data.digest or data.sample_digest or ""),
        "sampled": data.digest is None,
    }


def _environment(found: Surroundings) -> dict[str, Any]:
    return {
        "python": found.python and _short(found.python),
        "platform": found.platform and _short(found.platform),
        "hardware": _pairs((_LABELS.get(name, name), _hardware(name, value)) for name, value in found.hardware.items()),
        "packages": _pairs(list(found.packages.items())[:PACKAGES]),
        "variables": _pairs(list(found.variables.items())[:VARIABLES]),
    }


_LABELS = {"cpu": "Processor", "cores": "Cores", "memory": "Memory", "gpus": "Graphics"}


def _hardware(name: str, value: Any) -> str:
    if name == "memory" and isinstance(value, (int, float)):
        return f"{value / 2**30:.3g} GB"
    if isinstance(value, list):
        counts = Counter(map(str, value))
        return ", ".join(f"{count} × {one}" if count > 1 else one for one, count in counts.items())
    return str(value)


def _git(commit: Commit) -> dict[str, Any]:
    return {
        "commit": commit.commit and _short(commit.commit),
        "branch": commit.branch and _short(commit.branch),
        "dirty": commit.dirty,
        "remote": commit.remote and _short(commit.remote),
    }


def _child(child: Child) -> dict[str, Any]:
    return {
        "run_id": child.run_id,
        "short_id": short_id(child.run_id),
        "name": _short(child.name),
        "status": _short(child.status),
        "duration_s": child.duration_s,
    }


def _pairs(pairs: Iterable[tuple[Any, Any]]) -> list[list[str]]:
    return [[_short(str(name)), _short(str(value))] for name, value in pairs]


def _short(text: str) -> str:
    return encodable(text if len(text) <= LONGEST else text[:LONGEST] + "…")
