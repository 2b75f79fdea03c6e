"""Cells in a real ipykernel, asked over its sockets as a notebook asks: what a shell alone cannot show.

One kernel serves the whole file, so each test looks only at runs and cells of its own name. The card is
a stand-in that publishes one output; how a card looks is tested with the views.
"""

from __future__ import annotations

import contextlib
import os
import queue
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import ipykernel
import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import inlay

CARD = """
import sys, threading, types
module = types.ModuleType("inlay.views.live_card")
class LiveCard:
    def __init__(self, run, publish):
        self.run, self.publish = run, publish
    def start(self):
        self.slot = self.publish.show({"text/plain": f"card of {self.run.name}"}, {})
        threading.Thread(target=self.follow, daemon=True).start()
    def follow(self):
        import time
        while self.run.live:
            time.sleep(0.02)
        self.publish.update(self.slot, {"text/plain": f"{self.run.name} {self.run.status}"})
module.LiveCard = LiveCard
sys.modules["inlay.views.live_card"] = module
"""


@dataclass
class Reply:
    request: str
    status: str = ""
    messages: list[dict] = field(default_factory=list)

    def texts(self, kind: str) -> list[str]:
        found = [m["content"] for m in self.messages if m["msg_type"] == kind]
        return [c.get("text") or c.get("data", {}).get("text/plain") or c.get("ename") for c in found]

    @property
    def kinds(self) -> list[str]:
        kinds = [message["msg_type"] for message in self.messages]
        return [kind for kind in kinds if kind not in ("status", "execute_input")]

    @property
    def cards(self) -> list[str]:
        return [text for text in self.texts("display_data") if text.startswith("card of")]

    @property
    def printed(self) -> str:
        return "".join(self.texts("stream"))


class Kernel:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=dict(os.environ), cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(60)

    def ask(self, source: str, cell_id: str | None = None, interrupt_at: str = "") -> Reply:
        """Execute a cell; interrupt it as soon as `interrupt_at` is printed."""
        content = {"code": source, "silent": False, "store_history": True, "stop_on_error": True}
        content |= {"user_expressions": {}, "allow_stdin": False}
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        reply = Reply(message["header"]["msg_id"])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                heard = self.client.get_iopub_msg(timeout=1)
                if heard["parent_header"].get("msg_id") != reply.request:
                    continue
                if heard["content"].get("execution_state") == "idle":
                    break
                reply.messages.append(heard)
                if interrupt_at and interrupt_at in str(heard["content"].get("text")):
                    time.sleep(0.3)
                    self.manager.interrupt_kernel()
        while not reply.status:
            answer = self.client.get_shell_msg(timeout=10)
            if answer["parent_header"].get("msg_id") == reply.request:
                reply.status = answer["content"]["status"]
        return reply

    def eval(self, expression: str):
        result = self.ask(expression)
        return eval(result.texts("execute_result")[0], {"nan": float("nan")})

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Nothing of the user's Jupyter is read or written."""
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
            (folder / name).mkdir()
            patch.setenv(name, str(folder / name))
        patch.setenv("INLAY_STORE", str(folder / ".inlay"))
        patch.setenv("JPY_SESSION_NAME", "/somewhere/demo.ipynb")
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        yield folder


@pytest.fixture(scope="module")
def kernel(places):
    kernel = Kernel(places)
    kernel.ask(CARD)
    loaded = kernel.ask("%load_ext inlay\nimport asyncio, inlay, os, threading, time", "load")
    assert loaded.status == "ok"
    yield kernel
    kernel.stop()


@pytest.fixture
def name():
    return f"run-{uuid.uuid4().hex[:6]}"


def run_of(kernel, name):
    query = f"""inlay.sql("select * from runs where name = '{name}'")"""
    return kernel.eval(f"(lambda r: [dict(zip(r.columns, map(str, row))) for row in r.fetchall()])({query})")[0]


def test_a_cell_that_ends(kernel, name):
    reply = kernel.ask(f"%%track {name}\nlr = 0.5\nlr * 2", "cell-1")
    assert (reply.status, reply.texts("execute_result")) == ("ok", ["1.0"])
    run = run_of(kernel, name)
    assert (run["status"], run["cell_id"]) == ("finished", "cell-1")
    assert (run["source_kind"], run["source_name"]) == ("notebook", "demo.ipynb")


def test_a_cell_that_raises(kernel, name):
    reply = kernel.ask(f"%%track {name}\n\n1 / 0")
    assert (reply.status, reply.texts("error")) == ("error", ["ZeroDivisionError"])
    run = run_of(kernel, name)
    assert (run["status"], run["error_type"]) == ("failed", "ZeroDivisionError")
    assert "line 3, in <module>" in run["traceback"].splitlines()[1]


# In short naps: ipykernel 7.4 hears of an interrupt in an `await` cell only when its loop wakes up.
@pytest.mark.parametrize("nap", ["time.sleep(0.1)", "await asyncio.sleep(0.1)"])
def test_a_cell_that_is_stopped(kernel, name, nap):
    source = f"%%track {name}\nprint('sleeping', flush=True)\nfor _ in range(300):\n    {nap}"
    reply = kernel.ask(source, interrupt_at="sleeping")
    assert reply.status == "error"
    assert run_of(kernel, name)["status"] == "interrupted"


def test_a_run_in_a_cell_that_is_stopped(kernel, name):
    source = f"r = inlay.start_run('{name}')\nprint('sleeping', flush=True)\ntime.sleep(30)"
    kernel.ask(source, interrupt_at="sleeping")
    assert run_of(kernel, name)["status"] == "interrupted"


def test_a_value_that_cannot_be_drawn(kernel, name):
    """ipykernel 7 answers with an error although the code finished; the run says the same."""
    source = f"%%track {name}\nclass A:\n    def __repr__(self): raise ValueError('bad')\nA()"
    status = kernel.ask(source).status
    # An `await` cell right after it: ipykernel 7.4 still calls that one failed.
    kernel.ask(f"%%track {name}-2\nawait asyncio.sleep(0)")
    run = run_of(kernel, name)
    assert run["status"] == {"error": "failed", "ok": "finished"}[status]
    assert run_of(kernel, f"{name}-2")["status"] == "finished"


def test_executions(kernel):
    before = kernel.eval("inlay.sql('select max(seq) from executions').fetchall()[0][0]")
    kernel.ask("a = 1", "one")
    kernel.ask("1/0", "two")
    query = f"select cell_id, ok, source from executions join sources using (code_hash) where seq > {before + 1}"
    found = kernel.eval(f"inlay.sql('{query} order by seq').fetchall()")
    assert found == [("one", True, "a = 1"), ("two", False, "1/0")]


def test_the_tail_of_the_output(kernel, name):
    kernel.ask("print('not mine')")
    lines = [
        f"%%track {name}",
        "print('from python')",
        "os.system('echo from a process')",
        "time.sleep(0.3)",
        "thread = threading.Thread(target=print, args=('from a thread',))",
        "thread.start(); thread.join()",
        "print('api_key=abcd1234!')",
    ]
    kernel.ask("\n".join(lines))
    kernel.ask("print('not mine either')")
    query = f"select tail from outputs join runs using (run_id) where name = $${name}$$"
    tail = kernel.eval(f'inlay.sql("{query}").fetchall()[0][0]')
    assert tail == "from python\nfrom a process\nfrom a thread\napi_key=••••••\n"


def test_a_task_of_another_cell_prints_there(kernel, name):
    lines = [
        "async def chat():",
        "    for _ in range(5):",
        "        print('of the task', flush=True)",
        "        await asyncio.sleep(0.05)",
        "task = asyncio.create_task(chat())",
    ]
    kernel.ask("\n".join(lines))
    kernel.ask(f"%%track {name}\nprint('mine')\nawait asyncio.sleep(0.5)")
    query = f"select tail from outputs join runs using (run_id) where name = $${name}$$"
    assert kernel.eval(f'inlay.sql("{query}").fetchall()[0][0]') == "mine\n"


# --- cards ------------------------------------------------------------------------------------------------


def test_a_card_is_shown_and_comes_first(kernel, name):
    reply = kernel.ask(f"%%track {name}\nprint('hi')")
    assert reply.kinds[:2] == ["display_data", "stream"]
    assert reply.cards == [f"card of {name}"]


def test_no_card_when_quiet(kernel, name):
    assert kernel.ask(f"%%track {name} --quiet\n1").cards == []
    assert run_of(kernel, name)["status"] == "finished"


def test_a_card_under_a_block(kernel, name):
    assert kernel.ask(f"with inlay.start_run('{name}'): pass").cards == [f"card of {name}"]


def test_a_run_as_value_draws_its_card(kernel, name):
    kernel.ask(f"%%track {name} --quiet\n1")
    reply = kernel.ask(f"inlay.get_run('{name}')")
    assert reply.cards == [f"card of {name}"]
    assert reply.texts("execute_result") == []


def test_the_value_is_printed_where_the_card_is_already(kernel, name):
    reply = kernel.ask(f"r = inlay.start_run('{name}')\nr")
    assert reply.cards == [f"card of {name}"]
    assert name in reply.texts("execute_result")[0]
    kernel.ask("r.end()")


def test_many_runs_in_one_cell(kernel, name):
    """A sweep of 200 runs buried the notebook under cards."""
    reply = kernel.ask(f"for i in range(25):\n    with inlay.start_run(f'{name}-{{i}}'): pass")
    assert len(reply.cards) == 20
    assert "inlay.runs()" in reply.printed


@pytest.mark.parametrize("wait", ["False", "True"])
def test_clear_output_leaves_the_card(kernel, name, wait):
    """A training loop that redraws its plot with clear_output() took the card away with it."""
    source = f"%%track {name}\nfrom IPython.display import clear_output\nclear_output(wait={wait})\nprint('b')"
    reply = kernel.ask(source)
    kinds = [kind for kind in reply.kinds if kind != "update_display_data"]
    assert kinds[:4] == ["display_data", "clear_output", "display_data", "stream"]
    ids = {m["content"]["transient"]["display_id"] for m in reply.messages if m["msg_type"] == "display_data"}
    assert len(ids) == 1


def test_clear_output_inside_an_output_widget_is_not_about_the_card(kernel, name):
    lines = [
        f"%%track {name}",
        "import ipywidgets",
        "from IPython.display import clear_output",
        "with ipywidgets.Output():",
        "    clear_output()",
        "    print('inside')",
    ]
    assert len(kernel.ask("\n".join(lines)).cards) == 1


def test_clear_output_in_a_later_cell_clears_only_that(kernel, name):
    kernel.ask(f"r = inlay.start_run('{name}')")
    reply = kernel.ask("from IPython.display import clear_output\nclear_output()")
    assert reply.cards == []
    kernel.ask("r.end()")


@pytest.mark.skipif(ipykernel.version_info < (7,), reason="threads have no request of their own")
@pytest.mark.skipif(
    ipykernel.version_info < (7, 4), reason="earlier kernels take the cell that runs; pages find the card"
)
def test_a_late_update_belongs_to_the_cell_of_the_card(kernel, name):
    """A card updated from a thread while another cell ran appeared under that other cell."""
    first = kernel.ask(f"r = inlay.start_run('{name}')")
    later = kernel.ask("r.end()\ntime.sleep(0.5)")
    assert later.texts("update_display_data") == []
    assert first.cards == [f"card of {name}"]


def test_captured_output_takes_the_card_along(kernel, name):
    assert kernel.ask(f"%%capture out\n%%track {name}\n1").cards == []
    assert run_of(kernel, name)["status"] == "finished"


def test_a_forked_child_draws_nothing(kernel, name):
    lines = [
        "child = os.fork()",
        "if not child:",
        f"    with inlay.start_run('{name}'): print('child', flush=True)",
        "    time.sleep(0.3); os._exit(0)",
        "_ = os.waitpid(child, 0)",
    ]
    kinds = kernel.ask("\n".join(lines)).kinds
    assert "display_data" not in kinds
    assert "update_display_data" not in kinds
    assert run_of(kernel, name)["status"] == "finished"


def test_a_list_of_runs_is_a_table(kernel, name):
    kernel.ask(f"%%track {name} --quiet\n1")
    reply = kernel.ask("inlay.runs()")
    picture, widget = [m["content"]["data"] for m in reply.messages if m["msg_type"] == "display_data"]
    assert name in picture["text/html"]
    assert picture["text/plain"].startswith("RunTable: ")
    assert widget == {"text/plain": ""}, "nobody watches"


def test_a_card_that_cannot_be_drawn_is_one_warning(kernel, name):
    kernel.ask(
        "original = sys.modules.get('inlay.views.live_card').LiveCard.start\n"
        "def broken(self): raise OSError('no card')\n"
        "sys.modules['inlay.views.live_card'].LiveCard.start = broken"
    )
    first = kernel.ask(f"%%track {name}\n1")
    second = kernel.ask(f"%%track {name}-2\n2")
    kernel.ask("sys.modules['inlay.views.live_card'].LiveCard.start = original")
    assert first.status == second.status == "ok"
    assert "no card" in first.printed
    assert second.printed == ""


# --- Run All ----------------------------------------------------------------------------------------------


def test_run_all_stops_at_the_error(places, store_folder):
    """A tracked cell that failed counted as success, and "Run All" went on."""
    sources = ["%load_ext inlay", "%%track stops-here\nx = 1\n1 / 0", "print('not reached')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert notebook.cells[1].outputs[-1].ename == "ZeroDivisionError"
    assert notebook.cells[2].outputs == []
    inlay.connect(store_folder)
    query = "select status, cell_id, error_type from runs where name = 'stops-here'"
    assert inlay.sql(query).fetchall() == [("failed", None, "ZeroDivisionError")]


def test_run_all_stops_at_a_bad_option(places):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s) for s in ("%load_ext inlay", "%%track --tagg x\n1")]
    )
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert "did you mean --tag?" in notebook.cells[1].outputs[0].text


def test_a_child_opened_in_a_cell_with_await_is_the_active_run(kernel, name):
    """After `await ...; inlay.start_run(nested=True)` the next cell still logged to the parent: such a cell has a
    context of its own."""
    kernel.ask(f"inlay.start_run('{name}-parent')")
    kernel.ask(f"await asyncio.sleep(0)\ninlay.start_run('{name}', nested=True)")
    assert kernel.eval("inlay.active_run().name") == name
    kernel.ask("inlay.end_run()")
    assert kernel.eval("inlay.active_run().name") == f"{name}-parent"
    kernel.ask("inlay.end_run()")
    assert kernel.eval("inlay.active_run() is None")
