"""The browser of the journeys: the Chromium of this machine, shut in so that only this machine can be reached.

A request that leaves is refused and remembered, for "no network" is a promise; so is everything a page says
in its console or its dialogs, where a script that came in by a metric's name would show itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright, Route

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Below the pages' requests, too, no name leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
HOME = {"127.0.0.1", "localhost", ""}
VIEWPORT = {"width": 1280, "height": 1000}


def executable() -> str:
    """The browser to drive; without one the tests fail, for skipped they would prove nothing."""
    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("The journeys need Chromium: `make e2e` brings one, or set CHROMIUM_PATH.", pytrace=False)
    return path


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)


@dataclass
class Witness:
    """What the pages of one test did beside showing things."""

    left: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("dialog", self._on_dialog)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.on("websocket", lambda socket: self._on_address(socket.url))

    def route(self, route: Route) -> None:
        if self._on_address(route.request.url):
            route.abort()
        else:
            route.fallback()

    def _on_address(self, url: str) -> bool:
        """Whether this address is outside."""
        outside = (urlsplit(url).hostname or "") not in HOME
        if outside:
            self.left.append(url)
        return outside

    def _on_dialog(self, dialog: Dialog) -> None:
        # Leaving a page with unsaved work asks; only a script says something.
        if dialog.type != "beforeunload":
            self.dialogs.append(dialog.message)
        dialog.accept()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@contextmanager
def shut_in(browser: Browser, scale: float = 1) -> Iterator[tuple[BrowserContext, Witness]]:
    """A context from which nothing leaves, and the witness to what was tried."""
    witness = Witness()
    context = browser.new_context(viewport=VIEWPORT, device_scale_factor=scale, reduced_motion="reduce")
    context.route("**/*", witness.route)
    context.on("page", witness.watch)
    context.set_default_timeout(20_000)
    try:
        yield context, witness
    finally:
        context.close()
