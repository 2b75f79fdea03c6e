"""`%track` and `%%track`: beginning a run for the cell that is being executed.

The line magic is the whole of it, since the first line of a `%%track` cell is turned into it
(`transform.py`). The cell magic is called only for a cell whose next line is a cell magic, too; it begins
the run and hands the rest on. What ends the run is the end of the cell (`endings.py`).
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from inlay.capture.literals import assigned_literals
from inlay.notebook.output_tail import OutputTail
from inlay.notebook.track_options import HELP, OptionError, completions, read_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from inlay.notebook.executions import Cell, Executions
    from inlay.notebook.track_options import TrackOptions


def add_magics(shell: Any, executions: Executions) -> Callable[[], None]:
    """Register both magics and their completion with the shell; returns what removes them."""

    # The line is taken as it stands: {lr} or $HOME in a note are text.
    @no_var_expand
    def track(line: str) -> None:
        __tracebackhide__ = True
        begin(shell, executions, line)

    @no_var_expand
    def track_cell(line: str, cell: str) -> Any:
        __tracebackhide__ = True
        begin(shell, executions, line, cell)
        return _run_body(shell, cell)

    magics = {"line": track, "cell": track_cell}
    for kind, function in magics.items():
        function.__doc__ = HELP
        shell.register_magic_function(function, kind, "track")
    for name in ("%track", "%%track"):
        shell.set_hook("complete_command", _complete, str_key=name)

    def remove() -> None:
        registered = shell.magics_manager.magics
        for kind, function in magics.items():
            if registered[kind].get("track") is function:
                del registered[kind]["track"]

    return remove


def begin(shell: InteractiveShell, executions: Executions, line: str, body: str | None = None) -> None:
    """Begin the run of the cell being executed. Raises `UsageError` for a bad line."""
    __tracebackhide__ = True
    try:
        options = read_options(line)
    except OptionError as error:
        if str(error) != HELP:
            raise UsageError(str(error)) from None
        sys.stdout.write(HELP)
        # Who asked for help did not mean the rest of the cell to run without being recorded.
        raise UsageError("%%track --help records nothing and runs nothing") from None
    cell = executions.current()
    if cell is None:
        raise UsageError("%track begins the run of a cell, and no cell is being executed")
    if cell.tracked and cell.tracked[-1].live and not options.nested:
        already = cell.tracked[-1].short_id
        raise UsageError(f"%track: this cell is recorded as run {already} already; once is enough")
    literals = assigned_literals(_python_of(shell, cell, body)) if options.take_literals else {}
    _begin(cell, options, literals)


def _begin(cell: Cell, options: TrackOptions, literals: dict[str, Any]) -> None:
    __tracebackhide__ = True
    from inlay.tracking.start import start_run

    quiet_before, cell.quiet = cell.quiet, cell.quiet or options.quiet
    try:
        run = start_run(
            options.name,
            experiment=options.experiment,
            params=literals | options.params,
            tags=options.tags,
            note=options.note,
            nested=options.nested,
            resume=options.resume,
        )
    except BaseException:
        cell.quiet = quiet_before
        raise
    cell.tracked.append(run)
    if cell.tail is None:
        cell.tail = OutputTail(run, cell.message)


# Cell magics whose body is Python: what it assigns is assigned in the notebook.
_RUNS_PYTHON = re.compile(r"\s*%%(?:track|time|capture|prun)\b.*(?:\n|\Z)")


def _python_of(shell: InteractiveShell, cell: Cell, body: str | None) -> str:
    """The cell as Python, without the cell magics it begins with."""
    source = cell.source if body is None else body
    while match := _RUNS_PYTHON.match(source):
        source = source[match.end() :]
    try:
        return str(shell.input_transformer_manager.transform_cell(source))
    except Exception:  # noqa: BLE001
        return ""  # what IPython cannot read, it will say itself


def _run_body(shell: Any, cell: str) -> Any:
    __tracebackhide__ = True
    body = cell.lstrip("\r\n")
    if body.startswith("%%"):
        first, _, rest = body.partition("\n")
        name, _, line = first[2:].partition(" ")
        return shell.run_cell_magic(name.strip(), line, rest)
    return _run_python(shell, body)


def _run_python(shell: Any, body: str) -> Any:
    """Execute plain code in the notebook's namespace; only `run_cell_magic` called by hand leads here."""
    __tracebackhide__ = True
    module = ast.parse(shell.transform_cell(body), "<%%track>")
    last = module.body.pop() if module.body and isinstance(module.body[-1], ast.Expr) else None
    exec(compile(module, "<%%track>", "exec"), shell.user_ns)  # noqa: S102  # the user's own code
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<%%track>", "eval"), shell.user_ns)  # noqa: S307
    return None


def _complete(_: InteractiveShell, event: Any) -> list[str]:
    return completions(event.text_until_cursor)
