"""What can be typed next in a filter: keys, operators, values, as a filter bar offers them.

completion_place.py finds out what is wanted at the cursor; the names and values are those the store has.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from inlay.query.completion_place import Place, place_of
from inlay.query.filter_fields import (
    ATTRIBUTES,
    DATASETS,
    KEYED,
    STATUSES,
    column_key,
    field_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

Kind = Literal["attribute", "metric", "param", "tag", "dataset", "operator", "keyword", "function", "value"]

MOST = 60
"""Items that are offered at once."""


@dataclass(frozen=True, slots=True)
class Item:
    """What can take the place of the word at the cursor, as a filter spells it."""

    text: str
    kind: Kind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """The items, the likeliest first, for the text from `start` to `end`."""

    start: int
    end: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The keys of a store, with the number of runs that have each; and the values of columns, as far as asked for."""

    metrics: Mapping[str, int] = field(default_factory=dict)
    params: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Sequence[tuple[str | float, int]]] = field(default_factory=dict)

    def with_values(self, column: str, values: Sequence[tuple[str | float, int]]) -> Names:
        return replace(self, values={**self.values, column: values})


def names_of(con: DuckDBPyConnection) -> Names:
    """The keys there are, those of most runs first. It reads a column of every table: ask once and keep them."""
    found: list[dict[str, int]] = []
    for table, condition in (("series", "WHERE count > 0"), ("params", ""), ("tags", "")):
        rows = con.execute(f"SELECT key, count(*) FROM {table} {condition} GROUP BY key ORDER BY 2 DESC, 1")  # noqa: S608
        found.append(dict(rows.fetchall()))
    metrics, params, tags = found
    return Names(metrics, params, tags)


def values_of(con: DuckDBPyConnection, column: str, limit: int = 50) -> list[tuple[str | float, int]]:
    """The values that most runs have of a column, each with the number of them; none of numbers that are measured."""
    entity, name = column_key(column)
    if entity in ("params", "tags"):
        number = "any_value(number)" if entity == "params" else "NULL"
        rows = con.execute(
            f"SELECT value, {number}, count(*) FROM {entity} WHERE key = $key AND length(value) <= 200"  # noqa: S608
            " GROUP BY value ORDER BY 3 DESC, 1 LIMIT $most",
            {"key": name, "most": limit},
        ).fetchall()
        return [(value if number is None else number, count) for value, number, count in rows]
    attribute = ATTRIBUTES.get(name) if entity == "attributes" else None
    if attribute is None or attribute.table or name in _LONG or attribute.form not in ("text", "status", "number"):
        return []
    return con.execute(
        f"SELECT {attribute.sql} AS value, count(*) FROM runs r LEFT JOIN experiments e USING (experiment_id)"  # noqa: S608
        " WHERE value IS NOT NULL GROUP BY value ORDER BY 2 DESC, 1 LIMIT $most",
        {"most": limit},
    ).fetchall()


_LONG = ("error", "error_message", "traceback", "note")


def column_at(text: str, cursor: int) -> str | None:
    """The column whose values could come next, to ask `values_of` for them; None where none do."""
    place = place_of(text, cursor)
    return place.column if place is not None and place.wanted in ("value", "text") else None


def complete(text: str, cursor: int, names: Names) -> Completion:
    """What can stand at the cursor of a filter that is being typed. Never raises.

    What begins with the word there comes first, then names that do behind their entity, then what holds it somewhere.
    """
    place = place_of(text, cursor)
    if place is None:
        return Completion(cursor, cursor, ())
    typed = place.typed.lower()
    ranked = []
    for order, (item, spoken, weight) in enumerate(_offered(place, names)):
        rank = _rank(spoken.lower(), typed)
        if rank is not None:
            ranked.append((rank, -weight, order, item))
    ranked.sort(key=lambda one: one[:3])
    return Completion(place.start, place.end, tuple(item for *_, item in ranked[:MOST]))


def _rank(spoken: str, typed: str) -> int | None:
    if spoken.startswith(typed):
        return 0
    _, dot, name = spoken.partition(".")
    if dot and name.startswith(typed):
        return 1
    return 2 if typed in spoken else None


_Offer = tuple[Item, str, int]
"""An item, how its name is spoken, and the number of runs that have it."""


def _offered(place: Place, names: Names) -> Iterator[_Offer]:
    wanted = place.wanted
    if wanted == "metric":
        yield from _keys(names, ("metrics",), place.typed)
    elif wanted == "operand":
        yield from _operands(names, place.typed)
        yield from _words([("NOT", "the contrary")], "keyword")
    elif wanted in ("operator", "negated"):
        yield from _words(_operators(place), "operator")
    elif wanted == "null":
        yield from _words([("NULL", "has none"), ("NOT NULL", "has one")], "keyword")
    elif wanted == "list":
        yield Item("(", "operator", "a list of values"), "(", 0
    elif wanted == "bound":
        yield from _words([("AND", "the upper bound")], "keyword")
    elif wanted == "joined":
        yield from _words([("AND", "both"), ("OR", "either")], "keyword")
        if place.open:
            yield Item(")", "operator"), ")", 0
    elif wanted == "interval":
        yield from _values(("1 hour", "1 day", "7 days", "30 days"))
    else:
        yield from _values_of(place, names)


def _operands(names: Names, typed: str) -> Iterator[_Offer]:
    if not typed:
        for entity in KEYED:
            known = len(getattr(names, entity))
            yield Item(f"{entity}.", _KINDS[entity], f"{known:,} {entity}"), f"{entity}.", 1
    parent = "parent." if typed.startswith("parent.") else ""
    for name in ATTRIBUTES:
        yield Item(parent + name, "attribute", _FORMS[ATTRIBUTES[name].form]), parent + name, 0
    if typed:
        yield from _keys(names, KEYED, typed)
    for name in DATASETS:
        yield Item(f"{parent}datasets.{name}", "dataset", "of data that was used"), f"{parent}datasets.{name}", 0
    if not parent:
        yield Item("parent.", "attribute", "of the parent run"), "parent.", 0
        yield from _functions()


_FORMS = {
    "text": "text", "number": "number", "seconds": "seconds", "time": "time", "flag": "true or false",
    "status": "status", "id": "id",
}  # fmt: skip
_KINDS: dict[str, Kind] = {"metrics": "metric", "params": "param", "tags": "tag"}


def _keys(names: Names, entities: Iterable[str], typed: str) -> Iterator[_Offer]:
    parent = "parent." if typed.startswith("parent.") else ""
    for entity in entities:
        for key, runs in getattr(names, entity).items():
            column = f"{entity}.{key}"
            if typed.lower() not in (parent + column).lower():
                continue  # before it is spelled: there may be thousands
            said = f"{runs:,} run{'s' * (runs != 1)}"
            yield Item(parent + field_of(column), _KINDS[entity], said), parent + column, runs


def _functions() -> Iterator[_Offer]:
    for name, said in (
        ("max", "largest value of a metric"), ("min", "smallest value"), ("first", "first value"),
        ("last", "last value"), ("count", "number of values"), ("mean", "mean of all values"),
    ):  # fmt: skip
        yield Item(f"{name}(", "function", said), f"{name}(", 0
    yield from _moments()


def _moments() -> Iterator[_Offer]:
    for text, said in (
        ("now()", "this moment"), ("today()", "0:00 today, UTC"), ("yesterday()", "0:00 yesterday, UTC"),
        ("now() - interval '1 day'", "a day ago"),
    ):  # fmt: skip
        yield Item(text, "function", said), text, 0


_ORDER = [(">", "above"), (">=", "at least"), ("<", "below"), ("<=", "at most"), ("BETWEEN", "both bounds included")]
_TEXT = [
    ("CONTAINS", "holds a text"), ("LIKE", "% for anything, _ for a letter"), ("ILIKE", "LIKE in any case"),
    ("RLIKE", "a regular expression"),
]  # fmt: skip
_NEGATED = ("BETWEEN", "IN", "CONTAINS", "LIKE", "ILIKE", "RLIKE")


def _operators(place: Place) -> list[tuple[str, str]]:
    form = _form(place)
    same, lists = [("=", "is"), ("!=", "is not")], [("IN", "one of a list")]
    order = [] if form in ("flag", "status", "id") else _ORDER
    texts = _TEXT if form in ("text", "status", "id", "loose", "dataset") else []
    found = [*same, *texts, *lists, *order] if form in ("text", "dataset") else [*same, *order, *lists, *texts]
    if place.wanted == "negated":
        return [one for one in found if one[0] in _NEGATED]
    return [*found, ("IS NULL", "has none"), ("IS NOT NULL", "has one"), ("NOT", "the contrary")]


def _form(place: Place) -> str:
    key = place.key
    if key is None or key.entity == "metrics":
        return "number"
    if key.entity == "attributes":
        column = place.column
        return ATTRIBUTES[column].form if column else "text"
    return "dataset" if key.entity == "datasets" else "loose"


def _values_of(place: Place, names: Names) -> Iterator[_Offer]:
    form, column = _form(place), place.column
    known = names.values.get(column, ()) if column else ()
    if form == "status":
        counts = dict(known)
        yield from _values(STATUSES, {status: counts.get(status, 0) for status in STATUSES})
        return
    if form == "flag":
        yield from _words([("true", ""), ("false", "")], "value")
    for value, runs in known:
        spoken = value if isinstance(value, str) else f"{value:.15g}"
        text = _quoted(value) if isinstance(value, str) else spoken
        yield Item(text, "value", f"{runs:,} run{'s' * (runs != 1)}"), spoken, runs
    if place.wanted == "text":
        return
    if form == "time":
        yield from _moments()
    elif form in ("number", "seconds", "loose") and place.typed:
        yield from _keys(names, KEYED, place.typed)


def _values(texts: Iterable[str], runs: Mapping[str, int] | None = None) -> Iterator[_Offer]:
    for text in texts:
        known = (runs or {}).get(text, 0)
        yield Item(_quoted(text), "value", f"{known:,} run{'s' * (known != 1)}" if known else ""), text, known


def _words(words: Iterable[tuple[str, str]], kind: Kind) -> Iterator[_Offer]:
    for word, said in words:
        yield Item(word, kind, said), word, 0


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
