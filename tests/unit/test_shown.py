"""What is shown in Python's own output cannot take over a terminal, whoever gave the names."""

from __future__ import annotations

import numpy as np
import pytest

import inlay
from inlay.query.artifacts import Artifact
from inlay.query.shown import one_line
from inlay.tracking.run import Run
from inlay.transfer.exports import Exported
from inlay.transfer.imports import Imported, Skipped

EVIL = "a\x1b[2Jb\r\nc\u202e"


@pytest.mark.parametrize(("text", "shown"), [("plain – ä", "plain – ä"), (EVIL, r"a\x1b[2Jb\r\nc\u202e"), ("", "")])
def test_one_line(text, shown):
    assert one_line(text) == shown


def test_names_of_others(store):
    with inlay.start_run(EVIL, experiment=EVIL) as run:
        run.log_input(np.arange(3), name=EVIL, context=EVIL, source=EVIL)
        run.log_text("text", "x.txt")
    (artifact,) = run.artifacts
    shown = [
        repr(Run(run.attributes(), store)),
        repr(Artifact(EVIL, 1, EVIL, "file", artifact.hash, artifact.created_at)),
        *map(repr, run.inputs),
        repr(Imported(skipped=(Skipped(EVIL, EVIL),) * 7)),
        repr(Exported("here", skipped=(Skipped(EVIL, EVIL),) * 7)),
    ]
    assert len(shown) == 5
    for text in shown:
        assert r"\x1b" in text
        assert all(line.isprintable() for line in text.split("\n"))
