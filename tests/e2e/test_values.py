"""A journey through values of every kind: pictures with a slider, sound, a table in parts, a figure with scripts, a page
that wants out, histograms, and the data that was used.
"""

from __future__ import annotations

from e2e.card import Card
from e2e.conftest import KeepPicture, OpenNotebook
from e2e.notebook_page import NotebookPage, eventually
from playwright.sync_api import Locator

LOAD = "%load_ext inlay\nimport inlay, numpy as np, pandas as pd"
# What it tries once its scripts run: the notebook, other machines by every way there is, and another address for itself.
PAGE = """<p id="p">still</p><script>
document.getElementById("p").textContent = "moved";
try { parent.parent.stolen = parent.parent.document.title } catch (error) {}
fetch("https://example.com/fetched").catch(() => 0);
new Image().src = "https://example.com/image";
navigator.sendBeacon("https://example.com/beacon", "x");
const link = document.createElement("link"); link.rel = "stylesheet"; link.href = "https://example.com/a.css";
document.head.append(link);
const inner = document.createElement("iframe"); inner.src = "https://example.com/inner"; document.body.append(inner);
try { open("https://example.com/opened") } catch (error) {}
try { top.location = "https://example.com/top" } catch (error) {}
setTimeout(() => { location.href = "https://example.com/left" }, 2500);
</script>"""
VALUES = f"""
import plotly.graph_objects as go
from sklearn.linear_model import LinearRegression

rng = np.random.default_rng(0)
frame = pd.DataFrame({{"age": rng.integers(18, 90, 500), "city": rng.choice(["Paris", "Bonn"], 500)}})
with inlay.start_run("values") as run:
    run.log_input(frame, "train", context="training", source="people.csv")
    for step in range(12):
        picture = np.zeros((16, 16))
        picture[:, : step + 1] = 1
        run.log_image(picture, "samples/filling.png", step=step, caption=f"{{step + 1}} columns")
        run.log_histogram("layer/weights", rng.normal(0, 1 + step / 4, 5000), step)
        if step % 4 == 0:
            run.log_table(pd.DataFrame({{"n": range(step, step + 40)}}), "numbers")
    run.log_audio(np.sin(np.arange(8000) / 8), "tone.wav", rate=8000)
    run.log_figure(go.Figure(go.Scatter(y=[1, 3, 2], marker_color="crimson", line_width=9)), "lines")
    run.log_html({PAGE!r}, "escape.html")
    run.log_model(LinearRegression(), "regression")
"""
_WHITE_COLUMNS = """(image) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, 1];
  canvas.getContext("2d").drawImage(image, 0, 0);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 1);
  return data.filter((value, i) => i % 4 === 0 && value > 200).length;
}"""


def test_values(notebook: OpenNotebook, keep_picture: KeepPicture):
    page = notebook(LOAD, VALUES, "inlay.get_run('values')")
    page.run_all()
    page.wait_until_run()
    card = Card(page, 2)
    card.node.wait_for()
    assert {"Artifacts", "Histograms", "Data"} <= set(card.panels())
    page.show(2)
    files = card.open("Artifacts")
    pictures(files)
    keep_picture(page.page, "values-pictures-light")
    sound_and_table(files)
    models_and_pages(page, files)
    keep_picture(page.page, "values-figure-light")
    page.use_theme("dark")
    histograms(card)
    keep_picture(page.page, "values-histogram-dark")
    data(card)
    keep_picture(page.page, "values-data-dark")
    assert card.errors().count() == 0


def pictures(files: Locator) -> None:
    """The newest picture is shown, the keys go through all of them, and each is the one that was logged."""
    choose(files, "filling")
    slider = files.get_by_role("slider", name="Step of samples/filling")
    eventually(lambda: columns_in_sight(files) == 12)
    assert slider.get_attribute("aria-valuetext") == "step 11, 12 of 12"
    assert "16 × 16 px" in files.inner_text()
    assert files.locator("img").evaluate("(image) => getComputedStyle(image).imageRendering") == "pixelated"
    slider.press("Home")
    eventually(lambda: columns_in_sight(files) == 1)
    assert files.locator(".inlay-caption").inner_text() == "1 columns"
    for step in range(1, 4):
        slider.press("ArrowRight")
        eventually(lambda step=step: columns_in_sight(files) == step + 1)
    assert "step 3" in files.inner_text()


def sound_and_table(files: Locator) -> None:
    choose(files, "tone.wav")
    player = files.locator("audio")
    player.wait_for()
    eventually(lambda: abs(player.evaluate("(audio) => audio.duration") - 1) < 0.01)
    choose(files, "numbers.parquet")
    eventually(lambda: "first 100 of 120 rows" in files.inner_text())
    cells = files.locator(".inlay-preview td").all_inner_texts()
    assert (cells[0], cells[40], len(cells)) == ("0", "4", 100)


def models_and_pages(page: NotebookPage, files: Locator) -> None:
    choose(files, "regression")
    text = files.locator(".inlay-model").inner_text()
    assert "Loading it runs code from this file" in text
    assert '.load("regression")' in text
    choose(files, "escape.html")
    still = page.page.frame_locator(".inlay-page")
    eventually(lambda: still.locator("#p").inner_text() == "still")
    # The witness of the visit sees to it that no request leaves this machine, now and at the end.
    files.get_by_role("button", name="Run its scripts").click()
    inner = still.frame_locator("iframe")
    eventually(lambda: inner.locator("#p").inner_text() == "moved")
    page.page.wait_for_timeout(2600)
    assert page.page.evaluate("window.stolen === undefined")
    choose(files, "lines.html")
    eventually(lambda: "This figure is drawn by scripts" in files.inner_text())
    files.get_by_role("button", name="Run its scripts").click()
    drawn = page.page.frame_locator(".inlay-page").frame_locator("iframe").locator(".js-line")
    drawn.first.wait_for(timeout=20_000)


def histograms(card: Card) -> None:
    panel = card.open("Histograms")
    slider = panel.get_by_role("slider", name="Step of layer/weights")
    slider.wait_for()
    assert slider.get_attribute("aria-valuetext") == "step 11, 12 of 12"
    assert "5,000 values" in panel.inner_text()
    wide = panel.locator(".inlay-bars path").get_attribute("d")
    slider.press("Home")
    eventually(lambda: panel.locator(".inlay-bars path").get_attribute("d") != wide)
    assert panel.locator(".inlay-bars-place").get_attribute("aria-label").startswith("Values at step 0: from -")


def data(card: Card) -> None:
    panel = card.open("Data")
    eventually(lambda: panel.locator("tbody tr").count() == 2)
    text = panel.inner_text()
    assert "training · pandas · 500 × 2" in text
    assert "people.csv" in text
    age, city = panel.locator("tbody tr").all()
    assert age.locator(".inlay-spark").count() == 1
    assert "Paris" in city.inner_text()


def choose(files: Locator, name: str) -> None:
    files.locator(".inlay-file", has_text=name).click()


def columns_in_sight(files: Locator) -> int:
    image = files.locator(".inlay-preview-body img")
    return image.evaluate(_WHITE_COLUMNS) if image.count() == 1 else -1
