"""The line after `%%track`: its options, their errors, and what completion offers.

argparse reads it; the errors are ours, because they should name the option that was meant and the value
that was wrong, and must not end the kernel as argparse would.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import shlex
from dataclasses import dataclass, field
from typing import Any, NoReturn

HELP = """\
Record this cell as a run, with its curves drawn below while it runs.

    %%track [name] [-e NAME] [-t KEY=VALUE]... [-p KEY=VALUE]... [--note TEXT]
            [--nested] [--resume ID] [--no-params] [--quiet]

  name                  the run's name; two words are made up without one
  -e, --experiment NAME the experiment it belongs to; the setting of that name ("default")
  -t, --tag KEY=VALUE   a tag; may be given again
  -p, --param KEY=VALUE a param; JSON or a Python literal, else text; may be given again
  --note TEXT           a note
  --nested              a child of the run that is open
  --resume ID           go on with an earlier run: its id, the end of it, or its name
  --no-params           do not take the cell's literals (lr = 0.01) as params
  --quiet               record, but draw no card

Values with spaces go in quotes: --note "after the fix". The cell runs exactly as without the line.
As a line magic on the first line, %track does the same and lets editors read the cell as Python.
"""


class OptionError(ValueError):
    """The line after `%%track` cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """What stands after `%%track`."""

    name: str | None = None
    experiment: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    nested: bool = False
    resume: str | None = None
    take_literals: bool = True
    quiet: bool = False


def read_options(line: str) -> TrackOptions:
    """The options in `line`. Raises `OptionError`, also with the help as its text for `--help`."""
    try:
        words = shlex.split(line)
    except ValueError:
        such = '--note "it\'s done"' if "--note" in line else '"it\'s done"'
        raise OptionError(
            f"%%track: a quote is opened and not closed in {line!r}; put text with an apostrophe in "
            f"double quotes, such as {such}"
        ) from None
    _refuse_values_of_flags(words)
    found, rest = _parser().parse_known_args(words)
    if found.help:
        raise OptionError(HELP)
    names = [word for word in rest if word != "--"]
    for word in names:
        if word.startswith("-"):
            raise OptionError(_unknown(word))
    if len(names) > 1:
        raise OptionError(
            f"%%track takes one name, got {len(names)}: {', '.join(map(repr, names))}; put quotes "
            f'around a name with spaces: %%track "{" ".join(names)}"'
        )
    if "" in names:
        raise OptionError("%%track: the name is empty; without one two words are made up")
    if found.experiment == "":
        raise OptionError("%%track: --experiment takes a name; got ''")
    return TrackOptions(
        name=names[0] if names else None,
        experiment=found.experiment,
        tags=dict(_pair("--tag", text) for text in found.tag),
        params={key: _value(text) for key, text in (_pair("--param", p) for p in found.param)},
        note=found.note,
        nested=found.nested,
        resume=found.resume,
        take_literals=not found.no_params,
        quiet=found.quiet,
    )


def completions(line: str) -> list[str]:
    """The options that may follow in `line`, the text up to the cursor; none inside a value."""
    words = line.split()
    before = words[-1] if line[-1:].isspace() else (words[-2] if len(words) > 1 else "")
    if before in _TAKE_VALUE:
        return []
    given = {word.partition("=")[0] for word in words}
    return [option for option in _LONG if option in _REPEATABLE or option not in given]


_LONG = (
    *("--experiment", "--tag", "--param", "--note"),
    *("--nested", "--resume", "--no-params", "--quiet"),
)
_REPEATABLE = ("--tag", "--param")
_FLAGS = ("--nested", "--no-params", "--quiet")
_TAKE_VALUE = ("-e", "--experiment", "-t", "--tag", "-p", "--param", "--note", "--resume")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"%%track: {message} (%%track? shows the options)")


def _parser() -> _Parser:
    parser = _Parser(prog="%%track", add_help=False, allow_abbrev=False)
    parser.add_argument("-e", "--experiment", metavar="NAME")
    parser.add_argument("-t", "--tag", metavar="KEY=VALUE", action="append", default=[])
    parser.add_argument("-p", "--param", metavar="KEY=VALUE", action="append", default=[])
    parser.add_argument("--note", metavar="TEXT")
    parser.add_argument("--resume", metavar="ID")
    for flag in _FLAGS:
        parser.add_argument(flag, action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    return parser


def _refuse_values_of_flags(words: list[str]) -> None:
    for word in words[: words.index("--")] if "--" in words else words:
        flag, equals, value = word.partition("=")
        if equals and flag in (*_FLAGS, "--help"):
            raise OptionError(f"%%track: {flag} takes no value; got {value!r}")


def _unknown(word: str) -> str:
    option = word.partition("=")[0]
    near = difflib.get_close_matches(option.lower(), _LONG, 1, 0.5)
    meant = f"did you mean {near[0]}?" if near else f"the options are {', '.join(_LONG)}"
    return f"%%track has no option {option}; {meant}"


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise OptionError(f"%%track: {option} takes KEY=VALUE; got {text!r}")
    return key, value


def _value(text: str) -> Any:
    """A JSON value, else that of a Python literal, else the text itself."""
    try:
        return json.loads(text, parse_constant=_reject)
    except ValueError:
        pass
    try:
        value = ast.literal_eval(text)
        return json.loads(json.dumps(value, allow_nan=False))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def _reject(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are words here, not numbers
