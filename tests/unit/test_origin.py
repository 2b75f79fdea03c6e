"""Which notebook and cell a run says it comes from, in each front end."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import inlay
from inlay.notebook.origin import notebook_path, origin_of
from inlay.tracking import origin


@pytest.fixture
def shell():
    return SimpleNamespace(user_ns={}, kernel=object())


@pytest.fixture
def nothing():
    return SimpleNamespace(anywhere=lambda: None)


def test_jupyterlab(shell, nothing, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/churn/train.ipynb")
    found = origin_of(shell, nothing)
    assert (found.source_kind, found.source_name) == ("notebook", "train.ipynb")
    assert found.notebook == "/home/me/churn/train.ipynb"


def test_vs_code(shell, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell.user_ns["__vsc_ipynb_file__"] = "/home/me/other.ipynb"
    assert notebook_path(shell) == "/home/me/other.ipynb"


def test_a_console_is_no_notebook(shell, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "console-1-0a1b2c3d")
    assert notebook_path(shell) is None


def test_a_front_end_that_does_not_tell(shell, nothing, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert origin_of(shell, nothing) == origin.Origin("notebook")


def test_terminal(shell, nothing, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/churn/train.ipynb")
    del shell.kernel
    assert origin_of(shell, nothing) == origin.Origin("terminal")


def test_a_thread_belongs_to_the_cell_that_is_executed(cells):
    lines = [
        "import inlay, threading",
        "def work():",
        "    with inlay.start_run('of a thread'): pass",
        "thread = threading.Thread(target=work)",
        "thread.start(); thread.join()",
    ]
    cells("\n".join(lines), "cell-1")
    query = "select cell_id, execution_seq from runs"
    assert inlay.sql(query).fetchall() == [("cell-1", 1)]


def test_between_cells_there_is_none(cells):
    cells("x = 1", "cell-1")
    thread = threading.Thread(target=lambda: inlay.start_run("later").end())
    thread.start()
    thread.join()
    assert inlay.sql("select cell_id, execution_seq from runs").fetchall() == [(None, None)]


def test_busy_only_while_a_cell_is_executed(cells):
    cells("from inlay.tracking import origin\nseen = origin.busy()")
    assert cells.shell.user_ns["seen"] is True
    assert origin.busy() is False


def test_the_hash_is_that_of_the_recorded_source(cells):
    cells("%%track\nname = 'naïve ☃'")
    query = "select count(*) from runs join executions using (code_hash) join sources using (code_hash)"
    assert inlay.sql(query).fetchall() == [(1,)]


def test_a_terminal_prints_one_line(cells, capsys):
    cells("%%track base -e churn\nx = 1")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "base (churn)" in out
    cells("%%track --quiet\nx = 1")
    assert capsys.readouterr().out == ""
