"""A journey with the files of a run: its images are in the saved notebook, and are seen where nothing is trusted."""

from __future__ import annotations

import re

import nbformat
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually

PICTURE = ".inlay-picture"
TRAIN = """%%track baseline
for step in inlay.progress(range(1000), desc="steps"):
    inlay.log({f"{name}/loss": random.random() for name in "abcdefghij"}, step=step)
    if step == 340: break
figure, axes = plt.subplots(figsize=(4, 3)); axes.imshow([[1, 2], [3, 4]])
run = inlay.active_run()
run.log_figure(figure, "plots/confusion.png"); run.log_figure(figure, "plots/transparent.svg", transparent=True)
axes.imshow([[random.random() for _ in range(200)] for _ in range(200)])
run.log_figure(figure, "plots/large.png", dpi=200); run.log_text("hello", "<b>notes</b>.txt"); plt.close(figure)"""
LOAD = "%load_ext inlay\nimport random, inlay\nimport matplotlib.pyplot as plt"


def test_images_of_a_run(notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook(LOAD, TRAIN)
    for index in (0, 1):
        page.run_cell(index)
        page.wait_until_run(index)
    page.wait_until_idle()
    page.save()
    saved = page.saved()
    assert "it/s" not in str(saved), "the bar was in the card, not in the cell's output"
    # Ten metrics weigh what they do without images, which are counted apart.
    html = next(
        one.data["text/html"]
        for one in saved.cells[1].outputs
        if PICTURE[1:] in one.get("data", {}).get("text/html", "")
    )
    previews = re.findall(r"<img[^>]*alt=\"plots/[^>]*>", html)
    assert len(previews) == 2
    assert 1000 < len(html) - sum(map(len, previews)) <= 60_000
    page.close()

    file = page.file.with_name("from-a-friend.ipynb")
    saved.cells.append(nbformat.v4.new_markdown_cell("Sent by mail", id="mail"))
    nbformat.write(saved, file)
    for opened, trusted in ((page.file, True), (file, False)):
        reopened = notebook(file=opened, kernel=False)
        assert reopened.trusted() is trusted
        assert_seen(reopened)
        keep_picture(reopened.page, f"files-{'light' if trusted else 'untrusted'}")


def assert_seen(page: NotebookPage) -> None:
    page.show(1)
    picture = page.output(1).locator(PICTURE)
    images = eventually(lambda: picture.locator("img[alt^='plots/']").all())
    sizes = {
        one.get_attribute("alt"): one.evaluate("(image) => [image.naturalWidth, image.clientWidth]") for one in images
    }
    assert set(sizes) == {"plots/confusion.png", "plots/transparent.svg"}
    assert all(natural > 100 and 100 < shown <= 388 for natural, shown in sizes.values()), sizes
    text = picture.inner_text()
    assert "steps stopped at 340 of 1,000" in text
    assert "Too large to be saved here: plots/large.png" in text
    assert "<b>notes</b>.txt" in text
