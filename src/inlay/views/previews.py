"""The files of a run in its saved picture: images that are small enough to live in a notebook, and a list of the rest.

Images are shown through `<img>`, where an SVG runs nothing and fetches nothing. What a file is said to be is not
believed: an image begins as images of its kind do.
"""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inlay.store.artifacts import found
from inlay.views.format import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EACH = 64 * 1024
ALTOGETHER = 200 * 1024
MOST = 6
LISTED = 40
"""Files that are named; of more, how many there are."""

# How a file of each kind begins; an SVG may have comments before its element.
BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Preview:
    """An image to show: what it is called, and its data as an address."""

    path: str
    address: str


@dataclass(frozen=True, slots=True)
class File:
    """One line of the list: a file, or all files of one key."""

    path: str
    bytes: int
    gone: bool
    said: str = ""
    """What else there is to say of it: how many steps, or rows."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a run, as the picture shows them."""

    previews: list[Preview] = field(default_factory=list)
    larger: list[File] = field(default_factory=list)
    """Images, among the newest, that are too large for a notebook."""
    listed: list[File] = field(default_factory=list)
    total: int = 0


def files_of(artifacts: Sequence[dict[str, Any]], total: int, folder: Path) -> Files:
    """What the picture shows of these artifacts (as in the trait `_details`), whose blobs lie in `folder`."""
    listed = [_line(one, folder) for one in artifacts[:LISTED]]
    previews: list[Preview] = []
    larger: list[File] = []
    room = ALTOGETHER
    newest = sorted((one for one in artifacts if _is_image(one)), key=lambda one: one.get("time", 0.0), reverse=True)
    for one in newest:
        if len(previews) + len(larger) == MOST:
            break
        address = _address(folder, one) if one["bytes"] <= min(EACH, room) else None
        if address is not None:
            previews.append(Preview(_title(one), address))
            room -= one["bytes"]
        elif one["bytes"] > min(EACH, room) and _blob(folder, one) is not None:
            larger.append(File(_title(one), one["bytes"], gone=False))
    return Files(previews, larger, listed, total)


def _line(one: dict[str, Any], folder: Path) -> File:
    steps, rows = _steps(one), one.get("rows")
    said = f"{format_count(steps)} steps" if steps else "" if rows is None else f"{format_count(rows)} rows"
    return File(one.get("key") or one["path"], one.get("all_bytes", one["bytes"]), _blob(folder, one) is None, said)


def _title(one: dict[str, Any]) -> str:
    """What an image is called: one of a series, by its step."""
    return f"{one['key']}, step {format_count(one['last_step'])}" if _steps(one) else one["path"]


def _steps(one: dict[str, Any]) -> int:
    """How many files a series has; 0 for what is none."""
    return one.get("count", 0) if one.get("last_step") is not None else 0


def _is_image(artifact: dict[str, Any]) -> bool:
    return artifact["mime"] in BEGINNINGS or artifact["mime"] == SVG


def _blob(folder: Path, artifact: dict[str, Any]) -> Path | None:
    return found(folder, artifact["hash"], artifact["bytes"])


_addresses: OrderedDict[tuple[str, str], str] = OrderedDict()
"""Those of the newest images, so that a picture that is refreshed need not read them again."""


def _address(folder: Path, artifact: dict[str, Any]) -> str | None:
    """The image in an address of its own; None when it is gone, or not what it is called."""
    blob = _blob(folder, artifact)
    if blob is None:
        return None
    known = artifact["hash"], artifact["mime"]
    if known not in _addresses:
        try:
            data = blob.read_bytes()
        except OSError:
            return None
        if not _is_what_it_says(data, artifact["mime"]):
            return None
        _addresses[known] = f"data:{artifact['mime']};base64,{b64encode(data).decode()}"
        while len(_addresses) > 8 * MOST:
            _addresses.popitem(last=False)
    return _addresses.get(known)


def _is_what_it_says(data: bytes, mime: str) -> bool:
    if len(data) > EACH:
        return False
    if mime == SVG:
        return b"<svg" in data[:4096]
    return data.startswith(BEGINNINGS[mime])
