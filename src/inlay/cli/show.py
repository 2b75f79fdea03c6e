"""`inlay show`: one run, all of it or a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from inlay.cli.group import Command
from inlay.cli.opened import meant_run, reading_store
from inlay.cli.printing import harmless_lines, json_text, say

if TYPE_CHECKING:
    from inlay.query.whole import WholeRun

PARTS = ("params", "metrics", "artifacts", "output", "code")


@click.command(cls=Command)
@click.argument("run", required=False)
@click.option("--params", "part", flag_value="params", help="Only the params.")
@click.option("--metrics", "part", flag_value="metrics", help="Only the metrics.")
@click.option("--artifacts", "part", flag_value="artifacts", help="Only the artifacts, as a tree.")
@click.option("--output", "part", flag_value="output", help="The end of what it printed.")
@click.option("--code", "part", flag_value="code", help="The code of its cell.")
@click.option("--json", "as_json", is_flag=True, help="As JSON; with one of the above, that part.")
def show(*, run: str | None, part: str | None, as_json: bool) -> None:
    """Show a run, by its id, the end of it, or its name (the newest of that name)."""
    from inlay.query.attributes import find
    from inlay.query.whole import whole_run

    store = reading_store()
    found = whole_run(store, find(store, meant_run(run)).run_id)
    if as_json:
        record = as_record(found)
        click.echo(json_text(record if part is None else record[part]))
        return
    if part in ("output", "code"):
        _text(found, part)
        return
    from inlay.cli.run_text import sections

    shown = list(sections(found, part))
    if not shown:
        click.echo(f"no {part} of this run were logged", err=True)
    for number, (title, lines) in enumerate(shown):
        if title and part is None:
            say(("\n" if number else "") + title)
        for line in lines:
            say(line)


def _text(found: WholeRun, part: str) -> None:
    """What the run printed, or its code; a word on stderr when there is none."""
    output = found.details.output
    text = (output.tail if output else None) if part == "output" else found.details.source
    if not text:
        what = "output" if part == "output" else "code"
        click.echo(f"no {what} of this run was recorded", err=True)
        return
    if part == "output" and output is not None and output.bytes > len(text.encode()):
        click.echo(f"the end of {output.bytes:,} bytes:", err=True)
    click.echo(harmless_lines(text), nl=not text.endswith("\n"))


def as_record(found: WholeRun) -> dict[str, Any]:
    """The run as JSON gives it."""
    from inlay.cli.columns import iso

    of, details = found.attributes, found.details
    error, commit, around = of.error, details.commit, details.surroundings
    return {
        "run_id": of.run_id,
        "name": of.name,
        "experiment": of.experiment,
        "status": of.status,
        "started_at": iso(of.started_at),
        "ended_at": iso(of.ended_at),
        "parent_run_id": of.parent_run_id,
        "source_name": of.source,
        "host": of.host,
        "user_name": of.user,
        "note": of.note,
        "params": of.params,
        "tags": of.tags,
        "metrics": {
            one.key: {"last": one.last, "last_step": one.last_step, "min": one.min, "max": one.max, "count": one.count}
            for one in found.metrics
        },
        "artifacts": [
            {"path": one.path, "bytes": one.bytes, "mime": one.mime, "kind": one.kind, "hash": one.hash}
            for one in found.artifacts
        ],
        "inputs": [
            {"name": one.name, "context": one.context, "kind": one.kind, "rows": one.rows, "columns": one.columns,
             "bytes": one.bytes, "source": one.source, "digest": one.digest or one.sample_digest}
            for one in found.inputs
        ],
        "error": error and {"type": error.type, "message": error.message, "traceback": error.traceback},
        "git": commit and {"commit": commit.commit, "branch": commit.branch, "dirty": commit.dirty},
        "environment": around and {
            "python": around.python, "platform": around.platform, "packages": around.packages,
        },
        "output": details.output.tail if details.output else None,
        "code": details.source,
    }  # fmt: skip
