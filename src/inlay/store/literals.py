"""The string literals of an expression in Python source, found without parsing it.

A cell need not be valid Python, and a secret may be put together from several literals, stand in brackets or be one
of several values assigned at once. The scan is bounded, so that no text makes it slow.
"""

from __future__ import annotations

import re

_TOKENS = 30  # the most tokens of one expression
_TOKEN = re.compile(
    r"[rRbBuUfF]{0,2}(?:\"{3}(?P<long>(?:[^\"\\]|\\.|\"(?!\"\")){0,2000})\"{3}"
    r"|'{3}(?P<longer>(?:[^'\\]|\\.|'(?!'')){0,2000})'{3}"
    r"|\"(?P<double>(?:[^\"\\\n]|\\.|\\\n){0,2000})\"|'(?P<single>(?:[^'\\\n]|\\.|\\\n){0,2000})')"
    r"|(?P<open>(?:[\w.]{1,100}|[)\]])?[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<end>[\n;])"
    r"|(?P<rest>#[^\n]{0,500}|[\w.]{1,100}|[ \t]{1,100}|\\\n|.)",
    re.DOTALL,
)
_TARGETS = re.compile(
    r"^[ \t]*(?:[(\[][ \t]*)?(?P<names>[A-Za-z_][\w.]{0,80}(?:[ \t]*,[ \t]*\*?[A-Za-z_][\w.]{0,80}){1,20})"
    r"[ \t]*(?:[)\]][ \t]*)?=(?!=)",
    re.MULTILINE,
)

Span = tuple[int, int]


def assigned_at_once(text: str) -> list[tuple[list[str], list[list[Span]]]]:
    """For each `a, b = 'x', 'y'` the names and the literals of each value."""
    if "," not in text or "=" not in text:
        return []
    found = _TARGETS.finditer(text)
    return [
        ([name.strip(" \t*") for name in match["names"].split(",")], literals(text, match.end())) for match in found
    ]


def literals(text: str, start: int) -> list[list[Span]]:
    """The insides of the literals of each of the values that stand there, parted by commas; those of calls are not."""
    values: list[list[Span]] = [[]]
    brackets: list[bool] = []  # those open: whether one of a call
    wrapped = False
    for _ in range(_TOKENS):
        token = _TOKEN.match(text, start)
        kind = token.lastgroup if token else None
        if token is None or (kind == "end" and not brackets) or (kind == "close" and not brackets):
            break
        start = token.end()
        if kind == "open":
            wrapped |= not brackets and values == [[]]
            brackets.append(len(token["open"]) > 1 or token["open"] == "{")
        elif kind == "close":
            brackets.pop()
        elif kind == "comma" and not any(brackets) and (not brackets or wrapped):
            values.append([])
        elif kind in ("long", "longer", "double", "single") and not any(brackets):
            values[-1].append(token.span(kind))
    return values
