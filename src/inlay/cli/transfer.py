"""`inlay import` and `inlay export`: runs from and to other trackers and files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from inlay.cli.group import Command
from inlay.cli.opened import reading_store, recording_store
from inlay.cli.printing import counted, harmless, harmless_lines, say

_FROM = ("mlflow", "tensorboard", "wandb", "csv", "inlay", "parquet", "json")
_TO = ("parquet", "json", "mlflow")


@click.command("import", cls=Command)
@click.argument("source")
@click.option(
    "--kind", type=click.Choice(_FROM), help="What SOURCE is, where that cannot be told from what lies there."
)
@click.option("-e", "--experiment", metavar="NAME", help="Put all runs into this experiment.")
@click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
def import_(source: str, kind: str | None, experiment: str | None, *, quiet: bool) -> None:
    """Bring runs into the store; doing so again brings what is new since.

    SOURCE is an mlruns folder, an mlflow.db or its sqlite:/// address; event files or a log folder of TensorBoard; a
    wandb folder; a CSV file; another inlay store; or what `inlay export` wrote.
    """
    from inlay.transfer.imports import import_runs

    store = recording_store()
    try:
        done = import_runs(source, kind=kind, experiment=experiment, store=store, progress=not quiet)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise click.ClickException(harmless_lines(str(error))) from None
    say(f"{counted(done.new, 'new run')}, {done.updated:,} that went on, {done.unchanged:,} as they were")
    for one in done.skipped:
        click.echo(f"left out: {harmless(one)}", err=True)


@click.command("export", cls=Command)
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--filter", "filter_", metavar="FILTER", help="The runs of a filter; see `inlay runs --help`.")
@click.option("--kind", type=click.Choice(_TO), default="parquet", show_default=True, help="What to write.")
@click.option("--artifacts", is_flag=True, help="The kept files, too.")
@click.option("--overwrite", is_flag=True, help="Replace what TARGET holds.")
@click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
def export_(
    *,
    target: Path,
    runs: tuple[str, ...],
    filter_: str | None,
    kind: str,
    artifacts: bool,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Write runs to TARGET: all, those named, or those of a filter."""
    from inlay.cli.references import meant
    from inlay.tracking.found import Runs
    from inlay.transfer.exports import export_runs

    store = reading_store()
    chosen = None
    if runs or filter_ is not None:
        chosen = Runs([run.run_id for run in meant(store, runs, filter_, deleted=False)], store)
    try:
        done = export_runs(
            target, kind=kind, runs=chosen, store=store, artifacts=artifacts, overwrite=overwrite, progress=not quiet
        )
    except (OSError, ValueError, TypeError, ImportError) as error:
        said = harmless_lines(str(error)).replace("overwrite=True", "--overwrite")
        raise click.ClickException(said) from None
    same = f", {done.unchanged:,} were there already" if done.unchanged else ""
    say(f"{counted(done.runs, 'run')} written to {os.fspath(done.target)}{same}")
    for one in done.skipped:
        click.echo(f"left out: {harmless(one)}", err=True)
