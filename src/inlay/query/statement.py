"""`Statement`: the SQL behind something on screen, as a text that can be read, changed and run again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

_LONGEST = 200


class Statement(str):  # noqa: SLOT000 - a str has no room for slots
    """SQL with parameters: `inlay.sql(runs.sql, runs.sql.params)` runs it.

    Values stand in `params`, never in the text; the text shows them in comments at its end.
    """

    params: dict[str, Any]

    def __new__(cls, sql: str, params: Mapping[str, Any]) -> Self:
        # As JSON in ASCII: a line break in a value would end the comment.
        values = [f"-- ${name} = {_cut(json.dumps(value, default=str))}" for name, value in params.items()]
        made = super().__new__(cls, "\n".join([sql.rstrip(), *values]))
        made.params = dict(params)
        return made

    def __repr__(self) -> str:
        return str(self)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
