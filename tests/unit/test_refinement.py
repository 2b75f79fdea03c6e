"""A facet's part of a filter: put in, replaced, taken out; the rest as it was typed."""

from __future__ import annotations

import math

import pytest
from filtered_runs import ROWS, found_names, made
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.errors import QueryError
from inlay.query.refinement import Between, In, Missing, NotIn, clause_text, refine

HALF = Between(0.5, 1.0)
SAID = "metrics.auc BETWEEN 0.5 AND 1"

# The filter, the column, the clause, and the filter that comes of it.
REFINED = [
    ("", "metrics.auc", HALF, SAID),
    ("  ", "metrics.auc", HALF, SAID),
    ("", "metrics.auc", None, ""),
    ("name = 'x'", "metrics.auc", HALF, f"name = 'x' AND {SAID}"),
    ("name = 'x'  ", "metrics.auc", HALF, f"name = 'x' AND {SAID}"),
    ("name = 'x'", "metrics.auc", None, "name = 'x'"),
    # replaced where it was, whatever form it had
    ("metrics.auc = 3", "metrics.auc", HALF, SAID),
    ("metric.`auc` in (1,2) and  name='x'", "metrics.auc", HALF, f"{SAID} and  name='x'"),
    ("name='x'  AND metrics.auc between 0 and 1 and tags.t='y' ", "metrics.auc", HALF, f"name='x'  AND {SAID} and tags.t='y' "),
    ("name='x' and not metrics.auc is null", "metrics.auc", HALF, f"name='x' and {SAID}"),
    ("metrics.auc IS NOT NULL and name='x'", "metrics.auc", HALF, f"{SAID} and name='x'"),
    ("(metrics.auc = 1) and name='x'", "metrics.auc", HALF, f"{SAID} and name='x'"),
    ("NOT (metrics.auc not in (1))", "metrics.auc", HALF, SAID),
    ("metrics.auc != 1", "metrics.auc", HALF, SAID),
    ("metrics.auc >= 1 and params.p = 1\n AND metrics.auc <= 2", "metrics.auc", HALF, f"{SAID} and params.p = 1"),
    ("metrics.auc = 1 and metrics.auc IN (2) and name = 'x'", "metrics.auc", HALF, f"{SAID} and name = 'x'"),
    # taken out with its AND
    ("metrics.auc = 1 and name='x'", "metrics.auc", None, "name='x'"),
    ("name='x' and metrics.auc = 1", "metrics.auc", None, "name='x'"),
    ("name='x'\n  and metrics.auc = 1\n  and tags.t='y'", "metrics.auc", None, "name='x'\n  and tags.t='y'"),
    (" metrics.auc = 1 ", "metrics.auc", None, ""),
    # not a facet's: stays
    ("metrics.auc > 0.1", "metrics.auc", HALF, f"metrics.auc > 0.1 AND {SAID}"),
    ("metrics.auc >= 0.1", "metrics.auc", HALF, f"metrics.auc >= 0.1 AND {SAID}"),
    ("metrics.auc >= 0.1 and metrics.auc >= 0.2", "metrics.auc", None, "metrics.auc >= 0.1 and metrics.auc >= 0.2"),
    ("not metrics.auc >= 1 and metrics.auc <= 2", "metrics.auc", None, "not metrics.auc >= 1 and metrics.auc <= 2"),
    ("max(metrics.auc) = 1", "metrics.auc", None, "max(metrics.auc) = 1"),
    ("metrics.auc = metrics.b", "metrics.auc", None, "metrics.auc = metrics.b"),
    ("metrics.auc + 1 = 2", "metrics.auc", None, "metrics.auc + 1 = 2"),
    ("parent.metrics.auc = 1", "metrics.auc", None, "parent.metrics.auc = 1"),
    ("params.auc = 1 and tags.auc = 'x'", "metrics.auc", None, "params.auc = 1 and tags.auc = 'x'"),
    ("(metrics.auc = 1 and name='x')", "metrics.auc", None, "(metrics.auc = 1 and name='x')"),
    ("metrics.AUC = 1", "metrics.auc", None, "metrics.AUC = 1"),
    # OR
    ("name='x' or metrics.auc = 1", "metrics.auc", HALF, f"(name='x' or metrics.auc = 1) AND {SAID}"),
    ("name='x' or metrics.auc = 1", "metrics.auc", None, "name='x' or metrics.auc = 1"),
    ("(name='x' or metrics.auc = 1) and metrics.auc = 2", "metrics.auc", None, "(name='x' or metrics.auc = 1)"),
    # attributes by any of their names, keys of any characters
    ("attributes.`Run Name` = 'x' and run_name in ('y')", "name", In(("z",)), "name IN ('z')"),
    ("start_time >= 5 and created <= 9", "started_at", None, ""),
    ('metrics."val loss" is null AND a = 1'.replace("a = 1", "pid = 1"), "metrics.val loss", None, "pid = 1"),
    ("", "tags.a'b\"c", In(("it's", 3.0)), "tags.\"a'b\"\"c\" IN ('it''s', 3)"),
]  # fmt: skip


def test_refine():
    for text, column, clause, expected in REFINED:
        assert refine(text, column, clause) == expected, (text, clause)
        assert refine(expected, column, clause) == expected or clause is None
    with pytest.raises(QueryError, match="column 8"):
        refine("name = ", "metrics.auc", HALF)


CLAUSES = [
    ("metrics.auc", Between(0.5, 0.95), "alpha beta"),
    ("metrics.auc", In((0.5, math.nan)), "beta gamma"),
    ("metrics.auc", NotIn((0.5,)), "alpha gamma"),
    ("metrics.auc", Missing(), "delta"),
    ("metrics.auc", In(()), ""),
    ("metrics.auc", NotIn(()), "alpha beta gamma"),
    ("metrics.loss", In((math.inf,)), "gamma"),
    ("metrics.val/loss", Between(-1e300, 1e300), "alpha beta"),
    ("params.target", In(("high", 0.9)), "alpha beta"),
    ("params.flag", In(("true",)), "alpha"),
    ("tags.it's", In(("q",)), "alpha"),
    ("status", NotIn(("finished",)), "beta gamma"),
    ("git_dirty", In(("true",)), "alpha"),
    ("started_at", Between(1704103200000.0, 1704198600000), "alpha beta"),
    ("started_at", Between("2024-01-01 10:00", "2024-01-02"), "alpha"),
    ("duration_s", Between(60, 600.0), "alpha beta"),
]


def test_what_clauses_find():
    with made(ROWS) as con:
        for column, clause, expected in CLAUSES:
            text = refine("", column, clause)
            assert sorted(found_names(con, text)) == expected.split(), text
            assert refine(text, column, None) == ""
    assert clause_text("started_at", Between(1704103200000.5, 0)) == (
        "started_at BETWEEN '2024-01-01 10:00:00.000500' AND '1970-01-01 00:00:00'"
    )


PARTS = [
    "name = 'x'",
    "(metrics.auc > 1 or name='y')",
    "NOT status = 'failed'",
    "max(metrics.auc)  > 2",
    "tags.t IS NULL",
]


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.sampled_from(PARTS), unique=True), st.integers(0, 5), st.sampled_from([" and ", "  AND\n"]))
def test_in_and_out_again(parts, place, between):
    """What a facet puts into a filter, wherever it then stands, it can take out again."""
    text = between.join(parts)
    refined = refine(text, "params.lr", HALF)
    assert refine(refined, "params.lr", None) == text
    parts.insert(place, "params.lr = 3")
    assert refine(between.join(parts), "params.lr", None) == text
