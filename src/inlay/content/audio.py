"""Sound: arrays and tensors into WAV by the standard library, files as they are, and WAV back into an array."""

from __future__ import annotations

import io
import os
import wave
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.content.arrays import as_array, is_tensor
from inlay.content.kept import Kept, suffix_of, with_suffix
from inlay.errors import InlayError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANNELS = 8
"""The most channels of an array: a side that is not longer than this may be the channels."""
_TAKES = "log_audio takes an array of shape (n,), (n, channels) or (channels, n), a file, or the bytes of one"
_MIMES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg"}


def kept_audio(audio: Any, path: str, rate: Any = None) -> Kept:
    """The sound under its path; `.wav` is added to one without a suffix, or the suffix of the file.

    Floats are -1 to 1 and cut beyond; int16, int32 and uint8 are taken as they are. `rate` is in samples a second and
    needed for arrays. Raises `TypeError` and `ValueError` naming what is wrong, `FileNotFoundError`.
    """
    if isinstance(audio, (str, os.PathLike)):
        source = Path(audio).expanduser()
        if not source.is_file():
            msg = f"there is no file {str(source)!r} to log as audio"
            raise FileNotFoundError(msg)
        audio = source.read_bytes()
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(audio), path)
    if not is_tensor(audio) and not isinstance(audio, (list, tuple)):
        audio = as_array(audio, _TAKES)
    samples = _upright(as_array(audio, _TAKES))
    per_second = _rate(rate)
    path = with_suffix(path, ".wav")
    if suffix_of(path) != ".wav":
        msg = f"arrays are kept as WAV: give {path!r} the suffix .wav"
        raise ValueError(msg)
    return Kept(path, _wav(samples, per_second), "audio/wav", _said(per_second, samples.shape))


def read_audio(data: bytes) -> tuple[int, NDArray[Any]]:
    """Samples a second, and the samples: (n,) or (n, channels) of uint8, int16 or int32.

    WAV is read here, everything else by `soundfile` where that is installed (floats then). Raises `InlayError` naming
    the remedy where it is not.
    """
    import numpy as np

    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError):
        width = 0
    if width not in (1, 2, 4):
        return _by_soundfile(data)
    samples = np.frombuffer(frames, {1: "u1", 2: "<i2", 4: "<i4"}[width])
    return rate, samples if channels == 1 else samples.reshape(-1, channels)


def _by_soundfile(data: bytes) -> tuple[int, NDArray[Any]]:
    try:
        soundfile = import_module("soundfile")
    except ImportError as error:
        msg = "reading this kind of audio needs soundfile: pip install soundfile; or take the file by run.download"
        raise InlayError(msg) from error
    samples, rate = soundfile.read(io.BytesIO(data))
    return int(rate), samples


def _upright(samples: NDArray[Any]) -> NDArray[Any]:
    """(n, channels): of two sides the channels are the one of at most eight, the last if both are."""
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim != 2:
        msg = f"{_TAKES}; got shape {samples.shape}"
        raise ValueError(msg)
    if samples.shape[1] > CHANNELS:
        if samples.shape[0] > CHANNELS:
            msg = f"audio has at most {CHANNELS} channels, on either side; got an array of shape {samples.shape}"
            raise ValueError(msg)
        samples = samples.T
    if 0 in samples.shape:
        msg = f"audio has at least one sample; got an array of shape {samples.shape}"
        raise ValueError(msg)
    return samples


def _rate(rate: Any) -> int:
    if rate is None:
        raise ValueError("an array needs its rate, in samples a second: log_audio(samples, path, rate=44_100)")
    whole = int(rate) if not isinstance(rate, str) and hasattr(rate, "__int__") else None
    if whole is None or whole != rate:
        msg = f"rate is a whole number of samples a second; got {rate!r}"
        raise TypeError(msg)
    if not 1 <= whole <= 1_000_000:
        msg = f"rate is 1 to 1,000,000 samples a second; got {rate!r}"
        raise ValueError(msg)
    return whole


def _wav(samples: NDArray[Any], rate: int) -> bytes:
    import numpy as np

    if samples.dtype.kind == "f":
        level = np.clip(np.nan_to_num(samples.astype(np.float64), nan=0.0), -1, 1)
        samples = np.rint(level * 32767).astype("<i2")
    if samples.dtype.name not in ("uint8", "int16", "int32"):
        msg = f"samples are floats of -1 to 1, or int16, int32, uint8; got {samples.dtype}"
        raise TypeError(msg)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(samples.dtype.itemsize)
        file.setframerate(rate)
        file.writeframes(samples.astype(samples.dtype.newbyteorder("<")).tobytes())
    return buffer.getvalue()


def _from_bytes(data: bytes, path: str) -> Kept:
    found = _format_of(data)
    if found is None:
        msg = f"these {len(data):,} bytes are no audio that is known: WAV, MP3, FLAC or Ogg"
        raise ValueError(msg)
    path = with_suffix(path, found)
    if suffix_of(path) != found:
        msg = f"the file is {found[1:].upper()} and kept as it is: give {path!r} the suffix {found}"
        raise ValueError(msg)
    said = {}
    if found == ".wav":
        try:
            with wave.open(io.BytesIO(data)) as file:
                said = _said(file.getframerate(), (file.getnframes(), file.getnchannels()))
        except (wave.Error, EOFError):  # floats, which are played all the same
            said = {}
    return Kept(path, data, _MIMES[found], said)


def _said(rate: int, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"rate": rate, "seconds": round(shape[0] / rate, 6), "channels": shape[1]}


def _format_of(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return ".wav"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return ".mp3"
    return {b"fLaC": ".flac", b"OggS": ".ogg"}.get(data[:4])
