"""What a map file is, told by its content and not by its name; and archives unpacked within limits."""

import bz2
import gzip
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from fieldops.errors import BadInput
from fieldops.said import Said

OSM_FORMATS = frozenset({"pbf", "osm", "osm.gz", "osm.bz2"})
LAYER_FORMATS = frozenset({"gpkg", "geojson", "shp"})
_SUPPORTED = "give OpenStreetMap (.osm, .osm.gz, .osm.bz2, .pbf), GeoPackage, GeoJSON, or a Shapefile (also zipped)"

_ZIP_ENTRIES_MOST = 50
_ZIP_RATIO_MOST = 100
_ZIP_BYTES_MOST = 2_000_000_000
_RATIO_FREE_BYTES = 1_000_000  # a small file may be packed as tightly as it likes
_CHUNK = 1 << 20
_PROBED_BYTES = 32 << 20  # unpacked of an .osm.gz or .osm.bz2 before it is read: a second at most
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_HEAD = 4096


def detect_format(path: Path) -> str:
    """
    Return `pbf`, `osm`, `osm.gz`, `osm.bz2`, `gpkg`, `geojson`, `shp` or `zip`.

    Raises
    ------
    BadInput
        If there is no such file, it is empty, or its content is none of these (a VRT, for one, which would make the
        reader open other files and addresses).
    """
    if not path.exists():
        raise BadInput(Said("there is no file %(path)s", path=path), cure="check the path")
    if not path.is_file():
        raise BadInput(Said("%(path)s is not a file", path=path), cure=_SUPPORTED)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BadInput(
            Said("%(path)s cannot be read (%(strerror)s)", path=path, strerror=error.strerror),
            cure="check its permissions",
        ) from None
    if not head:
        raise BadInput(Said("%(name)s is empty", name=path.name), cure="download it again")
    for found, known in (
        (head[4:15] == b"\n\tOSMHeader", "pbf"),
        (head.startswith(b"PK\x03\x04"), "zip"),
        (head.startswith(b"SQLite format 3\x00"), "gpkg"),
        (head.startswith(b"\x00\x00\x27\x0a"), "shp"),
    ):
        if found:
            return known
    packed = {b"\x1f\x8b": "osm.gz", b"BZ": "osm.bz2"}.get(head[:2], "osm")
    if packed != "osm":
        try:
            head = _first_unpacked(path, packed)
        except (OSError, EOFError, zlib.error):
            raise BadInput(Said("%(name)s is cut off or damaged", name=path.name), cure="download it again") from None
    return _detect_text(path, head, packed)


def _first_unpacked(path: Path, packed: str) -> bytes:
    """Return the first bytes of a packed file; refuse one whose beginning is packed as no map is."""
    with path.open("rb") as raw, gzip.open(raw) if packed == "osm.gz" else bz2.open(raw) as file:
        head = file.read(_HEAD)
        grown = len(head)
        while grown < _PROBED_BYTES and (chunk := file.read(_CHUNK)):
            grown += len(chunk)
        if grown > _ZIP_RATIO_MOST * raw.tell() and grown >= _PROBED_BYTES:
            raise BadInput(
                Said(
                    "%(name)s would grow to more than %(times)s times its size", name=path.name, times=_ZIP_RATIO_MOST
                ),
                cure="unpack it yourself and look",
            )
    return head


def _detect_text(path: Path, head: bytes, osm: str) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<") and b"<osm" in text and b"<osmChange" not in text:
        return osm
    if b"<OGRVRT" in text or b"<VRTDataset" in text:
        raise BadInput(
            Said("%(name)s is a VRT, which names other files to open", name=path.name),
            cure="give those files themselves",
        )
    if osm == "osm" and text.startswith((b"{", b"[")):
        return "geojson"
    raise BadInput(Said("%(name)s is not a map that can be read", name=path.name), cure=_SUPPORTED)


def unpack(path: Path, folder: Path) -> list[Path]:
    """
    Unpack the maps of a zip archive into a folder under names of our own, and return them.

    Raises
    ------
    BadInput
        If the archive is damaged, holds no map, has more than 50 entries, names outside itself, links, or would grow
        beyond 100 times its size or 2 GB; the bytes are counted while they are unpacked, whatever its directory says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_bomb(path, entries)
            return _unpack_maps(path, archive, entries, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput(
            Said("%(name)s is a damaged archive (%(error)s)", name=path.name, error=error), cure="download it again"
        ) from None


def _refuse_bomb(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    size = max(path.stat().st_size, 1)
    total = sum(entry.file_size for entry in entries)
    if len(entries) > _ZIP_ENTRIES_MOST:
        raise BadInput(
            Said("%(name)s holds %(count)s files", name=path.name, count=len(entries)),
            cure=Said("pack at most %(zip_entries_most)s", zip_entries_most=_ZIP_ENTRIES_MOST),
        )
    if total > _most_bytes(size):
        raise BadInput(
            Said(
                "%(name)s would grow from %(size)s to %(total)s bytes",
                name=path.name,
                size=f"{size:,}",
                total=f"{total:,}",
            ),
            cure="unpack it yourself and look",
        )
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise BadInput(
                Said(
                    "%(name)s names a place outside itself: %(filename)s",
                    name=path.name,
                    filename=f"{entry.filename!r}",
                ),
                cure="pack plain files only",
            )


def _most_bytes(size: int) -> int:
    return min(max(size * _ZIP_RATIO_MOST, _RATIO_FREE_BYTES), _ZIP_BYTES_MOST)


def _unpack_maps(path: Path, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path) -> list[Path]:
    left = _most_bytes(max(path.stat().st_size, 1))
    maps: list[Path] = []
    for entry in entries:
        name = PurePosixPath(entry.filename)
        ending = name.suffix.lower()
        if name.name.startswith("."):
            continue
        if ending == ".shp":
            number = len(maps)
            parts = {
                PurePosixPath(other.filename).suffix.lower(): other
                for other in entries
                if other.filename.lower().rpartition(".")[0] == entry.filename.lower().rpartition(".")[0]
            }
            for part in _SHAPEFILE_PARTS:
                if part in parts:
                    left -= _copy(path, archive, parts[part], folder / f"map{number}{part}", left)
            maps.append(folder / f"map{number}.shp")
        elif ending in (".gpkg", ".geojson", ".json", ".osm", ".pbf"):
            target = folder / f"map{len(maps)}{ending}"
            left -= _copy(path, archive, entry, target, left)
            maps.append(target)
    if not maps:
        raise BadInput(Said("%(name)s holds no map", name=path.name), cure=_SUPPORTED)
    return maps


def _copy(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    written = 0
    with archive.open(entry) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise BadInput(
                    Said("%(name)s unpacks to more than its directory says", name=path.name),
                    cure="do not trust this file",
                )
            file.write(chunk)
    return written
