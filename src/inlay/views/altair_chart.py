"""`inlay.chart` and `Run.chart`: metrics as an ordinary Altair chart, to restyle, combine and save.

Altair takes rows, and the browser is slow at drawing many, so each line is cut to what a screen can show (M4, as in
the card) before a row is made. The rows are in the chart itself: whoever has the notebook has the picture.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import altair as alt
import numpy as np

from inlay.errors import InlayError
from inlay.query.charted import missing, newest_with, points_of
from inlay.query.reduction import m4
from inlay.store.store import current
from inlay.tracking.found import Runs, get_run
from inlay.tracking.run import Run
from inlay.tracking.values import check_key
from inlay.views.format import encodable, plain
from inlay.views.picture_chart import COLOURS, MUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inlay.query.history import History
    from inlay.query.reduction import Values

X: TypeAlias = Literal["step", "time", "relative"]

ROWS = 5_000
"""The most rows of a chart: as many as Altair puts into one."""
ROWS_A_LINE = 500
"""More than pixels matter: the rows are saved with the notebook."""
NEWEST = 10
"""How many runs are drawn when none are named."""
STRETCHES = 400
"""Means that a longer series is smoothed by, as in the card."""
WIDTH, HEIGHT = 480, 240
POINTS_SEEN = 40
"""Lines of at most so many points show them as dots."""
STROKES: dict[str, Any] = {
    "labelLimit": 240,
    "symbolType": "stroke",
    "symbolOpacity": 1,
    "symbolStrokeWidth": 2,
    "symbolSize": 150,
}
DASHES = ([1, 0], [5, 6], [1, 5], [10, 6], [10, 5, 1, 5])
"""Wide enough apart for round ends."""
FOR_THE_MOUSE = {"size": 60, "filled": False, "strokeOpacity": 0}
"""Points that only the mouse finds, for the tooltip: a line has none of its own."""
UNITS = ((2 * 86_400, 86_400, "days"), (2 * 3_600, 3_600, "hours"), (2 * 60, 60, "minutes"), (0, 1, "seconds"))


class RunChart(alt.Chart):
    """An `altair.Chart`; where it cannot be saved, it says how it could."""

    def save(self, fp: Any, *args: Any, **kwargs: Any) -> None:
        """Write the chart to a file: .svg, .png and .pdf with `pip install 'inlay[charts]'`, and .html and .json.

        An HTML file loads Vega from a CDN, unless `inline=True` puts it in (with the same extra).
        """
        wanted = (args[0] if args else kwargs.get("format")) or str(fp).rpartition(".")[2]
        shown = self
        if wanted in ("svg", "png", "pdf") and _of_mouse(getattr(self.mark, "point", None)):
            shown = self.copy(deep=False)
            shown.mark = self.mark.copy(deep=False)
            shown.mark.point = False
        try:
            super(RunChart, shown).save(fp, *args, **kwargs)
        except (ImportError, ValueError) as error:
            if _can_convert():
                raise
            msg = "saving a chart as a picture needs vl-convert: pip install 'inlay[charts]'"
            raise InlayError(msg) from error


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one run, cut to what is drawn; NaN is a gap."""

    run: str
    metric: str
    x: Values
    y: Values
    kind: str = "raw"


def chart(
    key: str | Sequence[str],
    runs: Run | str | Iterable[Run | str] | None = None,
    *,
    x: X = "step",
    smoothing: float = 0.0,
    log: bool = False,
) -> RunChart:
    """An Altair chart of one or several metrics, of one or several runs.

        inlay.chart("val/loss")                                  # the newest ten runs that logged it
        inlay.chart("val/loss", runs=[run, "baseline"], log=True)
        inlay.chart(["train/loss", "val/loss"], run).properties(width=700)

    `runs` is a run, an id or a name, or several of them, as from `inlay.runs()`. Runs that did not log a metric are
    left out, so long as one did. `x` is "step", "time" (of logging) or "relative" (since the start of the run).
    `smoothing`, from 0 to below 1, draws an exponential moving average over the values, which stay, faint. `log` makes
    the y-axis logarithmic: values that are zero or below are left out.

    The result is an `altair.Chart` with its rows inside (columns `run`, `metric`, `step`, `time` or `relative`,
    `value`, and `kind` when smoothed): change it by `.properties`, `.encode`, `.mark_line`, put it together with `+`
    and `|`, save it by `.save("loss.svg")` (or .png, both with `pip install 'inlay[charts]'`). Of a long series there
    are the first, lowest, highest and last of each stretch: 500 rows a line, 5,000 in all. It draws without a network:
    in JupyterLab and VS Code by what these bring, elsewhere as a picture.

    Raises `KeyError` naming the nearest metrics when no run has one of this name, `RunNotFoundError` for an unknown
    run, `ValueError` or `TypeError` for anything else that makes no sense.
    """
    keys = _keys(key)
    _check(x, smoothing, log)
    chosen = _chosen(keys, runs)
    lines = _lines(chosen, keys, x, float(smoothing), log=log)
    from inlay.views.altair_renderer import draw_offline

    drawn = _drawn(lines, chosen, keys, x, log=log)
    draw_offline(drawn)
    return drawn


# -- what is drawn ------------------------------------------------------------------------------------------


def _keys(given: Any) -> list[str]:
    keys = [given] if isinstance(given, str) else list(given) if isinstance(given, (list, tuple)) else None
    if not keys:
        raise TypeError(f"chart takes the name of a metric, or a list of names; got {given!r}")
    for key in keys:
        check_key(key)
    return list(dict.fromkeys(keys))


def _check(x: object, smoothing: object, log: object) -> None:
    if x not in ("step", "time", "relative"):
        raise ValueError(f"x is 'step', 'time' or 'relative'; got {x!r}")
    if isinstance(smoothing, bool) or not isinstance(smoothing, (int, float)):
        raise TypeError(f"smoothing is a number from 0 to below 1; got {smoothing!r}")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing is a number from 0 to below 1; got {smoothing!r}")
    if not isinstance(log, (bool, np.bool_)):
        raise TypeError(f"log is True or False; got {log!r}")


def _chosen(keys: list[str], given: Any) -> dict[str, Run]:
    """The runs to draw, by what they are called in the legend."""
    if given is None:
        store = current()
        if wrong := missing(store, None, keys):
            raise KeyError(f"{'; '.join(wrong)} in {store.folder}")
        runs = Runs(newest_with(store, keys, NEWEST), store).to_list()
    else:
        several = [given] if isinstance(given, (Run, str)) else given
        try:
            runs = [run if isinstance(run, Run) else get_run(run) for run in several]
        except TypeError:
            raise TypeError(f"runs are runs, or ids or names of runs; got {given!r}") from None
        if not runs:
            raise ValueError("no runs to draw: runs is empty")
    runs = list({run.run_id: run for run in runs}.values())
    _have(runs, keys)
    names = [plain(run.name, 60) or run.short_id for run in runs]
    often = Counter(names)
    return {name if often[name] == 1 else f"{name} {run.short_id}": run for name, run in zip(names, runs, strict=True)}


def _have(runs: list[Run], keys: list[str]) -> None:
    """Raises `KeyError` for metrics that none of the runs has."""
    wrong: set[str] | None = None
    for store in {run.store for run in runs}:
        here = set(missing(store, [run.run_id for run in runs if run.store is store], keys))
        wrong = here if wrong is None else wrong & here
    if wrong:
        whose = f"run {runs[0].short_id}" if len(runs) == 1 else f"any of the {len(runs)} runs"
        raise KeyError(f"{'; '.join(sorted(wrong))} in {whose}")


def _lines(chosen: dict[str, Run], keys: list[str], x: str, smoothing: float, *, log: bool) -> list[Line]:
    most = len(chosen) * len(keys) * (2 if smoothing else 1)
    limit = min(ROWS_A_LINE, ROWS // most)
    if limit < 10:
        raise ValueError(f"{most:,} lines are more than a chart can show; choose fewer runs or metrics")
    lines = []
    for name, run in chosen.items():
        for _, history in points_of(run.store, [run.run_id], keys):
            across, values = _columns(history, run, x, log=log)
            lines.append(Line(name, history.key, *m4(across, values, limit)))
            if smoothing:
                means = _means(across, values)
                lines.append(Line(name, history.key, *m4(means[0], smoothed(*means, smoothing), limit), "smoothed"))
    return lines


def _columns(history: History, run: Run, x: str, *, log: bool) -> tuple[Values, Values]:
    """Where the points stand, ascending, and their values. A logarithm of zero is a gap."""
    values = np.where(history.value > 0, history.value, np.nan) if log else history.value
    if x == "step":
        return history.step.astype(np.float64), values
    seconds = history.time.astype("datetime64[us]").astype(np.int64) / 1e6
    order = np.argsort(seconds, kind="stable")  # steps may come in any order, and clocks are set back
    seconds, values = seconds[order], values[order]
    return (seconds, values) if x == "time" else (seconds - run.started_at.timestamp(), values)


def _means(x: Values, y: Values) -> tuple[Values, Values]:
    """The points, or of a long series the mean of each stretch."""
    if len(x) <= 5 * STRETCHES:
        return x, y
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) == 0:
        return x, y
    width = max((x[-1] - x[0]) / STRETCHES, 1e-300)
    place = np.minimum(((x - x[0]) / width).astype(np.int64), STRETCHES - 1)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    counts = np.diff(np.append(starts, len(x)))
    # Divided first: the sum of many large values may be none.
    return np.add.reduceat(x / np.repeat(counts, counts), starts), np.add.reduceat(
        y / np.repeat(counts, counts), starts
    )


def smoothed(x: Values, y: Values, weight: float) -> Values:
    """The moving average of js/lib/smoothing.ts: TensorBoard's, without the pull of its start towards zero, and
    weighted by the distance in x as W&B's is. Gaps stay gaps.
    """
    spacing = (x[-1] - x[0]) / (len(x) - 1) if len(x) > 1 else 0.0
    average = gathered = 0.0
    before = x[0] if len(x) else 0.0
    averages = []
    for at, value in zip(x.tolist(), y.tolist(), strict=True):
        if not math.isfinite(value):
            averages.append(math.nan)
            continue
        distance = (at - before) / spacing if spacing > 0 and at > before else 1.0
        before = at
        past = gathered * weight**distance
        gathered = past + 1
        average = average * (past / gathered) + value / gathered
        averages.append(average)
    return np.asarray(averages, np.float64)


# -- the chart ----------------------------------------------------------------------------------------------


def _drawn(lines: list[Line], chosen: dict[str, Run], keys: list[str], x: str, *, log: bool) -> RunChart:
    title, unit = _across(lines, x)
    kinds = any(line.kind == "smoothed" for line in lines)
    rows = [row for line in lines for row in _rows(line, x, unit, kinds=kinds)]
    metrics = [key for key in keys if any(line.metric == key for line in lines)]
    runs = [name for name in chosen if any(line.run == name for line in lines)]
    dots = max(len(line.x) for line in lines) <= POINTS_SEEN
    mark: dict[str, Any] = {
        "strokeCap": "round",  # so that a point between two gaps is a dot
        "point": {"size": 20} if dots else FOR_THE_MOUSE,
        "clip": False,
    }
    one = len(runs) == 1 and len(metrics) == 1
    if one:
        mark["color"] = COLOURS[0]
    kind: Literal["temporal", "quantitative"] = "temporal" if x == "time" else "quantitative"
    across = alt.X(field=x, type=kind, title=title, scale=alt.Scale(zero=False, nice=False))
    values = alt.Y(
        field="value",
        type="quantitative",
        title=_title(metrics[0]) if len(metrics) == 1 else "value",
        scale=alt.Scale(type="log") if log else alt.Scale(zero=False),
    )
    tips = [
        alt.Tooltip(field="run", type="nominal"),
        alt.Tooltip(field="metric", type="nominal"),
        alt.Tooltip(field=x, type="temporal", format="%-d %b %Y %H:%M:%S")
        if x == "time"
        else alt.Tooltip(field=x, type="quantitative"),
        alt.Tooltip(field="value", type="quantitative"),
    ]
    encoding: dict[str, Any] = {"x": across, "y": values, "tooltip": tips}
    if not one:
        by, names = ("run", runs) if len(runs) > 1 else ("metric", [*map(encodable, metrics)])
        colours = alt.Scale(domain=names, range=[COLOURS[at % len(COLOURS)] for at in range(len(names))])
        encoding["color"] = alt.Color(field=by, type="nominal", scale=colours, legend=alt.Legend(**STROKES))
        if len(runs) > 1 and len(metrics) > 1:
            encoding["strokeDash"] = alt.StrokeDash(
                field="metric",
                type="nominal",
                scale=alt.Scale(
                    domain=[*map(encodable, metrics)],
                    range=[DASHES[at % len(DASHES)] for at in range(len(metrics))],
                ),
                legend=alt.Legend(**STROKES, symbolStrokeColor=MUTED),
            )
    if kinds:
        encoding["opacity"] = alt.Opacity(
            field="kind",
            type="nominal",
            scale=alt.Scale(domain=["raw", "smoothed"], range=[0.25, 1]),
            legend=None,
        )
    drawn = RunChart(alt.InlineData(values=rows), width=WIDTH, height=HEIGHT)
    if len(runs) == 1:
        drawn.title = _title(runs[0])
    styled: RunChart = drawn.mark_line(**mark).encode(**encoding)
    return styled


def _title(text: str) -> str:
    return plain(text, 120) or " "


def _across(lines: list[Line], x: str) -> tuple[str, float]:
    """The title of the x-axis, and the unit its numbers are in."""
    if x == "step":
        return "step", 1
    if x == "time":
        return "time", 1e-3  # Vega counts milliseconds
    longest = max((float(line.x[-1]) for line in lines if len(line.x)), default=0.0)
    _, unit, word = next(entry for entry in UNITS if longest >= entry[0] or entry[0] == 0)
    return f"{word} since the start", unit


def _rows(line: Line, x: str, unit: float, *, kinds: bool) -> list[dict[str, Any]]:
    named: dict[str, Any] = {"run": line.run, "metric": encodable(line.metric)}
    if kinds:
        named["kind"] = line.kind
    return [
        {**named, x: round(at / unit) if x == "time" else _number(at / unit), "value": _number(value)}
        for at, value in zip(line.x.tolist(), line.y.tolist(), strict=True)
    ]


def _number(value: float) -> float | int | None:
    """Seven digits are more than a picture shows, and less than half of what Python writes; JSON has no NaN."""
    if not math.isfinite(value):
        return None
    if value == int(value) and abs(value) < 2**53:
        return int(value)
    return float(f"{value:.7g}")


def _of_mouse(point: Any) -> bool:
    """Whether points are there for the tooltip alone; in a picture each would be an element that nobody sees."""
    return isinstance(point, dict) and point == FOR_THE_MOUSE


def _can_convert() -> bool:
    try:
        import vl_convert  # noqa: F401
    except ImportError:
        return False
    return True
