"""A real JupyterLab for the journeys: one server for the whole session, with folders of its own.

Nothing of the person who runs the tests is read or written: settings, kernels' history, trust and runtime
files live below a temporary folder. Each notebook's store is found the way a user's is, beside the notebook.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTED_WITHIN_S = 90
# Each of these shows a popup, or asks a server outside.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    # A journey saves when it means to.
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}


@dataclass(frozen=True)
class Lab:
    """A running server: where it answers, and the folder that it shows."""

    url: str
    token: str
    root: Path
    environment: dict[str, str]

    def sessions(self) -> list[dict[str, Any]]:
        return self._ask("GET", "/api/sessions")

    def shut_down_kernels(self) -> None:
        for session in self.sessions():
            self._ask("DELETE", f"/api/sessions/{session['id']}")

    def forget_theme(self) -> None:
        """The next page opens in the light theme again."""
        settings = Path(self.environment["JUPYTERLAB_SETTINGS_DIR"])
        (settings / "@jupyterlab/apputils-extension/themes.jupyterlab-settings").unlink(missing_ok=True)

    def kernel_of(self, notebook: Path) -> str:
        """The id of the kernel that runs this notebook."""
        path = notebook.relative_to(self.root).as_posix()
        return next(one["kernel"]["id"] for one in self.sessions() if one["path"] == path)

    def _ask(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """JupyterLab on a free port of this machine, its every folder below `folder`."""
    root = folder / "notebooks"
    root.mkdir(parents=True)
    environment = isolated_environment(folder)
    port, token = free_port(), secrets.token_hex(8)
    lab = Lab(f"http://127.0.0.1:{port}", token, root, environment)
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options(port, token, root)],
            cwd=root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_it_answers(lab, server, log)
            yield lab
        finally:
            stop(server)


def isolated_environment(folder: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "INLAY"))}
    for name in (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    ):
        (folder / name.lower()).mkdir()
        environment[name] = str(folder / name.lower())
    for name, value in SETTINGS.items():
        file = Path(environment["JUPYTERLAB_SETTINGS_DIR"]) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    # The one thing a notebook cannot show twice alike, and JupyterLab would show it as a fault of the cell.
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    return environment


def options(port: int, token: str, root: Path) -> list[str]:
    return [
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--allow-root",
        f"--IdentityProvider.token={token}",
        "--ServerApp.password=",
        f"--ServerApp.root_dir={root}",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]


def wait_until_it_answers(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < until and server.poll() is None:
        try:
            lab.sessions()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-4000:]}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """The server and the kernels it started, which share its process group or end with it."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
