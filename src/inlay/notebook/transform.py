"""`%%track` on the first line becomes a call that begins the run, and the cell stays what it was.

Running a cell's body from inside a cell magic would change what the cell does (`await`, `;`, tracebacks,
"Run All"), so the line is replaced in place, before IPython looks for cell magics: one line of Python for
one line of magic, and everything below it keeps its number.
"""

from __future__ import annotations

import re

# Not %%tracker, and not the question %%track?
_FIRST_LINE = re.compile(r"%%track(?![\w?])[ \t]*(.*?)[ \t]*(\r?\n)?\Z")


def begin_at_first_line(lines: list[str]) -> list[str]:
    """The cell's lines with a leading `%%track ...` replaced by the call that the line magic makes.

    Left alone when the next line is a cell magic itself: then IPython calls `%%track` as one.
    """
    match = _FIRST_LINE.match(lines[0]) if lines else None
    if match is None:
        return lines
    below = next((line for line in lines[1:] if line.strip()), "")
    if below.startswith("%%"):
        return lines
    call = f"get_ipython().run_line_magic('track', {match[1]!r}){match[2] or ''}"
    return [call, *lines[1:]]


# A terminal asks IPython whether a cell is complete, and must still see a cell magic then: those go
# on until an empty line. Transformers with this mark are not asked.
begin_at_first_line.has_side_effects = True  # type: ignore[attr-defined]
