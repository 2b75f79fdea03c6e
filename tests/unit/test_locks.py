"""The lock files hold for every platform, and name no server that packages come from.

One written where some platforms' packages could not be seen installs there and nowhere else; one
with addresses in it sends everybody to the index of whoever wrote it last.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"\b(?:https?|git|file|ssh)[:+]\S*//")


def locked() -> dict[str, dict]:
    """The packages of package-lock.json, by name; "" is the project itself."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {path.rpartition("node_modules/")[2]: entry for path, entry in packages.items()}


def test_every_javascript_package_asked_for_is_locked() -> None:
    packages = locked()
    asked = {
        name
        for entry in packages.values()
        for kind in ("dependencies", "devDependencies", "optionalDependencies")
        for name in entry.get(kind, {})
    }
    assert len(asked) > 50
    assert asked - set(packages) == set()


def test_every_javascript_package_is_pinned_by_its_content() -> None:
    packages = locked()
    del packages[""]
    assert [name for name, entry in packages.items() if not entry.get("integrity")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_every_python_package_is_pinned_and_none_by_address() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert len(lines) > 50
    pinned = re.compile(r"[a-z0-9-]+==[^\s;]+( ; .+)?")
    assert [line for line in lines if not pinned.fullmatch(line) or ADDRESS.search(line)] == []
