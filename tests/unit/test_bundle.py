"""js/build.mjs refuses what must not travel with a cell: too much text, and text from other hosts.

It is run on small projects made here, with the tools that the real one has installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with one widget, `demo`, that keeps every rule."""
    (tmp_path / "js" / "demo").mkdir(parents=True)
    (tmp_path / "js" / "lib").mkdir()
    (tmp_path / "src" / "inlay").mkdir(parents=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for script in (ROOT / "js").glob("*.mjs"):
        shutil.copy(script, tmp_path / "js")
    (tmp_path / "js" / "lib" / "index.ts").write_text("export const shared = 1;\n")
    (tmp_path / "js" / "demo" / "style.css").write_text('@import "./part.css";\n')
    (tmp_path / "js" / "demo" / "part.css").write_text(".demo { color: red; }\n")
    write(
        tmp_path,
        'import css from "./style.css?inline"; export default { css, svg: "http://www.w3.org/2000/svg" };',
    )
    return tmp_path


def write(project: Path, module: str) -> None:
    (project / "js" / "demo" / "index.ts").write_text(module + "\n")


def build(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "node.py"), "js/build.mjs"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


def test_bundles_each_widget_and_nothing_else(project: Path) -> None:
    static = project / "src" / "inlay" / "static"
    static.mkdir()
    (static / "renamed-since.js").write_text("")
    done = build(project)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in static.iterdir()} == {"demo.js"}
    # Imported sheets are in it, made small.
    assert ".demo{color:red}" in (static / "demo.js").read_text()


def test_refuses_a_bundle_over_the_budget(project: Path) -> None:
    write(project, f'export default {{ text: "{"x" * 125_000}" }};')
    done = build(project)
    assert done.returncode == 1
    assert "budget" in done.stderr


@pytest.mark.parametrize(
    "module",
    [
        'import x from "https://esm.sh/x"; export default x;',
        'export default { load: () => import("https://esm.sh/x") };',
        'export default { load: () => fetch("https://example.org/data") };',
    ],
)
def test_refuses_a_module_of_another_host(project: Path, module: str) -> None:
    write(project, module)
    done = build(project)
    assert done.returncode == 1
    assert "another host" in done.stderr


@pytest.mark.parametrize(
    "style",
    ['@import "https://example.org/a.css";', ".a { background: url(//example.org/a.png); }"],
)
def test_refuses_a_style_of_another_host(project: Path, style: str) -> None:
    (project / "js" / "demo" / "style.css").write_text(style)
    done = build(project)
    assert done.returncode == 1
    assert "another host" in done.stderr


def test_a_broken_module_fails_the_build(project: Path) -> None:
    write(project, "export default {")
    assert build(project).returncode != 0
