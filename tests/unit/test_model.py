"""Models: a format for each type, the same model back, and no code run that nobody asked for."""

from __future__ import annotations

import pickle
import sys
import threading

import joblib
import numpy as np
import pytest

from inlay.content.model import load_model, save_model
from inlay.errors import InlayError, UnsafeLoadError


class Estimator:
    """As of a library that follows scikit-learn."""

    def __init__(self, slope=2):
        self.slope = slope

    def fit(self, x, y):
        return self

    def predict(self, x):
        return self.slope * x


class Callable:
    def __call__(self, x):
        return x + 1


class Trap:
    """What a hostile pickle does."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('it ran')",))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def test_an_estimator_is_kept_by_joblib(folder):
    saved = save_model(Estimator(3), folder)
    assert saved.file == folder / "model.joblib"
    assert saved.metadata["format"] == "joblib"
    assert saved.metadata["class"].endswith("test_model.Estimator")
    assert saved.metadata["unsafe"] is True
    assert saved.metadata["versions"]["joblib"] == joblib.__version__
    assert load_model(saved.file, "joblib", trusted=True).predict(2) == 6


def test_the_library_of_a_model_says_its_version(folder):
    saved = save_model(np.zeros(2), folder)
    assert saved.metadata["versions"] == {"numpy": np.__version__, "joblib": joblib.__version__}


def test_arrays_are_kept_as_numbers_alone(folder):
    arrays = {"w": np.arange(6.0).reshape(2, 3).T, "b": np.array(1, np.int8), "e": np.zeros((0, 2), np.float16)}
    saved = save_model(arrays, folder)
    assert (saved.metadata["format"], saved.metadata["unsafe"]) == ("safetensors", False)
    back = load_model(saved.file, "safetensors")
    assert {key: (one.dtype, one.tolist()) for key, one in back.items()} == {
        key: (one.dtype, one.tolist()) for key, one in arrays.items()
    }


@pytest.mark.parametrize(
    ("model", "format_"),
    [
        (lambda x: x * 2, "cloudpickle"),
        (Callable(), "cloudpickle"),
        ({"a": 1}, "cloudpickle"),
        ({"a": np.array(["x"])}, "cloudpickle"),
        ({}, "cloudpickle"),
        ({1: np.zeros(2)}, "cloudpickle"),
        (np.zeros(3), "joblib"),
        ({"a": np.zeros(3)}, "safetensors"),
        (Estimator(), "joblib"),
    ],
)
def test_which_format(folder, model, format_):
    assert save_model(model, folder).metadata["format"] == format_


def test_a_function_of_a_notebook_comes_back(folder):
    factor = 3
    saved = save_model(lambda x: x * factor, folder)
    assert load_model(saved.file, "cloudpickle", trusted=True)(2) == 6


def test_the_format_asked_for(folder):
    for format_ in ("joblib", "cloudpickle"):
        saved = save_model({"w": np.zeros(2)}, folder, format_)
        assert saved.metadata["format"] == format_
        assert load_model(saved.file, format_, trusted=True)["w"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("model", "format_", "error", "says"),
    [
        (Estimator(), "onnx", ValueError, "one of safetensors, torch.*'onnx'"),
        (Estimator(), "safetensors", TypeError, "safetensors holds.*Estimator"),
        (Estimator(), "keras", TypeError, "Keras model.*Estimator"),
        (threading.Lock(), None, TypeError, "lock cannot be kept by cloudpickle"),
        (threading.Lock(), "joblib", TypeError, "lock cannot be kept by joblib"),
    ],
)
def test_what_cannot_be_kept(folder, model, format_, error, says):
    with pytest.raises(error, match=says):
        save_model(model, folder, format_)


def test_nothing_that_runs_code_is_read_unasked(folder):
    for format_, write in (("joblib", joblib.dump), ("cloudpickle", _pickled), ("keras", _pickled)):
        file = folder / format_
        write(Trap(), file)
        with pytest.raises(UnsafeLoadError, match="unpickle=True"):
            load_model(file, format_)
    with pytest.raises(InlayError, match=r"no way to load a model of format 'os\.system'"):
        load_model(file, "os.system", trusted=True)


def _pickled(value, file):
    file.write_bytes(pickle.dumps(value))


def test_what_is_missing_is_named(folder, monkeypatch):
    for name in ("cloudpickle", "joblib", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InlayError, match=r"needs cloudpickle: pip install 'inlay\[models\]'"):
        save_model(Callable(), folder)
    with pytest.raises(InlayError, match="needs joblib"):
        save_model(Estimator(), folder)
    with pytest.raises(InlayError, match="needs safetensors"):
        save_model({"a": np.zeros(2)}, folder, "safetensors")


def test_torch(folder):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    module.add_module("tied", torch.nn.Linear(3, 2))
    module.tied.weight = module[0].weight
    state = module.state_dict()
    saved = save_model(module, folder)
    assert (saved.metadata["format"], saved.metadata["unsafe"]) == ("safetensors", False)
    assert saved.metadata["class"] == "torch.nn.modules.container.Sequential"
    assert saved.metadata["versions"]["torch"] == str(torch.__version__)
    back = load_model(saved.file, "safetensors")
    assert all(torch.equal(back[key], state[key]) for key in state)
    module.load_state_dict(back)
    assert isinstance(load_model(saved.file, "safetensors", as_="numpy")["0.weight"], np.ndarray)
    views = {"a": torch.arange(6.0).reshape(2, 3).t(), "b": torch.zeros(100)[:2].to(torch.bfloat16)}
    assert torch.equal(load_model(save_model(views, folder).file, "safetensors")["a"], views["a"])

    whole = save_model(module, folder, "torch")
    assert (whole.metadata["format"], whole.metadata["unsafe"]) == ("torch", True)
    with pytest.raises(UnsafeLoadError, match="more than weights"):
        load_model(whole.file, "torch")
    assert torch.equal(load_model(whole.file, "torch", trusted=True).state_dict()["0.weight"], state["0.weight"])

    mixed = save_model({"w": torch.zeros(2), "epoch": 3}, folder)
    assert mixed.metadata["format"] == "torch"
    assert load_model(mixed.file, "torch")["epoch"] == 3


def test_torch_weights_without_safetensors(folder, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("inlay.content.model._is_there", lambda name: name != "safetensors")
    saved = save_model(torch.nn.Linear(2, 2), folder)
    assert (saved.metadata["format"], saved.metadata["unsafe"], saved.metadata["weights"]) == ("torch", False, True)
    assert set(load_model(saved.file, "torch", weights=True)) == {"weight", "bias"}
