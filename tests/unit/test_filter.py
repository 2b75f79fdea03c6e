"""The filter language: what it finds, what it refuses and in which words, against an oracle and against injection."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import inlay
from inlay.errors import QueryError
from inlay.query.filter import select_runs, strangers
from inlay.query.filter_tokens import LONGEST
from inlay.query.fresh import fresh

NAN, INF = math.nan, math.inf
# name, experiment, how it ends, params, tags, metrics
RUNS = [
    ("alpha", "e1", "finished", {"lr": 0.1, "model": "gbm", "n": "32", "flag": True}, {"team": "x", "it's": "q"},
     {"auc": 0.95, "val/loss": 1.0, "f1@5": 3.0}),
    ("beta", "e1", "failed", {"lr": 0.01, "model": "GBM-2", "list": [1, 2]}, {"team": "y", "fold": "3"},
     {"auc": 0.5, "val/loss": 2.0}),
    ("gamma", "e2", "interrupted", {"lr": 1, "model": "mlp", "flag": False}, {}, {"auc": NAN, "loss": INF}),
    ("delta", "e2", "finished", {}, {"team": "x", "mlflow.source.name": "a.py"}, {}),
]  # fmt: skip


@pytest.fixture
def runs(store):
    for name, experiment, status, params, tags, metrics in RUNS:
        run = inlay.start_run(name, experiment=experiment, params=params, tags=tags)
        run.log(metrics)
        run.end(status)
    inlay.runs()
    return store


def names(store, text, **more):
    """Names of the runs that are found; within `store.open()`, the database is opened but once. Takes nothing in."""
    selection = select_runs(text, **more)
    with store.open() as con:
        found = [run_id for (run_id,) in con.execute(selection.sql, selection.params).fetchall()]
        known = dict(con.execute("SELECT run_id::VARCHAR, name FROM runs").fetchall())
    return [known[run_id] for run_id in found]


FOUND = {
    "": "alpha beta delta gamma",
    "   ": "alpha beta delta gamma",
    # -- metrics
    "metrics.auc > 0.9": "alpha",
    "metric.auc>=.5": "alpha beta",
    "METRICS.auc < 1e0": "alpha beta",
    "metrics.auc > -1": "alpha beta",  # gamma's is NaN: not above anything
    "metrics.auc <= +0.5": "beta",
    "metrics.auc != 0.5": "alpha gamma",  # as in MLflow, NaN is not 0.5
    "metrics.auc <> 0.5": "alpha gamma",
    "metrics.auc == 0.5": "beta",
    "metrics.auc = nan": "gamma",
    "metrics.auc != NaN": "alpha beta",
    "metrics.loss = inf": "gamma",
    "metrics.loss > 1e300": "gamma",
    "metrics.loss > -inf": "gamma",
    "metrics.auc in (0.5, 0.95)": "alpha beta",
    "metrics.auc NOT IN (0.5)": "alpha gamma",
    "metrics.auc between 0.4 and 0.6": "beta",
    "metrics.auc not between 0.4 and 0.6": "alpha gamma",
    "metrics.auc IS NULL": "delta",
    "metrics.auc is not null": "alpha beta gamma",
    # -- names
    "metrics.val/loss >= 1": "alpha beta",
    'metrics."val/loss" >= 1': "alpha beta",
    "metrics.`val/loss` >= 1": "alpha beta",
    "metrics.f1@5 = 3": "alpha",
    "tags.mlflow.source.name = 'a.py'": "delta",
    "tags.`mlflow.source.name` LIKE '%.py'": "delta",
    "tags.\"it's\" = 'q'": "alpha",
    "metrics.nothing > 0": "",
    # -- params: numbers with numbers, texts with texts
    "params.lr < 0.1": "beta",
    "parameters.lr <= 0.1": "alpha beta",
    "param.lr = 1": "gamma",
    "params.lr in (0.1, 1.0)": "alpha gamma",
    "params.lr = '0.1'": "alpha",
    'params.model = "gbm"': "alpha",
    "params.n = 32": "alpha",
    "params.n = '32'": "alpha",
    "params.n > 4": "alpha",  # a number, though it was logged as a text
    "params.model > 'h'": "gamma",
    "params.model LIKE 'g%'": "alpha",
    "params.model ilike 'g%'": "alpha beta",
    "params.model NOT ILIKE 'g%'": "gamma",
    "params.model in ('gbm', 'mlp')": "alpha gamma",
    "params.list = '[1, 2]'": "beta",
    "params.flag = true": "alpha",
    "params.flag = FALSE": "gamma",
    "params.lr is null": "delta",
    # -- tags
    "tags.team = 'x'": "alpha delta",
    "tag.team != 'x'": "beta",  # who has none matches no comparison
    "NOT tags.team = 'x'": "beta",
    "tags.team IS NULL OR tags.team = 'y'": "beta gamma",
    "tags.fold >= 3": "beta",
    # -- attributes
    "name = 'alpha'": "alpha",
    "run_name LIKE '%a'": "alpha beta delta gamma",
    "attributes.run_name = 'beta'": "beta",
    "attribute.`Run name` = 'beta'": "beta",
    "run.name in ('alpha', 'zeta')": "alpha",
    "experiment = 'e2'": "delta gamma",
    "status = 'finished'": "alpha delta",
    "attributes.status = 'FINISHED'": "alpha delta",
    "attr.status != 'Finished'": "beta gamma",
    "status in ('FAILED', 'CANCELED')": "beta gamma",
    "status LIKE 'fin%'": "alpha delta",
    "start_time > 1664067852747": "alpha beta delta gamma",
    "Created > '2020-01-01' AND end_time < '2999-12-31 23:59:59+02:00'": "alpha beta delta gamma",
    "started_at > '2999-01-01T00:00:00Z'": "",
    "duration_s >= 0": "alpha beta delta gamma",
    "error_type IS NULL": "alpha beta delta gamma",
    "note is null and parent_run_id is null": "alpha beta delta gamma",
    "datasets.name = 'train'": "",
    "dataset.digest IS NULL": "alpha beta delta gamma",
    # -- together
    "metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')": "alpha",
    "metrics.auc > 0.9 AND params.lr < 0.1 OR tags.team = 'y'": "beta",
    "not (metrics.auc > 0.9 or params.lr = 0.01)": "gamma",
    "not not name = 'beta'": "beta",
    "((name = 'beta'))": "beta",
    "tags.team = 'x'\n  and\tname\n= 'delta'": "delta",
    "name = 'it''s' or name = 'beta'": "beta",
    "metrics.auc > 0.4 AND metrics.auc < 0.6 AND metrics.auc != 0.55": "beta",
}  # fmt: skip


def test_what_is_found(runs):
    with runs.open():
        for text, expected in FOUND.items():
            assert sorted(names(runs, text)) == expected.split(), text
    assert [run.name for run in inlay.runs("metrics.auc >= 0.5")] == ["beta", "alpha"]


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
}


def test_what_is_refused():
    for text, expected in REFUSED.items():
        with pytest.raises(QueryError) as error:
            select_runs(text)
        said = str(error.value)
        assert said.startswith(expected) or (len(text) > 100 and expected in said), (text[:100], said[:200])


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


# -- order, limit, experiment ---------------------------------------------------------------------------------


def test_order(runs):
    def order(keys, **more):
        return names(runs, "", order_by=keys, **more)

    newest = ["delta", "gamma", "beta", "alpha"]
    with runs.open():
        assert order(None) == order("") == order([]) == newest
        assert order("metrics.auc") == ["beta", "alpha", "gamma", "delta"]  # NaN and none last, always
        assert order("metrics.auc DESC") == ["alpha", "beta", "gamma", "delta"]
        assert order("metrics.loss") == order("metrics.loss desc") == newest[1:2] + newest[:1] + newest[2:]
        assert order("params.lr asc") == ["beta", "alpha", "gamma", "delta"]
        assert order("params.model DESC") == ["gamma", "alpha", "beta", "delta"]
        assert order("start_time ASC") == newest[::-1]
        assert order("experiment, name DESC") == ["beta", "alpha", "gamma", "delta"]
        assert order(["tags.team DESC", "name"]) == ["beta", "alpha", "delta", "gamma"]
        assert order("name", limit=2) == ["alpha", "beta"]
        assert order("name", limit=0) == []
    for wrong in ("metrics.auc des", "foo", "datasets.name", "name,,name", "name > 1"):
        with pytest.raises(QueryError, match="column "):
            order(wrong)
    for wrong in (3, [3], {"name"}):
        with pytest.raises(TypeError, match="order_by is a key"):
            order(wrong)
    for wrong, error in ((-1, ValueError), (1.5, TypeError), (True, TypeError), ("3", TypeError)):
        with pytest.raises(error, match="limit is a number of runs"):
            order(None, limit=wrong)
    with pytest.raises(TypeError, match="experiment is the name of one"):
        inlay.runs(experiment=3)


def test_one_experiment(runs):
    with runs.open():
        assert names(runs, "metrics.auc > 0", experiment="e1") == ["beta", "alpha"]
        assert names(runs, "metrics.auc > 0", experiment="e3") == []
        assert names(runs, "name = 'a' or name = 'alpha'", experiment="e2") == []


def test_run_ids(runs):
    run = inlay.runs("name = 'beta'", limit=1, order_by=["name"], experiment="e1")[0]
    with runs.open():
        for spelling in (run.run_id, run.run_id.upper(), run.run_id.replace("-", "")):
            assert names(runs, f"run_id = '{spelling}'") == ["beta"]
            assert names(runs, f"attributes.run_id IN ('{spelling}', 'nonsense')") == ["beta"]
        assert names(runs, f"run_id LIKE '%{run.short_id}'") == ["beta"]


def test_data_sets(runs):
    from inlay.store.journal.slots import Kind
    from inlay.store.upkeep import writer_of

    run = inlay.runs("name = 'beta'")[0]
    for name, context in (("train.csv", "training"), ("test.csv", "")):
        body = {"run": run.run_id, "name": name, "context": context, "kind": "file", "sample_digest": "abc"}
        writer_of(runs).event(Kind.INPUT, body)
    inlay.runs()
    with runs.open():
        assert names(runs, "dataset.name = 'train.csv' and datasets.context = 'training'") == ["beta"]
        assert names(runs, "datasets.name IN ('train.csv') and dataset.digest LIKE 'ab%'") == ["beta"]
        assert names(runs, "datasets.name IS NOT NULL") == ["beta"]
        assert names(runs, "not datasets.name = 'train.csv'") == ["delta", "gamma", "alpha"]


def test_names_that_no_run_has(runs):
    with fresh(runs) as con:
        said = strangers(con, "metrics.acu > 1 or (not params.LR = 1 and tags.team = 'x' and tags.zzz is null)")
        assert strangers(con, "") == strangers(con, "status = 'failed' and metrics.auc > 5") == []
        assert strangers(con, "metrics.valloss > 1") == [
            "no run has a metric 'valloss'; did you mean metrics.val/loss?"
        ]
    assert said == [
        "no run has a metric 'acu'; did you mean metrics.auc?",
        "no run has a param 'LR'; did you mean params.lr?",
        "no run has a tag 'zzz'",
    ]


# -- injection ------------------------------------------------------------------------------------------------

HOSTILE = [
    "x'; DROP TABLE runs; --",
    "' OR 1=1 --",
    "x' UNION SELECT path FROM artifacts --",
    '"; DROP TABLE runs; --',
    "$p1",  # as our own parameters are written
    "?",
    "{key}",
    "%s",
    "\\' OR 1=1",
    "`; SELECT 1",
    "\u2019 OR 1=1",
    "a\nb",
]


def test_values_and_names_are_never_sql(runs):
    for hostile in HOSTILE:
        inlay.start_run(hostile, experiment="hostile", params={"p": hostile}, tags={hostile: hostile}).end()
    inlay.runs()
    with runs.open():
        for hostile in HOSTILE:
            text, name, tick = hostile.replace("'", "''"), hostile.replace('"', '""'), hostile.replace("`", "``")
            for question in (
                f"name = '{text}' or tags.team IN ('{text}') or params.model LIKE '{text}'",
                f"metrics.\"{name}\" > 1 or params.\"{name}\" = 'x' or tags.`{tick}` = 'x'",
            ):
                selection = select_runs(question, experiment=hostile)
                assert hostile not in selection.sql or hostile == "$p1"
                assert hostile in selection.params.values()
                assert names(runs, question, experiment=hostile) == []
            assert len(names(runs, "", order_by=f'metrics."{name}" DESC, tags."{name}"')) == 4 + len(HOSTILE)
            assert names(runs, f"params.p = '{text}' and tags.\"{name}\" = '{text}'") == [hostile]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet="metricsparams.auclr'\"`()=<>!-+*/;%$?, \n\t0123456789andornotinlikeisnull\\:@é", max_size=60))
def test_any_text_is_a_filter_or_a_query_error(text):
    try:
        selection = select_runs(text)
    except QueryError as error:
        assert re.match(r"column \d+: ", str(error))  # noqa: PT017
    else:
        assert selection.sql.startswith("SELECT r.run_id")


# -- an oracle in memory --------------------------------------------------------------------------------------


@dataclass
class Row:
    name: str
    status: str
    params: dict
    tags: dict
    metrics: dict


ROWS = [Row(name, status, params, tags, metrics) for name, _, status, params, tags, metrics in RUNS]
NUMBERS = st.sampled_from([-1.0, 0.0, 0.01, 0.1, 0.5, 0.95, 1.0, 2.0, 3.0, 32.0, INF])
TEXTS = st.sampled_from(["", "x", "y", "gbm", "GBM-2", "mlp", "alpha", "zeta", "g", "it's", "%", "é"])
PATTERNS = st.sampled_from(["%", "g%", "%a", "_", "G__-2", "x", "%m%", "a.pha"])


def wanted(value, operator, given):
    """SQL's three values: True, False, and None for what is not known."""
    if operator == "null":
        return value is None
    if value is None:
        return None
    if operator == "in":
        return value in given or (value != value and any(one != one for one in given))
    if operator == "between":
        return given[0] <= value <= given[1]
    if operator in ("like", "ilike"):
        pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in given)
        return re.fullmatch(pattern, value, re.DOTALL | (re.IGNORECASE if operator == "ilike" else 0)) is not None
    return {
        "=": value == given, "!=": value != given, ">": value > given, ">=": value >= given, "<": value < given,
        "<=": value <= given,
    }[operator]  # fmt: skip


def number_of(value):
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def text_of(value):
    return value if isinstance(value, str) or value is None else {True: "true", False: "false"}.get(value, str(value))


def written(value):
    return repr(value) if isinstance(value, float) else "'" + value.replace("'", "''") + "'"


@st.composite
def comparisons(draw):
    """A comparison as text, and a function that says what it is for a row."""
    entity = draw(st.sampled_from(["metrics", "params", "tags", "name", "status"]))
    if entity == "metrics":
        key, form = draw(st.sampled_from(["auc", "val/loss", "loss", "none"])), "number"
        read = lambda row: row.metrics.get(key)  # noqa: E731
    elif entity in ("params", "tags"):
        key = draw(st.sampled_from(["lr", "model", "n"] if entity == "params" else ["team", "fold", "none"]))
        form = draw(st.sampled_from(["number", "text"]))
        convert = number_of if form == "number" else text_of
        read = lambda row: convert(getattr(row, entity).get(key))  # noqa: E731
        if form == "text" and key in ("lr", "n", "fold"):
            form = "few texts"  # an order of numbers as texts is refused
    else:
        key, form = None, "text" if entity == "name" else "few texts"
        read = lambda row: getattr(row, entity)  # noqa: E731
    name = entity if key is None else f"{entity}.{draw(st.sampled_from([key, f'`{key}`', chr(34) + key + chr(34)]))}"
    operators = ["=", "!=", "in", "null"] + ([] if form == "few texts" else [">", ">=", "<", "<=", "between"])
    operator = draw(st.sampled_from(operators + (["like", "ilike"] if form == "text" else [])))
    values = NUMBERS if form == "number" else (st.sampled_from(["finished", "failed"]) if entity == "status" else TEXTS)
    no = draw(st.booleans()) if operator in ("in", "between", "like", "ilike", "null") else False
    sign = draw(st.sampled_from([operator, operator.upper()]))
    given = None
    if operator == "null":
        text = f"{name} IS {'NOT ' * no}NULL"
        present = (lambda row: row.metrics.get(key)) if entity == "metrics" else (
            (lambda row: getattr(row, entity).get(key)) if key else read)  # fmt: skip
        return text, lambda row: wanted(present(row), operator, None) is not no
    if operator == "in":
        given = draw(st.lists(values, min_size=1, max_size=3))
        text = f"{name} {'not ' * no}{sign} ({', '.join(map(written, given))})"
    elif operator == "between":
        given = draw(st.tuples(values, values))
        text = f"{name} {'NOT ' * no}{sign} {written(given[0])} and {written(given[1])}"
    else:
        given = draw(PATTERNS if operator in ("like", "ilike") else values)
        text = f"{name} {'not ' * no}{sign} {written(given)}"

    def answer(row):
        found = wanted(read(row), operator, given)
        return None if found is None else found is not no

    return text, answer


def joined(pair):
    (left, first), (word, (right, second)) = pair

    def answer(row):
        found = {first(row), second(row)}
        decisive = word == "or"
        return decisive if decisive in found else (None if None in found else not decisive)

    return f"({left}) {word} ({right})", answer


def denied(one):
    text, answer = one
    return f"not ({text})", lambda row: None if answer(row) is None else not answer(row)


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(inner, st.tuples(st.sampled_from(["and", "or"]), inner)).map(joined), inner.map(denied)
    ),
    max_leaves=5,
)


def test_the_same_as_in_memory(runs):
    with fresh(runs) as con:
        known = dict(con.execute("SELECT run_id::VARCHAR, name FROM runs").fetchall())

        @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(CONDITIONS)
        def check(condition):
            text, answer = condition
            selection = select_runs(text)
            found = {known[run_id] for (run_id,) in con.execute(selection.sql, selection.params).fetchall()}
            assert found == {row.name for row in ROWS if answer(row) is True}, text

        check()
