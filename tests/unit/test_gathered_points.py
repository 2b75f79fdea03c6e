"""Points of metrics logged together are put together by metric when many are taken in at once."""

from __future__ import annotations

import numpy as np
import pytest

import inlay
from inlay.store.ingest import ingest


@pytest.mark.parametrize(("each", "together"), [(3000, True), (100, False)])
def test_many_points_of_each_lie_together(tmp_path, each, together):
    """A history of 10,000 points out of 500 series took 90 ms: every block of the file held some of it."""
    store = inlay.connect(tmp_path / ".inlay")
    with inlay.start_run("r", store=store) as run:
        for i in range(each):
            # Steps go back now and then, and are given twice: neither may change the order of logging.
            run.log({"a": float(i), "b": -float(i), "c": 0.5}, step=i // 2 - 50 * (i % 7 == 3))
    ingest(store)
    with store.open() as con:
        series = con.execute("SELECT series_id FROM points ORDER BY rowid").fetchnumpy()["series_id"]
        rows = con.execute(
            "SELECT value FROM points JOIN series USING (series_id) WHERE key = 'a' ORDER BY points.rowid"
        )
        assert rows.fetchnumpy()["value"].tolist() == list(range(each))
    assert bool(np.count_nonzero(np.diff(series)) == 2) is together
    steps = [i // 2 - 50 * (i % 7 == 3) for i in range(each)]
    wanted = sorted(range(each), key=steps.__getitem__)  # stable
    assert run.history("a").value.tolist() == wanted
    assert inlay.sql("SELECT key, count, first, last, min, max FROM metric_summary ORDER BY key").fetchall()[:2] == [
        ("a", each, float(wanted[0]), float(wanted[-1]), 0.0, float(each - 1)),
        ("b", each, -float(wanted[0]), -float(wanted[-1]), -float(each - 1), 0.0),
    ]
