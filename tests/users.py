"""Several users on one machine, for tests that run as root: programs in processes with a user id of their own.

One process imports everything while it still may (the interpreter may lie where no other user can go), records a run so
that nothing is left to import, and forks a child for each program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

GROUP = 3000

HOUSE = """
import atexit, json, os, shutil, sys, tempfile, traceback
import numpy
import inlay
from inlay.capture import background
from inlay.store import ingest, locks, private_copy, store as stores, upkeep

scratch = tempfile.mkdtemp()
inlay.connect(scratch)
for _ in range(2):
    with inlay.start_run("warm", params={"a": 1}) as run:
        run.log({"a": 1.0}, step=0)
        run.log_text("x", "x.txt")
        run.set_tag("a", "b")
    [(run.history("a").step, list(run.artifacts)) for run in inlay.runs()]
    inlay.get_run("warm").artifacts
    inlay.sql("select count(*) from runs").fetchall()
    try:
        stores.Store(stores.folder.Path(scratch, "none")).refuse_deleted()
    except inlay.InlayError as error:
        traceback.format_exception(error)
upkeep.close_all()
stores._stores.clear()
stores._current = None
shutil.rmtree(scratch)
os.environ.pop("INLAY_STORE", None)

for line in sys.stdin:
    children = []
    for uid, umask, code in json.loads(line):
        said = tempfile.TemporaryFile("w+")
        pid = os.fork()
        if pid == 0:
            code_of_exit = 1
            try:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                sys.stdin.close()
                os.setgroups([%d])
                os.setgid(uid)
                os.setuid(uid)
                os.umask(umask)
                exec(compile(code, "<program>", "exec"), {"inlay": inlay, "os": os, "sys": sys, "__name__": "__main__"})
                atexit._run_exitfuncs()  # as at the end of a program of its own
                code_of_exit = 0
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code_of_exit)
        children.append((pid, said))
    results = []
    for pid, said in children:
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        results.append((os.waitstatus_to_exitcode(status), said.read()))
    print(json.dumps(results), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and all it printed."""

    status: int
    said: str


class Users:
    """Runs programs as users; those of one call run at the same time."""

    def __init__(self, home: Path) -> None:
        temporary = home / "temporary"
        temporary.mkdir()
        temporary.chmod(0o777)
        environment = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "LOGNAME": "somebody"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOUSE % GROUP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=home,
            env=environment,
        )

    def __call__(self, *programs: tuple[int, int, str]) -> list[Ended]:
        """Run programs, each the user's id, the umask, and the code; returns when all have ended."""
        self.process.stdin.write(json.dumps(programs) + "\n")
        self.process.stdin.flush()
        line = next(line for line in iter(self.process.stdout.readline, "") if line.startswith("["))
        return [Ended(*one) for one in json.loads(line)]

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def until(condition: str) -> str:
    """Code that waits for an expression to be true; an error of ours is not yet."""
    return f"""
import time
for _ in range(200):
    try:
        if {condition}:
            break
    except inlay.InlayError:
        pass
    time.sleep(0.3)
"""


def wait_for(file: Path) -> str:
    """Code that waits for a file."""
    return until(f"os.path.exists({str(file)!r})")


def skip_unless_root() -> None:
    """Skip where no process can be given to another user."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to be several users")
