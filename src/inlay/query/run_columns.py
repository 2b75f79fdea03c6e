"""The columns that a table of some runs can have: their attributes, metrics, params and tags, and what is in them.

Counted from the rows of series, params and tags, never from points: 5 million series, 3 million params and a million
tags of 100,000 runs take about 60 ms on two cores.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from inlay.query.filter_fields import ATTRIBUTES, field_of
from inlay.query.table_scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from inlay.query.table_scope import Chosen, Scope

Entity = Literal["attributes", "metrics", "params", "tags"]
ColumnType = Literal["number", "text", "time", "duration", "status", "flag"]
Better = Literal["min", "max"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column there is, shown or not; js/run-table/wire.ts has the same."""

    id: str
    entity: Entity
    name: str
    """What stands in its head: the key, or the word for an attribute."""
    type: ColumnType
    """Of a param `number` when every value is one, `flag` when every value is true or false, else `text`."""
    field: str
    """As a filter spells it."""
    runs: int
    """Runs that have a value."""
    better: Better | None
    """Which way a metric is better, by its name."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


SHOWN: dict[str, tuple[str, ColumnType]] = {
    "name": ("name", "text"),
    "status": ("status", "status"),
    "experiment": ("experiment", "text"),
    "started_at": ("started", "time"),
    "duration_s": ("duration", "duration"),
    "user_name": ("user", "text"),
    "host": ("host", "text"),
    "source_name": ("source", "text"),
    "notebook": ("notebook", "text"),
    "git_commit": ("git commit", "text"),
    "git_branch": ("git branch", "text"),
    "git_dirty": ("git dirty", "flag"),
    "error_type": ("error", "text"),
    "error_message": ("error message", "text"),
    "note": ("note", "text"),
    "parent_run_id": ("parent", "text"),
    "exit_code": ("exit code", "number"),
    "run_id": ("run id", "text"),
}
"""The attributes that are columns: the word for each, and its type."""


def catalogue(con: DuckDBPyConnection, chosen: Chosen) -> list[Column]:
    """The columns of these runs: attributes first, then metrics and params as they were first logged, then tags by
    name.

    Attributes are there even where no run has a value; of the others those that some run has. Raises `QueryError` for a
    filter that cannot be read.
    """
    scope = scope_of(con, chosen)
    found = _attributes(con, scope)
    for key, runs in con.execute(_METRICS.format(among=scope.among()), scope.params).fetchall():
        found.append(_column("metrics", key, "number", runs, better_of(key)))
    params = con.execute(_PARAMS.format(among=scope.among()), scope.params).fetchall()
    flags = _flags(con, scope, {key: first for key, _, numbers, first in params if not numbers})
    for key, runs, numbers, _ in params:
        kind: ColumnType = "number" if numbers == runs else "flag" if key in flags else "text"
        found.append(_column("params", key, kind, runs))
    for key, runs in con.execute(_TAGS.format(among=scope.among()), scope.params).fetchall():
        found.append(_column("tags", key, "text", runs))
    return found


_FLAG = "coalesce(type = 'json' AND value IN ('true', 'false'), false)"
_METRICS = "SELECT key, count(*) FROM series WHERE count > 0 AND {among} GROUP BY key ORDER BY min(series_id)"
_PARAMS = """
SELECT key, count(*), count(number), min(rowid) FROM params WHERE {among} GROUP BY key ORDER BY min(rowid)
"""
_FIRST_FLAGS = "SELECT key FROM params WHERE rowid IN (SELECT unnest($rows)) AND {flag}"
_ALL_FLAGS = """
SELECT key FROM params WHERE key IN (SELECT unnest($keys)) AND {among} GROUP BY key HAVING bool_and({flag})
"""
_TAGS = "SELECT key, count(*) FROM tags WHERE {among} GROUP BY key ORDER BY key"


def _flags(con: DuckDBPyConnection, scope: Scope, first: Mapping[str, int]) -> set[str]:
    """Of some params, with the first row of each, those that are true or false in every run.

    To compare the texts of all of them takes as long as all the rest; the first row mostly tells.
    """
    if not first:
        return set()
    likely = con.execute(_FIRST_FLAGS.format(flag=_FLAG), {"rows": list(first.values())}).fetchall()
    if not likely:
        return set()
    params = scope.params | {"keys": [key for (key,) in likely]}
    return {key for (key,) in con.execute(_ALL_FLAGS.format(among=scope.among(), flag=_FLAG), params).fetchall()}


def _attributes(con: DuckDBPyConnection, scope: Scope) -> list[Column]:
    counted = ", ".join(f"count({ATTRIBUTES[name].sql})" for name in SHOWN)
    counts = con.execute(scope.statement(counted), scope.where.params).fetchone() or ()
    return [
        Column(name, "attributes", word, kind, field_of(name), runs, None)
        for (name, (word, kind)), runs in zip(SHOWN.items(), counts, strict=True)
    ]


def _column(entity: Entity, key: str, kind: ColumnType, runs: int, better: Better | None = None) -> Column:
    column = f"{entity}.{key}"
    return Column(column, entity, key, kind, field_of(column), runs, better)


# -- which way is better --------------------------------------------------------------------------------------

_LOWER = {
    "loss", "losses", "error", "errors", "err", "cost", "mse", "rmse", "rmsle", "mae", "mape", "smape", "msle", "nll",
    "logloss", "crossentropy", "entropy", "perplexity", "ppl", "latency", "duration", "time", "seconds", "fid", "wer",
    "cer", "eer", "ece", "brier", "deviance", "regret", "divergence", "kl", "distance", "hinge", "bpc", "bpb", "fpr",
    "fnr",
}  # fmt: skip
_HIGHER = {
    "acc", "accuracy", "auc", "auroc", "roc", "prauc", "auprc", "ap", "map", "f1", "fbeta", "precision", "recall",
    "score", "r2", "reward", "return", "throughput", "bleu", "rouge", "meteor", "iou", "miou", "dice", "jaccard",
    "ndcg", "mrr", "hit", "hits", "mcc", "kappa", "specificity", "sensitivity", "tpr", "tnr", "psnr", "ssim", "elbo",
    "likelihood", "wins", "winrate",
}  # fmt: skip
_WORDS = re.compile(r"[a-z]+\d*|\d+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def better_of(key: str) -> Better | None:
    """Which way a metric of this name is better, by its last word that says so: `val/top1_error` is `min`, `valLoss`
    too. None where no word does.
    """
    for word in reversed(_WORDS.findall(_HUMPS.sub(" ", key).lower())):
        for known in (word, word.rstrip("0123456789")):
            if known in _LOWER:
                return "min"
            if known in _HIGHER:
                return "max"
    return None
