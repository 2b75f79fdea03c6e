"""The environment a run ran in: Python, platform, installed packages, hardware.

Two steps, because the list of packages takes a tenth of a second: `quick` costs next to nothing and
is enough for a run that dies at once, `full` is for a background thread. Packages are read from
their metadata (no `pip` process), once, and again when something was installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import sysconfig
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.capture.hardware import hardware
from inlay.store.masking import mask_text, mask_value

if TYPE_CHECKING:
    from importlib.metadata import Distribution


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run ran in; nothing in it names the machine or its user."""

    python: str
    platform: str
    packages: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the contents: the same environment is stored once."""
        return hashlib.sha256(json.dumps(self._columns(), sort_keys=True).encode()).hexdigest()

    def as_row(self) -> dict[str, Any]:
        """The columns of the table `environments`."""
        return {"env_hash": self.hash, **self._columns()}

    def _columns(self) -> dict[str, Any]:
        # `asdict` copies three hundred package names one by one: 2 ms of every start of a run.
        return {one.name: getattr(self, one.name) for one in fields(self)}


@cache
def quick() -> Environment:
    """Python and platform only; no process is started and no folder listed."""
    implementation = "" if sys.implementation.name == "cpython" else f" {sys.implementation.name}"
    python = f"{platform.python_version()}{implementation}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        python += " free-threaded"
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Environment(python, system)


def full() -> Environment:
    """Everything; a tenth of a second the first time, hardly anything after."""
    start = quick()
    packages = _packages(_fingerprint())
    return Environment(start.python, start.platform, packages, hardware(), variables())


def is_known() -> bool:
    """Whether `full` would answer at once."""
    return _packages_known_for == _fingerprint()


# --- packages -------------------------------------------------------------------------------------

_packages_known_for: tuple[tuple[str, int], ...] | None = None
_known_packages: dict[str, str] = {}


def _fingerprint() -> tuple[tuple[str, int], ...]:
    """Changes when a package is installed into, or removed from, a folder on the path."""
    folders = []
    for entry in sys.path:
        try:
            folders.append((entry, Path(entry).stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(folders)


def _packages(fingerprint: tuple[tuple[str, int], ...]) -> dict[str, str]:
    global _packages_known_for, _known_packages
    if _packages_known_for != fingerprint:
        _known_packages = _installed()
        _packages_known_for = fingerprint
    return _known_packages


def _installed() -> dict[str, str]:
    """Version of each distribution by name; where it came from, if not from an index."""
    from importlib import metadata

    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        try:
            name = distribution.metadata["Name"]
            if name and name not in found:  # the first on the path is the one that is imported
                found[name] = f"{distribution.version}{_origin(distribution)}"
        except Exception:  # noqa: BLE001, S112  # one broken installation must not hide the others
            continue
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _origin(distribution: Distribution) -> str:
    """` (editable)`, ` @ git+https://...@commit`, or nothing for a package from an index."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return ""
    url = json.loads(text)
    if "vcs_info" in url:
        version = url["vcs_info"]
        return mask_text(f" @ {version['vcs']}+{url['url']}@{version.get('commit_id', '')}")
    if url.get("dir_info", {}).get("editable"):
        return " (editable)"
    return "" if url["url"].startswith("file:") else mask_text(f" @ {url['url']}")


# --- variables ------------------------------------------------------------------------------------

# Those that change what a training computes or how fast; anything else is nobody's business, nor is
# where something lies on this disk.
_TELLING = ("CUDA_", "CUBLAS_", "OMP_", "MKL_", "OPENBLAS_", "NCCL_", "TORCH_", "PYTORCH_", "XLA_")
_TELLING_TOO = frozenset(
    {
        "JAX_PLATFORMS",
        "PYTHONHASHSEED",
        "TF_CUDNN_DETERMINISTIC",
        "TF_DETERMINISTIC_OPS",
        "TF_ENABLE_ONEDNN_OPTS",
        "TF_FORCE_GPU_ALLOW_GROWTH",
        "TOKENIZERS_PARALLELISM",
    }
)


def variables() -> dict[str, str]:
    """Those environment variables that change what a training computes, secrets masked."""
    return {
        name: mask_value(name, value)
        for name, value in sorted(os.environ.items())
        if (name.startswith(_TELLING) or name in _TELLING_TOO) and os.sep not in value
    }
