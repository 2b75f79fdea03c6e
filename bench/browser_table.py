"""The run table in a real JupyterLab and Chromium: how it scrolls, how a facet answers, how soon many runs are charted.

    python bench/browser_table.py [--quick]

Times come from the page's own clock, as in `browser.py`. The load of the machine stands beside them: kernel, server
and browser share it with whatever else runs. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from browser import ADDITIONS, WATCH, in_page, opened
from e2e.browser import launch, shut_in
from e2e.lab import running_lab
from e2e.notebook_page import eventually
from figures import Figure, machine, print_table, progress
from filled import PARAMS, TAGS, filled
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.lab import Lab
    from e2e.notebook_page import NotebookPage
    from playwright.sync_api import BrowserContext, CDPSession, Locator, Page

COLUMNS, ATTRIBUTES = 200, 18
CHARTED, POINTS = 50, 10_000
WIDE = """
inlay.connect("wide")
every = [column["id"] for column in inlay.RunTable().session.all_columns()]
"""
SHOW_WIDE = 'inlay.RunTable(state={"columns": every, "height": 420})'
CURVES = f"""
inlay.connect("curves")
for k in range({CHARTED}):
    with inlay.start_run(f"run {{k:02}}", params={{"k": k}}) as run:
        run.log_metrics_array("curve", np.random.default_rng(k).normal(size={POINTS}).cumsum())
chosen = [run.run_id for run in inlay.runs()]
"""
SHOW_CURVES = """
inlay.RunTable(state={"selected": chosen, "charts": [{"kind": "lines", "metric": "curve"}], "height": 120})
"""
# Down row by row, across, to far places, and both at once; a step a frame.
SCROLL = """
async (grid) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const height = grid.scrollHeight;
  await frame();
  window.bench.long.length = 0;
  let frames = 0;
  const step = async (down, right) => { grid.scrollTop += down; grid.scrollLeft += right; frames++; await frame(); };
  for (let i = 0; i < 120; i++) await step(137, 0);
  for (let i = 0; i < 120; i++) await step(0, 173);
  for (let i = 0; i < 60; i++) { grid.scrollTop = (i * 7919 * 28) % height; await step(0, 0); }
  for (let i = 0; i < 60; i++) await step(1300, -230);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return { frames, long: window.bench.long.map(([, length]) => length) };
}
"""
# Every number of runs that the table says, and when; and when the pointer moved last.
COUNTS = """
(table) => {
  const count = table.querySelector(".inlay-runs-count");
  window.bench.counts = [];
  window.bench.pointer = 0;
  new MutationObserver(() => window.bench.counts.push([performance.now(), count.textContent]))
    .observe(count, { subtree: true, childList: true, characterData: true });
  for (const kind of ["pointermove", "pointerup"])
    table.addEventListener(kind, () => { window.bench.pointer = performance.now(); }, true);
}
"""
# Resolves with the moment that the chart has its lines: what its canvas is called says what is to be seen.
CHARTED_AT = """
() => new Promise((resolve) => {
  const look = () => {
    const canvas = document.querySelector(".inlay-run-table canvas[aria-label]");
    if (/:.*[0-9]/.test(canvas?.ariaLabel ?? "")) requestAnimationFrame(() => resolve(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})
"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="few runs")
    asked = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="inlay-bench-", ignore_cleanup_errors=True) as name,
        running_lab(Path(name)) as lab,
        sync_playwright() as playwright,
        shut_in(launch(playwright)) as (context, _),
    ):
        context.add_init_script(WATCH)
        found = [*wide(lab, context, 2_000 if asked.quick else 100_000), *curves(lab, context)]
    print(machine())
    return 0 if print_table(found) else 1


def wide(lab: Lab, context: BrowserContext, runs: int) -> Iterator[Figure]:
    """A table of 200 columns: scrolled everywhere, and filtered by a facet."""
    progress(f"a store of {runs:,} runs")
    filled(lab.root / "wide", runs, COLUMNS - ATTRIBUTES - PARAMS - TAGS)
    progress(f"a table of {runs:,} runs x {COLUMNS}")
    with opened(lab, context, "wide", WIDE, SHOW_WIDE) as page:
        table = shown(page)
        reference = [page.page.evaluate(ADDITIONS) for _ in range(3)]
        page.page.wait_for_timeout(3000)  # until its picture is drawn
        grid = table.locator(".inlay-grid")
        devtools = context.new_cdp_session(page.page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        frames, long, cpu = 0, [], -busy(devtools)
        for _ in range(3):
            taken = grid.evaluate(SCROLL)
            frames, long = frames + taken["frames"], long + taken["long"]
            grid.evaluate("(grid) => { grid.scrollTop = grid.scrollLeft = 0 }")
        cpu += busy(devtools)
        share, longest = len(long) / frames, max(long, default=0)
        yield Figure(
            f"scrolling {runs:,} x {COLUMNS}: frames with a task over 50 ms", f"{share:.1%}", load(), "< 5%",
            share < 0.05,
        )  # fmt: skip
        yield Figure("... the longest task", f"{longest:.0f} ms" if long else "none", "", "<= 150 ms", longest <= 150)
        yield Figure("... CPU time of the page's main thread", f"{cpu / frames * 1e3:.1f} ms a frame")
        head = table.locator('.inlay-head [data-column="metrics.m0"] .inlay-head-name')
        # The heads of all attributes come first.
        eventually(lambda: grid.evaluate("(grid) => { grid.scrollLeft += 300 }") or head.count() == 1)
        head.click()
        table.evaluate(COUNTS)
        answers = [brush(page.page, table, at) for at in (0.1, 0.5, 0.3, 0.2, 0.4)]
        one = in_page(f"facet of {runs:,} runs: end of a drag to the new rows", answers, 200, reference)
        yield Figure(one.what, one.ours, f"{one.against}, {load()}", one.bar, one.holds)


def curves(lab: Lab, context: BrowserContext) -> Iterator[Figure]:
    """Runs over each other."""
    progress(f"{CHARTED} runs of {POINTS:,} points")
    with opened(lab, context, "curves", CURVES, SHOW_CURVES) as page:
        taken, reference = [], []
        for _ in range(5):
            reference.append(page.page.evaluate(ADDITIONS))
            page.command("notebook:clear-all-cell-outputs")
            page.page.evaluate("window.bench.messages.length = 0; window.bench.on = true")
            page.run_cell(2)
            drawn = page.page.evaluate(CHARTED_AT)
            messages = page.page.evaluate("window.bench.on = false, window.bench.messages")
            taken.append(drawn - next(at for at, way, word in messages if way == "in" and word == "comm_open"))
            page.wait_until_idle()
        what = f"{CHARTED} runs of {POINTS:,} points over each other: first message to drawn"
        one = in_page(what, taken, 700, reference)
        yield Figure(one.what, one.ours, f"{one.against}, {load()}", one.bar, one.holds)


def shown(page: NotebookPage) -> Locator:
    """The table, run and scrolled to."""
    page.run_cell(2)
    page.wait_until_run(2, timeout_s=120)
    table = page.output(2).locator(".inlay-run-table").first
    table.wait_for(state="visible")
    table.evaluate("(table) => table.scrollIntoView({ block: 'start' })")
    return table


def brush(page: Page, table: Locator, start: float) -> float:
    """Drag over two fifths of the facet that is open; milliseconds from the end of the drag to the last rows."""
    plot = table.locator(".inlay-facet-plot")
    plot.wait_for()
    page.wait_for_timeout(1000)
    box = plot.bounding_box()
    assert box is not None
    plot.dblclick(position={"x": 2, "y": 4})
    page.wait_for_timeout(1000)
    page.evaluate("window.bench.counts.length = 0")
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + (start + 0.4) * box["width"], y, steps=4)
    page.mouse.up()
    eventually(lambda: page.evaluate("window.bench.counts.length"))
    page.wait_for_timeout(1500)
    counts, pointer = page.evaluate("[window.bench.counts, window.bench.pointer]")
    return float(next(at for at, said in counts if said == counts[-1][1]) - pointer)


def busy(devtools: CDPSession) -> float:
    """Seconds of CPU that the page's main thread has taken, which other work on the machine does not add to."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def load() -> str:
    """How busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


if __name__ == "__main__":
    sys.exit(main())
