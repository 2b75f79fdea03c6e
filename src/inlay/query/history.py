"""The points of metrics, as NumPy columns."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inlay.query.frame import need_pandas
from inlay.query.fresh import fresh

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from inlay.store.store import Store


@dataclass(frozen=True, slots=True)
class History:
    """Every point of one metric, ordered by step; of equal steps, in the order they were logged.

    `step` int64, `time` datetime64[us] in UTC, `value` float64; each of shape (n,).
    """

    key: str
    step: NDArray[np.int64]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.step)

    def __repr__(self) -> str:
        if not len(self):
            return f"History of {self.key!r}: no points"
        return f"History of {self.key!r}: {len(self):,} points, steps {self.step[0]} to {self.step[-1]}"

    def to_df(self) -> pd.DataFrame:
        """A pandas data frame with columns step, time, value. Needs pandas."""
        need_pandas()
        import pandas as pd

        return pd.DataFrame({"step": self.step, "time": self.time, "value": self.value})


POINTS = "SELECT step, time, value FROM points WHERE series_id = ?"


def history(store: Store, run_id: str, key: str) -> History:
    """Every point of the run's metric `key`. Raises `KeyError` naming the nearest metrics when it has none."""
    with fresh(store) as con:
        rows = con.execute("SELECT key, series_id FROM series WHERE run_id = ? AND count > 0", [run_id]).fetchall()
        ids = dict(rows)
        if key not in ids:
            near = difflib.get_close_matches(key, list(ids), 3) or sorted(ids)[:5]
            hint = f"; it has {', '.join(map(repr, near))}" if near else "; it has no metrics"
            msg = f"the run has no metric {key!r}{hint}"
            raise KeyError(msg)
        columns = con.execute(POINTS, [ids[key]]).fetchnumpy()
    return ordered(key, columns)


# With their rows, for a join may hand them out in any order.
_SEVERAL = """
SELECT rowid AS row, series_id, step, time, value FROM points WHERE series_id IN (SELECT unnest(?::INTEGER[]))
"""


def histories(store: Store, run_id: str) -> dict[str, History]:
    """Every metric of a run, in the order they were first logged; one look at the table for all of them."""
    import numpy as np

    with fresh(store) as con:
        rows = con.execute(
            "SELECT series_id, key FROM series WHERE run_id = ? AND count > 0 ORDER BY series_id", [run_id]
        ).fetchall()
        found = con.execute(_SEVERAL, [[number for number, _ in rows]]).fetchnumpy()
    order = np.lexsort((found["row"], found["series_id"]))
    columns = {name: column[order] for name, column in found.items()}
    starts = np.searchsorted(np.ma.getdata(columns["series_id"]), [number for number, _ in rows]).tolist()
    return {
        key: ordered(key, {name: column[start:end] for name, column in columns.items()})
        for (_, key), start, end in zip(rows, starts, [*starts[1:], len(order)], strict=True)
    }


def ordered(key: str, columns: dict[str, Any]) -> History:
    """What `POINTS` found. DuckDB gives rows in order of insertion; steps are usually in order already."""
    import numpy as np

    step, time, value = (np.ma.getdata(columns[name]) for name in ("step", "time", "value"))
    if len(step) > 1 and np.any(step[1:] < step[:-1]):
        order = np.argsort(step, kind="stable")
        step, time, value = step[order], time[order], value[order]
    return History(key, step, time, value)
