"""`%runs`: a filter typed on a line, as it stands, with its names completed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import inlay
from inlay.notebook.runs import Completer, runs_of


@pytest.fixture
def some(cells):
    for number in range(2):
        with inlay.start_run(f"r{number}", params={"lr": number}, tags={"team": "x"}) as run:
            run.log({"val/loss": number})
    return cells


def test_the_line_is_the_filter(some, capsys):
    found = some("lr = 7\nout = %runs metrics.\"val/loss\" > 0 and tags.team = 'x'")
    assert found.success, found.error_in_exec
    assert [run.name for run in some.shell.user_ns["out"]] == ["r1"]
    assert len(runs_of("")) == 2
    assert [run.name for run in runs_of('"params.lr = 0"')] == ["r0"]
    some("%runs params.lr = {lr}")  # nothing is filled in: braces are part of the filter
    assert "found {" in capsys.readouterr().err


def test_a_wrong_filter_is_one_line_without_a_traceback(some, capsys):
    assert not some("%runs metrics.loss <").success
    printed = capsys.readouterr()
    assert "expected a value" in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("line", "symbol", "offered"),
    [
        ("%runs params.l", "params.l", "params.lr"),
        ("%runs par", "par", "params.lr"),
        ("%runs metrics.val/lo", "lo", "loss"),
        ("%runs status = 'fin", "fin", "finished'"),
    ],
)
def test_completion(some, line, symbol, offered):
    event = SimpleNamespace(text_until_cursor=line, symbol=symbol)
    assert any(one.startswith(offered) for one in Completer().after_magic(event))


def test_completion_never_raises(some, monkeypatch):
    monkeypatch.setattr("inlay.store.store.current", None)
    assert Completer().after_magic(SimpleNamespace(text_until_cursor="%runs x", symbol="x")) == []


def test_a_terminal_prints_text(some, capsys):
    some("import inlay\ninlay.runs()")
    assert "Runs: 2, first Run " in capsys.readouterr().out
    some("inlay.RunTable()")
    assert "RunTable: 2 runs" in capsys.readouterr().out


def test_unloading_takes_the_magic_away(some):
    from inlay.notebook import unload_ipython_extension

    unload_ipython_extension(some.shell)
    assert "runs" not in some.shell.magics_manager.magics["line"]
