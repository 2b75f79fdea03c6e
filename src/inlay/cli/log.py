"""`inlay log`: metrics, params, tags, files and a note into a run, from the shell.

A run goes on as it is: one that is running keeps running, one that has ended keeps its end and status.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.group import Command
from inlay.cli.opened import meant_run, reading_store, recording_store
from inlay.cli.printing import harmless, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inlay.tracking.run import Run

_EXAMPLES = """\b
Examples:
  inlay log 3f2a9c81 test/acc=0.93 --tag reviewed=yes
  inlay log --new nightly -e churn rows=120394 --param source=warehouse
  inlay run -- sh -c 'make; inlay log seconds=$SECONDS'
"""


@click.command(cls=Command, epilog=_EXAMPLES)
@click.argument("words", nargs=-1, metavar="[RUN] [KEY=VALUE]...")
@click.option("--new", metavar="NAME", help="Begin a run of this name and end it as finished.")
@click.option("-e", "--experiment", metavar="NAME", help="With --new: the experiment.")
@click.option("--step", type=int, help="The step of the metrics; without, each goes on from its last.")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A param; numbers and true/false as such.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag.")
@click.option(
    "--artifact", "artifacts", multiple=True, metavar="PATH", type=click.Path(exists=True, path_type=Path),
    help="A file, or a folder with all files in it.",
)  # fmt: skip
@click.option("--note", metavar="TEXT", help="Replace the note.")
def log(
    *,
    words: tuple[str, ...],
    new: str | None,
    experiment: str | None,
    step: int | None,
    params: tuple[str, ...],
    tags: tuple[str, ...],
    artifacts: tuple[Path, ...],
    note: str | None,
) -> None:
    """Log metrics (KEY=VALUE), params, tags, files and a note to a run.

    RUN is an id, the end of one, or a name; it may be left out below `inlay run`, which names its run in INLAY_RUN_ID.
    """
    reference = words[0] if words and "=" not in words[0] else None
    metrics = {key: _number(key, value) for key, value in _pairs(words[1:] if reference else words, "KEY=VALUE")}
    given = dict(_pairs(tags, "--tag KEY=VALUE"))
    chosen = {key: _json_or_text(value) for key, value in _pairs(params, "--param KEY=VALUE")}
    if experiment is not None and new is None:
        msg = "--experiment goes with --new; a run keeps the experiment it was begun in"
        raise click.UsageError(msg)
    if new is not None and reference is not None:
        msg = f"--new begins a run of its own; leave out {reference!r}, or --new"
        raise click.UsageError(msg)
    if new is None and not (metrics or chosen or given or artifacts or note is not None):
        msg = "nothing to log: give KEY=VALUE, --param, --tag, --artifact or --note"
        raise click.UsageError(msg)
    try:
        run = _begun(new, experiment) if new is not None else _open(meant_run(reference))
        _log(run, metrics=metrics, step=step, params=chosen, tags=given, artifacts=artifacts, note=note)
    except (TypeError, ValueError, OSError) as error:  # what Python users are told of bad values
        raise click.ClickException(harmless(error)) from None
    say(f"{run.short_id}  {harmless(run.name)}")


def _log(
    run: Run,
    *,
    metrics: dict[str, float],
    step: int | None,
    params: dict[str, Any],
    tags: dict[str, str],
    artifacts: Iterable[Path],
    note: str | None,
) -> None:
    """Everything into the run, which is left, or ended, then."""
    with run:
        if params:
            run.log_params(params)
        if metrics:
            run.log(metrics, step)
        for path in artifacts:
            if path.is_dir():
                run.log_artifacts(path, path.resolve().name)
            else:
                run.log_artifact(path)
        if tags:
            run.set_tags(tags)
        if note is not None:
            run.set_note(note)


def _begun(name: str, experiment: str | None) -> Run:
    from inlay.tracking.start import start_run

    return start_run(name, experiment=experiment, store=recording_store())


def _open(reference: str) -> Run:
    """A handle that logs to the run beside whoever began it, and changes nothing else of it."""
    from inlay.query.attributes import find
    from inlay.query.summary import next_steps
    from inlay.tracking.recorder import Recorder
    from inlay.tracking.run import Run

    store = reading_store()
    attributes = find(store, reference)
    attributes.status = "running"  # to this handle: an ended run is written to no further otherwise
    recorder = Recorder(attributes.run_id, store, next_steps(store, attributes.run_id), joined=True)
    return Run(attributes, store, recorder)


def _pairs(texts: Iterable[str], what: str) -> list[tuple[str, str]]:
    """`key=value` texts, cut at the first `=`. Raises `UsageError` for one without."""
    found = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            msg = f"{text!r} is not of the form {what}"
            raise click.UsageError(msg)
        found.append((key.strip(), value))
    return found


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        msg = f"the metric {key!r} is a number; got {text!r}. For texts there are --param and --tag"
        raise click.UsageError(msg) from None


def _json_or_text(text: str) -> Any:
    """A param's value: what JSON reads (numbers, true, lists), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
