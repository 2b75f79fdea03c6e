"""The code of runs against that of the first: line by line, unified and side by side, with the kinds of its words.

Lines are matched by difflib. Which words are keywords, texts or comments is said by Pygments where it is installed
(IPython brings it); the browser and the notebook only colour what is said here.
"""

from __future__ import annotations

import difflib
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AROUND = 3
"""Equal lines that stay beside a change."""
LONGEST = 200_000
"""Characters of a run's code that are compared."""
LINES = 5_000
WIDTH = 1_000
"""Characters of a line that are handed on."""

Line = dict[str, Any]


def code_difference(sources: Sequence[tuple[str, str | None]]) -> list[dict[str, Any]]:
    """For each further run whose code is not the first one's: how it differs.

    `sources` are run and code (None where none was recorded). Each entry has `run`, `against`, `missing` (one of the
    two has no code), the numbers of lines `added` and `removed`, `unified` (a list of lines) and `side` (pairs of lines
    or None). A line is `{"op": "=" | "-" | "+" | "@", "no", "old", "new", "spans": [[class, text], ...]}`; `@` stands
    for `no` equal lines. Classes of words are k (keyword), s (text), c (comment), n (number), f (function) and "".
    """
    first, baseline = sources[0]
    before: list[list[list[str]]] | None = None
    found = []
    for run_id, source in sources[1:]:
        if source == baseline:
            continue
        entry: dict[str, Any] = {"run": run_id, "against": first, "missing": baseline is None or source is None}
        if baseline is None or source is None:
            found.append(entry | {"added": 0, "removed": 0, "unified": [], "side": []})
            continue
        before = before or spans_of(baseline)
        found.append(entry | _compared(before, spans_of(source)))
    return found


def spans_of(source: str) -> list[list[list[str]]]:
    """The lines of a text, each as `[class, text]` pairs."""
    text = source[:LONGEST].replace("\r\n", "\n")
    lines: list[list[list[str]]] = [[]]
    for kind, part in _words(text):
        for number, piece in enumerate(part.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append([kind, piece])
    if lines and not lines[-1]:
        lines.pop()
    return lines[:LINES]


def _words(text: str) -> Iterator[tuple[str, str]]:
    try:
        from pygments.lexers.python import PythonLexer
        from pygments.token import Token
    except ImportError:
        yield "", text
        return
    classes = (
        (Token.Keyword, "k"), (Token.Operator.Word, "k"), (Token.Comment, "c"), (Token.Literal.String, "s"),
        (Token.Literal.Number, "n"), (Token.Name.Function, "f"), (Token.Name.Class, "f"), (Token.Name.Decorator, "f"),
    )  # fmt: skip
    last, held = "", ""
    for kind, part in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        name = next((short for token, short in classes if kind in token), "")
        if name == last:
            held += part
            continue
        if held:
            yield last, held
        last, held = name, part
    if held:
        yield last, held


def _compared(before: list[list[list[str]]], after: list[list[list[str]]]) -> dict[str, Any]:
    old, new = (
        ["".join(text for _, text in line) for line in before],
        ["".join(text for _, text in line) for line in after],
    )
    unified: list[Line] = []
    side: list[list[Line | None]] = []
    added = removed = 0
    codes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    for place, (tag, from_, to, start, stop) in enumerate(codes):
        if tag == "equal":
            for line in _equal(after, from_, to, start, first=place == 0, last=place == len(codes) - 1):
                unified.append(line)
                side.append([line, line])
            continue
        gone = [_line("-", number + 1, None, before[number]) for number in range(from_, to)]
        come = [_line("+", None, number + 1, after[number]) for number in range(start, stop)]
        removed += len(gone)
        added += len(come)
        unified += gone + come
        side += [[left, right] for left, right in zip_longest(gone, come)]
    return {"added": added, "removed": removed, "unified": unified, "side": side}


def _equal(after: list[list[list[str]]], old: int, to: int, new: int, *, first: bool, last: bool) -> Iterator[Line]:
    """Equal lines: those beside a change, and one that stands for the others."""
    count = to - old
    head, tail = 0 if first else AROUND, 0 if last else AROUND
    if count <= head + tail + 1:
        head, tail = count, 0
    for number in range(head):
        yield _line("=", old + number + 1, new + number + 1, after[new + number])
    if head + tail < count:
        yield {"op": "@", "no": count - head - tail, "old": None, "new": None, "spans": []}
    for number in range(count - tail, count):
        yield _line("=", old + number + 1, new + number + 1, after[new + number])


def _line(op: str, old: int | None, new: int | None, spans: list[list[str]]) -> Line:
    return {"op": op, "no": new if new is not None else old, "old": old, "new": new, "spans": _cut(spans)}


def _cut(spans: list[list[str]]) -> list[list[str]]:
    room = WIDTH
    kept: list[list[str]] = []
    for kind, text in spans:
        if len(text) > room:
            return [*kept, [kind, f"{text[:room]}…"]]
        kept.append([kind, text])
        room -= len(text)
    return kept
