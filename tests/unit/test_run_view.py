"""The widget by itself: what it is made with, what it sends, and what it refuses."""

import json
import threading

import comm
import comm.base_comm
import pytest

import inlay
from inlay.errors import InlayError
from inlay.views import bundles
from inlay.views.frames import Frame
from inlay.views.header import header_of
from inlay.views.picture import picture_html
from inlay.views.run_view import RunView

NOTHING = Frame([], b"")


@pytest.fixture
def sent(monkeypatch):
    """Everything a view sends: state or content, and buffers."""
    log = []

    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            json.dumps(data, allow_nan=False)
            if msg_type == "comm_msg":
                log.append((data.get("content", data.get("state")), [bytes(one) for one in buffers or []]))

    monkeypatch.setattr(comm, "create_comm", Comm)
    return log


def test_a_misspelt_argument_is_named_with_its_near_miss():
    with pytest.raises(TypeError, match="'heder'; did you mean 'header'"):
        RunView(header={}, frame=NOTHING, heder={})
    with pytest.raises(TypeError, match="'detail'; did you mean 'details'"):
        RunView({}, NOTHING, detail={})
    with pytest.raises(TypeError, match=r"'colour'$"):
        RunView({}, NOTHING, colour="red")


def test_repr_is_short_and_the_same_every_time():
    """A cell that ends with a widget printed its address, and the notebook's check failed on every run."""
    view = RunView({"short_id": "7f3a91c2"}, NOTHING)

    assert repr(view) == "RunView of run 7f3a91c2"
    assert view.output["text/plain"] == ""
    view.close()


def test_each_view_has_a_token_of_its_own():
    one, other = RunView({}, NOTHING), RunView({}, NOTHING)

    assert one.token.isalnum()
    assert one.token != other.token
    one.close()
    other.close()


def test_views_share_their_code():
    """Twenty cards carried the whole code twenty times: 1.3 MB of text in the page."""
    one, other = RunView({}, NOTHING), RunView({}, NOTHING)

    assert one._library == other._library
    assert one._library.startswith("anywidget:")
    assert len(one._esm) < 1_000
    one.close()
    other.close()


def test_what_is_kept_is_one_message(sent):
    view = RunView({"a": 1}, NOTHING, {"git": None}, [], {"x": "step"})
    del sent[:]
    bar = {"desc": "fit", "n": 1, "total": 2}
    view.keep(header={"a": 2}, everything=Frame([{"id": 0}], b"12345678"), details={"git": {}}, progress=[bar])

    ((state, buffers),) = sent
    assert state["_header"] == {"a": 2}
    assert state["_details"] == {"git": {}}
    assert state["_progress"] == [bar]
    assert state["_snapshot"] == {"seq": 0, "series": [{"id": 0}]}
    assert buffers == [b"12345678"]
    view.close()


def test_progress_is_a_message(sent):
    view = RunView({}, NOTHING)
    del sent[:]
    view.progress([{"desc": "fit", "n": 1}])

    assert sent == [({"type": "progress", "bars": [{"desc": "fit", "n": 1}]}, [])]
    view.close()


def test_choices_are_remembered_without_a_word(sent):
    """The choice came back from the kernel after the next one was made, and the slider jumped."""
    view = RunView({}, NOTHING, choices={"x": "step"})
    del sent[:]
    view.remember({"x": "time"})

    assert sent == []
    assert view.get_state()["_choices"] == {"x": "time"}, "a page that is loaded now begins with it"
    view.close()


def test_a_missing_bundle_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "STATIC", tmp_path)

    with pytest.raises(InlayError, match=r"run-view\.js is missing: run `make bundles`"):
        bundles.bundle("run-view.js")


def test_closing_twice_is_no_error():
    view = RunView({}, NOTHING)
    view.close()
    view.close()


def test_the_header_says_where_a_run_comes_from_and_the_picture_does_not(store, monkeypatch, tmp_path):
    """Notebooks are committed: the saved picture must not tell the names of machines and people."""
    monkeypatch.setattr("socket.gethostname", lambda: "secret-host")
    monkeypatch.setattr("getpass.getuser", lambda: "secret-user")
    monkeypatch.setattr("sys.argv", ["/secret/folder/train.py"])
    with inlay.start_run("r", note="n" * 5_000, tags={"t": "x" * 5_000}) as run:
        pass
    for one in (run, inlay.get_run("r")):
        header = header_of(one.snapshot(), 0, one.place())
        assert (header["host"], header["user"], header["following"]) == ("secret-host", "secret-user", False)
        assert header["source"] == "train.py"
        assert header["store"] == store.key
        assert str(tmp_path) not in json.dumps(header)
        assert header["note"] == "n" * 5_000, "it is edited in the card, and must come back whole"
        assert len(header["tags"]["t"]) == 2_001
        html = picture_html(one.snapshot(), [], 0, token="t", now=0.0)
        assert "secret" not in html
    other = inlay.connect(tmp_path / "other")
    assert other.key != store.key


def test_two_threads_that_change_a_card_take_turns(sent, monkeypatch):
    """ipywidgets forgets what one thread sets while another is about to send."""
    view = RunView({}, NOTHING)
    others = []
    real = view.send_state

    def send_state(names):
        if not others:
            others.append(threading.Thread(target=view.keep, kwargs={"header": {"note": "b"}}))
            others[0].start()
            others[0].join(0.5)
            others.append(others[0].is_alive())
        real(names)

    monkeypatch.setattr(view, "send_state", send_state)
    view.keep(progress=[{"n": 1}])
    others[0].join()
    assert others[1], "it waits until the first is done"
    assert [list(state) for state, _ in sent if state] == [["_progress"], ["_header"]]
    view.close()
