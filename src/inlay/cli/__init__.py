"""The command line: the program `inlay`, one file a command.

A command's file is loaded when the command is called. What `inlay --help` says of each stands here, so that the
help needs neither DuckDB nor NumPy and is there at once.
"""

from __future__ import annotations

import click

from inlay._version import __version__
from inlay.cli.group import Commands, store_option

COMMANDS = {
    "runs": ("inlay.cli.runs:runs", 'List runs: inlay runs "metrics.auc > 0.9 and params.lr < 0.1"'),
    "show": ("inlay.cli.show:show", "Show one run: params, metrics, tags, artifacts, error."),
    "diff": ("inlay.cli.diff:diff", "Show what differs between runs: params, metrics, packages, code."),
    "run": ("inlay.cli.run:run", "Record a script as a run: inlay run -- python train.py"),
    "log": ("inlay.cli.log:log", "Log metrics, params, tags, files to a run."),
    "sql": ("inlay.cli.sql:sql", "Run one SELECT over the store's tables."),
    "export": ("inlay.cli.transfer:export_", "Write runs for MLflow, or as Parquet or JSON."),
    "import": ("inlay.cli.transfer:import_", "Take in runs of MLflow, TensorBoard, W&B or from CSV."),
    "rm": ("inlay.cli.rm:rm", "Delete runs; `inlay restore` brings them back."),
    "restore": ("inlay.cli.restore:restore", "Bring deleted runs back."),
    "gc": ("inlay.cli.gc:gc", "Free what nothing refers to; says what would go unless --apply."),
    "doctor": ("inlay.cli.doctor:doctor", "Check the store and its surroundings; says what to do."),
    "ingest": ("inlay.cli.ingest:ingest", "Move what the journals hold into the database."),
    "demo": ("inlay.cli.demo:demo", "Make a folder with example runs and a notebook of the tour."),
}
"""Each command: where its file is, and its line in the help."""


@click.command(cls=Commands, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="inlay", message="%(prog)s %(version)s")
@store_option
def main() -> None:
    """inlay: experiment runs in one file, from the notebook and the shell.

    The store is the nearest .inlay folder above the working directory; --store or INLAY_STORE name another.
    """
