"""A card from the first output to the last, with a publisher and a comm that only take notes."""

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import comm
import comm.base_comm
import numpy as np
import pytest
from ipywidgets.widgets import widget as ipywidgets_widget

import inlay
from inlay.store.compaction import compact
from inlay.store.ingest import ingest
from inlay.tracking import following
from inlay.tracking.events import announce
from inlay.views import feed, live_card, run_view
from inlay.views.live_card import LiveCard

VIEW = "application/vnd.jupyter.widget-view+json"


class Notes:
    """A publisher: what each output shows, and in which order things happened."""

    watched = True

    def __init__(self, log=None):
        self.outputs = []
        self.log = log if log is not None else []

    def show(self, bundle, metadata=None):
        json.dumps(bundle)
        self.outputs.append(dict(bundle))
        self.log.append(("show", len(self.outputs) - 1, bundle))
        return len(self.outputs) - 1

    def update(self, slot, bundle, metadata=None):
        self.outputs[slot] = dict(bundle)
        self.log.append(("update", slot, bundle))

    @property
    def picture(self):
        return self.outputs[0]["text/html"]


@pytest.fixture
def log():
    """Everything sent to the browser, in order."""
    return []


@pytest.fixture(autouse=True)
def comms(monkeypatch, log):
    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            if getattr(self, "target_name", "") == "jupyter.widget":
                json.dumps(data, allow_nan=False)
                log.append((msg_type, data, [bytes(b) for b in buffers or []]))

    monkeypatch.setattr(comm, "create_comm", Comm)


@pytest.fixture(autouse=True)
def nothing_left_open():
    yield
    while inlay.active_run():
        inlay.end_run()


@pytest.fixture
def still(monkeypatch):
    """No thread: the test calls `refresh` itself."""
    monkeypatch.setattr(feed, "add", lambda card: None)


def custom(log):
    return [
        (data["content"], buffers)
        for kind, data, buffers in log
        if kind == "comm_msg" and data.get("method") == "custom"
    ]


def states(log, key):
    return [data["state"][key] for kind, data, _ in log if kind == "comm_msg" and key in data.get("state", {})]


def values(buffer, n):
    """Step and value of the points of one series."""
    columns = np.frombuffer(buffer).reshape(4, n)
    return list(zip(columns[0].tolist(), columns[2].tolist(), strict=True))


def begin(log, **options):
    run = inlay.start_run("baseline", experiment="churn", params={"lr": 0.1})
    notes = Notes(log)
    card = LiveCard(run, notes, **options)
    card.start()
    return run, notes, card


def a_browser_draws(card):
    card._view._handle_msg({"content": {"data": {"method": "custom", "content": {"type": "ready"}}}, "buffers": []})


def test_both_outputs_are_there_at_once(log, still):
    run, notes, _ = begin(log)

    assert list(notes.outputs[0]) == ["text/html", "text/plain"]
    assert notes.outputs[0]["text/plain"] == repr(run)
    assert "Nothing logged yet" in notes.picture
    assert VIEW in notes.outputs[1]
    assert notes.outputs[1]["text/plain"] == ""
    kinds = [entry[0] for entry in log]
    assert kinds.index("comm_open") < kinds.index("show"), "a view shown before its model exists is never drawn"
    run.end()


def test_points_are_pushed_once_and_numbered(log, still):
    run, _, card = begin(log)
    run.log({"loss": 0.5})
    card.refresh()
    card.refresh()
    run.log({"loss": 0.25, "acc": 1.0})
    card.refresh()

    (first, (one,)), (second, (two,)) = custom(log)
    assert (first["type"], first["seq"], second["seq"]) == ("points", 1, 2)
    assert values(one, 1) == [(0.0, 0.5)]
    assert [(head["key"], head["from"], head["n"]) for head in second["series"]] == [("loss", 1, 1), ("acc", 0, 1)]
    assert values(two[:32], 1) == [(1.0, 0.25)]
    assert values(two[32:], 1) == [(0.0, 1.0)]
    assert abs(np.frombuffer(two)[1] - time.time()) < 60
    run.end()


def test_the_end_is_the_last_points_and_the_final_picture_and_the_card_stays(log, still):
    """Points logged right before the end of a cell never reached the screen, or the picture stayed at "Running"."""
    run, notes, card = begin(log)
    a_browser_draws(card)
    run.log({"loss": 0.125})
    run.end()

    assert "points" in {content["type"] for content, _ in custom(log)}
    assert states(log, "_header")[-1]["status"] == "finished"
    assert states(log, "_snapshot")[-1]["series"][0]["total"] == 1
    assert "Finished" in notes.picture
    assert "0.1250" in notes.picture
    assert "application/vnd.jupyter.widget-view+json" in notes.outputs[1]
    assert log[-1][:2] == ("update", 0), "nothing comes after the final picture"


def test_the_end_shows_what_other_processes_logged_to_the_run(log, still, store_folder):
    """What workers had logged was in the store, and never in the card nor in the saved picture."""
    run, notes, card = begin(log)
    a_browser_draws(card)
    run.log({"loss": 0.125})
    program = "import inlay; inlay.log({'loss': 0.5, 'of a worker': 0.75}, step=1)"
    subprocess.run([sys.executable, "-c", program], env=run.env, check=True)
    card.refresh()
    run.end()

    told = {series["key"]: series["total"] for series in states(log, "_snapshot")[-1]["series"]}
    assert told == {"loss": 2, "of a worker": 1}
    assert "0.7500" in notes.picture


def test_what_workers_log_is_drawn_while_the_run_goes_on(log, still, store_folder, monkeypatch):
    """It was drawn at the end only, hours later."""
    looks = []
    monkeypatch.setattr(following, "watch", looks.append)
    run, _, card = begin(log)
    a_browser_draws(card)
    run.log({"loss": 0.125})
    card.refresh()
    program = """
        import inlay
        inlay.log({'loss': 0.5, 'of a worker': 0.75}, step=1)
        run = inlay.active_run()
        run.log_text("from far", "notes/worker.txt")
        run.log_histogram("weights", [1, 2, 2], step=3)
        run.log_input([{"a": 1}], "letters")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=run.env, check=True)
    run.log({"loss": 0.25}, step=2)
    run.log_histogram("weights", [1, 2, 2], step=2)
    card.refresh()
    (joined,) = looks
    for step in (3, 4):
        joined.look(wait=60)
        run.log({"loss": 0.25}, step=step)
        card.refresh()

    assert {line.key: line.total for chart in card._curves.charts() for line in chart.lines} == {
        "loss": 5,
        "of a worker": 1,
    }
    card._details.refresh()
    details = card._details.current()
    assert [one["path"] for one in details["artifacts"]] == ["notes/worker.txt"]
    assert [(one["key"], one["last_step"]) for one in details["histograms"]] == [("weights", 3)]
    assert [one["name"] for one in details["inputs"]] == ["letters"]
    run.end()
    assert {line.key: line.total for chart in card._curves.charts() for line in chart.lines}["loss"] == 5


def test_a_reloaded_page_finds_the_finished_card(log, still):
    """A page reloaded while a cell ran showed the run as running for ever: it asks for its widgets when the kernel is
    free again, and the widget was gone by then.
    """
    live_card._open.clear()
    run, notes, card = begin(log)
    run.log({"loss": 0.125})
    run.end()
    assert "comm_close" not in [kind for kind, *_ in log]
    del log[:]

    a_browser_draws(card)
    ((content, (points,)),) = custom(log)
    assert content["type"] == "snapshot"
    assert values(points, 1) == [(0.0, 0.125)]
    live_card._open.pop().retire()
    assert notes.outputs[1] == {"text/plain": ""}
    assert [kind for kind, *_ in log][-1] == "comm_close"


def test_a_program_that_executes_a_notebook_gets_the_picture_alone(log, still, monkeypatch):
    """A notebook of seven tracked cells, executed by nbconvert, was 600 KB: it keeps the state of every widget, with
    our code and all points.
    """
    monkeypatch.setattr(Notes, "watched", False)
    run, notes, card = begin(log)
    run.log({"loss": 0.125})
    card.refresh()
    run.end()
    LiveCard(inlay.get_run(run.run_id), stored := Notes(log)).start()

    assert "comm_open" not in [kind for kind, *_ in log]
    assert [output[1] for output in (notes.outputs, stored.outputs)] == [{"text/plain": ""}] * 2
    assert "0.1250" in notes.picture
    assert "0.1250" in stored.picture


def test_a_failed_run_says_why(log, still):
    run, notes, _ = begin(log)
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        run.end("failed", error)

    assert "Failed" in notes.picture
    assert "ZeroDivisionError" in notes.picture
    assert states(log, "_header")[-1]["error"]["type"] == "ZeroDivisionError"


def test_a_browser_that_asks_gets_everything(log, still):
    """A page reloaded in the middle of a run: its first push does not follow on from what it holds."""
    run, _, card = begin(log)
    run.log({"loss": 1.0})
    card.refresh()
    run.log({"loss": 2.0})
    a_browser_draws(card)
    card.refresh()

    content, (buffer,) = custom(log)[-1]
    assert (content["type"], content["seq"]) == ("snapshot", 2)
    assert values(buffer, 2) == [(0.0, 1.0), (1.0, 2.0)]
    run.end()


def test_a_reload_begins_with_the_trait_that_is_refreshed(log, still, monkeypatch):
    run, notes, card = begin(log)
    run.log({"loss": 1.0})
    card.refresh()
    assert not states(log, "_snapshot")
    assert "Nothing logged yet" in notes.picture

    card._drawn_at -= 6
    card._shown_at -= 60
    card.refresh()
    snapshot = states(log, "_snapshot")[-1]
    assert (snapshot["seq"], snapshot["series"][0]["n"]) == (1, 1)
    assert "as of" in notes.picture
    assert "1" in notes.picture
    run.end()


def test_params_and_tags_set_later_are_shown(log, still):
    run, _, card = begin(log)
    run.set_tag("team", "growth")
    card.refresh()

    assert states(log, "_header")[-1]["tags"] == {"team": "growth"}
    run.end()


@pytest.mark.parametrize("look", [LiveCard.refresh, LiveCard._draw])
def test_what_changes_while_the_card_looks_is_shown_the_next_time(log, still, monkeypatch, look):
    """Another thread set a tag just then, and the card never said so."""
    run, notes, card = begin(log)
    run.set_tag("team", "growth")
    real = run.snapshot

    def snapshot():
        monkeypatch.setattr(run, "snapshot", real)
        found = real()
        run.set_tag("late", "yes")
        return found

    monkeypatch.setattr(run, "snapshot", snapshot)
    look(card)
    card._drawn_at -= live_card.PICTURE_EVERY
    card.refresh()
    assert states(log, "_header")[-1]["tags"] == {"team": "growth", "late": "yes"}
    assert ">late<" in notes.picture
    run.end()


def test_nothing_of_a_run_but_its_id_is_saved_where_that_was_chosen(log, still):
    run, notes, _ = begin(log, static="off")
    run.end()
    assert notes.outputs[0]["text/plain"] == f"Run {run.short_id}"
    assert "baseline" not in str(notes.outputs[0])
    assert "churn" not in str(notes.outputs[0])


def test_nothing_is_sent_while_nothing_happens(log, still):
    run, _, card = begin(log)
    card.refresh()  # what stands around the charts
    before = len(log)
    card._drawn_at -= 20

    assert [card.refresh() for _ in range(5)] == [0] * 5
    assert len(log) == before
    run.end()


def test_widgets_of_ended_runs_are_freed(log, still, monkeypatch):
    """ipywidgets keeps every widget in a global map: a day of runs would keep all their points."""
    monkeypatch.setattr(live_card, "OPEN", 2)
    live_card._open.clear()
    before = set(ipywidgets_widget._instances)
    kept = []
    for _ in range(4):
        run, _, _ = begin(log)
        run.end()
        kept.append(len(set(ipywidgets_widget._instances) - before))

    # A widget and its layout each.
    assert kept == [2, 4, 4, 4]
    while live_card._open:
        live_card._open.popleft().retire()
    assert set(ipywidgets_widget._instances) == before


def test_an_ended_run_is_shown_with_its_points(log):
    run = inlay.start_run("old")
    run.log_metrics_array("loss", np.arange(5_000) / 10)
    run.end()
    notes = Notes(log)
    LiveCard(inlay.get_run(run.run_id), notes).start()

    opened = next(data for kind, data, _ in log if kind == "comm_open" and "_header" in data["state"])
    (series,) = opened["state"]["_snapshot"]["series"]
    assert (series["total"], series["from"]) == (5_000, 0)
    assert series["n"] <= 2_000
    assert opened["state"]["_header"]["status"] == "finished"
    assert "499.9" in notes.picture
    assert VIEW in notes.outputs[1]


def test_old_cards_of_ended_runs_leave_their_picture(log, monkeypatch):
    monkeypatch.setattr(live_card, "OPEN", 2)
    live_card._open.clear()
    run = inlay.start_run("old")
    run.log({"loss": 1.0})
    run.end()
    all_notes = [Notes(log) for _ in range(4)]
    for notes in all_notes:
        LiveCard(inlay.get_run(run.run_id), notes).start()

    assert [VIEW in notes.outputs[1] for notes in all_notes] == [False, False, True, True]
    assert all("Finished" in notes.picture for notes in all_notes)
    live_card._open.clear()


def test_an_unbuilt_checkout_shows_the_picture(log, still, monkeypatch):
    def missing(*_, **__):
        run_view.bundle("no-such-view.js")

    monkeypatch.setattr(run_view, "RunView", missing)
    with pytest.warns(RuntimeWarning, match="make bundles"):
        run, notes, card = begin(log)
    run.log({"loss": 0.5})
    card._drawn_at -= 6
    card._shown_at -= 60
    card.refresh()
    assert "0.5000" in notes.picture
    run.end()
    assert "Finished" in notes.picture
    assert notes.outputs[1] == {"text/plain": ""}


def test_ten_thousand_metrics(log, still):
    run, notes, card = begin(log)
    a_browser_draws(card)
    run.log({f"metric {i}": float(i) for i in range(10_000)})
    card.refresh()
    run.end()

    assert states(log, "_header")[-1]["metrics_total"] == 10_000
    assert len(states(log, "_snapshot")[-1]["series"]) == 2_000
    assert "24 of 10,000" in notes.picture


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_shows_nothing(log, still):
    run, _, _ = begin(log)
    before = len(log)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process with threads
        child = os.fork()
    if child == 0:
        announce("changed", run)
        announce("ended", run)
        os._exit(0 if len(log) == before and feed._feed is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    run.end()


# -- the thread ---------------------------------------------------------------------------------------------


def eventually(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_feed_pushes_by_itself_and_stops_with_the_last_card(log):
    run, _, _ = begin(log)
    run.log({"loss": 0.5})
    eventually(lambda: custom(log))
    thread = feed._feed
    run.end()

    eventually(lambda: not thread.is_alive())
    assert feed._feed is None


def test_two_cards_share_ten_messages_a_second(log):
    runs = [begin(log)[0], inlay.start_run("inner", nested=True)]
    LiveCard(runs[1], Notes(log)).start()
    log.clear()
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        for run in runs:
            run.log({"loss": 0.5})
        time.sleep(0.005)
    sent = [entry for entry in log if entry[0] in ("comm_msg", "update")]
    elapsed = time.monotonic() - began
    for run in reversed(runs):
        run.end()

    assert len(sent) <= 10 * elapsed + 6  # a round for both, and the pictures' traits


def test_a_card_that_fails_is_said_once_and_tried_again(log, monkeypatch):
    def fail():
        tries.append(1)
        raise OSError("no disk")

    tries, said = [], []
    monkeypatch.setattr(feed, "warn", said.append)
    run, notes, card = begin(log)
    monkeypatch.setattr(card._follower, "poll", fail)
    eventually(lambda: len(tries) >= 2)
    monkeypatch.undo()
    run.log({"loss": 0.5})
    eventually(lambda: custom(log))
    run.end()

    assert len(said) == 1
    assert "Finished" in notes.picture


def test_a_card_that_fails_where_warnings_are_errors(log, still):
    """The thread of all cards ended, and from then on every card stood still."""

    class Broken:
        def refresh(self):
            raise OSError("no disk")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert feed.Feed()._refresh(Broken()) == 1


# -- runs of other processes --------------------------------------------------------------------------------


@pytest.fixture
def followed_by_hand(monkeypatch, still):
    monkeypatch.setattr(following, "watch", lambda followed: None)
    monkeypatch.setattr(following, "PATIENCE", 60.0)


def follow(log, writer, **options):
    notes = Notes(log)
    card = LiveCard(inlay.get_run(writer.run_id), notes, **options)
    card.start()
    return card, notes


def test_a_run_of_another_process_is_followed_to_its_end(log, writer, followed_by_hand):
    """`inlay.get_run` of a training in a script showed what there was at that moment, and never again."""
    writer("[run.log({'loss': 1.0 / (i + 1)}, step=i) for i in range(3)]")
    live_card._open.clear()
    card, notes = follow(log, writer)
    opened = next(data for kind, data, _ in log if kind == "comm_open" and "_header" in data["state"])["state"]
    assert opened["_header"]["following"]
    assert opened["_header"]["status"] == "running"
    assert [head["total"] for head in opened["_snapshot"]["series"]] == [3]
    del log[:]

    writer("run.log({'loss': 0.125}, step=9)")
    card._followed.look()
    card.refresh()
    ((content, (points,)),) = custom(log)
    assert content["type"] == "points"
    assert values(points, 1) == [(9.0, 0.125)]

    writer("run.set_tag('team', 'growth')")
    card._followed.look()
    card.refresh()
    assert states(log, "_header")[-1]["tags"] == {"team": "growth"}

    writer("run.log({'loss': 0.0625}, step=10); run.end()")
    card._followed.look()
    card.refresh()
    assert states(log, "_header")[-1]["status"] == "finished"
    assert states(log, "_snapshot")[-1]["series"][0]["total"] == 5
    assert "Finished" in notes.picture
    assert "0.06250" in notes.picture
    assert VIEW in notes.outputs[1], "the widget stays, as that of any ended run"
    assert card.refresh() == 0
    live_card._open.clear()


def test_a_killed_run_of_another_process(log, writer, followed_by_hand):
    card, notes = follow(log, writer)
    writer.close()
    card._followed.look()
    card.refresh()

    assert "Killed" in notes.picture
    live_card._open.clear()


def test_a_card_begins_anew_when_its_store_was_rewritten(log, writer, followed_by_hand):
    writer("[run.log({'loss': float(i)}) for i in range(5)]")
    card, _ = follow(log, writer)
    del log[:]
    ingest(card._run.store)
    compact(card._run.store)
    card._followed.look()
    card.refresh()

    ((content, (points,)),) = custom(log)
    assert content["type"] == "snapshot"
    assert [value for _, value in values(points, 5)] == [0, 1, 2, 3, 4]
    writer("run.log({'loss': 7.0})")
    card._followed.look()
    card.refresh()
    content, (points,) = custom(log)[-1]
    assert (content["type"], content["seq"], content["series"][0]["from"]) == ("points", 1, 5)
    live_card._open.clear()


def test_old_cards_follow_no_longer(log, writer, followed_by_hand, monkeypatch):
    monkeypatch.setattr(live_card, "OPEN", 1)
    live_card._open.clear()
    old, old_notes = follow(log, writer)
    follow(log, writer)
    writer("run.log({'loss': 0.5})")
    old._followed.look()

    assert old.refresh() == 0
    assert old_notes.outputs[1] == {"text/plain": ""}
    assert "Running" in old_notes.picture
    live_card._open.clear()


def test_a_slow_store_holds_up_no_other_card(log, writer, monkeypatch):
    """Points of a training in this kernel arrive while a run in a busy store is being looked for."""
    monkeypatch.setattr(following, "EVERY", 0.01)
    card, _ = follow(log, writer)
    looking, over = threading.Event(), threading.Event()
    monkeypatch.setattr(card._followed, "look", lambda: looking.set() or over.wait(20))
    assert looking.wait(20)
    del log[:]
    run, _, _ = begin(log)
    run.log({"loss": 0.5})
    eventually(lambda: custom(log))
    over.set()
    run.end()
    following.unfollow(card._followed)
    feed.remove(card)
    live_card._open.clear()
