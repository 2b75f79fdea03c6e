"""Sound: arrays as WAV, files as they are, and back."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from inlay.content.audio import kept_audio, read_audio
from inlay.errors import InlayError


def wav(samples=8, channels=1):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\1\0" * samples * channels)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("samples", "back"),
    [
        (np.array([0.0, 1.0, -1.0]), np.array([0, 32767, -32767], np.int16)),
        (np.array([2.0, -2.0, np.nan, np.inf]), np.array([32767, -32767, 0, 32767], np.int16)),
        (np.array([0.5], np.float32), np.array([16384], np.int16)),
        (np.array([1, -2, 3], np.int16), np.array([1, -2, 3], np.int16)),
        (np.array([1, -2], ">i2"), np.array([1, -2], np.int16)),
        (np.array([2**30], np.int32), np.array([2**30], np.int32)),
        (np.array([0, 255], np.uint8), np.array([0, 255], np.uint8)),
        (np.zeros((100, 2)), np.zeros((100, 2), np.int16)),
        (np.zeros((2, 100)), np.zeros((100, 2), np.int16)),
        (np.zeros((1, 100)), np.zeros(100, np.int16)),
        (np.arange(6, dtype=np.int16).reshape(3, 2), np.arange(6, dtype=np.int16).reshape(3, 2)),
        (np.arange(20, dtype=np.int16).reshape(2, 10), np.arange(20, dtype=np.int16).reshape(2, 10).T),
        ([0.0, 0.25], np.array([0, 8192], np.int16)),
    ],
)
def test_arrays_there_and_back(samples, back):
    kept = kept_audio(samples, "a", 16_000)
    rate, found = read_audio(kept.data)
    assert (kept.path, kept.mime, rate) == ("a.wav", "audio/wav", 16_000)
    assert found.tolist() == back.tolist()
    assert found.dtype == back.dtype
    channels = 1 if back.ndim == 1 else back.shape[1]
    assert kept.metadata == {"rate": 16_000, "seconds": round(len(back) / 16_000, 6), "channels": channels}


@pytest.mark.parametrize(
    ("audio", "rate", "error", "says"),
    [
        (np.zeros(4), None, ValueError, "needs its rate.*rate=44_100"),
        (np.zeros(4), 0, ValueError, "got 0"),
        (np.zeros(4), 44100.5, TypeError, "got 44100.5"),
        (np.zeros(4), "44100", TypeError, "'44100'"),
        (np.zeros(0), 8000, ValueError, r"at least one sample.*\(0,"),
        (np.zeros((9, 9)), 8000, ValueError, r"at most 8 channels.*\(9, 9\)"),
        (np.zeros((2, 2, 2)), 8000, ValueError, r"\(2, 2, 2\)"),
        (np.zeros(4, np.int64), 8000, TypeError, "int64"),
        (np.zeros(4, bool), 8000, TypeError, "bool"),
        (np.zeros(4, complex), 8000, TypeError, "complex128"),
        (None, 8000, TypeError, "NoneType"),
        (object(), 8000, TypeError, "log_audio takes.*object"),
        (b"RIFF", None, ValueError, "4 bytes are no audio"),
        ("nowhere.wav", None, FileNotFoundError, r"nowhere\.wav"),
    ],
)
def test_what_is_no_sound(audio, rate, error, says):
    with pytest.raises(error, match=says):
        kept_audio(audio, "a", rate)


def test_an_array_is_kept_as_wav_only():
    with pytest.raises(ValueError, match=r"suffix \.wav"):
        kept_audio(np.zeros(4), "a.mp3", 8000)


@pytest.mark.parametrize(
    ("data", "suffix", "mime"),
    [
        (wav(), ".wav", "audio/wav"),
        (b"ID3\4rest", ".mp3", "audio/mpeg"),
        (b"\xff\xfb\x90rest", ".mp3", "audio/mpeg"),
        (b"fLaCrest", ".flac", "audio/flac"),
        (b"OggSrest", ".ogg", "audio/ogg"),
        (b"RIFF\0\0\0\0WAVEfmt ", ".wav", "audio/wav"),
    ],
)
def test_files_are_kept_as_they_are(tmp_path, data, suffix, mime):
    file = tmp_path / "recording"
    file.write_bytes(data)
    for audio in (file, data):
        kept = kept_audio(audio, "a")
        assert (kept.path, kept.mime, kept.data) == (f"a{suffix}", mime, data)
    with pytest.raises(ValueError, match=f"give 'a.txt' the suffix \\{suffix}"):
        kept_audio(data, "a.txt")


def test_what_is_said_of_a_file():
    assert kept_audio(wav(16_000, 2), "a").metadata == {"rate": 8000, "seconds": 2.0, "channels": 2}


def test_other_formats_come_back_by_soundfile_or_say_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(InlayError, match="pip install soundfile"):
        read_audio(b"OggS")
