"""Datasets whose items are made by the user's own code: torch's. A few items stand for all.

Items are fetched in the calling thread, for such code is seldom made for two at once (a file that both seek in would
give wrong data), with the random generators set and put back, so that the training draws what it would have drawn.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.content.datasets import digest
from inlay.content.datasets.description import Description, fitted
from inlay.content.datasets.objects import NoDigestError, encoded
from inlay.content.datasets.table import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = 8
PATIENCE_S = 0.04
"""Items that are not there by then are not waited for: rather no sample digest than one of fewer items."""
_MOST_ENTRIES = 50


def describe_torch(dataset: Any, batch_size: object = None) -> Description:
    """A torch Dataset. One without places, or that cannot say how many it has, is not iterated: that may consume it."""
    if type(dataset).__getitem__ is _torch_getitem():
        return Description("torch", schema=_schema_of(dataset, None, batch_size))
    try:
        rows = len(dataset)
    except Exception as error:  # noqa: BLE001 - the user's own code
        return Description("torch", schema=_schema_of(dataset, None, batch_size), remark=_remark("__len__", error))
    sample = _items(dataset, rows)
    digest_ = None
    with contextlib.suppress(NoDigestError):
        if sample.complete:
            hashes = [hashlib.sha256(encoded(_plain(item))).hexdigest() for item in sample.items]
            digest_ = digest.of_parts("items", rows, hashes)
    schema = _schema_of(dataset, sample.items[0] if sample.items else None, batch_size)
    return Description("torch", rows, None, None, schema, sample_digest=digest_, remark=sample.remark)


def _torch_getitem() -> Any:
    """What `torch.utils.data.Dataset` has for those that define none, as iterable datasets do."""
    return sys.modules["torch"].utils.data.Dataset.__getitem__


@dataclass(frozen=True, slots=True)
class _Sample:
    items: list[Any]
    complete: bool
    remark: str | None = None


def _items(dataset: Any, rows: int) -> _Sample:
    found: list[Any] = []
    end = time.perf_counter() + PATIENCE_S
    places = spread(rows, ITEMS)
    try:
        with _same_dice():
            for place in places:
                found.append(dataset[place])
                if time.perf_counter() > end:
                    break
    except Exception as error:  # noqa: BLE001 - the user's own code
        return _Sample(found, complete=False, remark=_remark(f"item {places[len(found)]}", error))
    return _Sample(found, complete=len(found) == len(places))


def _remark(what: str, error: Exception) -> str:
    return f"{what} raised {type(error).__name__}: {error}"[:500]


@contextlib.contextmanager
def _same_dice() -> Iterator[None]:
    """The same random numbers each time, and afterwards those that would have come without."""
    generator = sys.modules["torch"].random.default_generator
    state, python, numpy = generator.get_state(), random.getstate(), np.random.get_state()  # noqa: NPY002 - theirs
    try:
        generator.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        yield
    finally:
        generator.set_state(state)
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _plain(item: Any) -> Any:
    """An item with its arrays, tensors and pictures as type, shape and hash."""
    if isinstance(item, (list, tuple)):
        return [_plain(part) for part in item]
    if isinstance(item, dict):
        return {key: _plain(part) for key, part in item.items()}
    array = array_of(item)
    if array is not None and array.dtype.kind != "O":
        return [str(array.dtype), list(array.shape), hashlib.sha256(array.tobytes()).digest()]
    return item


def array_of(item: Any) -> np.ndarray[Any, Any] | None:
    """The array in a NumPy array, a tensor or a picture; None of anything else."""
    if isinstance(item, np.ndarray):
        return item
    if hasattr(item, "detach") and hasattr(item, "cpu"):
        with contextlib.suppress(Exception):  # a type that NumPy does not know
            array: np.ndarray[Any, Any] = item.detach().cpu().numpy()
            return array
    if hasattr(item, "__array_interface__") and hasattr(item, "size"):
        return np.asarray(item)
    return None


def _schema_of(dataset: Any, item: Any, batch_size: object) -> list[dict[str, Any]]:
    """The class, the batch size of its loader, and the parts of an item."""
    entries: list[dict[str, Any]] = [{"name": "dataset", "type": type(dataset).__name__}]
    if isinstance(batch_size, int):
        entries.append({"name": "batch_size", "type": str(batch_size)})
    if item is None:
        return entries
    several = item if isinstance(item, (tuple, list)) else [item]
    parts = list(item.items() if isinstance(item, dict) else enumerate(several))
    for name, part in parts[:_MOST_ENTRIES]:
        array = array_of(part)
        said = {"name": str(name), "type": type(part).__name__ if array is None else str(array.dtype)}
        entries.append(said if array is None else said | {"shape": list(array.shape)})
    return fitted(entries, len(entries))
