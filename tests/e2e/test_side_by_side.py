"""Journeys of two notebooks that record into one store at the same time."""

from __future__ import annotations

from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.shown import chart_is_seen, live_card
from e2e.truth import Truth, assert_live_true

LOAD = "%load_ext inlay\nimport inlay, time"
TRAIN = """%%track {name} -e journeys
for step in range(300):
    inlay.log({{"loss": {level} / (step + 1), "score": {level} * step}})
    time.sleep(0.01)
    if step % 50 == 0:
        inlay.sql("select count(*) from metrics").fetchall()  # each looks at the store while both write to it
"""


def test_two_notebooks_one_store(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    names = ("left", "right")
    pages = [
        notebook(LOAD, TRAIN.format(name=name, level=level), name=name) for level, name in enumerate(names, start=1)
    ]
    for page in pages:
        page.run_all()
    eventually(lambda: all(page.is_running(1) for page in pages))
    for level, (page, name) in enumerate(zip(pages, names, strict=True), start=1):
        page.page.bring_to_front()
        page.wait_until_run(1)
        page.wait_until_idle()
        run = truth.run(name)
        assert run.status == "finished"
        history = run.history("score")
        assert history.value.tolist() == [level * step for step in range(300)]
        page.show(1)
        card = eventually(
            lambda page=page: (card := live_card(page.output(1))) and card["status"] == "finished" and card
        )
        assert_live_true(card, run)
        eventually(lambda page=page: chart_is_seen(page.output(1)))
    spans = [(run.started_at, run.ended_at) for run in truth.runs()]
    assert len(spans) == 2
    assert max(start for start, _ in spans) < min(end for _, end in spans), "they did not run at once"
