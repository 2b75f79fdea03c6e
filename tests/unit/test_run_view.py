"""The widget by itself: what it is made with, and what it refuses."""

import pytest

from inlay.errors import InlayError
from inlay.views import bundles
from inlay.views.frames import Frame
from inlay.views.run_view import RunView

NOTHING = Frame([], b"")


def test_a_misspelt_argument_is_named_with_its_near_miss():
    with pytest.raises(TypeError, match="'heder'; did you mean 'header'"):
        RunView(header={}, frame=NOTHING, heder={})
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


def test_a_missing_bundle_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "STATIC", tmp_path)

    with pytest.raises(InlayError, match=r"run-view\.js is missing: run `make bundles`"):
        bundles.bundle("run-view.js")


def test_closing_twice_is_no_error():
    view = RunView({}, NOTHING)
    view.close()
    view.close()
