"""The filter language: what it refuses, in which words, and where it points; and names that no run has."""

from __future__ import annotations

import pickle

import pytest
from filtered_runs import ROWS, made

from inlay.errors import QueryError
from inlay.query.filter import select_runs, strangers
from inlay.query.filter_tokens import LONGEST

# The text, and what its error says: with the column, what was found and what was expected.
REFUSED = {
    "metrics.auc >": "column 14: expected a value; found the end of the filter\n  metrics.auc >\n               ^",
    "metrics.auc > > 1": "column 15: expected a value; found >",
    "metrics.auc > 'high'": "column 15: expected a number; found 'high'",
    "metrics.auc > high": "column 15: expected a value; a text is written 'high'; found high",
    "metrics.auc > `high`": "column 15: expected a value; a text is written 'high'; found `high`",
    "metrics.auc = true": "column 15: expected a number; found true",
    "metrics.auc like 'x'": "column 13: 'auc' is no text: expected a comparison with a number; found LIKE",
    "metrics.auc > nan": "column 15: nan is neither above nor below a number",
    "metrics.auc > 5m": "column 15: 5m is no number",
    "metrics.auc > 0x1F": "column 15: 0x1F is no number",
    "metrics.auc > -": "column 16: expected a number; found the end",
    "metrics.auc > 1 params.lr = 2": "column 17: expected AND, OR or the end; found params",
    "metrics.auc > 1;": "column 16: expected AND, OR or the end; found ;",
    "(metrics.auc > 1": "column 17: expected AND, OR or ) for the ( that is open; found the end",
    "metrics.auc > 1)": "column 16: expected AND, OR or the end; found )",
    "metrics.auc": "column 12: expected an operator",
    "metrics.auc not > 1": "column 17: expected LIKE, ILIKE, RLIKE, CONTAINS, IN or BETWEEN; found >",
    "metrics.auc is 3": "column 16: expected NULL or NOT NULL; found 3",
    "metrics.auc in 3": "column 16: expected ( and the list of values; found 3",
    "metrics.auc in ()": "column 17: expected a value; found )",
    "metrics.auc in (1 2)": "column 19: expected a comma or ); found 2",
    "metrics.auc between 1": "column 22: expected AND and the upper bound; found the end",
    "metrics. > 1": "column 10: expected the name of a metric; found >",
    "= 0.9": "column 1: expected a key, such as metrics.auc, params.lr, tags.team or status; found =",
    "and": "column 1: expected a key",
    "metricks.auc > 1": "column 1: 'metricks' holds no keys; did you mean metrics?",
    "foo.auc > 1": "column 1: 'foo' holds no keys; there are metrics, params",
    "auc > 0.9": "column 1: runs have no attribute 'auc'; a metric is written metrics.auc",
    "statuss = 'x'": "column 1: runs have no attribute 'statuss'; did you mean status?",
    "attributes.artifact_uri = 'x'": "column 1: runs have no attribute 'artifact_uri'; artifacts are kept by",
    "status = 'finshed'": "column 10: no status is 'finshed': there are running, finished, failed, interrupted, killed; "
    "did you mean finished?",
    "status = 3": "column 10: expected a text, such as '3'; found 3",
    "name = 3": "column 8: expected a text, such as '3'; found 3",
    "started_at > 2026-11-21": "column 14: a time stands in quotes: '2026-11-21'",  # 1994 milliseconds: all runs were found
    "name = NULL": "column 8: expected a value; what is missing is found by IS NULL; found NULL",
    "params.lr > '0.1'": "column 13: texts are compared letter by letter; write the number without quotes: 0.1",
    "params.lr between 1 and 'x'": "column 25: texts and numbers are mixed",
    "params.lr like 3": "column 16: expected a text, such as '3'; found 3",
    "start_time > 'yesterday'": "column 14: expected a time, such as '2026-11-21'",
    "start_time > 1e300": "column 14: expected a time",
    "start_time like '2026%'": "column 12: 'start_time' is no text: expected a comparison with a time; found LIKE",
    "git_dirty = 'maybe'": "column 13: expected true or false; found 'maybe'",
    "datasets.nme = 'x'": "column 1: datasets have no 'nme'; did you mean name?",
    "name = 'open": "column 8: the quote ' is not closed",
    'metrics."open > 1': 'column 9: the quote " is not closed',
    "name = 'a\0b'": "column 10: a filter holds no NUL character",
    "name = 'a' -- and so on": "column 15: expected a number; found and",
    "name = 'a' /* and so on */": "column 13: expected a value; found *",
    "name = upper('a')": "column 8: there is no function 'upper'; there are max, min, first, last, count, mean, avg, now",
    "name = (select 'a')": "column 9: expected a value; a text is written 'select'; found select",
    "exists (select 1)": "column 1: there is no function 'exists'",
    "name = $1": "column 8: expected a value; found $",
    "params.x[0] = 1": "column 9: expected an operator",
    "(" * 101 + "name = 'a'" + ")" * 101: "column 101: conditions are nested more than 100 deep",
    "not " * 101 + "name = 'a'": "nested more than 100 deep",
    " or ".join(f"metrics.m{n} > 1" for n in range(201)): "asks for at most 200 metrics, params and tags",
    "name = '" + "x" * LONGEST + "'": "a filter has at most 100,000 characters",
    "metrics.auc > auk": "column 15: expected a value; a text is written 'auk'; found auk",
    "name = beta": "column 8: expected a value; a text is written 'beta'; found beta",
    "started_at > ended_att": "column 14: expected a value; did you mean ended_at?; found ended_att",
    "params.model rlike 'a(b'": "column 20: no regular expression: missing ): a(b",
    "params.model rlike '(?<=a)b'": "column 20: no regular expression: invalid perl operator: (?<",
    "params.model rlike 3": "column 20: expected a text, such as '3'; found 3",
    "metrics.auc rlike 'a'": "column 13: 'auc' is no text: expected a comparison with a number; found RLIKE",
    "max(metrics.auc) like 'a'":
        "column 18: 'max(metrics.auc)' is no text: expected a comparison with a number; found LIKE",
    "metrics.auc + 1 contains 'a'":
        "column 17: 'metrics.auc + 1' is no text: expected a comparison with a number; found CONTAINS",
    "name contains model": "column 15: expected a value; did you mean code?; found model",
    "name contains params.model": "column 15: expected a text behind CONTAINS; found params.model",
    "name contains 3": "column 15: expected a text, such as '3'; found 3",
    "'x' like name": "column 1: expected a key before LIKE",
    "max(params.lr) > 1": "column 5: expected one metric, as in max(metrics.auc); found params.lr",
    "max(auc) > 1": "column 5: expected one metric, as in max(metrics.auc); found auc",
    "max(metrics.a - metrics.b) > 1": "column 15: expected ) behind one metric, as in max(metrics.auc); found -",
    "max() > 1": "column 5: expected one metric, as in max(metrics.auc); found )",
    "max(metrics.auc > 1": "column 17: expected ) behind one metric, as in max(metrics.auc); found >",
    "maks(metrics.auc) > 1":
        "column 1: there is no function 'maks'; there are max, min, first",
    "median(metrics.auc) > 1": "column 1: there is no function 'median'; did you mean mean?",
    "now(3) > started_at": "column 5: expected ) as in now(); found 3",
    "1 / 0 = metrics.auc": "column 5: a number is divided by zero",
    "1 > 0": "column 1: expected a key on one side, such as metrics.auc or status; found 1",
    "'a' = 'b'": "column 1: expected a key on one side, such as metrics.auc or status; found 'a'",
    "1 is null": "column 1: expected a key on one side, such as metrics.auc or status; found 1",
    "1 in (2)": "column 1: expected a key on one side, such as metrics.auc or status; found 1",
    "name + 1 > 2": "column 1: expected a number; found name, a text",
    "name + 'x' = 'y'": "column 1: expected a number; found name, a text",
    "metrics.auc + 'x' > 1": "column 15: expected a number; found 'x'",
    "metrics.auc + true > 1": "column 15: expected a number; found true",
    "started_at + 1 > now()": "column 14: expected an interval, such as interval '1 day'; found 1",
    "started_at * 2 > now()": "column 1: expected a number; found started_at, a time",
    "started_at + started_at > now()":
        "column 1: expected an interval, such as interval '1 day'; found started_at, a time",
    "started_at > interval '1 day'":
        "column 14: expected a time, such as '2026-11-21' or '2026-11-21 18:30', or now() - interval '1 day'; found interval '1 day'",
    "started_at > now() - interval '1 fortnight'":
        "column 31: expected an interval, such as '1 day' or '2 hours 30 minutes'; found '1 fortnight'",
    "started_at > now() - interval 1 dya":
        "column 33: expected a unit, such as day, hour or minutes; did you mean day?; found dya",
    "started_at > now() - interval 'soon'":
        "column 31: expected an interval, such as '1 day' or '2 hours 30 minutes'; found 'soon'",
    "started_at > now() - interval 1":
        "column 32: expected a unit, such as day, hour or minutes; found the end of the filter",
    "started_at > now() - interval '1'":
        "column 34: expected a unit, such as day, hour or minutes; found the end of the filter",
    "started_at > now() - interval '20000 years'": "column 22: an interval is at most 10,000 years long",
    "ended_at - started_at > 300": "column 25: expected an interval, such as interval '300 seconds'; found 300",
    "ended_at - started_at > '5 minutes'":
        "column 25: expected an interval, such as interval '5 minutes'; found '5 minutes'",
    "ended_at - started_at > duration_s + 1":
        "column 25: ended_at - started_at is a length of time, duration_s + 1 is a number: they do not compare",
    "duration_s > started_at": "column 14: duration_s is a number, started_at is a time: they do not compare",
    "metrics.auc > name": "column 15: metrics.auc is a number, name is a text: they do not compare",
    "metrics.auc = status": "column 15: metrics.auc is a number, status is a status: they do not compare",
    "params.lr > started_at": "column 1: started_at is a time, params.lr is a param or tag: they do not compare",
    "git_dirty > started_at": "column 13: git_dirty is true or false, started_at is a time: they do not compare",
    "metrics.auc in (metrics.b)": "column 17: expected a value in the list; found metrics.b",
    "name in (status)": "column 10: expected a value in the list; found status",
    "parent.parent.name = 'x'": "column 8: 'parent' holds no keys; parent goes one run up",
    "parent.foo = 'x'":
        "column 1: runs have no attribute 'foo'; a metric is written parent.metrics.foo, a param parent.params.foo, a tag parent.tags.foo",
    "parent.nam = 'x'": "column 1: runs have no attribute 'nam'; did you mean parent.name?",
    "parent. = 'x'": "column 9: expected what is asked of the parent, such as parent.name or parent.params.lr; found =",
    "parent.metriks.x > 1": "column 8: 'metriks' holds no keys; did you mean metrics?",
    "parent.metrics. > 1": "column 17: expected the name of a metric; found >",
    "datasets.name = params.x": "column 17: datasets.name is a text, params.x is a param or tag: they do not compare",
    "name = datasets.name": "column 8: a dataset stands on the left, and is compared with texts",
    "datasets.name + 1 > 2": "column 1: expected a number; found datasets.name, a text",
    "(metrics.auc + 1 > 2": "column 21: expected AND, OR or ) for the ( that is open; found the end of the filter",
    "(metrics.auc + 1 = 2) + 1 > 3":
        "column 18: expected an operator of arithmetic, or ) for the ( that is open; found =",
    "metrics.auc > 1 +": "column 18: expected a value; found the end of the filter",
    "metrics.auc > 1 + 5m": "column 19: 5m is no number",
    "metrics.auc > - 'x'": "column 17: expected a number; found 'x'",
    "metrics.auc ** 2 > 1": "column 14: expected a value; found *",
    "metrics.auc % 2 > 1":
        "column 13: expected an operator (= != > >= < <= LIKE ILIKE RLIKE CONTAINS IN BETWEEN IS); found %",
    "metrics.auc contains": "column 21: expected a value; found the end of the filter",
    "name not": "column 9: expected LIKE, ILIKE, RLIKE, CONTAINS, IN or BETWEEN; found the end of the filter",
    "interval > 3":
        "column 1: runs have no attribute 'interval'; a metric is written metrics.interval, a param params.interval, a tag tags.interval",
    "status = 'actve'": "column 10: no status is 'actve': there are running, finished, failed, interrupted, killed",
    "metrics.auc between 0 and name": "column 27: metrics.auc is a number, name is a text: they do not compare",
    "tags.x = now()": "column 1: now() is a time, tags.x is a param or tag: they do not compare",
    "now":
        "column 4: expected an operator (= != > >= < <= LIKE ILIKE RLIKE CONTAINS IN BETWEEN IS); found the end of the filter",
    "experiment = 3": "column 14: expected a text, such as '3'; found 3",
    "metrics.auc > metrics.": "column 23: expected the name of a metric; found the end of the filter",
    "pid = 'x'": "column 7: expected a number; found 'x'",
}  # fmt: skip


def test_what_is_refused():
    for text, expected in REFUSED.items():
        with pytest.raises(QueryError) as error:
            select_runs(text)
        said = str(error.value)
        assert said.startswith(expected) or (len(text) > 100 and expected in said), (text[:100], said[:200])
        column = said.partition(":")[0].removeprefix("column ")
        assert error.value.position == (int(column) - 1 if column.isdigit() else None)


def test_a_mark_points_at_the_place():
    """Of a long filter, and of one of several lines, the part around it is shown."""
    long = "name = 'a' and " * 30 + "status = 'finshed' and name = 'b'"
    for text in (long, "name = 'a'\n  and status = 'finshed'\n  and name = 'b'"):
        with pytest.raises(QueryError) as error:
            select_runs(text)
        _, line, mark = str(error.value).split("\n")
        assert line[mark.index("^") : mark.rindex("^") + 1] == "'finshed'"
        assert len(line) < 110


def test_no_text():
    for wrong in (None, 3, ["a"]):
        with pytest.raises(TypeError, match="a filter is a text"):
            select_runs(wrong)


def test_the_place_of_an_error_travels():
    with pytest.raises(QueryError) as error:
        select_runs("name = 'a' and max(name) > 1")
    assert error.value.position == 19
    again = pickle.loads(pickle.dumps(error.value))
    assert (str(again), again.position) == (str(error.value), 19)


def test_names_that_no_run_has():
    with made(ROWS) as con:
        check_strangers(con)


def check_strangers(con):
    said = strangers(con, "metrics.acu > 1 or (not params.LR = 1 and tags.team = 'x' and tags.zzz is null)")
    assert said == [
        "no run has a metric 'acu'; did you mean metrics.auc?",
        "no run has a param 'LR'; did you mean params.lr?",
        "no run has a tag 'zzz'",
    ]
    assert strangers(con, "") == strangers(con, "status = 'failed' and metrics.auc > 5") == []
    assert strangers(con, "0 < max(metrics.valloss) - parent.params.lrr * 2") == [
        "no run has a metric 'valloss'; did you mean metrics.val/loss?",
        "no run has a param 'lrr'; did you mean params.lr?",
    ]
