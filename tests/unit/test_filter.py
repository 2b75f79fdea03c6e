"""The filter language: what it finds, and in which order."""

from __future__ import annotations

from uuid import UUID

import pytest
from filtered_runs import ROWS, found_names, made, stored

import inlay
from inlay.errors import QueryError
from inlay.query.filter import select_runs, where_runs
from inlay.query.filter_fields import field_of
from inlay.query.filter_syntax import parse
from inlay.query.fresh import fresh


@pytest.fixture(scope="module")
def con():
    with made(ROWS) as con:
        yield con


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
    "error_type IS NULL": "alpha delta gamma",
    "note is null and parent_run_id is null": "alpha",
    "datasets.name = 'train'": "",
    "dataset.name = 'train.csv' and datasets.context = 'training'": "beta",
    "datasets.name IN ('train.csv') and dataset.digest LIKE 'ab%'": "beta",
    "datasets.name IS NOT NULL": "beta",
    "not datasets.name = 'train.csv'": "alpha delta gamma",
    "dataset.digest IS NULL": "alpha delta gamma",
    # -- together
    "metrics.auc > 0.9 and (params.lr < 0.1 or tags.team = 'x')": "alpha",
    "metrics.auc > 0.9 AND params.lr < 0.1 OR tags.team = 'y'": "beta",
    "not (metrics.auc > 0.9 or params.lr = 0.01)": "gamma",
    "not not name = 'beta'": "beta",
    "((name = 'beta'))": "beta",
    "tags.team = 'x'\n  and\tname\n= 'delta'": "delta",
    "name = 'it''s' or name = 'beta'": "beta",
    "metrics.auc > 0.4 AND metrics.auc < 0.6 AND metrics.auc != 0.55": "beta",
    "metrics.auc > 0.4 and 0.9 < metrics.auc": "alpha",
    "0.5 = metrics.auc": "beta",
    # -- regular expressions
    "params.model rlike '^g'": "alpha",
    "params.model NOT RLIKE '(?i)^g'": "gamma",
    "name rlike '[ab]'": "alpha beta delta gamma",
    "status rlike '^fin'": "alpha delta",
    "params.model rlike '\\d'": "beta",
    "name RLIKE 'a$'": "alpha beta delta gamma",
    # -- arithmetic
    "metrics.auc - metrics.val/loss > -1": "alpha",
    "metrics.val/loss - metrics.auc > 0.1": "beta",
    "metrics.val/loss * 2 < params.lr * 30": "alpha",
    "metrics.auc > params.target": "alpha",
    "metrics.auc + 1 > 1.9 - 0": "alpha",
    "-metrics.auc < -0.6": "alpha",
    "- - metrics.auc > 0.6": "alpha",
    "metrics.auc * (1 + 1) > 1.8": "alpha",
    "(metrics.auc + metrics.val/loss) / 2 > 1": "beta",
    "((metrics.auc + metrics.val/loss)) / 2 > 1 and (name = 'beta')": "beta",
    "metrics.auc / metrics.zero > 0": "",
    "metrics.auc / metrics.zero IS NULL": "alpha beta delta gamma",
    "metrics.val/loss / metrics.auc between 1 and 3": "alpha",
    "metrics.val/loss/metrics.auc < 2": "alpha",
    "metrics.loss - metrics.loss = nan": "gamma",
    "metrics.loss * 0 > 0": "",
    # -- arithmetic of attributes
    "duration_s / 60 > 5": "alpha gamma",
    "duration_s > 60 * 5": "alpha gamma",
    "duration_s > interval '5 minutes'": "alpha gamma",
    "pid * 2 >= 6": "delta gamma",
    "pid - experiment_id = 1": "beta gamma",
    "exit_code + 0 = 0": "delta",
    "metrics.auc in (1 / 2, 0.95)": "alpha beta",
    "metrics.auc between metrics.val/loss - 1 and metrics.val/loss": "alpha",
    "0.7 between metrics.auc and metrics.val/loss": "beta",
    "metrics.auc < metrics.val/loss": "alpha beta",
    "metrics.auc != metrics.zero": "alpha gamma",
    "not metrics.auc < metrics.val/loss": "",
    "params.lr < params.target": "alpha",
    "params.model = tags.best": "alpha",
    "params.model != tags.team": "alpha beta",
    "tags.team = parent.tags.team": "",
    # -- aggregates
    "max(metrics.acc) > 0.9": "",
    # -- parentheses
    "max(metrics.auc) > 0.98": "alpha",
    "MIN(metrics.auc) = 0.2": "alpha",
    "first(metrics.val/loss) > last(metrics.val/loss)": "beta",
    "first(metric.auc) is not null": "alpha beta gamma",
    "count(metrics.auc) = 0": "delta",
    "count(metrics.auc) >= 1": "alpha beta gamma",
    "count(metrics.auc) > 2": "alpha",
    "mean(metrics.auc) > 0.71 and mean(metrics.auc) < 0.72": "alpha",
    'avg(metrics."val/loss") = 3': "beta",
    "mean(metrics.auc) is null": "delta gamma",
    "max(metrics.auc) - min(metrics.auc) > 0.5": "alpha",
    "max(parent.metrics.auc) > 0.9": "beta gamma",
    "max(metrics.auc) between 0.4 and 0.6": "beta",
    "max(metrics.auc) in (0.5)": "beta",
    "min(metrics.loss) > 1": "gamma",
    # -- times
    "started_at > now() - interval '1 day'": "delta gamma",
    "started_at > now() - interval 1 day": "delta gamma",
    "started_at > NOW() - INTERVAL '2 hours 30 minutes'": "delta",
    "started_at < now() - interval 1 month": "alpha beta",
    "started_at between now() - interval '1 day' and now()": "delta gamma",
    "started_at < now()": "alpha beta delta gamma",
    "started_at < yesterday()": "alpha beta",
    "started_at > today() - interval '2 days'": "delta gamma",
    "started_at + interval '1 day' > now()": "delta gamma",
    "started_at > '2024-01-02' - interval '1 day'": "alpha beta delta gamma",
    "started_at - '2024-01-01' < interval '1 day'": "alpha",
    "'2024-01-02' < started_at": "beta delta gamma",
    "ended_at - started_at > interval '5 minutes'": "alpha gamma",
    "(ended_at - started_at) * 2 > interval '15 minutes'": "alpha gamma",
    "(ended_at - started_at) / interval '1 minute' = 10": "alpha",
    "ended_at < started_at + interval '90 seconds'": "beta delta",
    "started_at > 1704153600000": "beta delta gamma",
    "started_at > 1704153600000 - 86400000": "alpha beta delta gamma",
    "started_at + interval '10000 years' + interval '10000 years' > now()": "alpha beta delta gamma",
    "started_at > ended_at - interval 1 h": "alpha beta delta",
    "started_at in ('2024-01-01 10:00')": "alpha",
    "duration_s = ended_at - started_at": "alpha beta delta gamma",
    "started_at > parent.started_at": "beta delta gamma",
    # -- texts within texts
    "code contains 'dropout'": "alpha",
    "code contains 'DROPOUT' or code contains 'fit('": "alpha",
    "code not contains 'dropout'": "beta",
    "code is null": "delta gamma",
    "code like 'x%'": "beta",
    "error contains 'cuda'": "beta",
    "error contains 'TRAIN.PY'": "beta",
    "error contains 'RuntimeError'": "beta",
    "error is null": "alpha delta gamma",
    "error_message = 'CUDA out of memory'": "beta",
    "note contains '50%'": "beta",
    "note contains '50_'": "",
    "name contains 'ET'": "beta",
    "name not contains 'et'": "alpha delta gamma",
    "params.model contains 'gbm'": "alpha beta",
    "tags.team contains 'X'": "alpha delta",
    "output contains 'loss 100%'": "alpha",
    "output is not null": "alpha",
    "notebook contains 'x'": "",
    "status contains 'FAIL'": "beta",
    "datasets.name contains 'TRAIN'": "beta",
    "datasets.name rlike '^t.*csv$' and not datasets.name not in ('train.csv')": "beta",
    # -- the parent
    "parent.name = 'alpha'": "beta gamma",
    "parent.name = 'alpha' and parent.status = 'FINISHED'": "beta gamma",
    "parent.experiment = 'e1'": "beta gamma",
    "parent.experiment != 'e1'": "delta",
    "parent.params.lr = 0.1": "beta gamma",
    "parent.params.lr = 1 or parent.metrics.auc > 0.9": "beta delta gamma",
    "parent.tags.team = 'x'": "beta gamma",
    "parent.attributes.name like 'g%'": "delta",
    "parent.run_id = '00000000-0000-0000-0000-000000000001'": "beta gamma",
    "parent is null": "alpha",
    "parent.name is null": "alpha",
    "parent.code contains 'dropout'": "beta gamma",
    "parent.datasets.name = 'x'": "",
    "parent.duration_s > duration_s": "beta delta",
    "parent.metrics.auc > metrics.auc": "beta",
    "not parent.name = 'alpha'": "delta",
    # -- lists of texts and numbers
    "params.lr in (0.01, 'x', '0.1')": "alpha beta",
    "params.model not in ('gbm', 1)": "beta gamma",
    "params.n in (32, 'zz')": "alpha",
    "tags.fold in ('a', 3)": "beta",
    '"Run Name" = "beta"': "beta",
    "'beta' = name": "beta",
    "git_dirty = true": "alpha",
    "git_dirty != 'true'": "gamma",
    "git_dirty = parent.git_dirty": "",
    "cell_id = 'c1'": "alpha",
    "name = user_name": "",
    "(metrics.auc) > 0.9": "alpha",
    "(metrics.auc > 0.9)": "alpha",
    "(((metrics.auc))) between 0 and 0.6": "beta",
    "status = 'ACTIVE'": "",
    # -- many keys at once
    "metrics.auc > 0.9 or metrics.f1@5 > 1 or metrics.loss > 1 or metrics.val/loss > 1.5 or metrics.zero = 1":
        "alpha beta gamma",
    "params.lr < 1 and params.model is not null and params.n is null and params.flag is null and params.list contains '2'":
        "beta",
    "parent.metrics.auc > 0 and parent.metrics.val/loss = 1 and parent.metrics.f1@5 = 3 and parent.metrics.zero is not null":
        "beta gamma",
    "max(metrics.auc) > 0.9 and first(metrics.zero) = 0 and min(metrics.val/loss) = 1 and metrics.f1@5 = 3 and mean(metrics.auc) < 1":
        "alpha",
}  # fmt: skip


def test_what_is_found(con):
    for text, expected in FOUND.items():
        assert sorted(found_names(con, text)) == expected.split(), text


def test_recorded_runs(store):
    """What runs that were logged have in the tables is what the cases here are tried on."""
    for row in ROWS:
        with inlay.start_run(row.name, experiment=row.experiment, params=row.params, tags=row.tags) as run:
            for key, history in row.metrics.items():
                for step, value in enumerate(history):
                    run.log({key: value}, step=step)
    with fresh(store) as con:
        params = con.execute("SELECT key, value, number, type FROM params").fetchall()
        assert sorted(params, key=str) == sorted(
            ((key, *stored(value)) for row in ROWS for key, value in row.params.items()), key=str
        )
        columns = "key, count, nonfinite, first, first_step, last, last_step, min, max"
        logged = con.execute(f"SELECT {columns} FROM series ORDER BY ALL").fetchall()
        with made(ROWS) as ours:
            assert str(logged) == str(ours.execute(f"SELECT {columns} FROM series ORDER BY ALL").fetchall())
    assert [run.name for run in inlay.runs("max(metrics.auc) >= 0.5")] == ["beta", "alpha"]


# -- order, limit, experiment, ids ----------------------------------------------------------------------------

NEWEST = ["delta", "gamma", "beta", "alpha"]
ORDERS = {
    "": "delta gamma beta alpha",
    "metrics.auc": "beta alpha gamma delta",  # NaN and none last, always
    "metrics.auc DESC": "alpha beta gamma delta",
    "metrics.loss": "gamma delta beta alpha",
    "metrics.loss desc": "gamma delta beta alpha",
    "params.lr asc": "beta alpha gamma delta",
    "params.model DESC": "gamma alpha beta delta",
    "params.target": "alpha beta delta gamma",  # the number, the text, none
    "params.target DESC": "alpha beta delta gamma",
    "start_time ASC": "alpha beta gamma delta",
    "experiment, name DESC": "beta alpha gamma delta",
    "tags.team DESC, name": "beta alpha delta gamma",
    "metrics.val/loss - metrics.auc DESC": "beta alpha delta gamma",
    "-metrics.auc": "alpha beta gamma delta",
    "metrics.auc / metrics.zero": "delta gamma beta alpha",  # none has it: newest first
    "max(metrics.auc) DESC, count(metrics.auc) DESC, name": "alpha beta gamma delta",
    "count(metrics.auc)": "delta gamma beta alpha",
    "mean(metrics.val/loss) DESC, pid": "beta alpha gamma delta",
    "ended_at - started_at": "delta beta alpha gamma",
    "duration_s / 60 DESC": "gamma alpha beta delta",
    "parent.name, name": "beta gamma delta alpha",
    "parent.metrics.auc, name DESC": "gamma beta delta alpha",
    "error DESC, name": "beta alpha delta gamma",
    "started_at + interval '1 day' DESC": "delta gamma beta alpha",
    '"Run Name" DESC': "gamma delta beta alpha",
}


def test_order(con):
    for keys, expected in ORDERS.items():
        assert found_names(con, "", order_by=keys) == expected.split(), keys
    assert found_names(con, "", order_by=["tags.team DESC", "name"]) == ["beta", "alpha", "delta", "gamma"]
    assert found_names(con, "", order_by=None) == found_names(con, "", order_by=[]) == NEWEST
    assert found_names(con, "", order_by="name", limit=2) == ["alpha", "beta"]
    assert found_names(con, "", order_by="name", limit=0) == []
    for wrong in ("metrics.auc des", "foo", "datasets.name", "name,,name", "name > 1", "1 + 1", "'name'", "max(name)"):
        with pytest.raises(QueryError, match="column "):
            select_runs(order_by=wrong)
    for wrong in (3, [3], {"name"}):
        with pytest.raises(TypeError, match="order_by is a key"):
            select_runs(order_by=wrong)
    for wrong, error in ((-1, ValueError), (1.5, TypeError), (True, TypeError), ("3", TypeError)):
        with pytest.raises(error, match="limit is a number of runs"):
            select_runs(limit=wrong)


def test_one_experiment(con):
    assert found_names(con, "metrics.auc > 0", experiment="e1") == ["beta", "alpha"]
    assert found_names(con, "metrics.auc > 0", experiment="e3") == []
    assert found_names(con, "name = 'a' or name = 'alpha'", experiment="e2") == []
    with pytest.raises(TypeError, match="experiment is the name of one"):
        select_runs(experiment=3)


def test_run_ids(con):
    run_id = str(UUID(int=2))
    for spelling in (run_id, run_id.upper(), run_id.replace("-", "")):
        assert found_names(con, f"run_id = '{spelling}'") == ["beta"]
        assert found_names(con, f"attributes.run_id IN ('{spelling}', 'nonsense')") == ["beta"]
    assert found_names(con, "run_id LIKE '%0002'") == ["beta"]


def test_within(con):
    ids = [str(UUID(int=number)) for number in (2, 4, 1, 2)]
    assert found_names(con, "", within=ids) == ["beta", "delta", "alpha"]
    assert found_names(con, "", within=[one.replace("-", "") for one in ids], order_by="name DESC") == [
        "delta",
        "beta",
        "alpha",
    ]
    assert found_names(con, "metrics.auc > 0", within=ids, limit=1) == ["beta"]
    assert found_names(con, "", within=[]) == found_names(con, "", within=[str(UUID(int=9))]) == []
    for wrong, error in (
        ("abc", TypeError),
        (["abc"], ValueError),
        ([3], ValueError),
        ([ids[0], "x'; --"], ValueError),
    ):
        with pytest.raises(error, match="within is a list of ids"):
            select_runs(within=wrong)


def test_parts_of_a_statement(con):
    where = where_runs("metrics.auc > 0 and parent.name is null", order_by="name", experiment="e1")
    sql = (
        f"SELECT r.name, e.name, $mine FROM runs r LEFT JOIN experiments e USING (experiment_id) {where.joins}"
        f" WHERE {where.condition} ORDER BY {where.order}"
    )
    assert con.execute(sql, {**where.params, "mine": 3}).fetchall() == [("alpha", "e1", 3)]
    assert where_runs("", deleted=None).condition == "true"


def test_columns_as_a_filter_spells_them(con):
    for column, field in {
        "name": "name", "metrics.val/loss": "metrics.val/loss", "metrics.val loss": 'metrics."val loss"',
        'tags.say "hi"': 'tags."say ""hi"""', "params.a.b": "params.a.b", "tags.`": 'tags."`"',
        "metrics.a/metrics.b": 'metrics."a/metrics.b"', "metrics.1st": 'metrics."1st"', "params.": 'params.""',
    }.items():  # fmt: skip
        assert field_of(column) == field
        if column != "params.":
            assert parse(f"{field} IS NULL").operand.name == column.split(".", 1)[-1]
    assert found_names(con, f"{field_of('tags.it' + chr(39) + 's')} = 'q'") == ["alpha"]
