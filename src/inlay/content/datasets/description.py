"""What is said of a dataset: at once, and after a pass over all of it.

`Description` is made while the user waits; `Findings` by the background, from the pass that the description carries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from inlay.store.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_IN_SCHEMA = 2_000
MOST_IN_PROFILE = 200
"""Columns that are named, and columns that are profiled; how many more there are is `columns` less these."""
_ROOM = 90_000
"""Characters of JSON for each of the two: an event of the journal has room for a million, and cards read them."""
LONGEST_NAME = 200


class StoppedError(Exception):
    """The process is going: what is not known by now is not asked for any more."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a pass over all of the data found. None leaves what was known before."""

    digest: str | None = None
    profile: dict[str, Any] | None = None
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None
    schema: list[dict[str, Any]] | None = None
    sample_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a dataset without reading more than a few of its rows.

    `schema` lists {"name", "type"} and, for arrays, "shape"; `name` is what it is called when the user does not say.
    """

    kind: str
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None
    schema: list[dict[str, Any]] | None = None
    source: str | None = None
    sample_digest: str | None = None
    name: str | None = None
    full_pass: Callable[[Callable[[], None]], Findings] | None = None
    """Reads all of it; calls what it is given between pieces, which raises `StoppedError` when it should end."""
    held_bytes: int = 0
    """Memory that stays taken while the pass waits."""
    remark: str | None = None
    """What went wrong with the user's own code, for one warning."""


def fitted(entries: Iterable[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first entries, as many as there is room for; overlong names are cut."""
    kept, used = [], 0
    for entry in islice(entries, most):
        if len(entry.get("name", "")) > LONGEST_NAME:
            entry = entry | {"name": entry["name"][: LONGEST_NAME - 1] + "…"}  # noqa: PLW2901
        used += _size(entry)
        if used > _ROOM:
            break
        kept.append(entry)
    return kept


def _size(entry: dict[str, Any]) -> int:
    """About how much JSON it takes; of 2,000 columns the exact size took 20 ms."""
    if len(entry) > 2:
        return len(json.dumps(entry))
    return 30 + sum(len(str(value)) if str(value).isascii() else 6 * len(str(value)) for value in entry.values())


def by_name(profiles: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is known of each column, by its name; of several of one name the later ones are numbered."""
    found: dict[str, dict[str, Any]] = {}
    for entry in fitted(profiles, MOST_IN_PROFILE):
        name = clean = mask_text(entry["name"], code=False)
        number = 1
        while name in found:
            number += 1
            name = f"{clean} ({number})"
        found[name] = {key: value for key, value in entry.items() if key != "name"}
    return found
