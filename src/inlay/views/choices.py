"""How the charts of a store are looked at, kept beside it: x, smoothing, logarithmic charts, the open panel.

`choices.json` is nobody's data. A file that cannot be read, or holds what no page would have written, counts as none;
one that cannot be written is not spoken of. Of two kernels that write, the last wins.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.store.permissions import take_after
from inlay.views.format import encodable

if TYPE_CHECKING:
    from inlay.store.store import Store

FILE = "choices.json"
AXES = ("step", "time", "relative")
SMOOTHEST = 0.999
MOST_LOGARITHMIC = 500
LONGEST = 300
"""Characters of a chart's title or a panel's name."""
_LARGEST_FILE = 1 << 20


def read(store: Store) -> dict[str, Any]:
    """The choices of a store; what it does not say is as in the beginning."""
    return checked(read_file(store.folder / FILE))


def write(store: Store, choices: object) -> dict[str, Any]:
    """Keep choices, checked; returns what was kept. A disk that refuses costs the memory of them, no more."""
    clean = checked(choices)
    write_file(store.folder / FILE, clean)
    return clean


def read_file(path: Path) -> Any:
    """What a file of choices says, unchecked; None where there is none that makes sense."""
    try:
        # Of somebody else's store it may be a link to a device, which never ends.
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return None
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write_file(path: Path, record: dict[str, Any]) -> None:
    """Keep choices in a file, if the disk takes them."""
    with contextlib.suppress(OSError):
        _replace(path, json.dumps(record))


def checked(choices: object) -> dict[str, Any]:
    """Choices with everything in its bounds, whatever they came from."""
    given = choices if isinstance(choices, dict) else {}
    x, smoothing, log, panel = (given.get(name) for name in ("x", "smoothing", "log", "panel"))
    titles = [encodable(one) for one in (log if isinstance(log, list) else []) if _is_name(one)]
    return {
        "x": x if x in AXES else "step",
        "smoothing": _smoothing(smoothing),
        "log": list(dict.fromkeys(titles))[-MOST_LOGARITHMIC:],
        # An empty one is a choice, too: the reader closed it.
        "panel": encodable(panel) if isinstance(panel, str) and len(panel) <= LONGEST else None,
    }


def _smoothing(value: object) -> float:
    a_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if a_number and 0 <= value <= SMOOTHEST else 0.0  # type: ignore[operator, arg-type]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def _replace(path: Path, text: str) -> None:
    """Write the file under another name and rename it, so that nobody ever reads half of it."""
    descriptor, name = tempfile.mkstemp(prefix=".choices-", dir=path.parent)
    temporary = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is a descriptor
            file.write(text)
        take_after(temporary, path.parent)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
