"""The build hook: makes the widgets' bundles before hatchling packs or links the package.

A source archive already holds them, and then neither Node nor a network is needed. In a checkout
they are made anew when something below `js/` is younger. Where there is no Node, it is asked for as
a build requirement, which pip then installs for the time of the build.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import node


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for every wheel, source archive and editable install."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        if bundles_are_fresh(Path(self.root)) or node.find() is not None:
            return []
        return [node.WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        root = Path(self.root)
        if not bundles_are_fresh(root):
            build_bundles(root)


def bundles_are_fresh(root: Path) -> bool:
    """Whether each entry below `js/` has a bundle no older than any source or pinned tool."""
    made = expected_bundles(root)
    if not made or not all(bundle.is_file() for bundle in made):
        return False
    sources = [path for path in (root / "js").rglob("*") if path.is_file()]
    sources.append(root / "package-lock.json")
    return max(map(modified, sources)) <= min(map(modified, made))


def expected_bundles(root: Path) -> list[Path]:
    """The files that `js/build.mjs` makes; `js/lib` is shared code and none."""
    static = root / "src" / "inlay" / "static"
    names = [entry.parent.name for entry in root.glob("js/*/index.ts")]
    return [static / f"{name}.js" for name in names if name != "lib"]


def build_bundles(root: Path) -> None:
    """Install the pinned tools when they are missing, then bundle."""
    found = node.find()
    if found is None:
        raise SystemExit(f"Building the widgets needs Node.js or the package {node.WHEEL}.")
    if not (root / "node_modules" / "esbuild").is_dir():
        check(found.run(["npm", "ci", "--no-audit", "--no-fund"], root), "npm ci")
    check(found.run(["js/build.mjs"], root), "js/build.mjs")


def check(status: int, what: str) -> None:
    if status != 0:
        raise SystemExit(f"{what} failed with exit status {status}; its output is above.")


def modified(path: Path) -> float:
    return path.stat().st_mtime
