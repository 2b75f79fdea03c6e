"""How the commands hang together: loaded when called, errors as one line, names close to what was typed.

Exit status: 0 when done, 1 after an error of inlay's own (`Error: ...` on stderr, no traceback), 2 when the command
line itself was wrong. A reader that goes away (`inlay runs | head`) ends the command without a word.
"""

from __future__ import annotations

import difflib
import errno
import io
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from inlay.errors import InlayError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Command(click.Command):
    """A command that takes `--store` and turns errors of inlay's own into one line."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if all(parameter.name != "store" for parameter in self.params):
            store_option(self)


class Commands(click.Group):
    """The group: commands by name, each from the file that the table names."""

    command_class = Command

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click hands it to everybody
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        if cmd_name not in self._at:
            return None
        module, _, name = self._at[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in self._at.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self._at:
            near = difflib.get_close_matches(args[0], list(self._at), n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        _speak_plainly()
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where click takes the news that nobody reads on
            return result
        except InlayError as error:
            from inlay.cli.printing import harmless_lines

            raise click.ClickException(harmless_lines(str(error))) from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise click.ClickException("what was to be written does not fit: the disk is full") from None


def _speak_plainly() -> None:
    """Warnings of ours as a line on stderr, without the line of code; letters that the terminal lacks as `?`."""
    global _shown
    if warnings.showwarning is not _show:
        _shown, warnings.showwarning = warnings.showwarning, _show
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="replace")


def _show(  # noqa: PLR0917 - Python's own
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    text = str(message)
    if category is RuntimeWarning and text.startswith("inlay"):
        click.echo(f"Warning: {text.removeprefix('inlay: ')}", err=True)
    else:
        _shown(message, category, filename, lineno, file, line)


_shown = warnings.showwarning


def store_option(command: Any) -> Any:
    """`--store`, on the group and on every command; the inner one holds."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_choose,
        metavar="FOLDER",
        help="The store to use, instead of the nearest .inlay folder.",
    )(command)


def _choose(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.obj = value


def chosen(ctx: click.Context | None = None) -> Path | None:
    """The folder that `--store` names; None without it."""
    ctx = ctx or click.get_current_context(silent=True)
    while ctx is not None:
        if isinstance(ctx.obj, Path):
            return ctx.obj
        ctx = ctx.parent
    return None
