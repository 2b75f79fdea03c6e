"""Pictures: from Pillow, from arrays and tensors, from files, into the bytes of a PNG, JPEG or WebP, and back.

An array is HWC, CHW, HW or HW1 and has 1, 2 (grey and alpha), 3 or 4 channels. Its numbers are taken as they are
everywhere: 0 to 255 for whole numbers, 0 to 1 for floats that all lie there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.content.arrays import as_array
from inlay.content.kept import Kept, called, suffix_of, with_suffix
from inlay.errors import InlayError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"),
    (b"II*\0", ".tif"), (b"MM\0*", ".tif"),
)  # fmt: skip
_TAKES = (
    "log_image takes a Pillow image, an array of shape (height, width), (height, width, channels) or "
    "(channels, height, width), a file, or the bytes of one"
)


def kept_image(image: Any, path: str, options: dict[str, Any]) -> Kept:
    """The picture under its path, `.png` when that has no suffix; `options` go to Pillow's `save`.

    Files and bytes that are in the format of the suffix already are kept as they are. Raises `TypeError` and
    `ValueError` naming what cannot be a picture, `FileNotFoundError`, and `InlayError` when Pillow is missing.
    """
    if isinstance(image, (str, os.PathLike)):
        source = Path(image).expanduser()
        if not source.is_file():
            msg = f"there is no file {str(source)!r} to log as an image"
            raise FileNotFoundError(msg)
        image = source.read_bytes() if source.suffix.lower() != ".svg" else source
        if isinstance(image, Path):  # drawn by browsers, and by nothing of ours
            return Kept(_checked(with_suffix(path, ".svg"), (".svg",)), image.read_bytes(), "image/svg+xml")
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(image), path, options)
    path = _checked(with_suffix(path, ".png"), _FORMATS)
    return _written(_picture(image), path, options)


def read_image(data: bytes) -> Image:
    """The Pillow image of these bytes, loaded. Raises `InlayError` when Pillow is missing."""
    need_pillow()
    from PIL import Image as pillow  # noqa: N813 - a module

    picture = pillow.open(io.BytesIO(data))
    picture.load()
    return picture


def need_pillow() -> None:
    """Raises `InlayError` saying how to get Pillow, when it is not installed."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise InlayError("images need Pillow: pip install 'inlay[images]'") from error


def pixels(image: Any) -> NDArray[Any]:
    """The array as (height, width) or (height, width, 2 to 4) of uint8, or (height, width) of uint16.

    Floats that all lie within 0 to 1 are multiplied by 255, all others and whole numbers are cut to 0 to 255; NaN is
    0. Bools are black and white. uint16 stays when it is grey, and keeps its upper byte in colour. Where the first
    and the last side could both be the channels (3, 3, 3), it is the last.
    """
    import numpy as np

    array = _upright(as_array(image, _TAKES))
    kind = array.dtype.kind
    if kind == "b":
        lit: NDArray[np.uint8] = array.astype(np.uint8) * np.uint8(255)
        return lit
    if kind == "f":
        return _scaled(array)
    if array.dtype == np.uint16:
        return array if array.ndim == 2 else (array // 257).astype(np.uint8)
    cut: NDArray[np.uint8] = np.clip(array, 0, 255).astype(np.uint8)
    return cut


def _upright(array: NDArray[Any]) -> NDArray[Any]:
    shape = array.shape
    if array.ndim == 4:
        msg = f"log_image takes one image; got a batch of shape {shape}. Log each, or put them into one grid first."
        raise ValueError(msg)
    if array.ndim not in (2, 3):
        msg = f"{_TAKES}; got an array of shape {shape}"
        raise ValueError(msg)
    if 0 in shape:
        msg = f"an image has at least one pixel; got an array of shape {shape}"
        raise ValueError(msg)
    if array.ndim == 2:
        return array
    if shape[2] not in CHANNELS:
        if shape[0] not in CHANNELS:
            msg = f"an image has 1, 2, 3 or 4 channels, first or last; got an array of shape {shape}"
            raise ValueError(msg)
        array = array.transpose(1, 2, 0)
    return array[:, :, 0] if array.shape[2] == 1 else array


def _scaled(array: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np

    numbers = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    finite = numbers[np.isfinite(numbers)]
    within = not finite.size or (finite.min() >= 0 and finite.max() <= 1)
    numbers = np.clip(numbers, 0, 1) * 255 if within else np.clip(numbers, 0, 255)
    return np.rint(numbers).astype(np.uint8)


def _picture(image: Any) -> Image:
    need_pillow()
    from PIL import Image as pillow  # noqa: N813 - a module

    if isinstance(image, pillow.Image):
        if 0 in image.size:
            msg = f"an image has at least one pixel; got one of {image.width} by {image.height}"
            raise ValueError(msg)
        return image
    if hasattr(image, "savefig"):
        msg = f"log_image takes pictures; {called(image)} is a figure: use log_figure"
        raise TypeError(msg)
    import numpy as np

    return pillow.fromarray(np.ascontiguousarray(pixels(image)))


def _from_bytes(data: bytes, path: str, options: dict[str, Any]) -> Kept:
    found = _format_of(data)
    if found is None:
        msg = f"these {len(data):,} bytes are no picture that is known: PNG, JPEG, WebP, GIF, BMP or TIFF"
        raise ValueError(msg)
    path = _checked(with_suffix(path, found), _FORMATS)
    if _FORMATS[suffix_of(path)] == _FORMATS[found] and not options:
        return Kept(path, data, metadata=_size_of(data))
    return _written(read_image(data), path, options)


def _written(picture: Image, path: str, options: dict[str, Any]) -> Kept:
    wanted = _FORMATS[suffix_of(path)]
    buffer = io.BytesIO()
    _fitting(picture, wanted).save(buffer, **{"format": wanted, **options})
    size = {"width": picture.width, "height": picture.height, "mode": picture.mode}
    return Kept(path, buffer.getvalue(), metadata=size)


_HOLDS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("1", "L", "RGB", "CMYK"),
    "WEBP": ("L", "LA", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"),
}
"""The modes that each format can hold."""


def _fitting(picture: Image, wanted: str) -> Image:
    """The picture in a mode that its format can hold: JPEG has neither alpha nor 16 bits nor a palette."""
    mode, holds = picture.mode, _HOLDS[wanted]
    if mode in holds:
        return picture
    if mode.startswith(("I", "F")):
        return _whole(picture, "I;16" in holds)
    if mode in ("LA", "La"):
        grey = picture if mode == "LA" else picture.convert("LA")
        return grey if "LA" in holds else grey.convert("RGBA" if "RGBA" in holds else "L")
    alpha = mode in ("RGBa", "RGBA", "PA") and "RGBA" in holds
    return picture.convert("RGBA" if alpha else "RGB")


def _whole(picture: Image, sixteen: bool) -> Image:  # noqa: FBT001 - one of two
    """A grey picture of 16 or 32 bits, or of floats, with 8, or with 16 where it has them and may."""
    import numpy as np
    from PIL import Image as pillow  # noqa: N813 - a module

    array = np.asarray(picture)
    deep = array.dtype.kind in "iu" and (picture.mode.startswith("I;16") or array.max() > 255)
    if not deep:
        return pillow.fromarray(pixels(array))
    clipped = np.clip(array, 0, 65_535).astype(np.uint16)
    return pillow.fromarray(clipped if sixteen else (clipped // 257).astype(np.uint8))


def _format_of(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for beginning, suffix in _BEGINNINGS if data.startswith(beginning)), None)


def _size_of(data: bytes) -> dict[str, Any]:
    """Width and height, where Pillow is there to tell. Raises `ValueError` for a picture that is cut off."""
    try:
        picture = read_image(data)
    except InlayError:
        return {}
    except Exception as error:  # Pillow has many ways to say so
        msg = f"these {len(data):,} bytes begin like a picture, but are none that can be read: {error}"
        raise ValueError(msg) from error
    return {"width": picture.width, "height": picture.height, "mode": picture.mode}


def _checked(path: str, known: Any) -> str:
    if suffix_of(path) not in known:
        msg = f"the path of an image ends in {', '.join(known)}; got {path!r}"
        raise ValueError(msg)
    return path
