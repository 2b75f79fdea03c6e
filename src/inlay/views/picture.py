"""The picture of a run that is saved with the notebook: HTML that needs no kernel, no script and no network.

Only tables, `<details>` and `<img>` with the charts inside are used, styled inline, because an untrusted notebook
loses everything else; text takes the host's colour, so that it reads on light and dark pages. It never says who ran
the run or where, nor what it printed: notebooks are committed. The one `<style>` settles which of a card's two
outputs is seen (see `switch`).
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from inlay.settings import Static as Static  # noqa: PLC0414 - for those who draw pictures
from inlay.settings import configured_static
from inlay.views.format import format_bytes, format_count, format_duration, format_value, plain, plain_lines
from inlay.views.header import load_line, param_texts
from inlay.views.paths import home_as_tilde, without_owner
from inlay.views.picture_chart import HEIGHT, WIDE, WIDTH, chart_alt, chart_svg, label_colours
from inlay.views.picture_histogram import histograms_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inlay.query.attributes import RunError
    from inlay.query.histograms import Bins
    from inlay.tracking.snapshot import RunSnapshot
    from inlay.views.curves import Chart
    from inlay.views.previews import File, Files

POINTS = 150
"""The most points of a line; of many lines fewer, so that the picture of many metrics stays small."""
POINTS_ALTOGETHER = 3_000
ROWS_OPEN = 12
"""Tables with more rows are folded."""
PARAMS = 60
DATA = 40
TRACEBACK = 6_000

# A word, a sign and a colour that white reads on, never the colour alone; as in js/run-view/status.ts.
STATUSES = {
    "running": ("Running", "●", "#1f63d6"),
    "finished": ("Finished", "✓", "#1a7a3c"),
    "failed": ("Failed", "✕", "#c8252f"),
    "interrupted": ("Interrupted", "‖", "#8f5f00"),
    "killed": ("Killed", "■", "#7d3fc4"),
}

RULE = "1px solid rgba(128,128,128,.25)"
ROW = f'<tr style="background:none;border-top:{RULE}">'
QUIET = "opacity:.72"
WORD = "text-align:left;padding:3px 16px 3px 0"
FIGURE = "text-align:right;white-space:nowrap;padding:3px 0 3px 16px"


def picture_html(
    run: RunSnapshot,
    charts: list[Chart],
    metrics_total: int,
    *,
    token: str,
    now: float,
    static: Static | None = None,
    progress: Sequence[dict[str, Any]] = (),
    files: Files | None = None,
    data: Sequence[dict[str, Any]] = (),
    shapes: Sequence[tuple[str, Bins]] = (),
    histograms_total: int = 0,
) -> str:
    """The picture of a run at the moment `now` (Unix seconds); `token` is that of its live card.

    `static` is by default as configured, `progress` what `bars` says of the run, `files` what `files_of` does,
    `data` the data sets as in the trait `_details`, `shapes` the last steps of the first of its histograms.
    """
    static = static or configured_static()
    parts = [_heading(run, now, static, progress)]
    if static != "off":
        parts.append(_error(run.error, static))
        parts.append(_images(run, charts) if static == "full" else "")
        parts.append(histograms_html(shapes, histograms_total) if static == "full" else "")
        parts.append(_previews(files) if files is not None and static == "full" else "")
        tables = _metrics(charts, metrics_total)
        if static == "full":
            tables += _params(run) + (_files(files) if files is not None else "") + _data(data)
        parts.append(f'<div style="display:flex;flex-wrap:wrap;gap:0 48px;align-items:flex-start">{tables}</div>')
    parts.append(
        f'<div style="margin-top:12px;padding-top:8px;border-top:{RULE};font-size:12px">'
        f'<span style="{QUIET}">Live view:</span> <code>{escape(load_line(run), quote=False)}</code></div>'
    )
    return (
        f"<style>{switch(token)}</style>"
        f'<div class="inlay-picture inlay-picture-{token}" style="box-sizing:border-box;'
        f"margin:2px 0;padding:14px 18px 12px;border:{RULE};border-radius:8px;font-size:13px;line-height:1.5;"
        f'overflow-wrap:break-word;word-break:break-word">{"".join(parts)}</div>'
    )


def switch(token: str) -> str:
    """The rules by which one of a card's two adjacent outputs is seen: the live one while it lives, else the picture.

    The first hides the picture wherever outputs share a page. The next three are JupyterLab's: they take away what is
    left around the picture, and of the second output the empty line, or the complaint of a widget without its kernel,
    which is the only kind of output without a MIME type there. The fifth lets the picture be as wide as the live card.
    The last lets the images follow a dark page where that is known; elsewhere they are light cards.
    """
    shown, live, child = f".inlay-picture-{token}", f".inlay-live-{token}", ".jp-OutputArea-child"
    after = f"{child}:has({shown})+{child}"
    return (
        f"body:has({live}) {shown},"
        f"{child}:has({shown}):has(+{child} {live}),"
        f"{after}:has(>.jp-OutputArea-output:not([data-mime-type])):not(:has({live})),"
        f"{after}:has(.jp-RenderedText>pre:empty)"
        "{display:none}"
        f".jp-OutputArea-output:has(>{shown}){{padding-right:0}}"
        f"body[data-jp-theme-light=false] {shown} img,body.vscode-dark {shown} img"
        "{filter:invert(.91)hue-rotate(180deg)}"
    )


def _heading(run: RunSnapshot, now: float, static: Static, progress: Sequence[dict[str, Any]]) -> str:
    word, sign, colour = STATUSES.get(run.status, (run.status.capitalize() or "Unknown", "●", "#66707c"))
    pill = (
        f'<span style="background-color:{colour};color:#fff;border-radius:10px;padding:1px 9px 2px;font-size:12px;'
        f'font-weight:600;white-space:nowrap">{sign} {escape(plain(word, 20))}</span>'
    )
    name = escape(plain(run.name, 120) or run.short_id)
    if static == "off":
        return f"<div>{pill} <b>{escape(run.short_id)}</b></div>"
    facts = [plain(run.experiment, 80), run.short_id, f"started {_moment(run.started_at)}"]
    if run.parent_run_id:
        facts.insert(2, f"part of {run.parent_run_id[-8:]}")
    elapsed = f'<span style="{QUIET}">{" · ".join([_elapsed(run, now), *_progress(run, progress)])}</span>'
    lines = [
        f'<div><b style="font-size:15px">{name}</b>&ensp;{pill}&ensp;{elapsed}</div>',
        f'<div style="{QUIET}">{" · ".join(escape(fact) for fact in facts if fact)}</div>',
    ]
    if static == "full":
        lines += [
            _tags(run),
            f'<div style="margin-top:6px">{escape(plain(without_owner(run.note), 500))}</div>' if run.note else "",
        ]
    return "".join(lines)


def _elapsed(run: RunSnapshot, now: float) -> str:
    if run.ended_at is not None:
        return format_duration(run.ended_at - run.started_at)
    # Nothing will change this line when the kernel dies, so it must be true for ever.
    clock = datetime.fromtimestamp(now).astimezone()
    day = "" if now - run.started_at < 12 * 3600 else f"{clock.day} {clock:%b}, "
    return f"{format_duration(now - run.started_at)}, as of {day}{clock:%H:%M}"


def _progress(run: RunSnapshot, bars: Sequence[dict[str, Any]]) -> list[str]:
    """How far the loops are, or were when the run stopped in the middle of them."""
    said = []
    for bar in bars[:3]:
        if bar["state"] == "done":
            continue
        amount = format_bytes if bar.get("unit") == "bytes" else format_count
        count = amount(bar["n"]) + ("" if bar["total"] is None else f" of {amount(bar['total'])}")
        stopped = "" if run.ended_at is None else "stopped at "
        said.append(escape(f"{plain(bar['desc'], 40)} {stopped}{count}".strip()))
    return said


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds).astimezone()
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def _tags(run: RunSnapshot) -> str:
    if not run.tags:
        return ""
    chips = [
        f'<span style="border:{RULE};border-radius:9px;padding:0 8px;font-size:12px;white-space:nowrap">'
        f'<span style="{QUIET}">{escape(plain(key, 40))}</span> {escape(plain(home_as_tilde(str(text)), 60))}</span>'
        for key, text in list(run.tags.items())[:20]
    ]
    return f'<div style="margin-top:6px">{" ".join(chips)}</div>'


def _error(error: RunError | None, static: Static) -> str:
    if error is None:
        return ""
    title = f"<b>{escape(plain(error.type, 80))}</b> {escape(plain(without_owner(error.message), 400))}"
    body = f"<div>{title}</div>"
    if static == "full" and error.traceback:
        text = plain_lines(without_owner(error.traceback.strip("\n")))
        if len(text) > TRACEBACK:
            text = "…" + text[-TRACEBACK:].partition("\n")[2]
        body += (
            f'<details><summary style="{QUIET}">Traceback</summary>'
            f'<pre style="margin:6px 0 0;font-size:12px;line-height:1.45;white-space:pre;overflow-x:auto;'
            f'background:none">{escape(text, quote=False)}</pre></details>'
        )
    return f'<div style="margin:10px 0 2px;padding:1px 0 1px 12px;border-left:3px solid #c8252f">{body}</div>'


def _images(run: RunSnapshot, charts: list[Chart]) -> str:
    if not charts:
        if run.status != "running":
            return f'<div style="margin-top:10px;{QUIET}">No metrics were logged.</div>'
        example = "<code>inlay.log({&quot;loss&quot;: 0.1})</code>"
        return f'<div style="margin-top:10px;{QUIET}">Nothing logged yet. Try {example}</div>'
    colours = label_colours(charts)
    lines = sum(len(chart.lines) for chart in charts)
    limit = max(24, min(POINTS, POINTS_ALTOGETHER // lines))
    width = WIDE if len(charts) <= 2 else WIDTH
    images = []
    for chart in charts:
        data = b64encode(chart_svg(chart, colours, limit, (width, HEIGHT)).encode()).decode()
        images.append(
            f'<img width="{width}" height="{HEIGHT}" alt="{escape(chart_alt(chart))}" '
            f'style="margin:0 8px 8px 0;vertical-align:top" src="data:image/svg+xml;base64,{data}">'
        )
    return f'<div style="margin:12px -8px 0 0;line-height:0">{"".join(images)}</div>'


def _previews(files: Files) -> str:
    parts = [
        # Its own ground, for many images have none, and its own colours, on a dark page, too.
        f'<div style="display:inline-block;margin:0 12px 8px 0;vertical-align:top"><img height="{HEIGHT}" '
        f'alt="{escape(plain(preview.path, 120))}" style="display:block;height:{HEIGHT}px;max-width:{WIDE}px;'
        f'object-fit:contain;background:#fff;border:{RULE};border-radius:6px;filter:none" src="{preview.address}">'
        f'<div style="font-size:12px;max-width:{WIDE}px;{QUIET}">{escape(plain(preview.path, 80))}</div></div>'
        for preview in files.previews
    ]
    if files.larger:
        names = ", ".join(f"{plain(file.path, 80)} ({format_bytes(file.bytes)})" for file in files.larger)
        parts.append(f'<div style="font-size:12px;{QUIET}">Too large to be saved here: {escape(names)}</div>')
    return f'<div style="margin:10px -12px 0 0">{"".join(parts)}</div>' if parts else ""


def _files(files: Files) -> str:
    if not files.listed:
        return ""
    rows = [
        f'<tr style="background:none{f";border-top:{RULE}" if at else ""}"><td style="{WORD}">'
        f'{escape(plain(file.path, 120))}</td><td style="{FIGURE};{QUIET}">{_weight(file)}</td></tr>'
        for at, file in enumerate(files.listed)
    ]
    shown, total = len(files.listed), max(files.total, len(files.listed))
    count = format_count(total) if shown == total else f"{shown} of {format_count(total)}"
    return _folding(f"Artifacts · {count}", "".join(rows), is_open=shown <= ROWS_OPEN)


def _weight(file: File) -> str:
    size = "no longer in the store" if file.gone else format_bytes(file.bytes)
    return f"{file.said} · {size}" if file.said else size


def _data(data: Sequence[dict[str, Any]]) -> str:
    """Which data was used; not where it lay, for paths hold names."""
    if not data:
        return ""
    rows: list[str] = []
    for one in data[:DATA]:
        name = f"{one['name']} ({one['context']})" if one["context"] else one["name"]
        counts = [(one["rows"], " files" if one["kind"] == "folder" else " rows"), (one["columns"], " columns")]
        known = [(format_count(count), word) for count, word in counts if count is not None]
        size = " × ".join(count for count, _ in known) if len(known) == 2 else "".join(map("".join, known))
        digest = escape(plain(one["digest"].rpartition(":")[2][:8], 8))
        rows.append(
            f'<tr style="background:none{f";border-top:{RULE}" if rows else ""}"><td style="{WORD}">'
            f'{escape(plain(without_owner(name), 120))}</td><td style="{FIGURE}">{size}</td>'
            f'<td style="{FIGURE};{QUIET};font-family:monospace">{digest}</td></tr>'
        )
    return _folding(f"Data · {format_count(len(data))}", "".join(rows), is_open=len(rows) <= ROWS_OPEN)


def _metrics(charts: list[Chart], total: int) -> str:
    lines = [line for chart in charts for line in chart.lines]
    if not lines:
        return ""
    columns = ("Last", "Min", "Max", "Points")
    head = "".join(f'<th scope="col" style="{FIGURE}">{column}</th>' for column in columns)
    rows = [f'<tr style="background:none"><th scope="col" style="{WORD}">Metric</th>{head}</tr>']
    for line in lines:
        figures = [format_value(value) for value in (line.last, line.lowest, line.highest)]
        figures.append(format_count(line.total))
        cells = "".join(f'<td style="{FIGURE}">{figure}</td>' for figure in figures)
        rows.append(f'{ROW}<td style="{WORD}">{escape(plain(line.key, 80))}</td>{cells}</tr>')
    count = format_count(total) if len(lines) == total else f"{format_count(len(lines))} of {format_count(total)}"
    return _folding(f"Metrics · {count}", "".join(rows), is_open=len(lines) <= ROWS_OPEN)


def _params(run: RunSnapshot) -> str:
    if not run.params:
        return ""
    shown = param_texts(run, PARAMS)
    rows = [
        f'<tr style="background:none{f";border-top:{RULE}" if at else ""}"><td style="{WORD};{QUIET}">'
        f'{escape(plain(key, 80))}</td><td style="{WORD}">{escape(plain(home_as_tilde(text), 200))}</td></tr>'
        for at, (key, text) in enumerate(shown)
    ]
    total = len(run.params)
    count = format_count(total) if len(shown) == total else f"{len(shown)} of {format_count(total)}"
    return _folding(f"Params · {count}", "".join(rows), is_open=len(shown) <= ROWS_OPEN)


def _folding(title: str, rows: str, *, is_open: bool) -> str:
    return (
        f'<details{" open" if is_open else ""} style="margin-top:10px"><summary style="{QUIET}">{title}</summary>'
        f'<table style="border-collapse:collapse;margin:2px 0 0;font-size:13px">{rows}</table></details>'
    )
