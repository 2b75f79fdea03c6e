"""Pictures: what an array of any library, a file, and bytes become, and which shapes are none."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from inlay.content.image import kept_image, pixels, read_image
from inlay.errors import InlayError


def png(mode="RGB", size=(4, 3)):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG")
    return buffer.getvalue()


class Tensor:
    """As torch's on a device with a gradient: NumPy alone cannot have it."""

    dtype = "torch.float32"

    def __init__(self, array):
        self.array, self.shape, self.freed = array, array.shape, False

    def detach(self):
        self.freed = True
        return self

    def cpu(self):
        return self

    def numpy(self):
        assert self.freed
        return self.array

    def __array__(self, *_):
        raise TypeError("can't convert cuda tensor to numpy")


class Exchanged:
    """As a library's that speaks DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize(
    ("shape", "mode", "size"),
    [
        ((3, 4), "L", (4, 3)),
        ((3, 4, 1), "L", (4, 3)),
        ((1, 5, 6), "L", (6, 5)),
        ((1, 5, 4), "RGBA", (5, 1)),
        ((3, 4, 2), "LA", (4, 3)),
        ((2, 5, 6), "LA", (6, 5)),
        ((3, 4, 3), "RGB", (4, 3)),
        ((3, 5, 6), "RGB", (6, 5)),
        ((6, 5, 4), "RGBA", (5, 6)),
        ((4, 5, 6), "RGBA", (6, 5)),
        ((3, 3, 3), "RGB", (3, 3)),
        ((4, 4, 1), "L", (4, 4)),
        ((1, 1), "L", (1, 1)),
    ],
)
def test_shapes(shape, mode, size):
    kept = kept_image(np.zeros(shape, np.uint8), "a.png", {})
    picture = read_image(kept.data)
    assert (picture.mode, picture.size) == (mode, size)
    assert kept.metadata == {"width": size[0], "height": size[1], "mode": mode}


def test_where_both_sides_could_be_channels_they_are_last():
    array = np.zeros((3, 3, 3), np.uint8)
    array[:, :, 0] = 255
    assert read_image(kept_image(array, "a", {}).data).getpixel((1, 2)) == (255, 0, 0)
    first = np.zeros((3, 2, 5), np.uint8)
    first[2, 1, 4] = 7
    assert read_image(kept_image(first, "a", {}).data).getpixel((4, 1)) == (0, 0, 7)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [[0, 128, 255]]),
        (np.array([[0.0, 2.0, 300.0]]), [[0, 2, 255]]),
        (np.array([[-1.0, 0.5]]), [[0, 0]]),
        (np.array([[np.nan, 1.0]]), [[0, 255]]),
        (np.array([[np.nan, 9.6]]), [[0, 10]]),
        (np.array([[np.inf, -np.inf, 0.5]]), [[255, 0, 128]]),
        (np.array([[np.nan]]), [[0]]),
        (np.array([[0.0, 1.0]], np.float16), [[0, 255]]),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[-5, 7, 300]]), [[0, 7, 255]]),
        (np.array([[0, 1]], np.int8), [[0, 1]]),
        (np.array([[7, 300]], np.uint16), [[7, 300]]),
        (np.array([[2**40]], np.uint64), [[255]]),
        ([[0, 9]], [[0, 9]]),
        (Tensor(np.array([[0.0, 1.0]])), [[0, 255]]),
        (Exchanged(np.array([[0.0, 1.0]])), [[0, 255]]),
    ],
)
def test_numbers(array, expected):
    found = pixels(array)
    assert found.tolist() == expected
    assert found.dtype in (np.uint8, np.uint16)


def test_sixteen_bits_stay_when_grey_and_become_eight_in_colour():
    grey = np.array([[0, 65_535, 300]], np.uint16)
    assert np.asarray(read_image(kept_image(grey, "a.png", {}).data)).tolist() == grey.tolist()
    colour = np.full((1, 1, 3), 65_535, np.uint16)
    assert read_image(kept_image(colour, "a.png", {}).data).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("image", "error", "says"),
    [
        (np.zeros((2, 4, 4, 3)), ValueError, r"a batch of shape \(2, 4, 4, 3\)\. Log each"),
        (np.zeros((5, 5, 5)), ValueError, r"1, 2, 3 or 4 channels.*\(5, 5, 5\)"),
        (np.zeros((0, 4)), ValueError, r"at least one pixel.*\(0, 4\)"),
        (np.zeros((4, 0, 3)), ValueError, "at least one pixel"),
        (np.zeros(4), ValueError, r"\(4,\)"),
        (np.zeros(()), ValueError, r"\(\)"),
        (np.zeros((1, 2, 3, 4, 5)), ValueError, r"\(1, 2, 3, 4, 5\)"),
        (np.zeros((2, 2), complex), TypeError, "complex128"),
        (np.array([["a"]]), TypeError, "dtype <U1"),
        (None, TypeError, "NoneType"),
        (object(), TypeError, "log_image takes.*got object"),
        ([[1], [1, 2]], TypeError, "got list"),
        (Image.new("L", (0, 4)), ValueError, "at least one pixel; got one of 0 by 4"),
        (b"", ValueError, "0 bytes are no picture"),
        (b"GIF? no", ValueError, "no picture that is known"),
        (png()[:40], ValueError, "begin like a picture"),
        ("nowhere.png", FileNotFoundError, r"no file 'nowhere\.png'"),
    ],
)
def test_what_is_no_picture(image, error, says):
    with pytest.raises(error, match=says):
        kept_image(image, "a.png", {})


def test_a_figure_is_told_where_to_go():
    figure = type("Figure", (), {"savefig": lambda self: None})()
    with pytest.raises(TypeError, match="use log_figure"):
        kept_image(figure, "a.png", {})


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"],
)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif"])
def test_every_mode_of_pillow_finds_a_form_in_every_format(mode, suffix):
    kept = kept_image(Image.new(mode, (3, 2)), f"a{suffix}", {})
    assert read_image(kept.data).size == (3, 2)
    assert kept.path == f"a{suffix}"


def test_files_and_bytes_are_kept_as_they_are_and_made_into_another_format_where_the_path_says_so(tmp_path):
    data = png()
    file = tmp_path / "in.png"
    file.write_bytes(data)
    assert kept_image(file, "a.png", {}).data == kept_image(str(file), "a", {}).data == data
    assert kept_image(data, "a", {}).path == "a.png"
    assert kept_image(bytearray(data), "a.jpg", {}).data[:3] == b"\xff\xd8\xff"
    assert kept_image(data, "a.webp", {"quality": 10}).data[8:12] == b"WEBP"
    drawing = tmp_path / "a.svg"
    drawing.write_text("<svg/>")
    assert (kept_image(drawing, "d", {}).path, kept_image(drawing, "d", {}).mime) == ("d.svg", "image/svg+xml")


def test_options_go_to_pillow():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    small, large = (len(kept_image(noise, "a.jpg", {"quality": quality}).data) for quality in (5, 95))
    assert small < large / 3


def test_a_suffix_that_is_no_pictures():
    for path in ("a.txt", "a.parquet"):
        with pytest.raises(ValueError, match=r"ends in \.png.*got 'a\."):
            kept_image(np.zeros((2, 2)), path, {})


def test_a_picture_of_a_size_that_no_memory_holds_is_refused():
    """The header of a PNG may say anything."""
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    with pytest.raises(ValueError, match="begin like a picture"):
        kept_image(header, "a.png", {})


def test_without_pillow_it_says_what_to_install(monkeypatch):
    data = png()
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(InlayError, match=r"pip install 'inlay\[images\]'"):
        kept_image(np.zeros((2, 2)), "a.png", {})
    assert kept_image(data, "a.png", {}).metadata == {}


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    tensor = torch.rand(3, 4, 5, requires_grad=True)
    assert pixels(tensor).shape == (4, 5, 3)
    assert pixels(tensor.to(torch.bfloat16)).shape == (4, 5, 3)
    assert pixels(torch.tensor([[True, False]])).tolist() == [[255, 0]]
    with pytest.raises(ValueError, match="a batch"):
        pixels(torch.zeros(1, 3, 4, 5))
