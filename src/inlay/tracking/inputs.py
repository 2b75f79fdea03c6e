"""`log_input`: what is known of a dataset goes into the journal at once, what takes a pass over all of it later.

The names of inputs are kept apart here: two datasets that were given none do not replace each other.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.errors import InlayError
from inlay.query.datasets import Dataset, datasets_of
from inlay.store.journal.slots import Kind
from inlay.store.masking import mask_text
from inlay.tracking import events, input_pass, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from inlay.content.datasets.description import Description, Findings
    from inlay.tracking.recorder import Recorder
    from inlay.tracking.run import Run

_SMALL, _FEW = 8 << 20, 10_000
"""Bytes, or rows where those are not known, of small data."""
_MOMENT_S = 0.015
"""So long the call waits for its full digest: nearly always it is there by then."""
_lock = threading.RLock()
"""Held while an input is told of, so that an earlier one of the same name does not overwrite it."""


def log_input(run: Run, data: Any, name: str | None, context: str, source: Any) -> Dataset:
    """See `Run.log_input`."""
    from inlay.content.datasets.recognise import describe

    if name is not None:
        values.check_key(name, "dataset")
    if context != "":
        values.check_key(context, "context")
    said = None if source is None else _shown(source)
    recorder = run.writable()
    found = describe(data)
    with _lock:
        dataset = _recorded(run, recorder, found, name, context, said)
    events.announce("changed", run)
    if found.remark is not None:
        warnings.warn(
            f"inlay: of the dataset {dataset.name!r} only a part is known: {found.remark}", RuntimeWarning, stacklevel=4
        )
    return dataset if found.full_pass is None else _read(run, recorder, dataset, found)


def _recorded(  # noqa: PLR0917 - what `log_input` was given
    run: Run, recorder: Recorder, found: Description, name: str | None, context: str, source: str | None
) -> Dataset:
    dataset = Dataset(
        name or "", context, found.kind, found.rows, found.columns, found.bytes, _masked(found.schema), {},
        source if source is not None else found.source, found.sample_digest, None, datetime.now(timezone.utc),
    )  # fmt: skip
    known = _known(run)
    if name is None:
        dataset = replace(dataset, name=_free_name(found.name or "data", dataset, known))
    earlier = known.get((dataset.name, context))
    if earlier is not None and _same(earlier, dataset):
        dataset = replace(dataset, created_at=earlier.created_at)
    _tell(run, dataset, recorder.event)
    return dataset


def _read(run: Run, recorder: Recorder, dataset: Dataset, found: Description) -> Dataset:
    """Have all of it read; returns what is known after a moment."""

    def tell_late(kind: Kind, /, **body: Any) -> None:  # the run may have ended by then
        recorder.writer.event(kind, {"run": run.run_id, **body})

    def keep(findings: Findings) -> None:
        with _lock:
            now = run.memory.inputs.get((dataset.name, dataset.context))
            if now is not dataset:  # another was logged under its name
                return
            _tell(run, _with(dataset, findings), tell_late)
        events.announce("changed", run)

    assert found.full_pass is not None  # noqa: S101 - the caller looked
    asked = input_pass.Pass(found.full_pass, keep, found.held_bytes)
    input_pass.begin(asked)
    if (dataset.bytes <= _SMALL) if dataset.bytes is not None else (dataset.rows or 0) <= _FEW:
        asked.done.wait(_MOMENT_S)
    now = run.memory.inputs.get((dataset.name, dataset.context))
    return now if now is not None and now.created_at == dataset.created_at else dataset


def _with(dataset: Dataset, findings: Findings) -> Dataset:
    """The dataset with what the pass over it found."""
    learnt: dict[str, Any] = {
        "rows": findings.rows, "columns": findings.columns, "bytes": findings.bytes, "profile": findings.profile,
        "schema": None if findings.schema is None else _masked(findings.schema), "digest": findings.digest,
        "sample_digest": findings.sample_digest,
    }  # fmt: skip
    return replace(dataset, **{name: value for name, value in learnt.items() if value is not None})


def _tell(run: Run, dataset: Dataset, write: Callable[..., None]) -> None:
    """Write it, in place of what was said of it before."""
    body: dict[str, Any] = {name: getattr(dataset, name) for name in _TOLD}
    body |= {"schema": dataset.schema or None, "profile": dataset.profile or None}
    write(Kind.INPUT, **body, time=dataset.created_at.timestamp())
    run.memory.inputs[dataset.name, dataset.context] = dataset


_TOLD = ("name", "context", "kind", "rows", "columns", "bytes", "source", "sample_digest", "digest")


def _known(run: Run) -> dict[tuple[str, str], Dataset]:
    """The inputs so far; those that a run had before it was gone on with are read from the store."""
    known = run.memory.inputs
    if not known and run.writable().resumed:
        with contextlib.suppress(InlayError):
            known.update({(one.name, one.context): one for one in datasets_of(run.store, run.run_id)})
    return known


def _free_name(wanted: str, dataset: Dataset, known: dict[tuple[str, str], Dataset]) -> str:
    """The name, or one with a number where other data has it."""
    wanted = wanted[: values.MAX_KEY - 10].encode("utf-8", "backslashreplace").decode()[: values.MAX_KEY - 10]
    name, number = wanted, 1
    while (name, dataset.context) in known and not _same(known[name, dataset.context], dataset):
        number += 1
        name = f"{wanted}-{number}"
    return name


def _same(one: Dataset, other: Dataset) -> bool:
    """Whether two are the same data, as far as can be told at once."""
    if one.sample_digest is not None and other.sample_digest is not None:
        return (one.kind, one.sample_digest) == (other.kind, other.sample_digest)
    return (one.kind, one.source) == (other.kind, other.source) and one.source is not None


def _shown(source: Any) -> str:
    """A source in the user's words: a URL without secrets, a path with `~` for the home directory, or any text."""
    from inlay.content.datasets import files, places

    if not isinstance(source, (str, os.PathLike)):
        msg = f"the source of a dataset is a path, a URL or a text; got {source!r:.80} of type {type(source).__name__}"
        raise TypeError(msg)
    text = os.fsdecode(source)
    if places.is_url(text):
        return places.shown_url(text)
    if isinstance(source, os.PathLike) or Path(text).is_absolute():
        return files.shortened(text)
    return mask_text(text, code=False)[:_LONGEST_SOURCE]


_LONGEST_SOURCE = 10_000


def _masked(schema: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The schema with secrets masked in it; names are looked through all at once, for one by one takes too long."""
    if not schema:
        return []
    names = "\n".join(f"{entry.get('name')} {entry.get('type')}" for entry in schema)
    if mask_text(names, code=False) == names:
        return schema
    return [
        {key: mask_text(value, code=False) if isinstance(value, str) else value for key, value in entry.items()}
        for entry in schema
    ]


def _after_fork() -> None:
    """The background thread, which may have held it, stayed in the parent."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
