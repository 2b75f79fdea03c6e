"""One notebook open in JupyterLab, and what a user does with it: run, save, interrupt, restart, reload, close.

What has a button is done by pressing it; the rest goes through JupyterLab's own commands. JupyterLab's
indicators lie before the kernel exists, so waiting asks its session, not its looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from e2e.lab import Lab
from playwright.sync_api import Locator, Page

NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden)"

# Within one evaluation, since a promise kept between two is lost when the page changes.
_WAIT_FOR_KERNEL = """
async () => {
  const until = Date.now() + 60000;
  while (Date.now() < until) {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
    const kernel = session?.session?.kernel;
    if (session?.isReady && kernel && (await kernel.info) && kernel.status === "idle"
        && kernel.connectionStatus === "connected") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the kernel did not become idle");
}
"""


class NotebookPage:
    """A notebook in a page of its own."""

    def __init__(self, page: Page, lab: Lab, file: Path) -> None:
        self.page = page
        self.lab = lab
        self.file = file

    # --- opening and closing ---

    def open(self, *, kernel: bool = True) -> NotebookPage:
        """Show the notebook in a fresh workspace; without a kernel as "Open With, Notebook (no kernel)" does."""
        path = self.file.relative_to(self.lab.root).as_posix()
        workspace = f"{self.lab.url}/lab/workspaces/w{time.monotonic_ns()}"
        tree = f"/tree/{quote(path)}" if kernel else ""
        self.page.goto(f"{workspace}{tree}?token={self.lab.token}&reset")
        self.page.wait_for_function("window.jupyterapp?.shell !== undefined")
        if not kernel:
            self.page.evaluate("jupyterapp.restored.then(() => undefined)")
            arguments = {"path": path, "factory": "Notebook"}
            arguments["kernelPreference"] = {"shouldStart": False, "shouldReuse": False}
            self.command("docmanager:open", arguments)
        self._wait_until_shown()
        if kernel:
            self.wait_until_idle()
        return self

    def reload(self) -> None:
        """Press the browser's reload button; the kernel goes on."""
        self.page.reload()
        self._wait_until_shown()

    def close(self) -> None:
        """Close the tab and shut its kernel down, as "Close and Shut Down Notebook" does."""
        self.page.close()
        self.lab.shut_down_kernels()

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")

    def saved(self) -> nbformat.NotebookNode:
        return nbformat.read(self.file, as_version=4)

    # --- running ---

    def run_all(self) -> None:
        """Start every cell, and come back at once."""
        self.start_command("notebook:run-all-cells")

    def run_cell(self, index: int) -> None:
        """Start one cell, and come back at once."""
        self.page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {index}")
        self.start_command("notebook:run-cell")

    def edit(self, index: int, source: str) -> None:
        """Write another source into a cell."""
        self.page.evaluate(
            "([index, source]) => jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source)",
            [index, source],
        )

    def interrupt(self) -> None:
        self.page.locator(f'{NOTEBOOK} [data-jp-item-name="interrupt"]').click()

    def restart(self) -> None:
        """Press the restart button, and confirm."""
        self.page.locator(f'{NOTEBOOK} [data-jp-item-name="restart"]').click()
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def wait_until_idle(self) -> None:
        self.page.evaluate(_WAIT_FOR_KERNEL)

    def wait_until_run(self, index: int | None = None, timeout_s: float = 60) -> None:
        """Wait for the answer to a cell's execution; without an index to all of them."""
        wanted = "" if index is None else f"[{index}]"
        unfinished = f"""
            [...jupyterapp.shell.currentWidget.content.widgets].map((cell, i) => [cell, i])
              .filter(([cell, i]) => cell.model.type === "code" && ({wanted or "[i]"}).includes(i))
              .filter(([cell]) => cell.model.executionState === "running" || cell.model.executionCount === null)
              .length === 0
        """
        self.page.wait_for_function(unfinished, timeout=timeout_s * 1000)

    def is_running(self, index: int) -> bool:
        return self.page.evaluate(
            f"jupyterapp.shell.currentWidget.content.widgets[{index}].model.executionState === 'running'"
        )

    def execution_count(self, index: int) -> int | None:
        return self.page.evaluate(f"jupyterapp.shell.currentWidget.content.widgets[{index}].model.executionCount")

    # --- looking ---

    def cell_ids(self) -> list[str]:
        return self.page.evaluate("jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.id)")

    def cell(self, index: int) -> Locator:
        return self.page.locator(f'{NOTEBOOK} .jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-Cell-outputArea")

    def show(self, index: int) -> None:
        """Scroll a cell's output to the middle, for charts are drawn when they can be seen."""
        self.output(index).evaluate("(output) => output.scrollIntoView({ block: 'center' })")
        self.page.wait_for_timeout(200)

    def trusted(self) -> bool:
        return self.page.evaluate(
            """[...jupyterapp.shell.currentWidget.content.widgets]
                 .filter((cell) => cell.model.type === "code").every((cell) => cell.model.trusted)"""
        )

    def has_kernel(self) -> bool:
        return self.page.evaluate("Boolean(jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel)")

    def use_theme(self, name: str) -> None:
        """`light` or `dark`."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name.title()}"})
        light = "true" if name == "light" else "false"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        # The style sheet comes a moment after the attribute.
        self.page.wait_for_timeout(300)

    # --- commands ---

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Carry out a command of JupyterLab and wait until it is done."""
        self.page.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => undefined)",
            [name, arguments or {}],
        )

    def start_command(self, name: str) -> None:
        self.page.evaluate("(name) => void jupyterapp.commands.execute(name)", name)

    def _wait_until_shown(self) -> None:
        self.page.wait_for_selector(f"{NOTEBOOK} .jp-Notebook .jp-Cell", state="attached")


def eventually(truth: Callable[[], Any], within_s: float = 15, every_s: float = 0.05) -> Any:
    """The first true value of `truth()`; fails when there is none in time."""
    until = time.monotonic() + within_s
    while True:
        value = truth()
        if value:
            return value
        assert time.monotonic() < until, f"not within {within_s} s: {truth}"
        time.sleep(every_s)
