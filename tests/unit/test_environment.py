"""What is recorded of the environment, how cheaply, and what must never be in it."""

from __future__ import annotations

import getpass
import json
import platform
import socket
import subprocess
import sys
import time
from importlib import metadata

import pytest

from inlay.capture import environment, hardware
from inlay.store.masking import MASK


@pytest.fixture(autouse=True)
def _fresh():
    environment._packages_known_for = None
    environment.quick.cache_clear()
    hardware.hardware.cache_clear()


def test_full_environment():
    found = environment.full()
    assert found.python.startswith(platform.python_version())
    assert found.platform.startswith(platform.system())
    assert found.packages["numpy"] == metadata.version("numpy")
    assert found.hardware["cores"] >= 1
    assert found.hardware["memory"] > 2**28
    assert found.hardware["cpu"]


def test_the_same_environment_has_the_same_hash():
    assert environment.full().hash == environment.full().hash
    assert environment.full().hash != environment.quick().hash
    json.dumps(environment.full().as_row())


def test_neither_machine_nor_user_is_named(monkeypatch):
    text = json.dumps(environment.full().as_row())
    for name in (socket.gethostname(), getpass.getuser()):
        if len(name) > 4:
            assert name not in text


def test_quick_starts_no_process_and_is_quick(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: pytest.fail("a process"))
    started = time.perf_counter()
    environment.quick()
    assert time.perf_counter() - started < 0.02


def distribution(folder, name, version, origin=None):
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))


def test_where_packages_come_from(tmp_path, monkeypatch):
    commit = {"vcs": "git", "commit_id": "abc123"}
    distribution(tmp_path, "plain", "1.0")
    distribution(tmp_path, "edited", "2.0", {"url": "file:///x", "dir_info": {"editable": True}})
    distribution(tmp_path, "wheel", "4.0", {"url": "file:///x.whl", "archive_info": {}})
    distribution(tmp_path, "cloned", "3.0", {"url": "https://me:pw1@h/r.git", "vcs_info": commit})
    (tmp_path / "broken-1.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert environment.full().packages == {
        "plain": "1.0",
        "edited": "2.0 (editable)",
        "wheel": "4.0",
        "cloned": f"3.0 @ git+https://me:{MASK}@h/r.git@abc123",
    }


def test_a_package_installed_meanwhile_is_seen(tmp_path, monkeypatch):
    """After `%pip install` in the notebook, the next run still showed the old list."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), "gone"])
    assert environment.full().packages == {}
    assert environment.is_known()
    time.sleep(0.01)
    distribution(tmp_path, "fresh", "1.0")
    assert not environment.is_known()
    assert environment.full().packages == {"fresh": "1.0"}


def test_the_first_on_the_path_counts(tmp_path, monkeypatch):
    for place, version in (("one", "1.0"), ("two", "2.0")):
        (tmp_path / place).mkdir()
        distribution(tmp_path / place, "twice", version)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "one"), str(tmp_path / "two")])
    assert environment.full().packages == {"twice": "1.0"}


def test_variables_that_matter_masked(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("TORCH_API_KEY", "x")
    monkeypatch.setenv("MY_DIARY", "dear")
    monkeypatch.setenv("CUDA_HOME", "/home/me/cuda")
    variables = environment.full().variables
    assert variables["CUDA_VISIBLE_DEVICES"] == "1"
    assert variables["TORCH_API_KEY"] == MASK
    assert not {"MY_DIARY", "CUDA_HOME"} & variables.keys()


def test_memory_of_a_container(monkeypatch):
    monkeypatch.setattr(hardware, "_installed_memory", lambda: 64 * 2**30)
    monkeypatch.setattr(hardware.Path, "read_text", lambda self, **kw: str(2**30))
    assert hardware._memory() == 2**30


def test_memory_without_a_limit(monkeypatch):
    monkeypatch.setattr(hardware, "_installed_memory", lambda: 64 * 2**30)
    monkeypatch.setattr(hardware.Path, "read_text", lambda self, **kw: "max\n")
    assert hardware._memory() == 64 * 2**30
