"""A look at every kind of file: what is shown of it, how much, and that nothing is trusted."""

from __future__ import annotations

import codecs
import json
import pickle
import struct
import sys
import zlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import inlay
from inlay.errors import InlayError
from inlay.store.artifacts import path_of
from inlay.views import artifact_preview
from inlay.views.artifact_preview import blob_of, preview, whole_file


def png(width=1, height=1):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def logged(store, tmp_path):
    """Logs bytes under a path and returns the artifact."""

    def log(path, data):
        source = tmp_path / "file" / Path(path).name
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(data if isinstance(data, bytes) else data.encode())
        with inlay.start_run() as run:
            run.log_artifact(source)
        return run.artifacts[0]

    return log


@pytest.fixture
def look(logged, store):
    def look_at(path, data):
        found = preview(logged(path, data), store)
        json.dumps(found.as_json(), allow_nan=False).encode()
        return found

    return look_at


# -- pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (png(), "image/png"),
        (b"\xff\xd8\xff\xe0 and more", "image/jpeg"),
        (b"GIF89a and more", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_bytes(look, data, mime):
    for path in ("a.png", "a.txt", "a.csv", "a"):
        found = look(path, data)
        assert (found.kind, found.mime, found.data) == ("image", mime, data)


def test_what_only_says_that_it_is_a_picture(look):
    assert look("a.png", b"\0\1\2\3").kind == "none"
    assert look("a.jpg", "<script>alert(1)</script>").kind == "text"


def test_a_picture_too_large(look):
    for found in (look("a.png", png() + bytes(5 << 20)), look("a.svg", "<svg/>" + " " * (5 << 20))):
        assert found.kind in ("image", "svg")
        assert (found.truncated, found.buffers) == (True, ())


def test_svg_is_handed_over_as_an_image(look):
    found = look("a.svg", "<svg onload='alert(1)'/>")
    assert (found.kind, found.mime, found.data) == ("svg", "image/svg+xml", b"<svg onload='alert(1)'/>")


# -- texts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a.txt", "a.py", "a.md", "a.log", "a.yaml", "a", "a.unknown", "a.json"])
def test_texts(look, path):
    found = look(path, "x = 'é'\n")
    assert (found.kind, found.text, found.truncated) == ("text", "x = 'é'\n", False)


def test_the_beginning_of_a_long_text(look):
    found = look("a.txt", "é" * 50_000)
    assert (found.kind, found.truncated, found.size) == ("text", True, 100_000)
    assert found.text == "é" * 32_768
    odd = look("a.txt", "x" + "é" * 50_000)
    assert odd.text == "x" + "é" * 32_767, "a letter was cut in two"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8 + "é".encode(), "é".encode("utf-16")])
def test_texts_of_other_programs(look, mark):
    assert look("a.txt", mark).text == "é"


@pytest.mark.parametrize("data", [b"\0\0\0", b"\xff\xfe\xfd" * 9, pickle.dumps({"a": 1}), bytes(range(256))])
def test_what_is_no_text(look, data):
    assert look("a.bin", data).kind == "none"


def test_a_text_in_another_encoding(look):
    assert look("a.txt", b"caf\xe9").text == "caf\ufffd"
    assert look("a.model", b"caf\xe9").kind == "none"


def test_an_empty_file(look):
    assert (look("a.txt", b"").kind, look("a.txt", b"").text) == ("text", "")
    assert look("a.csv", b"").kind == "text"


def test_html_is_text_for_a_sandbox(look):
    found = look("a.html", "<script>alert(1)</script>")
    assert (found.kind, found.mime, found.text) == ("html", "text/html", "<script>alert(1)</script>")
    long = look("a.html", "x" * (2 << 20))
    assert (long.truncated, len(long.text)) == (True, 1 << 20)


class Trap:
    def __reduce__(self):
        return (Path("/tmp/inlay-was-unpickled").touch, ())


def test_nothing_is_unpickled(look):
    trap = Path("/tmp/inlay-was-unpickled")
    trap.unlink(missing_ok=True)
    for path in ("model.pkl", "model.json", "model.csv", "model.parquet", "model.html"):
        look(path, pickle.dumps(Trap()))
    assert not trap.exists()


# -- tables ---------------------------------------------------------------------------------------------------


def test_csv(look):
    table = look("a.csv", 'name,"a, b"\nx,"1\n2"\ny\nz,1,2\n').table
    assert table.columns == ["name", "a, b", ""]
    assert table.rows == [["x", "1\n2"], ["y"], ["z", "1", "2"]]
    assert (table.total, table.cut) == (3, False)


@pytest.mark.parametrize(
    ("path", "data"), [("a.tsv", "a\tb\n1\t2\n"), ("a.csv", "a;b\n1;2\n"), ("a.csv", "a\tb\n1\t2")]
)
def test_other_separators(look, path, data):
    table = look(path, data).table
    assert (table.columns, table.rows) == (["a", "b"], [["1", "2"]])


def test_a_long_and_wide_table_is_cut(look):
    header = ",".join(f"c{number}" for number in range(60))
    table = look("a.csv", header + "\n" + (",".join("1" * 60) + "\n") * 500).table
    assert (len(table.columns), len(table.rows), len(table.rows[0]), table.total) == (50, 100, 50, 500)
    assert table.cut
    assert len(look("a.csv", f"a\n{'x' * 5000}\n").table.rows[0][0]) == 201


def test_a_table_too_large_to_count(look):
    found = look("a.csv", "a,b\n" + "1,2\n" * 1_500_000)
    assert (len(found.table.rows), found.table.total, found.truncated) == (100, None, True)


def test_a_csv_that_is_none_is_shown_as_text(look):
    assert look("a.csv", "a,b\n" + "x" * 200_000).kind == "text"


def test_a_list_of_records(look):
    records = [{"q": "a", "n": 1}, {"q": None, "deep": {"é": [1]}, "ok": True}, {"n": float("nan")}]
    table = look("a.json", json.dumps(records)).table
    assert table.columns == ["q", "n", "deep", "ok"]
    assert table.rows == [["a", "1", "", ""], ["", "", '{"é": [1]}', "True"], ["", "nan", "", ""]]
    assert table.total == 3


@pytest.mark.parametrize("data", ["{}", "[]", "[1]", '[{"a": 1}, 2]', "[" * 50_000, "{nonsense", '"\\ud800"'])
def test_other_json_is_text(look, data):
    assert look("a.json", data).kind == "text"


def test_parquet(look, tmp_path):
    path = tmp_path / "made.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT i AS n, i * 0.5 AS x, 'n' || i AS s, NULL AS nothing, [i] AS list, 'b'::BLOB AS b"
            f" FROM range(250) t(i)) TO '{path}' (FORMAT parquet)"
        )
    found = look("a.parquet", path.read_bytes())
    assert found.kind == "table"
    assert found.table.columns == ["n", "x", "s", "nothing", "list", "b"]
    assert found.table.rows[3] == ["3", "1.5", "n3", "", "[3]", "1 bytes"]
    assert (len(found.table.rows), found.table.total) == (100, 250)


def test_a_parquet_file_of_few_bytes_and_enormous_values(look, tmp_path, monkeypatch):
    """No more of a value than is shown leaves the database: the kernel would not survive it."""
    path = tmp_path / "made.parquet"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT repeat('x', 200000) AS s, ['y', repeat('x', 200000)] AS \"l\"\"s\", "
            f"repeat('x', 200000)::BLOB AS b FROM range(9)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    lengths = []
    real = artifact_preview._cell
    monkeypatch.setattr(artifact_preview, "_cell", lambda value: lengths.append(len(value)) or real(value))
    table = look("a.parquet", path.read_bytes()).table
    assert max(lengths) <= 201
    assert table.columns == ["s", 'l"s', "b"]
    assert [text[:4] + text[-1] for text in table.rows[0]] == ["xxxx…", "[y, …", "200,s"]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + bytes(1000) + b"PAR1", b"PAR1 and then a text"])
def test_a_broken_parquet_file(look, data):
    assert look("a.parquet", data).kind in ("none", "text")


def test_parquet_in_a_store_whose_path_looks_like_a_pattern(tmp_path):
    inlay.connect(tmp_path / "it's [a] *store")
    path = tmp_path / "made.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT 1 AS n) TO '{path}' (FORMAT parquet)")
    with inlay.start_run() as run:
        run.log_artifact(path)
    assert preview(run.artifacts[0], run.store).table.rows == [["1"]]


def test_a_large_csv_file_of_one_line(look, monkeypatch):
    """It is not read to the end of the line, wherever that may be."""
    monkeypatch.setattr(artifact_preview, "PARSED", 1000)
    found = look("a.csv", "ab," * 1000)
    assert found.kind == "text"

    table = look("a.csv", "a,b\n" + "1,23456\n" * 200).table
    assert {*map(tuple, table.rows)} == {("1", "23456")}
    assert (len(table.rows), table.total, table.cut) == (100, None, True)
    table = look("a.csv", "a,b\n" + "1,234567890123456789\n" * 200).table
    assert {*map(tuple, table.rows)} == {("1", "234567890123456789")}, "a row that was cut in two is left out"


def test_records_that_share_no_names(look, monkeypatch):
    """A table of all names would be as large as the square of their number."""
    widths = []
    real = artifact_preview._cut
    monkeypatch.setattr(
        artifact_preview, "_cut", lambda names, rows, total: widths.extend(map(len, rows)) or real(names, rows, total)
    )
    found = look("a.json", json.dumps([{f"{row} {at}": 1 for at in range(50)} for row in range(100)]))
    assert found.table.cut
    assert set(widths) == {50}


# -- files that are not what they were ------------------------------------------------------------------------


def test_a_file_that_was_deleted(logged, store):
    artifact = logged("a.txt", "hello")
    path_of(store.artifacts, artifact.hash).unlink()
    for found in (preview(artifact, store), whole_file(artifact, store)):
        assert (found.kind, found.size, found.data) == ("gone", 5, None)


def test_a_file_of_another_size(logged, store):
    artifact = logged("a.txt", "hello")
    path_of(store.artifacts, artifact.hash).write_bytes(b"hello and more")
    assert preview(artifact, store).kind == "gone"


def test_a_link_in_place_of_a_file(logged, store, tmp_path):
    artifact = logged("a.txt", "hello")
    (tmp_path / "other").write_text("howdy")
    path = path_of(store.artifacts, artifact.hash)
    path.unlink()
    path.symlink_to(tmp_path / "other")
    assert preview(artifact, store).kind == "gone"


@pytest.mark.parametrize("digest", ["", "../../../../etc/passwd", "/etc/passwd", "ab", "AB" * 32, "ab" * 32 + "\n"])
def test_a_hash_is_no_path(logged, store, digest):
    """Stores come from other people: a row may name any file of yours as an artifact."""
    artifact = replace(logged("a.txt", "hello"), hash=digest)
    assert blob_of(artifact, store) is None
    assert preview(artifact, store).kind == whole_file(artifact, store).kind == "gone"


def test_the_whole_file(logged, store, monkeypatch):
    artifact = logged("a.csv", "a,b\n")
    found = whole_file(artifact, store)
    assert (found.buffers, found.size, found.truncated) == ((b"a,b\n",), 4, False)
    monkeypatch.setattr("inlay.views.artifact_preview.LARGEST_WHOLE", 3)
    with pytest.raises(InlayError, match=r"a\.csv has .* it is kept as "):
        whole_file(artifact, store)


def test_values_of_every_kind_are_text():
    from inlay.views.artifact_preview import _cell

    given = [None, 1, 0.5, Decimal("1.50"), "x\ud800", {"a": object}, float("inf")]
    assert [_cell(value) for value in given] == ["", "1", "0.5", "1.50", "x?", '{"a": "<class \'object\'>"}', "inf"]
    given = [0.47668520001537584, -0.25, 1.5e-300, 1234567.8912345, 123456789, 0.1 + 0.2]
    assert [_cell(value) for value in given] == ["0.476685", "-0.25", "1.5e-300", "1234567.89123", "123456789", "0.3"]
    assert sys.getsizeof(_cell("x" * 10**6)) < 1000
