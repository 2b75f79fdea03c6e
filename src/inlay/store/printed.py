"""What a program printed: without what is meant for a terminal, and without secrets, also those that are coloured."""

from __future__ import annotations

import re

from inlay.store.masking import mask_text


def printed_text(text: str) -> str:
    """The text without colours, links, movements of the cursor and other control characters."""
    return _CONTROL.sub("", _ESCAPE.sub("", text))


def mask_printed(text: str) -> str:
    """The text with its secrets masked. One that has any loses its colours, too: between a name and its value they
    would hide the one from the other.
    """
    if "\x1b" not in text:
        return mask_text(text, code=False)
    plain = _ESCAPE.sub("", text)
    masked = mask_text(plain, code=False)
    return text if masked == plain else masked


_ESCAPE = re.compile(
    r"\x1b\[[0-?]{0,60}[ -/]{0,9}[@-~]"  # colours and movements
    r"|\x1b[\]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)"  # titles and links
    r"|\x1b[ -/]{0,9}[0-~]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
