"""What a store lives among: versions, other stores, and the Jupyter server that draws the cards.

A kernel and the Jupyter server that shows it may live in two environments. Widgets are drawn by extensions of the
server's JupyterLab, so anywidget and ipywidgets must be installed where the *server* runs; in the kernel's environment
alone they give pictures that do not move.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from inlay._version import __version__
from inlay.store.folder import FOLDER
from inlay.store.health import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLDEST = {"duckdb": (1, 4), "anywidget": (0, 11), "ipywidgets": (8,), "filelock": (3, 24)}
_OPTIONAL = ("ipykernel", "jupyterlab")
EXTENSIONS = {"anywidget": "anywidget", "@jupyter-widgets/jupyterlab-manager": "ipywidgets"}
"""Extensions of JupyterLab that draw a card, and the packages that bring them."""
_WAIT = 20.0


# -- versions -----------------------------------------------------------------------------------------------


def versions() -> Finding:
    """Python and the packages that matter; wrong when one is missing or too old."""
    found = {name: _version(name) for name in (*_OLDEST, *_OPTIONAL)}
    python = ".".join(map(str, sys.version_info[:3]))
    said = ", ".join([f"python {python}", f"inlay {__version__}"] + [f"{name} {version or 'none'}"
                     for name, version in found.items()])  # fmt: skip
    old = [name for name, oldest in _OLDEST.items() if _numbers(found[name]) < oldest]
    if old:
        wanted = " ".join(f'"{name}>={".".join(map(str, _OLDEST[name]))}"' for name in old)
        return Finding("versions", "wrong", said, f"{sys.executable} -m pip install -U {wanted}")
    return Finding("versions", "ok", said)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str | None) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version or "")[:2])


# -- the Jupyter server -------------------------------------------------------------------------------------


def jupyter() -> Iterator[Finding]:
    """Whether the Jupyter on the PATH, and the servers that run, can draw cards."""
    program = shutil.which("jupyter-lab") or shutil.which("jupyter")
    if program is None:
        said = "no Jupyter on the PATH"
        yield Finding("jupyter", "note", said, 'cards are drawn in JupyterLab: pip install "inlay[lab]"')
        return
    paths = _paths(program)
    if paths is None:
        said = f"{program} does not say where it looks for extensions"
        yield Finding("jupyter", "note", said, f"try `{program} --paths`")
        return
    yield _extensions(f"jupyter on the PATH ({program})", paths["data"], _python_of(Path(program)))
    for prefix, python in _running(paths.get("runtime", [])):
        folders = [str(prefix / "share" / "jupyter"), *(one for one in paths["data"] if not one.startswith(sys.prefix))]
        yield _extensions(f"running server ({prefix})", folders, python)


def _extensions(server: str, data: list[str], python: str) -> Finding:
    """Whether JupyterLab finds the extensions in these folders."""
    missing = [package for name, package in EXTENSIONS.items() if not _has(data, name)]
    if not missing:
        return Finding("jupyter", "ok", f"{server} draws cards")
    said = f"{server} lacks {' and '.join(missing)}: its cards are pictures that do not move"
    remedy = f"{python} -m pip install {' '.join(missing)}, restart the server, reload the page"
    return Finding("jupyter", "wrong", said, remedy)


def _has(data: list[str], extension: str) -> bool:
    return any((Path(folder) / "labextensions" / extension / "package.json").is_file() for folder in data)


def _paths(program: str) -> dict[str, list[str]] | None:
    """Where this Jupyter looks; its own `jupyter --paths`, or that beside `jupyter-lab`."""
    beside = Path(program).with_name("jupyter" + Path(program).suffix)
    command = str(beside) if beside.exists() else program
    try:
        done = subprocess.run([command, "--paths", "--json"], capture_output=True, timeout=_WAIT, check=True)
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if not (isinstance(found, dict) and isinstance(found.get("data"), list)):
        return None
    return {key: list(map(str, value)) for key, value in found.items() if isinstance(value, list)}


def _python_of(program: Path) -> str:
    """The Python that a script is run by: it stands in its first line."""
    try:
        with program.open("rb") as file:
            first = file.readline(500).decode("utf-8", "replace").strip()
    except OSError:
        return "python"
    if first.startswith("#!") and "python" in first and "env " not in first:
        return first[2:].strip()
    beside = program.with_name("python" + program.suffix)
    return str(beside) if beside.exists() else "python"


def _running(runtime: list[str]) -> Iterator[tuple[Path, str]]:
    """Prefix and Python of the servers that run as this user in other environments; only where /proc tells."""
    seen = {Path(sys.prefix)}
    for folder in runtime:
        for file in sorted(Path(folder).glob("jpserver-*.json")):
            pid = file.stem.removeprefix("jpserver-")
            try:
                python = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode("utf-8", "replace")
            except OSError:
                continue
            prefix = Path(python).parent.parent
            if Path(python).is_absolute() and prefix not in seen:
                seen.add(prefix)
                yield prefix, python


# -- other stores -------------------------------------------------------------------------------------------


def other_stores(used: Path) -> Iterator[Finding]:
    """Stores around the working directory that are not the one in use: runs may be thought lost that lie there."""
    here = Path.cwd()
    near = [folder / FOLDER for folder in (here, *here.parents)]
    with contextlib.suppress(OSError):
        near += sorted(folder / FOLDER for folder in here.iterdir() if folder.is_dir())
    others = [folder for folder in near if _is_another(folder, used)]
    if others:
        named = ", ".join(map(str, others[:5])) + (" ..." if len(others) > 5 else "")
        remedy = "`inlay --store FOLDER runs` looks into one; `inlay import FOLDER` brings its runs here"
        yield Finding("other stores", "note", f"there are {len(others)} more around: {named}", remedy)


def _is_another(folder: Path, used: Path) -> bool:
    try:
        there = (folder / "journal").is_dir()
        return there and not (used.exists() and folder.samefile(used))
    except OSError:
        return False
