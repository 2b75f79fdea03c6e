"""A table of runs as a file: Parquet, CSV or JSON, by the end of its name; one row a run, the columns of `to_df()`.

Each tells NaN, infinities and missing values apart. In Parquet they are what they are. In CSV they are `NaN`, `inf`,
`-inf` and nothing; in JSON `"NaN"`, `"Infinity"`, `"-Infinity"` and no entry. A CSV is opened in spreadsheets, too,
where a text that begins with `=`, `+`, `-` or `@` is a formula: such a text is written with an apostrophe before it, as
spreadsheets mark a text. Parquet and JSON have it as it is.

A file is written beside its place and renamed, so that it is whole or what it was before.
"""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inlay.query.frame import RunColumn

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""As OWASP has them (CSV Injection); the wide ones are read as the narrow ones where people write Japanese."""


def check_target(path: object) -> Path:
    """The path to write to. Raises `TypeError` and `ValueError` when it is none, or its suffix says no format."""
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        msg = f"export takes the path of a file; got {path!r} of type {type(path).__name__}"
        raise TypeError(msg)
    text = os.fspath(path)
    target = Path(text)
    if not text or "\0" in text or target.suffix.lower() not in _WRITERS:
        msg = f"export writes files that end in {', '.join(_WRITERS)}; got {text!r}"
        raise ValueError(msg)
    target = target.expanduser().resolve()  # of a link, the file it leads to is replaced, and not the link
    if target.is_dir():
        msg = f"{target} is a folder; export writes a file, such as {target / 'runs.parquet'}"
        raise IsADirectoryError(msg)
    if not target.parent.is_dir():
        msg = f"there is no folder {target.parent}; make it first"
        raise FileNotFoundError(msg)
    return target


def write_runs(target: Path, columns: Sequence[RunColumn]) -> None:
    """Write the columns to a path that `check_target` found good; a file that is there is replaced."""
    place = target.with_name(f".inlay-export-{secrets.token_hex(8)}")
    kept = target.stat().st_mode & 0o777 if target.exists() else None
    try:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if kept is None else kept & 0o666))
        _WRITERS[target.suffix.lower()](place, columns)
        if kept is not None:
            place.chmod(kept)
        place.replace(target)
    finally:
        place.unlink(missing_ok=True)


def csv_lines(columns: Sequence[RunColumn]) -> Iterator[list[str]]:
    """The table as rows of cells, names first."""
    yield [_guarded(column.name) for column in columns]
    for row in _rows(columns):
        yield ["" if value is None else _csv_text(value) for value in row]


def records(columns: Sequence[RunColumn]) -> Iterator[dict[str, Any]]:
    """Each run as JSON holds it; what it lacks is left out."""
    names = [column.name for column in columns]
    masks = [column.missing for column in columns]
    for number, row in enumerate(_rows(columns)):
        yield {
            name: _json_value(value)
            for name, value, mask in zip(names, row, masks, strict=True)
            if mask is None or not mask[number]
        }


def _rows(columns: Sequence[RunColumn]) -> Iterator[tuple[Any, ...]]:
    """The values of each run as Python has them; None for what is missing, and for a param that is null."""
    lists = []
    for column in columns:
        values = column.values.tolist()
        if column.kind == "time":
            values = [one and f"{one.isoformat()}Z" for one in values]
        if column.missing is not None:
            for place in column.missing.nonzero()[0]:
                values[place] = None
        lists.append(values)
    return zip(*lists, strict=True)


def _write_csv(place: Path, columns: Sequence[RunColumn]) -> None:
    with place.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(csv_lines(columns))


def _write_json(place: Path, columns: Sequence[RunColumn]) -> None:
    with place.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, record in enumerate(records(columns)):
            file.write(",\n " if number else "\n ")
            json.dump(record, file, ensure_ascii=False, allow_nan=False)
        file.write("\n]\n")


def _write_parquet(place: Path, columns: Sequence[RunColumn]) -> None:
    """By DuckDB, which takes arrays as they are; it reads NaN in them as missing, so that is said beside them."""
    import duckdb
    import numpy as np

    arrays: dict[str, Any] = {}
    shown = []
    for number, column in enumerate(columns):
        values, missing = column.values, column.missing
        if column.kind in ("text", "mixed"):
            absent = np.array([value is None for value in values], dtype=bool)
            texts = ["" if lacking else _text(value) for value, lacking in zip(values, absent, strict=True)]
            values = np.empty(len(texts), dtype=object)
            values[:] = texts
            missing = absent  # a param that is null is none here
        arrays[f"v{number}"] = values
        read = f"coalesce(v{number}, 'nan'::DOUBLE)" if column.kind == "float" else f"v{number}"
        if column.kind in ("text", "mixed"):
            read += "::VARCHAR"
        if missing is not None:
            arrays[f"m{number}"] = np.asarray(missing, dtype=bool)
            read = f"CASE WHEN NOT m{number} THEN {read} END"
        name = column.name.replace('"', '""')
        shown.append(f'{read} AS "{name}"')
    with contextlib.closing(duckdb.connect(":memory:")) as con:
        con.register("arrays", arrays)
        quoted = str(place).replace("'", "''")
        con.execute(f"COPY (SELECT {', '.join(shown)} FROM arrays) TO '{quoted}' (FORMAT parquet)")  # noqa: S608 - quoted


_WRITERS: dict[str, Callable[[Path, Sequence[RunColumn]], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".json": _write_json,
}


def _csv_text(value: Any) -> str:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else repr(value)
    return _guarded(value) if isinstance(value, str) else _text(value)


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_json_value(value), ensure_ascii=False)


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _json_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(inner) for inner in value]
    return value
