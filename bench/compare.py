"""One run that prints what finding and comparing runs costs, ours beside MLflow's, with the bars that have to hold.

    python bench/compare.py [--quick] [--mlflow PYTHON]

MLflow is the one that `python bench/peer.py` installed, or that of another Python by `--mlflow`; without any, ours
stands alone. `--quick` is for continuous integration: few runs. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import comparing
from figures import machine, print_table


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="few runs, few rounds")
    options.add_argument("--mlflow", metavar="PYTHON", help="a Python that has MLflow and pandas")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="inlay-bench-", ignore_cleanup_errors=True) as name:
        found = list(comparing.figures(Path(name), quick=asked.quick, mlflow=asked.mlflow))
    print(machine())
    return 0 if print_table(found) else 1


if __name__ == "__main__":
    sys.exit(main())
