"""What a run table shows and how, in the shape of js/run-table/state.ts: the record behind `table.state`.

One reading serves two sorts of givers. Python code is told what is wrong, with the near miss named; what a browser or
a remembered file says is cleaned without a word: a part that makes no sense is as if it had not been said.
"""

from __future__ import annotations

import difflib
import json
import math
from typing import TYPE_CHECKING, Any, TypeAlias

from inlay.query.filter_tokens import LONGEST as LONGEST_FILTER
from inlay.query.run_columns import SHOWN
from inlay.views.format import encodable
from inlay.views.table_chart_specs import chart_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Complain: TypeAlias = Callable[[str], None]

State: TypeAlias = dict[str, Any]

ENTITIES = ("metrics", "params", "tags")
LONGEST = 2_000
"""Characters of a column's id or a group's key: a key of 250 characters may be several times that as JSON."""
FILTER = LONGEST_FILTER
COLUMNS = 5_000
GROUPS = 8
CHARTS = 24
SELECTED = 10_000
PALETTE = 1_000
WIDTHS = (24, 2_000)
HEIGHTS = (80, 4_000)

DEFAULT: State = {
    "filter": "",
    "order": [],
    "group": [],
    "open": [],
    "columns": None,
    "pinned": ["name"],
    "widths": {},
    "summary": {},
    "differences": False,
    "baseline": None,
    "delta": "absolute",
    "better": {},
    "heat": [],
    "spark": [],
    "selected": [],
    "colours": {},
    "charts": [],
    "height": None,
}


def default_state() -> State:
    """The state in the beginning; the caller's own."""
    return {name: _copy(value) for name, value in DEFAULT.items()}


def checked_state(given: object, base: Mapping[str, Any] | None = None) -> State:
    """A state given by code, whole: what it does not say is as in `base`, else as in the beginning.

    Raises `TypeError` for what is no dict, `ValueError` naming what is unknown or wrong.
    """
    if not isinstance(given, dict):
        msg = f"state is a dict such as {{'filter': \"metrics.acc > 0.9\"}}; got a {type(given).__name__}"
        raise TypeError(msg)
    for name in given:
        if name not in DEFAULT:
            near = difflib.get_close_matches(str(name), DEFAULT, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(DEFAULT)}"
            msg = f"the state of a run table has no {name!r}; {hint}"
            raise ValueError(msg)
    return _read(given, base, _raise)


def cleaned_state(given: object, base: Mapping[str, Any] | None = None) -> State:
    """A state from a browser or a file, whole and within bounds, whatever was in it."""
    return _read(given if isinstance(given, dict) else {}, base, lambda _: None)


def differing(state: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> State:
    """What a state says that `base`, by default the beginning, does not."""
    base = DEFAULT if base is None else base
    return {name: _copy(state[name]) for name in DEFAULT if state[name] != base[name]}


def is_column(value: object) -> bool:
    """Whether this may be the id of a column: "started_at", or an entity, a dot and a key."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        return False
    entity, dot, key = value.partition(".")
    return bool(key) and entity in ENTITIES if dot else value in SHOWN


def _read(given: Mapping[str, Any], base: Mapping[str, Any] | None, complain: Complain) -> State:
    state = default_state() if base is None else {name: _copy(base[name]) for name in DEFAULT}
    for name, read in _READERS.items():
        if name in given:
            found = read(given[name], _naming(name, complain))
            if found is not _WRONG:
                state[name] = found
    return state


def _naming(name: str, complain: Complain) -> Complain:
    return lambda what: complain(f"{name!r} of a table's state: {what}")


def _raise(what: str) -> None:
    raise ValueError(what)


_WRONG = object()
"""Said by a reader of what it could not take at all."""


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, (dict, list)) else value


# -- readers: each returns what may be kept, and complains of the rest ------------------------------------------------


def _filter(value: object, complain: Complain) -> Any:
    if isinstance(value, str) and len(value) <= FILTER:
        return encodable(value)
    complain(f"a text of at most {FILTER:,} characters; got {_shown(value)}")
    return _WRONG


def _order(value: object, complain: Complain) -> Any:
    if not isinstance(value, (list, tuple)):
        complain(f'a list of pairs such as ["metrics.acc", "desc"]; got {_shown(value)}')
        return _WRONG
    found: dict[str, list[str]] = {}
    for one in value[:GROUPS]:
        pair = list(one) if isinstance(one, (list, tuple)) else []
        if len(pair) == 2 and is_column(pair[0]) and pair[1] in ("asc", "desc"):
            found.setdefault(pair[0], [encodable(pair[0]), pair[1]])
        else:
            complain(f'each is a column and "asc" or "desc", such as ["metrics.acc", "desc"]; got {_shown(one)}')
    return list(found.values())


def _columns_of(most: int) -> Callable[[object, Complain], Any]:
    def read(value: object, complain: Complain) -> Any:
        if not isinstance(value, (list, tuple)):
            complain(f'a list of columns such as ["status", "params.lr"]; got {_shown(value)}')
            return _WRONG
        for one in value:
            if not is_column(one):
                complain(f'a column is "started_at", "params.lr" or the like; got {_shown(one)}{_near(one)}')
        return list(dict.fromkeys(encodable(one) for one in value if is_column(one)))[:most]

    return read


def _shown_columns(value: object, complain: Complain) -> Any:
    return None if value is None else _columns_of(COLUMNS)(value, complain)


def _texts_of(most: int, what: str) -> Callable[[object, Complain], Any]:
    def read(value: object, complain: Complain) -> Any:
        if not isinstance(value, (list, tuple)):
            complain(f"a list of {what}; got {_shown(value)}")
            return _WRONG
        for one in value:
            if not _is_text(one):
                complain(f"each is one of the {what}; got {_shown(one)}")
        return list(dict.fromkeys(encodable(one) for one in value if _is_text(one)))[:most]

    return read


def _words_of(words: tuple[str, ...]) -> Callable[[object, Complain], Any]:
    """By column, one of these words."""

    def read(value: object, complain: Complain) -> Any:
        if not isinstance(value, dict):
            complain(f"a dict from column to one of {_either(words)}; got {_shown(value)}")
            return _WRONG
        found = {}
        for column, word in list(value.items())[:COLUMNS]:
            if is_column(column) and word in words:
                found[encodable(column)] = word
            else:
                complain(f"a column such as 'metrics.acc' and one of {_either(words)}; got {column!r}: {_shown(word)}")
        return found

    return read


def _numbers_of(low: float, high: float, most: int, *, columns: bool) -> Callable[[object, Complain], Any]:
    def read(value: object, complain: Complain) -> Any:
        if not isinstance(value, dict):
            complain(f"a dict of numbers; got {_shown(value)}")
            return _WRONG
        found = {}
        for name, number in list(value.items())[:most]:
            if (is_column(name) if columns else _is_text(name)) and _is_number(number) and low <= number <= high:
                found[encodable(name)] = number if columns else int(number)
            else:
                complain(f"a name and a number from {low:g} to {high:g}; got {name!r}: {_shown(number)}")
        return found

    return read


def _flag(value: object, complain: Complain) -> Any:
    if isinstance(value, bool):
        return value
    complain(f"True or False; got {_shown(value)}")
    return _WRONG


def _baseline(value: object, complain: Complain) -> Any:
    if value is None or _is_text(value):
        return value and encodable(value)  # type: ignore[arg-type]
    complain(f"the id of a run, or None; got {_shown(value)}")
    return _WRONG


def _word(words: tuple[str, ...]) -> Callable[[object, Complain], Any]:
    def read(value: object, complain: Complain) -> Any:
        if isinstance(value, str) and value in words:
            return value
        near = difflib.get_close_matches(value, words, n=1) if isinstance(value, str) else []
        complain(f"one of {_either(words)}; got {_shown(value)}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return _WRONG

    return read


def _charts(value: object, complain: Complain) -> Any:
    if not isinstance(value, (list, tuple)):
        complain(f'a list of charts such as {{"kind": "lines", "metric": "loss"}}; got {_shown(value)}')
        return _WRONG
    read = (chart_spec(one, complain, is_column) for one in value[:CHARTS])
    return [one for one in read if one is not None]


def _height(value: object, complain: Complain) -> Any:
    low, high = HEIGHTS
    if value is None or (_is_number(value) and low <= value <= high):  # type: ignore[operator]
        return value
    complain(f"pixels from {low} to {high}, or None; got {_shown(value)}")
    return _WRONG


_READERS: dict[str, Callable[[object, Complain], Any]] = {
    "filter": _filter,
    "order": _order,
    "group": _columns_of(GROUPS),
    "open": _texts_of(SELECTED, "keys of groups"),
    "columns": _shown_columns,
    "pinned": _columns_of(COLUMNS),
    "widths": _numbers_of(*WIDTHS, COLUMNS, columns=True),
    "summary": _words_of(("last", "min", "max")),
    "differences": _flag,
    "baseline": _baseline,
    "delta": _word(("absolute", "percent", "off")),
    "better": _words_of(("min", "max")),
    "heat": _columns_of(COLUMNS),
    "spark": _columns_of(COLUMNS),
    "selected": _texts_of(SELECTED, "ids of runs"),
    "colours": _numbers_of(0, 1e6, PALETTE, columns=False),
    "charts": _charts,
    "height": _height,
}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _either(words: tuple[str, ...]) -> str:
    return ", ".join(map(repr, words))


def _near(value: object) -> str:
    """`metric.acc` for `metrics.acc` is the usual slip."""
    if not isinstance(value, str):
        return ""
    entity, dot, key = value.partition(".")
    near = difflib.get_close_matches(entity, ENTITIES if dot else SHOWN, n=1)
    return f"; did you mean {near[0] + dot + key!r}?" if near and near[0] != entity else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "…"
