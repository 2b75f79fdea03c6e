"""Event files, written by TensorBoard's own writer, into a store."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

import inlay

tensorboard = pytest.importorskip("tensorboard")
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("INLAY_TEST_DUCKDB")), reason="TensorBoard has nothing to do with DuckDB"
)
T = 1_700_000_000.25
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082".replace(
        " ", ""
    )
)


_numbers = itertools.count()


class Written:
    """An event file being written."""

    def __init__(self, folder: Path, wall_time: float = T) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{int(wall_time)}.host.1.{next(_numbers)}"
        self._event = Event
        self._file = self.path.open("wb")
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=wall_time, file_version="brain.Event:2"))

    def _write(self, event) -> None:
        self._records.write(event.SerializeToString())

    def value(self, step: int, tag: str, wall_time: float | None = None, **content) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        summary = Summary(value=[Summary.Value(tag=tag, **content)])
        self._write(self._event(wall_time=T + step if wall_time is None else wall_time, step=step, summary=summary))

    def summary(self, step: int, summary) -> None:
        self._write(self._event(wall_time=T + step, step=step, summary=summary))

    def close(self) -> None:
        self._file.close()


def scalars(folder: Path, values: list[float], first: int = 0, at: float = T) -> Path:
    file = Written(folder, at)
    for place, value in enumerate(values):
        file.value(first + place, "loss", at + place, simple_value=value)
    file.close()
    return file.path


def test_folders_are_runs_and_their_scalars_metrics(store, tmp_path: Path) -> None:
    scalars(tmp_path / "logs" / "a", [1.0, 0.5, math.nan, math.inf])
    scalars(tmp_path / "logs" / "b" / "deep", [2.0])
    done = inlay.import_runs(tmp_path / "logs", progress=False)
    assert (done.new, done.skipped) == (2, ())
    rows = inlay.sql("SELECT r.name, e.name, status FROM runs r JOIN experiments e USING (experiment_id) ORDER BY 1")
    assert rows.fetchall() == [("a", "logs", "finished"), ("b/deep", "logs", "finished")]
    history = inlay.get_run("a").history("loss")
    np.testing.assert_array_equal(history.value, [1.0, 0.5, math.nan, math.inf])
    assert history.step.tolist() == [0, 1, 2, 3]
    assert inlay.sql("SELECT epoch(started_at), epoch(ended_at) FROM runs WHERE name = 'a'").fetchall() == [(T, T + 3)]


def test_a_restart_keeps_the_points_of_both_files(store, tmp_path: Path) -> None:
    scalars(tmp_path / "run", [1.0, 2.0, 3.0])
    scalars(tmp_path / "run", [20.0, 30.0], first=1, at=T + 100)
    assert inlay.import_runs(tmp_path / "run", progress=False).new == 1
    history = inlay.get_run("run").history("loss")
    assert list(zip(history.step.tolist(), history.value.tolist(), strict=True)) == [
        (0, 1.0), (1, 2.0), (1, 20.0), (2, 3.0), (2, 30.0),
    ]  # fmt: skip


def test_values_of_every_kind(store, tmp_path: Path) -> None:
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
    from tensorboard.plugins.audio import metadata as audio_metadata
    from tensorboard.plugins.histogram import metadata as histogram_metadata
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2, summary_v2
    from tensorboard.plugins.hparams import metadata as hparams_metadata
    from tensorboard.plugins.image import metadata as image_metadata
    from tensorboard.plugins.scalar import metadata as scalar_metadata
    from tensorboard.plugins.text import metadata as text_metadata
    from tensorboard.util import tensor_util

    def tensor(array):
        return tensor_util.make_tensor_proto(array)

    file = Written(tmp_path / "run")
    file.summary(0, summary_v2.hparams_pb({"lr": 0.1, "units": 32, "name": "adam", "on": True}))
    meta = scalar_metadata.create_summary_metadata(display_name="", description="")
    file.value(1, "new/scalar", tensor=tensor(np.float32(0.5)), metadata=meta)
    file.value(2, "new/scalar", tensor=tensor(np.float32(0.25)))
    file.value(1, "old/image", image=Summary.Image(encoded_image_string=PNG, width=1, height=1, colorspace=4))
    meta = image_metadata.create_summary_metadata(display_name="", description="")
    file.value(3, "new/image", tensor=tensor(np.array([b"1", b"1", PNG, PNG], object)), metadata=meta)
    file.value(1, "old/audio", audio=Summary.Audio(encoded_audio_string=b"RIFF1234", sample_rate=8000))
    meta = audio_metadata.create_summary_metadata(
        display_name="", description="", encoding=audio_metadata.Encoding.Value("WAV")
    )
    file.value(2, "new/audio", tensor=tensor(np.array([[b"RIFFabcd", b"label"]], object)), metadata=meta)
    file.value(4, "old/histogram", histo=HistogramProto(
        min=-1, max=2, num=3, sum=1, sum_squares=5, bucket_limit=[0, 1, 1.7976931348623157e308], bucket=[1, 0, 2]
    ))  # fmt: skip
    meta = histogram_metadata.create_summary_metadata(display_name="", description="")
    file.value(5, "new/histogram", tensor=tensor(np.array([[0.0, 1.0, 4.0], [1.0, 2.0, 6.0]])), metadata=meta)
    meta = text_metadata.create_summary_metadata(display_name="", description="")
    file.value(6, "words", tensor=tensor(np.array([b"hello *there*"], object)), metadata=meta)
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_FAILURE)
    content = plugin_data_pb2.HParamsPluginData(session_end_info=end, version=0)
    meta = hparams_metadata.create_summary_metadata(content)
    file.value(7, hparams_metadata.SESSION_END_INFO_TAG, tensor=hparams_metadata.NULL_TENSOR, metadata=meta)
    file.close()
    done = inlay.import_runs(tmp_path / "run", progress=False)
    assert done.skipped == ()
    run = inlay.get_run("run")
    assert run.params == {"lr": 0.1, "units": 32, "name": "adam", "on": True}
    assert run.status == "failed"
    assert run.history("new/scalar").value.tolist() == [0.5, 0.25]
    rows = inlay.sql("SELECT path, kind, mime, key, step, bytes FROM artifacts ORDER BY path").fetchall()
    assert [row[:5] for row in rows] == [
        ("new/audio/00000002.wav", "audio", rows[0][2], "new/audio", 2),
        ("new/image/00000003.png", "image", "image/png", "new/image", 3),
        ("new/image/1/00000003.png", "image", "image/png", "new/image/1", 3),
        ("old/audio/00000001.wav", "audio", rows[3][2], "old/audio", 1),
        ("old/image/00000001.png", "image", "image/png", "old/image", 1),
        ("words/00000006.md", "text", "text/markdown", "words", 6),
    ]
    assert rows[1][5] == len(PNG)
    assert inlay.sql("SELECT key, step, edges, counts FROM histograms ORDER BY key").fetchall() == [
        ("new/histogram", 5, [0.0, 1.0, 2.0], [4.0, 6.0]),
        ("old/histogram", 4, [-1.0, 0.0, 1.0, 2.0], [1.0, 0.0, 2.0]),
    ]


def test_a_record_that_is_still_being_written_is_left_for_the_next_time(store, tmp_path: Path) -> None:
    path = scalars(tmp_path / "run", [1.0, 2.0, 3.0])
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    first = inlay.import_runs(path, progress=False)
    assert (first.new, first.skipped) == (1, ())
    assert inlay.get_run("run").history("loss").value.tolist() == [1.0, 2.0]
    path.write_bytes(whole)
    again = inlay.import_runs(path, progress=False)
    assert (again.updated, again.run_ids) == (1, first.run_ids)
    assert inlay.get_run("run").history("loss").value.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("where", ["length", "body"])
def test_damage_in_the_middle_is_told(store, tmp_path: Path, where: str) -> None:
    path = scalars(tmp_path / "run", [1.0, 2.0, 3.0, 4.0])
    data = bytearray(path.read_bytes())
    place = 0
    for _ in range(3):  # to the third record
        place += struct.unpack_from("<Q", data, place)[0] + 16
    data[place + (1 if where == "length" else 20)] ^= 0xFF
    path.write_bytes(data)
    done = inlay.import_runs(path, progress=False)
    assert done.new == 1
    assert "damaged record at byte" in done.skipped[0].why
    assert inlay.get_run("run").history("loss").value.tolist() == [1.0, 2.0]


def test_the_same_run_is_known_where_it_was_moved(store, tmp_path: Path) -> None:
    scalars(tmp_path / "logs" / "a", [1.0])
    first = inlay.import_runs(tmp_path / "logs", progress=False)
    shutil.move(tmp_path / "logs", tmp_path / "elsewhere")
    again = inlay.import_runs(tmp_path / "elsewhere", progress=False)
    assert (again.unchanged, again.run_ids) == (1, first.run_ids)


def test_a_copy_of_a_run_is_told(store, tmp_path: Path) -> None:
    scalars(tmp_path / "logs" / "a", [1.0])
    shutil.copytree(tmp_path / "logs" / "a", tmp_path / "logs" / "b")
    done = inlay.import_runs(tmp_path / "logs", progress=False)
    assert done.new == 1
    assert [str(one) for one in done.skipped] == ["run b: it is a copy of another run in this source"]


def test_an_empty_file_is_told(store, tmp_path: Path) -> None:
    scalars(tmp_path / "logs" / "a", [1.0])
    (tmp_path / "logs" / "events.out.tfevents.1.host").touch()
    done = inlay.import_runs(tmp_path / "logs", progress=False)
    assert (done.new, len(done.skipped)) == (1, 1)


def test_a_tag_cannot_lead_out_of_the_run(store, tmp_path: Path) -> None:
    from tensorboard.compat.proto.summary_pb2 import Summary

    file = Written(tmp_path / "run")
    file.value(1, "../../etc", image=Summary.Image(encoded_image_string=PNG))
    file.close()
    inlay.import_runs(tmp_path / "run", progress=False)
    assert inlay.sql("SELECT path FROM artifacts").fetchall() == [("__/__/etc/00000001.png",)]
