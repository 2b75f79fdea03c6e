"""User and host names in a view of runs. A saved notebook is committed and sent around, so its picture holds none of
them: not as a column, and neither in a group, a chart or a filter that speaks of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.query.filter_fields import attribute_of
from inlay.query.filter_syntax import parse
from inlay.query.filter_tree import keys_of
from inlay.views.table_texts import group_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWNERS = ("user_name", "host")
CODE = "inlay.runs()"


def filter_without_owners(text: str) -> str:
    """The filter, or, of one that asks for a user or a host, only that it does."""
    named = [attribute_of(key.name) for key in keys_of(parse(text)) if key.entity == "attributes"]
    asked = [name for name in OWNERS if name in named]
    return f"by {' and '.join(asked)}" if asked else text


def chart_names_owners(spec: Mapping[str, Any], group: Sequence[str]) -> bool:
    """Whether a chart has such names on an axis, or in its legend: lines and bars of groups are called as they are."""
    said = [one for value in spec.values() for one in (value if isinstance(value, list) else [value])]
    grouped = spec["kind"] in ("lines", "bars") and any(one in OWNERS for one in group)
    return grouped or any(one in OWNERS for one in said)


def view_without_owners(view: dict[str, Any]) -> dict[str, Any]:
    """The view with its groups named by numbers in place of these names."""
    by = view["state"]["group"]
    if not any(one in OWNERS for one in by):
        return view
    seen: dict[tuple[str, Any], int] = {}

    def named(column: str, value: Any) -> Any:
        return value if column not in OWNERS else seen.setdefault((column, value), len(seen) + 1)

    rows = [
        {**row, "label": group_label([named(*one) for one in zip(by, row["values"], strict=True)], by)}
        if "key" in row
        else row
        for row in view["page"]["rows"]
    ]
    return {**view, "page": {**view["page"], "rows": rows}}
