"""What a page asks of a run table: the operations of `table.`, one function each, answered as in `requests.py`.

A table is named by its token, and answers for the runs it was made of, in its store, and for no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.views import table_edits
from inlay.views.arguments import Answer, integer, listing, number, optional, text
from inlay.views.table_questions import (
    boxes_answer,
    completion_answer,
    curves_answer,
    diff_answer,
    facet_answer,
    sparks_answer,
    values_answer,
)
from inlay.views.table_state import is_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.views.desk import Desk
    from inlay.views.run_table import RunTable

PREFIX = "table."
ROWS = 500
"""The most rows of one page."""
COLUMNS = 300
RUNS = 2_000
"""The most runs that one edit changes."""
POINTS = 2_000
VALUES = 5_000


def handler_of(op: str) -> Callable[[dict[str, Any], Desk], Answer]:
    """What answers the operation. Raises `InlayError` for one that there is none of."""
    found = _HANDLERS.get(op.removeprefix(PREFIX))
    if found is None:
        names = ", ".join(PREFIX + name for name in _HANDLERS)
        raise InlayError(f"there is no request {op!r:.200}; there are {names}")
    return lambda request, desk: found(request, desk.table(text(request, "table")))


def _view(request: dict[str, Any], table: RunTable) -> Answer:
    refine = request.get("refine")
    clause = None
    if refine is not None:
        if not isinstance(refine, dict) or not is_column(refine.get("column")):
            raise TypeError(f"'refine' is a column and a clause; got {refine!r:.200}")
        clause = refine["column"], refine.get("clause")
    view = table.session.view(
        request.get("state"),
        refine=clause,
        start=max(0, integer(request, "start", 0)),
        count=_count(request),
        columns=_columns(request) if request.get("columns") is not None else None,
    )
    table.remember(view)
    return Answer(view)


def _rows(request: dict[str, Any], table: RunTable) -> Answer:
    version, start = integer(request, "version"), max(0, integer(request, "start"))
    return Answer(table.session.rows(version, start, _count(request), _columns(request)))


def _keep(request: dict[str, Any], table: RunTable) -> Answer:
    answer = table.session.keep(request.get("state"))
    table.remember_state(answer["charted"])
    return Answer(answer)


def _all_columns(_request: dict[str, Any], table: RunTable) -> Answer:
    return Answer({"columns": table.session.all_columns()})


def _facet(request: dict[str, Any], table: RunTable) -> Answer:
    bins = max(2, min(integer(request, "bins", 40), 200))
    return Answer(facet_answer(table.session, _column(request, "column"), bins))


def _complete(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(completion_answer(table.session, text(request, "text"), integer(request, "cursor")))


def _sparks(request: dict[str, Any], table: RunTable) -> Answer:
    metrics = [one for one in _columns(request, "metrics") if one.startswith("metrics.")]
    return Answer(sparks_answer(table.session, _texts(request, "runs", ROWS), metrics))


def _curves(request: dict[str, Any], table: RunTable) -> Answer:
    x: Any = _word(request, "x", "step", "time", "relative")
    band: Any = _word(request, "band", "std", "range")
    lo, hi = (optional(request, name, number) for name in ("lo", "hi"))
    points = max(10, min(integer(request, "points", 400), POINTS))
    keys = _texts(request, "keys", 500)
    body, data = curves_answer(
        table.session, keys, text(request, "metric"), x=x, lo=lo, hi=hi, points=points, band=band
    )
    return Answer(body, (data,))


def _values(request: dict[str, Any], table: RunTable) -> Answer:
    limit = max(1, min(integer(request, "limit", VALUES), VALUES))
    return Answer(values_answer(table.session, _columns(request), _scope(request), limit))


def _boxes(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(boxes_answer(table.session, _column(request, "column"), _column(request, "by"), _scope(request)))


def _diff(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(diff_answer(table.session, _texts(request, "runs", 50)))


def _rename(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(table_edits.rename(table, _runs(request), text(request, "name")))


def _set_tag(request: dict[str, Any], table: RunTable) -> Answer:
    value = optional(request, "value", text)
    return Answer(table_edits.set_tag(table, _runs(request), text(request, "key"), value))


def _set_note(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(table_edits.set_note(table, _runs(request), text(request, "text")))


def _delete(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(table_edits.delete(table, _runs(request)))


def _restore(request: dict[str, Any], table: RunTable) -> Answer:
    return Answer(table_edits.restore(table, _runs(request)))


def _code(_request: dict[str, Any], table: RunTable) -> Answer:
    return Answer({"code": table.code()})


def _html(_request: dict[str, Any], table: RunTable) -> Answer:
    return Answer({"name": "compare.html"}, (table.html().encode("utf-8"),))


_HANDLERS: dict[str, Callable[[dict[str, Any], RunTable], Answer]] = {
    "view": _view,
    "rows": _rows,
    "keep": _keep,
    "columns": _all_columns,
    "facet": _facet,
    "complete": _complete,
    "sparks": _sparks,
    "curves": _curves,
    "values": _values,
    "boxes": _boxes,
    "diff": _diff,
    "rename": _rename,
    "set_tag": _set_tag,
    "set_note": _set_note,
    "delete": _delete,
    "restore": _restore,
    "code": _code,
    "html": _html,
}


# -- arguments ------------------------------------------------------------------------------------------------


def _count(request: dict[str, Any]) -> int:
    return max(0, min(integer(request, "count", 100), ROWS))


def _columns(request: dict[str, Any], name: str = "columns") -> list[str]:
    given = listing(request, name)
    if len(given) > COLUMNS or not all(map(is_column, given)):
        raise ValueError(f"{name!r} holds at most {COLUMNS} columns; got {given!r:.200}")
    return list(dict.fromkeys(given))


def _column(request: dict[str, Any], name: str) -> str:
    column = text(request, name)
    if not is_column(column):
        raise ValueError(f"{name!r} is a column such as 'params.lr'; got {column!r:.200}")
    return column


def _scope(request: dict[str, Any]) -> str:
    return _word(request, "scope", "charted", "view")


def _word(request: dict[str, Any], name: str, *words: str) -> str:
    word = text(request, name)
    if word not in words:
        raise ValueError(f"{name!r} is one of {', '.join(map(repr, words))}; got {word!r:.200}")
    return word


def _texts(request: dict[str, Any], name: str, most: int) -> list[str]:
    given = listing(request, name)
    if len(given) > most or not all(isinstance(one, str) and len(one) <= 20_000 for one in given):
        raise ValueError(f"{name!r} holds at most {most:,} texts; got {given!r:.200}")
    return list(dict.fromkeys(given))


def _runs(request: dict[str, Any]) -> list[str]:
    if request.get("run") is not None:
        return [text(request, "run")]
    return _texts(request, "runs", RUNS)
