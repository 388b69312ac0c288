"""A map is what its content says; archives are unpacked within limits."""

import bz2
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldops.errors import BadInput
from fieldops.maps.formats import detect_format, unpack

OSM = b'<?xml version="1.0"?>\n<osm version="0.6"></osm>'


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (OSM, "osm"),
        (b"\xef\xbb\xbf" + OSM, "osm"),
        (gzip.compress(OSM, mtime=0), "osm.gz"),
        (b"\x00\x00\x00\r\n\tOSMHeader\x18\x7c", "pbf"),
        (b'  {"type": "FeatureCollection"}', "geojson"),
        (b"SQLite format 3\x00", "gpkg"),
        (struct.pack(">i", 9994), "shp"),
        (b"PK\x03\x04", "zip"),
    ],
)
def test_a_format_is_told_by_content_whatever_the_name(tmp_path: Path, content: bytes, form: str) -> None:
    path = tmp_path / "map.txt"
    path.write_bytes(content)
    assert detect_format(path) == form


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "not a map that can be read"),
        (b"<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>", "is a VRT"),
        (b'<?xml version="1.0"?><osmChange version="0.6"/>', "not a map that can be read"),
        (gzip.compress(OSM, mtime=0)[:12], "cut off or damaged"),
        (gzip.compress(b'{"type": "FeatureCollection"}', mtime=0), "not a map that can be read"),
    ],
)
def test_what_is_no_map_is_refused_with_its_reason(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "map.geojson"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem) as refusal:
        detect_format(path)
    assert "\n" not in str(refusal.value)
    assert refusal.value.cure


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        detect_format(tmp_path / "nowhere.osm")
    with pytest.raises(BadInput, match="is not a file"):
        detect_format(tmp_path)


def archive(path: Path, entries: dict[str, bytes], *, stored: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return path


def test_an_archive_gives_its_maps_under_names_of_our_own(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.zip", {"city/Roads.SHP": b"1", "city/Roads.dbf": b"2", "read.me": b"3", "b.geojson": b"4"}
    )
    found = unpack(path, tmp_path)
    assert [one.name for one in found] == ["map0.shp", "map1.geojson"]
    assert (tmp_path / "map0.dbf").read_bytes() == b"2"
    assert not (tmp_path / "read.me").exists()


@pytest.mark.parametrize("name", ["../evil.geojson", "/etc/evil.geojson", "a/../../evil.geojson", "..\\evil.geojson"])
def test_an_archive_that_names_a_place_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="outside itself"):
        unpack(archive(tmp_path / "a.zip", {name: b"{}"}), tmp_path)


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        link = zipfile.ZipInfo("a.geojson")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(BadInput, match="outside itself"):
        unpack(path, tmp_path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.geojson": b"0" * 50_000_000})
    assert path.stat().st_size < 100_000
    with pytest.raises(BadInput, match="would grow from"):
        unpack(path, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_a_packed_map_that_is_a_bomb_is_told_as_one(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"bomb.osm.{ending}"
    path.write_bytes(pack(b"<osm version='0.6'>" + b" " * 40_000_000))
    with pytest.raises(BadInput, match=r"would grow to more than 100 times its size"):
        detect_format(path)


def test_a_bomb_whose_directory_lies_is_stopped_while_it_grows(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.geojson": b"0" * 50_000_000})
    true, lie = struct.pack("<I", 50_000_000), struct.pack("<I", 900_000)
    path.write_bytes(path.read_bytes().replace(true, lie))
    with pytest.raises(BadInput):
        unpack(path, tmp_path)
    written = sum(one.stat().st_size for one in tmp_path.iterdir() if one != path)
    assert written <= 3_000_000


def test_an_archive_of_too_many_files_without_a_map_or_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds 51 files"):
        unpack(archive(tmp_path / "many.zip", {f"{i}.txt": b"" for i in range(51)}), tmp_path)
    with pytest.raises(BadInput, match="holds no map"):
        unpack(archive(tmp_path / "none.zip", {"a.txt": b"x"}), tmp_path)
    whole = io.BytesIO(archive(tmp_path / "cut.zip", {"a.geojson": b"{}" * 999}).read_bytes()).read()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged archive"):
        unpack(tmp_path / "cut.zip", tmp_path)
