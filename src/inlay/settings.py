"""Settings: `inlay.configure(...)`, else the environment, else `[tool.inlay]` of the project, else the default.

One table, `SETTINGS`, says what there is; docs/settings.md says it to users. The lowest floor, as every other asks
here. Nothing is read before somebody asks, and a mistake in a file or a variable costs one warning and the default:
a job that runs for hours is not to die of a misspelt word.
"""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

Static: TypeAlias = Literal["full", "summary", "off"]
"""How much of a run is saved with the notebook: all, the outcome without charts and params, or only its id."""

Journal: TypeAlias = Literal["auto", "append", "map"]
"""How records reach the disk: as suits the file system, appended to plain files, or through memory maps."""

MAX_NAME = 250


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table: what may be set, where, and what holds without it."""

    name: str
    default: object
    read: Callable[[Any], object]
    """The value, checked; raises `ValueError` or `TypeError` that says what it can be."""
    help: str
    environment_only: bool = False
    internal: bool = False
    """Said by inlay to itself: nobody has to know."""

    @property
    def variable(self) -> str:
        """The environment variable, such as `INLAY_STORE`."""
        return _PREFIX + self.name.upper()


def configure(
    *,
    store: str | os.PathLike[str] | None = None,
    journal: Journal | None = None,
    static: Static | None = None,
    experiment: str | None = None,
    background_copy_mb: float | None = None,
    **unknown: object,
) -> Configuration | None:
    """Choose settings for this process, from now on; without arguments, return the table of all that hold.

    `store`: the folder of the store, used where `inlay.connect` names no other.
    `journal`: "auto" (by file system; the default), "append" or "map".
    `static`: how much of a run is saved with the notebook: "full" (charts, metrics, params, images; the default),
    "summary" (how it ended and its final values), or "off" (its id and the line that brings the live view back). The
    live card shows everything, and so does the store.
    `experiment`: where runs belong that name none.
    `background_copy_mb`: files larger than this many megabytes are copied in the background (64).

    Raises `ValueError` or `TypeError` for a value that cannot be, `TypeError` for a setting that there is not; nothing
    is changed then.
    """
    for name in unknown:
        raise TypeError(f"configure takes no {name!r}; {_meant(name, _CONFIGURABLE)}")
    given = {
        "store": store,
        "journal": journal,
        "static": static,
        "experiment": experiment,
        "background_copy_mb": background_copy_mb,
    }
    chosen = {name: _BY_NAME[name].read(value) for name, value in given.items() if value is not None}
    if not chosen:
        return Configuration(SETTINGS)
    if "store" in chosen:  # the working directory may be another one when it is used
        chosen["store"] = str(Path(cast("str", chosen["store"])).absolute())
    _configured.update(chosen)
    return None


def get(name: str) -> Any:
    """The value of a setting that holds now."""
    return _resolved(_BY_NAME[name])[0]


def configured(name: str) -> object:
    """What `configure` was told in this process; None without."""
    return _configured.get(name)


def configured_static() -> Static:
    """How much of a run is saved, where nothing else is said."""
    return cast("Static", get("static"))


class Configuration(Mapping[str, Any]):
    """The settings for users, as they were when asked; printed, a table that says where each value comes from."""

    def __init__(self, settings: tuple[Setting, ...]) -> None:
        found = {setting.name: _resolved(setting) for setting in settings if not setting.internal}
        self._values = {name: value for name, (value, _) in found.items()}
        self.sources = {name: source for name, (_, source) in found.items()}
        """Where each value comes from: "configure", a variable, a pyproject.toml, or "default"."""

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        rows = [("setting", "value", "from")]
        rows += [(name, _printed(value), self.sources[name]) for name, value in self._values.items()]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        return "\n".join(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}" for name, value, source in rows)


def _printed(value: object) -> str:
    return "-" if value is None else str(value)


# -- reading values -----------------------------------------------------------------------------------------


def _word_of(name: str, words: tuple[str, ...]) -> Callable[[Any], str]:
    listed = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"

    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"{name} is {listed}; got {value!r}")
        return str(value)

    return read


def _text_of(name: str) -> Callable[[Any], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} is a string; got {value!r} of type {type(value).__name__}")
        if not value or len(value) > MAX_NAME:
            raise ValueError(f"{name} has 1 to {MAX_NAME} characters; got {len(value)}: {value[:60]!r}")
        return value

    return read


def _path(value: object) -> str:
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"store is a path; got {value!r} of type {type(value).__name__}")
    text = os.fspath(value)
    if not isinstance(text, str) or not text or "\0" in text:
        raise ValueError(f"store is the path of a folder; got {text!r}")
    return os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises where there is no home directory


def _megabytes(value: object) -> float:
    problem = f"background_copy_mb is a number of megabytes, 0 or more; got {value!r}"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(problem)
    try:
        number = float(value)
    except ValueError:
        raise ValueError(problem) from None
    if not 0 <= number < float("inf"):
        raise ValueError(problem)
    return number


SETTINGS: tuple[Setting, ...] = (
    Setting("store", None, _path, "the folder of the store; without it, the nearest `.inlay` or the project's"),
    Setting(
        "journal",
        "auto",
        _word_of("journal", get_args(Journal)),
        "how records reach the disk: `auto` (by file system), `append` (network and copy-on-write disks), `map`",
    ),
    Setting(
        "static",
        "full",
        _word_of("static", get_args(Static)),
        "how much of a run is saved with the notebook: `full`, `summary` (outcome and final values), `off` (its id)",
    ),
    Setting("experiment", "default", _text_of("experiment"), "the experiment of runs that name none"),
    Setting("background_copy_mb", 64, _megabytes, "files larger than this many MB are copied in the background"),
    Setting("run_id", None, _text_of("run_id"), "the run that a child process joins", environment_only=True),
    Setting(
        "run_given",
        None,
        _text_of("run_given"),
        "what was chosen for that run, so that a script that joins it leaves it alone: `name`, `experiment`",
        environment_only=True,
        internal=True,
    ),
)

_PREFIX = "INLAY_"
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_CONFIGURABLE = tuple(setting.name for setting in SETTINGS if not setting.environment_only)


# -- where a value comes from -------------------------------------------------------------------------------

_configured: dict[str, object] = {}


def _resolved(setting: Setting) -> tuple[object, str]:
    """The value that holds, and where it comes from."""
    if setting.name in _configured:
        return _configured[setting.name], "configure"
    _look_for_unknown_variables()
    text = os.environ.get(setting.variable)
    if text:  # an empty one counts as none
        value, good = _read(setting, text, setting.variable)
        if good:
            return value, setting.variable
    if not setting.environment_only:
        table, file = _project()
        if setting.name in table:
            value, good = _read(setting, table[setting.name], f"{setting.name} in [tool.inlay] of {file}")
            if good and setting.name == "store" and not _ours(file):
                _warn(f"store in [tool.inlay] of {file} is left out, because another user wrote that file")
                good = False
            if good:
                return _below(file, value) if setting.name == "store" else value, str(file)
    return setting.default, "default"


def _read(setting: Setting, value: object, where: str) -> tuple[object, bool]:
    try:
        return setting.read(value), True
    except (ValueError, TypeError) as error:
        _warn(f"{where}: {error}. It is left out; inlay.configure() shows what holds")
        return None, False


def _below(file: Path, path: object) -> str:
    """A store that a project names is meant from the project's folder."""
    return str(file.parent / cast("str", path))


def _ours(file: Path) -> bool:
    """Whether we may let the file choose a store: whoever can write to a store can show things in a notebook."""
    try:
        return not hasattr(os, "getuid") or file.stat().st_uid in (os.getuid(), 0)
    except OSError:
        return False


_looked_at_variables = False


def _look_for_unknown_variables() -> None:
    """Once a process: say which INLAY_* variables mean nothing."""
    global _looked_at_variables
    if _looked_at_variables:
        return
    _looked_at_variables = True
    known = tuple(setting.variable for setting in SETTINGS)
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and not name.startswith(f"{_PREFIX}TEST_") and name not in known:
            _warn(f"the environment variable {name} is none of inlay's; {_meant(name, known)}")


@dataclass(frozen=True, slots=True)
class _Project:
    """What a pyproject.toml said when it was read."""

    file: Path
    stamp: tuple[int, int]
    table: dict[str, Any]


_read_project: _Project | None = None


def _project() -> tuple[dict[str, Any], Path]:
    """`[tool.inlay]` of the nearest pyproject.toml, read again only when the file has changed."""
    global _read_project
    file = _nearest()
    if file is None:
        return {}, Path()
    try:
        status = file.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = _read_project
        if known is None or known.file != file or known.stamp != stamp:
            _read_project = known = _Project(file, stamp, _table_of(file))
    except OSError as error:
        _warn(f"{file} cannot be read ({error}); the settings in it do not hold")
        return {}, file
    return known.table, file


def _nearest() -> Path | None:
    """The nearest pyproject.toml at or above the working directory, never above the home directory."""
    try:
        here = Path.cwd()
        home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - see `_path`
        for folder in (here, *here.parents):
            file = folder / "pyproject.toml"
            if file.is_file():
                return file
            if str(folder) == home:
                return None
    except OSError:  # the working directory was deleted, or is below a folder we may not enter
        pass
    return None


def _table_of(file: Path) -> dict[str, Any]:
    tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tool = tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        _warn(f"{file} cannot be read ({error}); the settings in it do not hold")
        return {}
    table = tool.get("inlay", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        _warn(f"[tool.inlay] of {file} is no table; the settings in it do not hold")
        return {}
    for name in table:
        if name not in _CONFIGURABLE:
            _warn(f"[tool.inlay] of {file} has a setting {name!r} that there is not; {_meant(name, _CONFIGURABLE)}")
    return {name: value for name, value in table.items() if name in _CONFIGURABLE}


def _meant(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"


_said: dict[str, object] = {}


def _warn(message: str) -> None:
    """Say it once a process, however often the setting is asked for."""
    mine = object()
    if _said.setdefault(message, mine) is mine:  # in one step, without a lock that a fork could leave held
        warnings.warn(f"inlay: {message}", RuntimeWarning, stacklevel=2)
