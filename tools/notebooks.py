"""Keeps the notebooks in git as they are meant to be read in a change: without what running them leaves behind.

Outputs go, except those that are the same on every machine and are therefore checked when the notebooks run
(the cells tagged `nbval-check-output`). Prints the names of the notebooks it changed; with `--check` it
changes nothing and fails when there is something to clean.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "notebooks"
CHECKED = "nbval-check-output"
# A kernel's exact version and the state of JupyterLab's folds are one machine's.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}


def cleaned(text: str) -> str:
    """The notebook with its sources and checked outputs, laid out the way Jupyter lays it out."""
    notebook = json.loads(text)
    notebook["metadata"] = METADATA
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags")
        cell["metadata"] = {"tags": tags} if tags else {}
    for number, cell in enumerate(code, start=1):
        checked = CHECKED in cell["metadata"].get("tags", [])
        # A checked cell counts as run, in the order of the notebook; nbval refuses outputs of a cell that was not.
        cell["execution_count"] = number if checked else None
        cell["outputs"] = [numbered(output, number) for output in cell["outputs"]] if checked else []
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def numbered(output: dict[str, Any], number: int) -> dict[str, Any]:
    return {**output, "execution_count": number} if "execution_count" in output else output


def main(arguments: list[str]) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.ipynb"))}
    stained = [path for path, text in texts.items() if cleaned(text) != text]
    for path in stained:
        print(path)
    if "--check" in arguments and stained:
        sys.exit(f"clean them with: python tools/{Path(__file__).name}")
    for path in stained:
        path.write_text(cleaned(texts[path]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
