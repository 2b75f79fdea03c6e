"""What differs between runs: params, metrics, tags, attributes, environment, git, data sets, code.

Plain data, as `Diff` prints it, the command line colours it and the run table draws it. A value is compared as it was
logged: `1` and `"1"` differ, NaN equals NaN, and a key that a run lacks is not a key whose value is null.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from inlay.errors import RunNotFoundError
from inlay.query.artifacts import json_object
from inlay.query.attributes import param_value
from inlay.query.difference_code import code_difference
from inlay.store.identity import short_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

MOST = 20
"""Runs compared at once: a column each."""
SHOWN = 1_000
"""Characters of a value that are handed on."""
_ABSENT: Any = object()
_ATTRIBUTES = (
    "name", "experiment", "status", "started_at", "duration_s", "exit_code", "error_type", "error_message", "note",
    "user_name", "host", "source_name", "notebook", "command", "parent_run_id",
)  # fmt: skip
_GIT = ("git_commit", "git_branch", "git_dirty", "git_remote")
_RUNS = """
SELECT r.run_id::VARCHAR AS run_id, r.name, coalesce(e.name, 'default') AS experiment, r.status,
       strftime(r.started_at, '%Y-%m-%dT%H:%M:%SZ') AS started_at, r.duration_s, r.exit_code,
       r.error_type, r.error_message, nullif(r.note, '') AS note, r.user_name, r.host, r.source_name, r.notebook,
       r.command, r.parent_run_id::VARCHAR AS parent_run_id,
       r.git_commit, r.git_branch, r.git_dirty, r.git_remote,
       s.source, n.env_hash AS environment, n.python, n.platform, n.packages, n.hardware, n.variables
FROM runs r LEFT JOIN experiments e USING (experiment_id) LEFT JOIN sources s USING (code_hash)
LEFT JOIN environments n USING (env_hash)
WHERE r.run_id IN (SELECT unnest(?::UUID[]))
"""
_PARAMS = """
SELECT run_id::VARCHAR, key, value, type FROM params WHERE run_id IN (SELECT unnest(?::UUID[])) ORDER BY time, rowid
"""
_METRICS = """
SELECT run_id::VARCHAR, key, last FROM series
WHERE count > 0 AND run_id IN (SELECT unnest(?::UUID[])) ORDER BY series_id
"""
_TAGS = "SELECT run_id::VARCHAR, key, value FROM tags WHERE run_id IN (SELECT unnest(?::UUID[])) ORDER BY key"
_INPUTS = """
SELECT run_id::VARCHAR, name, context, kind, rows, columns, digest, sample_digest FROM inputs
WHERE run_id IN (SELECT unnest(?::UUID[])) ORDER BY created_at, name, context
"""


def difference(con: DuckDBPyConnection, run_ids: Sequence[str]) -> dict[str, Any]:
    """What differs between these runs, against the first of them; JSON can hold all of it.

    `{"runs": [{"run", "short", "name", "status"}], "sections": [...], "code": [...]}`. A section has a `name`, its
    `rows` (`key`, `values` by run with None where there is none, `same`, `change`), the differing ones first, and how
    many are `equal`. For `code` see `code_difference`. Raises `ValueError` for fewer than two runs or more than 20,
    `RunNotFoundError` for one that is gone.
    """
    ids = list(dict.fromkeys(run_ids))
    if len(ids) < 2:
        raise ValueError(f"a diff is of two or more runs; got {len(ids)}")
    if len(ids) > MOST:
        raise ValueError(f"a diff is of at most {MOST} runs; got {len(ids):,}. Choose some: runs[:{MOST}].diff()")
    cursor = con.execute(_RUNS, [ids])
    names = [column[0] for column in cursor.description or []]
    heads = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    if gone := [one for one in ids if one not in heads]:
        raise RunNotFoundError(f"run {short_id(gone[0])} is not in the store any more")
    runs = [heads[one] for one in ids]
    sections = [
        _section("params", _by_run(ids, _typed(con.execute(_PARAMS, [ids]).fetchall()))),
        _section("metrics", _by_run(ids, con.execute(_METRICS, [ids]).fetchall())),
        _section("tags", _by_run(ids, con.execute(_TAGS, [ids]).fetchall())),
        _section("attributes", [_known(run, _ATTRIBUTES) for run in runs]),
        _section("environment", _environments(runs)),
        _section("git", [_known(run, _GIT) for run in runs]),
        _datasets(ids, con.execute(_INPUTS, [ids]).fetchall()),
    ]
    return {
        "runs": [
            {"run": run["run_id"], "short": short_id(run["run_id"]), "name": run["name"] or "", "status": run["status"]}
            for run in runs
        ],
        "sections": [section for section in sections if section["rows"]],
        "code": code_difference([(run["run_id"], run["source"]) for run in runs]),
    }


# -- what runs have -----------------------------------------------------------------------------------------


def _typed(rows: Iterable[tuple[Any, ...]]) -> list[tuple[str, str, Any]]:
    return [(run_id, key, param_value(text, kind)) for run_id, key, text, kind in rows]


def _by_run(ids: Sequence[str], rows: Iterable[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {run_id: {} for run_id in ids}
    for run_id, key, value in rows:
        found[run_id][key] = value
    return [found[run_id] for run_id in ids]


def _known(run: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The attributes that a run has; what was not recorded is no value."""
    return {name: run[name] for name in names if run[name] is not None}


def _environments(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Python, packages, hardware of each run. Where none was recorded, that is one difference and not hundreds."""
    if not any(run["environment"] for run in runs):
        return [{} for _ in runs]
    found = []
    for run in runs:
        one: dict[str, Any] = {"recorded": bool(run["environment"])} | _known(run, ("python", "platform"))
        for part in ("packages", "hardware", "variables"):
            one |= dict(sorted(_leaves(part, json_object(run[part]))))
        found.append(one)
    recorded = [one for one in found if one["recorded"]]
    if len(recorded) == len(found):
        for one in found:
            del one["recorded"]
        return found
    # A run without a record says nothing of these keys: it is shown without them, and not compared by them.
    same = [
        key
        for key in recorded[0]
        if key != "recorded" and len({_token(one.get(key, _ABSENT)) for one in recorded}) == 1
    ]
    return [{key: value for key, value in one.items() if key not in same} for one in found]


def _leaves(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif value is not None:
        yield path, value


def _datasets(ids: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Data sets by name and context; equal where their digests are, and their samples' while one is not known yet."""
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for run_id, name, context, *about in rows:
        key = f"{name} ({context})" if context else name
        found.setdefault(key, {}).setdefault(run_id, []).append(tuple(about))
    made = []
    for key, by_run in found.items():
        whole = all(digest for several in by_run.values() for *_, digest, _ in several)
        tokens: list[Any] = []
        values: list[Any] = []
        for run_id in ids:
            several = by_run.get(run_id)
            if several is None:
                tokens.append(_ABSENT)
                values.append(_ABSENT)
                continue
            tokens.append(tuple(sorted(str(one[3] if whole else one[4] or one[:3]) for one in several)))
            values.append("; ".join(_data_text(*one) for one in several))
        made.append(_row(key, values, tokens))
    return _folded("datasets", made)


def _data_text(kind: str | None, rows: int | None, columns: int | None, digest: str | None, sample: str | None) -> str:
    shape = " × ".join(f"{size:,}" for size in (rows, columns) if size is not None)
    mark = digest[:12] if digest else f"sample {sample[:12]}" if sample else ""
    return ", ".join(part for part in (kind, shape, mark) if part)


# -- comparing ----------------------------------------------------------------------------------------------


def _section(name: str, by_run: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys = dict.fromkeys(key for one in by_run for key in one)
    rows = []
    for key in keys:
        values = [one.get(key, _ABSENT) for one in by_run]
        rows.append(_row(key, values, [_token(value) for value in values], quoted=name == "params"))
    return _folded(name, rows)


def _row(key: str, values: Sequence[Any], tokens: Sequence[Any], *, quoted: bool = False) -> dict[str, Any]:
    """A row; texts are `quoted` where values of other kinds stand beside them."""
    same = all(token == tokens[0] for token in tokens)
    change = None
    if not same:
        others_lack = all(value is _ABSENT for value in values[1:])
        change = "added" if values[0] is _ABSENT else "removed" if others_lack else "changed"
    return {"key": key, "values": [_shown(value, quoted=quoted) for value in values], "same": same, "change": change}


def _folded(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    differing = [row for row in rows if not row["same"]]
    equal = [row for row in rows if row["same"]]
    return {"name": name, "rows": differing + equal, "equal": len(equal)}


def _token(value: Any) -> Any:
    """What two values have in common when they are the same."""
    if value is _ABSENT or value is None:
        return (value,)
    if isinstance(value, bool):
        return ("flag", value)
    if isinstance(value, (int, float)):
        return ("number", "NaN" if value != value else value)  # noqa: PLR0124 - NaN
    return ("text", value) if isinstance(value, str) else ("json", json.dumps(value, sort_keys=True))


def _shown(value: Any, *, quoted: bool) -> str | int | float | None:
    """A value as JSON hands it on: a number, or a text, `quoted` where it could be taken for something else."""
    if value is _ABSENT:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) >= 2**53:  # more than a browser's numbers hold
            return _cut(str(value))
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if not isinstance(value, str):
        return _cut(json.dumps(value, ensure_ascii=False))
    return _cut(json.dumps(value, ensure_ascii=False) if quoted and _reads_as_json(value) else value)


def _reads_as_json(text: str) -> bool:
    if text[:1] not in '"0123456789-[{tfnNI' or len(text) > SHOWN:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
