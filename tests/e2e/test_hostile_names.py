"""A journey with names from somebody who means harm: they are shown as they are, and run nothing."""

from __future__ import annotations

from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.shown import chart_is_seen, live_card, static_card
from e2e.truth import Truth

SCRIPT = '<script>window.stolen=1</script><img src=x onerror="window.stolen=1">'
CELL = f"""
import time
hostile = {SCRIPT!r}
with inlay.start_run(hostile + " name", experiment=hostile, params={{hostile: hostile}}, tags={{hostile: hostile}}, note=hostile) as run:
    for step in range(20):
        run.log({{hostile: step, "a\\n\\"b\\" 🧪/" + hostile: step * 2}})
        time.sleep(0.05)
    raise ValueError(hostile)
"""


def test_names_run_no_script(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    page = notebook("%load_ext inlay\nimport inlay", CELL)
    page.run_all()
    card = eventually(lambda: live_card(page.output(1)))
    assert card["name"] == SCRIPT + " name"
    page.wait_until_run(1)
    page.wait_until_idle()
    run = truth.run(SCRIPT + " name")
    assert run.status == "failed"
    assert run.params == {SCRIPT: SCRIPT}
    assert run.metrics == {SCRIPT: 19, f'a\n"b" 🧪/{SCRIPT}': 38}
    shown = eventually(lambda: (card := static_card(page.output(1))) and card.status == "failed" and card)
    assert shown.name == run.name
    assert SCRIPT in shown.text
    page.show(1)
    assert chart_is_seen(page.output(1))
    keep_picture(page.page, "hostile-light")
    page.save()
    page.close()
    again = notebook(file=page.file, kernel=False)
    eventually(lambda: static_card(again.output(1)))
    for shown_page in (page, again):
        if not shown_page.page.is_closed():
            assert shown_page.page.evaluate("window.stolen") is None
