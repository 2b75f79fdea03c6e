"""Names for the columns of a table: texts, each different from all others, whatever they were before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def column_names(given: Iterable[Any]) -> tuple[list[str], list[str]]:
    """A name for each column, and which of those given came twice.

    What is no text becomes one; the levels of a pandas MultiIndex are joined by `/`. A second `a` is `a_1`; capital
    letters make no difference, as they make none in SQL. An empty name is `column`.
    """
    texts = [_text(name) or "column" for name in given]
    taken = {text.lower() for text in texts}
    seen: set[str] = set()
    names, twice = [], []
    for text in texts:
        name, number = text, 0
        if text.lower() in seen:
            twice.append(text)
            while name.lower() in taken:
                number += 1
                name = f"{text}_{number}"
            taken.add(name.lower())
        seen.add(name.lower())
        names.append(name)
    return names, twice


def quoted(name: str) -> str:
    """The name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(name: Any) -> str:
    if isinstance(name, tuple):
        return "/".join(filter(None, map(_text, name)))
    return str(name).encode("utf-8", "replace").decode().replace("\0", "")
