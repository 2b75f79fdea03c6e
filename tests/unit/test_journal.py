"""The journal keeps records: written whole, read whole, in order, through full segments and odd endings."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from inlay import settings
from inlay.store.journal import segment, writer
from inlay.store.journal.reader import read_segment
from inlay.store.journal.segment import AppendSegment, MappedSegment, segment_type
from inlay.store.journal.slots import MAX_EVENT, POINT, SLOT, Kind, fitting, pack_event
from inlay.store.journal.writer import Writer

NOW = 1.7e9


@pytest.fixture
def journal(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder


@pytest.fixture
def small_segments(monkeypatch):
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 4096)


def segments_of(stream):
    return sorted(stream.folder.glob("*.journal"))


def everything(stream):
    """All points and events of a stream that nobody writes to any more."""
    found = [read_segment(path, final=True) for path in segments_of(stream)]
    assert not [bytes_ for records in found for bytes_ in records.damage]
    points = np.concatenate([records.points() for records in found])
    return points, [event for records in found for event in records.events]


def write_points(stream, series, count, start=0):
    for step in range(start, start + count):
        try:
            stream.write(POINT.pack(NOW + step, step / 2, step, series))
        except ValueError:
            stream.append(POINT.pack(NOW + step, step / 2, step, series))


def test_points_and_events_come_back(journal, each_journal):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    write_points(stream, series, 10)
    stream.event(Kind.PARAM, {"run": "run", "text": 'a "quote" / and ü 🙂'}, NOW)
    stream.close()
    points, events = everything(stream)
    assert points["step"].tolist() == list(range(10))
    assert points["value"].tolist() == [step / 2 for step in range(10)]
    assert [event.kind for event in events] == [Kind.WRITER, Kind.SERIES, Kind.PARAM, Kind.CLOSED]
    assert events[2].body["text"] == 'a "quote" / and ü 🙂'
    assert events[2].time == NOW


def test_a_full_segment_goes_on_in_the_next(journal, each_journal, small_segments):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    write_points(stream, series, 1000)
    stream.close()
    assert len(segments_of(stream)) > 5
    points, _ = everything(stream)
    assert points["step"].tolist() == list(range(1000))


def test_each_segment_says_which_series_its_points_belong_to(journal, small_segments):
    stream = Writer(journal)
    first, second = stream.define("a run", ["loss"]) + stream.define("another", ["acc"])
    write_points(stream, first, 300)
    stream.forget("a run")
    write_points(stream, second, 300)
    stream.close()
    heads = [
        [event.body["run"] for event in read_segment(path, final=True).events if event.kind == Kind.SERIES]
        for path in segments_of(stream)
    ]
    assert all("another" in head for head in heads)
    assert "a run" in heads[1]
    assert "a run" not in heads[-1]


def test_a_long_event_is_whole_although_it_begins_where_a_segment_ends(journal, each_journal, small_segments):
    stream = Writer(journal)
    texts = ["x" * size for size in range(1, 9000, 613)]
    for text in texts:
        stream.event(Kind.SOURCE, {"text": text})
    stream.close()
    _, events = everything(stream)
    assert [event.body["text"] for event in events if event.kind == Kind.SOURCE] == texts


def test_the_longest_event_fits_and_a_longer_one_is_refused(journal):
    stream = Writer(journal)
    text = "y" * (MAX_EVENT - 20)
    stream.event(Kind.SOURCE, {"text": text})
    with pytest.raises(ValueError, match="larger than"):
        stream.event(Kind.SOURCE, {"text": "y" * MAX_EVENT})
    stream.close()
    _, events = everything(stream)
    assert [event.body["text"] for event in events if event.kind == Kind.SOURCE] == [text]


def test_thousands_of_the_longest_names(journal):
    stream = Writer(journal)
    keys = [f"{number:05d}" + "🙂" * 245 for number in range(2000)]
    ids = stream.define("run", keys)
    stream.close()
    _, events = everything(stream)
    defined = dict(pair for event in events if event.kind == Kind.SERIES for pair in event.body["series"])
    assert defined == dict(zip(ids, keys, strict=True))


def test_a_text_is_cut_to_what_fits():
    assert fitting("short", 100) == "short"
    cut = fitting("\0" * 1000, 1200)
    assert 100 < len(cut) <= 199


def test_a_living_stream_is_read_as_it_grows(journal, each_journal):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    path, offset, steps = stream.path, 0, []
    for start in range(0, 12_000, 500):
        write_points(stream, series, 500, start)
        if start % 2000 == 0:
            stream.event(Kind.SOURCE, {"text": "z" * 5000})
        records = read_segment(path, offset)
        offset = records.offset
        steps += records.points()["step"].tolist()
    assert steps == list(range(12_000))
    stream.close()


@pytest.mark.parametrize("kind", ["point", "event"])
def test_a_record_cut_off_at_any_byte_is_left_out_and_nothing_else(journal, tmp_path, kind):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    write_points(stream, series, 3)
    before = stream.position()[1]
    if kind == "point":
        stream.write(POINT.pack(NOW, 0.5, 77, series))
    else:
        stream.event(Kind.PARAM, {"text": "w" * 149})
    after = stream.position()[1]
    whole = stream.path.read_bytes()
    torn = tmp_path / "torn"
    for end in range(before, after):
        for rest in (b"", bytes(4096)):  # a file that ends there; a preallocated one, written in whole words
            if rest and end % 8:
                continue
            torn.write_bytes(whole[:end] + rest)
            for final in (True, False):
                records = read_segment(torn, final=final)
                assert records.points()["step"].tolist() == [0, 1, 2], (end, final)
                assert [event.kind for event in records.events] == [Kind.WRITER, Kind.SERIES]
                assert not records.damage
                if not final:
                    assert records.offset == before  # read again once it is complete
    torn.write_bytes(whole[:after])
    assert len(read_segment(torn).points()) + len(read_segment(torn).events) == 6
    stream.close()


def test_an_event_whose_parts_are_not_all_there_is_read_later(journal, tmp_path):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    start = stream.position()[1]
    parts = pack_event(Kind.SOURCE, {"text": "v" * 5000}, NOW)
    stream.append(parts[0])
    write_points(stream, series, 3)  # another thread
    stream.append(parts[1])
    records = read_segment(stream.path, start)
    assert (len(records.points()), len(records.events), records.offset) == (0, 0, start)
    stream.append(parts[2])
    records = read_segment(stream.path, records.offset)
    assert (len(records.points()), len(records.events)) == (3, 1)
    assert records.offset == stream.position()[1]
    stream.close()


def test_many_threads_write_and_none_loses_a_point(journal, each_journal, monkeypatch):
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 1 << 16)
    stream = Writer(journal)
    ids = stream.define("run", [f"m{number}" for number in range(6)])
    threads = [threading.Thread(target=write_points, args=(stream, series, 3000)) for series in ids]
    for thread in threads:
        thread.start()
    for number in range(50):
        stream.event(Kind.PARAM, {"number": number, "text": "u" * 3000})
    for thread in threads:
        thread.join()
    stream.close()
    points, events = everything(stream)
    for series in ids:
        assert points["step"][points["series"] == series].tolist() == list(range(3000))
    assert [event.body["number"] for event in events if event.kind == Kind.PARAM] == list(range(50))


def test_a_closed_stream_refuses(journal):
    stream = Writer(journal)
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.write(bytes(SLOT))


def test_a_closed_segment_gives_the_rest_of_its_room_back(journal, monkeypatch):
    monkeypatch.setenv("INLAY_JOURNAL", "map")
    stream = Writer(journal)
    path = stream.path
    assert path.stat().st_size == segment.SEGMENT_BYTES
    stream.close()
    assert path.stat().st_size < 1000


# -- a disk that refuses ------------------------------------------------------------------------------------


class Disk:
    """Stands in for `posix_fallocate`: takes segments while `full` is false."""

    def __init__(self, monkeypatch):
        self.full = False
        self.real = os.posix_fallocate
        monkeypatch.setattr(os, "posix_fallocate", self)

    def __call__(self, fd, offset, size):
        if self.full:
            raise OSError(28, "No space left on device")
        self.real(fd, offset, size)


@pytest.fixture
def disk(monkeypatch):
    monkeypatch.setenv("INLAY_JOURNAL", "map")
    return Disk(monkeypatch)


def test_what_a_full_disk_refuses_is_written_later_in_order(journal, disk, small_segments, recwarn):
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    disk.full = True
    write_points(stream, series, 500)
    stream.event(Kind.PARAM, {"text": "t" * 3900})
    (late,) = stream.define("run", ["late"])
    write_points(stream, late, 500)
    stream.sync()
    assert stream.path is None
    assert [str(one.message).split("(")[0] for one in recwarn] == [f"inlay cannot write to {stream.folder} "]
    disk.full = False
    stream.sync()
    write_points(stream, series, 100, start=500)
    for number in range(30):
        stream.event(Kind.PARAM, {"number": number, "text": "s" * 2500})
    stream.close()
    points, events = everything(stream)
    assert points["step"][points["series"] == series].tolist() == list(range(600))
    assert points["step"][points["series"] == late].tolist() == list(range(500))
    params = [event.body for event in events if event.kind == Kind.PARAM]
    assert params[0]["text"] == "t" * 3900
    assert [body["number"] for body in params[1:]] == list(range(30))
    assert len(recwarn) == 1


def test_long_events_kept_in_memory_are_not_cut_when_they_fill_segments(journal, disk, small_segments):
    """A traceback logged while the disk was full was gone afterwards: its parts lay in two segments."""
    stream = Writer(journal)
    disk.full = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        write_points(stream, 1, 200)
    texts = [str(number) * 2500 for number in range(40)]
    for text in texts:
        stream.event(Kind.SOURCE, {"text": text})
    disk.full = False
    stream.sync()
    stream.close()
    _, events = everything(stream)
    assert [event.body["text"] for event in events if event.kind == Kind.SOURCE] == texts


def test_a_disk_that_fills_again_while_it_takes_what_waited(journal, disk, small_segments):
    stream = Writer(journal)
    disk.full = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        write_points(stream, 1, 1000)
    left = [3]
    real = disk.real

    def a_little(fd, offset, size):
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        real(fd, offset, size)

    disk.full, disk.real = False, a_little
    stream.sync()
    assert stream.path is None
    left[0] = 1000
    stream.sync()
    stream.close()
    points, _ = everything(stream)
    assert points["step"].tolist() == list(range(1000))


def test_segments_are_numbered_without_gaps_after_a_full_disk(journal, disk, small_segments):
    """The card of a run stood still after the disk had been full: its follower waited for a number left out."""
    stream = Writer(journal)
    disk.full = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        write_points(stream, 1, 300)
    for _ in range(5):
        stream.sync()
    assert stream.position() == (2, 0)
    disk.full = False
    stream.sync()
    stream.close()
    numbers = [int(path.stem) for path in segments_of(stream)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_disk_that_is_full_to_the_end_is_said_twice_and_no_more(journal, disk, recwarn):
    disk.full = True
    with pytest.warns(RuntimeWarning, match="kept in memory"):
        stream = Writer(journal)
    write_points(stream, 1, 100)
    stream.sync()
    assert not recwarn.list
    with pytest.warns(RuntimeWarning, match="could not write 3 KB .* lost"):
        stream.close()


def test_memory_is_bounded(journal, disk, monkeypatch):
    monkeypatch.setattr(segment, "MEMORY_LIMIT", 100 * SLOT)
    disk.full = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        stream = Writer(journal)
    with pytest.warns(RuntimeWarning, match="lost until") as warned:
        write_points(stream, 1, 200)
    assert len(warned) == 1
    disk.full = False
    stream.sync()
    stream.close()
    points, _ = everything(stream)
    assert points["step"].tolist() == list(range(100))


def test_a_thread_that_was_about_to_write_to_memory_loses_nothing(journal, disk):
    """Between looking up `write` and calling it, another thread may have emptied the memory."""
    disk.full = True
    with pytest.warns(RuntimeWarning, match="cannot write"):
        stream = Writer(journal)
    about_to = stream.write
    disk.full = False
    stream.sync()
    about_to(POINT.pack(NOW, 0.0, 5, 1))
    stream.close()
    points, _ = everything(stream)
    assert points["step"].tolist() == [5]


def test_a_write_the_disk_took_half_of_is_written_once(journal, monkeypatch):
    """In append mode a row of points that met the end of the disk was there one and a half times."""
    monkeypatch.setenv("INLAY_JOURNAL", "append")
    stream = Writer(journal)
    real = os.write
    row = b"".join(POINT.pack(NOW, 0.0, step, 1) for step in range(40))

    def half(fd, data):
        monkeypatch.setattr(os, "write", real)
        return real(fd, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    stream.append(row)
    stream.close()
    points, _ = everything(stream)
    assert points["step"].tolist() == list(range(40))


def test_a_write_that_comes_after_the_segment_was_left_goes_to_the_next(journal, each_journal):
    stream = Writer(journal)
    about_to = stream.write
    with stream._lock:
        stream._roll()
    record = POINT.pack(NOW, 0.0, 9, 1)
    try:
        about_to(record)
    except ValueError:
        stream.append(record)
    stream.close()
    points, _ = everything(stream)
    assert points["step"].tolist() == [9]


# -- which kind of segment ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/a / ext4 rw 0 0\n", MappedSegment),
        ("/dev/a / ext4 rw 0 0\nserver:/x {here} nfs4 rw 0 0\n", AppendSegment),
        ("/dev/a / btrfs rw 0 0\n/dev/b {here} xfs rw 0 0\n", MappedSegment),
        ("/dev/a / ext4 rw 0 0\nx {here}/journal fuse.sshfs rw 0 0\n", AppendSegment),
        ("/dev/a / ext4 rw 0 0\nserver:/x {here}-other nfs rw 0 0\n", MappedSegment),
        ("", AppendSegment),
    ],
)
def test_mapping_is_used_where_preallocation_is_a_promise(tmp_path, monkeypatch, mounts, kind):
    here = tmp_path / "with space"
    (here / "journal").mkdir(parents=True)
    text = mounts.format(here=str(here).replace(" ", "\\040"))
    monkeypatch.delenv("INLAY_JOURNAL", raising=False)
    monkeypatch.setattr(segment, "sys", SimpleNamespace(platform="linux"))
    real = segment.Path.read_text
    told = {segment.Path("/proc/self/mounts"): text}
    monkeypatch.setattr(
        segment.Path, "read_text", lambda path, *more: told[path] if path in told else real(path, *more)
    )
    assert segment_type(here / "journal") is kind


def test_the_kind_can_be_chosen_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_JOURNAL", "append")
    assert segment_type(tmp_path) is AppendSegment
    monkeypatch.setenv("INLAY_JOURNAL", "map")
    assert segment_type(tmp_path) is MappedSegment
    monkeypatch.setattr(settings, "_configured", {"journal": "append"})
    assert segment_type(tmp_path) is AppendSegment


def test_a_drive_of_another_machine(monkeypatch):
    """On Windows a file on a share may be written by two machines, and its map is neither's."""
    kinds = {"C:\\": 3, "D:\\": 2, "Z:\\": 4, "E:\\": 5, "Q:\\": 1}
    kernel = SimpleNamespace(GetDriveTypeW=lambda root: kinds[root])
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    local = [r"C:\Users\me\.inlay", r"d:\x", r"\\?\C:\long"]
    remote = [r"Z:\team", r"\\server\share\x", r"\\?\UNC\server\share\x", r"E:\x", r"Q:\x"]
    assert [path for path in local + remote if segment._on_network_drive(path)] == remote
    monkeypatch.delattr(ctypes, "windll")
    assert segment._on_network_drive(r"C:\x")  # nothing to ask


@pytest.mark.parametrize(("platform", "local", "kind"), [
    ("darwin", True, AppendSegment),
    ("freebsd14", True, AppendSegment),
    ("win32", True, MappedSegment),
    ("win32", False, AppendSegment),
])  # fmt: skip
def test_elsewhere_than_on_linux(tmp_path, monkeypatch, platform, local, kind):
    monkeypatch.delenv("INLAY_JOURNAL", raising=False)
    monkeypatch.setattr(segment, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(segment, "_on_network_drive", lambda path: not local)
    assert segment_type(tmp_path) is kind


def test_where_open_files_keep_their_names(journal, each_journal, small_segments, monkeypatch):
    """As on Windows: neither the folder nor a segment is renamed, and the journal reads the same."""

    def refuse(*_):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(writer, "_RENAMES_OPEN_FILES", False)
    for name in ("rename", "replace"):
        monkeypatch.setattr(segment.Path, name, refuse)
    stream = Writer(journal)
    (series,) = stream.define("run", ["loss"])
    write_points(stream, series, 1000)
    stream.close()
    assert len(segments_of(stream)) > 5
    points, _ = everything(stream)
    assert points["step"].tolist() == list(range(1000))


def test_a_file_system_that_cannot_reserve_is_written_full(journal, monkeypatch):
    """musl says so, where glibc writes zeros by itself: every point waited in memory for ever."""

    def unsupported(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setenv("INLAY_JOURNAL", "map")
    monkeypatch.setattr(os, "posix_fallocate", unsupported)
    stream = Writer(journal)
    assert stream.path.stat().st_blocks * 512 >= segment.SEGMENT_BYTES
    stream.close()


def test_a_slot_is_four_numbers():
    assert POINT.size == SLOT == struct.calcsize("<ddqq")
    assert time.time() < 1e11
