"""Which settings a cell's text gives away, and which names must stay out because they change."""

from __future__ import annotations

import pytest

from inlay.capture.literals import LONGEST_LITERAL, assigned_literals

TAKEN = [
    ("lr = 0.01", {"lr": 0.01}),
    ("lr = 1e-3; n = -1", {"lr": 1e-3, "n": -1}),
    ("model = 'gbm'", {"model": "gbm"}),
    ("on = True\noff = None", {"on": True, "off": None}),
    ("text = 'a' 'b'", {"text": "ab"}),
    ("layers = [64, (32, 16)]", {"layers": [64, [32, 16]]}),
    ("kinds = {'b', 'a'}", {"kinds": ["a", "b"]}),
    ("mixed = {2, 'a', 1}", {"mixed": [1, 2, "a"]}),
    ("grid = {'lr': [0.1, -1], 3: {}}", {"grid": {"lr": [0.1, -1], "3": {}}}),
    ("size = 2**10", {"size": 1024}),
    ("hour = 60 * 60", {"hour": 3600}),
    ("third = 1 / 3", {"third": 1 / 3}),
    ("mask = ~0 << 3", {"mask": -8}),
    ("lr: float = 0.1", {"lr": 0.1}),
    ("lr: float\nlr = 0.1", {"lr": 0.1}),
    ("a = b = 3", {"a": 3, "b": 3}),
    ("lr, n = 0.1, 3", {"lr": 0.1, "n": 3}),
    ("(a, [b, c]) = 1, [2, 3]", {"a": 1, "b": 2, "c": 3}),
    ("lr = 0.1\nprint(lr)\nmodel.fit(lr=lr)", {"lr": 0.1}),
    ("lr = 0.1\ndef f(lr):\n    lr = 2\n    return lr", {"lr": 0.1}),
    ("n = 3\nx = [n for n in range(4)]", {"n": 3}),
    ("n = 3\nclass A:\n    n = 4", {"n": 3}),
    ("get_ipython().run_line_magic('track', 'x')\nn = 3", {"n": 3}),
    ("await f()\nn = 3", {"n": 3}),
    ("limit = 1e999", {"limit": float("inf")}),
]


@pytest.mark.parametrize(("source", "expected"), TAKEN, ids=[source for source, _ in TAKEN])
def test_taken(source, expected):
    assert assigned_literals(source) == expected


LEFT_OUT = [
    "n = 3\nn = 4",
    "n = 3\nn += 1",
    "n = 3\nfor n in range(3): pass",
    "n = 3\nfor i, (n, *k) in x: pass",
    "n = 3\nwith open(f) as n: pass",
    "n = 3\nwith a as (n, m): pass",
    "n = 3\ndel n",
    "n = 3\ndef f():\n    global n\n    n = 4",
    "n = 3\ndef f():\n    def g():\n        global n\n        n = 4",
    "n = 3\nimport n",
    "n = 3\nimport n.child",
    "n = 3\nfrom m import x as n",
    "n = 3\nif (n := 4): pass",
    "n = 3\nx = [n := i for i in y]",
    "n = 3\ntry:\n    f()\nexcept E as n:\n    pass",
    "n = 3\nmatch x:\n    case [n, *_]: pass",
    "n = 3\nmatch x:\n    case {'a': 1, **n}: pass",
    "n = 3\nmatch x:\n    case [*n]: pass",
    "n = 3\nasync def n(): pass",
    "n = 3\nclass n: pass",
    "n = 3\nif x:\n    n = 4",
    "n = 3\nwhile n < 5:\n    n = n + 1",
    "n = 3\nasync for n in f(): pass",
    "n = [1]\nn.append(2)",
    "n = {'a': 1}\nn['a'] = 2",
    "n = {'a': {}}\nn['a']['b'] = 2",
    "n = {'a': 1}\nn['a'] += 2",
    "n = {'a': 1}\ndel n['a']",
    "n = {}\nfor k in x: n[k] = 1",
    "n = {}\ndef f():\n    n['a'] = 1",
    "n: int",
    "n = f()",
    "n = m",
    "n = b'bytes'",
    "n = 3j",
    "n = ...",
    "n = [1, m]",
    "n = {**m}",
    "n = f'{m}'",
    "n = 1 / 0",
    "n = 9**9**9",
    "n = 1 << 10**9",
    "n = 'a' * 3",
    "n = True + 1",
    "_n = 3",
    "if x:\n    n = 3",
    "*n, = 1, 2",
    "n, m = *x, 2",
    "n.m = 3",
    f"n = '{'a' * (LONGEST_LITERAL + 1)}'",
    "n = [\n" + "1,\n" * LONGEST_LITERAL + "]",
    "def broken(:",
    "n = 3\n\x00",
    "n = " + "(" * 5000 + "1" + ")" * 5000,
    "n = " + "-" * 50_000 + "1",
]


@pytest.mark.parametrize("source", LEFT_OUT, ids=lambda source: source[:40])
def test_left_out(source):
    assert "n" not in assigned_literals(source)
    assert "_n" not in assigned_literals(source)


def test_a_warning_about_the_text_is_left_to_the_cell(recwarn):
    """A cell with "\\d" in a plain string showed its SyntaxWarning twice."""
    assert assigned_literals(r"n = '\d'") == {"n": "\\d"}
    assert not recwarn.list
