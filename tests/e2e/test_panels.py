"""Journeys around the charts: code and what changed in it, output, files and their previews, surroundings, child runs,
params, and notes and tags written in place.
"""

from __future__ import annotations

from pathlib import Path

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import eventually
from e2e.truth import Truth
from playwright.sync_api import Locator

LOAD = "%load_ext inlay\nimport inlay"
TRAIN = """%%track gbm -e churn -t team=growth
lr = 0.1
depth = 6
for step in range(2000):
    print(f"step {step} of 2000")
    if step % 100 == 0:
        inlay.log({"loss": 1 / (step + 1)}, step=step)
print("\\x1b[32mgreen\\x1b[0m <b>not bold</b>")
"""
# Files as a stranger would leave them in a store that is handed on.
PAGE = """<h1>Report</h1><p id="p">ten trees</p><script>parent.stolen = 1; p.textContent = "changed"</script>
<img src="https://example.com/a.png" onerror="parent.stolen = 1"><link rel=stylesheet href="https://example.com/a.css">
<meta http-equiv="refresh" content="0; url=https://example.com/"><iframe src="https://example.com/"></iframe>"""
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" onload="top.stolen = 1">
<script>top.stolen = 1</script><rect width="60" height="40" fill="crimson"/>
<image href="https://example.com/b.png" width="5" height="5"/></svg>"""
IMAGE = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR4nGM4IRdFU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULAI"
    "r9AEzCsJcrAAAAAElFTkSuQmCC"
)
FILES = f"""
import base64, pathlib
pathlib.Path("picture.png").write_bytes(base64.b64decode({IMAGE!r}))
pathlib.Path("model.pkl").write_bytes(bytes(range(256)))
with inlay.start_run("files", params={{f"block{{i}}.width": i for i in range(40)}} | {{"lr": 0.1}}) as run:
    run.log_artifact("picture.png", "plots")
    run.log_artifact("model.pkl")
    run.log_text({PAGE!r}, "report.html")
    run.log_text({DRAWING!r}, "drawing.svg")
    run.log_text("city,people\\nParis,2100000\\n<b>Bonn</b>,330000", "cities.csv")
    run.log_text("first line\\n" + "<script>window.stolen = 1</script>\\n" * 3, "notes.txt")
    run.log_dict({{"depth": 6, "layers": [1, 2]}}, "config.json")
    run.log_text("to be lost", "lost.txt")
    for fold in range(3):
        with inlay.start_run(f"fold {{fold}}", nested=True) as child:
            child.log({{"auc": 0.9}})
"""
# No thread of the kernel can do anything meanwhile: the lock of the interpreter is not given away.
DEAF = "import ctypes, time; print('deaf', flush=True); time.sleep(0.2); ctypes.PyDLL(None).sleep(6)"


def test_code_and_output(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    """A cell is run, edited and run again: its card says what changed since."""
    page = notebook(LOAD, TRAIN, "inlay.get_run('gbm')", "with inlay.start_run('bare', experiment='e'): pass")
    page.run_all()
    page.wait_until_run()
    first = truth.run("gbm").short_id
    card = Card(page, 2).show()
    # Nothing was said of files, child runs or an earlier run, so nothing is shown of them.
    assert card.panels() == ["Params", "Code", "Output", "Environment"]
    code = card.open("Code")
    assert added_and_removed(code) == ([], [])
    assert 'print(f"step {step} of 2000")' in code.inner_text()

    page.edit(1, TRAIN.replace("depth = 6", "depth = 8\nrows = 100"))
    page.run_cell(1)
    page.wait_until_run(1)
    page.run_cell(2)
    page.wait_until_run(2)
    second = truth.run("gbm")
    eventually(lambda: card.text(".inlay-copy-text >> nth=0") == second.short_id)
    card.show()
    code = card.open("Code")
    assert added_and_removed(code) == (["depth = 8", "rows = 100"], ["depth = 6"])
    assert f"Changes since {first}" in code.inner_text()
    assert card.opener("Code").inner_text().split() == ["Code", "+2", "−1"]
    keep_picture(page.page, "panel-code-light")
    code.get_by_role("button", name="All").click()
    assert added_and_removed(code) == ([], [])
    assert "for step in range(2000):" in code.inner_text()

    output = card.open("Output")
    assert not code.is_visible()
    assert output.inner_text().rstrip().endswith("step 1999 of 2000\ngreen <b>not bold</b>")
    assert output.evaluate("(one) => one.scrollHeight - one.clientHeight - one.scrollTop") < 8, "it shows not its end"
    environment = card.open("Environment").inner_text()
    assert "Python" in environment
    assert "duckdb" in environment
    params = card.open("Params")
    assert params.locator("dd").all_inner_texts() == ["0.1", "8", "100"]
    keep_picture(page.page, "panel-params-light")


def test_files(notebook: OpenNotebook, folder: Path, truth: Truth, keep_picture: KeepPicture):
    page = notebook(LOAD, FILES, "inlay.get_run('files')")
    page.run_all()
    page.wait_until_run()
    forget(truth, "lost.txt")
    card = Card(page, 2)
    card.node.wait_for()
    assert card.panels() == ["Params", "Code", "Artifacts", "Environment", "Runs"]
    page.show(2)
    files = card.open("Artifacts")
    names = [row.get_attribute("title") for row in files.locator(".inlay-file").all()]
    assert sorted(names) == sorted(one.path for one in truth.run("files").artifacts)

    look(files, "plots/picture.png")
    eventually(lambda: image_width(files) == 32)
    keep_picture(page.page, "panel-artifacts-light")
    look(files, "drawing.svg")
    eventually(lambda: image_width(files) == 60)
    look(files, "cities.csv")
    assert files.locator("td").all_inner_texts() == ["Paris", "2100000", "<b>Bonn</b>", "330000"]
    assert "2 rows" in files.inner_text()
    look(files, "notes.txt")
    assert "<script>window.stolen = 1</script>" in files.locator("pre").inner_text()
    look(files, "config.json")
    assert '"depth": 6' in files.locator("pre").inner_text()
    look(files, "model.pkl")
    assert "no preview of this kind" in files.inner_text()
    look(files, "lost.txt")
    eventually(lambda: "no longer in the store" in files.inner_text())
    keep_picture(page.page, "panel-lost-light")

    look(files, "report.html")
    frame = files.frame_locator("iframe")
    eventually(lambda: frame.locator("#p").inner_text() == "ten trees")
    assert files.locator("iframe").get_attribute("sandbox") == ""
    keep_picture(page.page, "panel-html-light")
    page.page.wait_for_timeout(500)
    assert frame.locator("#p").inner_text() == "ten trees", "a script changed the page"
    assert page.page.evaluate("window.stolen") is None
    with page.page.expect_download() as download:
        files.get_by_role("button", name="Download").click()
    download.value.save_as(folder / "saved.html")
    assert (folder / "saved.html").read_text() == PAGE
    assert card.errors().count() == 0

    runs = card.open("Runs")
    assert [row.inner_text().split("\n")[1] for row in runs.locator(".inlay-child").all()] == [
        "fold 0",
        "fold 1",
        "fold 2",
    ]
    params = card.open("Params")
    assert params.locator("dd:visible").count() == 41
    params.get_by_role("searchbox").fill("block3")
    eventually(lambda: params.locator("dd:visible").all_inner_texts() == [str(i) for i in (3, *range(30, 40))])


def test_notes_and_tags(notebook: OpenNotebook, truth: Truth, keep_picture: KeepPicture):
    """What is written in the card is in the store, and on other cards; while the kernel is busy it waits."""
    made = "import inlay\nwith inlay.start_run('noted', tags={'team': 'growth'}) as run: run.log({'loss': 1})"
    page = notebook(made, "inlay.get_run('noted')", "inlay.get_run('noted')", DEAF)
    for cell in range(3):
        page.run_cell(cell)
        page.wait_until_run(cell)
    card, other = Card(page, 1), Card(page, 2)
    card.show()
    write_note(card, "Overfits from step 900 <b>on</b>")
    add_tag(card, "stage: draft")
    eventually(lambda: truth.run("noted").note == "Overfits from step 900 <b>on</b>")
    eventually(lambda: truth.run("noted").tags == {"team": "growth", "stage": "draft"})
    eventually(
        lambda: (note(other), tags(other)) == ("Overfits from step 900 <b>on</b>", ["team growth", "stage draft"])
    )
    assert not is_pending(card)
    keep_picture(page.page, "noted-light")

    page.run_cell(3)
    eventually(lambda: "deaf" in page.output(3).inner_text())
    page.page.wait_for_timeout(500)
    write_note(card, "Written meanwhile")
    card.node.get_by_role("button", name="Remove tag team").click()
    eventually(lambda: note(card) == "Written meanwhile" and tags(card) == ["stage draft"])
    assert page.is_running(3)
    eventually(lambda: is_pending(card))
    assert truth.run("noted").note == "Overfits from step 900 <b>on</b>"
    keep_picture(page.page, "noted-pending-light")
    page.wait_until_run(3)
    eventually(lambda: truth.run("noted").note == "Written meanwhile")
    eventually(lambda: truth.run("noted").tags == {"stage": "draft"})
    eventually(lambda: not is_pending(card))
    eventually(lambda: (note(other), tags(other)) == ("Written meanwhile", ["stage draft"]))
    assert card.errors().count() == 0


def added_and_removed(code: Locator) -> tuple[list[str], list[str]]:
    added, removed = (code.locator(f'[data-op="{op}"]').all_inner_texts() for op in "+-")
    return [line.strip() for line in added], [line.strip() for line in removed]


def forget(truth: Truth, path: str) -> None:
    """Somebody deletes a file of the store by hand."""
    (artifact,) = [one for one in truth.run("files").artifacts if one.path == path]
    (truth.folder / "artifacts" / artifact.hash[:2] / artifact.hash).unlink()


def look(files: Locator, path: str) -> None:
    files.locator(f'.inlay-file[title="{path}"]').click()
    eventually(lambda: files.locator(".inlay-late").count() == 0)


def image_width(files: Locator) -> int:
    image = files.locator("img")
    return image.evaluate("(image) => image.naturalWidth") if image.count() else 0


def write_note(card: Card, text: str) -> None:
    card.node.hover()
    card.node.locator(".inlay-edits button", has_text="note").click()
    area = card.node.get_by_role("textbox", name="Note")
    area.fill(text)
    area.press("Control+Enter")


def add_tag(card: Card, text: str) -> None:
    card.node.hover()
    card.node.locator(".inlay-edits button", has_text="Tag").click()
    field = card.node.get_by_role("textbox", name="New tag")
    field.fill(text)
    field.press("Enter")


def note(card: Card) -> str:
    return card.text(".inlay-note")


def tags(card: Card) -> list[str]:
    return [" ".join(tag.locator("span").all_inner_texts()) for tag in card.node.locator(".inlay-tag").all()]


def is_pending(card: Card) -> bool:
    return card.node.locator('.inlay-pending:visible, [data-state="pending"]').count() > 0
