"""What git says of a folder, in each state a user's folder may be in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from inlay.capture import git
from inlay.capture.git import git_state
from inlay.store.masking import MASK


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def run_git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(folder):
    run_git(folder, "init", "-b", "main")
    (folder / "train.py").write_text("lr = 1\n")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-m", "one")
    return folder


def test_clean(repository):
    state = git_state(repository)
    assert state == git.GitState(
        commit=run_git(repository, "rev-parse", "HEAD"), dirty=False, branch="main", remote=None
    )


def test_dirty_in_a_folder_below(repository):
    (repository / "train.py").write_text("lr = 2\n")
    below = repository / "notebooks"
    below.mkdir()
    assert git_state(below).dirty


def test_untracked_files_are_not_dirt(repository):
    (repository / "scratch.ipynb").write_text("{}")
    assert not git_state(repository).dirty


def test_before_the_first_commit(folder):
    run_git(folder, "init", "-b", "main")
    state = git_state(folder)
    assert (state.commit, state.branch) == (None, "main")


def test_detached_head(repository):
    run_git(repository, "checkout", "--detach")
    assert git_state(repository).branch is None


def test_password_in_the_remote(repository):
    run_git(repository, "remote", "add", "origin", "https://me:hunter2@example.com/r.git")
    assert git_state(repository).remote == f"https://me:{MASK}@example.com/r.git"


def test_no_repository(folder):
    assert git_state(folder) is None


def test_folder_is_gone(folder):
    assert git_state(folder / "gone") is None


def test_no_git(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert git_state(repository) is None


def test_git_that_hangs(repository, monkeypatch, tmp_path):
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nsleep 30\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT_S", 0.2)
    assert git_state(repository) is None


def test_a_repository_cannot_run_its_own_program(repository, tmp_path):
    """A downloaded project's .git/config may name a program as file-system monitor."""
    witness = tmp_path / "ran"
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {witness}\n")
    program.chmod(0o755)
    run_git(repository, "config", "core.fsmonitor", str(program))
    assert git_state(repository) is not None
    assert not witness.exists()


def test_started_from_a_commit_hook(repository, tmp_path_factory, monkeypatch):
    """Inside a hook GIT_DIR points elsewhere; the run's own repository is meant."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))
    assert git_state(repository) is not None
