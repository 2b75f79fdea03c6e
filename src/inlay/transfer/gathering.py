"""One run's items into rows: masked, blobs kept, keys and paths made fit, ids in place.

Everything here happens before the store is opened for writing, blobs included: a transaction only ever refers to files
that lie there already.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mimetypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inlay.errors import StoreError
from inlay.store import artifacts as blobs
from inlay.store.identity import derived_id
from inlay.store.imported import RunRows
from inlay.store.masking import mask_text, mask_value
from inlay.store.printed import mask_printed
from inlay.store.rows import utc
from inlay.tracking.values import MAX_KEY, MAX_NOTE, MAX_PARAM
from inlay.transfer.paths import fit_path
from inlay.transfer.records import (
    About,
    Environment,
    File,
    Histogram,
    Input,
    Output,
    Param,
    Points,
    Row,
    RunReference,
    Skipped,
)
from inlay.transfer.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from inlay.store.store import Store
    from inlay.transfer.records import Item, Listing, SourceRun

_TAIL = 64 * 1024
_OUR_DISK = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EROFS")}
"""What is no fault of the source: the import ends."""
_SHARED = {
    "sources": ("code_hash", "source", "transformed"),
    "sessions": ("session_id", "kind", "python", "host", "pid", "started_at"),
    "executions": ("session_id", "seq", "cell_id", "code_hash", "started_at", "ended_at", "ok"),
    "param_history": ("run_id", "key", "value", "number", "type", "time"),
}
_INPUT = (
    "run_id", "name", "context", "kind", "rows", "columns", "bytes", "schema", "profile", "source", "sample_digest",
    "digest", "created_at",
)  # fmt: skip


@dataclass(slots=True)
class Gathering:
    """The rows of a run while its items come in."""

    run: SourceRun
    listing: Listing
    store: Store
    run_id: str
    about: About | None = None
    spool: Spool = field(default_factory=Spool)
    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    env_hash: str | None = None
    skipped: list[Skipped] = field(default_factory=list)

    def take(self, items: Iterable[Item]) -> None:
        """Take all items. Raises what reading the source raises, `OSError` when a blob cannot be kept."""
        for item in items:
            self._take(item)

    def rows(self, experiment: str | None) -> RunRows:
        """The run as rows; in the experiment of this name, if one is given. Raises `ValueError` for a run that
        said nothing of itself.
        """
        if self.about is None:
            msg = "the source says nothing of it"
            raise ValueError(msg)
        of = self.about.experiment
        made = utc(of.created_at) if of.created_at else None
        kept = (of.name, masked_text(of.description), _json(masked_tags(of.tags)) if of.tags else None, made)
        return RunRows(
            run_id=self.run_id,
            kind=self.listing.kind,
            source=self.listing.source,
            source_id=self.run.source_id,
            digest=self.run.digest,
            experiment=kept if experiment is None else (experiment, None, None, utc(self.run.started_at)),
            columns=self._columns(self.about),
            tags=masked_tags(self.about.tags),
            tables=self.tables | {"params": self._params(self.about.params)},
            keys=tuple(self.spool.keys),
            points=self.spool,
        )

    def _take(self, item: Item) -> None:
        if isinstance(item, Points):
            self.spool.add(item, fit_key(item.key))
        elif isinstance(item, File):
            self._file(item)
        elif isinstance(item, Histogram):
            row = (self.run_id, fit_key(item.key), item.step, utc(item.time), item.edges, item.counts)
            self._row("histograms", row)
        elif isinstance(item, About):
            self.about = item
        elif isinstance(item, Input):
            self._input(item.columns)
        elif isinstance(item, Output):
            self.tables["outputs"] = [
                (self.run_id, mask_printed(item.tail[-_TAIL:]), item.bytes, utc(self.run.started_at))
            ]
        elif isinstance(item, Environment):
            self._environment(item)
        elif isinstance(item, Row):
            columns = item.columns | {"run_id": self.run_id}
            self._row(item.table, tuple(columns.get(name) for name in _SHARED[item.table]))
        else:
            self.skipped.append(Skipped(f"{self.run.label}: {item.what}", item.why))

    def _row(self, table: str, row: tuple[Any, ...]) -> None:
        self.tables.setdefault(table, []).append(row)

    def _file(self, file: File) -> None:
        path = fit_path(file.path)
        blob = self._kept(file.content)
        if isinstance(blob, str):
            self.skipped.append(Skipped(f"{self.run.label}: {path}", blob))
            return
        mime = file.mime or mimetypes.guess_type(path)[0] or "application/octet-stream"
        made = utc(file.created_at if file.created_at is not None else self.run.started_at)
        row = (self.run_id, path, blob.hash, blob.bytes, mime, file.kind, made)
        self._row("artifacts", (*row, file.key, file.step, _json(file.metadata)))

    def _kept(self, content: Path | bytes | blobs.Blob) -> blobs.Blob | str:
        """The blob in our store; why there is none, otherwise."""
        folder = self.store.artifacts
        if isinstance(content, blobs.Blob):
            return content if blobs.found(folder, content.hash, content.bytes) else "its bytes are not there"
        try:
            if isinstance(content, bytes):
                return blobs.put_bytes(folder, content)
            return blobs.put_file(folder, content)
        except FileNotFoundError:
            return "the file is not there"
        except OSError as error:
            if isinstance(content, bytes) or error.errno in _OUR_DISK:
                msg = f"the store cannot keep files in {folder}: {error}"
                raise StoreError(msg) from error
            return f"the file cannot be read: {error}"

    def _input(self, columns: dict[str, Any]) -> None:
        full: dict[str, Any] = (
            {"context": "", "created_at": utc(self.run.started_at)} | columns | {"run_id": self.run_id}
        )
        full["source"] = masked_text(full.get("source"))
        full |= {name: _json(full.get(name)) for name in ("schema", "profile")}
        self._row("inputs", tuple(full.get(name) for name in _INPUT))

    def _environment(self, found: Environment) -> None:
        variables = {name: mask_value(name, value) for name, value in found.variables.items()}
        columns = {
            "python": found.python,
            "platform": found.platform,
            "packages": found.packages,
            "hardware": found.hardware,
            "variables": variables,
        }
        text = json.dumps(columns, sort_keys=True, default=str)
        self.env_hash = found.env_hash or hashlib.sha256(text.encode()).hexdigest()
        texts = [json.dumps(columns[name], default=str) for name in ("packages", "hardware", "variables")]
        self.tables["environments"] = [(self.env_hash, found.python, found.platform, *texts)]

    def _columns(self, about: About) -> dict[str, Any]:
        started = utc(self.run.started_at)
        ended = None if about.ended_at is None else utc(max(about.ended_at, self.run.started_at))
        parent = about.parent
        if isinstance(parent, RunReference):
            parent = parent.run_id or imported_id(self.listing.kind, parent.source_id, parent.started_at)
        columns = {
            "parent_run_id": parent,
            "name": about.name[:MAX_KEY],
            "status": about.status,
            "started_at": started,
            "ended_at": ended,
            "duration_s": None if ended is None else (ended - started).total_seconds(),
            "note": masked_text(None if about.note is None else about.note[:MAX_NOTE]) or "",
            "deleted_at": None if about.deleted_at is None else utc(about.deleted_at),
            "env_hash": self.env_hash,
        }
        return columns | {name: _masked_column(value) for name, value in about.columns.items()}

    def _params(self, params: Iterable[Param]) -> list[tuple[Any, ...]]:
        rows = {}
        for param in params:
            key, time = fit_key(param.key), self._time(param.time)
            value = json.loads(param.text) if param.type == "json" else param.text
            masked = mask_value(key, value)
            text, number, kind = param.text[:MAX_PARAM], param.number, param.type
            if masked != value and masked == masked:  # noqa: PLR0124 - NaN is no secret
                text, number, kind = _param_text(masked)
            rows[key] = (self.run_id, key, text, number, kind, time)
        return list(rows.values())

    def _time(self, time: float | None) -> datetime:
        return utc(self.run.started_at if time is None else time)


def imported_id(kind: str, source_id: str, started_at: float) -> str:
    """The id of a run from elsewhere: of its start, and of the id it has there."""
    return derived_id(round(started_at * 1000), f"{kind}\0{source_id}")


def fit_key(key: str) -> str:
    """A key that could have been logged: 250 characters at most, valid Unicode, not empty."""
    return key.encode("utf-8", "replace").decode()[:MAX_KEY] or "-"


def masked_tags(tags: dict[str, str]) -> dict[str, str]:
    """Tags without the secrets in them."""
    return {fit_key(key): str(mask_value(key, value)) for key, value in tags.items()}


def masked_text(text: str | None) -> str | None:
    """A text that people wrote, without the secrets in it."""
    return None if text is None else mask_text(text, code=False)


def _masked_column(value: Any) -> Any:
    return masked_text(value) if isinstance(value, str) else value


def _param_text(value: Any) -> tuple[str, float | None, str]:
    return (value, None, "string") if isinstance(value, str) else (json.dumps(value), None, "json")


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=str)
