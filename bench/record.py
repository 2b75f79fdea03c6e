"""One run that prints what recording costs, ours beside the peers', with the bar each figure has to hold.

    python bench/record.py [--quick] [--mlflow PYTHON] [--only PART ...]

The peers are those that `python bench/peer.py` could install, each in an environment of its own; MLflow may be
taken from another Python by `--mlflow`. `--quick` is for continuous integration: the same in small, where sizes say
little. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import calls
import card
import importing
import ingesting
import live
import reading
from figures import Figure, machine, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTS = ("import", "calls", "ingest", "read", "live", "card")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    options.add_argument("--mlflow", metavar="PYTHON", help="a Python that has MLflow")
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    asked = options.parse_args()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="inlay-bench-", ignore_cleanup_errors=True) as name:
        folder, quick = Path(name), asked.quick
        parts: dict[str, Callable[[], Iterator[Figure]]] = {
            "import": lambda: importing.figures(quick=quick),
            "calls": lambda: calls.figures(folder, quick=quick, mlflow=asked.mlflow),
            "ingest": lambda: ingesting.figures(folder, quick=quick),
            "read": lambda: reading.figures(folder, quick=quick),
            "live": lambda: live.figures(folder, quick=quick),
            "card": lambda: card.figures(folder, quick=quick),
        }
        for part in asked.only:
            found += parts[part]()
    print(machine())
    return 0 if print_table(found) else 1


if __name__ == "__main__":
    sys.exit(main())
