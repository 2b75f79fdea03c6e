"""inlay stays light beside JupyterLab: at most fifteen packages more than JupyterLab alone brings.

Counted from what is installed, so that no index is asked; both lists are closed over what every
package requires here, on this Python and platform.
"""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MOST = 15


def brought_by(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """`name` and every package that installing it brings."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(name), extras)]
    while waiting:
        package = waiting.pop()
        if package in seen:
            continue
        seen.add(package)
        for requirement in map(Requirement, requires(package[0]) or []):
            marker = requirement.marker
            wanted = [{"extra": extra} for extra in sorted(package[1])] or [{"extra": ""}]
            if marker is None or any(map(marker.evaluate, wanted)):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {package for package, _ in seen}


def test_few_packages_more_than_jupyterlab() -> None:
    more = brought_by("inlay") - brought_by("jupyterlab") - {"inlay"}
    assert {"duckdb", "anywidget", "numpy"} <= more
    assert len(more) <= MOST, sorted(more)


def test_jupyterlab_itself_is_an_extra() -> None:
    assert "jupyterlab" not in brought_by("inlay")
    assert "jupyterlab" in brought_by("inlay", frozenset({"lab"}))
