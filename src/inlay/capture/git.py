"""The commit a run's code comes from, and whether the working tree differed from it.

Asked of the `git` command, because only it knows worktrees, submodules and line-ending filters. It
is kept from writing its index, from running programs that a repository's configuration names, and
from hearing the Ctrl-C meant for the kernel. Absent or failing git means None, never an error.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inlay.store.masking import mask_text

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class GitState:
    """Where a working tree stands; `dirty` looks at tracked files only, as `git describe` does."""

    commit: str | None  # None before the first commit
    dirty: bool
    branch: str | None  # None on a detached head
    remote: str | None


def git_state(folder: Path) -> GitState | None:
    """The state of the repository `folder` is in; None outside one, or where git cannot tell."""
    status = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
        return None
    headers, dirty = {}, False
    for line in status.splitlines():
        if line.startswith("# "):
            name, _, value = line[2:].partition(" ")
            headers[name] = value
        else:
            dirty = True
    remote = (_git(folder, "config", "--get", "remote.origin.url") or "").strip()
    return GitState(
        commit=_unless(headers.get("branch.oid"), "(initial)"),
        dirty=dirty,
        branch=_unless(headers.get("branch.head"), "(detached)"),
        remote=mask_text(remote) or None,
    )


def _unless(value: str | None, absent: str) -> str | None:
    return None if value == absent else value


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            encoding="utf-8",
            errors="replace",
            env=_environment(),
            # An interrupt goes to the kernel's whole process group; git would die of it.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    """Ours, without the GIT_DIR that a commit hook sets, and with nothing interactive."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
