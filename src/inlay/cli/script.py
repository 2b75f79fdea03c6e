"""What a command line runs: the script by name, its text, and the words as they may be kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.store.masking import MASK, looks_secret, mask_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 1 << 20
"""Bytes of a script's text that are read; more is no script."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is run."""

    name: str
    """`train.py`; the program, where no script is named."""
    text: str | None
    """The source, when the command names a Python file that can be read."""


def script_of(command: Sequence[str]) -> Script:
    """The first Python file among the words, the module behind `-m`, the text behind `-c`, else the program."""
    for word, following in zip(command, [*command[1:], ""], strict=True):
        if word == "-m" and following:
            found = _module(following)
            return Script(found.name, _text(found)) if found else Script(following, None)
        if word == "-c" and following:
            return Script(Path(command[0]).name, following)
        if word.endswith(".py") and (text := _text(Path(word))) is not None:
            return Script(Path(word).name, text)
    return Script(Path(command[0]).name, None)


def masked(command: Sequence[str]) -> list[str]:
    """The words, without secrets: neither in a word of its own, nor behind an option of such a name."""
    words: list[str] = []
    for number, word in enumerate(command):
        option = command[number - 1] if number else ""
        hidden = option.startswith("-") and "=" not in option and looks_secret(option) and not word.startswith("-")
        words.append(MASK if hidden else mask_text(word, code=False))
    return words


def _module(name: str) -> Path | None:
    """The file of a module below the working directory."""
    path = Path(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__main__.py") if file.is_file()), None)


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_text("utf-8", "replace")
    except OSError:
        return None
