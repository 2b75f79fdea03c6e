"""What may stand after `%%track`, and what is said about the rest."""

from __future__ import annotations

import pytest

from inlay.notebook import track_options
from inlay.notebook.track_options import HELP, OptionError, TrackOptions, completions, read_options


def test_nothing():
    assert read_options("") == TrackOptions()


def test_everything():
    line = (
        '"my run" -e churn -t model=gbm --tag team="a b" -p lr=0.1 --param n=3 '
        '--note "it\'s late" --nested --resume 1a2b --no-params --quiet'
    )
    assert read_options(line) == TrackOptions(
        name="my run",
        experiment="churn",
        tags={"model": "gbm", "team": "a b"},
        params={"lr": 0.1, "n": 3},
        note="it's late",
        nested=True,
        resume="1a2b",
        take_literals=False,
        quiet=True,
    )


@pytest.mark.parametrize("line", ["-e churn base", "base -e churn", "--experiment=churn base"])
def test_the_name_may_stand_anywhere(line):
    assert read_options(line) == TrackOptions(name="base", experiment="churn")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("-1e-3", -0.001),
        ("3", 3),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ("gbm", "gbm"),
        ("a=b", "a=b"),
        ("", ""),
        ("'[1, 2]'", [1, 2]),
        ("'(1, 2)'", [1, 2]),
        ("'{\"a\": 1}'", {"a": 1}),
        ("\"{'a': 1}\"", {"a": 1}),
        ("007", "007"),
        ("NaN", "NaN"),
        ("3j", "3j"),
        ("{1,2}", "{1,2}"),
        ("__import__('os')", "__import__(os)"),
        ("1_000", 1000),
    ],
)
def test_value_of_a_param(text, value):
    found = read_options(f"-p key={text}").params["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--tagg a=b", ["--tagg", "did you mean --tag?"]),
        ("--experment=x", ["--experment", "did you mean --experiment?"]),
        ("--no-param", ["--no-param", "--no-params"]),
        ("--Quiet", ["--Quiet", "did you mean --quiet?"]),
        ("--zzz", ["--zzz", "the options are", "--experiment"]),
        ("-t gbm", ["--tag", "KEY=VALUE", "'gbm'"]),
        ("-p =3", ["--param", "KEY=VALUE", "'=3'"]),
        ("my run", ["'my', 'run'", '%%track "my run"']),
        ("--note it's", ["quote", "it's"]),
        ("-e", ["expected one argument", "-e"]),
        ("--quiet=yes", ["--quiet takes no value", "yes"]),
        ("''", ["the name is empty"]),
        ("-e ''", ["--experiment takes a name"]),
        ("it's", ['double quotes, such as "it\'s done"']),
        ("--help", ["--experiment NAME"]),
    ],
)
def test_the_error_says_what_was_meant(line, words):
    with pytest.raises(OptionError) as raised:
        read_options(line)
    for word in words:
        assert word in str(raised.value)


def test_the_help_names_every_option():
    for action in track_options._parser()._actions:
        if "--help" not in action.option_strings:
            for option in action.option_strings:
                assert option in HELP


@pytest.mark.parametrize(
    ("line", "offered", "missing"),
    [
        ("%%track ", "--experiment", None),
        ("%%track base --", "--tag", None),
        ("%%track --tag a=b --", "--tag", None),
        ("%%track --quiet --", "--nested", "--quiet"),
        ("%%track --experiment=x --", "--nested", "--experiment"),
    ],
)
def test_completion(line, offered, missing):
    assert offered in completions(line)
    assert missing not in completions(line)


@pytest.mark.parametrize("line", ["%%track -e ", "%%track -e ch", "%%track --note a --resume "])
def test_no_completion_inside_a_value(line):
    assert completions(line) == []
