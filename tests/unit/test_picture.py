"""The saved picture: what it says, what it must not say, how large it is, and that nothing in it can be executed."""

import base64
import json
import re
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from inlay.settings import configure, configured_static
from inlay.store import artifacts
from inlay.tracking.points import Points
from inlay.tracking.snapshot import RunSnapshot
from inlay.views import paths
from inlay.views.curves import RunCurves
from inlay.views.picture import picture_html, switch
from inlay.views.picture_chart import path
from inlay.views.previews import Files, files_of

STARTED = 1_795_000_000.0


def points(steps, values):
    steps = np.asarray(steps, np.int64)
    return Points(steps, np.zeros(len(steps)), np.asarray(values, np.float64))


def run(status="finished", **said):
    ended = None if status == "running" else STARTED + 134.2
    known = {"run_id": "019a", "short_id": "7f3a91c2", "name": "baseline", "experiment": "churn", "status": status}
    return RunSnapshot(**{**known, "started_at": STARTED, "ended_at": ended, **said})


def picture(metrics=None, snapshot=None, total=None, static="full", **more):
    curves = RunCurves()
    curves.feed(metrics or {})
    total = curves.metrics_total if total is None else total
    return picture_html(
        snapshot or run(), curves.charts(), total, token="cafe", now=STARTED + 75, static=static, **more
    )


class Page(HTMLParser):
    """Tags, attributes and text as a browser would take them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text, self.images, self.cells = [], [], "", [], []
        self.feed(html)
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.images.append(dict(attributes))
        else:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data

    @property
    def drawings(self):
        return [
            ET.fromstring(base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")))
            for image in self.images
        ]


LOSS = {"loss": points(range(10_000), 2 * np.exp(-np.arange(10_000) / 2_000))}


def test_it_says_what_the_run_was():
    page = Page(
        picture(
            LOSS, run(params={"lr": 0.01, "layers": [64, 10], "model": "gbm"}, tags={"team": "x"}, note="As before.")
        )
    )

    for words in ("baseline", "Finished", "churn", "7f3a91c2", "2m 14s", "As before.", 'inlay.get_run("7f3a91c2")'):
        assert words in page.text
    assert page.cells[:5] == ["loss", "0.01348", "0.01348", "2", "10,000"]
    assert page.cells[5:] == ["lr", "0.01", "layers", "[64, 10]", "model", "gbm"]
    assert page.images[0]["alt"] == "Chart of loss: last 0.01348, min 0.01348, max 2, 10,000 points."


def test_it_says_as_of_when_it_is_true_while_the_run_goes_on():
    text = Page(picture(LOSS, run("running"))).text

    assert re.search(r"1m 15s, as of \d\d:\d\d", text)
    assert "as of" not in Page(picture(LOSS)).text


def test_an_example_instead_of_an_empty_box():
    assert 'inlay.log({"loss": 0.1})' in Page(picture(snapshot=run("running"))).text
    assert "No metrics were logged" in Page(picture()).text


def test_a_failed_run_shows_error_and_folded_traceback():
    error = SimpleNamespace(
        type="ValueError", message="x < y & z", traceback='Traceback:\n  File "<cell>"\nValueError: x < y & z'
    )
    html = picture(snapshot=run("failed", error=error))
    page = Page(html)

    assert "ValueError x < y & z" in page.text
    assert "<details><summary" in html
    assert 'File "<cell>"' in page.text


def test_it_names_no_home_directory(monkeypatch):
    """A committed notebook told by its traceback and its params what its author's account is called."""
    monkeypatch.setenv("HOME", "/srv/people/marta")
    monkeypatch.setenv("USERPROFILE", "/srv/people/marta")
    paths._home.cache_clear()
    files = {
        "/srv/people/marta/project/train.py": "~/project/train.py",
        "/srv/people/marta/my env/lib/python3.12/site-packages/torch/nn.py": "torch/nn.py",
        "/home/marta/.venv/lib/python3.11/json/decoder.py": "json/decoder.py",
        json.__file__: "json/__init__.py",
        "/tmp/ipykernel_123/45.py": "<cell>",
        r"C:\Users\marta\AppData\Local\Temp\ipykernel_9\1.py": "<cell>",
        r"C:\Users\marta\code\a.py": r"~\code\a.py",
        "/Users/marta/a.py": "~/a.py",
        "/data/marta.csv": "/data/marta.csv",
    }
    traceback = "\n".join(f'  File "{file}", line 1, in f\n' for file in files)
    message = "No such file: '/srv/people/marta/data/x.csv', see https://host/home/page"
    error = SimpleNamespace(type="E", message=message, traceback=traceback)
    params = {"data": "/srv/people/marta/data", "other": "/srv/people/martas/data", "glob": "a:/home/x", "n": 1}
    said = {"tags": {"data": "/srv/people/marta/tags"}, "note": "as in /srv/people/marta/notes"}
    page = Page(picture(snapshot=run("failed", error=error, params=params, **said)))
    paths._home.cache_clear()

    assert re.findall('File "(.*?)", line', page.text) == list(files.values())
    assert "No such file: '~/data/x.csv', see https://host/home/page" in page.text
    assert page.cells == ["data", "~/data", "other", "/srv/people/martas/data", "glob", "a:/home/x", "n", "1"]
    assert "data ~/tags" in page.text
    assert "as in ~/notes" in page.text


@pytest.mark.parametrize("text", ["/" * 20_000, " /a" * 7_000, "/site-packages" * 1_500, '"/' * 10_000, "C:\\" * 7_000])
def test_no_path_takes_long(text):
    paths.without_owner(text)
    started = time.process_time()
    paths.without_owner(text)
    assert time.process_time() - started < 0.25


def test_only_what_an_untrusted_notebook_keeps():
    """JupyterLab's sanitiser took the inline SVG, and the saved card was a heading above nothing."""
    error = SimpleNamespace(type="E", message="m", traceback="t")
    page = Page(picture(LOSS, run("failed", error=error, params={"a": 1}, tags={"b": "c"}, note="n")))

    assert {tag for tag, _ in page.tags} <= {
        "style", "div", "span", "b", "code", "pre", "table", "tr", "th", "td", "details", "summary", "img",
    }  # fmt: skip
    assert {name for _, attributes in page.tags for name in attributes} <= {
        "class", "style", "alt", "src", "width", "height", "open", "scope",
    }  # fmt: skip
    assert sum(tag == "style" for tag, _ in page.tags) == 1
    assert "http" not in re.sub(r"base64,[^\"]+", "", picture(LOSS))


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"&<>`",
    "\x00\x1b[31m\x07 \ufffe \u202e",
    "]]></svg><script>alert(1)</script>",
    "</td></table></style><!--",
    "caf\udce9 🚀\n\t非常",
    "x" * 250,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_drawn_harmlessly(name):
    error = SimpleNamespace(type=name, message=name, traceback=name)
    snapshot = run(name, name=name, experiment=name, note=name, tags={name: name}, params={name: name}, error=error)
    html = picture({name: points([1, 2], [1, 2]), f"val/{name}": points([1], [1])}, snapshot)
    page = Page(html)
    html.encode("utf-8")

    assert "script" not in {tag for tag, _ in page.tags}
    assert not [attributes for _, attributes in page.tags if any(key.startswith("on") for key in attributes)]
    for drawing in page.drawings:
        tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in drawing.iter()}
        assert tags <= {"svg", "rect", "path", "text", "tspan", "g", "circle"}


def test_ten_metrics_are_small():
    """A notebook of cards is committed to git, and read by people on trains."""
    rng = np.random.default_rng(0)
    metrics = {f"metric_{i}": points(range(10_000), rng.random(10_000)) for i in range(10)}
    html = picture(metrics, run(params={f"param_{i}": i / 7 for i in range(20)}))

    assert len(html.encode()) <= 50_000  # of the 60 KB a card may take; JSON's escapes and the second output follow


@pytest.mark.parametrize("count", [24, 10_000])
def test_many_metrics_stay_small(count):
    rng = np.random.default_rng(0)
    metrics = {f"metric {i}": points(range(300), rng.random(300)) for i in range(count)}
    html = picture(metrics)

    assert len(html.encode()) < 90_000
    assert len(Page(html).images) == 24
    assert ("24 of 10,000" in html) == (count == 10_000)


def test_a_line_has_at_most_150_points_and_its_spike():
    values = np.zeros(10_000)
    values[7_777] = 1
    (drawing,) = Page(picture({"loss": points(range(10_000), values)})).drawings
    (line,) = (e.get("d") for e in drawing.iter() if (e.get("stroke") or "").startswith("#2f"))

    assert len(re.findall(r"-?\d+", line)) <= 2 * 150 + 6
    assert max(abs(int(n)) for n in re.findall(r"-\d+", line)) > 300  # quarter pixels, most of the height


def test_gaps_part_the_line():
    assert path([(0, 0), (4, -2), None, (9, 9), None, (10, 3), (12, 3)]) == "M0 0h0l0 0 4-2M9 9h0l0 0M10 3h0l0 0 2 0"


@pytest.mark.parametrize(
    "values", [[np.nan], [np.inf, -np.inf], [1e308, -1e308], [5e-324, 0], [3, 3, 3], [7], [np.nan, 1, np.nan]]
)
def test_any_numbers_can_be_drawn(values):
    (drawing,) = Page(picture({"m": points(range(len(values)), values)})).drawings

    assert not re.search(r"\b(nan|inf)\b", ET.tostring(drawing, encoding="unicode").replace("NaN", ""))


def test_steps_far_apart_can_be_drawn():
    (drawing,) = Page(picture({"m": points([-(2**63), 0, 2**63 - 1], [1, 2, 3])})).drawings

    assert "e18" in ET.tostring(drawing, encoding="unicode")


def test_several_curves_have_a_legend_and_keep_their_colours():
    metrics = {
        key: points([0, 1], [i, i + 1]) for i, key in enumerate(["acc", "train/loss", "val/loss", "val/f1", "train/f1"])
    }
    _, loss, f1 = Page(picture(metrics)).drawings

    def legend(drawing):
        found = [element for element in drawing.iter() if element.tag.endswith(("path", "text"))]
        marks = pairwise(found)
        return {text.text.strip(): mark.get("stroke") for mark, text in marks if (mark.get("d") or "").endswith("h11")}

    assert set(legend(loss)) == {"train", "val"}
    assert legend(loss) == legend(f1)


def test_summary_and_off():
    snapshot = run(
        "failed", params={"secret": 1}, note="n", error=SimpleNamespace(type="E", message="m", traceback="tb")
    )
    summary, off = Page(picture(LOSS, snapshot, static="summary")), Page(picture(LOSS, snapshot, static="off"))

    assert summary.images == []
    assert "0.01348" in summary.text
    assert "secret" not in summary.text
    assert "tb" not in summary.text
    assert "7f3a91c2" in off.text
    assert "baseline" not in off.text
    assert "loss" not in off.text


def test_the_images_follow_a_dark_theme():
    """White charts glared out of a dark notebook."""
    rule = switch("abc").split("{display:none}")[1]
    assert "[data-jp-theme-light=false]" in rule
    assert ".vscode-dark" in rule
    assert ".inlay-picture-abc img{filter:invert(" in rule


def test_the_style_decides_by_the_token():
    style = re.search("<style>(.*?)</style>", picture())[1]

    assert ".inlay-picture-cafe" in style
    assert ".inlay-live-cafe" in style
    assert 'class="inlay-picture inlay-picture-cafe"' in picture()


# -- values that are not finite -----------------------------------------------------------------------------


def test_values_that_are_not_finite_are_marked():
    """A loss that was NaN for a while had a gap like one that was not logged."""
    values = np.linspace(1, 2, 100)
    values[[20, 40, 60]] = np.nan, np.inf, -np.inf
    (drawing,) = Page(picture({"loss": points(range(100), values)})).drawings
    (marks,) = (e.get("d") for e in drawing.iter() if e.get("fill") == "#2f66d8" and e.tag.endswith("path"))

    moves = dict(zip(("nan", "inf", "-inf"), re.findall(r"M(\d+) (\d+)", marks), strict=True))
    assert int(moves["inf"][1]) == 0 < int(moves["nan"][1]) == int(moves["-inf"][1]), "from the edge each belongs to"
    assert int(moves["nan"][0]) < int(moves["inf"][0]) < int(moves["-inf"][0])


def test_thousands_of_marks_are_no_more_than_there_is_room_for():
    values = np.where(np.arange(2_000) % 2, np.nan, 1.0)
    html = picture({f"m{at}": points(range(2_000), values) for at in range(10)})
    assert len(html) < 60_000


# -- how far the loops were ---------------------------------------------------------------------------------


def bar(n, total, state, desc=""):
    return {"desc": desc, "n": n, "total": total, "elapsed_s": 1, "rate": 1, "left_s": None, "state": state}


@pytest.mark.parametrize(
    ("status", "bars", "words"),
    [
        ("failed", [bar(340, 1000, "stopped")], "2m 14s · stopped at 340 of 1,000"),
        ("failed", [bar(340, None, "stopped", "rows")], "2m 14s · rows stopped at 340"),
        ("running", [bar(3, 10, "running", "epoch"), bar(7, 90, "running")], " · epoch 3 of 10 · 7 of 90"),
        ("running", [bar(3, 10, "stopped", "<b>")], " · <b> 3 of 10"),
        ("running", [{**bar(1.2e9, 5e9, "running", "a.bin"), "unit": "bytes"}], " · a.bin 1.2 GB of 5.0 GB"),
    ],
)
def test_how_far_the_loops_are(status, bars, words):
    assert words in Page(picture(LOSS, run(status), progress=bars)).text


def test_a_loop_that_was_finished_says_nothing():
    assert "1,000" not in Page(picture(snapshot=run(), progress=[bar(1000, 1000, "done")])).text
    assert "340" not in Page(picture(snapshot=run(), progress=[bar(340, 1000, "stopped")], static="off")).text


# -- files --------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class Blobs:
    """Artifacts as the card knows them, their blobs in a folder."""

    def __init__(self, folder):
        self.folder, self.artifacts = folder, []

    def add(self, path, data, mime="image/png", **more):
        blob = artifacts.put_bytes(self.folder, data)
        known = {"path": path, "bytes": blob.bytes, "mime": mime, "kind": "file", "hash": blob.hash, **more}
        self.artifacts.append({**known, "time": STARTED + len(self.artifacts)})
        return self

    def lose(self, path):
        for one in self.artifacts:
            if one["path"] == path:
                artifacts.path_of(self.folder, one["hash"]).unlink()

    @property
    def files(self):
        return files_of(sorted(self.artifacts, key=lambda one: one["path"]), len(self.artifacts), self.folder)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path)


def previews(page):
    return [(image["alt"], image["src"].partition(";")[0]) for image in page.images]


def test_images_are_shown_newest_first(blobs):
    blobs.add("b.png", PNG + b"b").add("plots/a.svg", SVG, "image/svg+xml").add("c.jpg", b"\xff\xd8\xff", "image/jpeg")
    page = Page(picture(files=blobs.files))

    assert previews(page) == [
        ("c.jpg", "data:image/jpeg"),
        ("plots/a.svg", "data:image/svg+xml"),
        ("b.png", "data:image/png"),
    ]
    assert base64.b64decode(page.images[2]["src"].partition(",")[2]) == PNG + b"b"
    assert "plots/a.svg" in page.text
    assert "script" not in {tag for tag, _ in page.tags}


def test_every_file_is_listed_with_its_size(blobs):
    page = Page(picture(files=blobs.add("a.txt", b"x" * 812, "text/plain").add("data/b.bin", b"x" * 3_400, "").files))

    assert "Artifacts · 2" in page.text
    assert page.cells == ["a.txt", "812 B", "data/b.bin", "3.4 KB"]
    assert page.images == []


def test_no_more_than_fits_a_notebook(blobs):
    """Each up to 64 KB, six, 200 KB in all: the rest is named."""
    for at in range(9):
        blobs.add(f"{at}.png", PNG + bytes([at]) * 40_000)
    blobs.add("large.png", PNG + b"x" * 70_000)
    page = Page(picture(files=blobs.files))

    assert [alt for alt, _ in previews(page)] == ["8.png", "7.png", "6.png", "5.png", "4.png"]
    assert "Too large to be saved here: large.png (70 KB)" in page.text
    assert sum(len(image["src"]) for image in page.images) < 1.34 * 200 * 1024

    small = Blobs(blobs.folder)
    for at in range(9):
        small.add(f"{at}.png", PNG + bytes([at]))
    assert len(Page(picture(files=small.files)).images) == 6


def test_a_file_that_is_gone_says_so(blobs):
    blobs.add("a.png", PNG + b"a").add("b.png", PNG + b"b")
    assert len(Page(picture(files=blobs.files)).images) == 2
    blobs.lose("a.png")
    page = Page(picture(files=blobs.files))

    assert [alt for alt, _ in previews(page)] == ["b.png"]
    assert page.cells == ["a.png", "no longer in the store", "b.png", "9 B"]


@pytest.mark.parametrize("digest", ["../../outside.png", "/outside.png", "..", "", "\0", "a" * 64])
def test_a_hash_leads_nowhere_else(tmp_path, digest):
    """A store may come from somebody else; what it calls a hash was a path out of it."""
    (tmp_path / "outside.png").write_bytes(PNG)
    folder = tmp_path / "store" / "artifacts"
    known = {"path": "a.png", "bytes": len(PNG), "mime": "image/png", "kind": "file", "hash": digest, "time": 0.0}
    page = Page(picture(files=files_of([known], 1, folder)))

    assert page.images == []
    assert page.cells == ["a.png", "no longer in the store"]


def test_of_a_series_the_newest_image_is_shown_with_its_step(blobs):
    series = {"key": "samples/cat", "count": 1200, "all_bytes": 12_000, "first_step": 0, "last_step": 5990}
    blobs.add("samples/cat/00005990.png", PNG + b"newest", **series)
    table = {"key": "t.parquet", "count": 2, "all_bytes": 3_400, "rows": 1500, "last_step": None}
    blobs.add("t.parquet/part-00001.parquet", b"PAR1", "", **table)
    page = Page(picture(files=blobs.files))

    assert previews(page) == [("samples/cat, step 5,990", "data:image/png")]
    assert page.cells == ["samples/cat", "1,200 steps · 12 KB", "t.parquet", "1,500 rows · 3.4 KB"]


DATA = {
    "name": "train", "context": "training", "kind": "pandas", "rows": 1200, "columns": 7, "bytes": 9, "sampled": False,
    "source": "/home/ada/secret/train.parquet", "digest": "sha256:3f2a9c1b77d0",
}  # fmt: skip


def test_data_is_named_and_not_where_it_lay():
    more = [DATA, {**DATA, "name": "/home/ada/x.csv", "context": "", "rows": None, "digest": ""}]
    page = Page(picture(data=more))

    assert "Data · 2" in page.text
    assert page.cells == ["train (training)", "1,200 × 7", "3f2a9c1b", "~/x.csv", "7 columns", ""]
    assert "ada" not in page.text
    for static in ("summary", "off"):
        assert "train" not in picture(LOSS, static=static, data=[DATA])


@pytest.mark.parametrize("name", HOSTILE)
def test_data_is_drawn_harmlessly(name):
    page = Page(picture(data=[{**DATA, "name": name, "context": name, "digest": name}]))
    assert {tag for tag, _ in page.tags} <= {
        "style", "div", "span", "b", "code", "table", "tr", "td", "details", "summary",
    }  # fmt: skip


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "text/html"])
def test_what_is_no_image_is_not_shown_as_one(blobs, mime):
    page = Page(picture(files=blobs.add("a.png", b"<b>no image</b>", mime).files))
    assert page.images == []
    assert "a.png" in page.cells


def test_files_are_part_of_the_full_picture_only(blobs):
    files = blobs.add("a.png", PNG).files
    for static in ("summary", "off"):
        assert "a.png" not in picture(LOSS, static=static, files=files)
    assert "Artifacts" not in picture(LOSS, files=Files())


@pytest.mark.parametrize("name", HOSTILE)
def test_paths_are_drawn_harmlessly(blobs, name):
    blobs.add(name, PNG + b"a").add(name + "2", PNG + b"x" * 70_000)
    page = Page(picture(files=blobs.files))

    assert {tag for tag, _ in page.tags} <= {
        "style", "div", "span", "b", "code", "table", "tr", "td", "details", "summary", "img",
    }  # fmt: skip
    assert len(page.images) == 1


def test_many_files_are_counted(blobs):
    for at in range(60):
        blobs.add(f"{at:02}.txt", b"x", "text/plain")
    page = Page(picture(files=blobs.files))
    assert "Artifacts · 40 of 60" in page.text
    assert len(page.cells) == 80


# -- how much is saved --------------------------------------------------------------------------------------


@pytest.fixture
def settings():
    yield
    configure(static="full")


def test_how_much_is_saved_can_be_chosen(settings):
    configure(static="off")
    assert "baseline" not in Page(picture(LOSS, static=None)).text
    configure(static="summary")
    text = Page(picture(LOSS, run(params={"secret": 1}), static=None)).text
    assert "0.01348" in text
    assert "secret" not in text
    configure()
    assert configured_static() == "summary"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"static": "none"}, ValueError, "'full', 'summary' or 'off'; got 'none'"),
        ({"static": ["full"]}, ValueError, r"got \['full'\]"),
        ({"statics": "full"}, TypeError, "no 'statics'; did you mean 'static'"),
        ({"colour": "red"}, TypeError, "no 'colour'; it takes store, journal, static"),
    ],
)
def test_a_setting_that_is_none(settings, options, error, words):
    with pytest.raises(error, match=words):
        configure(**options)
    assert configured_static() == "full"
