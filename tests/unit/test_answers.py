"""What a browser may ask, and that every question is answered: also while a cell trains, and also what makes no sense."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import ipykernel
import numpy as np
import pytest
from jupyter_client.manager import KernelManager

import inlay
from inlay.errors import InlayError
from inlay.notebook.display import Display
from inlay.query import attributes
from inlay.store.masking import MASK
from inlay.store.upkeep import upkeep_of
from inlay.views import choices, live_card, page, requests
from inlay.views.desk import Desk
from inlay.views.frames import Frame
from inlay.views.live_card import LiveCard
from inlay.views.requests import reply_to
from inlay.views.run_view import RunView


@pytest.fixture
def desk(store):
    return Desk()


@pytest.fixture
def run(desk):
    with inlay.start_run("r", tags={"a": "1"}, note="n") as run:
        run.log_metrics_array("loss", np.arange(5_000) / 10)
        run.log_text("hello", "notes/a.txt")
    desk.know(run)
    return run


def ask(desk, op, **arguments):
    reply = reply_to({"id": 7, "op": op, **arguments}, desk)
    assert reply.content["id"] == 7
    json.dumps(reply.content, allow_nan=False)
    return reply


def answer(desk, op, **arguments):
    return ask(desk, op, **arguments).content["ok"]


def error(desk, op, **arguments):
    reply = ask(desk, op, **arguments)
    assert not reply.buffers
    return reply.content["error"]


def test_hello(desk):
    assert ask(desk, "hello") == ({"id": 7, "ok": {}}, [])


@pytest.mark.parametrize("nothing", [None, "x", [], {}, {"op": "hello"}, {"id": None, "op": "hello"}])
def test_what_asks_nothing_is_not_answered(desk, nothing):
    assert reply_to(nothing, desk) is None


def test_detail_between_two_steps(desk, run):
    reply = ask(desk, "detail", run=run.run_id, keys=["loss"], x="step", lo=100, hi=199, points=2000)
    (head,) = reply.content["ok"]["series"]
    assert (head["key"], head["total"], head["n"]) == ("loss", 100, 100)
    step, _, value, mean = np.frombuffer(reply.buffers[0]).reshape(4, 100)
    assert step.tolist() == list(range(100, 200))
    assert value.tolist() == mean.tolist() == (np.arange(100, 200) / 10).tolist()


def test_detail_is_reduced_to_the_points_asked_for(desk, run):
    reply = ask(desk, "detail", run=run.run_id, keys=["loss"], x="step", lo=0, hi=4_999, points=400)
    (head,) = reply.content["ok"]["series"]
    assert head["total"] == 5_000
    assert 100 < head["n"] <= 400


def test_detail_by_time(desk, run):
    now = time.time()
    asked = {"keys": ["loss"], "x": "time", "points": 100}
    assert answer(desk, "detail", run=run.run_id, lo=now - 100, hi=now, **asked)["series"][0]["total"] == 5_000
    early = answer(desk, "detail", run=run.run_id, lo=now - 200, hi=now - 100, **asked)["series"]
    assert sum(head["total"] for head in early) == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"keys": []}, "1 to 48 names"),
        ({"keys": ["loss"] * 49}, "1 to 48 names"),
        ({"keys": [1]}, "1 to 48 names"),
        ({"keys": "loss"}, "takes a list as 'keys'"),
        ({"x": "relative"}, "'step' or 'time'"),
        ({"lo": "0"}, "takes a number as 'lo'"),
        ({"hi": None}, "takes a number as 'hi'"),
        ({"points": True}, "takes a number as 'points'"),
        ({"run": 3}, "takes a text as 'run'"),
        ({"run": "0192-no-such-run-12345678"}, "was not shown by this kernel"),
    ],
)
def test_a_zoom_that_makes_no_sense(desk, run, given, says):
    good = {"run": run.run_id, "keys": ["loss"], "x": "step", "lo": 0, "hi": 1, "points": 100}
    assert says in error(desk, "detail", **{**good, **given})["message"]


def test_only_runs_that_were_shown_are_answered_for(desk, store):
    with inlay.start_run("secret") as run:
        run.log_text("hello", "a.txt")
    for op, arguments in (
        ("artifact", {"path": "a.txt"}),
        ("set_note", {"text": "x"}),
        ("set_tag", {"key": "k", "value": "v"}),
    ):
        assert "was not shown" in error(desk, op, run=run.run_id, **arguments)["message"]
    assert inlay.get_run("secret").note == ""
    assert "no run of this store" in error(desk, "choose", store=store.key, choices={})["message"]


def test_an_artifact(desk, run):
    looked = answer(desk, "artifact", run=run.run_id, path="notes/a.txt")
    known = {"kind": "text", "mime": "text/plain", "bytes": 5, "truncated": False, "text": "hello"}
    assert looked == {**known, "path": "notes/a.txt"}
    reply = ask(desk, "artifact", run=run.run_id, path="notes/a.txt", whole=True)
    assert reply.buffers == [b"hello"]
    assert "has no artifact 'other'" in error(desk, "artifact", run=run.run_id, path="other")["message"]


def test_an_artifact_of_a_live_run_needs_no_database(desk, store, monkeypatch):
    with inlay.start_run("live") as run:
        run.log_text("now", "a.txt")
        desk.know(run)
        monkeypatch.setattr(type(store), "open", None)
        assert answer(desk, "artifact", run=run.run_id, path="a.txt")["text"] == "now"
        monkeypatch.undo()


def test_note_and_tags(desk, run):
    assert answer(desk, "set_note", run=run.run_id, text="password: hunter2hunter2") == {"note": f"password: {MASK}"}
    assert answer(desk, "set_tag", run=run.run_id, key="b", value="2") == {"tags": {"a": "1", "b": "2"}}
    assert answer(desk, "set_tag", run=run.run_id, key="a", value=None) == {"tags": {"b": "2"}}
    found = inlay.get_run("r")
    assert (found.note, found.tags) == (f"password: {MASK}", {"b": "2"})
    assert "takes a text as 'text'" in error(desk, "set_note", run=run.run_id)["message"]
    assert error(desk, "set_note", run=run.run_id, text="x" * 200_000)["type"] == "ValueError"
    assert "is a text, or null" in error(desk, "set_tag", run=run.run_id, key="b", value=3)["message"]
    assert "cannot be empty" in error(desk, "set_tag", run=run.run_id, key="", value="3")["message"]


def test_choices_are_kept(desk, run, store):
    assert answer(desk, "choose", store=store.key, choices={"x": "time", "smoothing": 0.6}) == {}
    assert choices.read(store) == {"x": "time", "smoothing": 0.6, "log": [], "panel": None}


def test_no_such_request(desk):
    found = error(desk, "delete_everything")
    assert found["type"] == "InlayError"
    assert "there is no request 'delete_everything'; there are hello, detail" in found["message"]
    assert "there is no request None" in error(desk, None)["message"]


def test_an_error_is_told_with_its_traceback_and_without_secrets_or_home(desk, monkeypatch):
    """Exceptions in a comm's callback were seen by nobody: the card just did not answer."""
    home = str(Path.home())

    def broken(_request, _desk):
        raise OSError(f"{home}/project/x.png: password=hunter2hunter2 \ud800")

    monkeypatch.setitem(requests._HANDLERS, "hello", broken)
    found = error(desk, "hello")
    assert found["type"] == "OSError"
    assert found["message"] == f"~/project/x.png: password={MASK} ?"
    assert "in broken" in found["traceback"]
    assert "hunter2" not in found["traceback"]
    assert home + "/project" not in found["traceback"]


def test_a_handler_that_is_interrupted_answers(desk, monkeypatch):
    def stopped(_request, _desk):
        raise KeyboardInterrupt

    monkeypatch.setitem(requests._HANDLERS, "hello", stopped)
    assert error(desk, "hello")["type"] == "KeyboardInterrupt"


def test_questions_from_several_threads(desk, run):
    replies = []

    def many():
        for number in range(10):
            answer(desk, "set_tag", run=run.run_id, key=f"{threading.get_ident()}-{number}", value="x")
            replies.append(answer(desk, "detail", run=run.run_id, keys=["loss"], x="step", lo=0, hi=9, points=100))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply["series"][0]["total"] for reply in replies] == [10] * 40
    assert len(inlay.get_run("r").tags) == 41


def test_the_desk_forgets_the_oldest(desk, monkeypatch):
    monkeypatch.setattr("inlay.views.desk.RUNS", 2)
    runs = []
    for number in range(3):
        with inlay.start_run(f"r{number}") as run:
            runs.append(run)
    for run in (*runs[:2], runs[0], runs[2]):
        desk.know(run)
    assert desk.runs() == [runs[0], runs[2]]


# -- what is shared by the cards ------------------------------------------------------------------------------


@pytest.fixture
def own_page(monkeypatch):
    """A page of this test's own."""
    monkeypatch.setattr(page, "_page", None)
    yield
    if page._page is not None:
        page._page.close()
        page._page.desk.close()


def test_the_page_is_made_once(own_page):
    made = []
    threads = [threading.Thread(target=lambda: made.append(page.page())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, made))) == 1
    assert page.page().library.reference.startswith("anywidget:")


def test_a_closed_page_is_made_again_and_knows_the_same_runs(own_page, store):
    first = page.page()
    with inlay.start_run("r") as run:
        first.know(run)
    first.library.close()
    first.library.close()
    second = page.page()
    assert second is not first
    assert second.library.comm is not None
    assert second.desk.run(run.run_id) is run
    assert page.page() is second


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_no_page(own_page):
    page.page()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            page.page()
        except inlay.InlayError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert b"forked process" in os.read(reading, 1000)


def test_cards_name_what_they_share(own_page):
    view = RunView({}, Frame([], b""))
    assert view._library == page.page().library.reference
    assert view._answers == page.page().answers.reference
    view.close()


def waits_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    return condition()


def test_the_cards_of_an_ended_run_hear_of_its_new_note_and_of_late_details(own_page, store_folder):
    store = inlay.connect(store_folder)
    desk = page.page().desk
    with inlay.start_run("r") as run:
        run.log_text("x", "a.txt")
    view = RunView({"run_id": run.run_id, "store": store.key, "note": "", "status": "finished"}, Frame([], b""))
    other = RunView({"run_id": "another", "store": store.key}, Frame([], b""))
    desk.know(run)
    assert view._details == {}
    answer(desk, "set_tag", run=run.run_id, key="a", value="b")
    assert view.header["tags"] == {"a": "b"}
    inlay.get_run("r").set_note("better")
    assert waits_for(lambda: view.header["note"] == "better")
    assert (view.header["tags"], view.header["status"]) == ({"a": "b"}, "finished")
    assert waits_for(lambda: view.details.get("artifacts_total") == 1)
    assert view.details["environment"]["python"]
    assert other.details == {}
    answer(desk, "choose", store=store.key, choices={"x": "time"})
    assert view._choices["x"] == other._choices["x"] == "time"
    view.close()
    other.close()
    assert desk.views() == []


def test_an_edit_made_while_the_store_is_read_is_not_taken_back(own_page, store_folder, monkeypatch):
    store = inlay.connect(store_folder)
    desk = page.page().desk
    with inlay.start_run("r") as run:
        pass
    view = RunView({"run_id": run.run_id, "store": store.key, "status": "finished"}, Frame([], b""))
    desk.know(run)
    shown: list[dict[str, str]] = []
    load, reads = attributes.load, []

    def load_slowly(*args):
        found = load(*args)
        if not reads:
            answer(desk, "set_tag", run=run.run_id, key="late", value="yes")
            view.observe(lambda change: shown.append(change["new"].get("tags", {})), "_header")
        reads.append(found)
        return found

    monkeypatch.setattr(attributes, "load", load_slowly)
    answer(desk, "set_note", run=run.run_id, text="first")
    assert waits_for(lambda: len(reads) > 1 and view.details)
    assert view.header["tags"] == {"late": "yes"}
    assert all("late" in tags for tags in shown)
    view.close()


class Outputs:
    """A publisher that notes what each output shows."""

    watched = True

    def __init__(self):
        self.shown = []

    def show(self, bundle, metadata=None):
        self.shown.append(bundle)
        return len(self.shown) - 1

    def update(self, slot, bundle, metadata=None):
        self.shown[slot] = bundle


def test_a_note_edited_after_the_end_is_in_the_saved_picture(own_page, store_folder):
    """The card was opened again, the note edited in it, the notebook saved: and the file had the old note."""
    inlay.connect(store_folder)
    with inlay.start_run("r", note="as planned") as run:
        run.log({"loss": 1.0})
    outputs = Outputs()
    LiveCard(inlay.get_run("r"), outputs).start()
    assert "as planned" in outputs.shown[0]["text/html"]
    answer(page.page().desk, "set_note", run=run.run_id, text="it diverged")
    assert waits_for(lambda: "it diverged" in outputs.shown[0]["text/html"])
    run.set_tag("team", "growth")
    assert waits_for(lambda: "growth" in outputs.shown[0]["text/html"])
    assert "it diverged" in outputs.shown[0]["text/html"]
    (view,) = page.page().desk.views_of(run.run_id)
    assert (view.header["note"], view.header["tags"]) == ("it diverged", {"team": "growth"})
    live_card._open.pop().retire()


def test_a_card_that_fails_does_not_keep_news_from_the_others(own_page, store_folder):
    store = inlay.connect(store_folder)
    runs = []
    for name in ("one", "two"):
        with inlay.start_run(name) as run:
            runs.append(run)
    views = [RunView({"run_id": run.run_id, "store": store.key}, Frame([], b"")) for run in runs]

    def broken(_):
        raise OSError("the page is gone")

    views[0].redraw = broken
    runs[0].set_note("first")
    assert waits_for(lambda: views[0].header.get("note") == "first")
    runs[1].set_note("second")
    assert waits_for(lambda: views[1].header.get("note") == "second")
    for view in views:
        view.close()


def test_a_page_that_cannot_be_made_is_not_spoken_of(monkeypatch):
    def broken():
        raise InlayError("library.js is missing")

    monkeypatch.setattr(page, "page", broken)
    made = []
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: made.append(1) or {}), display_pub=None)
    display = Display.__new__(Display)
    display._shell, display._prepared = shell, False
    display._prepare_page()
    display._prepare_page()
    assert len(made) == 1


# -- in a real kernel -----------------------------------------------------------------------------------------


class Browser:
    """A page as JupyterLab has it: a kernel, its widgets' models by comm, and a subshell that messages go to."""

    def __init__(self, folder):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(60)
        self.models = {}
        self.messages = []
        self.subshell = None

    def evaluate(self, expression):
        self.until_idle(self.client.execute(expression))
        results = [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] == "execute_result"]
        return results[-1]

    def open_subshell(self):
        self.client.control_channel.send(self.client.session.msg("create_subshell_request"))
        self.subshell = self.client.control_channel.get_msg(timeout=10)["content"]["subshell_id"]

    def execute(self, code, *, watched=True):
        return self.client.execute(code, allow_stdin=watched)

    def hear(self, until, seconds=30):
        """Take in messages until one is as wanted; returns it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                message = self.client.get_iopub_msg(timeout=0.5)
                self.messages.append(message)
                state = message["content"].get("data", {}).get("state", {})
                if message["msg_type"] == "comm_open" and "_anywidget_id" in state:
                    self.models[state["_anywidget_id"].rpartition(".")[2]] = message["content"]["comm_id"]
                if until(message):
                    return message
        raise TimeoutError("the message waited for did not come")

    def until_idle(self, request):
        return self.hear(lambda m: m["parent_header"].get("msg_id") == request and is_idle(m))

    def ask(self, number, op, **arguments):
        content = {"data": {"method": "custom", "content": {"id": number, "op": op, **arguments}}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.models["Answers"], **content})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def answer(self, number, seconds=30):
        def is_it(message):
            said = message["content"].get("data", {}).get("content", {})
            return message["msg_type"] == "comm_msg" and isinstance(said, dict) and said.get("id") == number

        return self.hear(is_it, seconds)["content"]["data"]["content"]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def is_idle(message):
    return message["content"].get("execution_state") == "idle"


@pytest.fixture
def browser(tmp_path, monkeypatch):
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    browser = Browser(tmp_path)
    yield browser
    browser.close()


def test_the_page_is_ready_after_the_cell_that_loads_inlay(browser):
    browser.until_idle(browser.execute("%load_ext inlay"))
    assert {"Library", "Answers"} <= browser.models.keys()
    browser.ask(0, "hello")
    assert browser.answer(0) == {"id": 0, "ok": {}}
    assert not [m for m in browser.messages if m["msg_type"] in ("error", "display_data")]
    browser.until_idle(browser.execute("%reload_ext inlay\nimport inlay"))
    opened = [m for m in browser.messages if "_esm" in m["content"].get("data", {}).get("state", {})]
    assert len(opened) == 2


@pytest.mark.skipif(ipykernel.version_info < (7, 4), reason="earlier kernels remember nothing")
def test_a_kernel_does_not_remember_every_answer(browser):
    browser.until_idle(browser.execute("from inlay.views.page import page; page()"))
    for number in range(20):
        browser.ask(f"card-{number}", "hello")
        browser.answer(f"card-{number}")
    assert browser.evaluate("len(page().answers.comm._reply_subshell_ids)") == "0"


def test_a_program_that_executes_notebooks_gets_no_widget(browser):
    browser.until_idle(browser.execute("%load_ext inlay", watched=False))
    browser.until_idle(browser.execute("%%track\nx = 1", watched=False))
    assert browser.models == {}


@pytest.mark.skipif(ipykernel.version_info < (7, 0), reason="one shell: a kernel that trains hears nothing")
@pytest.mark.parametrize("first", ["%load_ext inlay", ""])
def test_a_kernel_that_trains_answers(browser, first):
    """In ipykernel 7.4 a message goes to the shell that sent last on its comm, and that was the busy one: a zoom into a
    running chart was answered when the training was over, if the models were made by the cell that trained.
    """
    browser.open_subshell()
    if first:
        browser.until_idle(browser.execute(first))
        browser.ask(0, "hello")
        browser.answer(0)
    training = browser.execute(
        "import time, inlay\n"
        "with inlay.start_run('r') as run:\n"
        "    for step in range(1000):\n"
        "        run.log({'loss': step / 10})\n"
        "        if step == 10: print(f'run:{run.run_id}', flush=True)\n"
        "        time.sleep(0.01)\n"
    )
    said = browser.hear(lambda m: m["msg_type"] == "stream" and "run:" in m["content"]["text"])
    run_id = re.search(r"run:(\S+)", said["content"]["text"])[1]
    asked = {"run": run_id, "keys": ["loss"], "x": "step", "lo": 0, "hi": 9, "points": 100}
    for number in range(1, 4):
        browser.ask(number, "detail", **asked)
        assert browser.answer(number, seconds=5)["ok"]["series"][0]["n"] == 10
    browser.ask(4, "set_note", run=run_id, text="while it trains")
    assert browser.answer(4, seconds=5)["ok"] == {"note": "while it trains"}
    assert not [m for m in browser.messages if m["parent_header"].get("msg_id") == training and is_idle(m)]
    browser.client.control_channel.send(browser.client.session.msg("interrupt_request"))
    browser.manager.interrupt_kernel()


def test_a_store_that_was_deleted_is_an_answer_too(desk, run, store):
    upkeep_of(store).close()
    shutil.rmtree(store.folder)
    assert "was deleted" in error(desk, "set_note", run=run.run_id, text="x")["message"]
    assert "was deleted" in error(desk, "artifact", run=run.run_id, path="other")["message"]
    assert answer(desk, "choose", store=store.key, choices={"x": "time"}) == {}
    assert not store.folder.exists()
