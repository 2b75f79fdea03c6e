"""Completion in the filter bar: what is offered after what, in which order, for which part of the text."""

from __future__ import annotations

import pytest
from filtered_runs import ROWS, made
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.query.completion import Names, column_at, complete, names_of, values_of
from inlay.query.filter import select_runs

NAMES = Names(
    metrics={"auc": 5, "val/loss": 4, "val loss": 2},
    params={"lr": 5, "model": 3},
    tags={"team": 2, "model": 1},
    values={
        "params.model": (("gbm", 3), ("it's", 1)), "params.lr": ((0.1, 3), (1e-05, 2)), "name": (("alpha", 1),),
        "status": (("failed", 2),),
    },
)  # fmt: skip
KEYS = ["metrics.", "params.", "tags.", "run_id"]
STATUSES = ["'failed'", "'running'", "'finished'", "'interrupted'", "'killed'"]

# The text with the cursor at its end, what is replaced, and what is offered first.
OFFERED = [
    ("", "", KEYS),
    ("m", "m", ["metrics.auc", "metrics.val/loss", 'metrics."val loss"', "max(", "min(", "mean("]),
    ("au", "au", ["metrics.auc"]),
    ("LOS", "LOS", ["metrics.val/loss", 'metrics."val loss"']),
    ("metrics.", "metrics.", ["metrics.auc", "metrics.val/loss", 'metrics."val loss"']),
    ("metric.v", "metric.v", ["metrics.val/loss", 'metrics."val loss"']),
    ('metrics."val l', 'metrics."val l', ['metrics."val loss"']),
    ("metrics.`val/", "metrics.`val/", ["metrics.val/loss"]),
    ("mod", "mod", ["params.model", "tags.model"]),
    ("tags.mod", "tags.mod", ["tags.model"]),
    ("stat", "stat", ["status"]),
    ("attributes.stat", "attributes.stat", ["status"]),
    ("data", "data", ["datasets.name", "datasets.digest", "datasets.context"]),
    ("metrics.auc ", "", ["=", "!=", ">", ">=", "<", "<=", "BETWEEN", "IN", "IS NULL"]),
    ("max(metrics.auc) ", "", ["=", "!=", ">", ">="]),
    ("name ", "", ["=", "!=", "CONTAINS", "LIKE", "ILIKE", "RLIKE", "IN"]),
    ("name c", "c", ["CONTAINS"]),
    ("params.lr ", "", ["=", "!=", ">", ">=", "<", "<=", "BETWEEN", "IN", "CONTAINS"]),
    ("status ", "", ["=", "!=", "IN", "CONTAINS"]),
    ("datasets.name ", "", ["=", "!=", "CONTAINS"]),
    ("name not ", "", ["CONTAINS", "LIKE", "ILIKE", "RLIKE", "IN", "BETWEEN"]),
    ("name is ", "", ["NULL", "NOT NULL"]),
    ("name is not ", "", ["NULL"]),
    ("name in ", "", ["("]),
    ("status = ", "", STATUSES),
    ("status = fin", "fin", ["'finished'"]),
    ("status='FIN", "'FIN", ["'finished'"]),
    ("status in (", "", STATUSES),
    ("status in ('failed', ", "", STATUSES),
    ("params.model = ", "", ["'gbm'", "'it''s'"]),
    ("params.model contains 'it", "'it", ["'it''s'"]),
    ("params.lr between ", "", ["0.1", "1e-05"]),
    ("params.lr between 0.1 ", "", ["AND"]),
    ("params.lr between 0.1 and ", "", ["0.1", "1e-05"]),
    ("params.lr between 0.1 and 0.2 ", "", ["AND", "OR"]),
    ('name = "al', '"al', ["'alpha'"]),
    ("git_dirty = ", "", ["true", "false"]),
    ("started_at > ", "", ["now()", "today()", "yesterday()", "now() - interval '1 day'"]),
    ("started_at > now() - interval ", "", ["'1 hour'", "'1 day'"]),
    ("started_at > now() - interval '1 day' ", "", ["AND", "OR"]),
    ("metrics.auc > 0.9 ", "", ["AND", "OR"]),
    ("metrics.auc > 0.9 o", "o", ["OR"]),
    ("metrics.auc > 0.9 and ", "", KEYS),
    ("metrics.auc - ", "", KEYS),
    ("metrics.auc > metr", "metr", ["metrics.auc", "metrics.val/loss"]),
    ("not ", "", KEYS),
    ("(", "", KEYS),
    ("(name = 'x' ", "", ["AND", "OR", ")"]),
    ("max(", "", ["metrics.auc", "metrics.val/loss", 'metrics."val loss"']),
    ("0.5 < max(au", "au", ["metrics.auc"]),
    ("parent.st", "parent.st", ["parent.status", "parent.started_at"]),
    ("parent.params.l", "parent.params.l", ["parent.params.lr"]),
    ("parent.status = ", "", STATUSES),
    ("name = 'it''s' and stat", "stat", ["status"]),
    ("params.model = 'a' or params.", "params.", ["params.lr", "params.model"]),
    ("metrics.zzz", "metrics.zzz", []),
    ("é", "é", []),
    ("name = 'a\0b' and ", "", []),
]  # fmt: skip


def test_what_is_offered():
    for text, word, expected in OFFERED:
        found = complete(text, len(text), NAMES)
        offered = [item.text for item in found.items]
        assert text[found.start : found.end] == word, text
        assert offered[: len(expected)] == expected, text
        assert expected or not offered, text


def test_an_order_by_likelihood():
    """What begins with the word, then names that do, then what holds it; of these what more runs have."""
    names = Names(metrics={"x/status": 9, "status": 1, "a": 3, "b": 7})
    offered = [item.text for item in complete("stat", 4, names).items]
    assert offered == ["status", "metrics.status", "metrics.x/status"]
    assert [item.text for item in complete("metrics.", 8, names).items] == [
        "metrics.x/status", "metrics.b", "metrics.a", "metrics.status",
    ]  # fmt: skip
    item = complete("metrics.b", 9, names).items[0]
    assert (item.kind, item.detail) == ("metric", "7 runs")
    many = Names(metrics={f"m{number}": 1 for number in range(5000)})
    assert len(complete("m", 1, many).items) < 100


def test_in_the_middle_of_a_word():
    for text, cursor, word in (
        ("metr.auc > 3", 3, "metr.auc"), ("status = 'fi' and x", 12, "'fi'"), ("status = 'fi", 11, "'fi"),
        ("name = 'a' and pid > 3", 17, "pid"), ("a", 99, "a"), ("a", -5, ""),
    ):  # fmt: skip
        found = complete(text, cursor, NAMES)
        assert text[found.start : found.end] == word, text


@pytest.mark.parametrize(
    ("text", "column"),
    [("params.model = '", "params.model"), ("run_name in (", "name"), ("metrics.auc > ", "metrics.auc"), ("name ", None),
     ("parent.tags.team = ", "tags.team"), ("name = 'x' and ", None), ("datasets.name = ", None), ("", None)],
)  # fmt: skip
def test_the_column_whose_values_are_wanted(text, column):
    assert column_at(text, len(text)) == column


def test_names_and_values_of_a_store():
    with made(ROWS) as con:
        names = names_of(con)
        assert dict(names.metrics) == {"auc": 3, "val/loss": 2, "zero": 2, "f1@5": 1, "loss": 1}
        assert next(iter(names.metrics)) == "auc"
        assert names.tags["team"] == 3
        assert values_of(con, "tags.team") == [("x", 2), ("y", 1)]
        assert set(values_of(con, "params.target")) == {("high", 1), (0.9, 1)}
        assert values_of(con, "experiment") == [("e1", 2), ("e2", 2)]
        assert values_of(con, "status", limit=1) == [("finished", 2)]
        assert values_of(con, "metrics.auc") == values_of(con, "code") == values_of(con, "nonsense") == []
        assert values_of(con, "tags.'; DROP TABLE runs; --") == []
        known = names.with_values("tags.team", values_of(con, "tags.team"))
        assert [item.text for item in complete("tags.team = ", 12, known).items] == ["'x'", "'y'"]
        assert not names.values


def test_what_is_offered_can_be_read():
    """Whatever is taken for a key and a value makes a filter."""
    for key in complete("", 0, NAMES).items + complete("m", 1, NAMES).items:
        if key.kind in ("attribute", "metric", "param", "tag", "dataset") and not key.text.endswith("."):
            select_runs(f"{key.text} IS NULL")
    for text in ("status = ", "params.model in (", "params.lr = ", "started_at > ", "git_dirty = ", "name = "):
        for value in complete(text, len(text), NAMES).items:
            select_runs(text + value.text + (")" if "(" in text else ""))


@settings(max_examples=300, deadline=None, database=None)
@given(st.one_of(
    st.text(alphabet="metricsparams.auclr'\"`()=<>!-+*/;%$?, \n0123456789andornotinlikeisnull\\:@é\0", max_size=40),
    st.lists(st.sampled_from(["metrics.", "params.lr", "name", "'a", "'a'", '"', "`", "3", "(", ")", "+", "-", "/", "=", ">", ",", "and", "or", "not", "in", "like", "between", "is", "null", "max(", "now()", "interval", "parent.", "foo."]), max_size=10).map(" ".join),
), st.integers(-1, 60))  # fmt: skip
def test_half_typed_text_never_raises(text, cursor):
    found = complete(text, cursor, NAMES)
    assert found.start <= found.end <= max(len(text), cursor)
    column_at(text, cursor)
