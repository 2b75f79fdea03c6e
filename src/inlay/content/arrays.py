"""Arrays and tensors of every library as NumPy arrays, told by what they can do: no library is imported for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inlay.content.kept import called

if TYPE_CHECKING:
    from numpy.typing import NDArray


def as_array(value: Any, what: str) -> NDArray[Any]:
    """The value as a NumPy array of numbers or bools, of any shape, copied only where it has to be.

    Takes NumPy arrays, lists of numbers, tensors of torch (on any device, with a gradient, bfloat16), TensorFlow and
    JAX, and whatever speaks `__array__` or DLPack. Raises `TypeError` beginning with `what` for anything else.
    """
    import numpy as np

    try:
        array = np.asarray(_on_the_host(value))
    except Exception as error:  # whatever the other library says, say for what
        msg = f"{what}; got {called(value)}, which is no array ({error})"
        raise TypeError(msg) from error
    if array.dtype.kind == "V" and array.dtype.itemsize <= 2:  # bfloat16 and float8 of ml_dtypes, which JAX uses
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        msg = f"{what}; got {called(value)} of dtype {array.dtype}"
        raise TypeError(msg)
    return array


def is_tensor(value: object) -> bool:
    """Whether it is an array or tensor of some library: it has a shape and a dtype."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _on_the_host(value: Any) -> Any:
    """A tensor out of its device and its gradients; other values as they are."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # torch
        value = value.detach().cpu()
        if str(value.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):
            value = value.float()
        return value.resolve_conj().resolve_neg().numpy() if hasattr(value, "resolve_neg") else value.numpy()
    if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
        return value
    import numpy as np

    return np.from_dlpack(value)
