"""Every kind of value logged to a run and loaded from it again; and what is not loaded unasked."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import joblib
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import inlay
from inlay.errors import InlayError, UnsafeLoadError
from inlay.store import artifacts as blobs
from inlay.tracking import loading
from inlay.tracking.artifacts import log_bytes

mpl.use("agg")
PICTURE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
SOUND = np.arange(8, dtype=np.int16)
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


class Estimator:
    def fit(self):
        return self


class Trap:
    """What a hostile pickle does."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('it ran')",))


def log_all(run, folder: Path):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(1, 1))
    run.log_text("é", "notes/report.md")
    run.log_dict({"a": [1, float("nan")]}, "config.json")
    run.log_dict({"a": [1, None]}, "config.yaml")
    run.log_figure(figure, "plots/figure")
    run.log_figure(figure, "curve.svg", step=0)
    plt.close(figure)
    run.log_image(PICTURE, "picture", caption="from Bearer abcdefghijklmnopqrstuvwxyz012345")
    run.log_image(Image.fromarray(PICTURE), "samples.png", step=3)
    run.log_image(PICTURE[:, :, 0], "samples.png", step=-2)
    run.log_audio(SOUND, "sound", 8000)
    run.log_html("<p>é", "page")
    run.log_table(FRAME, "table")
    run.log_table({"a": [3], "b": ["z"]}, "table")
    run.log_model(Estimator())
    run.log_model({"w": np.zeros(2)}, "deep/weights")
    run.log_model(lambda x: x + 1, "function")
    np.save(folder / "array.npy", SOUND)
    np.savez(folder / "arrays.npz", a=SOUND)
    FRAME.to_csv(folder / "rows.csv", index=False)
    FRAME.to_parquet(folder / "rows.parquet")
    joblib.dump(Estimator(), folder / "mine.joblib")
    (folder / "raw.bin").write_bytes(b"\0\1")
    run.log_artifacts(folder, "files")


@pytest.fixture
def logged(store, tmp_path):
    (tmp_path / "in").mkdir()
    with inlay.start_run() as run:
        log_all(run, tmp_path / "in")
    return inlay.get_run(run.run_id)


def test_every_kind_comes_back(logged):
    load = logged.load
    assert load("notes/report.md") == load("notes/report") == "é"
    assert load("config.json") == {"a": [1, "NaN"]}
    assert load("config.yaml") == {"a": [1, None]}
    assert load("plots/figure.png").size[0] > 10
    assert "<svg" in load("curve", step=0)
    assert np.array_equal(np.asarray(load("picture.png")), PICTURE)
    assert np.array_equal(load("picture", as_="numpy"), PICTURE)
    series = load("samples", as_="numpy")
    assert list(series) == [-2, 3]
    assert np.array_equal(series[3], PICTURE)
    assert np.array_equal(load("samples", step=-2, as_="numpy"), PICTURE[:, :, 0])
    assert np.array_equal(load("samples/00000003.png", as_="numpy"), PICTURE)
    rate, samples = load("sound")
    assert (rate, samples.tolist()) == (8000, SOUND.tolist())
    assert load("page") == load("page.html") == "<p>é"
    assert load("table").to_dict("list") == {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    assert isinstance(load("model"), Estimator)
    assert load("deep/weights")["w"].tolist() == [0, 0]
    assert load("deep/weights/model.safetensors", as_="numpy")["w"].tolist() == [0, 0]
    assert load("function")(1) == 2
    assert load("files/array").tolist() == load("files/arrays")["a"].tolist() == SOUND.tolist()
    assert load("files/rows.csv").splitlines() == ["a,b", "1,x", "2,y"]
    pd.testing.assert_frame_equal(load("files/rows.parquet"), FRAME)
    assert isinstance(load("files/mine.joblib"), Estimator)
    assert load("files/raw.bin") == b"\0\1"

    kinds = {one.path: (one.kind, one.mime, one.key, one.step) for one in logged.artifacts if "/" not in one.path}
    assert kinds == {
        "config.json": ("json", "application/json", None, None),
        "config.yaml": ("json", kinds["config.yaml"][1], None, None),
        "page.html": ("html", "text/html", None, None),
        "picture.png": ("image", "image/png", None, None),
        "sound.wav": ("audio", "audio/wav", None, None),
    }
    assert {one.path: (one.kind, one.step) for one in logged.artifacts if one.key in ("samples", "curve")} == {
        "curve/00000000.svg": ("figure", 0),
        "samples/-0000002.png": ("image", -2),
        "samples/00000003.png": ("image", 3),
    }
    picture = logged.artifacts["picture.png"].metadata
    assert (picture["width"], picture["height"]) == (5, 4)
    assert "abcdefgh" not in picture["caption"]
    for name, says in (("tabel", "'table.parquet'"), ("rows", "no 'rows'"), ("", "no ''")):
        with pytest.raises(KeyError, match=says):
            load(name)
    with pytest.raises(KeyError, match=r"no step 7; it has 2, from -2 to 3"):
        load("samples", step=7)
    with pytest.raises(ValueError, match="as_ is one of numpy; got 'polars'"):
        load("picture", as_="polars")
    with pytest.raises(ValueError, match="left out"):
        load("config.json", as_="pandas")
    with pytest.raises(TypeError, match="load takes the name"):
        load(3)


@pytest.mark.parametrize("metadata", [None, {"format": "mlflow", "unsafe": True}], ids=["artifacts", "logged model"])
def test_a_model_of_mlflow_is_left_to_mlflow(store, metadata):
    kind = "file" if metadata is None else "model"
    with inlay.start_run() as run:
        for name, data in (("MLmodel", b"flavors: {}"), ("requirements.txt", b"numpy"), ("model.pkl", b"x")):
            key = None if metadata is None else "models/churn"
            log_bytes(run, data, f"models/churn/{name}", kind, key=key, metadata=metadata)
    says = r"mlflow\.pyfunc\.load_model\(run\.download\('models/churn'\)\)"
    with pytest.raises(UnsafeLoadError, match=says):
        run.load("models/churn", unpickle=True)
    assert run.load("models/churn/requirements.txt") == "numpy"
    assert run.load("models/churn/MLmodel") == b"flavors: {}"
    with pytest.raises(UnsafeLoadError, match=r"model\.pkl' is not loaded"):
        run.load("models/churn/model.pkl", unpickle=False)


def test_a_dict_without_a_suffix_is_json(store):
    with inlay.start_run() as run:
        run.log_dict({"a": 1}, "config")
    assert [one.path for one in run.artifacts] == ["config.json"]
    assert run.load("config") == {"a": 1}


def test_a_run_loads_what_it_has_just_logged(store):
    with inlay.start_run() as run:
        run.log_dict({"a": 1}, "a.json")
        run.log_model({"w": np.zeros(2)})
        run.log_model(Estimator())
        assert run.load("a") == {"a": 1}
        assert isinstance(run.load("model"), Estimator)
        assert [one.path for one in run.artifacts] == ["a.json", "model/model.joblib"]


def test_secrets_in_a_dict_are_masked(store):
    with inlay.start_run() as run:
        run.log_dict({"password": "hunter2", "deep": [{"api_key": "x"}], "tokens": 5}, "a.json")
    assert "hunter2" not in str(run.load("a"))
    assert run.load("a")["tokens"] == 5


# -- what is not loaded -------------------------------------------------------------------------------------


def test_nothing_is_unpickled_that_came_from_elsewhere(store, logged, monkeypatch, tmp_path):
    unsafe = ("model", "function", "files/mine.joblib")
    for name in unsafe:
        with pytest.raises(UnsafeLoadError, match=r"unpickle=False was said.*unpickle=True"):
            logged.load(name, unpickle=False)
    with store.open() as con:
        con.execute("INSERT INTO imports (run_id, kind) VALUES (?, 'mlflow')", [logged.run_id])
    for name in unsafe:
        with pytest.raises(UnsafeLoadError, match="the run was imported"):
            logged.load(name)
    assert logged.load("deep/weights")["w"].tolist() == [0, 0]
    assert isinstance(logged.load("model", unpickle=True), Estimator)
    with store.open() as con:
        con.execute("DELETE FROM imports")
    assert isinstance(logged.load("model"), Estimator)
    for of_another in (Path.is_dir, Path.is_file):  # the store, and one file in a store that several write to
        monkeypatch.setattr(loading, "_another_users", of_another)
        with pytest.raises(UnsafeLoadError, match="another user's"):
            logged.load("model")


def test_a_file_that_lies_about_its_format_is_not_run(store, tmp_path):
    for suffix in (".pkl", ".joblib", ".pt", ".safetensors", ".npy", ".npz", ".parquet", ".png", ".json", ".wav"):
        (tmp_path / f"trap{suffix}").write_bytes(pickle.dumps(Trap()))
    with inlay.start_run() as run:
        for file in tmp_path.glob("trap*"):
            run.log_artifact(file)
    for one in run.artifacts:
        with warnings.catch_warnings(), pytest.raises(Exception) as raised:  # noqa: PT012 - whatever is wrong with it
            warnings.simplefilter("ignore")
            run.load(one.path, unpickle=False)
        assert raised.type is not SystemExit


def test_damaged_and_lost_bytes_are_not_read(store, logged):
    for name in ("model", "table", "picture", "config.json"):
        for one in logged.artifacts:
            if name in (one.key, one.path.partition(".")[0], one.path, (one.key or "").partition(".")[0]):
                file = blobs.path_of(store.artifacts, one.hash)
                file.chmod(0o600)
                file.write_bytes(b"x" * one.bytes)
        with pytest.raises(InlayError, match="not those that were logged"):
            logged.load(name)
    file.unlink()
    with pytest.raises(InlayError, match="are not in the store"):
        logged.load("config.json")


# -- what is not logged -------------------------------------------------------------------------------------

CALLS = {
    "log_figure": lambda run, path: run.log_figure(type("F", (), {"savefig": lambda *_, **__: None})(), path),
    "log_image": lambda run, path: run.log_image(PICTURE, path),
    "log_audio": lambda run, path: run.log_audio(SOUND, path, 8000),
    "log_html": lambda run, path: run.log_html("", path),
    "log_table": lambda run, path: run.log_table(FRAME, path),
    "log_model": lambda run, path: run.log_model({"a": 1}, path),
    "log_text": lambda run, path: run.log_text("", path),
    "log_dict": lambda run, path: run.log_dict({}, path),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_paths_that_lead_out_of_the_run_and_runs_that_have_ended(store, call):
    with inlay.start_run() as run:
        for path in ("../a", "/a", "a/../../b", "", "C:/a", "a\0"):
            with pytest.raises(ValueError, match="stays inside the run"):
                call(run, path)
        with pytest.raises(TypeError, match="path is a string"):
            call(run, 3)
        assert list(run.artifacts) == []
    with pytest.raises(InlayError):
        call(run, "a")
    with pytest.raises(InlayError, match="read from the store"):
        call(inlay.get_run(run.run_id), "a")


def test_bad_steps_and_captions(store):
    with inlay.start_run() as run:
        for bad in (1.5, "1", [1]):
            with pytest.raises(TypeError, match="whole number"):
                run.log_image(PICTURE, "a", step=bad)
        with pytest.raises(TypeError, match="a caption is a text"):
            run.log_image(PICTURE, "a", caption=3)
        run.log_image(PICTURE, "a", step=np.int64(4))
    assert [one.path for one in run.artifacts] == ["a/00000004.png"]


def test_a_disk_that_refuses_costs_a_warning(store, monkeypatch):
    with inlay.start_run() as run:
        monkeypatch.setattr(
            "tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        with pytest.warns(RuntimeWarning, match="could not keep the model 'model': No space left"):
            run.log_model(Estimator())
        run.log({"a": 1.0})
    assert list(run.artifacts) == []
