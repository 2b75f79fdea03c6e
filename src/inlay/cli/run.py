"""`inlay run`: a script recorded as a run, from the outside.

The script needs to know nothing of inlay: command, code, output, exit status and surroundings are recorded here. If it
does, it takes part: `INLAY_RUN_ID` is in its environment, and its own first `start_run` joins this run.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from inlay.cli.child import Child, Ended
from inlay.cli.group import Command
from inlay.cli.opened import recording_store
from inlay.cli.outlets import outlets
from inlay.cli.script import masked, script_of

if TYPE_CHECKING:
    from inlay.query.attributes import RunError
    from inlay.tracking.run import Run

NOT_FOUND, NOT_EXECUTABLE, INTERRUPTED = 127, 126, 128 + signal.SIGINT
_LAST_LINES = 20
_PATIENCE_S = 5.0
"""Seconds that the end waits for the store, and for what is still being found out."""
_RAISED = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)


@click.command(cls=Command, context_settings={"allow_interspersed_args": False})
@click.option("-e", "--experiment", metavar="NAME", help="The experiment it belongs to.")
@click.option("-n", "--name", metavar="NAME", help="The run's name; two words by default.")
@click.option("-t", "--tag", "tags", multiple=True, metavar="K=V", help="A tag; may be repeated.")
@click.option("-p", "--param", "params", multiple=True, metavar="K=V", help="A param; may be repeated.")
@click.option("--note", metavar="TEXT", help="A note.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but what the script prints.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    *,
    experiment: str | None,
    name: str | None,
    tags: tuple[str, ...],
    params: tuple[str, ...],
    note: str | None,
    quiet: bool,
    command: tuple[str, ...],
) -> None:
    """Record a script as a run: COMMAND with its arguments, code, git commit, output, exit status.

    \b
      inlay run -- python train.py --lr 0.1
      inlay run -e churn -p lr=0.1 -t team=growth -- torchrun --nproc-per-node 2 train.py

    It runs as it would without: what it prints is passed on, its exit status is ours, signals reach it. Where the
    script uses inlay itself, what it logs belongs to this run.
    """  # noqa: D301 - click's mark for lines to be left as they are
    tagged = dict(_pair("--tag", text) for text in tags)
    given = {key: _value(text) for key, text in (_pair("--param", text) for text in params)}
    _refuse_unknown_program(command)
    started = _started(command, name, experiment, given, tagged, note)
    if not quiet:
        _say(f"run {started.short_id} ({started.name}) is being recorded")
    chosen = [what for what, word in (("name", name), ("experiment", experiment)) if word is not None]
    try:
        ended = _recorded(started, command, chosen)
    except BaseException as error:
        started.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", error)
        raise
    if not quiet:
        look = f"inlay show {started.short_id}"
        _say(f"run {started.short_id} ({started.name}) {started.status} in {started.duration_s:.1f} s: {look}")
    sys.exit(ended.code)


def _started(  # noqa: PLR0917 - what was given
    command: tuple[str, ...],
    name: str | None,
    experiment: str | None,
    params: dict[str, Any],
    tags: dict[str, str],
    note: str | None,
) -> Run:
    """The run, begun before the script is, so that the script finds it."""
    from inlay.tracking import origin
    from inlay.tracking.origin import Origin
    from inlay.tracking.session import session_of
    from inlay.tracking.start import start_run

    store = recording_store()
    script = script_of(command)
    origin.set_provider(lambda: Origin("script", script.name))
    code_hash = session_of(store).record_source(script.text, script.text) if script.text is not None else None
    origin.set_provider(lambda: Origin("script", script.name, code_hash=code_hash))
    # Inside another `inlay run`, by way of a shell script for instance, it is a child of that.
    run = start_run(name, experiment=experiment, params=params, tags=tags, note=note, nested=True, store=store)
    run.record(command=json.dumps(masked(command)))
    return run


def _recorded(run: Run, command: tuple[str, ...], chosen: list[str]) -> Ended:
    """Run the command, and end the run with how it ended."""
    from inlay.tracking.joined import environment_of, learned
    from inlay.tracking.tail import RecordedTail, Tail

    env = environment_of(run, chosen) | {"INLAY_EXPERIMENT": run.experiment}
    child, (out, err), printed, complaints = Child(), outlets(), RecordedTail(run), Tail()
    with child.signals_handed_on():
        try:
            child.start(command, env, out.theirs, err.theirs)
        except OSError as error:
            run.record(exit_code=NOT_EXECUTABLE)
            run.end("failed", error)
            _refuse(f"{command[0]} cannot be run: {error}", NOT_EXECUTABLE)
        surroundings = threading.Thread(target=_record_surroundings, args=(run, command, env), daemon=True)
        surroundings.start()
        err.listeners.append(complaints.feed)
        for outlet in {out, err}:
            outlet.listeners.append(printed.tail.feed)
            outlet.begin(lambda: child.signal(getattr(signal, "SIGWINCH", 0)))
        ended = child.wait()
    for outlet in {out, err}:
        outlet.settle()
    printed.end()
    surroundings.join(_PATIENCE_S)
    run.record(exit_code=ended.code)
    said = learned(run, _PATIENCE_S)
    status = _status(ended, said)
    own = _error(ended, complaints.text())
    run.end(status, {"finished": None, "interrupted": said, "failed": said or own, "killed": own}[status])
    return ended


def _record_surroundings(run: Run, command: tuple[str, ...], env: dict[str, str]) -> None:
    """The commit, and the packages of the interpreter; a script that uses inlay says the latter itself, too."""
    from inlay.capture.git import git_state
    from inlay.capture.interpreter import environment_of, interpreter_of
    from inlay.tracking.session import session_of

    with contextlib.suppress(Exception):  # a run without its commit is better than a traceback
        state = git_state(Path.cwd())
        if state is not None:
            run.record(git_commit=state.commit, git_dirty=state.dirty, git_branch=state.branch, git_remote=state.remote)
    with contextlib.suppress(Exception):
        interpreter = interpreter_of(command, env)
        found = environment_of(interpreter, env) if interpreter else None
        if found is not None:
            session_of(run.store).record_environment(run, found.as_row())


# -- how it ended -------------------------------------------------------------------------------------------


def _status(ended: Ended, said: RunError | None) -> str:
    if ended.code == 0:
        return "finished"
    if ended.code == INTERRUPTED or (said is not None and said.type == "KeyboardInterrupt"):
        return "interrupted"
    return "failed" if ended.signal is None else "killed"


def _error(ended: Ended, printed: str) -> RunError:
    """What is known of an end that the script did not explain itself: its traceback, or its last lines."""
    from inlay.query.attributes import RunError

    text = printed.rstrip()
    if ended.signal is not None:
        name = _signal_name(ended.signal)
        hint = " (often because memory ran out)" if name == "SIGKILL" else ""
        return RunError(name, f"the script was killed by {name}{hint}", _last_lines(text))
    _, begun, traceback = text.rpartition("Traceback (most recent call last):")
    raised = _RAISED.fullmatch(traceback.rpartition("\n")[2]) if begun else None
    if raised is not None:
        return RunError(raised[1].rpartition(".")[2], raised[2] or "", begun + traceback)
    return RunError("ExitStatus", f"the script ended with exit status {ended.code}", _last_lines(text))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # those between the first and the last real-time signal have none
        return f"signal {number}"


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-_LAST_LINES:])


# -- the command line ---------------------------------------------------------------------------------------


def _refuse_unknown_program(command: tuple[str, ...]) -> None:
    """Say so before anything is recorded, and with the exit status that a shell has for it."""
    program = command[0]
    if shutil.which(program) is not None:
        return
    code, why = NOT_FOUND, "command not found"
    if Path(program).is_dir():
        code, why = NOT_EXECUTABLE, "is a folder"
    elif Path(program).is_file():
        hint = f"; inlay run -- python {program}" if program.endswith(".py") else ""
        code, why = NOT_EXECUTABLE, f"is not executable{hint}"
    _refuse(f"{program}: {why}", code)


def _refuse(why: str, code: int) -> NoReturn:
    click.echo(f"Error: {why}", err=True)
    sys.exit(code)


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.BadParameter(f"takes KEY=VALUE; got {text!r}", param_hint=option)
    return key, value


def _value(text: str) -> Any:
    """A JSON value or a Python literal, such as 0.1 or [1, 2]; else the text itself."""
    if text not in ("NaN", "Infinity", "-Infinity"):  # words, here
        for read in (json.loads, ast.literal_eval):
            with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                return read(text)
    return text


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        click.echo(f"inlay: {text}", err=True)
