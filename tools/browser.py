"""Prints the path of the Chromium that the browser tests drive, installing one where none is.

The order is: what CHROMIUM_PATH names, a system browser, Debian's package when we are root there,
Playwright's own. With none of these it fails: a browser test is never skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without fonts every letter is a box, and the screenshots prove nothing.
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")


def chosen() -> str | None:
    path = os.environ.get("CHROMIUM_PATH")
    if path and not Path(path).is_file():
        sys.exit(f"CHROMIUM_PATH is {path!r}, which is no file; correct it or unset it.")
    return path or None


def on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def from_debian() -> str | None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return None
    say("No Chromium found: installing Debian's")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES]
    for arguments in (["update"], install):
        command = [apt, "-qq", *arguments]
        # Whether it worked shows in whether the browser is there; else the next way is tried.
        subprocess.run(command, check=False, env=environment, stdout=sys.stderr)
    return on_path()


def from_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).is_file():
        say("No Chromium found: installing Playwright's")
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(command, check=False, stdout=sys.stderr)
    return path if Path(path).is_file() else None


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    browser = chosen() or on_path() or from_debian() or from_playwright()
    if browser is None:
        sys.exit(
            "The browser tests need Chromium, and none could be installed. Install it, or set CHROMIUM_PATH to one."
        )
    print(browser)
