"""`inlay doctor`: is the store well, and what around it; each finding with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from inlay.cli.group import Command, chosen
from inlay.cli.opened import is_store
from inlay.cli.printing import harmless, json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inlay.store.health import Finding

_SIGNS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "red")}


@click.command(cls=Command)
@click.option("--full", is_flag=True, help="Hash every kept file, not a sample.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def doctor(ctx: click.Context, *, full: bool, as_json: bool) -> None:
    """Check the store, the versions and Jupyter; say what to do. Nothing is changed.

    The exit status is 1 when something is wrong.
    """
    found = []
    for finding in _findings(full=full):
        found.append(finding)
        if not as_json:
            _print(finding)
    wrong = sum(finding.state == "wrong" for finding in found)
    if as_json:
        click.echo(json_text([
            {"what": one.what, "state": one.state, "said": one.said, "remedy": one.remedy} for one in found
        ]))  # fmt: skip
    else:
        click.echo(f"\n{wrong} of {len(found)} wrong" if wrong else "\nall is well")
    ctx.exit(1 if wrong else 0)


def _findings(*, full: bool) -> Iterator[Finding]:
    from inlay.cli.surroundings import jupyter, other_stores, versions
    from inlay.errors import StoreError
    from inlay.store.folder import locate
    from inlay.store.health import Finding, examine
    from inlay.store.store import Store

    try:
        folder = locate(chosen())
    except StoreError as error:
        yield Finding("folder", "wrong", str(error))
    else:
        if is_store(folder):
            yield from examine(Store(folder), full=full)
        else:
            said = f"there is no store in {folder}"
            yield Finding("folder", "note", said, "the first run makes it; another is named by --store or INLAY_STORE")
        yield from other_stores(folder)
    yield versions()
    yield from jupyter()


def _print(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.state]
    click.echo(f"{click.style(sign, fg=colour)} {finding.what}: {harmless(finding.said)}")
    if finding.remedy:
        click.echo(f"    {harmless(finding.remedy)}")
