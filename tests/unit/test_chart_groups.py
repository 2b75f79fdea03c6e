"""Which curves are drawn into one chart."""

import pytest

from inlay.views.chart_groups import ChartGroups, Place, split


def grouped(*keys):
    groups, places = ChartGroups(), {}
    for key in keys:
        places.update(groups.admit(key))
    return places


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("train/loss", ("loss", "train")),
        ("loss/train", ("loss", "train")),
        ("train_loss", ("loss", "train")),
        ("accuracy_val", ("accuracy", "val")),
        ("valid-loss", ("loss", "val")),
        ("Validation/Loss", ("Loss", "val")),
        ("test.f1", ("f1", "test")),
        ("model/dev/f1", ("model/f1", "dev")),
        ("model/eval_f1", ("model/f1", "eval")),
        ("training/a/b", ("a/b", "train")),
        ("loss", ("loss", None)),
        ("train", ("train", None)),
        ("/train", ("", "train")),
        ("trainer/loss", ("trainer/loss", None)),
        ("latest_loss", ("latest_loss", None)),
        ("train/val", ("train/val", None)),
        ("train/val_loss", ("val_loss", "train")),
        ("", ("", None)),
    ],
)
def test_a_metric_names_a_measure_and_a_part_of_the_data(key, expected):
    assert split(key) == expected


def test_parts_of_one_measure_share_a_chart():
    assert grouped("train/loss", "lr", "val/loss", "loss/test") == {
        "train/loss": Place("loss", "train"),
        "val/loss": Place("loss", "val"),
        "loss/test": Place("loss", "test"),
        "lr": Place("lr", "lr"),
    }


def test_keras_names():
    assert grouped("accuracy", "loss", "val_accuracy", "val_loss") == {
        "accuracy": Place("accuracy", "train"),
        "val_accuracy": Place("accuracy", "val"),
        "loss": Place("loss", "train"),
        "val_loss": Place("loss", "val"),
    }


def test_a_metric_alone_goes_by_its_own_name():
    assert grouped("train/loss", "test_time") == {
        "train/loss": Place("train/loss", "train/loss"),
        "test_time": Place("test_time", "test_time"),
    }


def test_two_that_would_be_called_the_same_keep_their_names():
    assert grouped("loss", "train_loss", "val_loss") == {
        "loss": Place("loss", "loss"),
        "train_loss": Place("loss", "train_loss"),
        "val_loss": Place("loss", "val"),
    }


def test_a_newcomer_says_what_the_others_of_its_chart_are_called_now():
    groups = ChartGroups()

    assert groups.admit("train/loss") == {"train/loss": Place("train/loss", "train/loss")}
    assert groups.admit("lr") == {"lr": Place("lr", "lr")}
    assert groups.admit("val/loss") == {"train/loss": Place("loss", "train"), "val/loss": Place("loss", "val")}
