"""A tracked cell runs exactly as an untracked one, and its run tells what happened.

Each test that compares does so with the same cell without its first line, in the same shell.
"""

from __future__ import annotations

import asyncio
import textwrap
from types import SimpleNamespace

import pytest

import inlay
from inlay.store.masking import MASK


def newest():
    return inlay.runs()[0]


@pytest.mark.parametrize(
    "body",
    [
        "x = 3\nx * 2",
        "x = 3\nx * 2;",
        "x = 3",
        "",
        "import asyncio\nawait asyncio.sleep(0, 'awaited')",
        "async def f():\n    return 7\nawait f()",
        "!echo hello",
        "files = !echo one two\nfiles",
        "%timeit -n1 -r1 -q 3",
        "print('seen')\nNone",
        "for i in range(3):\n    i",
        "if True:\n    'inner'",
        "1\n2\n3",
        "'''\n%%time\n'''",
        "x = (1 +\n     2)\nx",
        "'a\\\nb'",
        "def f():\n    return 1\n\nf()",
        "# only a comment",
        "'naïve ☃'",
    ],
)
def test_same_value_and_output(cells, capfd, body):
    expected = cells(body)
    shown = capfd.readouterr().out.replace("Out[1]", "Out[n]")
    capfd.readouterr()
    tracked = cells(f"%%track --quiet\n{body}")
    assert tracked.success
    assert tracked.result == expected.result
    assert capfd.readouterr().out.replace("Out[2]", "Out[n]") == shown
    assert newest().status == "finished"


@pytest.mark.parametrize("magic", ["%%track base", "%track base"])
def test_cell_and_line_magic_do_the_same(cells, magic):
    cells(f"{magic}\nlr = 0.5\nlr * 2")
    assert (newest().name, newest().status, newest().params) == ("base", "finished", {"lr": 0.5})
    assert cells.shell.user_ns["lr"] == 0.5


def test_a_failing_cell(cells):
    result = cells("%%track boom\nx = 1\n\nx / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    run = newest()
    assert (run.status, run.error.type, run.error.message) == (
        "failed",
        "ZeroDivisionError",
        "division by zero",
    )


def test_the_traceback_begins_in_the_cell_and_has_its_lines(cells):
    """The card showed six frames of IPython before the one that mattered."""
    cells("def f():\n    raise ValueError('no')")
    cells("%%track\nx = 1\n\nf()")
    lines = newest().error.traceback.splitlines()
    assert "line 4, in <module>" in lines[1]
    assert lines[2].strip() == "f()"
    assert "line 2, in f" in " ".join(lines)
    assert not [line for line in lines if "interactiveshell" in line or "\x1b" in line]


def test_the_users_exception_keeps_its_traceback(cells):
    error = cells("%%track\n1 / 0").error_in_exec
    files = []
    tb = error.__traceback__
    while tb:
        files.append(tb.tb_frame.f_code.co_filename)
        tb = tb.tb_next
    assert any("interactiveshell" in file for file in files)


def test_an_error_in_an_await(cells):
    cells("%%track\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0")
    assert newest().status == "failed"
    assert "line 4, in " in newest().error.traceback.splitlines()[1]


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "__import__('asyncio').CancelledError"])
def test_an_interrupted_cell(cells, error):
    cells(f"%%track\nraise {error}")
    assert newest().status == "interrupted"


def test_a_cell_cancelled_without_a_result(cells):
    """ipykernel hands `None` to `post_run_cell` when it cancelled an `await` cell."""
    cells.shell.events.trigger("pre_run_cell", info_of("%%track\nawait something"))
    cells.shell.run_line_magic("track", "cancelled")
    with pytest.raises(asyncio.CancelledError):
        cancel_as_ipykernel_does(cells.shell)
    assert newest().status == "interrupted"


def cancel_as_ipykernel_does(shell):
    try:
        raise asyncio.CancelledError
    finally:
        shell.events.trigger("post_run_cell", None)


def info_of(source):
    return SimpleNamespace(raw_cell=source, store_history=True, cell_id=None)


@pytest.mark.filterwarnings("ignore:To exit")
def test_a_cell_that_exits(cells):
    cells("%%track\nraise SystemExit(3)")
    assert newest().status == "failed"


def test_a_syntax_error_is_shown_as_ever_and_begins_no_run(cells, capsys):
    result = cells("%%track\nx = 1\ny = = 2")
    assert isinstance(result.error_before_exec, SyntaxError)
    assert result.error_before_exec.lineno == 3
    assert len(inlay.runs()) == 0
    assert ">:3\n    y = = 2\n" in capsys.readouterr().out


def test_an_unclosed_bracket_in_the_note_breaks_nothing(cells):
    """`--note "fix (part 1"` made IPython read the next lines as part of the bracket."""
    result = cells('%%track --note "fix (part 1"\nx = !echo hi\nx[0]')
    assert result.result == "hi"
    assert newest().note == "fix (part 1"


def test_options(cells):
    cells("lr = 'not this one'")
    cells('%%track base -e churn -t model=gbm -p lr=1 --note "hey {lr} $lr"\nlr = 2\nn = 3')
    run = newest()
    assert (run.name, run.experiment, run.tags) == ("base", "churn", {"model": "gbm"})
    assert run.params == {"lr": 1, "n": 3}
    assert run.note == "hey {lr} $lr"


def test_no_params(cells):
    cells("%%track --no-params -p a=1\nlr = 2")
    assert newest().params == {"a": 1}


def test_secrets_are_masked(cells):
    cells('%%track --note "token=abc1234!"\napi_key = "hunter2"\nprint("password=hunter2!x")')
    run = newest()
    assert run.params == {"api_key": MASK}
    query = "select source, transformed, tail from sources, outputs"
    assert "hunter2" not in str(inlay.sql(query).fetchall())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--tagg a=b", "did you mean --tag?"),
        ("-t gbm", "--tag takes KEY=VALUE; got 'gbm'"),
        ("my run", 'quotes around a name with spaces: %%track "my run"'),
        ("-h", "--experiment NAME"),
    ],
)
def test_a_bad_option_runs_nothing_and_stops(cells, capsys, line, words):
    result = cells(f"%%track {line}\nran = True")
    assert not result.success
    assert "ran" not in cells.shell.user_ns
    assert len(inlay.runs()) == 0
    captured = capsys.readouterr()
    assert words in captured.out + captured.err


@pytest.mark.parametrize("cell", ["%%track?", "?%%track", "%track?"])
def test_help(cells, capsys, cell):
    assert cells(cell).success
    assert "--no-params" in capsys.readouterr().out
    assert len(inlay.runs()) == 0


def test_help_as_an_option_runs_nothing(cells, capsys):
    """The help came as an error: "UsageError: Record this cell as a run"."""
    cells("%%track --help\nran = True")
    captured = capsys.readouterr()
    assert captured.out.startswith("Record this cell as a run")
    assert "ran" not in cells.shell.user_ns
    assert len(inlay.runs()) == 0


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_completion(cells):
    assert cells.shell.complete("--t", "%%track base --t", 16)[1] == ["--tag"]
    assert "--quiet" in cells.shell.complete("--", "%track --", 9)[1]
    assert "%%track" in cells.shell.complete("%%tra")[1]


def test_a_terminal_still_asks_for_the_rest_of_the_cell(cells):
    """In terminal IPython `%%track` ran with an empty body as soon as Enter was pressed."""
    assert cells.shell.check_complete("%%track base\n")[0] == "incomplete"
    assert cells.shell.check_complete("%%track base\nx = 1\n\n")[0] == "complete"


# --- other magics -----------------------------------------------------------------------------------------


def test_above_another_cell_magic(cells):
    result = cells("%%track timed\n%%time\nlr = 3\nlr + 1")
    assert result.result == 4
    assert (newest().name, newest().status, newest().params) == ("timed", "finished", {"lr": 3})


def test_an_error_under_another_cell_magic(cells):
    cells("%%track\n\n%%time\n1 / 0")
    assert (newest().status, newest().error.type) == ("failed", "ZeroDivisionError")


def test_above_a_cell_magic_of_another_language(cells, capfd):
    cells("%%track\n%%bash\nlr=3\necho $lr")
    assert newest().params == {}
    assert newest().status == "finished"


@pytest.mark.parametrize("outer", ["%%time", "%%capture out", "%%capture\n%%time"])
def test_below_another_cell_magic(cells, outer):
    cells(f"{outer}\n%%track inner\nlr = 3\nlr + 1")
    assert (newest().name, newest().status, newest().params) == ("inner", "finished", {"lr": 3})


def test_called_by_hand(cells):
    assert cells.shell.user_ns.get("y") is None
    result = cells("get_ipython().run_cell_magic('track', 'hand', 'y = 2\\ny + 1')")
    assert result.result == 3
    assert (newest().name, newest().status, cells.shell.user_ns["y"]) == ("hand", "finished", 2)


def test_twice_in_a_cell(cells):
    result = cells("%track one\n%track two")
    assert "once is enough" in str(result.error_in_exec)
    assert [(run.name, run.status) for run in inlay.runs()] == [("one", "failed")]


def test_nested(cells):
    cells("%track one\n%track two --nested\n%track three --nested")
    found = {run.name: run for run in inlay.runs()}
    assert {run.status for run in found.values()} == {"finished"}
    assert found["two"].parent_run_id == found["one"].run_id


def test_resume(cells):
    cells("%%track one\nimport inlay\ninlay.log({'loss': 1})")
    cells("%%track --resume one\ninlay.log({'loss': 2})")
    assert len(inlay.runs()) == 1
    assert len(newest().history("loss")) == 2
    assert newest().status == "finished"


def test_a_cell_that_runs_a_cell(cells):
    cells("%%track outer\nget_ipython().run_cell('1/0')\nget_ipython().run_cell('')\ny = 1")
    assert (newest().name, newest().status) == ("outer", "finished")


def test_a_file_of_cells(cells, tmp_path):
    """`%run cells.ipy` executes cells inside the cell."""
    file = tmp_path / "cells.ipy"
    file.write_text("%track inner --nested\nz = 4\n")
    cells(f"%%track outer\n%run {file}\nz + 1")
    assert {run.name: run.status for run in inlay.runs()} == {
        "outer": "finished",
        "inner": "finished",
    }


@pytest.mark.parametrize(("error", "status"), [("ValueError", "failed"), ("KeyboardInterrupt", "interrupted")])
def test_a_script_that_fails(cells, tmp_path, error, status):
    """`%run train.py` showed a traceback, and the run was "finished": IPython calls the cell a success."""
    script = tmp_path / "train.py"
    script.write_text(f"def train():\n    raise {error}('no')\ntrain()\n")
    assert cells(f"%%track\n%run {script}").success
    assert (newest().status, newest().error.type) == (status, error)
    assert "train.py" in newest().error.traceback.splitlines()[1]
    cells("%%track after\nx = 1")
    assert newest().status == "finished"


def test_an_object_that_cannot_be_drawn_on_the_way(cells):
    """The code went on, and so did the run."""
    source = "%%track\nclass A:\n    def _repr_html_(self): raise ValueError\ndisplay(A())\nx = 1"
    cells.shell.display_formatter.active_types = ["text/plain", "text/html"]
    cells(source)
    assert newest().status == "finished"


# --- runs that code starts --------------------------------------------------------------------------------


def test_a_run_left_open_by_a_raising_cell(cells):
    cells("import inlay\nr = inlay.start_run('bare')\n1 / 0")
    assert (newest().status, newest().error.type) == ("failed", "ZeroDivisionError")


def test_a_run_left_open_by_an_interrupted_cell(cells):
    cells("import inlay\nr = inlay.start_run('bare')\nraise KeyboardInterrupt")
    assert newest().status == "interrupted"


def test_a_run_left_open_by_a_finished_cell_goes_on(cells):
    cells("import inlay\nr = inlay.start_run('bare')")
    cells("1 / 0")
    assert newest().status == "running"
    cells("inlay.log({'a': 1})\nr.end()")
    assert newest().status == "finished"


def test_a_block_ends_by_itself(cells):
    cells("import inlay\nwith inlay.start_run('ok'): pass\nraise ValueError")
    assert newest().status == "finished"


def test_the_same_cell_again_closes_the_run_it_left_open(cells):
    source = "import inlay\nr = inlay.start_run('again')"
    cells(source, "cell-1")
    result = cells(source, "cell-1")
    assert result.success
    assert [run.status for run in inlay.runs()] == ["running", "finished"]


def test_an_open_run_of_another_cell_is_named(cells):
    cells("import inlay\nr = inlay.start_run('first')", "cell-1")
    result = cells("%%track second\nx = 1", "cell-2")
    assert "first" in str(result.error_in_exec)
    assert "nested" in str(result.error_in_exec)


def test_imported_in_the_same_cell(plain_cells):
    """`import inlay` as the first line of the cell that fails: nobody listened when it began."""
    plain_cells("from inlay.notebook import activate\nshell = get_ipython()")
    from inlay.notebook.activation import activation_of

    plain_cells("activate(shell)\nimport inlay\nr = inlay.start_run('first')\n1 / 0")
    assert newest().status == "failed"
    activation_of(plain_cells.shell).close()


# --- what is recorded -------------------------------------------------------------------------------------


def test_where_the_run_comes_from(cells, monkeypatch):
    cells("x = 1")
    cells("%%track base\nx = 2", "cell-7")
    query = """
        select cell_id, execution_seq, source_kind, source, transformed
        from runs join sources using (code_hash)
    """
    ((cell_id, seq, kind, source, transformed),) = inlay.sql(query).fetchall()
    assert (cell_id, seq, kind) == ("cell-7", 2, "terminal")
    assert source == "%%track base\nx = 2"
    assert transformed.startswith("get_ipython().run_line_magic('track', 'base')\n")


def test_the_output_is_kept(cells, capsys):
    cells("%%track\nimport sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert "out\nerr\n" in inlay.sql("select tail from outputs").fetchall()[0][0]
    capsys.readouterr()
    cells("print('plain')")
    assert len(inlay.sql("select tail from outputs").fetchall()) == 1


def test_a_store_that_cannot_be_written_stops_nothing(cells, monkeypatch):
    monkeypatch.setattr("inlay.tracking.session.session", lambda: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.warns(RuntimeWarning, match="disk full"):
        assert cells("1 + 1").result == 2
    assert cells("2 + 2").result == 4


def test_dedented_cells(cells):
    assert cells(textwrap.indent("%%track\nx = 1\nx + 1", "    ")).result == 2
    assert newest().status == "finished"
