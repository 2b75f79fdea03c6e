"""Which library a dataset comes from, told without importing any: what was not imported made no data."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets import frames, places
from inlay.content.datasets.arrays import Array, Group, Sparse, array_part
from inlay.content.datasets.description import MOST_IN_SCHEMA, Description, Findings, fitted
from inlay.content.datasets.files import describe_path, files_findings, shortened
from inlay.content.datasets.objects import NoDigestError
from inlay.content.datasets.relations import small_result
from inlay.content.datasets.sampled import describe_torch
from inlay.store.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, _FEW = 8 << 20, 10_000
"""Bytes, and items of a list, up to which data that may change is copied at once; of larger data the sample is taken
again after the pass.
"""
_TAKEN = (
    "log_input takes pandas, Polars and Arrow tables, NumPy arrays, SciPy sparse matrices, Hugging Face and torch "
    "datasets, tensors, DuckDB relations, a dict or tuple of these, a list of dicts or texts, a path or a URL"
)
_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    """A dataset whose values can be read: its part for reading, and itself for what may change it meanwhile."""

    kind: str
    part: Any
    name: str | None = None
    copy: Callable[[], Any] | None = None
    """Gives a copy, of data that its owner may change; None where nobody can."""
    items: int | None = None
    """Of a list."""

    @property
    def small(self) -> bool:
        """Whether a copy takes no time."""
        if self.items is not None:
            return self.items <= _FEW
        size = self.part.bytes
        return size is not None and bool(size <= SMALL)


def describe(data: Any) -> Description:
    """What can be said of data at once. Raises `TypeError` naming the type of what is no dataset."""
    if isinstance(data, (str, os.PathLike)):
        return _of_path(data)
    lazy = _lazy(data)
    if lazy is not None:
        return lazy
    known = _known(data)
    if known is None:
        msg = f"{_TAKEN}; got {data!r:.80} of type {type(data).__module__}.{type(data).__qualname__}"
        raise TypeError(msg)
    changing = known.copy is not None
    if known.copy is not None and known.small:
        copied = _known(known.copy())
        known, changing = copied or known, copied is None
    part = known.part
    try:
        sampled = part.sample_digest()
    except NoDigestError:
        sampled = None
    again = (lambda: _known(data)) if changing else None
    return Description(
        known.kind, part.rows, part.width, part.bytes, part.schema(), sample_digest=sampled, name=known.name,
        full_pass=_full_pass(part, again, sampled), held_bytes=part.bytes or 0,
    )  # fmt: skip


def _full_pass(
    part: Any, again: Callable[[], _Known | None] | None, sampled: str | None
) -> Callable[[Callable[[], None]], Findings]:
    def run(check: Callable[[], None]) -> Findings:
        found: Findings = part.findings(check)
        if again is not None:
            now = again()
            if now is None or now.part.sample_digest() != sampled:
                return Findings()
        return found

    return run


def _known(data: Any) -> _Known | None:
    """The data by its kind; None of what is none."""
    for look in (_arrays, _pandas, _polars, _arrow, _huggingface, _tensors, _collections):
        found = look(data)
        if found is not None:
            return found
    return None


def _arrays(data: Any) -> _Known | None:
    if isinstance(data, np.ndarray):
        return _Known("numpy", array_part(data), copy=data.copy)
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(data):
        return _Known("scipy", Sparse(data), copy=data.copy)
    return None


def _pandas(data: Any) -> _Known | None:
    pd = sys.modules.get("pandas")
    if pd is None or not hasattr(pd, "DataFrame"):
        return None
    if isinstance(data, pd.DataFrame):
        return _Known("pandas", frames.pandas_table(data), copy=data.copy)
    if isinstance(data, pd.Series):
        return _Known("pandas", frames.pandas_series_table(data), copy=data.copy)
    return None


def _polars(data: Any) -> _Known | None:
    pl = sys.modules.get("polars")
    if pl is None or not hasattr(pl, "DataFrame"):
        return None
    if isinstance(data, pl.DataFrame):  # a column may be put in place, what is in a column may not
        return _Known("polars", frames.polars_table(data.clone()))
    if isinstance(data, pl.Series):
        return _Known("polars", frames.polars_series_table(data.clone()))
    return None


def _arrow(data: Any) -> _Known | None:
    pa = sys.modules.get("pyarrow")
    if pa is not None and hasattr(pa, "Table") and isinstance(data, (pa.Table, pa.RecordBatch)):
        return _Known("arrow", frames.arrow_table(data))
    return None


def _huggingface(data: Any) -> _Known | None:
    hf: Any = sys.modules.get("datasets")
    if not hasattr(hf, "DatasetDict"):
        return None
    if isinstance(data, hf.Dataset):
        return _Known("huggingface", frames.huggingface_table(data), _called(data))
    if isinstance(data, hf.DatasetDict) and data:
        parts = {str(name): frames.huggingface_table(one) for name, one in data.items()}
        return _Known("huggingface", Group(parts), _called(next(iter(data.values())), with_split=False))
    return None


def _called(data: Any, *, with_split: bool = True) -> str | None:
    info = getattr(data, "info", None)
    name = getattr(info, "dataset_name", None) or getattr(info, "builder_name", None)
    split = getattr(data, "split", None) if with_split else None
    return "/".join(str(word) for word in (name, split) if word) or None


def _tensors(data: Any) -> _Known | None:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):
        return None
    if isinstance(data, torch.Tensor):
        part = _tensor(torch, data)
        return None if part is None else _Known("torch", part, copy=lambda: data.detach().clone())
    if isinstance(data, torch.utils.data.TensorDataset):
        parts = {str(i): _tensor(torch, one) for i, one in enumerate(data.tensors)}
        copy = lambda: tuple(one.detach().clone() for one in data.tensors)  # noqa: E731
        return None if None in parts.values() else _Known("torch", Group(parts), copy=copy)
    return None


def _tensor(torch: Any, tensor: Any) -> Array | None:
    """The tensor's own memory, where it is the processor's; a copy of what is on a device."""
    held = tensor.detach().resolve_conj().resolve_neg()
    if held.layout is not torch.strided or held.is_quantized or held.is_meta:
        return None
    name = str(held.dtype).removeprefix("torch.")
    held = held.cpu()
    if name == "bfloat16":
        return Array(held.view(torch.int16).numpy(), name, halves=True)
    return Array(held.numpy(), name)


def _collections(data: Any) -> _Known | None:
    if isinstance(data, (dict, tuple)) and data:
        items = data.items() if isinstance(data, dict) else enumerate(data)
        found = {str(name): _known(one) for name, one in items}
        if any(one is None for one in found.values()):
            return None
        copies = {name: one.copy for name, one in found.items() if one is not None}
        held = dict(zip(found, data.values() if isinstance(data, dict) else data, strict=True))

        def copied() -> dict[str, Any]:
            return {name: held[name] if copy is None else copy() for name, copy in copies.items()}

        part = Group({name: one.part for name, one in found.items() if one is not None})
        return _Known("arrays", part, copy=copied)
    if isinstance(data, list) and data:
        return _list(data)
    return None


def _list(data: list[Any]) -> _Known | None:
    looked_at = data[:1000]
    if all(isinstance(item, str) for item in looked_at):
        return _Known("texts", frames.texts_table(data), copy=lambda: list(data), items=len(data))
    if all(isinstance(item, dict) for item in looked_at):
        names = list(dict.fromkeys(key for item in looked_at for key in item))[:_MOST_KEYS]
        return _Known(
            "records", frames.records_table(data, names), copy=lambda: [dict(item) for item in data], items=len(data)
        )
    return None


# --- what is not read -------------------------------------------------------------------------------------------


def _of_path(data: str | os.PathLike[str]) -> Description:
    text = os.fsdecode(data)
    if text.startswith("file://"):
        text = places.local_path(text)
    elif places.is_url(text):
        return Description("url", source=places.shown_url(text), name=places.name_of(text))
    if "\0" in text or not text:
        msg = f"a dataset's path is a text without NUL characters; got {text!r:.80}"
        raise ValueError(msg)
    return describe_path(Path(text).expanduser())


def _lazy(data: Any) -> Description | None:
    """Data that would have to be fetched, computed or made by the user's own code."""
    pl: Any = sys.modules.get("polars")
    duckdb: Any = sys.modules.get("duckdb")
    ds: Any = sys.modules.get("pyarrow.dataset")
    if hasattr(pl, "LazyFrame") and isinstance(data, pl.LazyFrame):
        return Description("polars", full_pass=lambda _: _lazy_schema(data))
    if hasattr(duckdb, "DuckDBPyRelation") and isinstance(data, duckdb.DuckDBPyRelation):
        return _relation(data)
    if hasattr(ds, "Dataset") and isinstance(data, ds.Dataset):
        return _arrow_dataset(data)
    if hasattr(sys.modules.get("torch"), "Tensor") and _on_device(data):
        return _device_data(data)
    return _huggingface_stream(data) or _torch(data)


def _relation(data: Any) -> Description:
    """Of a query that is large, or not known to be harmless, what it will give is told, and no row is read."""
    schema = _schema(zip(data.columns, data.types, strict=True))
    sql = mask_text(data.sql_query(), code=False)[:_MOST_SQL]
    result = small_result(data)
    if result is None:
        return Description("duckdb", None, len(data.columns), None, schema, source=sql)
    return replace(describe(result), kind="duckdb", schema=schema, source=sql)


_MOST_SQL = 10_000


def _lazy_schema(frame: Any) -> Findings:
    """A query is not run; what it will give is asked for in the background, as even that may read files."""
    found = frame.collect_schema()
    return Findings(columns=len(found), schema=_schema(found.items()))


def _schema(pairs: Any) -> list[dict[str, Any]]:
    return fitted([{"name": str(name), "type": str(kind)} for name, kind in pairs], MOST_IN_SCHEMA)


def _arrow_dataset(data: Any) -> Description:
    schema = _schema((field.name, field.type) for field in data.schema)
    files = getattr(data, "files", None)
    if not files or type(data.filesystem).__name__ != "LocalFileSystem":
        return Description("arrow", None, len(data.schema), None, schema)
    top = os.path.commonpath([os.path.dirname(one) for one in files])  # noqa: PTH120

    def run(check: Callable[[], None]) -> Findings:
        return files_findings(Path(top), list(files), check)

    return Description("arrow", None, len(data.schema), None, schema, source=shortened(top), full_pass=run)


def _on_device(data: Any) -> bool:
    """Whether part of it is in the memory of a graphics card, from where it would have to be fetched."""
    torch: Any = sys.modules["torch"]
    if isinstance(data, torch.Tensor):
        return bool(data.device.type not in ("cpu", "meta"))
    parts = data.tensors if isinstance(data, torch.utils.data.TensorDataset) else data
    parts = parts.values() if isinstance(parts, dict) else parts
    return isinstance(data, (dict, tuple, torch.utils.data.TensorDataset)) and any(map(_on_device, parts))


def _device_data(data: Any) -> Description:
    """All of it is fetched by the background."""
    kind = "torch" if type(data).__module__.startswith("torch") else "arrays"
    rows = int(data.shape[0]) if hasattr(data, "shape") and len(data.shape) else None

    def run(check: Callable[[], None]) -> Findings:
        known = _known(data)
        if known is None:
            return Findings()
        part = known.part
        sampled = part.sample_digest()
        found: Findings = part.findings(check)
        now = _known(data)
        if now is None or now.part.sample_digest() != sampled:
            return Findings()
        about = {"rows": part.rows, "columns": part.width, "bytes": part.bytes, "schema": part.schema()}
        return replace(found, sample_digest=sampled, **about)

    return Description(kind, rows, full_pass=run)


def _huggingface_stream(data: Any) -> Description | None:
    hf: Any = sys.modules.get("datasets")
    if not hasattr(hf, "IterableDatasetDict"):
        return None
    if isinstance(data, hf.IterableDatasetDict) and data:
        streams: dict[str, Any] = dict(data.items())
        parts = [(f"{name}/{key}", one.features[key]) for name, one in streams.items() for key in one.features or {}]
        called = _called(next(iter(streams.values())), with_split=False)
        return Description("huggingface", schema=_schema(parts), name=called)
    if isinstance(data, hf.IterableDataset):
        features = data.features or {}
        return Description(
            "huggingface", None, len(features) or None, None, _schema(features.items()), name=_called(data)
        )
    return None


def _torch(data: Any) -> Description | None:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):
        return None
    kinds = torch.utils.data
    if isinstance(data, kinds.DataLoader):
        inner = data.dataset
        if isinstance(inner, kinds.Dataset) and not isinstance(inner, kinds.TensorDataset):
            return describe_torch(inner, data.batch_size)
        return describe(inner)
    if isinstance(data, kinds.Dataset) and not isinstance(data, kinds.TensorDataset):
        return describe_torch(data)
    return None
