"""The filter language against an oracle in memory, against any text, and against texts that would be SQL."""

from __future__ import annotations

import math
import operator
import re
from uuid import UUID

import pytest
from filtered_runs import INF, NAN, ROWS, Row, found_names, made, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inlay.errors import QueryError
from inlay.query.filter import select_runs
from inlay.query.filter_fields import field_of
from inlay.query.filter_syntax import parse

QUICK = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def con():
    with made(ROWS) as con:
        yield con


# -- injection ------------------------------------------------------------------------------------------------

HOSTILE = [
    "x'; DROP TABLE runs; --",
    "' OR 1=1 --",
    "x' UNION SELECT path FROM artifacts --",
    '"; DROP TABLE runs; --',
    "$p1",  # as our own parameters are written
    "?",
    "{key}",
    "{columns}",
    "%s",
    "\\' OR 1=1",
    "`; SELECT 1",
    "\u2019 OR 1=1",
    "a\nb",
    "k1.last",
    "{t}.source) OR true --",
]


def test_values_and_names_are_never_sql():
    rows = [
        Row(hostile, "hostile", params={"p": hostile}, tags={hostile: hostile}, metrics={hostile: [1.0]}, code=hostile)
        for hostile in HOSTILE
    ]
    with made(rows) as con:
        for hostile in HOSTILE:
            text, name, tick = hostile.replace("'", "''"), hostile.replace('"', '""'), hostile.replace("`", "``")
            nothing = (
                f"tags.team IN ('{text}') or params.model LIKE '{text}' or note contains '{text}'",
                f"metrics.\"{name}\" > 1 or params.\"{name}\" = 'x' or tags.`{tick}` = 'x'",
                f'max(metrics."{name}") - parent.metrics."{name}" * 2 > 1 or parent.params."{name}" in (\'{text}\', 1)',
                f'mean(metrics."{name}") > params."{name}" or parent.name contains \'{text}\'',
            )
            for question in nothing:
                selection = select_runs(question, experiment=hostile)
                if hostile not in ("$p1", "?", "%s", "k1.last"):
                    assert hostile not in selection.sql
                assert hostile in selection.params.values()
                assert found_names(con, question, rows, experiment="hostile") == []
            every = [f'metrics."{name}" DESC', f'tags."{name}", max(metrics."{name}") / metrics.`{tick}`']
            assert len(found_names(con, "", rows, order_by=every)) == len(HOSTILE)
            exact = f"params.p = '{text}' and tags.\"{name}\" = '{text}' and metrics.\"{name}\" = 1"
            assert found_names(con, exact, rows) == [hostile]
            assert hostile in found_names(con, f"code contains '{text}' and name rlike '{_escaped(hostile)}'", rows)
        assert con.execute("SELECT count(*) FROM runs").fetchone() == (len(HOSTILE),)


def _escaped(text):
    """As a regular expression that means just this text, in single quotes."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text).replace("'", "''")


@settings(max_examples=200, **QUICK)
@given(
    st.one_of(
        st.text(alphabet="metricsparams.auclr'\"`()=<>!-+*/;%$?, \n\t0123456789andornotinlike\\:@é", max_size=60),
        st.lists(
            st.sampled_from(["metrics.auc", "params.lr", "name", "started_at", "'a'", "3", "-1", "(", ")", "+", "-", "*", "/", "=", ">", "<", ",", "and", "or", "not", "in", "like", "rlike", "contains", "between", "is", "null", "max(", "now()", "interval", "'1", "day'", "parent.", "datasets.name", "true"]),
            max_size=14,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_a_filter_or_a_query_error(con, text):
    try:
        selection = select_runs(text)
    except QueryError as error:
        assert re.match(r"column \d+: ", str(error))  # noqa: PT017
        assert 0 <= error.position <= len(text)  # noqa: PT017
    else:
        con.execute(selection.sql, selection.params).fetchall()  # no error of the database's either


@settings(max_examples=200, **QUICK)
@given(st.one_of(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
                 st.text(alphabet="ab1_./:@- \"`'", min_size=1)))  # fmt: skip
def test_any_name_can_be_spelled(name):
    condition = parse(f"0 + {field_of('metrics.' + name)} = 1 and {field_of('tags.' + name)} is null")
    total, missing = condition.conditions
    assert (total.operand.right.name, missing.operand.name) == (name, name)


# -- the oracle -----------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from([-1.0, 0.0, 0.01, 0.1, 0.5, 0.95, 1.0, 2.0, 3.0, 32.0, INF])
TEXTS = st.sampled_from(["", "x", "y", "gbm", "GBM-2", "mlp", "alpha", "zeta", "g", "it's", "%", "é", "m", "high"])
PATTERNS = st.sampled_from(["%", "g%", "%a", "_", "G__-2", "x", "%m%", "a.pha"])
EXPRESSIONS = st.sampled_from(["g", "^G", "a$", "[xy]", "m.p", "\\d", "^$", "(?i)gbm"])
BY_NAME = {row.name: row for row in ROWS}
SIGNS = {"=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def text_of(row, entity, key):
    value = getattr(row, entity).get(key)
    return None if value is None else stored(value)[0]


def number_of(row, entity, key):
    try:
        return float(text_of(row, entity, key))
    except (TypeError, ValueError):
        return None


def compared(value, sign, other):
    """SQL's three values: True, False, and None for what is not known."""
    if value is None or other is None:
        return None
    if value != value and other != other:  # NaN is itself, but not above or below
        return sign == "="
    return SIGNS[sign](value, other)


def quoted(value):
    return repr(value) if isinstance(value, float) else "'" + value.replace("'", "''") + "'"


def spelled(draw, entity, key):
    written = draw(st.sampled_from([key, f"`{key}`", f'"{key}"']))
    return f"{entity}.{written}"


@st.composite
def numeric(draw, depth=2):
    """An operand of numbers as text, and what it is for a row."""
    kind = draw(
        st.sampled_from(["metric", "loose", "aggregate", "attribute", "parent", "constant"] + ["sum"] * depth * 2)
    )
    if kind == "sum":
        sign = draw(st.sampled_from("+-*/"))
        (left, first), (right, second) = draw(numeric(depth - 1)), draw(numeric(depth - 1))
        return f"({left} {sign} {right})", lambda row: calculated(sign, first(row), second(row))
    if kind == "constant":
        number = draw(st.sampled_from([-1.5, 0.5, 2.0, 10.0]))
        return repr(number), lambda row: number
    if kind == "attribute":
        return draw(st.sampled_from([("duration_s", lambda row: row.duration_s), ("pid", lambda row: row.more["pid"])]))
    if kind == "loose":
        entity, key = draw(st.sampled_from([("params", "lr"), ("params", "target"), ("params", "n"), ("tags", "fold")]))
        return spelled(draw, entity, key), lambda row: number_of(row, entity, key)
    key = draw(st.sampled_from(["auc", "val/loss", "loss", "zero", "none"]))
    if kind == "parent":

        def read(row):
            return (BY_NAME[row.parent].metrics.get(key) or [None])[-1] if row.parent else None

        return spelled(draw, "parent.metrics", key), read
    if kind == "metric":
        return spelled(draw, "metrics", key), lambda row: (row.metrics.get(key) or [None])[-1]
    function = draw(st.sampled_from(["max", "min", "first", "last", "count", "mean"]))
    return f"{function}(metrics.{key})", lambda row: summary(function, row.metrics.get(key, []))


def summary(function, history):
    if function == "count":
        return float(len(history))
    if function in ("first", "last"):
        return (history or [None])[0 if function == "first" else -1]
    real = [value for value in history if not math.isnan(value)]
    if not real:
        return None
    return {"max": max, "min": min, "mean": lambda values: sum(values) / len(values)}[function](real)


def calculated(sign, left, right):
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    try:
        return {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign](left, right)
    except OverflowError:
        return NAN


@st.composite
def of_numbers(draw):
    """A comparison of numbers; in none of them two constants alone."""
    left, read = draw(numeric().filter(lambda one: re.search("[a-z]{3}", one[0])))
    kind = draw(st.sampled_from(["sign", "operand", "in", "between", "null"]))
    no = draw(st.booleans())
    if kind == "sign":
        sign, number = draw(st.sampled_from(sorted(SIGNS))), draw(NUMBERS)
        return f"{left} {sign} {quoted(number)}", lambda row: compared(read(row), sign, number)
    if kind == "operand":
        sign, (right, other) = draw(st.sampled_from(sorted(SIGNS))), draw(numeric())
        if all(re.fullmatch(r"(params|tags)\.\S+", side) for side in (left, right)) and sign in ("=", "!="):
            left = f"({left} + 0)"  # two of them may be texts, and are compared as such
        return f"{left} {sign} {right}", lambda row: compared(read(row), sign, other(row))
    if kind == "in":
        given = draw(st.lists(NUMBERS, min_size=1, max_size=3))
        text = f"{left} {'not ' * no}in ({', '.join(map(quoted, given))})"
        return text, lambda row: negated(no, None if read(row) is None else read(row) in given)
    if kind == "between":
        low, high = draw(NUMBERS), draw(NUMBERS)

        def inside(row):
            value = read(row)
            return None if value is None else low <= value <= high

        return f"{left} {'NOT ' * no}BETWEEN {quoted(low)} and {quoted(high)}", lambda row: negated(no, inside(row))
    if re.match(r"(params|tags)\.", left):
        left = f"({left} * 1)"  # whether it is a number, not whether it is there
    return f"{left} IS {'NOT ' * no}NULL", lambda row: (read(row) is None) is not no


@st.composite
def of_texts(draw):
    entity, key = draw(st.sampled_from([("params", "model"), ("params", "target"), ("tags", "team"), ("tags", "none"),
                                        ("name", ""), ("code", ""), ("parent.name", "")]))  # fmt: skip
    reads = {"name": lambda row: row.name, "code": lambda row: row.code, "parent.name": lambda row: row.parent}
    read = reads.get(entity) or (lambda row: text_of(row, entity, key))
    left = spelled(draw, entity, key) if key else entity
    kind = draw(st.sampled_from(["=", "!=", "in", "like", "ilike", "rlike", "contains", "null"]))
    no = draw(st.booleans())
    if kind == "null":
        return f"{left} IS {'NOT ' * no}NULL", lambda row: (read(row) is None) is not no
    if kind in SIGNS:
        given = draw(TEXTS)
        return f"{left} {kind} {quoted(given)}", lambda row: compared(read(row), kind, given)
    if kind == "in":
        several = draw(st.lists(TEXTS, min_size=1, max_size=3))
        written, found = f"({', '.join(map(quoted, several))})", lambda value: value in several
    else:
        given = draw({"like": PATTERNS, "ilike": PATTERNS, "rlike": EXPRESSIONS, "contains": TEXTS}[kind])
        written, found = quoted(given), lambda value: matched(kind, value, given)
    word = draw(st.sampled_from([kind, kind.upper()]))
    answer = lambda row: None if read(row) is None else found(read(row))  # noqa: E731
    return f"{left} {'not ' * no}{word} {written}", lambda row: negated(no, answer(row))


def matched(kind, value, given):
    if kind == "contains":
        return given.lower() in value.lower()
    if kind == "rlike":
        return re.search(given, value) is not None
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in given)
    return re.fullmatch(pattern, value, re.DOTALL | (re.IGNORECASE if kind == "ilike" else 0)) is not None


def negated(no, answer):
    return None if answer is None else answer is not no


def joined(pair):
    (left, first), (word, (right, second)) = pair

    def answer(row):
        found = {first(row), second(row)}
        decisive = word == "or"
        return decisive if decisive in found else (None if None in found else not decisive)

    return f"({left}) {word} ({right})", answer


def denied(one):
    text, answer = one
    return f"not ({text})", lambda row: negated(True, answer(row))


CONDITIONS = st.recursive(
    st.one_of(of_numbers(), of_texts()),
    lambda inner: st.one_of(
        st.tuples(inner, st.tuples(st.sampled_from(["and", "or"]), inner)).map(joined), inner.map(denied)
    ),
    max_leaves=5,
)


@settings(max_examples=300, **QUICK)
@given(CONDITIONS)
def test_the_same_as_in_memory(con, condition):
    text, answer = condition
    assert sorted(found_names(con, text)) == sorted(row.name for row in ROWS if answer(row) is True), text


@settings(max_examples=60, **QUICK)
@given(numeric(), st.booleans())
def test_the_same_order_as_in_memory(con, operand, descending):
    text, read = operand
    if not re.search("[a-z]{3}", text) or re.match(r"(params|tags)\.", text):
        return
    selection = select_runs("", order_by=f"{text} {'desc' if descending else 'asc'}")
    found = [ROWS[UUID(run).int - 1] for (run,) in con.execute(selection.sql, selection.params).fetchall()]
    values = [read(row) for row in found]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert values[: len(finite)] == sorted(finite, reverse=descending), text
    assert None not in values[: sum(value is not None for value in values)]
