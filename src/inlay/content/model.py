"""Models as one file: which format suits which, and how each is read again.

Weights are kept as safetensors, which holds numbers and nothing else. Joblib, cloudpickle and whole modules of torch
are pickles: reading one runs code that is inside it. Who reads says so (`trusted`), for here nobody knows where a file
came from.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from inlay.content.kept import called, from_library
from inlay.errors import InlayError, UnsafeLoadError

if TYPE_CHECKING:
    from collections.abc import Callable

Format: TypeAlias = Literal["safetensors", "torch", "joblib", "cloudpickle", "keras"]

FILES: dict[str, str] = {
    "safetensors": "model.safetensors", "torch": "model.pt", "joblib": "model.joblib",
    "cloudpickle": "model.pkl", "keras": "model.keras",
}  # fmt: skip
_INSTALL = "pip install 'inlay[models]'"


@dataclass(frozen=True, slots=True)
class SavedModel:
    """The file of a model, and what is said of it: format, class, whether reading it runs code, versions."""

    file: Path
    metadata: dict[str, Any]


def save_model(model: Any, folder: Path, format_: str | None = None) -> SavedModel:
    """Write the model into the folder, in the format asked for or the one that suits its type.

    The weights of a torch module or a state dict, and dicts of arrays: safetensors. What has `fit` (scikit-learn,
    XGBoost, LightGBM) and NumPy arrays: joblib. Keras: its own file. Everything else: cloudpickle.

    Raises `ValueError` for an unknown format, `TypeError` for what the format cannot hold, `InlayError` naming what is
    not installed.
    """
    if format_ is not None and format_ not in FILES:
        msg = f"a model is kept as one of {', '.join(FILES)}; got format={format_!r}"
        raise ValueError(msg)
    chosen = format_ or _suiting(model)
    file = folder / FILES[chosen]
    weights = _SAVERS[chosen](model, file, format_)
    versions = {name: version for name in _libraries(model, chosen) if (version := _version(name))}
    metadata = {
        "format": chosen,
        "class": called(model),
        "unsafe": not weights,
        "weights": weights,
        "python": ".".join(map(str, sys.version_info[:3])),
        "versions": versions,
    }
    return SavedModel(file, metadata)


def load_model(
    file: Path, format_: str, *, weights: bool = False, trusted: bool = False, as_: str | None = None
) -> Any:
    """The model in a file. `weights` says that it holds weights alone.

    Without `trusted` nothing is read that could run code: raises `UnsafeLoadError`. `as_` is "numpy" or "torch" for
    safetensors. Raises `InlayError` naming what is not installed.
    """
    if format_ == "safetensors":
        return _read_safetensors(file, as_)
    if format_ == "torch" and (weights or not trusted):
        return _read_weights(file)
    if format_ not in FILES:
        msg = f"there is no way to load a model of format {format_!r}; take its file with run.download"
        raise InlayError(msg)
    if not trusted:
        msg = (
            f"a model in the format {format_} can run any code when it is loaded. If you trust whoever wrote it, "
            "load it with unpickle=True"
        )
        raise UnsafeLoadError(msg)
    if format_ == "torch":
        return _need("torch", "pip install torch").load(file, map_location="cpu", weights_only=False)
    if format_ == "keras":
        return _need("keras", "pip install keras").models.load_model(_named(file, ".keras"))
    if format_ == "joblib":
        return _need("joblib", _INSTALL).load(file)
    with file.open("rb") as opened:
        return _need("cloudpickle", _INSTALL).load(opened)


# -- which format ---------------------------------------------------------------------------------------------


def _suiting(model: Any) -> str:
    if from_library(model, "keras", "tensorflow", "tf_keras") and callable(getattr(model, "save", None)):
        return "keras"
    if _state_dict(model) is not None:
        return "safetensors" if _only_tensors(_state_dict(model)) and _is_there("safetensors") else "torch"
    if _arrays(model) is not None and _is_there("safetensors"):
        return "safetensors"
    if from_library(model, "sklearn", "xgboost", "lightgbm", "catboost", "numpy") or callable(
        getattr(model, "fit", None)
    ):
        return "joblib"
    return "cloudpickle"


def _state_dict(model: Any) -> Mapping[str, Any] | None:
    """The state dict of a torch module, or the model itself where it is one."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if isinstance(model, torch.nn.Module):
        state: Mapping[str, Any] = model.state_dict()
        return state
    if isinstance(model, Mapping) and model and any(isinstance(value, torch.Tensor) for value in model.values()):
        return model if all(isinstance(key, str) for key in model) else None
    return None


def _only_tensors(state: Mapping[str, Any] | None) -> bool:
    torch = sys.modules["torch"]
    return bool(state) and all(isinstance(value, torch.Tensor) for value in (state or {}).values())


def _arrays(model: Any) -> dict[str, Any] | None:
    """A dict of names and numeric arrays as NumPy has them; None for anything else."""
    if not isinstance(model, Mapping) or not model:
        return None
    arrays = {}
    for key, value in model.items():
        if not isinstance(key, str) or not hasattr(value, "shape") or not hasattr(value, "dtype"):
            return None
        import numpy as np

        array = np.ascontiguousarray(value)
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            return None
        arrays[key] = array.reshape(value.shape)
    return arrays


# -- writing: each says whether the file holds weights alone ----------------------------------------------------


def _save_safetensors(model: Any, file: Path, _: str | None) -> bool:
    state = _state_dict(model)
    if state is not None and _only_tensors(state):
        _need("safetensors", _INSTALL)
        from safetensors.torch import save_file

        save_file(_apart(state), file, metadata={"format": "pt"})
        return True
    arrays = _arrays(model)
    if arrays is None:
        msg = f"safetensors holds a torch module, or a dict of names and arrays; got {called(model)}"
        raise TypeError(msg)
    _need("safetensors", _INSTALL)
    from safetensors.numpy import save_file as save_arrays

    save_arrays(arrays, file, metadata={"format": "np"})
    return True


def _apart(state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors, contiguous, each with memory of its own: tied weights are written twice, no key is missing."""
    apart, seen = {}, set()
    for key, tensor in state.items():
        own = tensor.detach().contiguous()
        place = (str(own.device), own.untyped_storage().data_ptr())
        apart[key] = own.clone() if place in seen or own.untyped_storage().nbytes() > own.nbytes else own
        seen.add(place)
    return apart


def _save_torch(model: Any, file: Path, asked: str | None) -> bool:
    """The whole object when this format was asked for; the state dict when safetensors cannot hold it."""
    torch = _need("torch", "pip install torch")
    state = _state_dict(model)
    whole = state is None or (asked is not None and state is not model)
    torch.save(model if whole else dict(state or {}), file)
    return not whole and _only_tensors(state)


def _save_joblib(model: Any, file: Path, _: str | None) -> bool:
    joblib = _need("joblib", _INSTALL)
    try:
        joblib.dump(model, file, compress=3)
    except Exception as error:  # pickle has many ways to refuse
        raise TypeError(_refused(model, "joblib", error)) from error
    return False


def _save_cloudpickle(model: Any, file: Path, _: str | None) -> bool:
    cloudpickle = _need("cloudpickle", _INSTALL)
    try:
        with file.open("wb") as opened:
            cloudpickle.dump(model, opened)
    except OSError:
        raise
    except Exception as error:
        raise TypeError(_refused(model, "cloudpickle", error)) from error
    return False


def _save_keras(model: Any, file: Path, _: str | None) -> bool:
    if not callable(getattr(model, "save", None)):
        msg = f"format='keras' takes a Keras model; got {called(model)}"
        raise TypeError(msg)
    model.save(str(file))
    return False


def _refused(model: Any, format_: str, error: Exception) -> str:
    return f"{called(model)} cannot be kept by {format_}: {error}. Log what it is made of, or choose another format="


_SAVERS: dict[str, Callable[[Any, Path, str | None], bool]] = {
    "safetensors": _save_safetensors,
    "torch": _save_torch,
    "joblib": _save_joblib,
    "cloudpickle": _save_cloudpickle,
    "keras": _save_keras,
}


# -- reading --------------------------------------------------------------------------------------------------


def _read_safetensors(file: Path, as_: str | None) -> dict[str, Any]:
    """Tensors of torch when they were that and torch is installed; NumPy arrays otherwise."""
    safetensors = _need("safetensors", _INSTALL)
    with safetensors.safe_open(file, framework="numpy") as opened:
        of_torch = (opened.metadata() or {}).get("format") == "pt"
    if as_ == "torch" or (as_ is None and of_torch and _is_there("torch")):
        _need("torch", "pip install torch")
        from safetensors.torch import load_file

        tensors: dict[str, Any] = load_file(file)
        return tensors
    from safetensors.numpy import load_file as load_arrays

    arrays: dict[str, Any] = load_arrays(file)
    return arrays


def _read_weights(file: Path) -> Any:
    torch = _need("torch", "pip install torch")
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        msg = (
            "this torch file holds more than weights and can run any code when it is loaded. If you trust whoever "
            "wrote it, load it with unpickle=True"
        )
        raise UnsafeLoadError(msg) from error


def _named(file: Path, suffix: str) -> Path:
    """A name with this suffix for a file of the store, which has none; Keras asks for it."""
    import tempfile

    link = Path(tempfile.mkdtemp(prefix="inlay-")) / f"model{suffix}"
    try:
        link.symlink_to(file)
    except OSError:
        import shutil

        shutil.copyfile(file, link)
    return link


# -- libraries ------------------------------------------------------------------------------------------------


def _need(name: str, remedy: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        msg = f"this model needs {name}: {remedy}"
        raise InlayError(msg) from error


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _libraries(model: Any, format_: str) -> list[str]:
    root = (type(model).__module__ or "").partition(".")[0]
    own = [] if root in ("builtins", "__main__", "") else [root]
    return [*own, "safetensors" if format_ == "safetensors" else format_]


def _version(name: str) -> str | None:
    version = getattr(sys.modules.get(name), "__version__", None)
    return None if version is None else str(version)
