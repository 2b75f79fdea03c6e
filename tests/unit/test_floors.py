"""An import goes down the floors of the design, never up, and each outside world has one door.

The sources are read, not run, so an import inside a function counts, and so does one for types
only: a name from a higher floor in a signature ties the two together just the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "inlay"

# Bottom first. Parts of one floor do not see each other, except as ALSO says.
FLOORS = [
    {"errors", "settings", "_version"},
    {"store"},
    {"query", "content"},
    {"tracking", "tracing"},
    {"autolog", "capture", "transfer"},
    {"views"},
    {"notebook", "cli"},
    {"__main__"},
]
ALSO: dict[str, set[str]] = {"autolog": {"capture"}, "tracing": {"tracking"}}
LEVEL = {part: level for level, floor in enumerate(FLOORS) for part in floor}

# Libraries that only one part may import, at any time.
DOORS = {
    "IPython": "notebook",
    "ipykernel": "notebook",
    "anywidget": "views",
    "ipywidgets": "views",
    "traitlets": "views",
    "click": "cli",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the dotted module, what it is taken from it, and the line."""

    module: str
    line: int


def imports_of(source: str, package: str) -> list[Import]:
    """Every import in `source`, absolute; `package` is the dotted package the module lives in."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*above, *([node.module] if node.module else [])])
            module = origin if node.level else node.module or ""
            # `from inlay import store` names the part only after `import`.
            found += [Import(f"{module}.{alias.name}", node.lineno) for alias in node.names]
        elif is_import_call(node):
            found.append(Import(node.args[0].value, node.lineno))
    return found


def is_import_call(node: ast.AST) -> bool:
    """Whether this is `import_module("...")` or `__import__("...")`."""
    if not (isinstance(node, ast.Call) and node.args):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    text = isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    return text and name in {"import_module", "__import__"}


def faults_of(source: str, path: str) -> list[str]:
    """What `source`, the file at `path` below the package, imports against the floors."""
    *folders, file = path.split("/")
    part = folders[0] if folders else file.removesuffix(".py")
    if part == "__init__":
        # The package itself hands out names of every floor; test_import.py says at what cost.
        return []
    if part not in LEVEL:
        return [f"{path}: {part!r} stands on no floor; give it one in FLOORS"]
    faults = []
    for item in imports_of(source, ".".join(["inlay", *folders])):
        root, _, rest = item.module.partition(".")
        if DOORS.get(root, part) != part:
            faults.append(f"{path}:{item.line}: {root} is imported only in {DOORS[root]}/")
        if root == "inlay" and not allowed(part, rest.split(".")[0]):
            faults.append(f"{path}:{item.line}: {part} may not import {item.module}")
    return faults


def allowed(part: str, other: str) -> bool:
    """Whether `part` may import `other`; the bare package is above everything."""
    if other == part or other in ALSO.get(part, ()):
        return True
    return other in LEVEL and LEVEL[other] < LEVEL[part]


def test_imports_go_down() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 5
    faults = [
        fault for file in files for fault in faults_of(file.read_text("utf-8"), file.relative_to(PACKAGE).as_posix())
    ]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("store/ingest.py", "import inlay.tracking.run"),
        ("store/ingest.py", "from inlay.tracking import Run"),
        ("store/ingest.py", "from inlay import tracking"),
        ("store/ingest.py", "from .. import tracking"),
        ("store/ingest.py", "from ..tracking import Run"),
        ("store/journal/writer.py", "from ...tracking import Run"),
        ("store/ingest.py", "def f():\n    from inlay.query import runs"),
        ("store/ingest.py", "if TYPE_CHECKING:\n    from inlay.tracking import Run"),
        ("store/ingest.py", "importlib.import_module('inlay.tracking')"),
        ("errors.py", "from inlay import store"),
        ("tracking/run.py", "from inlay.capture import git"),
        ("tracking/run.py", "import inlay"),
        ("tracking/run.py", "from inlay import Run"),
        ("capture/git.py", "from inlay.autolog import sklearn"),
        ("views/picture.py", "from IPython.display import HTML"),
        ("views/picture.py", "from inlay.notebook import magics"),
        ("notebook/magics.py", "import anywidget"),
        ("notebook/magics.py", "from traitlets import Unicode"),
        ("store/ingest.py", "def f():\n    import ipywidgets"),
        ("attic/old.py", ""),
    ],
)
def test_an_import_up_is_found(path: str, source: str) -> None:
    assert len(faults_of(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("store/ingest.py", "from inlay.errors import StoreError\nfrom . import rows"),
        ("store/journal/writer.py", "from ..masking import mask_text\nfrom .slots import Slot"),
        ("tracking/run.py", "from inlay.store import current\nfrom inlay.tracking import events"),
        ("capture/git.py", "from inlay.tracking.run import Run"),
        ("views/run_view.py", "import anywidget\nfrom traitlets import Dict"),
        ("notebook/magics.py", "from IPython import get_ipython\nfrom inlay.views import LiveCard"),
        ("__init__.py", "from inlay.tracking import Run"),
    ],
)
def test_an_import_down_is_fine(path: str, source: str) -> None:
    assert faults_of(source, path) == []
