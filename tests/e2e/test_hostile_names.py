"""A journey with names from somebody who means harm: they are shown as they are, and run nothing."""

from __future__ import annotations

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from e2e.shown import chart_is_seen, live_card, static_card
from e2e.truth import Truth

SCRIPT = '<script>window.stolen=1</script><img src=x onerror="window.stolen=1">'
CELL = f"""
import time
hostile = {SCRIPT!r}
with inlay.start_run(hostile + " name", experiment=hostile, params={{hostile: hostile}}, tags={{hostile: hostile}}, note=hostile) as run:
    run.log_text(hostile, hostile.replace("/", "") + ".txt")
    run.log_text(hostile + "," + hostile, "table.csv")
    print(hostile)
    with inlay.start_run(hostile + " child", nested=True): pass
    for step in inlay.progress(range(20), desc=hostile):
        run.log({{hostile: step, "a\\n\\"b\\" 🧪/" + hostile: step * 2}})
        time.sleep(0.05)
    raise ValueError(hostile)
"""


def test_names_run_no_script(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook("%load_ext inlay\nimport inlay", CELL)
    page.run_all()
    assert eventually(lambda: live_card(page.output(1)))["name"] == SCRIPT + " name"
    page.wait_until_run(1)
    page.wait_until_idle()
    run = truth.run(SCRIPT + " name")
    assert run.status == "failed"
    assert run.params == {SCRIPT: SCRIPT}
    assert run.metrics == {SCRIPT: 19, f'a\n"b" 🧪/{SCRIPT}': 38}

    card = Card(page, 1).show()
    eventually(lambda: card.status == "failed")
    eventually(lambda: chart_is_seen(page.output(1)))
    header = card.text(".inlay-header")
    assert header.count(SCRIPT) == 5, "name, experiment, key and value of a tag, note"
    assert SCRIPT in card.text(".inlay-progress")
    assert SCRIPT in card.text(".inlay-failure")
    for panel in card.panels():
        shown = card.open(panel).inner_text()
        assert SCRIPT in shown or panel in ("Code", "Environment", "Artifacts"), panel
    files = card.open("Artifacts")
    for name, content in ((".txt", "pre"), ("table.csv", "th")):
        files.locator(".inlay-file", has_text=name).click()
        eventually(lambda content=content: SCRIPT in files.locator(content).first.inner_text())
    chart = card.chart(SCRIPT)
    chart.choose("Show data")
    assert SCRIPT in chart.data.inner_text()
    keep_picture(page.page, "hostile-light")
    assert_stolen_nothing(page)
    page.save()
    page.close()

    again = notebook(file=page.file, kernel=False)
    saved = eventually(lambda: static_card(again.output(1)))
    assert (saved.name, saved.status) == (run.name, "failed")
    assert SCRIPT in saved.text
    again.show(1)
    assert chart_is_seen(again.output(1))
    assert_stolen_nothing(again)


def assert_stolen_nothing(page: NotebookPage) -> None:
    assert page.page.evaluate("window.stolen") is None
