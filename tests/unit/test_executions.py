"""Every executed cell of the session, in order, as the user saw it happen."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import inlay
from inlay.notebook import load_ipython_extension, unload_ipython_extension
from inlay.notebook.activation import activation_of
from inlay.notebook.executions import Executions
from inlay.notebook.transform import begin_at_first_line


def recorded():
    query = """
        select seq, cell_id, ok, source from executions join sources using (code_hash) order by seq
    """
    return inlay.sql(query).fetchall()


def test_every_cell_in_order(cells):
    cells("x = 1", "a")
    cells("1/0", "b")
    cells("y = = 1", "c")
    cells("%%track\nx = 2", "d")
    cells("x = 1", "a")
    assert recorded() == [
        (1, "a", True, "x = 1"),
        (2, "b", False, "1/0"),
        (3, "c", False, "y = = 1"),
        (4, "d", True, "%%track\nx = 2"),
        (5, "a", True, "x = 1"),
    ]


def test_times(cells):
    cells("import time; time.sleep(0.05)")
    ((seconds,),) = inlay.sql("select epoch(ended_at - started_at) from executions").fetchall()
    assert 0.05 <= seconds < 5


def test_the_numbers_are_those_the_user_sees(cells):
    cells.shell.execution_count = 41
    assert cells("x = 1").execution_count == 41
    assert [row[0] for row in recorded()] == [41]


def test_numbers_rise_even_when_ipython_counts_again(cells):
    cells("x = 1")
    cells("y = 1")
    cells.shell.execution_count = 1
    cells("z = 1")
    assert [row[0] for row in recorded()] == [1, 2, 3]


@pytest.mark.parametrize("how", [{"silent": True}, {"store_history": False}])
def test_what_tools_execute_is_no_cell(cells, how):
    """A variable inspector asks the kernel after every cell; that is not the user's work."""
    cells.shell.run_cell("x = 1", **{"store_history": True, **how})
    cells("y = 1")
    assert [row[3] for row in recorded()] == ["y = 1"]
    assert recorded()[0][0] == 1


def test_cells_inside_a_cell_are_part_of_it(cells):
    cells("get_ipython().run_cell('inner = 1', store_history=True)")
    assert len(recorded()) == 1


def test_an_empty_cell_is_none(cells):
    cells("")
    cells("  \n")
    assert recorded() == []


def test_an_empty_cell_inside_a_cell_does_not_end_it(cells):
    cells("%%track outer\nget_ipython().run_cell('')\n1 / 0")
    assert inlay.runs()[0].status == "failed"


def test_the_cell_that_loads_the_extension(plain_cells):
    plain_cells("before = 1")
    plain_cells("%load_ext inlay\nimport math")
    plain_cells("after = 1")
    assert [row[3] for row in recorded()] == ["%load_ext inlay\nimport math", "after = 1"]
    assert [row[0] for row in recorded()] == [2, 3]
    activation_of(plain_cells.shell).close()


def test_loading_twice_is_harmless(cells):
    load_ipython_extension(cells.shell)
    cells("%%track\nx = 1")
    assert len(recorded()) == len(inlay.runs()) == 1
    transformers = cells.shell.input_transformers_cleanup
    assert transformers.count(begin_at_first_line) == 1


def test_reloading(plain_cells):
    plain_cells("%load_ext inlay")
    plain_cells("%reload_ext inlay")
    plain_cells("%%track\nx = 1")
    assert len(inlay.runs()) == 1
    assert [row[0] for row in recorded()] == [1, 2, 3]
    activation_of(plain_cells.shell).close()


def test_unloading(cells):
    unload_ipython_extension(cells.shell)
    unload_ipython_extension(cells.shell)
    assert not cells("%%track\nx = 1").success
    assert recorded() == []
    load_ipython_extension(cells.shell)
    cells("%%track\nx = 1")
    assert len(recorded()) == len(inlay.runs()) == 1


def test_nothing_is_recorded_before_the_extension_is_loaded(plain_cells):
    activation_of(plain_cells.shell)
    plain_cells("x = 1")
    assert recorded() == []
    activation_of(plain_cells.shell).close()


def test_closing_gives_everything_back(plain_cells):
    shell = plain_cells.shell
    before = {name: list(found) for name, found in shell.events.callbacks.items()}
    load_ipython_extension(shell)
    activation_of(shell).close()
    assert shell.events.callbacks == before
    assert "track" not in shell.magics_manager.magics["cell"]


# --- the stack behind it ----------------------------------------------------------------------------------


def shell_of_requests():
    return SimpleNamespace(
        displayhook=SimpleNamespace(prompt_count=1, parent_header={"msg_id": "one"}),
        execution_count=2,
    )


def info(source):
    return SimpleNamespace(raw_cell=source, store_history=True, cell_id=None)


def result(of, error=None):
    return SimpleNamespace(info=of, error_in_exec=error, error_before_exec=None)


def test_a_cell_whose_end_never_came():
    shell = shell_of_requests()
    executions = Executions(shell)
    executions.begin(info("lost"))
    shell.displayhook.parent_header = {"msg_id": "two"}
    cell = executions.begin(info("next"))
    assert cell.outer is None
    assert executions.finish(result(cell.info)) is cell
    assert not executions.busy()


def test_the_machinery_raised_and_ipython_made_a_new_record():
    executions = Executions(shell_of_requests())
    cell = executions.begin(info("x"))
    assert executions.finish(result(info("x"), error=ValueError())) is cell


def test_an_end_without_a_beginning():
    executions = Executions(shell_of_requests())
    assert executions.finish(None) is None
    assert executions.finish(result(info("x"))) is None


def test_threads_have_cells_of_their_own():
    """A subshell answers while the main shell is busy."""
    executions = Executions(shell_of_requests())
    cell = executions.begin(info("main"))
    seen = []

    def other():
        mine = executions.begin(info("subshell"))
        seen.append((mine.outer, executions.current() is mine))
        executions.finish(None)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [(None, True)]
    assert executions.current() is cell
    assert executions.busy()
