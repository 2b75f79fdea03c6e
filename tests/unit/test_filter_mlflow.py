"""The filter language reads MLflow's filters unchanged, and finds with them what MLflow finds."""

from __future__ import annotations

from filtered_runs import GUIDE, found_names, made

# MLflow's own examples, from its page "Search Runs" and its documentation of `search_runs`: the numbers of the runs.
GUIDED = {
    "metrics.loss > 0.8": "01",
    "metrics.accuracy > 0.72": "89",
    "metrics.loss <= 0.15": "9",
    "metrics.accuracy != 0.15": "0123456789",
    'metrics."accuracy" > 0.72': "89",
    "metrics.`log-scale-loss` <= 0": "0123456789",
    "metrics.`f1 score` >= 0.5": "56789",
    "metrics.accuracy > 0.72 AND metrics.loss <= 0.15": "9",
    "metrics.`cross-entropy-loss` < 0.5": "",
    'params.`1st_iteration_timestamp` = "2022-01-01"': "",
    'params.model = "GPT-4o"': "",
    'params.model = "GPT-4"': "3",
    'params.model LIKE "GPT%"': "0123",
    'params.model ILIKE "gpt%"': "0123",
    'params.model ILIKE "gPt%"': "0123",
    'params.batch_size = "2"': "01234",
    'params.model LIKE "GPT%" AND params.batch_size = "2"': "0123",
    'params.batch_size != "None"': "0123456789",
    'params.`learning rate` = "0.01"': "13579",
    'tags."environment" = "notebook"': "01234",
    'tags.environment = "notebook"': "01234",
    'tags.task = "Classification"': "",
    'tags.task ILIKE "classif%"': "0",
    "tag.`test` = 'abc'": "",
    'tag."test" IS NULL': "0123456789",
    "tag.test IS NOT NULL": "",
    "params.model IS NOT NULL": "0123456789",
    'datasets.name LIKE "custom"': "01234",
    "datasets.name IN ('custom', 'also custom', 'another custom name')": "0123456789",
    "datasets.digest IN ('s8ds293b', 'jks834s2')": "01",
    "dataset.digest NOT IN ('s8ds293b', 'none')": "1",
    'datasets.context = "train"': "01234",
    'attributes.status = "ACTIVE"': "",
    'attributes.status = "FINISHED"': "0123456789",
    'attributes.user_id LIKE "user1"': "",
    'attributes.run_name = "my-run"': "",
    "attributes.`run name` = 'run-3'": "3",
    "attribute.`Run name` = 'run-3'": "3",
    "attr.`Run Name` LIKE 'run-3'": "3",
    'run.run_name = "run-3"': "3",
    'run_name = "run-3"': "3",
    'attributes.run_id = "a1b2c3d4"': "",
    "attributes.run_id IN ('a1b2c3d4', 'e5f6g7h8')": "",
    "run_id IN ('00000000000000000000000000000003')": "2",
    "attributes.run_id NOT IN ('00000000000000000000000000000003')": "013456789",
    "attributes.start_time >= 1664067852747": "0123456789",
    "attributes.end_time < 1664067852747": "",
    "attributes.created > 1664067852747": "0123456789",
    "Created > 1704085200000": "6789",
    "start_time <= 1704070800000": "01",
    "metrics.accuracy > 0.72 AND metrics.batch_size != 0": "",
    "metrics.accuracy > 0.72 AND metrics.batch_size != 0 AND attributes.run_id IN ('a1b2c3d4', 'e5f6g7h8')": "",
    "metrics.loss <= 0.15 AND metrics.loss >= 0.1": "",
    "params.model = 'GPT-2' and tags.task = 'classification' and status = 'FINISHED'": "0",
    'parameter.batch_size = "4"': "56789",
    'parameters.batch_size = "4"': "56789",
    'param.batch_size = "4"': "56789",
    "metric.loss = 1": "0",
    "`metrics`.loss = 1": "0",
}  # fmt: skip


def test_what_mlflow_finds():
    with made(GUIDE) as con:
        for text, expected in GUIDED.items():
            found = sorted(name.removeprefix("run-") for name in found_names(con, text, GUIDE))
            assert "".join(found) == expected, text
        assert found_names(con, "", GUIDE, order_by=["metrics.accuracy DESC"], limit=1) == ["run-9"]
        assert found_names(con, "", GUIDE, order_by=["metric.`f1 score` ASC", "start_time DESC"], limit=1) == ["run-0"]
