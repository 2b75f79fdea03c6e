"""A run as lines of text, section by section."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

from inlay.cli.printing import ago, duration, harmless, harmless_lines, on_terminal, status_text
from inlay.store.identity import short_id
from inlay.views.format import format_bytes, format_step, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inlay.query.whole import MetricSummary, WholeRun

_BARS = "▁▂▃▄▅▆▇█"
_LONGEST_VALUE = 100
"""Characters of a param on a terminal; `--params` and a pipe give all of them."""


def sections(found: WholeRun, part: str | None) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of each section that there is; of `part`, only that one, without a word where it is empty."""
    of = found.attributes
    if part is None:
        yield "", _head(found)
        if of.note:
            yield "note", [f"  {line}" for line in harmless_lines(of.note).splitlines()]
        if of.error is not None:
            said = [f"{of.error.type}: {of.error.message}", "", *of.error.traceback.splitlines()]
            yield "error", [f"  {harmless_lines(line)}" for line in said]
    if part in (None, "params") and of.params:
        yield f"params ({len(of.params)})", _pairs(of.params, cut=part is None)
    if part in (None, "metrics") and found.metrics:
        yield f"metrics ({len(found.metrics)})", _metrics(found.metrics)
    if part is None and of.tags:
        yield f"tags ({len(of.tags)})", _pairs(of.tags, cut=True)
    if part is None and found.inputs:
        yield f"data ({len(found.inputs)})", _inputs(found)
    if part in (None, "artifacts") and found.artifacts:
        size = format_bytes(sum(one.bytes for one in found.artifacts))
        yield f"artifacts ({len(found.artifacts)}, {size})", _tree(found)
    if part is None and found.details.children:
        yield f"runs inside it ({found.details.children_total})", _children(found)


def _head(found: WholeRun) -> list[str]:
    of, details = found.attributes, found.details
    took = f", took {duration(of.ended_at - of.started_at)}" if of.ended_at is not None else ""
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(of.started_at))
    rows = {
        "id": of.run_id,
        "experiment": of.experiment,
        "started": f"{started} ({ago(of.started_at)}){took}",
        "parent": of.parent_run_id,
        "source": " ".join(
            f"{word} {value}".strip() for word, value in (("", of.source), ("on", of.host), ("by", of.user)) if value
        ),
    }
    if details.commit is not None and details.commit.commit:
        dirty = ", with changes" if details.commit.dirty else ""
        rows["git"] = f"{details.commit.commit[:12]} ({details.commit.branch or 'no branch'}{dirty})"
    if details.surroundings is not None:
        around = details.surroundings
        packages = f"{len(around.packages)} packages" if around.packages else None
        rows["python"] = ", ".join(word for word in (around.python, around.platform, packages) if word)
    lines = [f"{harmless(of.name)}  {short_id(of.run_id)}  {status_text(of.status)}"]
    return lines + [f"  {word:<10}  {harmless(value)}" for word, value in rows.items() if value]


def _pairs(pairs: Mapping[str, object], *, cut: bool) -> list[str]:
    names = [harmless(key) for key in pairs]
    width = min(40, max(map(len, names)))
    lines = []
    for name, value in zip(names, pairs.values(), strict=True):
        text = harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
        if cut and on_terminal() and len(text) > _LONGEST_VALUE:
            text = f"{text[:_LONGEST_VALUE]}…"
        lines.append(f"  {name:<{width}}  {text}".rstrip())
    return lines


def _metrics(metrics: Sequence[MetricSummary]) -> list[str]:
    rows = [("", "last", "at step", "min", "max", "points", "")]
    rows += [
        (harmless(one.key), format_value(one.last), format_step(one.last_step), _number(one.min), _number(one.max),
         f"{one.count:,}", sparkline(one.outline))
        for one in metrics
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = []
    for row in rows:
        numbers = "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:6], widths[1:], strict=True))
        lines.append(f"  {row[0]:<{widths[0]}}  {numbers}  {row[6]}".rstrip())
    return lines


def sparkline(values: Sequence[float]) -> str:
    """Values as bars of eight heights; one height where they are all the same."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    # Halved first: the span of the largest numbers is more than a float holds.
    span = high / 2 - low / 2
    heights = [3 if span == 0 else min(7, int((value / 2 - low / 2) / span * 8)) for value in finite]
    return "".join(_BARS[height] for height in heights)


def _inputs(found: WholeRun) -> list[str]:
    lines = []
    for one in found.inputs:
        shape = " x ".join(f"{size:,}" for size in (one.rows, one.columns) if size is not None)
        words = (one.context, one.kind, shape, one.source, f"digest {(one.digest or one.sample_digest or '')[:12]}")
        lines.append("  " + "  ".join(harmless(word) for word in (one.name, *words) if word))
    return lines


def _tree(found: WholeRun) -> list[str]:
    """Paths as a tree: a line for each folder, files below it."""
    lines: list[str] = []
    open_folders: list[str] = []
    for one in found.artifacts:
        *folders, name = one.path.split("/")
        same = 0
        while same < min(len(folders), len(open_folders)) and folders[same] == open_folders[same]:
            same += 1
        lines += [f"  {'  ' * depth}{harmless(folder)}/" for depth, folder in enumerate(folders) if depth >= same]
        open_folders = folders
        lines.append(f"  {'  ' * len(folders)}{harmless(name)}  {format_bytes(one.bytes)}  {harmless(one.kind)}")
    return lines


def _children(found: WholeRun) -> list[str]:
    return [
        f"  {short_id(child.run_id)}  {harmless(child.name)}  {status_text(child.status)}  {duration(child.duration_s)}"
        for child in found.details.children
    ]


def _number(value: float | None) -> str:
    return "" if value is None else format_value(value)
