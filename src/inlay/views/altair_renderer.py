"""How inlay's Altair charts reach the page without a network: one MIME bundle for every front end.

Altair's own default loads its libraries from a CDN, and its MIME renderer names a version of Vega-Lite that JupyterLab
does not know. So these charts are shown as what JupyterLab and VS Code draw by themselves (Vega-Lite 5), with a picture
beside it, which nbconvert and whoever does not know Vega take instead. Charts that are not ours are left to Altair's
renderer, and a renderer that the user has chosen is left in force.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from typing import TYPE_CHECKING, Any

import altair as alt

from inlay.views.picture_spec import spec_svg

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "inlay"
VEGALITE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
REMEMBERED = 1_000

_ours: deque[str] = deque(maxlen=REMEMBERED)
"""Names that Altair gives to our charts' rows: a digest of them, the same however the chart is changed or combined."""
_others: Callable[..., Any] | None = None
"""What draws everybody else's charts."""


def draw_offline(chart: alt.Chart) -> None:
    """Have this chart, and whatever is made of it, drawn by `render`, unless the user has chosen a renderer."""
    _ours.extend(chart.to_dict().get("datasets", {}))
    _enable_once()


def _enable_once() -> None:
    global _others
    if _others is not None:
        return
    renderers = alt.renderers
    _others = renderers.get()
    renderers.register(NAME, render)
    if renderers.active == "default":
        renderers.enable(NAME, **renderers.options)


def render(spec: dict[str, Any], **options: Any) -> Any:
    """The MIME bundle of a chart."""
    rows = {name: found for name, found in spec.get("datasets", {}).items() if name in _ours}
    if not rows:
        return _others(spec, **options) if _others is not None else {}
    words = f"Chart of {len(rows)} set{'s' if len(rows) > 1 else ''} of metrics"
    bundle = {VEGALITE: compact(spec, rows), "image/svg+xml": spec_svg(spec, rows), "text/plain": words}
    return bundle, ({VEGALITE: options} if options else {})


def compact(spec: dict[str, Any], rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The chart as it is saved with the notebook, in which every value of JSON takes a line of its own: rows as CSV."""
    changed: dict[str, Any] = _referring(spec, rows)
    changed["$schema"] = SCHEMA
    changed["datasets"] = {**spec["datasets"], **{name: _as_csv(found) for name, found in rows.items()}}
    return changed


def _referring(node: Any, rows: dict[str, list[dict[str, Any]]]) -> Any:
    """A copy in which whatever refers to these rows says that they are CSV."""
    if isinstance(node, list):
        return [_referring(item, rows) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _referring(item, rows) for key, item in node.items() if key != "datasets"}
    data = copy.get("data")
    if isinstance(data, dict) and data.get("name") in rows:
        first = rows[data["name"]][0]
        numbers = {name: "number" for name in first if name not in ("run", "metric", "kind")}
        copy["data"] = {**data, "format": {"type": "csv", "parse": numbers}}
    return copy


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
