"""The environment of another interpreter than ours: the one that runs a script.

`inlay run` may be installed apart from what it records. The interpreter is found by its name or by the first line of
a program such as `torchrun`, and asked in a process of its own; whatever it answers is no more than a list of names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.capture import environment
from inlay.capture.environment import Environment
from inlay.capture.hardware import hardware
from inlay.store.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_S = 20.0
_PYTHON = re.compile(r"(?:python|pypy)w?[\d.]*t?(?:\.exe)?", re.IGNORECASE)
# The working directory is taken off the path first: a file there must not stand in for the standard library.
_QUESTION = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import json, platform
from importlib import metadata
packages = {}
for one in metadata.distributions():
    try:
        packages.setdefault(one.metadata["Name"], one.version)
    except Exception:
        pass
print(json.dumps([platform.python_version(), sys.implementation.name, packages]))
"""


def interpreter_of(command: Sequence[str], env: Mapping[str, str]) -> str | None:
    """The Python that runs this command, as far as its first word tells; None where it does not."""
    program = shutil.which(command[0], path=env.get("PATH")) if command else None
    if program is None:
        return None
    if _PYTHON.fullmatch(Path(program).name):
        return program
    words = _first_line(program)
    if words and Path(words[0]).name == "env":
        words = [shutil.which(words[-1], path=env.get("PATH")) or ""]
    return words[0] if words and _PYTHON.fullmatch(Path(words[0]).name) else None


def environment_of(interpreter: str, env: Mapping[str, str]) -> Environment | None:
    """What that interpreter runs in, packages included; None when it does not say. Takes a fraction of a second."""
    if Path(interpreter).absolute() == Path(sys.executable):
        return environment.full()
    try:
        done = subprocess.run(
            [interpreter, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
            env={name: value for name, value in env.items() if name != "INLAY_RUN_ID"},
            # A Ctrl-C meant for the script is not meant for this.
            start_new_session=os.name == "posix",
        )
        version, implementation, packages = json.loads(done.stdout.splitlines()[-1])
        python = version if implementation == "cpython" else f"{version} {implementation}"
        named = sorted(((str(name), str(found)) for name, found in packages.items()), key=lambda pair: pair[0].lower())
    except (OSError, ValueError, IndexError, TypeError, AttributeError, subprocess.SubprocessError):
        return None
    packages = {name: mask_text(found) for name, found in named}
    return Environment(python, environment.quick().platform, packages, hardware(), environment.variables())


def _first_line(program: str) -> list[str]:
    """The words behind `#!` in a script's first line; none for anything else."""
    try:
        with Path(program).open("rb") as file:
            line = file.readline(500)
    except OSError:
        return []
    return line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
