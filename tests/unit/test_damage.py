"""Damaged journals: whatever the disk did, reading never raises and costs only the records it did it to."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inlay.store.journal.reader import read_segment
from inlay.store.journal.slots import POINT, SLOT, Kind, checksum, pack_event

NOW = 1.7e9


def sample():
    """A segment's bytes, and of each record its first and last byte and what identifies it."""
    data, records = b"", []

    def add(what, pieces):
        nonlocal data
        records.append((len(data), len(data) + sum(map(len, pieces)), what))
        data += b"".join(pieces)

    for step in range(400):
        add(("point", step), [POINT.pack(NOW + step, step / 4, step, 1 + step % 3)])
        if step % 10 == 0:
            add(("event", step), pack_event(Kind.PARAM, {"number": step, "text": "x" * step}, NOW + step))
        if step % 100 == 50:
            add(("event", -step), pack_event(Kind.SOURCE, {"number": -step, "text": "y" * 4000}, NOW + step))
    return data, records


DATA, RECORDS = sample()


def found_in(path, **options):
    records = read_segment(path, **options)
    steps = {("point", int(step)) for step in records.points()["step"]}
    return steps | {("event", event.body.get("number")) for event in records.events}, records


def test_the_sample_is_read_whole(tmp_path):
    path = tmp_path / "segment"
    path.write_bytes(DATA)
    found, records = found_in(path, final=True)
    assert found == {what for _, _, what in RECORDS}
    assert not records.damage


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=200)), min_size=1, max_size=12
    ),
    final=st.booleans(),
)
def test_damage_costs_the_records_it_touches(tmp_path, changes, final):
    spoiled = bytearray(DATA)
    for at, piece in changes:
        spoiled[at : at + len(piece)] = piece[: len(spoiled) - at]
    path = tmp_path / "segment"
    path.write_bytes(bytes(spoiled) + (b"" if final else bytes(8192)))
    changed = np.flatnonzero(np.frombuffer(DATA, np.uint8) != np.frombuffer(bytes(spoiled), np.uint8))
    found, records = found_in(path, final=final)
    if not final and records.offset < len(DATA):
        # A living segment is read up to what looks unwritten; the rest is taken once its writer is gone.
        rest, more = found_in(path, offset=records.offset, final=True)
        found |= rest
        records.damage += more.damage
    untouched = {what for start, end, what in RECORDS if not np.any((changed >= start) & (changed < end))}
    assert untouched <= found
    for start, end in records.damage:
        assert 0 <= start < end <= len(DATA)
        assert start % SLOT == end % SLOT == 0


def test_what_is_set_aside_is_what_was_damaged(tmp_path):
    path = tmp_path / "segment"
    start, end, what = next(record for record in RECORDS if record[2] == ("event", 300))
    path.write_bytes(DATA[: start + 50] + b"!!" + DATA[start + 52 :])
    found, records = found_in(path, final=True)
    assert found == {one for *_, one in RECORDS} - {what}
    assert records.damage == [(start, end)]


@pytest.mark.parametrize("field", ["time", "kind"])
def test_a_changed_time_or_kind_is_damage_too(tmp_path, field):
    """One flipped bit in its header made the end of a run its start."""
    (record,) = pack_event(Kind.RUN_END, {"run": "r"}, NOW)
    at = 16 if field == "kind" else 3
    path = tmp_path / "segment"
    path.write_bytes(record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :] + POINT.pack(NOW, 0.0, 1, 1) * 80)
    records = read_segment(path, final=True)
    assert records.events == []
    assert records.damage == [(0, len(record))]
    assert len(records.points()) == 80


def test_neighbours_that_lost_an_end_and_a_beginning_are_not_joined(tmp_path):
    """A lost disk block took the end of one long event and the beginning of the next; no ingest worked again."""
    first = pack_event(Kind.SOURCE, {"text": "a" * 5000}, NOW)
    second = pack_event(Kind.SOURCE, {"text": "b" * 5000}, NOW + 1)
    third = pack_event(Kind.PARAM, {"text": "c"}, NOW + 2)
    blank = [bytes(len(record)).replace(b"\0", b"\xff") for record in (first[1], first[2], second[0])]
    path = tmp_path / "segment"
    path.write_bytes(b"".join([first[0], *blank, *second[1:], *third]))
    records = read_segment(path, final=True)
    assert [event.body for event in records.events] == [{"text": "c"}]


def test_a_record_seen_half_written_is_looked_at_again(tmp_path, monkeypatch):
    """A reader that was interrupted in mid-copy saw an event half, and points written long after it."""
    event = pack_event(Kind.PARAM, {"text": "d" * 100}, NOW)[0]
    points = POINT.pack(NOW, 0.0, 1, 1) * 200
    path = tmp_path / "segment"
    path.write_bytes(event + points + bytes(8192))
    half = event[:64].ljust(len(event), b"\0") + points + bytes(8192)
    real = type(path).open
    looks = []

    class Torn:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def seek(self, at):
            self.file.seek(at)
            self.at = at

        def read(self, size=-1):
            looks.append(self.at)
            return half[self.at :] if len(looks) == 1 else self.file.read(size)

    monkeypatch.setattr(type(path), "open", lambda *a: Torn(real(*a)))
    records = read_segment(path)
    assert [one.body for one in records.events] == [{"text": "d" * 100}]
    assert len(records.points()) == 200
    assert not records.damage


def test_damage_in_a_living_segment_does_not_hold_up_what_follows(tmp_path):
    path = tmp_path / "segment"
    parts = pack_event(Kind.SOURCE, {"text": "e" * 5000}, NOW)
    spoiled = parts[1][:40] + b"?" + parts[1][41:]
    points = POINT.pack(NOW, 0.0, 1, 1) * 300
    path.write_bytes(parts[0] + spoiled + points + bytes(8192))
    records = read_segment(path)
    assert len(records.points()) == 300
    assert records.offset == len(parts[0] + spoiled + points)
    assert records.damage == [(len(parts[0]), len(parts[0] + spoiled))]


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path):
    path = tmp_path / "segment"
    path.write_bytes(b"".join(pack_event(Kind.PARAM, {"text": "a\ud800b 🙂"}, NOW)))
    (event,) = read_segment(path, final=True).events
    assert event.body == {"text": "a?b 🙂"}


def test_a_kind_from_a_newer_inlay_is_handed_on(tmp_path):
    body = json.dumps({"new": 1}).encode()
    what = 999 | 1 << 40
    from inlay.store.journal.slots import HEADER

    record = HEADER.pack(NOW, len(body), checksum(NOW, what, body), what, -1) + body.ljust(SLOT, b"\0")
    path = tmp_path / "segment"
    path.write_bytes(record)
    (event,) = read_segment(path, final=True).events
    assert (event.kind, event.body) == (999, {"new": 1})


@pytest.mark.parametrize("hole", [16, 32, 64])
@pytest.mark.parametrize("written", [3, 30, 60])
def test_a_write_whose_first_bytes_were_to_be_stored_last(tmp_path, hole, written):
    """A kill in the middle of a copy was reported as a damaged disk: two slots of zeros, and points behind them."""
    before = b"".join(POINT.pack(NOW, float(step), step, 1) for step in range(200))
    row = b"".join(POINT.pack(NOW, float(step), step, 1) for step in range(200, 200 + written))
    path = tmp_path / "segment"
    path.write_bytes(before + bytes(hole) + row[hole:] + bytes(8192))
    records = read_segment(path, final=True, cut_off=True)
    assert records.points()["step"].tolist() == list(range(200))
    assert not records.damage
    assert read_segment(path).points()["step"].tolist() == list(range(200))
    assert read_segment(path, final=True).damage == [(len(before), len(before) + -(-hole // SLOT) * SLOT)]


@pytest.mark.parametrize("hole", [32, 64])
def test_an_event_whose_first_bytes_were_to_be_stored_last(tmp_path, hole):
    before = b"".join(POINT.pack(NOW, float(step), step, 1) for step in range(200))
    (event,) = pack_event(Kind.PARAM, {"text": "x" * 500}, NOW)
    path = tmp_path / "segment"
    path.write_bytes(before + bytes(hole) + event[hole:] + bytes(8192))
    records = read_segment(path, final=True, cut_off=True)
    assert (len(records.points()), records.events, records.damage) == (200, [], [])
