"""`inlay demo`: a folder with example runs and the notebook of the tour."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click

from inlay.cli.group import Command
from inlay.cli.opened import is_store
from inlay.cli.printing import say
from inlay.store.folder import FOLDER

NOTEBOOK = "tour.ipynb"


@click.command(cls=Command)
@click.argument("path", default="inlay-demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--open", "open_", is_flag=True, help="Open the notebook in JupyterLab.")
def demo(path: Path, *, open_: bool) -> None:
    """Make a folder with a store of example runs and a notebook that walks through them.

    What is there already is left as it is. Needs no network.
    """
    try:
        _make(path)
    except OSError as error:
        msg = f"{path} cannot be made: {error}"
        raise click.ClickException(msg) from None
    notebook = path / NOTEBOOK
    say(f"\n  cd {path} && inlay runs\n  jupyter lab {notebook}")
    if open_:
        program = shutil.which("jupyter-lab")
        if program is None:
            msg = 'there is no jupyter-lab on the PATH: pip install "inlay[lab]"'
            raise click.ClickException(msg)
        subprocess.run([program, str(notebook)], check=False)


def _make(path: Path) -> None:
    from inlay.cli.tour import example_runs, write_tour
    from inlay.store.ingest import ingest
    from inlay.store.store import connect
    from inlay.store.upkeep import close_all

    path.mkdir(parents=True, exist_ok=True)
    notebook, folder = path / NOTEBOOK, path / FOLDER
    if not is_store(folder):
        store = connect(folder)
        count = example_runs(store)
        close_all()
        ingest(store)
        say(f"{count} example runs in {folder}")
    else:
        say(f"{folder} is there already")
    if notebook.exists():
        say(f"{notebook} is there already")
    else:
        write_tour(notebook)
        say(f"the tour in {notebook}")
