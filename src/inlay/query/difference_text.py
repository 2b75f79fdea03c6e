"""A difference as lines of text: what `Diff` prints, and what the command line colours.

A line is a list of pieces, each with a word for what it is: head, key, added, removed, changed, same, code or empty.
Only what differs is told; what is equal is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.shown import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Piece = tuple[str, str]

WIDEST = 40
"""Characters of a cell; less where there are many runs."""
CODE_LINES = 60
"""Lines of code told for each run."""
NONE = "–"


def difference_lines(
    found: Mapping[str, Any], *, width: int | None = None, code: int = CODE_LINES
) -> Iterator[list[Piece]]:
    """The lines, without line ends. Cells are cut to `width` (None: as many as fit a page), code to so many lines."""
    runs = found["runs"]
    cells = width or max(12, WIDEST if len(runs) <= 3 else WIDEST * 3 // len(runs))
    rows: list[tuple[str, list[str], str]] = [("", [run["short"] for run in runs], "head")]
    rows.append(("", [_cut(one_line(run["name"]), cells) for run in runs], "head"))
    marks: list[int] = []
    for section in found["sections"]:
        differing = [row for row in section["rows"] if not row["same"]]
        if not differing:
            continue
        marks.append(len(rows))
        equal = f" ({section['equal']:,} equal)" if section["equal"] else ""
        rows.append((section["name"] + equal, [], "head"))
        for row in differing:
            sign = {"added": "+", "removed": "-"}.get(row["change"], " ")
            rows.append((f"{sign} {_cut(one_line(row['key']), max(cells, WIDEST))}", _cells(row, cells), row["change"]))
    if not marks and not found["code"]:
        yield [("head", f"no differences between {len(runs)} runs")]
        return
    first = max(len(label) for label, values, _ in rows if values)
    widths = [max(len(values[column]) for _, values, _ in rows if values) for column in range(len(runs))]
    for number, (label, values, kind) in enumerate(rows):
        if number in marks:
            yield []
        line: list[Piece] = [("head" if not values else "key", f"{label:<{first}}" if values else label)]
        for column, value in enumerate(values):
            end = "" if column == len(values) - 1 else " " * (widths[column] - len(value))
            line.append(("", "  "))
            line.append((_style(kind, column, value), f"{value}{end}"))
        yield line
    for entry in found["code"]:
        yield []
        yield from _code(entry, {run["run"]: run["short"] for run in runs}, code)


def difference_text(found: Mapping[str, Any]) -> str:
    """The lines as one text."""
    return "\n".join("".join(text for _, text in line).rstrip() for line in difference_lines(found))


def _cells(row: Mapping[str, Any], width: int) -> list[str]:
    return [_cut(one_line(text), width) for text in value_texts(row["values"])]


def value_texts(values: Sequence[float | str | None]) -> list[str]:
    """The values of a row as they are read: numbers with as few digits as tell them apart, but at least five."""
    floats = {value for value in values if isinstance(value, float)}
    digits = next((few for few in (5, 8, 12) if len({f"{value:.{few}g}" for value in floats}) == len(floats)), 17)
    texts = []
    for value in values:
        if isinstance(value, float):
            texts.append(f"{value:.{digits}g}")
        else:
            texts.append(NONE if value is None else str(value))
    return texts


def _style(kind: str, column: int, value: str) -> str:
    if kind == "head" or column == 0:
        return kind if kind == "head" else "removed" if kind == "removed" else ""
    return "" if value == NONE else kind if kind != "removed" else ""


def _code(entry: Mapping[str, Any], names: Mapping[str, str], most: int) -> Iterator[list[Piece]]:
    title = f"code of {names[entry['run']]} against {names[entry['against']]}"
    if entry["missing"]:
        yield [("head", f"{title}: one of them has none")]
        return
    yield [("head", title), ("", "  "), ("added", f"+{entry['added']}"), ("", " "), ("removed", f"-{entry['removed']}")]
    kinds = {"+": "added", "-": "removed", "=": "code", "@": "same"}
    lines = entry["unified"]
    for line in lines[:most]:
        if line["op"] == "@":
            yield [("same", f"  … {line['no']:,} equal line{'' if line['no'] == 1 else 's'}")]
            continue
        sign = line["op"].replace("=", " ")
        text = "".join(part for _, part in line["spans"]).expandtabs(4)
        yield [(kinds[line["op"]], f"  {sign} {one_line(text)}".rstrip())]
    if len(lines) > most:
        yield [("same", f"  … {len(lines) - most:,} more lines")]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
