"""Which cells `%%track` changes, and that only their first line changes."""

from __future__ import annotations

import pytest

from inlay.notebook.transform import begin_at_first_line


def transformed(cell: str) -> str:
    return "".join(begin_at_first_line(cell.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("first", "argument"),
    [
        ("%%track", ""),
        ("%%track ", ""),
        ("%%track baseline -e churn", "baseline -e churn"),
        ("%%track\t-e churn  ", "-e churn"),
        ('%%track --note "it\'s {lr} (open"', '--note "it\'s {lr} (open"'),
        ("%%track --note C:\\", "--note C:\\"),
        ("%%track naïve-é", "naïve-é"),
    ],
)
def test_the_first_line_becomes_the_call(first, argument):
    cell = f"{first}\nx = 1\n%time x\n"
    call = f"get_ipython().run_line_magic('track', {argument!r})"
    assert transformed(cell) == f"{call}\nx = 1\n%time x\n"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_single_line(ending):
    assert transformed(f"%%track x{ending}") == (f"get_ipython().run_line_magic('track', 'x'){ending}")


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "x = 1",
        "%track x\ny = 1",
        "%%tracker\nx",
        "%%track?",
        "%%track??",
        "%%time\n%%track\nx",
        "x = 1\n%%track",
        " %%track",
        "%%track\n%%time\nx = 1",
        "%%track -e churn\n\n  \n%%time\nx = 1",
        "'''\n%%track\n'''",
    ],
)
def test_left_alone(cell):
    assert transformed(cell) == cell
