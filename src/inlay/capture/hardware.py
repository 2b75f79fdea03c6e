"""What the machine has: processor, cores, memory, graphics cards. Never its name or its user's.

Read from where each system keeps it, without psutil; what cannot be found out is left out.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any


@cache
def hardware() -> dict[str, Any]:
    """As far as known: `cpu` and `gpus` by name, `cores` and `memory` in bytes as usable here."""
    found = {"cpu": _cpu(), "cores": _cores(), "memory": _memory(), "gpus": _gpus()}
    return {key: value for key, value in found.items() if value}


def _cpu() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("model name", "Model", "cpu model", "Hardware"):
                return value.strip()
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    if sys.platform == "win32":
        return platform.processor() or None
    return platform.machine() or None


def _cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    """The machine's memory, or the container's limit where that is less."""
    total = _installed_memory()
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            allowed = int(Path(limit).read_text())
            return min(allowed, total) if total else allowed
    return total


def _installed_memory() -> int | None:
    if sys.platform == "win32":
        return _windows_memory()
    with contextlib.suppress(OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _windows_memory() -> int | None:
    import ctypes

    kibibytes = ctypes.c_ulonglong(0)
    kernel32 = getattr(ctypes, "windll").kernel32  # noqa: B009  # other systems' stubs lack it
    if kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kibibytes)):
        return kibibytes.value * 1024
    return None


def _gpus() -> list[str]:
    names = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        with contextlib.suppress(OSError):
            for line in file.read_text(errors="replace").splitlines():
                key, _, value = line.partition(":")
                if key == "Model":
                    names.append(value.strip())
    if not names and shutil.which("nvidia-smi"):
        listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
        names = [line.strip() for line in (listed or "").splitlines() if line.strip()]
    return names


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=False,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
