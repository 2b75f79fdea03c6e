"""The one line that says where a new store is: found by the user, and no fault in anybody's notebook."""

from __future__ import annotations

import sys
import types

import pytest

from inlay.store.folder import prepare


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    return tmp_path


def test_said_once_and_beside_the_program_s_output(home, capsys):
    for _ in range(2):
        prepare(home / "project" / ".inlay")
    assert capsys.readouterr() == ("", "inlay: new store in ~/project/.inlay\n")


def test_no_fault_of_the_first_cell(home, capsys, monkeypatch):
    """The first cell a newcomer ran was answered on red ground, and the notebook kept the user's name."""
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    prepare(home / "project" / ".inlay")
    assert capsys.readouterr() == ("inlay: new store in ~/project/.inlay\n", "")


def test_elsewhere_in_full(tmp_path_factory, capsys):
    folder = tmp_path_factory.mktemp("disk") / ".inlay"
    prepare(folder)
    assert capsys.readouterr().err == f"inlay: new store in {folder}\n"
