"""Paths as a saved picture may show them: without the home directory, which holds the name of its owner.

What is left is what a reader can use: `~`, the module below `site-packages` or the standard library, `<cell>`. Homes
are also known by their form, because a run may be looked at on another machine than it was made on.
"""

from __future__ import annotations

import os
import re
import sysconfig
from functools import cache


def without_owner(text: str) -> str:
    """An error message or traceback whose paths name no home directory and nothing above a module."""
    if "/" not in text and "\\" not in text:
        return text
    text = _CELL.sub("<cell>", text)
    text = _MODULES.sub("", text)
    for folder in _library_folders():
        text = text.replace(folder, "")
    return _home().sub("~", text)


def home_as_tilde(text: str) -> str:
    """The text with `~` for the home directory that it begins with, if it does."""
    found = _home().match(text)
    return "~" + text[found.end() :] if found else text


# A path from its beginning, in quotes with spaces. The bound keeps the time linear in the length of the text.
_HEAD = r"(?:(?<=\")(?:~|[A-Za-z]:)?[\\/][^\"\n]{0,300}|(?<![\w.~/\\:-])(?:~|[A-Za-z]:)?[\\/][^\s\"'<>()]{0,300})"
_CELL = re.compile(rf"{_HEAD}(?<=[\\/])ipykernel_\d+[\\/]+\d+\.py")
_MODULES = re.compile(rf"{_HEAD}(?<=[\\/])(?:(?:site|dist)-packages|lib(?:64)?[\\/]+python3\.\d+t?)[\\/]+")
_ANY_HOME = r"(?:/home|/Users|[A-Za-z]:[\\/]{1,2}Users)[\\/]{1,2}[^\\/\s\"'<>:,;()]+"


@cache
def _home() -> re.Pattern[str]:
    own = os.path.expanduser("~").rstrip("\\/")  # noqa: PTH111  # Path.home() raises where there is none
    forms = [_ANY_HOME]
    if own not in ("", "~"):
        separated = (re.escape(part) for part in re.split(r"[\\/]", own))
        forms.insert(0, r"[\\/]{1,2}".join(separated))
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(forms)})(?![\w.-])")


@cache
def _library_folders() -> list[str]:
    kinds = ("purelib", "platlib", "stdlib", "platstdlib")
    folders = {sysconfig.get_path(kind) for kind in kinds}
    folders |= {os.path.realpath(folder) for folder in folders if folder}
    return sorted((folder + os.sep for folder in folders if folder), key=len, reverse=True)
